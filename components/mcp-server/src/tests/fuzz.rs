//! Messages, damaged: whatever comes, each request is answered once, in JSON-RPC. The arguments of calls
//! are those of the tools' fixtures. `PROPTEST_CASES=1000000 cargo test -p mcp-server-component --release`
//! does it for hours.

use std::{collections::VecDeque, fs, path::Path, sync::OnceLock};

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};

use super::{
    fake_provider::FakeProvider,
    http_client::{headers, send, valid_request},
    initialize, modern, request, settings,
    stdio_client::{Pieces, WrittenLines},
};
use crate::{http::HttpRequest, server::Server, stdio};

fn seeds() -> &'static [String] {
    static SEEDS: OnceLock<Vec<String>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let call = |arguments: Value| {
            request(7, "tools/call", json!({"name": "echo", "arguments": arguments}))
        };
        let mut seeds = vec![
            initialize("2025-06-18"),
            request(1, "initialize", json!({})),
            request(2, "ping", json!({})),
            request(3, "tools/list", modern(json!({}))),
            request(4, "server/discover", modern(json!({}))),
            request(5, "prompts/get", json!({"name": "say", "arguments": {"topic": "tea"}})),
            request(6, "resources/read", json!({"uri": "x://one"})),
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}),
            json!({"jsonrpc": "2.0", "id": "a", "result": {}}),
            json!([request(8, "ping", json!({})), request(9, "tools/list", json!({}))]),
        ];
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
        for tool in fs::read_dir(fixtures).unwrap() {
            let file = fs::read_dir(tool.unwrap().path()).unwrap().next().unwrap();
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let fixture: Value = serde_json::from_str(&text).unwrap();
            let first = fixture.get(0).unwrap_or(&fixture);
            let arguments = first["arguments"].clone();
            seeds.push(call(json!(arguments.to_string())));
            seeds.push(call(arguments));
        }
        seeds.iter().map(Value::to_string).collect()
    })
}

/// Bytes to put somewhere, instead of so many that are there.
fn damages() -> impl Strategy<Value = Vec<(Index, u8, Vec<u8>)>> {
    const PIECES: &[&str] = &[
        "\\ud83d",
        "\\udc00",
        "\\",
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "1e999",
        "-",
        "\"id\":",
        "\"id\":{}",
        "\"params\":[],",
        "\"arguments\":\"\",",
        "\"method\":",
        "\u{feff}",
        "\\u0000",
        "tools\\/call",
    ];
    let bytes = prop_oneof![
        prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        vec(
            any::<u8>().prop_filter("no line break", |byte| *byte != b'\n'),
            0..4
        ),
    ];
    vec((any::<Index>(), 0..6u8, bytes), 0..4)
}

fn messages() -> impl Strategy<Value = Vec<u8>> {
    (prop::sample::select(seeds()), damages()).prop_map(|(seed, damages)| {
        let mut message = seed.into_bytes();
        for (at, removed, bytes) in damages {
            let at = at.index(message.len() + 1);
            let end = message.len().min(at + usize::from(removed));
            message.splice(at..end, bytes);
        }
        message
    })
}

/// The id of a request that is whole: its answer must be there.
fn request_id(message: &[u8]) -> Option<Value> {
    let message: Value = serde_json::from_slice(message).ok()?;
    let is_request = message["method"].is_string() && message["jsonrpc"] == "2.0";
    let id = message
        .get("id")
        .filter(|id| id.is_string() || id.is_number());
    id.filter(|_| is_request).cloned()
}

fn assert_response(response: &Value) -> Result<(), TestCaseError> {
    let parts = match response {
        Value::Array(parts) => &parts[..],
        one => core::slice::from_ref(one),
    };
    for part in parts {
        prop_assert_eq!(&part["jsonrpc"], "2.0", "{}", response);
        let is_one = part["result"].is_object() != part["error"]["code"].is_i64();
        prop_assert!(is_one, "{}", response);
        prop_assert!(part.get("id").is_some(), "{}", response);
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_line_is_answered_at_most_once_and_every_request_once(lines in vec(messages(), 1..6)) {
        // Each arrives when the one before is handled, so that no cancellation comes before its request.
        let pieces = lines.iter().flat_map(|line| [None, Some([&line[..], b"\n"].concat())]);
        let provider = FakeProvider::default();
        let server = Server::new(&provider, &settings(&[])).expect("settings");
        let mut output = WrittenLines::default();
        stdio::serve(&server, Pieces(pieces.collect::<VecDeque<_>>()), &mut output);
        prop_assert!(output.0.len() <= lines.len());
        let mut answered = Vec::new();
        for line in &output.0 {
            let response: Value = serde_json::from_str(line).expect(line);
            assert_response(&response)?;
            answered.push(response["id"].clone());
        }
        for id in lines.iter().filter_map(|line| request_id(line)) {
            let at = answered.iter().position(|other| *other == id);
            prop_assert!(at.is_some(), "no answer to {} among {:?}", id, output.0);
            answered.remove(at.unwrap_or_default());
        }
    }

    #[test]
    fn every_body_is_answered(
        body in messages(),
        accept in prop::sample::select(&["", "application/json", "text/event-stream", "*/*", "text/html", "a;q=\"", ",;="][..]),
        version in prop::sample::select(&["", "2024-11-05", "2025-06-18", "2026-07-28", "1999-01-01", "x"][..]),
    ) {
        let all = [("Accept", accept), ("MCP-Protocol-Version", version), ("Mcp-Session-Id", "stale")];
        let request = HttpRequest { headers: headers(&all), ..valid_request() };
        let response = send(&settings(&[]), &request, &body);
        prop_assert!([200, 202, 400, 404].contains(&response.status), "{:?}", response);
        let text = match response.body.strip_prefix("event: message\ndata: ") {
            Some(event) => event,
            None => &response.body,
        };
        match response.status {
            202 => prop_assert_eq!(text, ""),
            _ => assert_response(&serde_json::from_str(text).expect(text))?,
        }
        if let (Some(id), 200) = (request_id(&body), response.status) {
            let response: Value = serde_json::from_str(text).expect(text);
            prop_assert_eq!(&response["id"], &id);
        }
    }
}
