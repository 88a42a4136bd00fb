//! The parameters of any method.

use alloc::boxed::Box;

use serde_json::value::RawValue;

use crate::{Object, is_object, members, raw_value, text_of};

/// The parameters as an object, whose `_meta` is one too, if they are not that yet. Those of a
/// notification may be anything: nobody could be answered.
pub(crate) fn mend(params: &RawValue, is_notification: bool) -> Option<Box<RawValue>> {
    let Some(mut members) = members(params) else {
        let empty = is_notification || is_empty(params);
        return empty.then(|| raw_value(&Object::new()))?;
    };
    if members.get("_meta").is_none_or(|meta| is_object(meta)) {
        return None;
    }
    members.remove("_meta");
    raw_value(&members)
}

/// Whether this says that there is nothing: `null`, `""`, `[]`.
pub(crate) fn is_empty(raw: &RawValue) -> bool {
    match raw.get().as_bytes() {
        b"null" => true,
        // Where lists and objects are one type, such as in PHP, an empty object becomes this.
        [b'[', inner @ .., b']'] => inner.trim_ascii().is_empty(),
        _ => text_of(raw).is_some_and(|text| text.trim().is_empty()),
    }
}
