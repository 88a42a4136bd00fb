//! Requests that clients send over HTTP, and what each server answers them. One table for all servers:
//! `tests/it/stateless.rs` runs it against `host-harness` and `gong-server.wasm`, and
//! `gateway/tests/it/stateless.rs` against the gateway.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// What a request is answered with.
enum Expected {
    /// A JSON-RPC result with something at this JSON pointer.
    Result(&'static str),
    /// The result of a tool that failed, with this in its text.
    ToolError(&'static str),
    /// 202 and nothing more.
    Accepted,
    /// A JSON-RPC error with the request's id, which is 1, and with these words in its message.
    Error(i32, &'static str),
    /// HTTP's 400 and a JSON-RPC error with this id.
    BadRequest(i32, Value),
}

use Expected::{Accepted, BadRequest, Error, Result, ToolError};

struct Case {
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    expected: Expected,
}

const BOTH: &str = "application/json, text/event-stream";

/// Session ids that no server here has given: of one that was restarted, of another kind, and such as
/// the gateway's.
const STALE: [&str; 3] = [
    "8f14e45f-ceea-467f-a1d6-0c2b6f8f2a11",
    "of-another-server",
    "eyJuYW1lIjoicmF3IiwidmVyc2lvbiI6IjEiLCJudW1iZXIiOiIwIn0",
];

fn request(method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

fn call(tool: &str, arguments: Value) -> String {
    request("tools/call", json!({"name": tool, "arguments": arguments}))
}

fn initialize(more: Value) -> String {
    let mut params = json!({"protocolVersion": "2025-06-18", "capabilities": {}});
    let more = more.as_object().expect("members").clone();
    params.as_object_mut().expect("an object").extend(more);
    request("initialize", params)
}

fn client() -> Value {
    json!({"clientInfo": {"name": "raw", "version": "1"}})
}

/// The table.
fn cases() -> Vec<Case> {
    const TOOLS: &str = "/result/tools/0/name";
    const CONTENT: &str = "/result/structuredContent";
    const AGREED: &str = "/result/protocolVersion";
    let mut cases = Vec::new();
    let mut add = |headers: &[(&'static str, &'static str)], body: String, expected| {
        let headers = headers.to_vec();
        cases.push(Case {
            headers,
            body,
            expected,
        });
    };
    let both = ("accept", BOTH);
    let list = || request("tools/list", json!({}));
    let workspaces = || call("gong_list_workspaces", json!({}));

    // Without `initialize`, and with a session that is gone or never was.
    add(&[both], list(), Result(TOOLS));
    add(&[both], request("ping", json!({})), Result("/result"));
    for session in STALE {
        let session = ("mcp-session-id", session);
        add(&[both, session], list(), Result(TOOLS));
        for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
            let headers = [both, session, ("mcp-protocol-version", revision)];
            add(&headers, workspaces(), Result(CONTENT));
        }
        add(&[both, session], initialize(client()), Result(AGREED));
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        add(&[both, session], initialized.to_string(), Accepted);
        let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}});
        add(&[both, session], cancelled.to_string(), Accepted);
    }

