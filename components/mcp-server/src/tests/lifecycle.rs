//! What a client does in a session, in each revision.

use serde_json::{Value, json};

use super::{initialize, modern, request, settings, stdio_client::responses};

#[test]
fn revisions_are_negotiated() {
    for (requested, agreed) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        // There, initialize is gone.
        ("2026-07-28", "2025-11-25"),
        ("2099-01-01", "2025-11-25"),
    ] {
        let answers = responses(
            &settings(&[("MCP_SERVER_TITLE", "T")]),
            &[initialize(requested)],
        );
        assert_eq!(
            answers,
            [json!({"jsonrpc": "2.0", "id": 0, "result": {
                "protocolVersion": agreed,
                "capabilities": {"tools": {}, "prompts": {}, "resources": {}},
                "serverInfo": {"name": "mcp-server", "title": "T", "version": env!("CARGO_PKG_VERSION")},
                "instructions": "Use echo.",
            }})]
        );
    }
}

#[test]
fn the_initialized_lifecycle() {
    let all = settings(&[("MCP_TOOLSETS", "all")]);
    let answers = responses(
        &all,
        &[
            request(1, "ping", json!({})),
            request(2, "tools/list", json!({})),
            initialize("2025-06-18"),
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
            json!({"jsonrpc": "2.0", "method": "notifications/of/another/kind", "params": [1]}),
            json!({"jsonrpc": "2.0", "id": 3, "result": {}}),
            request(4, "ping", Value::Null),
            request(
                5,
                "tools/call",
                json!({"name": "echo", "arguments": {"a": [2], "b": 1}}),
            ),
            request(6, "tools/call", json!({"name": "fail"})),
            request(7, "prompts/list", json!({"cursor": "x"})),
            request(
                8,
                "prompts/get",
                json!({"name": "say", "arguments": {"topic": "tea"}}),
            ),
            request(9, "resources/read", json!({"uri": "x://one"})),
            request(10, "resources/templates/list", json!({})),
        ],
    );
    assert_eq!(answers[0], json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    // No request needs one before it.
    let tools = &answers[1]["result"]["tools"];
    assert_eq!(tools.as_array().map(Vec::len), Some(3), "{tools}");
    assert!(answers[1]["result"].get("ttlMs").is_none());
    assert_eq!(answers[2]["result"]["protocolVersion"], "2025-06-18");
    assert_eq!(answers[3], json!({"jsonrpc": "2.0", "id": 4, "result": {}}));
    assert_eq!(
        answers[4]["result"]["content"],
        json!([{"type": "text", "text": "echo: \"{\"a\":[2],\"b\":1}\""}])
    );
    assert_eq!(answers[4]["result"]["isError"], false);
    assert!(answers[4]["result"]["structuredContent"].is_object());
    assert!(answers[4]["result"].get("resultType").is_none());
    assert_eq!(
        answers[5]["result"],
        json!({"content": [{"type": "text", "text": "fail: \"{}\""}], "isError": true})
    );
    let names = |answer: &Value| -> Vec<String> {
        let prompts = answer["result"]["prompts"].as_array().unwrap();
        let names = prompts
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(names(&answers[6]), ["clean", "say"]);
    assert_eq!(
        answers[7]["result"],
        json!({"description": "A job.", "messages": [
            {"role": "user", "content": {"type": "text", "text": "Talk of tea."}}]})
    );
    assert_eq!(
        answers[8]["result"],
        json!({"contents": [{"uri": "x://one", "mimeType": "text/markdown", "text": "# One"}]})
    );
    assert_eq!(answers[9]["result"], json!({"resourceTemplates": []}));
    assert_eq!(answers.len(), 10);
}

#[test]
fn the_lifecycle_of_2026() {
    let answers = responses(
        &settings(&[]),
        &[
            request(1, "server/discover", modern(json!({}))),
            request(2, "tools/list", modern(json!({}))),
            request(3, "tools/list", json!({})),
            request(4, "tools/call", modern(json!({"name": "echo"}))),
            request(5, "prompts/list", modern(json!({}))),
            request(6, "resources/list", modern(json!({}))),
            request(7, "ping", modern(json!({}))),
            request(8, "resources/read", modern(json!({"uri": "x://no"}))),
        ],
    );
    let hints = json!({"resultType": "complete", "ttlMs": 0, "cacheScope": "private"});
    let discovered = &answers[0]["result"];
    assert_eq!(discovered["supportedVersions"].as_array().unwrap().len(), 5);
    assert_eq!(
        discovered["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "mcp-server"
    );
    for (answer, list) in [
        (0, "capabilities"),
        (1, "tools"),
        (4, "prompts"),
        (5, "resources"),
    ] {
        let result = &answers[answer]["result"];
        assert!(result.get(list).is_some(), "{result}");
        for (name, value) in hints.as_object().unwrap() {
            assert_eq!(&result[name], value, "{list}: {name}");
        }
    }
    // One that names no revision is of an older one.
    assert!(answers[2]["result"]["tools"].is_array());
    assert!(answers[2]["result"].get("ttlMs").is_none());
    assert_eq!(answers[3]["result"]["resultType"], "complete");
    assert!(answers[3]["result"].get("ttlMs").is_none());
    assert_eq!(answers[6]["error"]["code"], -32601);
    assert_eq!(answers[7]["error"]["code"], -32602);
    // Prompts and resources follow the tools.
    assert_eq!(answers[4]["result"]["prompts"].as_array().unwrap().len(), 1);
    assert_eq!(
        answers[5]["result"]["resources"].as_array().unwrap().len(),
        2
    );
    let tool = &answers[1]["result"]["tools"][0];
    assert_eq!(tool["annotations"]["readOnlyHint"], true);
    assert_eq!(tool["_meta"]["gong-tools/effect"], "read");
    assert_eq!(tool["inputSchema"]["type"], "object");
}
