//! No session stands between a client and a tool: one table of requests over HTTP, and lines over
//! standard streams, for `host-harness` and `gong-server.wasm` alike.

use std::time::Duration;

use host_harness::mcp;
use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};

use crate::mcp::{listen, server};
use crate::server::{gong_server, over_stdio, over_the_net, variables};
use crate::support::{options, stand_in};

mod table;

#[tokio::test(flavor = "multi_thread")]
async fn the_host_needs_no_session() {
    let gong = stand_in(options()).await;
    let (address, _guard) = listen(server(&gong).await).await;
    let (restarted, _guard) = listen(server(&gong).await).await;
    let server = |address| table::Server {
        address,
        headers: &[],
        has_changes: false,
    };
    table::run(&server(&address), &server(&restarted)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_component_needs_no_session() {
    let gong = stand_in(options()).await;
    let more = [("MCP_TOOLSETS", "all")];
    let address = over_the_net(variables(&gong, &more)).await;
    let restarted = over_the_net(variables(&gong, &more)).await;
    let server = |address| table::Server {
        address,
        headers: &[],
        has_changes: false,
    };
    table::run(&server(&address), &server(&restarted)).await;
}

/// Lines without `initialize` before them, and what their answers have.
const LINES: [(&str, &str, &str); 8] = [
    // Field notes: "half a surrogate pair in arguments, over stdio".
    (
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gong_search_calls","arguments":{"title":"\ud83d"}}}"#,
        "/result/structuredContent",
        "",
    ),
    (
        r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"gong_search_calls","arguments":"{\n\"limit\":\"1\"}"}}"#,
        "/result/structuredContent",
        "",
    ),
    (
        r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"gong_search_calls","arguments":5}}"#,
        "/result/content/0/text",
        "Argument `arguments`: not a JSON object.",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        "",
        "",
    ),
    (
        r#"{"jsonrpc":"2.0","id":5,"method":"tools/list"}"#,
        "/result/tools/0/name",
        "",
    ),
    (
        r#"{"jsonrpc":"2.0","id":6,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#,
        "/result/protocolVersion",
        "2025-06-18",
    ),
    (
        r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"gong_list_workspaces"}}"#,
        "/result/structuredContent",
        "",
    ),
    (r#"{"jsonrpc":"2.0","id":8,"method":"ping"}"#, "/result", ""),
];

/// Lines that are no messages, and the code and the id that they are answered with.
const FAULTS: [(&str, i32, Option<i32>); 10] = [
    ("nonsense", -32700, None),
    ("[]", -32600, None),
    ("1", -32600, None),
    (
        r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
        -32600,
        None,
    ),
    (
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        -32600,
        None,
    ),
    (r#"{"jsonrpc":"2.0","id":1}"#, -32600, Some(1)),
    (r#"{"jsonrpc":"2.0","id":2,"method":5}"#, -32600, Some(2)),
    (
        r#"{"id":3,"method":"tools/list","params":[1]}"#,
        -32602,
        Some(3),
    ),
    (
        r#"{"id":4,"method":"tools/call","params":[]}"#,
        -32602,
        Some(4),
    ),
    (
        r#"{"id":5,"method":"no/such","params":""}"#,
        -32601,
        Some(5),
    ),
];

async fn lines_are_answered(mut input: impl AsyncWrite + Unpin, output: impl AsyncRead + Unpin) {
    let mut output = BufReader::new(output).lines();
    for (line, code, id) in FAULTS {
        input.write_all(line.as_bytes()).await.unwrap();
        input.write_all(b"\n\n").await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(60), output.next_line()).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {line}"));
        let answer: Value = serde_json::from_str(&answer.unwrap().unwrap()).unwrap();
        assert_eq!(answer["error"]["code"], code, "{line}: {answer}");
        assert_eq!(answer["id"], Value::from(id), "{line}: {answer}");
    }
    for (line, pointer, text) in LINES {
        input.write_all(line.as_bytes()).await.unwrap();
        input.write_all(b"\n").await.unwrap();
        // A notification has no answer.
        if pointer.is_empty() {
            continue;
        }
        let answer = tokio::time::timeout(Duration::from_secs(60), output.next_line()).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {line}"));
        let answer: Value = serde_json::from_str(&answer.unwrap().unwrap()).unwrap();
        let sent: Value = serde_json::from_str(&line.replace(r"\ud83d", "")).unwrap();
        assert_eq!(answer["id"], sent["id"], "{answer}");
        let found = answer.pointer(pointer);
        let found = found.unwrap_or_else(|| panic!("{line}: {answer}"));
        assert!(
            text.is_empty() || found.as_str().is_some_and(|found| found.starts_with(text)),
            "{line}: {answer}"
        );
    }
}

/// Each line is answered before the end, also one that is no message.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_line_is_answered_before_the_host_ends() {
    let gong = stand_in(options()).await;
    let mut output = Vec::new();
    let (mut ours, theirs) = tokio::io::duplex(1 << 16);
    let input = &b"{\"id\":1,\"method\":\"ping\"}\nnonsense"[..];
    let service = mcp::stdio::serve(server(&gong).await, input, theirs);
    service.waiting().await.unwrap();
    ours.read_to_end(&mut output).await.unwrap();
    let output = String::from_utf8(output).unwrap();
    assert!(output.contains("-32700"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_need_no_session_either() {
    let gong = stand_in(options()).await;
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(theirs);
    let service = mcp::stdio::serve(server(&gong).await, input, output);
    let (output, input) = tokio::io::split(ours);
    lines_are_answered(input, output).await;
    drop(service);

    let more = [("MCP_TOOLSETS", "all")];
    let server = over_stdio(gong_server(), variables(&gong, &more));
    lines_are_answered(server.input, server.output).await;
}
