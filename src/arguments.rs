//! Reads a tool's arguments from JSON into the record of the WIT, by the tool's input schema: no
//! tool has code for how clients and models write them. What has one meaning is taken, and what has
//! none or two is refused: an error names the argument, says what is wrong, and has arguments that
//! work. In a tool that changes something less has one meaning, as nothing is sent because of a guess.
//!
//! | module | concern |
//! |---|---|
//! | `object` | which members there are: unknown, absent, required |
//! | `absent` | the ways to write that an optional argument is not there |
//! | `value` | types: what is taken for each, and what is not |
//! | `spelling` | names and enum values that are written differently |
//! | `client_extras` | what clients add by themselves |
//! | `example` | arguments that work, for errors |

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    tools::Definition,
};

mod absent;
mod client_extras;
mod example;
mod object;
mod spelling;
#[cfg(test)]
mod tests;
mod value;

/// Reads arguments from JSON, in the form that the tool's input schema has. `open` completes them as
/// they were sent, before the schema requires any.
///
/// # Errors
/// `bad-argument` if they do not fit the schema; whatever `open` fails with.
pub(crate) fn arguments(
    json: &str,
    definition: &Definition,
    open: impl FnOnce(&mut Map<String, Value>) -> Result<(), Error>,
) -> Result<Map<String, Value>, Error> {
    fit_arguments(json, &schema(definition), definition.reads, open)
}

fn schema(definition: &Definition) -> Value {
    serde_json::from_str(definition.input_schema).expect("a test writes the definitions")
}

/// The record of arguments that fit the schema.
///
/// # Errors
/// None, as the schema is generated from the record.
pub(crate) fn record<T: DeserializeOwned>(
    arguments: Map<String, Value>,
    definition: &Definition,
) -> Result<T, Error> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| not_arguments(&format!("{error}."), &schema(definition)))
}

/// The arguments in the form that the schema has.
fn fit_arguments(
    json: &str,
    schema: &Value,
    reads: bool,
    open: impl FnOnce(&mut Map<String, Value>) -> Result<(), Error>,
) -> Result<Map<String, Value>, Error> {
    let value = match json.trim() {
        "" => Value::Null,
        json => serde_json::from_str(json)
            .map_err(|error| not_arguments(&format!("not JSON: {error}."), schema))?,
    };
    let mut arguments = unwrapped(value, schema, reads)
        .ok_or_else(|| not_arguments("not a JSON object.", schema))?;
    open(&mut arguments)?;
    object::fit("", &mut arguments, schema, reads).map_err(|mismatch| {
        bad_argument(
            &mismatch.at,
            &mismatch.problem,
            &format!("{}.", example::arguments(schema, &mismatch.example)),
        )
    })?;
    Ok(arguments)
}

/// The object that is meant by arguments: as it is, as JSON text, empty in other forms, or as a member
/// `arguments` by itself, in which the servers leave what is no object.
fn unwrapped(value: Value, schema: &Value, reads: bool) -> Option<Map<String, Value>> {
    const ITSELF: &str = "arguments";
    match value {
        Value::Null => Some(Map::new()),
        Value::Array(items) if items.is_empty() => Some(Map::new()),
        Value::String(text) => match text.trim() {
            "" => Some(Map::new()),
            text => match serde_json::from_str(text).ok()? {
                // Text in text in text has no end.
                Value::String(_) => None,
                value => unwrapped(value, schema, reads),
            },
        },
        Value::Object(mut members) => {
            let is_wrapped = members.len() == 1 && schema["properties"][ITSELF].is_null();
            match members.get_mut(ITSELF) {
                Some(Value::Object(inner)) if is_wrapped && reads => Some(core::mem::take(inner)),
                Some(Value::Object(_)) | None => Some(members),
                Some(_) if is_wrapped => None,
                Some(_) => Some(members),
            }
        }
        _ => None,
    }
}

fn not_arguments(problem: &str, schema: &Value) -> Error {
    let example = example::arguments(schema, "");
    bad_argument("arguments", problem, &format!("{example}."))
}

/// What is wrong with an argument or with a member within it.
struct Mismatch {
    /// Where it is, such as `limit` or `parties[0].email`.
    at: String,
    problem: String,
    /// The place that an example shows: mostly the same.
    example: String,
}
