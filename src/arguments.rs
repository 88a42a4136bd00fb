//! Reads a tool's arguments from JSON into the record of the WIT, checked against the tool's
//! input schema first: an error names the wrong argument, says why it is wrong, and has an example
//! that works.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
};

/// Reads arguments from JSON. A null counts as absent, an absent list as empty, and `5.0` is an
/// integer.
///
/// # Errors
/// `bad-argument` if they do not fit the tool's input schema.
pub(crate) fn arguments<T: DeserializeOwned>(json: &str, input_schema: &str) -> Result<T, Error> {
    // The schema is generated from `T`, so whatever fits it can be read as `T`.
    serde_json::from_value(fit_arguments(json, input_schema)?)
        .map_err(|error| not_arguments(&format!("{error}.")))
}

/// The record of arguments that fit the schema.
///
/// # Errors
/// As [`arguments`].
pub(crate) fn fitted<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, Error> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| not_arguments(&format!("{error}.")))
}

/// The arguments in the form that the schema has.
fn fit_arguments(json: &str, input_schema: &str) -> Result<Value, Error> {
    let mut value: Value = match json.trim() {
        "" | "null" => json!({}),
        json => serde_json::from_str(json)
            .map_err(|error| not_arguments(&format!("not JSON: {error}.")))?,
    };
    let Value::Object(arguments) = &mut value else {
        return Err(not_arguments("not a JSON object."));
    };
    let input_schema = serde_json::from_str(input_schema).expect("a test writes the definitions");
    match fit_object("", arguments, &input_schema) {
        Ok(()) => Ok(value),
        Err(mismatch) => Err(bad_argument(
            &mismatch.at,
            &mismatch.problem,
            &format!("{}.", mismatch.example),
        )),
    }
}

fn not_arguments(problem: &str) -> Error {
    bad_argument("arguments", problem, "{} or {\"limit\": 20}.")
}

/// What is wrong with an argument or with a member within it.
struct Mismatch {
    /// Where it is, such as `limit` or `parties[0].email`.
    at: String,
    problem: String,
    example: String,
}

/// Brings an object into the form of its schema.
///
/// # Errors
/// The first member that the schema does not have, that has the wrong type, or that is missing.
fn fit_object(path: &str, object: &mut Map<String, Value>, schema: &Value) -> Result<(), Mismatch> {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let at = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    object.retain(|_, value| !value.is_null());
    for (name, value) in object.iter_mut() {
        match properties.get(name) {
            Some(schema) => fit(&at(name), name, value, schema)?,
            None => return Err(unknown(at(name), path.is_empty(), properties)),
        }
    }
    for (name, schema) in properties {
        if schema["type"] == "array" {
            object.entry(name).or_insert_with(|| json!([]));
        }
    }
    let required = schema["required"].as_array();
    let missing = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .find(|name| !object.contains_key(*name));
    if let Some(name) = missing {
        return Err(Mismatch {
            at: at(name),
            problem: "it is required.".to_owned(),
            example: example(name, &properties[name]),
        });
    }
    Ok(())
}

fn unknown(at: String, is_argument: bool, properties: &Map<String, Value>) -> Mismatch {
    let names: Vec<&str> = properties.keys().map(String::as_str).collect();
    let known = match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    };
    let problem = match is_argument {
        true => format!("this tool has no such argument; it has: {known}."),
        false => format!("there is no such member here; it has: {known}."),
    };
    Mismatch {
        at,
        problem,
        example: names.first().map_or_else(
            || "{}".to_owned(),
            |first| example(first, &properties[*first]),
        ),
    }
}

/// Like [`fit_object`], for a value of any type.
fn fit(at: &str, name: &str, value: &mut Value, schema: &Value) -> Result<(), Mismatch> {
    if let (Some("object"), Value::Object(object)) = (schema["type"].as_str(), &mut *value) {
        return fit_object(at, object, schema);
    }
    if let (Some("array"), Value::Array(items)) = (schema["type"].as_str(), &mut *value)
        && schema["items"]["type"] == "object"
    {
        let mut items = items.iter_mut().enumerate();
        return items.try_for_each(|(index, item)| {
            fit(&format!("{at}[{index}]"), name, item, &schema["items"])
        });
    }
    match expected_instead(value, schema) {
        None => Ok(()),
        Some(expected) => Err(Mismatch {
            at: at.to_owned(),
            problem: format!("{expected} is expected."),
            example: example(name, schema),
        }),
    }
}

