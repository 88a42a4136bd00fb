//! Which messages a server can take, and what is wrong with the others. All servers say it in these
//! words.

use alloc::{
    borrow::ToOwned as _,
    format,
    string::{String, ToString as _},
};

use serde_json::value::RawValue;

use crate::{is_object, object, text_of};

/// JSON-RPC's code for text that is no JSON.
pub const PARSE: i32 = -32700;
/// JSON-RPC's code for JSON that is no message.
pub const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC's code for parameters that are missing or wrong.
pub const INVALID_PARAMS: i32 = -32602;

/// What is wrong with a message.
#[derive(Debug)]
pub struct Fault<'a> {
    /// The message's id as it was written, where it has one.
    pub id: Option<&'a RawValue>,
    /// JSON-RPC's code.
    pub code: i32,
    /// A sentence.
    pub text: String,
}

impl Fault<'_> {
    fn invalid(text: &str) -> Self {
        Self {
            id: None,
            code: INVALID_REQUEST,
            text: text.to_owned(),
        }
    }
}

/// The members of a message. `jsonrpc` is not among them: it has one value only, and
/// [`mend`](crate::mend) puts it there.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// A string or a number, as it was written; none of a notification.
    pub id: Option<&'a RawValue>,
    /// None of a response.
    pub method: Option<String>,
    /// An object, where there are any.
    pub params: Option<&'a RawValue>,
}

/// The JSON in a line or in an HTTP body.
///
/// # Errors
///
/// It is no JSON.
pub fn json(text: &[u8]) -> Result<&RawValue, Fault<'_>> {
    let parsed = core::str::from_utf8(text)
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_str(text).map_err(|error| error.to_string()));
    parsed.map_err(|error| Fault {
        id: None,
        code: PARSE,
        text: format!("This is not JSON: {error}."),
    })
}

/// The one message in a line or in an HTTP body, for a server without batches.
///
/// # Errors
///
/// It is no JSON, a batch, or no message.
pub fn single(text: &[u8]) -> Result<Envelope<'_>, Fault<'_>> {
    let raw = json(text)?;
    if raw.get().starts_with('[') {
        return Err(Fault::invalid(
            "There are no batches here: send messages one by one.",
        ));
    }
    Envelope::read(raw)
}

impl<'a> Envelope<'a> {
    /// The members of this message.
    ///
    /// # Errors
    ///
    /// It is no message.
    pub fn read(raw: &'a RawValue) -> Result<Self, Fault<'a>> {
        let Some(mut members) = object::<&RawValue>(raw) else {
            return Err(Fault::invalid("A message must be a JSON object."));
        };
        let id = match members.remove("id") {
            Some(id) if is_id(id) => Some(id),
            // The other side could not parse something, so it has no id to repeat.
            Some(_) if !members.contains_key("error") => {
                return Err(Fault::invalid(
                    "\"id\" must be a string or a whole number of 64 bits, such as 1.",
                ));
            }
            _ => None,
        };
        let fault = |code, text: &str| Fault {
            id,
            code,
            text: text.to_owned(),
        };
        let method = match members.get("method") {
            Some(method) => Some(text_of(method).ok_or_else(|| {
                let text = "\"method\" must be a string, such as \"tools/list\".";
                fault(INVALID_REQUEST, text)
            })?),
            None if members.contains_key("result") || members.contains_key("error") => None,
            None => {
                let text = "\"method\" is missing, such as \"tools/list\".";
                return Err(fault(INVALID_REQUEST, text));
            }
        };
        let params = members.remove("params");
        let params = params.filter(|params| params.get() != "null");
        if method.is_some() && params.is_some_and(|params| !is_object(params)) {
            let text = "\"params\" must be an object, such as {}.";
            return Err(fault(INVALID_PARAMS, text));
        }
        Ok(Self { id, method, params })
    }
}

/// Whether all servers and their clients can hold it, and so repeat it.
fn is_id(raw: &RawValue) -> bool {
    let raw = raw.get();
    // From here on, not every whole number is an f64.
    const BEYOND: f64 = (1_u64 << 53) as f64;
    let is_whole = |number: f64| number.abs() < BEYOND && number % 1.0 == 0.0;
    raw.starts_with('"') || raw.parse::<i64>().is_ok() || raw.parse().is_ok_and(is_whole)
}
