//! A tool's arguments: from JSON into the record of the WIT, or an error that
//! names the one that is wrong, says why, and gives an example that works.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use serde_json::{Map, Value};

use crate::{
    contracts,
    error::{Error, bad_argument},
    list::ToList as _,
    record::{self, Record},
};

/// Arguments from JSON. A null is an argument left out, and a list left out is empty.
///
/// # Errors
/// `bad-argument`, by the input schema of the tool's contract.
pub(crate) fn arguments<T: Record + Default>(tool: &str, json: &str) -> Result<T, Error> {
    let mut given = T::default();
    read(tool, json, &mut given).map(|()| given)
}

fn read(tool: &str, json: &str, given: &mut dyn Record) -> Result<(), Error> {
    let json = match json.trim() {
        "" | "null" => "{}",
        json => json,
    };
    let Err(error) = record::read_strictly(json, given) else {
        return Ok(());
    };
    let value = record::from_str(json).map_err(|error| {
        bad_argument(
            "arguments",
            &format!("not JSON: {error}."),
            "{} or {\"limit\": 20}.",
        )
    })?;
    match value {
        Value::Object(_) => Err(diagnose(tool, &value, &error)),
        _ => Err(bad_argument(
            "arguments",
            "not a JSON object.",
            "{} or {\"limit\": 20}.",
        )),
    }
}

/// What is wrong, and where: the argument, or the path to a member within it.
struct Wrong {
    /// Such as `limit`, `parties[0].email`.
    at: String,
    problem: String,
    example: String,
}

/// Says which argument is wrong, why, and what would work, from the contract.
fn diagnose(tool: &str, value: &Value, error: &serde_json::Error) -> Error {
    let wrong = contracts::of(tool)
        .and_then(|contract| record::from_str::<Value>(&contract).ok())
        .and_then(|contract| wrong("", value, &contract["inputSchema"]));
    match wrong {
        Some(wrong) => bad_argument(&wrong.at, &wrong.problem, &format!("{}.", wrong.example)),
        None => bad_argument("arguments", &format!("{error}."), "{}."),
    }
}

/// The first thing in an object that its schema does not have, does not allow, or misses.
fn wrong(path: &str, value: &Value, schema: &Value) -> Option<Wrong> {
    let none = Map::new();
    let map = value.as_object()?;
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let at = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    let given = map.iter().filter(|(_, value)| !value.is_null());
    for (name, value) in given {
        let Some(schema) = properties.get(name) else {
            let names: Vec<&str> = properties.keys().map(String::as_str).list();
            let known = match names.is_empty() {
                true => "none".to_owned(),
                false => names.join(", "),
            };
            return Some(Wrong {
                at: at(name),
                problem: match path {
                    "" => format!("this tool has no such argument; it has: {known}."),
                    _ => format!("there is no such member here; it has: {known}."),
                },
                example: names.first().map_or_else(
                    || "{}".to_owned(),
                    |first| example(first, &properties[*first]),
                ),
            });
        };
        if let Some(wrong) = misfit(&at(name), name, value, schema) {
            return Some(wrong);
        }
    }
    let mut required = schema["required"].as_array().into_iter().flatten();
    let missing = required
        .by_ref()
        .filter_map(Value::as_str)
        .find(|name| map.get(*name).is_none_or(Value::is_null))?;
    Some(Wrong {
        at: at(missing),
        problem: "it is required.".to_owned(),
        example: example(missing, properties.get(missing).unwrap_or(&Value::Null)),
    })
}

/// What is wrong with one value under its schema.
fn misfit(at: &str, name: &str, value: &Value, schema: &Value) -> Option<Wrong> {
    if let (Some("object"), Value::Object(_)) = (schema["type"].as_str(), value) {
        return wrong(at, value, schema);
    }
    if let (Some("array"), Value::Array(items)) = (schema["type"].as_str(), value)
        && schema["items"]["type"] == "object"
    {
        let mut items = items.iter().enumerate();
        return items.find_map(|(index, item)| {
            misfit(&format!("{at}[{index}]"), name, item, &schema["items"])
        });
    }
    let expected = mismatch(value, schema)?;
    Some(Wrong {
        at: at.to_owned(),
        problem: format!("{expected} is expected."),
        example: example(name, schema),
    })
}

/// What a schema expects, if the value is something else.
fn mismatch(value: &Value, schema: &Value) -> Option<String> {
    if let Some(options) = schema["enum"].as_array() {
        let options: Vec<&str> = options.iter().filter_map(Value::as_str).list();
        return (!value.as_str().is_some_and(|text| options.contains(&text)))
            .then(|| format!("one of {}", options.join(", ")));
    }
    let (fits, expected) = match schema["type"].as_str() {
        Some("string") => (value.is_string(), "a text"),
        Some("boolean") => (value.is_boolean(), "true or false"),
        Some("integer") => (
            value
                .as_u64()
                .is_some_and(|number| u32::try_from(number).is_ok()),
            "a whole number",
        ),
        Some("number") => (value.is_number(), "a number"),
        Some("object") => (value.is_object(), "an object"),
        Some("array") => {
            let Some(items) = value.as_array() else {
                return Some("a list".to_owned());
            };
            let inner = items
                .iter()
                .find_map(|item| mismatch(item, &schema["items"]))?;
            return Some(format!("a list of which each is {inner}"));
        }
        _ => (true, ""),
    };
    (!fits).then(|| expected.to_owned())
}

