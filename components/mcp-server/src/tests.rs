//! The protocol, with a component that is none.

use core::cell::{Cell, RefCell};
use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::{
    bindings::gong::tools::{mcp_guide::PromptArgument, mcp_tools::Annotations},
    headers::Headers,
    http::{self, Asked, BadBody, Reply},
    plug::{Effect, GuideError, Plug, Prompt, Resource, Tool, ToolResult},
    server::Server,
    settings::Settings,
    stdio::{self, Input, Output},
};

pub(crate) fn tool(name: &str, effect: Effect) -> Tool {
    Tool {
        name: name.to_owned(),
        title: format!("Tool {name}"),
        description: format!("Does {name}."),
        input_schema: r#"{"type":"object","properties":{"z":{},"a":{}}}"#.to_owned(),
        output_schema: r#"{"type":"object"}"#.to_owned(),
        toolset: "other".to_owned(),
        effect,
        scopes: vec!["a:scope".to_owned()],
        annotations: Annotations {
            read_only_hint: effect == Effect::Read,
            destructive_hint: effect == Effect::Destructive,
            idempotent_hint: true,
            open_world_hint: true,
        },
        default: false,
        classification: Vec::new(),
        operations: Vec::new(),
    }
}

pub(crate) fn some_tools() -> Vec<Tool> {
    let mut echo = tool("echo", Effect::Read);
    echo.toolset = "first".to_owned();
    echo.default = true;
    vec![
        echo,
        tool("fail", Effect::MeteredRead),
        tool("wipe", Effect::Destructive),
    ]
}

/// Remembers what was called.
#[derive(Default)]
struct Fake {
    called: RefCell<Vec<(String, String)>>,
    /// How often the tools were listed.
    listed: Cell<u32>,
}

impl Plug for &Fake {
    fn list_tools(&self) -> Vec<Tool> {
        self.listed.set(self.listed.get() + 1);
        some_tools()
    }

    fn call_tool(&self, name: &str, arguments: &str) -> ToolResult {
        let call = (name.to_owned(), arguments.to_owned());
        self.called.borrow_mut().push(call);
        let is_error = name == "fail";
        ToolResult {
            text: format!("{name}: \"{arguments}\""),
            structured: Some(match name {
                "wipe" => "[1]".to_owned(),
                _ => r#"{"id":12345678901234567890123}"#.to_owned(),
            }),
            is_error,
            references: Vec::new(),
        }
    }

    fn instructions(&self, tools: &[String]) -> String {
        format!("Use {}.", tools.join(", "))
    }

    fn list_prompts(&self) -> Vec<Prompt> {
        let prompt = |name: &str, tool: &str| Prompt {
            name: name.to_owned(),
            title: name.to_uppercase(),
            description: "A job.".to_owned(),
            arguments: vec![PromptArgument {
                name: "topic".to_owned(),
                description: "Such as pricing.".to_owned(),
                required: true,
            }],
            tools: vec![tool.to_owned()],
        };
        vec![prompt("clean", "wipe"), prompt("say", "echo")]
    }

    fn get_prompt(&self, _: &str, arguments: &[(String, String)]) -> Result<String, GuideError> {
        match arguments {
            [(name, value)] if name == "topic" => Ok(format!("Talk of {value}.")),
            _ => Err(GuideError::BadRequest("topic is missing".to_owned())),
        }
    }

    fn list_resources(&self) -> Vec<Resource> {
        let resource = |uri: &str, tool: &str| Resource {
            uri: uri.to_owned(),
            name: "one".to_owned(),
            title: "One".to_owned(),
            description: "It is one.".to_owned(),
            mime_type: "text/markdown".to_owned(),
            tool: tool.to_owned(),
        };
        vec![
            resource("x://broken", "echo"),
            resource("x://one", "echo"),
            resource("x://two", "wipe"),
        ]
    }

