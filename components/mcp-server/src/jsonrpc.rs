//! JSON-RPC 2.0: messages in, answers out.
//!
//! What passes through (ids, a tool's arguments, schemas) stays the text that it was, so that
//! no number loses digits.

use alloc::{
    borrow::ToOwned,
    boxed::Box,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde::Serialize;
use serde_json::{Value, value::RawValue};

use crate::revision::Revision;

/// A JSON object whose values are not read yet.
pub type Object<'a> = BTreeMap<String, &'a RawValue>;

/// An error as JSON-RPC tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Error {
    /// One of the constants here.
    pub code: i32,
    /// What is wrong, in a sentence.
    pub message: String,
    /// More, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl Error {
    /// The text is not JSON.
    pub const PARSE: i32 = -32700;
    /// The JSON is not a message.
    pub const INVALID_REQUEST: i32 = -32600;
    /// There is no such method.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// A parameter is missing or wrong.
    pub const INVALID_PARAMS: i32 = -32602;
    /// What was asked for failed.
    pub const INTERNAL: i32 = -32603;
    /// There is no such resource, before MCP 2026-07-28.
    pub const RESOURCE_NOT_FOUND: i32 = -32002;
    /// An HTTP header says otherwise than the body.
    pub const HEADER_MISMATCH: i32 = -32020;
    /// The revision that a request names is not spoken here.
    pub const UNSUPPORTED_REVISION: i32 = -32022;

    /// An error without data.
    #[must_use]
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            message,
            data: None,
        }
    }

    /// A parameter is missing or wrong.
    #[must_use]
    pub fn params(message: impl Into<String>) -> Self {
        Self::new(Self::INVALID_PARAMS, message)
    }

    /// The JSON is not a message.
    #[must_use]
    pub fn request(message: impl Into<String>) -> Self {
        Self::new(Self::INVALID_REQUEST, message)
    }

    /// With data for programs.
    #[must_use]
    pub fn with_data(mut self, data: Option<Value>) -> Self {
        self.data = data;
        self
    }
}

/// A request's id: a string or a number, as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Id<'a>(&'a RawValue);

impl<'a> Id<'a> {
    fn read(raw: &'a RawValue) -> Result<Self, Error> {
        match raw.get().as_bytes() {
            [b'"' | b'-' | b'0'..=b'9', ..] => Ok(Self(raw)),
            _ => Err(Error::request(
                "\"id\" must be a string or a number, such as 1.",
            )),
        }
    }

    /// Whether this is the id as it was written.
    #[must_use]
    pub fn is(self, written: &str) -> bool {
        self.0.get() == written
    }
}

/// What a client asks.
#[derive(Debug)]
pub struct Request<'a> {
    /// What the answer repeats.
    pub id: Id<'a>,
    /// Such as `tools/call`.
    pub method: String,
    /// Its parameters; empty where there are none.
    pub params: Object<'a>,
}

/// What a client tells.
#[derive(Debug)]
pub struct Notification<'a> {
    /// Such as `notifications/cancelled`.
    pub method: String,
    /// Its parameters; empty where there are none, or they are no object.
    pub params: Object<'a>,
}

/// One message.
#[derive(Debug)]
pub enum Message<'a> {
    /// It wants an answer.
    Request(Request<'a>),
    /// It gets none.
    Notification(Notification<'a>),
    /// An answer. Nothing is ever asked here, so it answers nothing.
    Answer,
}

/// A message that is none, with what can be said of it.
#[derive(Debug)]
pub struct Malformed<'a> {
    /// Its id, where it has one.
    pub id: Option<Id<'a>>,
    /// What is wrong.
    pub error: Error,
}

impl From<Error> for Malformed<'_> {
    fn from(error: Error) -> Self {
        Self { id: None, error }
    }
}

/// A message, or what is wrong with it.
pub type Read<'a> = Result<Message<'a>, Malformed<'a>>;

/// What came in one piece.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// One message.
    One(Read<'a>),
    /// An array of messages, not empty.
    Batch(Vec<Read<'a>>),
}

/// Reads what came in one piece, a line or a body.
#[must_use]
pub fn read(text: &[u8]) -> Incoming<'_> {
    let parsed = core::str::from_utf8(text)
        .map_err(|error| error.to_string())
        .and_then(|text| {
            serde_json::from_str::<&RawValue>(text).map_err(|error| error.to_string())
        });
    let raw = match parsed {
        Ok(raw) => raw,
        Err(error) => {
            let error = Error::new(Error::PARSE, format!("This is not JSON: {error}."));
            return Incoming::One(Err(error.into()));
        }
    };
    if !raw.get().starts_with('[') {
        return Incoming::One(message(raw));
    }
    match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
        Ok(parts) if !parts.is_empty() => Incoming::Batch(parts.into_iter().map(message).collect()),
        _ => Incoming::One(Err(Error::request("A batch must not be empty.").into())),
    }
}

