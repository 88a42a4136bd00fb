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
    let mismatched = |mismatch: Mismatch| {
        let example = example::arguments(schema, &mismatch.example);
        bad_argument(&mismatch.at, &mismatch.problem, &format!("{example}."))
    };
    if arguments.contains_key("resume") {
        // A token has what is required, and is compared with arguments in the schema's form.
        let mut optional = schema.clone();
        optional["required"] = Value::Null;
        object::fit("", &mut arguments, &optional, reads).map_err(mismatched)?;
    }
    open(&mut arguments)?;
    object::fit("", &mut arguments, schema, reads).map_err(mismatched)?;
    Ok(arguments)
}

/// Names of a member that holds all arguments by itself, as clients and models wrap them.
const WRAPPERS: [&str; 5] = ["arguments", "args", "input", "params", "kwargs"];

/// The object that is meant by arguments: as it is, as JSON text, empty in other forms, or in a list or a
/// member of its own. `arguments` is also where the servers leave what is no object.
fn unwrapped(value: Value, schema: &Value, reads: bool) -> Option<Map<String, Value>> {
    match value {
        Value::Null => Some(Map::new()),
        Value::Array(items) if items.is_empty() => Some(Map::new()),
        Value::Array(mut items) if items.len() == 1 && items[0].is_object() && reads => {
            unwrapped(items.remove(0), schema, reads)
        }
        Value::String(text) => match without_fence(&text) {
            "" => Some(Map::new()),
            text => match serde_json::from_str(text).ok()? {
                // Text in text in text has no end.
                Value::String(_) => None,
                value => unwrapped(value, schema, reads),
            },
        },
        Value::Object(mut members) => {
            // A call that was put into its own arguments has the tool's name beside them.
            let others = members.keys().filter(|name| *name != "name").count();
            let wrapper = WRAPPERS.into_iter().find(|wrapper| {
                others == 1
                    && members.contains_key(*wrapper)
                    && schema["properties"][wrapper].is_null()
                    && (members.len() == 1 || schema["properties"]["name"].is_null())
            });
            match wrapper {
                Some(wrapper) if reads => unwrapped(members.remove(wrapper)?, schema, reads),
                Some("arguments") if !members["arguments"].is_object() => None,
                // Nothing is sent because of a guess.
                _ => Some(members),
            }
        }
        _ => None,
    }
}

/// A text without the fence that models put round JSON.
fn without_fence(text: &str) -> &str {
    let text = text.trim();
    let fenced = text.strip_prefix("```");
    let fenced = fenced.and_then(|text| text.strip_suffix("```"));
    fenced.map_or(text, |text| text.trim_start_matches("json").trim())
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