    fn read_resource(&self, uri: &str) -> Result<String, GuideError> {
        match uri {
            "x://one" => Ok("# One".to_owned()),
            _ => Err(GuideError::Failed("not now".to_owned())),
        }
    }
}

fn settings(variables: &[(&str, &str)]) -> Settings {
    let owned = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::read(owned.collect()).unwrap()
}

/// Bytes in the pieces given; what comes after a `None` is there only when it is waited for.
struct Pieces(VecDeque<Option<Vec<u8>>>);

impl Input for Pieces {
    fn wait(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.0.pop_front() {
                None => return None,
                Some(None) => {}
                Some(Some(bytes)) => return Some(bytes),
            }
        }
    }

    fn there(&mut self) -> Option<Vec<u8>> {
        match self.0.front() {
            None => None,
            Some(None) => Some(Vec::new()),
            Some(Some(_)) => self.0.pop_front().flatten(),
        }
    }
}

#[derive(Default)]
struct Written(Vec<String>);

impl Output for Written {
    fn write(&mut self, line: &str) -> bool {
        assert!(!line.contains('\n'), "{line}");
        self.0.push(line.to_owned());
        true
    }
}

fn talk_to(fake: &Fake, settings: &Settings, input: Pieces) -> Vec<Value> {
    let server = Server::new(fake, settings).unwrap();
    let mut output = Written::default();
    stdio::serve(&server, input, &mut output);
    let parsed = output
        .0
        .iter()
        .map(|line| serde_json::from_str(line).unwrap());
    parsed.collect()
}

/// What is answered to lines of which each comes when the one before is done.
fn talk(settings: &Settings, lines: &[Value]) -> Vec<Value> {
    let pieces = lines
        .iter()
        .flat_map(|line| [None, Some(format!("{line}\n").into_bytes())]);
    talk_to(&Fake::default(), settings, Pieces(pieces.collect()))
}