fn message(raw: &RawValue) -> Read<'_> {
    let Some(mut object) = object(raw) else {
        return Err(Error::request("A message must be a JSON object.").into());
    };
    let id = match object.remove("id").map(Id::read) {
        None => None,
        Some(Ok(id)) => Some(id),
        // An error of the other side's parser has no id to repeat.
        Some(Err(_)) if object.contains_key("error") => None,
        Some(Err(error)) => return Err(error.into()),
    };
    let malformed = |error: Error| Malformed { id, error };
    if object.get("jsonrpc").and_then(|raw| string(raw)).as_deref() != Some("2.0") {
        return Err(malformed(Error::request("\"jsonrpc\" must be \"2.0\".")));
    }
    let Some(method) = object.get("method") else {
        if object.contains_key("result") || object.contains_key("error") {
            return Ok(Message::Answer);
        }
        return Err(malformed(Error::request(
            "\"method\" is missing, such as \"tools/list\".",
        )));
    };
    let Some(method) = string(method) else {
        return Err(malformed(Error::request(
            "\"method\" must be a string, such as \"tools/list\".",
        )));
    };
    let params = match object.get("params") {
        None => Some(Object::new()),
        Some(raw) if raw.get() == "null" => Some(Object::new()),
        Some(raw) => self::object(raw),
    };
    match (id, params) {
        (Some(id), Some(params)) => Ok(Message::Request(Request { id, method, params })),
        (Some(_), None) => Err(malformed(Error::params(
            "\"params\" must be an object, such as {}.",
        ))),
        (None, params) => Ok(Message::Notification(Notification {
            method,
            params: params.unwrap_or_default(),
        })),
    }
}

/// The object that this is, if it is one.
#[must_use]
pub fn object(raw: &RawValue) -> Option<Object<'_>> {
    // A map would also be read from nothing else, but the error would cost its words.
    raw.get()
        .starts_with('{')
        .then(|| serde_json::from_str(raw.get()).ok())?
}

/// The string that this is, if it is one.
#[must_use]
pub fn string(raw: &RawValue) -> Option<String> {
    raw.get()
        .starts_with('"')
        .then(|| serde_json::from_str(raw.get()).ok())?
}

/// The string that a parameter must be.
///
/// # Errors
///
/// It is missing or no string; `example` is in the words.
pub fn string_of(params: &Object<'_>, name: &str, example: &str) -> Result<String, Error> {
    let Some(raw) = params.get(name) else {
        return Err(Error::params(format!(
            "Parameter \"{name}\" is missing. It is a string, such as {example:?}."
        )));
    };
    string(raw).ok_or_else(|| {
        Error::params(format!(
            "Parameter \"{name}\" must be a string, such as {example:?}."
        ))
    })
}

/// The object that a parameter is; nothing where it is missing or null.
///
/// # Errors
///
/// It is something else; `example` is in the words.
pub fn object_of<'a>(
    params: &Object<'a>,
    name: &str,
    example: &str,
) -> Result<Option<(&'a RawValue, Object<'a>)>, Error> {
    match params.get(name) {
        None => Ok(None),
        Some(raw) if raw.get() == "null" => Ok(None),
        Some(raw) => match object(raw) {
            Some(object) => Ok(Some((raw, object))),
            None => Err(Error::params(format!(
                "Parameter \"{name}\" must be an object, such as {example}."
            ))),
        },
    }
}

