//! JSON-RPC over HTTP, in each revision.

use serde_json::{Value, json};

use super::{
    http_client::{post, send, valid_request},
    initialize, modern, request, settings,
};

#[test]
fn http_without_sessions_before_2026() {
    let (status, body) = post(&[], &initialize("2025-11-25"));
    assert_eq!(status, 200);
    assert_eq!(body["result"]["protocolVersion"], "2025-11-25");
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let version = ("MCP-Protocol-Version", "2025-11-25");
    assert_eq!(post(&[version], &notification), (202, Value::Null));
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    assert_eq!(post(&[version], &answer), (202, Value::Null));
    let (status, body) = post(&[version], &request(1, "tools/list", json!({})));
    assert_eq!((status, &body["id"]), (200, &json!(1)));
    assert!(body["result"].get("ttlMs").is_none());
    // A client that names none is one of 2025-03-26, with batches.
    let batch = json!([request(1, "ping", json!({})), notification]);
    let (status, body) = post(&[], &batch);
    assert_eq!((status, body.as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(post(&[], &json!([notification])), (202, Value::Null));
    assert_eq!(post(&[version], &batch).0, 400);
    // Errors within JSON-RPC are no errors of HTTP.
    let (status, body) = post(&[version], &request(1, "no/such", json!({})));
    assert_eq!((status, &body["error"]["code"]), (200, &json!(-32601)));
    let unknown = [("MCP-Protocol-Version", "1999-01-01")];
    assert_eq!(post(&unknown, &request(1, "ping", json!({}))).0, 400);
    assert_eq!(post(&unknown, &notification).0, 400);
    assert_eq!(post(&[version], &initialize("2025-06-18")).0, 400);
}

/// Field notes: "`initialize` without `clientInfo`", "arguments as JSON text, `""` or `[]`" and "half a surrogate
/// pair", over HTTP.
#[test]
fn what_clients_send_instead_is_taken() {
    let (status, body) = post(&[], &request(1, "initialize", json!({})));
    assert_eq!(
        (status, &body["result"]["protocolVersion"]),
        (200, &json!("2025-03-26"))
    );
    for (arguments, read) in [
        (json!("{\"a\": 1}"), "{\"a\": 1}"),
        (json!(""), "{}"),
        (json!([]), "{}"),
        (json!(null), "{}"),
        (json!(5), "{\"arguments\":5}"),
    ] {
        let call = request(
            1,
            "tools/call",
            json!({"name": "echo", "arguments": arguments}),
        );
        let (status, body) = post(&[], &call);
        let text = &body["result"]["content"][0]["text"];
        assert_eq!((status, text), (200, &json!(format!("echo: \"{read}\""))));
    }
    let call = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":"\ud83d"}}}"#;
    let response = send(&settings(&[]), &valid_request(), call);
    let body: Value = serde_json::from_str(&response.body).unwrap();
    let text = &body["result"]["content"][0]["text"];
    assert_eq!(text, "echo: \"{\"a\":\"\\ufffd\"}\"");
}

#[test]
fn http_of_2026_has_headers_that_agree() {
    let version = ("MCP-Protocol-Version", "2026-07-28");
    let list = ("Mcp-Method", "tools/list");
    let call = ("Mcp-Method", "tools/call");
    let echo = ("Mcp-Name", "echo");
    let listed = request(1, "tools/list", modern(json!({})));
    let called = request(1, "tools/call", modern(json!({"name": "echo"})));
    let (status, body) = post(&[version, list], &listed);
    assert_eq!((status, &body["result"]["ttlMs"]), (200, &json!(0)));
    let (status, body) = post(&[version, call, echo], &called);
    assert_eq!((status, &body["result"]["isError"]), (200, &json!(false)));
    let mut other = listed.clone();
    other["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    let mut partly = listed.clone();
    let meta = partly["params"]["_meta"].as_object_mut().unwrap();
    meta.remove("io.modelcontextprotocol/clientCapabilities");
    for (more, body, status, code) in [
        (&[list][..], &listed, 400, -32020),
        (&[version][..], &listed, 400, -32020),
        (&[version, call], &listed, 400, -32020),
        (&[version, list, list], &listed, 400, -32020),
        (&[version, version, list], &listed, 400, -32020),
        (
            &[("MCP-Protocol-Version", "2025-11-25"), list],
            &listed,
            400,
            -32020,
        ),
        (&[version, call], &called, 400, -32020),
        (&[version, call, ("Mcp-Name", "wipe")], &called, 400, -32020),
        (
            &[version, list],
            &request(1, "tools/list", json!({})),
            400,
            -32602,
        ),
        (&[version, list], &partly, 400, -32602),
        (&[version, list], &other, 400, -32020),
        (
            &[("MCP-Protocol-Version", "2099-01-01"), list],
            &other,
            400,
            -32022,
        ),
        (&[], &request(1, "server/discover", json!({})), 400, -32602),
        (
            &[version, ("Mcp-Method", "ping")],
            &request(1, "ping", modern(json!({}))),
            404,
            -32601,
        ),
        (
            &[
                version,
                ("Mcp-Method", "resources/read"),
                ("Mcp-Name", "x://no"),
            ],
            &request(1, "resources/read", modern(json!({"uri": "x://no"}))),
            200,
            -32602,
        ),
        (
            &[version, call],
            &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {}}),
            400,
            -32020,
        ),
        (
            &[("MCP-Protocol-Version", "2026-07-28"), list],
            &initialize("2026-07-28"),
            400,
            -32020,
        ),
    ] {
        let (got, answer) = post(more, body);
        assert_eq!(got, status, "{more:?} {body}: {answer}");
        assert_eq!(answer["error"]["code"], code, "{more:?} {body}: {answer}");
    }
}