fn request(id: u32, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn initialize(revision: &str) -> Value {
    let client = json!({"name": "test", "version": "0"});
    let params = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": client});
    request(0, "initialize", params)
}

/// Parameters with what 2026-07-28 wants in each request.
fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

#[test]
fn revisions_are_negotiated() {
    for (asked, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        // There, initialize is gone.
        ("2026-07-28", "2025-11-25"),
        ("2099-01-01", "2025-11-25"),
    ] {
        let answers = talk(
            &settings(&[("MCP_SERVER_TITLE", "T")]),
            &[initialize(asked)],
        );
        assert_eq!(
            answers,
            [json!({"jsonrpc": "2.0", "id": 0, "result": {
                "protocolVersion": answered,
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
    let answers = talk(
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
    let before = answers[1]["error"]["message"].as_str().unwrap();
    assert_eq!(answers[1]["error"]["code"], -32602);
    assert!(before.contains("initialize"), "{before}");
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
    let answers = talk(
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
    assert_eq!(answers[2]["error"]["code"], -32602);
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

/// The code and the words of the only answer.
fn refused(settings: &Settings, method: &str, params: Value) -> (i64, String) {
    let answers = talk(
        settings,
        &[initialize("2025-11-25"), request(1, method, params)],
    );
    let error = &answers[1]["error"];
    let message = error["message"]
        .as_str()
        .unwrap_or_else(|| panic!("{answers:?}"));
    (error["code"].as_i64().unwrap(), message.to_owned())
}

#[test]
fn wrong_parameters_are_named() {
    let settings = settings(&[]);
    for (method, params, code, word) in [
        ("tools/call", json!({}), -32602, "\"name\""),
        ("tools/call", json!({"name": 1}), -32602, "\"name\""),
        (
            "tools/call",
            json!({"name": "echo", "arguments": []}),
            -32602,
            "\"arguments\"",
        ),
        (
            "tools/call",
            json!({"name": "ecko"}),
            -32602,
            "mean one of: echo?",
        ),
        // It is there, but not shown.
        ("tools/call", json!({"name": "wipe"}), -32602, "wipe"),
        ("prompts/get", json!({"name": "clean"}), -32602, "clean"),
        (
            "prompts/get",
            json!({"name": "say", "arguments": {"topic": 1}}),
            -32602,
            "topic",
        ),
        ("prompts/get", json!({"name": "say"}), -32602, "topic"),
        (
            "resources/read",
            json!({"url": "x://one"}),
            -32602,
            "\"uri\"",
        ),
        (
            "resources/read",
            json!({"uri": "x://two"}),
            -32002,
            "x://two",
        ),
        (
            "resources/read",
            json!({"uri": "x://broken"}),
            -32603,
            "not now",
        ),
        ("tools/list", json!({"_meta": 1}), -32602, "_meta"),
        (
            "logging/setLevel",
            json!({"level": "info"}),
            -32601,
            "logging/setLevel",
        ),
        (
            "subscriptions/listen",
            json!({}),
            -32601,
            "subscriptions/listen",
        ),
        ("initialize", json!({}), -32602, "protocolVersion"),
        ("initialize", modern(json!({})), -32601, "initialize"),
        (
            "initialize",
            json!({"protocolVersion": "2025-06-18"}),
            -32602,
            "capabilities",
        ),
        (
            "initialize",
            json!({"protocolVersion": "2025-06-18", "capabilities": {}}),
            -32602,
            "clientInfo",
        ),
    ] {
        let (got, message) = refused(&settings, method, params.clone());
        assert_eq!(got, code, "{method} {params}: {message}");
        assert!(message.contains(word), "{method} {params}: {message}");
    }
    let mut unknown = modern(json!({}));
    unknown["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    let answers = talk(&settings, &[request(1, "tools/list", unknown)]);
    assert_eq!(answers[0]["error"]["code"], -32022);
    assert_eq!(answers[0]["error"]["data"]["requested"], "2099-01-01");
}

#[test]
fn a_component_that_breaks_its_word_is_told_of() {
    let all = settings(&[("MCP_TOOLSETS", "all")]);
    let (code, message) = refused(&all, "tools/call", json!({"name": "wipe"}));
    assert_eq!(code, -32603);
    assert!(message.contains("structured"), "{message}");
}

#[test]
fn arguments_pass_through_as_they_are() {
    let fake = Fake::default();
    let lines = format!(
        "{}\n{{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"tools/call\",\"params\":{{\"name\":\"echo\",\
         \"arguments\":{{\"z\":12345678901234567890123,\"a\":1.0}}}}}}",
        initialize("2025-11-25")
    );
    let server = Server::new(&fake, &settings(&[])).unwrap();
    let mut output = Written::default();
    // Without an end of line at the end of the input.
    let input = Pieces(VecDeque::from([Some(lines.into_bytes())]));
    stdio::serve(&server, input, &mut output);
    let arguments = r#"{"z":12345678901234567890123,"a":1.0}"#;
    assert_eq!(
        *fake.called.borrow(),
        [("echo".to_owned(), arguments.to_owned())]
    );
    assert!(output.0[1].contains(r#""structuredContent":{"id":12345678901234567890123}"#));
    assert!(output.0[1].starts_with(r#"{"jsonrpc":"2.0","id":"a","result":{"#));
}

#[test]
fn lines_come_in_any_pieces() {
    let text = format!(
        "\r\n{}\r\n\n{}\n",
        initialize("2025-11-25"),
        request(1, "ping", json!({}))
    );
    for size in [1, 7, 10_000] {
        let pieces = text
            .as_bytes()
            .chunks(size)
            .map(|piece| Some(piece.to_vec()));
        let answers = talk_to(&Fake::default(), &settings(&[]), Pieces(pieces.collect()));
        assert_eq!(answers.len(), 2, "{size}");
    }
}

#[test]
fn what_is_not_a_message_is_answered_and_the_talk_goes_on() {
    let long = vec![b'x'; stdio::MOST_BYTES / 2 + 1];
    let pieces = [
        Some(b"nonsense\n".to_vec()),
        Some(long.clone()),
        Some(long),
        Some(b"\n[1]\n".to_vec()),
        Some(format!("{}\n", request(1, "ping", json!({}))).into_bytes()),
    ];
    let answers = talk_to(
        &Fake::default(),
        &settings(&[]),
        Pieces(VecDeque::from(pieces)),
    );
    let codes: Vec<&Value> = answers
        .iter()
        .map(|answer| &answer["error"]["code"])
        .collect();
    assert_eq!(
        codes,
        [&json!(-32700), &json!(-32600), &json!(-32600), &Value::Null]
    );
    assert!(answers[..3].iter().all(|answer| answer["id"].is_null()));
    assert!(
        answers[1]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("16 MiB")
    );
    assert_eq!(answers[3]["id"], 1);
}

#[test]
fn only_one_revision_has_batches() {
    let batch = json!([
        request(1, "ping", json!({})),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        request(2, "no/such", json!({})),
        initialize("2025-03-26"),
        3,
    ]);
    let answers = talk(&settings(&[]), &[initialize("2025-03-26"), batch.clone()]);
    let parts = answers[1].as_array().unwrap();
    assert_eq!(parts.len(), 4);
    assert_eq!(parts[0], json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    let codes: Vec<&Value> = parts[1..]
        .iter()
        .map(|part| &part["error"]["code"])
        .collect();
    assert_eq!(codes, [&json!(-32601), &json!(-32600), &json!(-32600)]);
    let quiet = json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}]);
    assert_eq!(
        talk(&settings(&[]), &[initialize("2025-03-26"), quiet]).len(),
        1
    );
    for revision in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let answers = talk(&settings(&[]), &[initialize(revision), batch.clone()]);
        assert_eq!(answers[1]["error"]["code"], -32600, "{revision}");
        assert!(answers[1]["id"].is_null());
    }
}

#[test]
fn what_is_taken_back_is_not_done_and_not_answered() {
    let call = |id: u32| {
        request(
            id,
            "tools/call",
            json!({"name": "echo", "arguments": {"id": id}}),
        )
    };
    let cancel = |id: Value| {
        let params = json!({"requestId": id});
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
    };
    let line = |value: Value| Some(format!("{value}\n").into_bytes());
    let fake = Fake::default();
    let pieces = [
        line(initialize("2025-11-25")),
        // Not begun: it is taken back before its turn comes. "2" is not 2.
        line(call(1)),
        line(call(2)),
        line(cancel(json!(1))),
        line(cancel(json!("2"))),
        line(cancel(json!(0))),
        // What comes too late does nothing, be the id used again or not.
        line(cancel(json!(3))),
        None,
        line(call(3)),
    ];
    let answers = talk_to(&fake, &settings(&[]), Pieces(VecDeque::from(pieces)));
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!(0), &json!(2), &json!(3)]);
    assert_eq!(fake.called.borrow().len(), 2);
}

/// What comes while a tool runs.
#[test]
fn what_is_taken_back_meanwhile_is_done_and_not_answered() {
    struct Meanwhile(VecDeque<(&'static str, Vec<u8>)>);
    impl Input for Meanwhile {
        fn wait(&mut self) -> Option<Vec<u8>> {
            let (how, bytes) = self.0.pop_front()?;
            assert_eq!(how, "wait");
            Some(bytes)
        }
        fn there(&mut self) -> Option<Vec<u8>> {
            match self.0.front() {
                Some(("there", _)) => self.0.pop_front().map(|(_, bytes)| bytes),
                _ => Some(Vec::new()),
            }
        }
    }
    let line = |value: Value| format!("{value}\n").into_bytes();
    let call = request(1, "tools/call", json!({"name": "echo"}));
    let params = json!({"requestId": 1, "reason": "changed my mind"});
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params});
    let fake = Fake::default();
    let server = Server::new(&fake, &settings(&[])).unwrap();
    let mut output = Written::default();
    let input = Meanwhile(VecDeque::from([
        ("wait", line(initialize("2025-11-25"))),
        ("wait", line(call)),
        // Looked at before the call, and then after it.
        ("there", Vec::new()),
        ("there", line(cancel)),
        ("wait", line(request(2, "ping", json!({})))),
    ]));
    stdio::serve(&server, input, &mut output);
    assert_eq!(fake.called.borrow().len(), 1);
    assert_eq!(output.0.len(), 2, "{:?}", output.0);
    assert!(output.0[1].contains(r#""id":2"#));
}

#[test]
fn the_end_of_the_reader_is_the_end() {
    struct Gone;
    impl Output for Gone {
        fn write(&mut self, _: &str) -> bool {
            false
        }
    }
    let fake = Fake::default();
    let server = Server::new(&fake, &settings(&[])).unwrap();
    let endless = Endless(format!("{}\n", request(1, "ping", json!({}))));
    stdio::serve(&server, endless, &mut Gone);

    struct Endless(String);
    impl Input for Endless {
        fn wait(&mut self) -> Option<Vec<u8>> {
            Some(self.0.clone().into_bytes())
        }
        fn there(&mut self) -> Option<Vec<u8>> {
            Some(Vec::new())
        }
    }
}

/// A good request, to change.
fn good() -> Asked {
    Asked {
        method: "POST".to_owned(),
        path: "/mcp".to_owned(),
        authority: Some("localhost:8080".to_owned()),
        headers: headers(&[]),
    }
}

/// The headers of a good request, with others.
fn headers(more: &[(&str, &str)]) -> Headers {
    let mut all = vec![
        ("Accept", "application/json, text/event-stream"),
        ("Content-Type", "application/json; charset=utf-8"),
    ];
    all.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
    all.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    let owned = all
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    Headers::new(owned.collect())
}

fn send_to(settings: &Settings, asked: &Asked, body: &[u8]) -> Reply {
    send_to_fake(&Fake::default(), settings, asked, body)
}

fn send_to_fake(fake: &Fake, settings: &Settings, asked: &Asked, body: &[u8]) -> Reply {
    http::handle(
        &Ok(settings.clone()),
        |settings| Server::new(fake, settings),
        asked,
        |most| {
            if body.len() > most {
                return Err(BadBody::TooLong);
            }
            Ok(body.to_vec())
        },
    )
}

fn post(more: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let asked = Asked {
        headers: headers(more),
        ..good()
    };
    let reply = send_to(&settings(&[]), &asked, body.to_string().as_bytes());
    let body = match &*reply.body {
        "" => Value::Null,
        body => serde_json::from_str(body).unwrap_or_else(|_| json!(body)),
    };
    (reply.status, body)
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let mut found = reply.headers.iter().filter(|(one, _)| *one == name);
    let value = found.next().map(|(_, value)| &**value);
    assert!(found.next().is_none(), "{name} twice");
    value
}

#[test]
fn http_methods_and_paths() {
    let settings = settings(&[]);
    let body = request(1, "ping", json!({})).to_string();
    let status = |method: &str, path: &str| {
        let asked = Asked {
            method: method.to_owned(),
            path: path.to_owned(),
            ..good()
        };
        send_to(&settings, &asked, body.as_bytes())
    };
    for path in ["/mcp", "/", "/mcp?x=1"] {
        assert_eq!(status("POST", path).status, 200, "{path}");
    }
    for path in ["/mcp/", "/other", ""] {
        assert_eq!(status("POST", path).status, 404, "{path}");
    }
    for method in ["GET", "DELETE", "PUT", "BREW"] {
        let reply = status(method, "/mcp");
        assert_eq!(reply.status, 405, "{method}");
        assert_eq!(header(&reply, "allow"), Some("POST, OPTIONS"));
    }
    let reply = status("OPTIONS", "/mcp");
    assert_eq!((reply.status, &*reply.body), (204, ""));
    assert_eq!(header(&reply, "access-control-allow-origin"), None);
    assert_eq!(http::length(&reply), None);
}

#[test]
fn http_hosts_pages_and_tokens() {
    let body = request(1, "ping", json!({})).to_string();
    let reply =
        |variables: &[(&str, &str)], authority: &str, more: &[(&str, &str)], method: &str| {
            let asked = Asked {
                method: method.to_owned(),
                authority: Some(authority.to_owned()),
                headers: headers(more),
                ..good()
            };
            send_to(&settings(variables), &asked, body.as_bytes())
        };
    assert_eq!(reply(&[], "evil.example.com", &[], "POST").status, 403);
    assert_eq!(reply(&[], "", &[], "POST").status, 403);
    let unsaid = |host| {
        let asked = Asked {
            authority: None,
            headers: headers(&[("Host", host)]),
            ..good()
        };
        send_to(&settings(&[]), &asked, body.as_bytes()).status
    };
    assert_eq!(unsaid("localhost"), 200);
    assert_eq!(unsaid("evil.example.com"), 403);
    assert_eq!(unsaid(""), 403);
    let evil = ("Origin", "https://evil.example.com");
    assert_eq!(reply(&[], "localhost", &[evil], "POST").status, 403);
    let local = ("Origin", "http://localhost:6274");
    assert_eq!(reply(&[], "localhost", &[local, evil], "POST").status, 403);
    let page = reply(&[], "127.0.0.1:8080", &[local], "POST");
    assert_eq!(page.status, 200);
    assert_eq!(header(&page, "access-control-allow-origin"), Some(local.1));

    let open = [
        ("MCP_ALLOWED_HOSTS", "mcp.example.com"),
        ("MCP_ALLOWED_ORIGINS", "https://app.example.com"),
        ("MCP_BEARER_TOKEN", "geheim"),
    ];
    let page = ("Origin", "https://app.example.com");
    // Browsers ask first, and without the token.
    assert_eq!(
        reply(&open, "mcp.example.com", &[page], "OPTIONS").status,
        204
    );
    let without = reply(&open, "mcp.example.com", &[page], "POST");
    assert_eq!(without.status, 401);
    assert_eq!(header(&without, "www-authenticate"), Some("Bearer"));
    assert_eq!(
        header(&without, "access-control-allow-origin"),
        Some(page.1)
    );
    let wrong = reply(
        &open,
        "mcp.example.com",
        &[("Authorization", "Bearer falsch")],
        "POST",
    );
    assert_eq!(wrong.status, 401);
    assert!(
        header(&wrong, "www-authenticate")
            .unwrap()
            .contains("invalid_token")
    );
    assert!(!wrong.body.contains("geheim"));
    let twice = [
        ("Authorization", "Bearer geheim"),
        ("Authorization", "Bearer geheim"),
    ];
    assert_eq!(reply(&open, "mcp.example.com", &twice, "POST").status, 401);
    assert_eq!(
        reply(&open, "mcp.example.com", &twice[..1], "POST").status,
        200
    );
}

#[test]
fn http_content_is_checked() {
    let ping = request(1, "ping", json!({}));
    for (accept, status) in [
        ("application/json, text/event-stream", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("", 200),
        ("TEXT/event-stream;q=0.5", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json; q=0.0, text/plain", 406),
    ] {
        assert_eq!(post(&[("Accept", accept)], &ping).0, status, "{accept}");
    }
    for (content_type, status) in [
        ("application/json", 200),
        ("Application/JSON;charset=utf-8", 200),
        ("text/plain", 415),
        ("application/jsonx", 415),
        ("", 415),
    ] {
        assert_eq!(
            post(&[("Content-Type", content_type)], &ping).0,
            status,
            "{content_type}"
        );
    }
    let events = send_to(
        &settings(&[]),
        &Asked {
            headers: headers(&[("Accept", "text/event-stream")]),
            ..good()
        },
        ping.to_string().as_bytes(),
    );
    assert_eq!(header(&events, "content-type"), Some("text/event-stream"));
    assert_eq!(
        events.body,
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n"
    );
    let long = vec![b' '; http::MOST_BYTES + 1];
    assert_eq!(send_to(&settings(&[]), &good(), &long).status, 413);
    let bad = send_to(&settings(&[]), &good(), b"{");
    assert_eq!(bad.status, 400);
    let bad: Value = serde_json::from_str(&bad.body).unwrap();
    assert_eq!(
        (&bad["error"]["code"], &bad["id"]),
        (&json!(-32700), &Value::Null)
    );
}

#[test]
fn http_without_sessions_before_2026() {
    let (status, body) = post(&[], &initialize("2025-11-25"));
    assert_eq!(status, 200);
    assert_eq!(body["result"]["protocolVersion"], "2025-11-25");
    let told = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let version = ("MCP-Protocol-Version", "2025-11-25");
    assert_eq!(post(&[version], &told), (202, Value::Null));
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    assert_eq!(post(&[version], &answer), (202, Value::Null));
    let (status, body) = post(&[version], &request(1, "tools/list", json!({})));
    assert_eq!((status, &body["id"]), (200, &json!(1)));
    assert!(body["result"].get("ttlMs").is_none());
    // A client that names none is one of 2025-03-26, with batches.
    let batch = json!([request(1, "ping", json!({})), told]);
    let (status, body) = post(&[], &batch);
    assert_eq!((status, body.as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(post(&[], &json!([told])), (202, Value::Null));
    assert_eq!(post(&[version], &batch).0, 400);
    // Errors within JSON-RPC are no errors of HTTP.
    let (status, body) = post(&[version], &request(1, "no/such", json!({})));
    assert_eq!((status, &body["error"]["code"]), (200, &json!(-32601)));
    let unknown = [("MCP-Protocol-Version", "1999-01-01")];
    assert_eq!(post(&unknown, &request(1, "ping", json!({}))).0, 400);
    assert_eq!(post(&unknown, &told).0, 400);
    assert_eq!(post(&[version], &initialize("2025-06-18")).0, 400);
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

#[test]
fn http_with_wrong_settings_answers_nobody() {
    let fake = Fake::default();
    let wrong = Settings::read(vec![("MCP_BEARER_TOKEN".to_owned(), String::new())]);
    let server = |settings: &Settings| Server::new(&fake, settings);
    let reply = http::handle(&wrong, server, &good(), |_| Ok(Vec::new()));
    assert_eq!(reply.status, 500);
    let unknown = settings(&[("MCP_TOOLSETS", "nope")]);
    let ping = request(1, "ping", json!({}));
    let batch = json!([ping]);
    for body in [ping, batch] {
        let reply = send_to(&unknown, &good(), body.to_string().as_bytes());
        assert_eq!(reply.status, 500);
        assert!(!reply.body.contains("nope"));
    }
}

#[test]
fn http_lists_the_tools_only_for_requests() {
    let told = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let list = request(1, "tools/list", json!({}));
    for (body, status, listed) in [
        (list.to_string(), 200, 1),
        (json!([list, list]).to_string(), 200, 1),
        (told.to_string(), 202, 0),
        (
            json!({"jsonrpc": "2.0", "id": 1, "result": {}}).to_string(),
            202,
            0,
        ),
        ("{}".to_owned(), 400, 0),
        ("nonsense".to_owned(), 400, 0),
    ] {
        let fake = Fake::default();
        let reply = send_to_fake(&fake, &settings(&[]), &good(), body.as_bytes());
        assert_eq!(
            (reply.status, fake.listed.get()),
            (status, listed),
            "{body}"
        );
    }
}
