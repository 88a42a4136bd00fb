//! JSON-RPC 2.0: messages in, responses out.
//!
//! Ids, arguments and schemas are passed on as raw JSON, so that no number loses digits.

use alloc::{borrow::ToOwned, boxed::Box, format, string::String, vec::Vec};

use lenient_messages::{Envelope, Fault};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::revision::Revision;

mod error;
mod params;

pub use error::Error;
pub use params::{Object, as_object, as_string, optional_object, required_string};

/// A request's id: a string or a whole number, as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Id<'a>(&'a RawValue);

impl Id<'_> {
    /// Whether this is the id as it was written.
    #[must_use]
    pub fn is(self, written: &str) -> bool {
        self.0.get() == written
    }
}

/// A message that needs a response.
#[derive(Debug)]
pub struct Request<'a> {
    /// The response repeats it.
    pub id: Id<'a>,
    /// Such as `tools/call`.
    pub method: String,
    /// Its parameters; empty where there are none.
    pub params: Object<'a>,
}

/// A message without a response.
#[derive(Debug)]
pub struct Notification<'a> {
    /// Such as `notifications/cancelled`.
    pub method: String,
    /// Its parameters; empty where there are none, or where they are not an object.
    pub params: Object<'a>,
}

/// One message.
#[derive(Debug)]
pub enum Message<'a> {
    /// It needs a response.
    Request(Request<'a>),
    /// It gets no response.
    Notification(Notification<'a>),
    /// A response. This server sends no requests, so it is ignored.
    Response,
}

/// JSON that is not a valid message.
#[derive(Debug)]
pub struct InvalidMessage<'a> {
    /// Its id, where it has one.
    pub id: Option<Id<'a>>,
    /// What is wrong.
    pub error: Error,
}

impl From<Error> for InvalidMessage<'_> {
    fn from(error: Error) -> Self {
        Self { id: None, error }
    }
}

impl<'a> From<Fault<'a>> for InvalidMessage<'a> {
    fn from(fault: Fault<'a>) -> Self {
        Self {
            id: fault.id.map(Id),
            error: Error::new(fault.code, fault.text),
        }
    }
}

/// A message, or what is wrong with it.
pub type ParsedMessage<'a> = Result<Message<'a>, InvalidMessage<'a>>;

/// The content of a line or an HTTP body.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// One message.
    Single(ParsedMessage<'a>),
    /// An array of messages, not empty.
    Batch(Vec<ParsedMessage<'a>>),
}

/// Parses a line or an HTTP body.
#[must_use]
pub fn parse(text: &[u8]) -> Incoming<'_> {
    let raw = match lenient_messages::json(text) {
        Ok(raw) => raw,
        Err(fault) => return Incoming::Single(Err(fault.into())),
    };
    if !raw.get().starts_with('[') {
        return Incoming::Single(message(raw));
    }
    match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
        Ok(parts) if !parts.is_empty() => Incoming::Batch(parts.into_iter().map(message).collect()),
        _ => Incoming::Single(Err(
            Error::invalid_request("A batch must not be empty.").into()
        )),
    }
}

fn message(raw: &RawValue) -> ParsedMessage<'_> {
    let envelope = Envelope::read(raw)?;
    let Some(method) = envelope.method else {
        return Ok(Message::Response);
    };
    let params = envelope.params.and_then(as_object).unwrap_or_default();
    Ok(match envelope.id.map(Id) {
        Some(id) => Message::Request(Request { id, method, params }),
        None => Message::Notification(Notification { method, params }),
    })
}

