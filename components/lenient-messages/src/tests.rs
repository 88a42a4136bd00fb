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
    assert_eq!(&*mend(b"\xef\xbb\xbf1"), b"1");
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
fn what_is_wrong_in_initialize_is_as_if_it_were_missing() {
    let request = |params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
    let sound = json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "raw", "version": "1"},
    });
    let check = |name: &str, sent: Value, read: Value| {
        let (mut wrong, mut right) = (sound.clone(), sound.clone());
        wrong[name] = sent;
        right[name] = read;
        assert_eq!(mended(&request(wrong)), request(right));
    };
    for version in [json!(1), json!({}), json!(["2025-06-18"]), json!(true)] {
        check("protocolVersion", version, json!("2025-03-26"));
    }
    for capabilities in [
        json!([]),
        json!("{}"),
        json!({"roots": true}),
        json!({"sampling": null, "tools": [1]}),
    ] {
        check("capabilities", capabilities, json!({}));
    }
    for (sent, read) in [
        (
            json!({"experimental": {"a": true, "listChanged": true, "b": {"c": 1}}}),
            json!({"experimental": {"b": {"c": 1}}}),
        ),
        (
            json!({"roots": {"listChanged": {}}, "sampling": {"tools": true, "context": {}}}),
            json!({"roots": {}, "sampling": {"context": {}}}),
        ),
        (
            json!({"elicitation": {"form": {"schemaValidation": 1}, "url": []}}),
            json!({"elicitation": {"form": {}}}),
        ),
    ] {
        check("capabilities", sent, read);
    }
    let unknown = json!({"name": "unknown", "version": "unknown"});
    for client in [
        json!("raw"),
        json!([]),
        json!(5),
        json!({"name": 5, "version": null}),
    ] {
        check("clientInfo", client, unknown.clone());
    }
    check(
        "clientInfo",
        json!({"name": "a", "version": "1", "title": 5, "icons": [{"src": "x", "sizes": "any"}], "more": 1}),
        json!({"name": "a", "version": "1", "more": 1}),
    );
}

#[test]
fn what_has_one_meaning_gets_its_form() {
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for version in [json!(2.0), json!("1.0"), json!(null)] {
        let mut sent = ping.clone();
        sent["jsonrpc"] = version;
        assert_eq!(mended(&sent), ping);
    }
    assert_eq!(mended(&json!({"id": 1, "method": "ping"})), ping);
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    assert_eq!(mended(&json!({"id": 1, "result": {}})), response);
    let list = |params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params});
    for params in [json!(null), json!([]), json!(""), json!(" ")] {
        assert_eq!(mended(&list(params)), list(json!({})));
    }
    for meta in [json!([]), json!("x"), json!(null), json!(1)] {
        let sent = list(json!({"_meta": meta, "cursor": "a"}));
        assert_eq!(mended(&sent), list(json!({"cursor": "a"})));
    }
    let call = |params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    assert_eq!(
        mended(&call(json!({"name": "a", "arguments": "", "_meta": 1}))),
        call(json!({"name": "a", "arguments": {}}))
    );
    let notification = |params: Value| json!({"jsonrpc": "2.0", "method": "n", "params": params});
    for params in [json!([1]), json!("a"), json!(5)] {
        assert_eq!(mended(&notification(params)), notification(json!({})));
    }
}

#[test]
fn what_has_no_meaning_is_refused_with_its_id() {
    for (sent, code, id, words) in [
        ("", PARSE, None, "This is not JSON"),
        ("{", PARSE, None, "This is not JSON"),
        ("nonsense", PARSE, None, "This is not JSON"),
        ("1", INVALID_REQUEST, None, "a JSON object"),
        ("[]", INVALID_REQUEST, None, "one by one"),
        (
            r#"[{"id":1,"method":"ping"}]"#,
            INVALID_REQUEST,
            None,
            "one by one",
        ),
        (
            r#"{"id":1.5,"method":"ping"}"#,
            INVALID_REQUEST,
            None,
            "\"id\"",
        ),
        (
            r#"{"id":null,"method":"ping"}"#,
            INVALID_REQUEST,
            None,
            "\"id\"",
        ),
        (
            r#"{"id":{},"method":"ping"}"#,
            INVALID_REQUEST,
            None,
            "\"id\"",
        ),
        (
            r#"{"id":9223372036854775808,"method":"ping"}"#,
            INVALID_REQUEST,
            None,
            "\"id\"",
        ),
        (
            r#"{"id":1e16,"method":"ping"}"#,
            INVALID_REQUEST,
            None,
            "\"id\"",
        ),
        (r#"{"id":"a"}"#, INVALID_REQUEST, Some("\"a\""), "missing"),
        (
            r#"{"id":7,"method":2}"#,
            INVALID_REQUEST,
            Some("7"),
            "a string",
        ),
        (
            r#"{"id":7,"method":"ping","params":[1]}"#,
            INVALID_PARAMS,
            Some("7"),
            "\"params\"",
        ),
        (
            r#"{"id":7,"method":"ping","params":"x"}"#,
            INVALID_PARAMS,
            Some("7"),
            "\"params\"",
        ),
    ] {
        let sent = mend(sent.as_bytes());
        let fault = single(&sent).unwrap_err();
        assert_eq!((fault.code, fault.id.map(RawValue::get)), (code, id));
        assert!(fault.text.contains(words), "{}", fault.text);
    }
    for id in [
        "0",
        "-9223372036854775808",
        "9223372036854775807",
        "1e2",
        "2.0",
        "\"\"",
    ] {
        let sent = format!(r#"{{"id":{id},"method":"a\/b","params":{{"c":1}}}}"#);
        let envelope = single(sent.as_bytes()).unwrap();
        assert_eq!(envelope.id.unwrap().get(), id);
        assert_eq!(envelope.method.as_deref(), Some("a/b"));
        assert_eq!(envelope.params.unwrap().get(), r#"{"c":1}"#);
    }
    let response = single(br#"{"id":null,"error":{"code":1,"message":""}}"#).unwrap();
    assert!(response.id.is_none() && response.method.is_none());
}

#[test]
fn what_needs_nothing_is_not_copied() {
    for message in [
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"b":"\ud83d\ude00"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[1]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"x","capabilities":{"roots":{"listChanged":true},"experimental":{"a":{"b":1}},"elicitation":{"form":{"schemaValidation":true}}},"clientInfo":{"name":"a","version":"1"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},1]"#,
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
