//! Errors name what is wrong.

use serde_json::{Value, json};

use super::{initialize, modern, request, settings, stdio_client::responses};
use crate::settings::Settings;

/// The code and the message of an error.
fn error_of(settings: &Settings, method: &str, params: Value) -> (i64, String) {
    let answers = responses(
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
            json!({"name": "ecko"}),
            -32602,
            "mean one of: echo?",
        ),
        // It is there, but not listed.
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
        ("initialize", modern(json!({})), -32601, "initialize"),
    ] {
        let (got, message) = error_of(&settings, method, params.clone());
        assert_eq!(got, code, "{method} {params}: {message}");
        assert!(message.contains(word), "{method} {params}: {message}");
    }
    let mut unknown = modern(json!({}));
    unknown["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    let answers = responses(&settings, &[request(1, "tools/list", unknown)]);
    assert_eq!(answers[0]["error"]["code"], -32022);
    assert_eq!(answers[0]["error"]["data"]["requested"], "2099-01-01");
}

#[test]
fn a_structured_answer_that_is_no_object_is_an_internal_error() {
    let all = settings(&[("MCP_TOOLSETS", "all")]);
    let (code, message) = error_of(&all, "tools/call", json!({"name": "wipe"}));
    assert_eq!(code, -32603);
    assert!(message.contains("structured"), "{message}");
}
