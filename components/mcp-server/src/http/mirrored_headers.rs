//! The HTTP headers of 2026-07-28 that repeat parts of the body, so that proxies need not parse it.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, value::RawValue};

use super::headers::Headers;
use crate::jsonrpc::{Object, as_string};

/// Checks that `Mcp-Method`, `Mcp-Name` and `Mcp-Param-…` repeat the body. `schema` is the input
/// schema of a called tool.
///
/// # Errors
///
/// One differs or is missing: the error names it.
pub(super) fn check(
    headers: &Headers,
    method: &str,
    params: &Object<'_>,
    schema: Option<&str>,
) -> Result<(), String> {
    check_header(headers, "Mcp-Method", Some(method), Encoding::Plain)?;
    let name_param = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => "uri",
        _ => return Ok(()),
    };
    // A body without it gets its own error later.
    if let Some(name) = params.get(name_param).and_then(|raw| as_string(raw)) {
        check_header(headers, "Mcp-Name", Some(&name), Encoding::Base64)?;
    }
    // Few schemas have it, so most need not be parsed.
    match schema {
        Some(schema) if method == "tools/call" && schema.contains(ANNOTATION) => {
            let arguments = params.get("arguments").copied();
            check_arguments(headers, arguments, schema)
        }
        _ => Ok(()),
    }
}

/// The keyword by which a schema wants a property repeated in a header.
const ANNOTATION: &str = "x-mcp-header";

fn check_arguments(
    headers: &Headers,
    arguments: Option<&RawValue>,
    schema: &str,
) -> Result<(), String> {
    let Ok(schema) = serde_json::from_str::<Value>(schema) else {
        return Ok(());
    };
    let arguments = arguments.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
    check_properties(headers, &schema, arguments.as_ref())
}

/// Checks the headers of a schema's properties, nested ones included.
fn check_properties(
    headers: &Headers,
    schema: &Value,
    object: Option<&Value>,
) -> Result<(), String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flat_map(Map::iter) {
        let value = object.and_then(|object| object.get(name));
        let header = schema.get(ANNOTATION).and_then(Value::as_str);
        if let Some(header) = header.filter(|header| !header.is_empty()) {
            let expected = match value {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Bool(value)) => Some(value.to_string()),
                Some(Value::Number(value)) => Some(value.to_string()),
                _ => None,
            };
            let header = format!("Mcp-Param-{header}");
            check_header(headers, &header, expected.as_deref(), Encoding::Base64)?;
        }
        check_properties(headers, schema, value)?;
    }
    Ok(())
}

/// How a header encodes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Unchanged.
    Plain,
    /// As `=?base64?…?=` if it has characters that a header can not have.
    Base64,
}

fn check_header(
    headers: &Headers,
    name: &str,
    expected: Option<&str>,
    encoding: Encoding,
) -> Result<(), String> {
    let lower = name.to_ascii_lowercase();
    let value = match headers.single(&lower)? {
        Some(value) if encoding == Encoding::Base64 => Some(
            decode(value)
                .ok_or_else(|| format!("Header {name} is not base64 where it says that it is."))?,
        ),
        value => value.map(str::to_owned),
    };
    match (value, expected) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(format!("Header {name} is missing.")),
        (Some(_), None) => Err(format!(
            "Header {name} is there, and the body has no such argument."
        )),
        (Some(value), Some(expected)) if value == expected => Ok(()),
        (Some(value), Some(expected)) => Err(format!(
            "Header {name} says {value:?}, and the body {expected:?}."
        )),
    }
}

fn decode(value: &str) -> Option<String> {
    let encoded = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    match encoded {
        None => Some(value.to_owned()),
        Some(encoded) => String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonrpc::as_object;

    fn check_all(headers: &[(&str, &str)], method: &str, params: &str) -> Result<(), String> {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let headers = Headers::new(headers.collect());
        let raw: &RawValue = serde_json::from_str(params).unwrap();
        let schema = r#"{"properties":{
            "region":{"type":"string","x-mcp-header":"Region"},
            "deep":{"properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}}"#;
        check(&headers, method, &as_object(raw).unwrap(), Some(schema))
    }

    #[test]
    fn headers_that_repeat_the_body() {
        assert_eq!(
            check_all(&[("Mcp-Method", "tools/list")], "tools/list", "{}"),
            Ok(())
        );
        let call = [("mcp-method", "tools/call"), ("MCP-NAME", " a_tool ")];
        assert_eq!(
            check_all(&call, "tools/call", r#"{"name":"a_tool"}"#),
            Ok(())
        );
        // "Grüße" as RFC 4648 writes it.
        let coded = [
            ("Mcp-Method", "prompts/get"),
            ("Mcp-Name", "=?base64?R3LDvMOfZQ==?="),
        ];
        assert_eq!(
            check_all(&coded, "prompts/get", r#"{"name":"Grüße"}"#),
            Ok(())
        );
        let read = [("Mcp-Method", "resources/read"), ("Mcp-Name", "a://b")];
        assert_eq!(
            check_all(&read, "resources/read", r#"{"uri":"a://b"}"#),
            Ok(())
        );
        let params = [
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "t"),
            ("Mcp-Param-Region", "eu"),
            ("Mcp-Param-N", "7"),
        ];
        let body = r#"{"name":"t","arguments":{"region":"eu","deep":{"n":7}}}"#;
        assert_eq!(check_all(&params, "tools/call", body), Ok(()));
    }

    #[test]
    fn headers_that_differ_are_named() {
        let call = ("Mcp-Method", "tools/call");
        let name = ("Mcp-Name", "t");
        for (headers, header) in [
            (&[][..], "Mcp-Method"),
            (&[("Mcp-Method", "tools/list")], "Mcp-Method"),
            (&[call, call, name], "mcp-method"),
            (&[call], "Mcp-Name"),
            (&[call, ("Mcp-Name", "u")], "Mcp-Name"),
            (&[call, ("Mcp-Name", "=?base64?*?=")], "Mcp-Name"),
            (&[call, ("Mcp-Name", "tö")], "mcp-name"),
            (&[call, name], "Mcp-Param-Region"),
            (
                &[call, name, ("Mcp-Param-Region", "us")],
                "Mcp-Param-Region",
            ),
            (
                &[call, name, ("Mcp-Param-Region", "eu"), ("Mcp-Param-N", "7")],
                "Mcp-Param-N",
            ),
        ] {
            let body = r#"{"name":"t","arguments":{"region":"eu"}}"#;
            let error = check_all(headers, "tools/call", body).unwrap_err();
            assert!(error.contains(header), "{headers:?}: {error}");
        }
    }
}