/// The request that was read, or what is answered where there is none, if anything.
pub(crate) fn request(read: Read<'_>) -> Result<Request<'_>, Option<String>> {
    match read {
        Ok(Message::Request(request)) => Ok(request),
        Ok(Message::Notification(_) | Message::Answer) => Err(None),
        Err(bad) => Err(Some(answer(bad.id, &Err(bad.error)))),
    }
}

/// What is said of a batch where there are none.
pub(crate) fn no_batches() -> Error {
    Error::request(format!(
        "Only revision {} has batches. Send one message at a time.",
        Revision::V2025_03_26
    ))
}

/// The answers to a batch as one array; none if nothing in it wants an answer.
pub(crate) fn answers<'a>(
    parts: Vec<Read<'a>>,
    mut asked: impl FnMut(Request<'a>) -> Option<String>,
) -> Option<String> {
    let answers = parts.into_iter().filter_map(|read| match request(read) {
        Ok(request) if request.method == "initialize" => Some(answer(
            Some(request.id),
            &Err(Error::request("\"initialize\" must not be in a batch.")),
        )),
        Ok(request) => asked(request),
        Err(answer) => answer,
    });
    let answers: Vec<String> = answers.collect();
    (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")))
}

/// An answer as text, without a line's end.
#[must_use]
pub fn answer(id: Option<Id<'_>>, outcome: &Result<Box<RawValue>, Error>) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        jsonrpc: &'static str,
        // None is null: what has no id that could be read.
        id: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Error>,
    }
    let answer = Answer {
        jsonrpc: "2.0",
        id: id.map(|id| id.0),
        result: outcome.as_deref().ok(),
        error: outcome.as_ref().err(),
    };
    serde_json::to_string(&answer).unwrap_or_else(|_| NOT_WRITABLE.to_owned())
}

/// What is said if an answer could not be written; strings and JSON always can.
const NOT_WRITABLE: &str =
    r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"no answer"}}"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (i32, Option<String>) {
        match read(text.as_bytes()) {
            Incoming::One(Err(bad)) => (bad.error.code, bad.id.map(|id| id.0.get().to_owned())),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_is_no_message_is_told_apart() {
        assert_eq!(refused("{"), (Error::PARSE, None));
        assert_eq!(refused("\u{0}"), (Error::PARSE, None));
        assert_eq!(refused(r#"{"a":1} x"#), (Error::PARSE, None));
        assert_eq!(refused("1"), (Error::INVALID_REQUEST, None));
        assert_eq!(refused("[]"), (Error::INVALID_REQUEST, None));
        assert_eq!(
            refused(r#"{"id":7,"method":"ping"}"#),
            (Error::INVALID_REQUEST, Some("7".to_owned()))
        );
        assert_eq!(
            refused(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#),
            (Error::INVALID_REQUEST, None)
        );
        assert_eq!(
            refused(r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#),
            (Error::INVALID_REQUEST, None)
        );
        assert_eq!(
            refused(r#"{"jsonrpc":"2.0","id":"a"}"#),
            (Error::INVALID_REQUEST, Some("\"a\"".to_owned()))
        );
        assert_eq!(
            refused(r#"{"jsonrpc":"2.0","id":1,"method":2}"#),
            (Error::INVALID_REQUEST, Some("1".to_owned()))
        );
        assert_eq!(
            refused(r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#),
            (Error::INVALID_PARAMS, Some("1".to_owned()))
        );
        assert!(matches!(
            read(b"\xff"),
            Incoming::One(Err(Malformed { id: None, error })) if error.code == Error::PARSE
        ));
    }

    #[test]
    fn kinds_of_messages() {
        let kind = |text: &'static str| match read(text.as_bytes()) {
            Incoming::One(Ok(message)) => message,
            other => panic!("{text}: {other:?}"),
        };
        let text =
            r#"{"jsonrpc":"2.0","id":1e2,"method":"a/b","params":{"x":12345678901234567890123}}"#;
        let Message::Request(request) = kind(text) else {
            panic!("a request")
        };
        assert_eq!(request.method, "a/b");
        assert_eq!(request.params["x"].get(), "12345678901234567890123");
        let answer = answer(Some(request.id), &Err(Error::request("no")));
        assert_eq!(
            answer,
            r#"{"jsonrpc":"2.0","id":1e2,"error":{"code":-32600,"message":"no"}}"#
        );
        assert!(matches!(
            kind(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
            Message::Notification(_)
        ));
        assert!(matches!(
            kind(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
            Message::Answer
        ));
        assert!(matches!(
            kind(r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#),
            Message::Answer
        ));
        let Incoming::Batch(parts) = read(
            br#" [{"jsonrpc":"2.0","id":1,"method":"ping"}, 1, {"jsonrpc":"2.0","method":"n"}]"#,
        ) else {
            panic!("a batch")
        };
        assert!(matches!(
            parts[..],
            [
                Ok(Message::Request(_)),
                Err(_),
                Ok(Message::Notification(_))
            ]
        ));
    }

    #[test]
    fn deep_nesting_does_no_harm() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(refused(&deep), (Error::PARSE, None));
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let Incoming::Batch(parts) = read(deep.as_bytes()) else {
            panic!("a batch")
        };
        assert!(matches!(parts[..], [Err(_)]));
    }
}
