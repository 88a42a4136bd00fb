//! The HTTP headers of 2026-07-28 that repeat what the body says, so that proxies need not read it.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, value::RawValue};

use crate::rpc::{self, Object};

/// The headers of a request, their names in lower case.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// The headers, as often as they were sent.
    #[must_use]
    pub fn new(headers: Vec<(String, Vec<u8>)>) -> Self {
        let lower = |(name, value): (String, Vec<u8>)| (name.to_ascii_lowercase(), value);
        Self(headers.into_iter().map(lower).collect())
    }

    /// All values of that name that are visible ASCII.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name).filter_map(text)
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |(one, _)| one == name)
            .map(|(_, value)| &**value)
    }

    /// The one value of that name.
    ///
    /// # Errors
    ///
    /// There are several, between which a proxy may choose otherwise; or it is not ASCII.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, String> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => match text(value) {
                Some(value) => Ok(Some(value)),
                None => Err(format!("Header {name} has characters that are not ASCII.")),
            },
            (Some(_), Some(_)) => Err(format!("Header {name} is there more than once.")),
        }
    }
}

fn text(value: &[u8]) -> Option<&str> {
    let printable = value
        .iter()
        .all(|byte| (b' '..=b'~').contains(byte) || *byte == b'\t');
    printable
        .then(|| core::str::from_utf8(value).ok())?
        .map(str::trim)
}

/// Whether `Mcp-Method`, `Mcp-Name` and `Mcp-Param-…` say what the body says. `schema` is the
/// input schema of a called tool.
///
/// # Errors
///
/// One does not, or is missing: the error names it.
pub fn agree(
    headers: &Headers,
    method: &str,
    params: &Object<'_>,
    schema: Option<&str>,
) -> Result<(), String> {
    same(headers, "Mcp-Method", Some(method), Writing::Plain)?;
    let named_by = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => "uri",
        _ => return Ok(()),
    };
    // Without it the body is wrong, which is said later.
    if let Some(name) = params.get(named_by).and_then(|raw| rpc::string(raw)) {
        same(headers, "Mcp-Name", Some(&name), Writing::Coded)?;
    }
    // Few schemas ask for headers of their own.
    match schema {
        Some(schema) if method == "tools/call" && schema.contains(ANNOTATION) => {
            let arguments = params.get("arguments").copied();
            parameters(headers, arguments, schema)
        }
        _ => Ok(()),
    }
}

/// What in a schema asks for a property as a header.
const ANNOTATION: &str = "x-mcp-header";

fn parameters(headers: &Headers, arguments: Option<&RawValue>, schema: &str) -> Result<(), String> {
    let Ok(schema) = serde_json::from_str::<Value>(schema) else {
        return Ok(());
    };
    let arguments = arguments.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
    annotated(headers, &schema, arguments.as_ref())
}

/// Whether the properties that a schema wants as headers, those within others too, are there.
fn annotated(headers: &Headers, schema: &Value, given: Option<&Value>) -> Result<(), String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flat_map(Map::iter) {
        let given = given.and_then(|given| given.get(name));
        let header = schema.get(ANNOTATION).and_then(Value::as_str);
        if let Some(header) = header.filter(|header| !header.is_empty()) {
            let expected = match given {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Bool(value)) => Some(value.to_string()),
                Some(Value::Number(value)) => Some(value.to_string()),
                _ => None,
            };
            let header = format!("Mcp-Param-{header}");
            same(headers, &header, expected.as_deref(), Writing::Coded)?;
        }
        // Within a property as well.
        annotated(headers, schema, given)?;
    }
    Ok(())
}

/// How a header writes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// As it is.
    Plain,
    /// As `=?base64?…?=` where it could not be in a header otherwise.
    Coded,
}

fn same(
    headers: &Headers,
    name: &str,
    expected: Option<&str>,
    writing: Writing,
) -> Result<(), String> {
    let lower = name.to_ascii_lowercase();
    let value = match headers.one(&lower)? {
        Some(value) if writing == Writing::Coded => Some(
            decoded(value)
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

fn decoded(value: &str) -> Option<String> {
    let coded = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    match coded {
        None => Some(value.to_owned()),
        Some(coded) => String::from_utf8(BASE64_STANDARD.decode(coded).ok()?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], method: &str, params: &str) -> Result<(), String> {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let headers = Headers::new(headers.collect());
        let raw: &RawValue = serde_json::from_str(params).unwrap();
        let schema = r#"{"properties":{
            "region":{"type":"string","x-mcp-header":"Region"},
            "deep":{"properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}}"#;
        agree(&headers, method, &rpc::object(raw).unwrap(), Some(schema))
    }

    #[test]
    fn what_agrees() {
        assert_eq!(
            check(&[("Mcp-Method", "tools/list")], "tools/list", "{}"),
            Ok(())
        );
        let call = [("mcp-method", "tools/call"), ("MCP-NAME", " a_tool ")];
        assert_eq!(check(&call, "tools/call", r#"{"name":"a_tool"}"#), Ok(()));
        // "Grüße" as RFC 4648 writes it.
        let coded = [
            ("Mcp-Method", "prompts/get"),
            ("Mcp-Name", "=?base64?R3LDvMOfZQ==?="),
        ];
        assert_eq!(check(&coded, "prompts/get", r#"{"name":"Grüße"}"#), Ok(()));
        let read = [("Mcp-Method", "resources/read"), ("Mcp-Name", "a://b")];
        assert_eq!(check(&read, "resources/read", r#"{"uri":"a://b"}"#), Ok(()));
        let params = [
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "t"),
            ("Mcp-Param-Region", "eu"),
            ("Mcp-Param-N", "7"),
        ];
        let body = r#"{"name":"t","arguments":{"region":"eu","deep":{"n":7}}}"#;
        assert_eq!(check(&params, "tools/call", body), Ok(()));
    }

    #[test]
    fn what_does_not() {
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
            let error = check(headers, "tools/call", body).unwrap_err();
            assert!(error.contains(header), "{headers:?}: {error}");
        }
    }
}