    // Any Accept, in the older revisions and in the newest.
    for accept in [
        Some("application/json"),
        Some("*/*"),
        Some("text/event-stream"),
        Some("text/event-stream;q=0.9, text/plain"),
        Some("application/json;q=0.1, text/event-stream;q=0"),
        Some("text/html, image/png"),
        Some(BOTH),
        None,
    ] {
        let accept: Vec<_> = accept.into_iter().map(|value| ("accept", value)).collect();
        add(&accept, initialize(client()), Result(AGREED));
        add(&accept, list(), Result(TOOLS));
        add(&accept, workspaces(), Result(CONTENT));
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let named = json!({"name": "gong_list_workspaces", "arguments": {}, "_meta": meta});
        let mut headers = accept.clone();
        headers.extend([
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "gong_list_workspaces"),
        ]);
        add(&headers, request("tools/call", named), Result(CONTENT));
        let mut headers = accept.clone();
        headers.extend([
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "server/discover"),
        ]);
        let discover = request("server/discover", json!({"_meta": meta}));
        add(&headers, discover, Result("/result/supportedVersions/0"));
    }

    // `initialize` with less than it should have.
    for less in [
        json!({}),
        json!({"clientInfo": null}),
        json!({"clientInfo": {}}),
        json!({"clientInfo": {"name": "n8n"}}),
        json!({"capabilities": null}),
        json!({"protocolVersion": null}),
    ] {
        add(&[both], initialize(less), Result(AGREED));
    }
    add(&[both], request("initialize", json!({})), Result(AGREED));

    // Arguments in other forms than an object's, and half a surrogate pair.
    let search = |arguments| call("gong_search_calls", arguments);
    for arguments in [
        json!("{\"limit\": 1}"),
        json!("{\n  \"limit\": \"1\"\n}"),
        json!("\"{\\\"limit\\\": 1}\""),
        json!(""),
        json!([]),
        json!(null),
        json!("null"),
        json!({"limit": "1.0", "scope": "EXTERNAL", "account": "", "people": "false", "toolCallId": "call_1"}),
        json!({"arguments": {"limit": 1}}),
    ] {
        add(&[both], search(arguments), Result(CONTENT));
    }
    for arguments in [
        json!(5),
        json!(true),
        json!([1]),
        json!("7d"),
        json!("{\"limit\":"),
    ] {
        add(
            &[both],
            search(arguments),
            ToolError("Argument `arguments`: not a JSON object."),
        );
    }
    add(
        &[both],
        search(json!({"limit": "many"})),
        ToolError("Argument `limit`: a whole number"),
    );
    for title in [r"\ud83d", r"\udc00 x", r"\ud83d\ude00"] {
        let body = search(json!({"title": "TITLE"})).replace("TITLE", title);
        add(&[both], body, Result("/result/content/0/text"));
    }
    add_faults(&mut add);
    for content_type in [
        "",
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/octet-stream",
        "application/json-rpc",
        "application/x-www-form-urlencoded",
    ] {
        let headers = [both, ("content-type", content_type)];
        add(&headers, workspaces(), Result(CONTENT));
        add(&headers, "a=b".to_owned(), BadRequest(-32700, Value::Null));
    }

    // Names as models write them.
    for name in [
        "functions.gong_list_workspaces",
        "mcp__gong__gong_list_workspaces",
        "gong-list-workspaces",
        "list_workspaces",
    ] {
        let meant = Error(-32602, "gong_list_workspaces");
        add(&[both], call(name, json!({})), meant);
    }
    cases
}

