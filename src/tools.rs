//! The tools, alphabetical: the menu of `wit/world.wit` as a table. To add one:
//! an export in the WIT, a file here, a line in the table and in `lib.rs`, an empty
//! `contract/gong_….json`, a folder in `tests/fixtures/`; then `BLESS=1 cargo test`.

pub(crate) mod get_call;
pub(crate) mod get_flow_steps;
pub(crate) mod get_permission_profile;
pub(crate) mod get_transcript;
pub(crate) mod get_user;
pub(crate) mod list_answered_scorecards;
pub(crate) mod list_deals;
pub(crate) mod list_flow_folders;
pub(crate) mod list_flows;
pub(crate) mod list_permission_profile_users;
pub(crate) mod list_permission_profiles;
pub(crate) mod list_prospect_flows;
pub(crate) mod list_scorecards;
pub(crate) mod list_users;
pub(crate) mod list_workspaces;
pub(crate) mod search_calls;

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _, Visitor},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use crate::{
    error::{Error, bad_argument},
    gong::Gong,
};

/// What a tool gives: a record of the WIT, and how it reads as text.
pub(crate) trait Answer: Serialize {
    /// The answer for a model: dense, and whole by itself.
    fn text(&self) -> String;
}

/// An answer in both forms that MCP knows.
pub(crate) struct Answered {
    /// For the model.
    pub(crate) text: String,
    /// A JSON object without nulls and empty lists.
    pub(crate) structured: String,
}

/// One tool of the table.
pub(crate) struct Tool {
    /// MCP name.
    pub(crate) name: &'static str,
    /// The checked-in contract, JSON: title, description, schemas, toolset, effect, scopes.
    pub(crate) contract: &'static str,
    /// Runs it on its arguments as JSON.
    pub(crate) call: fn(&Gong<'_>, arguments: &str) -> Result<Answered, Error>,
}

macro_rules! tools {
    ($($module:ident),* $(,)?) => {
        /// All tools, sorted by name.
        pub(crate) const TOOLS: &[Tool] = &[$({
            const CONTRACT: &str = include_str!(concat!("contract/gong_", stringify!($module), ".json"));
            Tool {
                name: concat!("gong_", stringify!($module)),
                contract: CONTRACT,
                call: |gong, json| answered(&$module::run(gong, arguments(json, CONTRACT)?)?),
            }
        }),*];
    };
}

tools! {
    get_call,
    get_flow_steps,
    get_permission_profile,
    get_transcript,
    get_user,
    list_answered_scorecards,
    list_deals,
    list_flow_folders,
    list_flows,
    list_permission_profile_users,
    list_permission_profiles,
    list_prospect_flows,
    list_scorecards,
    list_users,
    list_workspaces,
    search_calls,
}

fn answered(answer: &impl Answer) -> Result<Answered, Error> {
    let mut value = serde_json::to_value(answer)
        .map_err(|error| Error::UnexpectedAnswer(format!("The answer is not JSON: {error}.")))?;
    prune(&mut value);
    Ok(Answered {
        text: answer.text(),
        structured: value.to_string(),
    })
}

/// Drops nulls, empty lists and empty texts from objects: absent says it shorter.
fn prune(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| match value {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::String(text) => !text.is_empty(),
                _ => true,
            });
            map.values_mut().for_each(prune);
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

/// The `limit` argument.
///
/// # Errors
/// `bad-argument` outside 1 to `most`.
pub(crate) fn limit(limit: Option<u32>, default: u32, most: u32) -> Result<usize, Error> {
    match limit.unwrap_or(default) {
        limit if (1..=most).contains(&limit) => Ok(limit as usize),
        limit => Err(bad_argument(
            "limit",
            &format!("{limit} is not from 1 to {most}."),
            &format!("{default}."),
        )),
    }
}

/// The number in the `resume` argument of tools that number what they show; 0 without it.
///
/// # Errors
/// `bad-argument` for anything but the prefix and a number.
pub(crate) fn numbered(resume: Option<&str>, prefix: &str) -> Result<usize, Error> {
    match resume.map(|token| {
        token
            .trim()
            .strip_prefix(prefix)
            .and_then(|number| number.parse().ok())
    }) {
        None => Ok(0),
        Some(Some(number)) => Ok(number),
        Some(None) => Err(bad_argument(
            "resume",
            "not a token of this tool.",
            &format!(
                "the resume value of the previous answer, unchanged, such as \"{prefix}100\"."
            ),
        )),
    }
}

/// The `resume` argument of tools that read a whole list and show a part: how many to skip.
///
/// # Errors
/// `bad-argument` for anything but a token of [`offset_token`].
pub(crate) fn offset(resume: Option<&str>) -> Result<usize, Error> {
    numbered(resume, "after-")
}

/// The token after `shown` of `all` items, if any are left.
pub(crate) fn offset_token(shown: usize, all: usize) -> Option<String> {
    (shown < all).then(|| format!("after-{shown}"))
}

/// Arguments from JSON. A null is an argument left out.
fn arguments<T: DeserializeOwned>(json: &str, contract: &str) -> Result<T, Error> {
    let value = match json.trim() {
        "" | "null" => Value::Object(Map::new()),
        json => serde_json::from_str(json).map_err(|error| {
            bad_argument(
                "arguments",
                &format!("not JSON: {error}."),
                "{} or {\"limit\": 20}.",
            )
        })?,
    };
    let Value::Object(mut map) = value else {
        return Err(bad_argument(
            "arguments",
            "not a JSON object.",
            "{} or {\"limit\": 20}.",
        ));
    };
    map.retain(|_, value| !value.is_null());
    T::deserialize(Known(&map)).map_err(|error| diagnose(&map, contract, &error))
}

/// Deserializes a struct and refuses members that the struct does not have.
struct Known<'m>(&'m Map<String, Value>);

