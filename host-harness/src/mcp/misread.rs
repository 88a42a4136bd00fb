//! Requests of MCP's methods that rmcp takes for custom ones, as their parameters are not of the method's
//! type.

use rmcp::ErrorData;
use rmcp::model::{CustomRequest, ErrorCode};
use serde_json::Value;

/// MCP's methods whose parameters nothing is known of here; those that no server here has aside.
/// `initialize` is mended before, and is none in the revisions without it.
const OTHERS: [&str; 6] = [
    "completion/complete",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "subscriptions/listen",
    "tools/list",
];

/// The error for a custom request: what is wrong with its parameters, or that there is no such method.
/// `example` is one of the things that the method takes by name or URI.
#[must_use]
pub fn error(request: CustomRequest, example: Option<&str>) -> ErrorData {
    let method = request.method;
    let parameter = match &*method {
        "tools/call" | "prompts/get" => Some("name"),
        "resources/read" => Some("uri"),
        other if OTHERS.contains(&other) => None,
        _ => return ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None),
    };
    let sent = |name| request.params.as_ref()?.get(name);
    let text = match parameter.map(|name| (name, sent(name))) {
        Some((name, None | Some(Value::Null))) => {
            format!(
                "Parameter \"{name}\" is missing. It is a string{}.",
                such_as(example)
            )
        }
        Some((name, Some(sent))) if !sent.is_string() => {
            format!("Parameter \"{name}\" must be a string{}.", such_as(example))
        }
        _ => format!("A parameter of {method} is missing or not of the type that MCP gives it."),
    };
    ErrorData::invalid_params(text, None)
}

fn such_as(example: Option<&str>) -> String {
    example.map_or_else(String::new, |example| format!(", such as {example:?}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let error = |method: &str, params: Option<Value>, example| {
            let error = error(CustomRequest::new(method, params), example);
            (error.code.0, error.message.into_owned())
        };
        let tool = Some("gong_get_call");
        let missing = "Parameter \"name\" is missing. It is a string, such as \"gong_get_call\".";
        for params in [None, Some(json!({})), Some(json!({"name": null}))] {
            assert_eq!(
                error("tools/call", params, tool),
                (-32602, missing.to_owned())
            );
        }
        let (code, text) = error("prompts/get", Some(json!({"name": 5})), None);
        assert_eq!(
            (code, &*text),
            (-32602, "Parameter \"name\" must be a string.")
        );
        let (code, text) = error("resources/read", Some(json!({"url": "a"})), Some("a://b"));
        assert!(code == -32602 && text.contains("\"uri\"") && text.contains("a://b"));
        let (code, text) = error("tools/call", Some(json!({"name": "a", "task": 1})), tool);
        assert!(code == -32602 && text.contains("tools/call"), "{text}");
        let (code, text) = error("tools/list", Some(json!({"cursor": 1})), None);
        assert!(code == -32602 && text.contains("tools/list"), "{text}");
        let (code, _) = error("initialize", None, None);
        assert_eq!(code, -32601);
        let (code, text) = error("no/such", None, None);
        assert_eq!((code, &*text), (-32601, "no/such"));
    }
}