/// What a schema expects, if the value is something else. An integer with zero decimals loses
/// them.
fn expected_instead(value: &mut Value, schema: &Value) -> Option<String> {
    if let Some(options) = schema["enum"].as_array() {
        let options: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
        return (!value.as_str().is_some_and(|text| options.contains(&text)))
            .then(|| format!("one of {}", options.join(", ")));
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
                return Some("a list".to_owned());
            };
            let inner = items
                .iter_mut()
                .find_map(|item| expected_instead(item, &schema["items"]))?;
            return Some(format!("a list of which each is {inner}"));
        }
        _ => (true, ""),
    };
    (!fits).then(|| expected.to_owned())
}

/// An integer in the range of `u32`, which all integer arguments in the WIT are.
fn integer(value: &Value) -> Option<u32> {
    let number = value.as_f64()?;
    let integer = number as u32;
    (f64::from(integer) == number).then_some(integer)
}

/// An example of a valid argument.
fn example(name: &str, schema: &Value) -> String {
    format!("{{\"{name}\": {}}}", example_value(name, schema))
}

fn example_value(name: &str, schema: &Value) -> String {
    match (name, schema["type"].as_str()) {
        _ if schema["enum"].is_array() => schema["enum"][0].to_string(),
        (_, Some("array")) if schema["items"]["enum"].is_array() => {
            format!("[{}]", schema["items"]["enum"][0])
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
                .collect();
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
    use super::{Error, arguments};
    use crate::{
        tools,
        wit::calls::{GetCall, SearchCalls},
    };

    fn search_calls(json: &str) -> Result<SearchCalls, Error> {
        arguments(json, tools::definition("gong_search_calls").input_schema)
    }

    fn get_call(json: &str) -> Result<GetCall, Error> {
        arguments(json, tools::definition("gong_get_call").input_schema)
    }

    fn wrong(json: &str) -> String {
        let error = search_calls(json).expect_err("wrong arguments");
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
        let missing = get_call("{}").expect_err("missing");
        assert_eq!(
            missing.text(),
            "Argument `call`: it is required. Example: {\"call\": \"7782342274025937895\"}."
        );
        let part = get_call(r#"{"call":"1","include":["all"]}"#).expect_err("wrong");
        assert!(
            part.text().starts_with(
                "Argument `include`: a list of which each is one of people, outline, "
            )
        );
    }

    #[test]
    fn nulls_and_empty_texts_count_as_absent() {
        for json in ["", "null", "{}", r#"{"limit": null}"#] {
            assert!(search_calls(json).is_ok(), "{json}");
        }
        let call = get_call(r#"{"call":"1"}"#).expect("valid");
        assert!(call.include.is_empty());
    }

    #[test]
    fn an_integer_may_have_zero_decimals() {
        let limit = |json: &str| search_calls(json).map(|args| args.limit);
        assert_eq!(limit(r#"{"limit": 5.0}"#).expect("whole"), Some(5));
        assert_eq!(limit(r#"{"limit": 5e1}"#).expect("whole"), Some(50));
        for json in [
            r#"{"limit": 5.5}"#,
            r#"{"limit": 4294967296.0}"#,
            r#"{"limit": -0.5}"#,
        ] {
            let error = limit(json).expect_err(json);
            assert!(
                error.text().contains("a whole number is expected"),
                "{json}"
            );
        }
    }

    #[test]
    fn the_last_of_duplicate_arguments_counts() {
        let json = r#"{"limit": 1, "limit": 2}"#;
        let args = search_calls(json).expect("valid");
        assert_eq!(args.limit, Some(2));
    }
}
