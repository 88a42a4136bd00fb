//! The members of an object: those that are unknown, absent or required.

use serde_json::{Map, Value, json};

use super::{Mismatch, absent::is_absent, client_extras, spelling, value};
use crate::{prelude::*, text::shortened};

/// Brings an object into the form of its schema. In a tool that only `reads`, what says that an
/// optional member is absent counts as absent, and what clients add is dropped.
///
/// # Errors
/// The first member that the schema does not have, that has the wrong type, or that is missing.
pub(super) fn fit(
    path: &str,
    object: &mut Map<String, Value>,
    schema: &Value,
    reads: bool,
) -> Result<(), Mismatch> {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let at = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    object.retain(|name, value| match properties.get(name) {
        Some(_) if value.is_null() => false,
        None if value.is_null() => !reads,
        Some(schema) => !(reads && !required.contains(&&**name) && is_absent(value, schema)),
        None => !(reads && path.is_empty() && client_extras::is_one(name, properties)),
    });
    for (name, value) in object.iter_mut() {
        match properties.get(name) {
            Some(schema) => value::fit(&at(name), name, value, schema, reads)?,
            None => return Err(unknown(path, name, properties)),
        }
    }
    for (name, schema) in properties {
        if schema["type"] == "array" {
            object.entry(name).or_insert_with(|| json!([]));
        }
    }
    match required
        .into_iter()
        .find(|name| !object.contains_key(*name))
    {
        None => Ok(()),
        Some(name) => Err(Mismatch {
            at: at(name),
            problem: "it is required.".to_owned(),
            example: at(name),
        }),
    }
}

fn unknown(path: &str, name: &str, properties: &Map<String, Value>) -> Mismatch {
    let known: Vec<&str> = properties.keys().map(String::as_str).collect();
    let list = match known.is_empty() {
        true => "none".to_owned(),
        false => known.join(", "),
    };
    let nearest = spelling::nearest(name, &known);
    let proposal = nearest.map_or_else(String::new, |name| format!(" Did you mean `{name}`?"));
    let problem = match path {
        "" => format!("this tool has no such argument; it has: {list}.{proposal}"),
        _ => format!("there is no such member here; it has: {list}.{proposal}"),
    };
    let at = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    Mismatch {
        at: at(&shortened(name)),
        problem,
        example: nearest
            .or(known.first().copied())
            .map(at)
            .unwrap_or_default(),
    }
}
