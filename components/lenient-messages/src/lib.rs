//! Puts what clients send instead of MCP's messages into the form that MCP has, before a server
//! parses it. All servers of this project use it, so all of them take the same.
//!
//! | sent | becomes |
//! |---|---|
//! | half a surrogate pair, `"\ud83d"`, and bytes that are no UTF-8 | U+FFFD |
//! | `tools/call` with `"arguments"` as JSON text, once or twice | the object in it |
//! | `"arguments"` as `null`, `""`, `[]` | `{}` |
//! | `"arguments"` as anything else that is no object | `{"arguments": …}`, which the tool refuses in words that a model reads |
//! | a message without `"jsonrpc": "2.0"` | with it |
//! | `"params"` as `null`, `""`, `[]`; anything but an object in a notification | `{}` |
//! | `"_meta"` that is no object | nothing |
//! | `initialize` with `protocolVersion`, `capabilities` or `clientInfo` missing or of a wrong type | with the whole of them that can be read, and else with `{}` and `"unknown"` |
//!
//! A message that has the form already is not copied. What has no meaning stays what it is: [`single`]
//! and [`Envelope::read`] say what is wrong with it.
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

use alloc::{
    borrow::{Cow, ToOwned as _},
    boxed::Box,
    collections::BTreeMap,
    string::String,
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

mod arguments;
mod envelope;
mod initialize;
mod names;
mod params;
mod text;

pub use envelope::{Envelope, Fault, INVALID_PARAMS, INVALID_REQUEST, PARSE, json, single};
pub use names::is_same_by_words;

/// A JSON object whose values stay as they were written.
type Object<'a> = BTreeMap<String, Cow<'a, RawValue>>;

/// The version of JSON-RPC, of which MCP knows one only.
const VERSION: &str = "2.0";

/// A message, or a batch of them, in the form that MCP has.
#[must_use]
pub fn mend(message: &[u8]) -> Cow<'_, [u8]> {
    match text::mend(message) {
        Cow::Borrowed(text) => match mend_json(text) {
            None => Cow::Borrowed(text.as_bytes()),
            Some(mended) => Cow::Owned(mended.into_bytes()),
        },
        Cow::Owned(text) => Cow::Owned(mend_json(&text).unwrap_or(text).into_bytes()),
    }
}

/// The message in another form, if it needs one.
fn mend_json(text: &str) -> Option<String> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    if raw.get().starts_with('[') {
        let parts: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
        let mended: Vec<Option<Box<RawValue>>> = parts.iter().map(|part| mend_one(part)).collect();
        if mended.iter().all(Option::is_none) {
            return None;
        }
        let parts: Vec<&RawValue> = parts
            .into_iter()
            .zip(&mended)
            .map(|(part, mended)| mended.as_deref().unwrap_or(part))
            .collect();
        return serde_json::to_string(&parts).ok();
    }
    mend_one(raw).map(|mended| mended.get().to_owned())
}

fn mend_one(raw: &RawValue) -> Option<Box<RawValue>> {
    let mut message = members(raw)?;
    let version = message.get("jsonrpc").and_then(|raw| text_of(raw));
    let has_version = version.is_some_and(|version| version == VERSION);
    if !has_version {
        message.insert("jsonrpc".to_owned(), Cow::Owned(raw_value(&VERSION)?));
    }
    let params = mend_params(&message);
    if has_version && params.is_none() {
        return None;
    }
    if let Some(params) = params {
        message.insert("params".to_owned(), Cow::Owned(params));
    }
    raw_value(&message)
}

/// The message's parameters in another form, if they need one.
fn mend_params(message: &Object<'_>) -> Option<Box<RawValue>> {
    let method = text_of(message.get("method")?)?;
    let sent = message.get("params").map(Cow::as_ref);
    let is_notification = !message.contains_key("id");
    let object = sent.and_then(|sent| params::mend(sent, is_notification));
    let params = object.as_deref().or(sent);
    let more = match &*method {
        "tools/call" => params.and_then(arguments::mend),
        "initialize" => initialize::mend(params),
        _ => None,
    };
    more.or(object)
}

/// The value as an object, if it is one.
#[must_use]
pub fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<BTreeMap<String, T>> {
    // serde_json would say no as well, after it has written an error message.
    is_object(raw).then(|| serde_json::from_str(raw.get()).ok())?
}

fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}

fn is_text(raw: &RawValue) -> bool {
    raw.get().starts_with('"')
}

/// The value as an object whose members can be replaced, if it is one.
fn members(raw: &RawValue) -> Option<Object<'_>> {
    let members = object::<&RawValue>(raw)?.into_iter();
    Some(
        members
            .map(|(name, value)| (name, Cow::Borrowed(value)))
            .collect(),
    )
}

/// The value as a text, if it is one.
#[must_use]
pub fn text_of(raw: &RawValue) -> Option<String> {
    is_text(raw).then(|| serde_json::from_str(raw.get()).ok())?
}

fn raw_value(value: &impl Serialize) -> Option<Box<RawValue>> {
    to_raw_value(value).ok()
}

#[cfg(test)]
mod tests;
