//! The arguments of `tools/call`.

use alloc::{
    borrow::{Cow, ToOwned as _},
    boxed::Box,
    string::String,
};

use serde_json::value::RawValue;

use crate::{Object, is_object, members, params::is_empty, raw_value};

/// How often text within text is unwrapped.
const DEPTH: u32 = 2;

/// The parameters with arguments that are an object, if they are not one yet.
pub(crate) fn mend(params: &RawValue) -> Option<Box<RawValue>> {
    let mut params = members(params)?;
    let sent = params.get("arguments")?;
    if is_object(sent) {
        return None;
    }
    let mended = unwrapped(sent, DEPTH).or_else(|| {
        let refused = Object::from([("arguments".to_owned(), Cow::Borrowed(&**sent))]);
        raw_value(&refused)
    })?;
    params.insert("arguments".to_owned(), Cow::Owned(mended));
    raw_value(&params)
}

/// The object that is meant, if one is.
fn unwrapped(sent: &RawValue, depth: u32) -> Option<Box<RawValue>> {
    if is_empty(sent) {
        return raw_value(&Object::new());
    }
    let sent = sent.get();
    match sent.as_bytes() {
        // A message over stdio is one line. In JSON, line breaks stand between tokens only.
        [b'{', ..] => RawValue::from_string(sent.replace(['\n', '\r'], " ")).ok(),
        [b'"', ..] if depth > 0 => {
            let text: String = serde_json::from_str(sent).ok()?;
            unwrapped(serde_json::from_str(text.trim()).ok()?, depth - 1)
        }
        _ => None,
    }
}
