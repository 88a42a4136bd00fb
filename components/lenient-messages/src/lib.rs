//! Puts what clients send instead of MCP's messages into the form that MCP has, before a server
//! parses it. All servers of this project use it, so all of them take the same.
//!
//! | sent | becomes |
//! |---|---|
//! | half a surrogate pair, `"\ud83d"`, and bytes that are no UTF-8 | U+FFFD |
//! | `tools/call` with `"arguments"` as JSON text, once or twice | the object in it |
//! | `"arguments"` as `null`, `""`, `[]` | `{}` |
//! | `"arguments"` as anything else that is no object | `{"arguments": …}`, which the tool refuses in words that a model reads |
//! | `initialize` without `protocolVersion`, `capabilities`, or `clientInfo` with name and version | with them |
//!
//! A message that has the form already is not copied.
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

use alloc::{
    borrow::{Cow, ToOwned as _},
    boxed::Box,
    collections::BTreeMap,
    string::String,
    vec::Vec,
};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

mod arguments;
mod initialize;
mod text;

/// A JSON object whose values stay as they were written.
type Object<'a> = BTreeMap<String, Cow<'a, RawValue>>;

/// A message, or a batch of them, in the form that MCP has. What is no JSON stays what it is: the
/// server says what is wrong.
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
    let mut message = object(raw)?;
    let method: String = serde_json::from_str(message.get("method")?.get()).ok()?;
    let params = message.get("params").map(Cow::as_ref);
    let params = match &*method {
        "tools/call" => arguments::mend(params?)?,
        "initialize" => initialize::mend(params)?,
        _ => return None,
    };
    message.insert("params".to_owned(), Cow::Owned(params));
    raw_value(&message)
}

/// The value as an object, if it is one.
fn object(raw: &RawValue) -> Option<Object<'_>> {
    let is_object = raw.get().starts_with('{');
    let members: BTreeMap<String, &RawValue> =
        is_object.then(|| serde_json::from_str(raw.get()).ok())??;
    let members = members.into_iter();
    Some(
        members
            .map(|(name, value)| (name, Cow::Borrowed(value)))
            .collect(),
    )
}

fn raw_value(value: &impl Serialize) -> Option<Box<RawValue>> {
    to_raw_value(value).ok()
}

#[cfg(test)]
mod tests;
