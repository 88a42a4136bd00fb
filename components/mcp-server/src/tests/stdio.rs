//! Lines, batches and cancellations.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{
    fake_provider::FakeProvider,
    initialize, request, settings,
    stdio_client::{Pieces, WrittenLines, responses, responses_to_pieces},
};
use crate::{
    provider::{GuideError, Prompt, Provider, Resource, Tool, ToolResult},
    server::Server,
    stdio::{self, Input, Output},
};

#[test]
fn arguments_pass_through_as_they_are() {
    let provider = FakeProvider::default();
    let lines = format!(
        "{}\n{{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"tools/call\",\"params\":{{\"name\":\"echo\",\
         \"arguments\":{{\"z\":12345678901234567890123,\"a\":1.0}}}}}}",
        initialize("2025-11-25")
    );
    let server = Server::new(&provider, &settings(&[])).unwrap();
    let mut output = WrittenLines::default();
    // The last line has no line break.
    let input = Pieces(VecDeque::from([Some(lines.into_bytes())]));
    stdio::serve(&server, input, &mut output);
    let arguments = r#"{"z":12345678901234567890123,"a":1.0}"#;
    assert_eq!(
        *provider.called.borrow(),
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
        let answers = responses_to_pieces(
            &FakeProvider::default(),
            &settings(&[]),
            Pieces(pieces.collect()),
        );
        assert_eq!(answers.len(), 2, "{size}");
    }
}

#[test]
fn invalid_lines_are_answered_and_the_session_goes_on() {
    let long = vec![b'x'; stdio::MAX_BYTES / 2 + 1];
    let pieces = [
        Some(b"nonsense\n".to_vec()),
        Some(long.clone()),
        Some(long),
        Some(b"\n[1]\n".to_vec()),
        Some(format!("{}\n", request(1, "ping", json!({}))).into_bytes()),
    ];
    let answers = responses_to_pieces(
        &FakeProvider::default(),
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
    let answers = responses(&settings(&[]), &[initialize("2025-03-26"), batch.clone()]);
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
        responses(&settings(&[]), &[initialize("2025-03-26"), quiet]).len(),
        1
    );
    for revision in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let answers = responses(&settings(&[]), &[initialize(revision), batch.clone()]);
        assert_eq!(answers[1]["error"]["code"], -32600, "{revision}");
        assert!(answers[1]["id"].is_null());
    }
}

#[test]
fn a_cancelled_request_is_skipped() {
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
    let provider = FakeProvider::default();
    let pieces = [
        line(initialize("2025-11-25")),
        // Cancelled before its turn. "2" is not 2.
        line(call(1)),
        line(call(2)),
        line(cancel(json!(1))),
        line(cancel(json!("2"))),
        line(cancel(json!(0))),
        // A cancellation does not apply to a later request with that id.
        line(cancel(json!(3))),
        None,
        line(call(3)),
    ];
    let answers = responses_to_pieces(&provider, &settings(&[]), Pieces(VecDeque::from(pieces)));
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!(0), &json!(2), &json!(3)]);
    assert_eq!(provider.called.borrow().len(), 2);
}

