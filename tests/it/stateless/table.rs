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
}

use Expected::{Accepted, Result, ToolError};

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
    cases
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
    let mut request =
        format!("{method} /mcp HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/json\r\n");
    for (name, value) in server.headers.iter().chain(headers) {
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
    assert_eq!(answer.status, 200, "{sent}: {text}");
    let message = message(case, answer);
    assert_eq!(message["id"], 1, "{sent}: {message}");
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