impl<'de, 'm: 'de> Deserializer<'de> for Known<'m> {
    type Error = serde_json::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0.keys().find(|key| !fields.contains(&key.as_str())) {
            Some(_) => Err(Self::Error::custom("unknown argument")),
            None => self.0.deserialize_struct(name, fields, visitor),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The part of a JSON Schema that the arguments' schemas use.
#[derive(Deserialize)]
struct Schema {
    #[serde(default)]
    properties: Map<String, Value>,
    #[serde(default)]
    required: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    input_schema: Schema,
}

/// Says which argument is wrong, why, and what would work, from the contract.
fn diagnose(map: &Map<String, Value>, contract: &str, error: &serde_json::Error) -> Error {
    let Ok(Contract { input_schema }) = serde_json::from_str(contract) else {
        return bad_argument("arguments", &format!("{error}."), "{}.");
    };
    let names: Vec<&str> = input_schema.properties.keys().map(String::as_str).collect();
    for (name, value) in map {
        let Some(schema) = input_schema.properties.get(name) else {
            let known = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            let example = names.first().map_or_else(
                || "{}".to_owned(),
                |first| example(first, &input_schema.properties[*first]),
            );
            return bad_argument(
                name,
                &format!("this tool has no such argument; it has: {known}."),
                &format!("{example}."),
            );
        };
        if let Some(expected) = mismatch(value, schema) {
            return bad_argument(
                name,
                &format!("{expected} is expected."),
                &format!("{}.", example(name, schema)),
            );
        }
    }
    match input_schema
        .required
        .iter()
        .find(|name| !map.contains_key(*name))
    {
        Some(name) => {
            let schema = input_schema.properties.get(name).unwrap_or(&Value::Null);
            bad_argument(
                name,
                "it is required.",
                &format!("{}.", example(name, schema)),
            )
        }
        None => bad_argument("arguments", &format!("{error}."), "{}."),
    }
}

/// What a schema expects, if the value is something else.
fn mismatch(value: &Value, schema: &Value) -> Option<String> {
    if let Some(options) = schema["enum"].as_array() {
        let options: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
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
    let value = match (name, schema["type"].as_str()) {
        _ if schema["enum"].is_array() => schema["enum"][0].to_string(),
        (_, Some("array")) if schema["items"]["enum"].is_array() => {
            format!("[{}]", schema["items"]["enum"][0])
        }
        (_, Some("integer")) => "20".to_owned(),
        (_, Some("boolean")) => "true".to_owned(),
        ("reviewed", _) => "[\"jo.ray@acme.com\"]".to_owned(),
        ("scorecards", _) => "[\"Discovery call\"]".to_owned(),
        ("prospects", _) => "[\"0035e00000AbCdEAAV\"]".to_owned(),
        (_, Some("array")) => "[\"7782342274025937895\"]".to_owned(),
        ("call" | "folder" | "parent", _) => "\"7782342274025937895\"".to_owned(),
        ("user" | "owner" | "host" | "manager" | "participant", _) => {
            "\"jo.ray@acme.com\"".to_owned()
        }
        ("from" | "to" | "review_from" | "review_to", _) => "\"7d\"".to_owned(),
        ("language", _) => "\"eng\"".to_owned(),
        _ => "\"Acme\"".to_owned(),
    };
    format!("{{\"{name}\": {value}}}")
}

#[cfg(test)]
mod tests {
    use super::{TOOLS, arguments, prune};
    use crate::{
        error::text,
        wit::calls::{GetCall, SearchCalls},
    };

    fn contract(name: &str) -> &'static str {
        TOOLS
            .iter()
            .find(|tool| tool.name == name)
            .expect("tool")
            .contract
    }

    fn wrong(json: &str) -> String {
        let error = arguments::<SearchCalls>(json, contract("gong_search_calls"))
            .expect_err("wrong arguments");
        text(&error).to_owned()
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
        let missing = arguments::<GetCall>("{}", contract("gong_get_call")).expect_err("missing");
        assert_eq!(
            text(&missing),
            "Argument `call`: it is required. Example: {\"call\": \"7782342274025937895\"}."
        );
        let part = arguments::<GetCall>(
            r#"{"call":"1","include":["all"]}"#,
            contract("gong_get_call"),
        )
        .expect_err("wrong");
        assert!(
            text(&part).starts_with(
                "Argument `include`: a list of which each is one of people, outline, "
            )
        );
    }

    #[test]
    fn null_and_nothing_are_left_out() {
        for json in ["", "null", "{}", r#"{"limit": null}"#] {
            assert!(
                arguments::<SearchCalls>(json, contract("gong_search_calls")).is_ok(),
                "{json}"
            );
        }
        let call =
            arguments::<GetCall>(r#"{"call":"1"}"#, contract("gong_get_call")).expect("valid");
        assert!(call.include.is_empty());
    }

    #[test]
    fn pruning_keeps_zero_and_false() {
        let mut value = serde_json::json!({"a": null, "b": [], "c": "", "d": 0, "e": false, "f": [{"g": null, "h": 1}]});
        prune(&mut value);
        assert_eq!(
            value,
            serde_json::json!({"d": 0, "e": false, "f": [{"h": 1}]})
        );
    }
}