/// What is no message as MCP has it: with one meaning, or without any.
fn add_faults(add: &mut impl FnMut(&[(&'static str, &'static str)], String, Expected)) {
    const TOOLS: &str = "/result/tools/0/name";
    let both = ("accept", BOTH);
    let mut add = |body: String, expected| add(&[both], body, expected);
    for params in [
        json!(null),
        json!([]),
        json!(""),
        json!({"_meta": []}),
        json!({"_meta": "x"}),
    ] {
        add(request("tools/list", params), Result(TOOLS));
    }
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    for version in [
        Some(json!("1.0")),
        Some(json!(2.0)),
        Some(json!(null)),
        None,
    ] {
        let mut list = list.clone();
        let members = list.as_object_mut().expect("an object");
        members.remove("jsonrpc");
        members.extend(version.map(|version| ("jsonrpc".to_owned(), version)));
        add(list.to_string(), Result(TOOLS));
    }
    let notification =
        json!({"jsonrpc": "2.0", "method": "notifications/initialized", "params": [1]});
    add(notification.to_string(), Accepted);

    for text in ["", "nonsense", "{", "{}}"] {
        add(text.to_owned(), BadRequest(-32700, Value::Null));
    }
    for id in [
        json!(1.5),
        json!(null),
        json!(u64::MAX),
        json!({}),
        json!(true),
    ] {
        let mut list = list.clone();
        list["id"] = id;
        add(list.to_string(), BadRequest(-32600, Value::Null));
    }
    for (body, code) in [
        (json!({"jsonrpc": "2.0", "id": "a"}), -32600),
        (json!({"jsonrpc": "2.0", "id": 7, "method": 1}), -32600),
        (
            json!({"id": 7, "method": "tools/list", "params": [1]}),
            -32602,
        ),
        (
            json!({"id": 7, "method": "tools/list", "params": "x"}),
            -32602,
        ),
    ] {
        let id = body["id"].clone();
        add(body.to_string(), BadRequest(code, id));
    }
    for body in [json!(1), json!("tools/list"), json!([])] {
        add(body.to_string(), BadRequest(-32600, Value::Null));
    }

    for (method, params, words) in [
        (
            "tools/call",
            json!({}),
            "\"name\" is missing. It is a string, such as \"gong_",
        ),
        (
            "tools/call",
            json!(null),
            "\"name\" is missing. It is a string, such as \"gong_",
        ),
        ("tools/call", json!({"name": null}), "\"name\""),
        (
            "tools/call",
            json!({"name": 5}),
            "\"name\" must be a string, such as \"gong_",
        ),
        ("prompts/get", json!({}), "\"name\" is missing"),
        (
            "resources/read",
            json!({}),
            "\"uri\" is missing. It is a string, such as \"gong://",
        ),
        (
            "resources/read",
            json!({"uri": 1}),
            "\"uri\" must be a string",
        ),
    ] {
        add(request(method, params), Error(-32602, words));
    }
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call"});
    add(call.to_string(), Error(-32602, "\"name\" is missing"));

    for wrong in [
        json!({"capabilities": []}),
        json!({"capabilities": "{}"}),
        json!({"capabilities": {"roots": true}}),
        json!({"capabilities": {"experimental": {"a": true}}}),
        json!({"capabilities": {"roots": {"listChanged": "yes"}, "sampling": {"tools": true}}}),
        json!({"clientInfo": "raw"}),
        json!({"clientInfo": []}),
        json!({"clientInfo": {"name": 5, "version": "1", "title": 5, "icons": "x"}}),
        json!({"protocolVersion": 1}),
    ] {
        add(initialize(wrong), Result("/result/protocolVersion"));
    }
}

/// An answer: status, headers in lower case, body.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines();
        lines
            .filter_map(|line| line.split_once(": "))
            .find_map(|(other, value)| other.eq_ignore_ascii_case(name).then_some(value))
    }
}

/// A server that listens.
pub(crate) struct Server<'a> {
    /// `host:port`.
    pub(crate) address: &'a str,
    /// What it needs of every request, such as a token.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// Whether its list of tools changes, so that GET opens a stream which says so. The others answer
    /// 405, as MCP has it for a server without a stream.
    pub(crate) has_changes: bool,
}