#[test]
fn a_request_cancelled_while_it_runs_is_not_answered() {
    /// Bytes, and the method that reads them.
    struct Meanwhile(VecDeque<(&'static str, Vec<u8>)>);
    impl Input for Meanwhile {
        fn read(&mut self) -> Option<Vec<u8>> {
            let (how, bytes) = self.0.pop_front()?;
            assert_eq!(how, "read");
            Some(bytes)
        }
        fn read_available(&mut self) -> Option<Vec<u8>> {
            match self.0.front() {
                Some(("read_available", _)) => self.0.pop_front().map(|(_, bytes)| bytes),
                _ => Some(Vec::new()),
            }
        }
    }
    let line = |value: Value| format!("{value}\n").into_bytes();
    let call = request(1, "tools/call", json!({"name": "echo"}));
    let params = json!({"requestId": 1, "reason": "changed my mind"});
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params});
    let provider = FakeProvider::default();
    let server = Server::new(&provider, &settings(&[])).unwrap();
    let mut output = WrittenLines::default();
    let input = Meanwhile(VecDeque::from([
        ("read", line(initialize("2025-11-25"))),
        ("read", line(call)),
        // Read before the call, and then after it.
        ("read_available", Vec::new()),
        ("read_available", line(cancel)),
        ("read", line(request(2, "ping", json!({})))),
    ]));
    stdio::serve(&server, input, &mut output);
    assert_eq!(provider.called.borrow().len(), 1);
    assert_eq!(output.0.len(), 2, "{:?}", output.0);
    assert!(output.0[1].contains(r#""id":2"#));
}

#[test]
fn the_server_ends_when_nobody_reads() {
    struct Gone;
    impl Output for Gone {
        fn write_line(&mut self, _: &str) -> bool {
            false
        }
    }
    let provider = FakeProvider::default();
    let server = Server::new(&provider, &settings(&[])).unwrap();
    let endless = Endless(format!("{}\n", request(1, "ping", json!({}))));
    stdio::serve(&server, endless, &mut Gone);

    struct Endless(String);
    impl Input for Endless {
        fn read(&mut self) -> Option<Vec<u8>> {
            Some(self.0.clone().into_bytes())
        }
        fn read_available(&mut self) -> Option<Vec<u8>> {
            Some(Vec::new())
        }
    }
}

#[test]
fn a_message_is_one_line_whatever_the_component_sends() {
    let pretty = Pretty(FakeProvider::default());
    let server = Server::new(&pretty, &settings(&[])).unwrap();
    let mut output = WrittenLines::default();
    let lines = [
        initialize("2025-11-25"),
        request(1, "tools/list", json!({})),
        request(2, "tools/call", json!({"name": "echo"})),
    ];
    let lines = lines.map(|line| Some(format!("{line}\n").into_bytes()));
    // `WrittenLines` refuses line breaks.
    stdio::serve(&server, Pieces(lines.into()), &mut output);
    let schema =
        r#""inputSchema":{"type": "object","title": "a\n  b","properties": {"z": {},"a": {}}},"#;
    assert!(output.0[1].contains(schema), "{}", output.0[1]);
    let answer = r#""structuredContent":{"id": 12345678901234567890123}"#;
    assert!(output.0[2].contains(answer), "{}", output.0[2]);

    struct Pretty(FakeProvider);
    impl Provider for &Pretty {
        fn list_tools(&self) -> Vec<Tool> {
            let mut tools = (&self.0).list_tools();
            let schema = "{\n  \"type\": \"object\",\n  \"title\": \"a\\n  b\",\r\n  \"properties\": {\n    \"z\": {},\r    \"a\": {}\n  }\n}\n";
            for tool in &mut tools {
                tool.input_schema = schema.to_owned();
            }
            tools
        }
        fn call_tool(&self, name: &str, arguments: &str) -> ToolResult {
            ToolResult {
                structured: Some("{\n  \"id\": 12345678901234567890123\n}".to_owned()),
                ..(&self.0).call_tool(name, arguments)
            }
        }
        fn instructions(&self, tools: &[String]) -> String {
            (&self.0).instructions(tools)
        }
        fn list_prompts(&self) -> Vec<Prompt> {
            (&self.0).list_prompts()
        }
        fn get_prompt(
            &self,
            name: &str,
            arguments: &[(String, String)],
        ) -> Result<String, GuideError> {
            (&self.0).get_prompt(name, arguments)
        }
        fn list_resources(&self) -> Vec<Resource> {
            (&self.0).list_resources()
        }
        fn read_resource(&self, uri: &str) -> Result<String, GuideError> {
            (&self.0).read_resource(uri)
        }
    }
}
