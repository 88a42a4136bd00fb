//! What is taken for a value of each type.

use serde_json::{Value, json};

use super::{Mismatch, absent::is_absent, object, spelling};
use crate::prelude::*;

/// Above it, not every integer is a number in every client.
const SAFE_INTEGER: u64 = (1 << 53) - 1;

/// What may stand between the items of a list in a text.
const SEPARATORS: [char; 4] = [',', ';', '|', '\n'];

/// Brings a value into the form of its schema.
///
/// # Errors
/// It, or a member of it, has no meaning or more than one.
pub(super) fn fit(
    at: &str,
    name: &str,
    value: &mut Value,
    schema: &Value,
    reads: bool,
) -> Result<(), Mismatch> {
    if !is_guard(name, schema, reads) {
        coerce(value, schema);
    }
    match (schema["type"].as_str(), &mut *value) {
        (Some("object"), Value::Object(object)) => {
            return object::fit(at, object, schema, reads);
        }
        (Some("array"), Value::Array(items)) => {
            if reads {
                items.retain(|item| !is_absent(item, &schema["items"]));
            }
            if schema["items"]["type"] == "object" {
                let mut items = items.iter_mut().enumerate();
                return items.try_for_each(|(index, item)| {
                    fit(
                        &format!("{at}[{index}]"),
                        name,
                        item,
                        &schema["items"],
                        reads,
                    )
                });
            }
        }
        _ => {}
    }
    match expected_instead(value, schema) {
        None => Ok(()),
        Some(expected) => Err(Mismatch {
            at: at.to_owned(),
            problem: format!("{expected}{}.", hint(value, schema)),
            example: at.to_owned(),
        }),
    }
}

/// Whether only what is exactly of the type counts: what confirms a change, tries it out or allows
/// more of it.
pub(super) fn is_guard(name: &str, schema: &Value, reads: bool) -> bool {
    let is_one_by_name = name == "dry_run" || name == "confirm" || name.starts_with("allow_");
    is_one_by_name || (!reads && schema["type"] == "boolean")
}

/// Puts what has one meaning by the schema into the schema's type, and leaves the rest.
fn coerce(value: &mut Value, schema: &Value) {
    let is_list = schema["type"] == "array";
    if let Value::Array(items) = value
        && !is_list
        && items.len() == 1
    {
        *value = items.remove(0);
    }
    let coerced = match (schema["type"].as_str(), &*value) {
        (Some("string"), Value::String(text)) => option_of(text, schema).map(Value::from),
        (Some("string"), Value::Number(number)) => {
            let magnitude = number.as_i64().map(i64::unsigned_abs);
            let is_safe = magnitude.is_some_and(|magnitude| magnitude <= SAFE_INTEGER);
            is_safe.then(|| number.to_string().into())
        }
        (Some("boolean"), Value::String(text)) => {
            let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
            (is("true") || is("false")).then(|| is("true").into())
        }
        (Some("integer" | "number"), Value::String(text)) => {
            let number: Option<f64> = text.trim().parse().ok();
            number
                .filter(|number| number.is_finite())
                .map(|number| json!(number))
        }
        (Some("object"), Value::String(text)) => from_json(text, '{'),
        (Some("array"), Value::String(text)) => list_of(text, &schema["items"]),
        (Some("array"), Value::Object(_) | Value::Number(_) | Value::Bool(_)) => {
            Some(json!([value.take()]))
        }
        _ => None,
    };
    if let Some(coerced) = coerced {
        *value = coerced;
    }
    if let (true, Value::Array(items)) = (is_list, value) {
        items
            .iter_mut()
            .for_each(|item| coerce(item, &schema["items"]));
    }
}

/// JSON in a text that begins with this letter.
fn from_json(text: &str, begin: char) -> Option<Value> {
    let text = text.trim();
    text.starts_with(begin)
        .then(|| serde_json::from_str(text).ok())?
}

/// The list that a text is, in one meaning of it: JSON, one value, or several between separators
/// if each of them can only be a value by itself.
fn list_of(text: &str, items: &Value) -> Option<Value> {
    if let Some(list) = from_json(text, '[') {
        return Some(list);
    }
    if items["type"] == "object" {
        return from_json(text, '{').map(|object| json!([object]));
    }
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if option_of(text, items).is_some() || !text.contains(SEPARATORS) {
        return Some(json!([text]));
    }
    let parts: Vec<&str> = text.split(SEPARATORS).map(str::trim).collect();
    let all = |is_one: &dyn Fn(&str) -> bool| parts.iter().all(|part| is_one(part));
    let is_id = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_email = |part: &str| {
        part.split('@').count() == 2 && !part.contains(|c: char| c.is_whitespace() || c == '<')
    };
    // Of options the error names the one that is none.
    let is_several = items["enum"].is_array() || all(&is_id) || all(&is_email);
    is_several.then(|| json!(parts))
}

/// The enum value that is meant, if the schema has any.
fn option_of<'s>(text: &str, schema: &'s Value) -> Option<&'s str> {
    spelling::option(text, &options(schema)?)
}

fn options(schema: &Value) -> Option<Vec<&str>> {
    let options = schema["enum"].as_array()?.iter();
    Some(options.filter_map(Value::as_str).collect())
}

/// What a schema expects, if the value is something else. An integer with zero decimals loses
/// them.
fn expected_instead(value: &mut Value, schema: &Value) -> Option<String> {
    if let Some(options) = options(schema) {
        return (!value.as_str().is_some_and(|text| options.contains(&text)))
            .then(|| format!("one of {} is expected", options.join(", ")));
    }
    let (fits, expected) = match schema["type"].as_str() {
        Some("string") => (value.is_string(), "a text"),
        Some("boolean") => (value.is_boolean(), "true or false"),
        Some("integer") => match integer(value) {
            Some(number) => {
                *value = json!(number);
                (true, "")
            }
            None => (false, "a whole number"),
        },
        Some("number") => (value.is_number(), "a number"),
        Some("object") => (value.is_object(), "an object"),
        Some("array") => {
            let Some(items) = value.as_array_mut() else {
                return Some("a list is expected".to_owned());
            };
            let inner = items
                .iter_mut()
                .find_map(|item| expected_instead(item, &schema["items"]))?;
            return Some(format!("a list of which each is {inner}"));
        }
        _ => (true, ""),
    };
    (!fits).then(|| format!("{expected} is expected"))
}

/// Why a value that seems to have a meaning is not taken.
fn hint(value: &Value, schema: &Value) -> &'static str {
    let list = |value: &Value| matches!(value, Value::String(text) if text.contains(SEPARATORS));
    match (schema["type"].as_str(), value) {
        (Some("string"), Value::Number(_)) => {
            ", in quotation marks: a number of more than 15 digits loses some"
        }
        (Some("boolean"), Value::String(_)) => ", without quotation marks",
        (Some("array"), value) if list(value) => {
            ": this text can be one item with a comma in it, or several"
        }
        _ => "",
    }
}

/// An integer in the range of `u32`, which all integer arguments in the WIT are.
fn integer(value: &Value) -> Option<u32> {
    let number = value.as_f64()?;
    let integer = number as u32;
    (f64::from(integer) == number).then_some(integer)
}
