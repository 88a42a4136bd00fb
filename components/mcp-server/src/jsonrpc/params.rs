//! Parameters. Their values stay raw JSON until somebody reads them.

use alloc::{collections::BTreeMap, format, string::String};

use serde_json::value::RawValue;

use super::error::Error;

/// A JSON object whose values are not parsed yet.
pub type Object<'a> = BTreeMap<String, &'a RawValue>;

/// The value as an object, if it is one.
#[must_use]
pub fn as_object(raw: &RawValue) -> Option<Object<'_>> {
    lenient_messages::object(raw)
}

/// The value as a string, if it is one.
#[must_use]
pub fn as_string(raw: &RawValue) -> Option<String> {
    lenient_messages::text_of(raw)
}

/// A parameter that must be a string.
///
/// # Errors
///
/// It is missing, or no string. The message shows `example`.
pub fn required_string(params: &Object<'_>, name: &str, example: &str) -> Result<String, Error> {
    let Some(raw) = params.get(name) else {
        return Err(Error::invalid_params(format!(
            "Parameter \"{name}\" is missing. It is a string, such as {example:?}."
        )));
    };
    as_string(raw).ok_or_else(|| {
        Error::invalid_params(format!(
            "Parameter \"{name}\" must be a string, such as {example:?}."
        ))
    })
}

/// A parameter that may be an object; none where it is missing or null.
///
/// # Errors
///
/// It is something else. The message shows `example`.
pub fn optional_object<'a>(
    params: &Object<'a>,
    name: &str,
    example: &str,
) -> Result<Option<(&'a RawValue, Object<'a>)>, Error> {
    match params.get(name) {
        None => Ok(None),
        Some(raw) if raw.get() == "null" => Ok(None),
        Some(raw) => match as_object(raw) {
            Some(object) => Ok(Some((raw, object))),
            None => Err(Error::invalid_params(format!(
                "Parameter \"{name}\" must be an object, such as {example}."
            ))),
        },
    }
}