/// The request, or else the response to what is not a request, if it needs one.
pub(crate) fn request(parsed: ParsedMessage<'_>) -> Result<Request<'_>, Option<String>> {
    match parsed {
        Ok(Message::Request(request)) => Ok(request),
        Ok(Message::Notification(_) | Message::Response) => Err(None),
        Err(invalid) => Err(Some(response(invalid.id, &Err(invalid.error)))),
    }
}

/// The error for a batch in a revision without batches.
pub(crate) fn no_batches() -> Error {
    Error::invalid_request(format!(
        "Only revision {} has batches: send messages one by one.",
        Revision::V2025_03_26
    ))
}

/// The responses to a batch as one array; none if nothing in it needs a response.
pub(crate) fn batch_response<'a>(
    parts: Vec<ParsedMessage<'a>>,
    mut respond: impl FnMut(Request<'a>) -> Option<String>,
) -> Option<String> {
    let responses = parts
        .into_iter()
        .filter_map(|parsed| match request(parsed) {
            Ok(request) if request.method == "initialize" => Some(response(
                Some(request.id),
                &Err(Error::invalid_request(
                    "\"initialize\" must not be in a batch.",
                )),
            )),
            Ok(request) => respond(request),
            Err(response) => response,
        });
    let responses: Vec<String> = responses.collect();
    (!responses.is_empty()).then(|| format!("[{}]", responses.join(",")))
}

/// A response as JSON on one line.
#[must_use]
pub fn response(id: Option<Id<'_>>, result: &Result<Box<RawValue>, Error>) -> String {
    #[derive(Serialize)]
    struct Response<'a> {
        jsonrpc: &'static str,
        // null where the request's id could not be read.
        id: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Error>,
    }
    let response = Response {
        jsonrpc: "2.0",
        id: id.map(|id| id.0),
        result: result.as_deref().ok(),
        error: result.as_ref().err(),
    };
    serde_json::to_string(&response).unwrap_or_else(|_| FALLBACK.to_owned())
}

/// For the compiler: strings and raw JSON can always be serialised.
const FALLBACK: &str =
    r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"no answer"}}"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_error(text: &str) -> (i32, Option<String>) {
        match parse(text.as_bytes()) {
            Incoming::Single(Err(invalid)) => (
                invalid.error.code,
                invalid.id.map(|id| id.0.get().to_owned()),
            ),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn invalid_messages_have_codes_and_ids() {
        assert_eq!(parse_error("{"), (Error::PARSE, None));
        assert_eq!(parse_error("\u{0}"), (Error::PARSE, None));
        assert_eq!(parse_error(r#"{"a":1} x"#), (Error::PARSE, None));
        assert_eq!(parse_error("1"), (Error::INVALID_REQUEST, None));
        assert_eq!(parse_error("[]"), (Error::INVALID_REQUEST, None));
        assert_eq!(
            parse_error(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#),
            (Error::INVALID_REQUEST, None)
        );
        assert_eq!(
            parse_error(r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#),
            (Error::INVALID_REQUEST, None)
        );
        assert_eq!(
            parse_error(r#"{"jsonrpc":"2.0","id":1e999,"method":"ping"}"#),
            (Error::INVALID_REQUEST, None)
        );
        assert_eq!(
            parse_error(r#"{"jsonrpc":"2.0","id":"a"}"#),
            (Error::INVALID_REQUEST, Some("\"a\"".to_owned()))
        );
        assert_eq!(
            parse_error(r#"{"jsonrpc":"2.0","id":1,"method":2}"#),
            (Error::INVALID_REQUEST, Some("1".to_owned()))
        );
        assert_eq!(
            parse_error(r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#),
            (Error::INVALID_PARAMS, Some("1".to_owned()))
        );
        assert!(matches!(
            parse(b"\xff"),
            Incoming::Single(Err(InvalidMessage { id: None, error })) if error.code == Error::PARSE
        ));
    }

    #[test]
    fn kinds_of_messages() {
        let kind = |text: &'static str| match parse(text.as_bytes()) {
            Incoming::Single(Ok(message)) => message,
            other => panic!("{text}: {other:?}"),
        };
        let text =
            r#"{"jsonrpc":"2.0","id":1e2,"method":"a/b","params":{"x":12345678901234567890123}}"#;
        let Message::Request(request) = kind(text) else {
            panic!("a request")
        };
        assert_eq!(request.method, "a/b");
        assert_eq!(request.params["x"].get(), "12345678901234567890123");
        let response = response(Some(request.id), &Err(Error::invalid_request("no")));
        assert_eq!(
            response,
            r#"{"jsonrpc":"2.0","id":1e2,"error":{"code":-32600,"message":"no"}}"#
        );
        assert!(matches!(
            kind(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
            Message::Notification(_)
        ));
        assert!(matches!(
            kind(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
            Message::Response
        ));
        assert!(matches!(
            kind(r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#),
            Message::Response
        ));
        let Incoming::Batch(parts) = parse(
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
    fn deep_nesting_is_survived() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(parse_error(&deep), (Error::PARSE, None));
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let Incoming::Batch(parts) = parse(deep.as_bytes()) else {
            panic!("a batch")
        };
        assert!(matches!(parts[..], [Err(_)]));
    }
}