/// An example of an argument that works.
fn example(name: &str, schema: &Value) -> String {
    format!("{{\"{name}\": {}}}", example_value(name, schema))
}

fn example_value(name: &str, schema: &Value) -> String {
    match (name, schema["type"].as_str()) {
        _ if schema["enum"].is_array() => record::text(&schema["enum"][0]),
        (_, Some("array")) if schema["items"]["enum"].is_array() => {
            format!("[{}]", record::text(&schema["items"]["enum"][0]))
        }
        ("people", _) => "[{\"crm_id\": \"0035e00000AbCdEAAV\"}]".to_owned(),
        (_, Some("array")) if schema["items"]["type"] == "object" => {
            format!("[{}]", example_value(name, &schema["items"]))
        }
        (_, Some("object")) => {
            let required = schema["required"].as_array().into_iter().flatten();
            let members: Vec<String> = required
                .filter_map(Value::as_str)
                .map(|name| {
                    format!(
                        "\"{name}\": {}",
                        example_value(name, &schema["properties"][name])
                    )
                })
                .list();
            format!("{{{}}}", members.join(", "))
        }
        (_, Some("integer" | "number")) => "20".to_owned(),
        (_, Some("boolean")) => "true".to_owned(),
        ("invitees", _) => "[\"Jo Ray <jo.ray@acme.com>\"]".to_owned(),
        ("reviewed" | "users", _) => "[\"jo.ray@acme.com\"]".to_owned(),
        ("scorecards", _) => "[\"Discovery call\"]".to_owned(),
        ("prospects", _) => "[\"0035e00000AbCdEAAV\"]".to_owned(),
        (_, Some("array")) => "[\"7782342274025937895\"]".to_owned(),
        ("call" | "folder" | "parent" | "flow" | "task" | "meeting" | "integration", _) => {
            "\"7782342274025937895\"".to_owned()
        }
        ("prospect", _) => "\"0035e00000AbCdEAAV\"".to_owned(),
        (
            "user" | "by" | "owner" | "host" | "manager" | "participant" | "email" | "organizer",
            _,
        ) => "\"jo.ray@acme.com\"".to_owned(),
        ("from" | "to" | "review_from" | "review_to", _) => "\"7d\"".to_owned(),
        ("start" | "end" | "started" | "due", _) => "\"2026-11-01T09:00Z\"".to_owned(),
        ("language", _) => "\"eng\"".to_owned(),
        ("phone", _) => "\"+14155550123\"".to_owned(),
        _ => "\"Acme\"".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::arguments;
    use crate::wit::calls::{GetCall, SearchCalls};

    fn wrong(json: &str) -> String {
        let error =
            arguments::<SearchCalls>("gong_search_calls", json).expect_err("wrong arguments");
        error.text().to_owned()
    }

    #[test]
    fn wrong_arguments_are_named_with_an_example() {
        assert_eq!(
            wrong(r#"{"limit": "20"}"#),
            "Argument `limit`: a whole number is expected. Example: {\"limit\": 20}."
        );
        assert_eq!(
            wrong(r#"{"scope": "outside"}"#),
            "Argument `scope`: one of internal, external, unknown is expected. Example: {\"scope\": \"internal\"}."
        );
        assert!(
            wrong(r#"{"maxCalls": 20}"#)
                .starts_with("Argument `maxCalls`: this tool has no such argument; it has: ")
        );
        assert!(wrong("[1]").starts_with("Argument `arguments`: not a JSON object."));
        assert!(wrong("{").starts_with("Argument `arguments`: not JSON: "));
        assert!(wrong(r#"{"limit": -1}"#).contains("a whole number"));
        assert!(wrong(r#"{"limit": 99999999999}"#).contains("a whole number"));
        let missing = arguments::<GetCall>("gong_get_call", "{}").expect_err("missing");
        assert_eq!(
            missing.text(),
            "Argument `call`: it is required. Example: {\"call\": \"7782342274025937895\"}."
        );
        let part = arguments::<GetCall>("gong_get_call", r#"{"call":"1","include":["all"]}"#)
            .expect_err("wrong");
        assert!(
            part.text().starts_with(
                "Argument `include`: a list of which each is one of people, outline, "
            )
        );
    }

    #[test]
    fn null_and_nothing_are_left_out() {
        for json in ["", "null", "{}", r#"{"limit": null}"#] {
            assert!(
                arguments::<SearchCalls>("gong_search_calls", json).is_ok(),
                "{json}"
            );
        }
        let call = arguments::<GetCall>("gong_get_call", r#"{"call":"1"}"#).expect("valid");
        assert!(call.include.is_empty());
    }
}