/// Sends a request to `/mcp`.
async fn send(
    server: &Server<'_>,
    method: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> TcpStream {
    let address = server.address;
    // In HTTP/1.0 a body has no chunks, and ends with the connection.
    let mut request = format!("{method} /mcp HTTP/1.0\r\nhost: {address}\r\n");
    if headers.iter().all(|(name, _)| *name != "content-type") {
        request.push_str("content-type: application/json\r\n");
    }
    let headers = server.headers.iter().chain(headers);
    for (name, value) in headers.filter(|(_, value)| !value.is_empty()) {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    stream
}

/// The status that a request without a body is answered with.
async fn status(server: &Server<'_>, method: &str, headers: &[(&str, &str)]) -> u16 {
    let stream = send(server, method, headers, "").await;
    let mut line = String::new();
    let read = tokio::time::timeout(Duration::from_secs(60), async {
        BufReader::new(stream).read_line(&mut line).await
    });
    read.await
        .unwrap_or_else(|_| panic!("no answer to {method}"))
        .expect("it answers");
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    status.expect("a status")
}

/// Posts a body to `/mcp`.
async fn post(server: &Server<'_>, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = send(server, "POST", headers, body).await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let read = tokio::time::timeout(Duration::from_secs(60), read).await;
    read.unwrap_or_else(|_| panic!("no end of the answer to {body}"))
        .expect("it answers");
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.expect("a status"),
        body: answer.split_off(end + 4),
        head,
    }
}

/// The message in an answer, which has a form that the request accepts.
fn message(case: &Case, answer: &Answer) -> Value {
    let accept = case.headers.iter().find(|(name, _)| *name == "accept");
    let content_type = answer.header("content-type").unwrap_or_default();
    let text = String::from_utf8_lossy(&answer.body);
    let is_events = content_type == "text/event-stream";
    match accept.map_or("", |(_, accept)| accept) {
        BOTH => assert!(
            is_events || content_type == "application/json",
            "{content_type}"
        ),
        accept if accept.starts_with("text/event-stream") => {
            assert!(is_events, "{content_type}: {text}")
        }
        accept => assert_eq!(content_type, "application/json", "Accept: {accept}"),
    }
    let json = match is_events {
        true => text
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("data:")),
        false => Some(&*text),
    };
    serde_json::from_str(json.expect("an event")).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn check(case: &Case, answer: &Answer) {
    let sent = format!("{:?} {}", case.headers, case.body);
    let text = String::from_utf8_lossy(&answer.body);
    if matches!(case.expected, Accepted) {
        assert_eq!((answer.status, &*text), (202, ""), "{sent}");
        return;
    }
    let (status, id) = match &case.expected {
        BadRequest(_, id) => (400, id.clone()),
        _ => (200, json!(1)),
    };
    assert_eq!(answer.status, status, "{sent}: {text}");
    let message = message(case, answer);
    assert_eq!(message["id"], id, "{sent}: {message}");
    match case.expected {
        Result(pointer) => {
            assert!(message.pointer(pointer).is_some(), "{sent}: {message}");
            assert_ne!(message["result"]["isError"], true, "{sent}: {message}");
        }
        ToolError(words) => {
            assert_eq!(message["result"]["isError"], true, "{sent}: {message}");
            let text = message["result"]["content"][0]["text"].as_str();
            assert!(
                text.is_some_and(|text| text.starts_with(words)),
                "{sent}: {message}"
            );
        }
        Error(code, words) => {
            assert_eq!(message["error"]["code"], code, "{sent}: {message}");
            let text = message["error"]["message"].as_str();
            assert!(
                text.is_some_and(|text| text.contains(words)),
                "{sent}: {message}"
            );
        }
        BadRequest(code, _) => assert_eq!(message["error"]["code"], code, "{sent}: {message}"),
        Accepted => unreachable!("it has no message"),
    }
}

/// Sends all requests of the table to a server. `restarted` is another one in its place: what began at
/// the first goes on there.
pub(crate) async fn run(server: &Server<'_>, restarted: &Server<'_>) {
    let cases = cases();
    for case in &cases {
        check(case, &post(server, &case.headers, &case.body).await);
    }
    // A browser sends plain text without a preflight request, so only its origin keeps it out.
    let evil = ("origin", "https://evil.example.com");
    for content_type in ["text/plain", "application/json"] {
        let headers = [("accept", BOTH), evil, ("content-type", content_type)];
        for body in [&*call("gong_list_workspaces", json!({})), "nonsense"] {
            let answer = post(server, &headers, body).await;
            assert_eq!(answer.status, 403, "{content_type} {body}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    // Whoever has batches has them in one revision only.
    let batch = json!([{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}]).to_string();
    let headers = [("accept", BOTH), ("mcp-protocol-version", "2025-06-18")];
    let answer = post(server, &headers, &batch).await;
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 400, "{text}");
    assert!(
        text.contains("-32600") && text.contains("one by one"),
        "{text}"
    );
    let events = ("accept", "text/event-stream");
    for session in STALE.map(|id| ("mcp-session-id", id)) {
        let stream = status(server, "GET", &[events, session]).await;
        assert_eq!(stream, if server.has_changes { 200 } else { 405 });
        // MCP has both: the end of a session is accepted, or there is none to end.
        let end = status(server, "DELETE", &[session]).await;
        assert!([202, 405].contains(&end), "{end}");
    }
    let body = initialize(client());
    let begun = post(server, &[("accept", BOTH)], &body).await;
    let session = begun
        .header("mcp-session-id")
        .map(|id| ("mcp-session-id", id));
    let mut headers = vec![("accept", BOTH), ("mcp-protocol-version", "2025-06-18")];
    headers.extend(session);
    let body = call("gong_list_workspaces", json!({}));
    let answer = post(restarted, &headers, &body).await;
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 200, "{text}");
    assert!(text.contains("structuredContent"), "{text}");
}
