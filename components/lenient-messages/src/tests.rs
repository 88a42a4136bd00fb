//! What becomes of what is sent.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn mended(message: &Value) -> Value {
    serde_json::from_slice(&mend(message.to_string().as_bytes())).unwrap()
}

fn call(arguments: &Value) -> Value {
    let params = json!({"name": "a", "arguments": arguments});
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
}

#[test]
fn half_a_surrogate_pair_becomes_a_replacement_character() {
    for (sent, read) in [
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""\uDE00""#, "\u{fffd}"),
        (r#""\ud83d\ud83d\ude00x""#, "\u{fffd}😀x"),
        (r#""\ud83d\u0041\ude00""#, "\u{fffd}A\u{fffd}"),
        (r#""\ud83d\\ude00""#, "\u{fffd}\\ude00"),
        (r#""\\ud83d""#, "\\ud83d"),
        (r#""\\\ud83d""#, "\\\u{fffd}"),
        (r#""\ud83d\ude00""#, "😀"),
    ] {
        let text: String = serde_json::from_slice(&mend(sent.as_bytes())).unwrap();
        assert_eq!(text, read, "{sent}");
    }
    // As bytes: half a pair, and Latin-1.
    for sent in [&b"\"\xed\xa0\xbd\""[..], b"\"\xe9\""] {
        let text: String = serde_json::from_slice(&mend(sent)).unwrap();
        assert!(text.chars().all(|c| c == '\u{fffd}'), "{text}");
    }
    assert_eq!(&*mend(b"\xef\xbb\xbf{}"), b"{}");
}

#[test]
fn arguments_as_text_are_unwrapped() {
    let object = json!({"from": "7d", "n": [1]});
    let text = json!(object.to_string());
    let twice = json!(text.to_string());
    let pretty = json!(format!("{object:#}"));
    assert!(!mend(call(&pretty).to_string().as_bytes()).contains(&b'\n'));
    for sent in [&object, &text, &twice, &pretty] {
        assert_eq!(mended(&call(sent)), call(&object), "{sent}");
    }
    let empty = [
        json!(null),
        json!(""),
        json!(" \n"),
        json!([]),
        json!("[ ]"),
        json!("null"),
        json!("{}"),
        json!("\"\""),
    ];
    for sent in empty {
        assert_eq!(mended(&call(&sent)), call(&json!({})), "{sent}");
    }
    // No digit of a number is lost on the way.
    let id = "12345678901234567890123";
    let sent = format!(
        r#"{{"id":{id},"method":"tools\/call","params":{{"name":"a","arguments":"{{\"n\":{id}}}"}}}}"#
    );
    let mended = mend(sent.as_bytes());
    let mended = core::str::from_utf8(&mended).unwrap();
    assert_eq!(mended.matches(id).count(), 2, "{mended}");
}

#[test]
fn arguments_that_are_no_object_are_left_to_the_tool() {
    let others = [
        json!(5),
        json!(true),
        json!([1]),
        json!("from 7d"),
        json!("5"),
        json!("{\"from\":"),
        json!("\"\\\"{}\\\"\""),
    ];
    for sent in others {
        let refused = json!({"arguments": sent});
        assert_eq!(mended(&call(&sent)), call(&refused), "{sent}");
    }
}

#[test]
fn what_initialize_lacks_is_added() {
    let request = |params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
    let unknown = json!({"name": "unknown", "version": "unknown"});
    let all = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": unknown});
    for params in [
        json!({"protocolVersion": "2025-06-18"}),
        json!({"protocolVersion": "2025-06-18", "capabilities": null, "clientInfo": null}),
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}}),
    ] {
        assert_eq!(mended(&request(params)), request(all.clone()));
    }
    let mut unnamed = all.clone();
    unnamed["protocolVersion"] = json!("2025-03-26");
    for params in [json!({}), Value::Null] {
        assert_eq!(mended(&request(params)), request(unnamed.clone()));
    }
    let bare = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize"});
    assert_eq!(mended(&bare), request(unnamed));
    let mut named = all;
    named["clientInfo"] = json!({"name": "n8n", "title": "N"});
    let with_version = mended(&request(named));
    let client = json!({"name": "n8n", "title": "N", "version": "unknown"});
    assert_eq!(with_version["params"]["clientInfo"], client);
}

#[test]
fn what_needs_nothing_is_not_copied() {
    for message in [
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"b":"\ud83d\ude00"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"{"method":"tools/list","params":[]}"#,
        r#"{"method":"initialize","params":{"protocolVersion":"x","capabilities":5,"clientInfo":{"name":"a","version":"1"}}}"#,
        r#"{"method":"initialize","params":{"protocolVersion":"x","capabilities":{},"clientInfo":"a"}}"#,
        r#"{"method":"initialize","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
        r#"[{"id":1,"method":"ping"},1]"#,
        "nonsense",
        "",
    ] {
        let mended = mend(message.as_bytes());
        assert!(matches!(mended, Cow::Borrowed(_)), "{message}");
        assert_eq!(&*mended, message.as_bytes());
    }
}

#[test]
fn each_message_of_a_batch_is_mended() {
    let ping = json!({"jsonrpc": "2.0", "id": 2, "method": "ping"});
    let batch = json!([call(&json!("{\"a\":1}")), ping]);
    assert_eq!(mended(&batch), json!([call(&json!({"a": 1})), ping]));
}

proptest! {
    /// Whatever is sent: what was JSON stays JSON, and once mended a message needs nothing.
    #[test]
    fn mending_once_is_enough(
        start in prop_oneof![Just(""), Just("{\"method\":\"tools/call\",\"params\":{\"arguments\":"),
            Just("{\"method\":\"initialize\",\"params\":")],
        middle in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "(\\\\|\"|u|d83d|de00|\\{|\\}|\\[|\\]|null|:|,| |1){0,24}".prop_map(String::into_bytes),
            "\"(\\\\u[dD][89a-fA-F]{3}|\\\\\\\\|x|\\\\\"){0,8}\"".prop_map(String::into_bytes),
        ],
        end in prop_oneof![Just(""), Just("}"), Just("}}")],
    ) {
        let message = [start.as_bytes(), &middle, end.as_bytes()].concat();
        let mended = mend(&message).into_owned();
        prop_assert!(core::str::from_utf8(&mended).is_ok());
        prop_assert_eq!(&*mend(&mended), &*mended);
        if serde_json::from_slice::<Value>(&message).is_ok() {
            prop_assert!(serde_json::from_slice::<Value>(&mended).is_ok());
        }
    }
}
