//! Properties of every tool: the published schema and the reader agree.

use proptest::{collection::vec, option, prelude::*, test_runner::TestCaseResult};
use serde_json::{Map, Value, json};

use super::{Error, fit, schema};
use crate::{
    arguments::{absent::is_absent, arguments, example, record, value::is_guard},
    prelude::*,
    tools::{self, TOOLS, every_tool},
    wit,
};

/// Reads arguments into the record of a tool, and forgets it.
type Reader = fn(&str) -> Result<(), Error>;

macro_rules! readers {
    ($($export:ident => $module:ident($($arguments:ident)::+) -> $($answer:ident)::+ $(, with $resume:ident)? $(, unless $feature:tt)?;)*) => {
        const READERS: &[(&str, Reader)] = &[$(
            (stringify!($export), |json| {
                let definition = tools::definition(stringify!($export));
                let read = arguments(json, definition, |_| Ok(()))
                    .and_then(|members| record::<wit::$($arguments)::+>(members, definition));
                read.map(drop)
            }),
        )*];
    };
}
every_tool!(readers);

/// Values of a schema, none of them one that says that it is absent.
fn values(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(options) = schema["enum"].as_array() {
        return prop::sample::select(options.clone()).boxed();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let none = Map::new();
            let properties = schema["properties"].as_object().unwrap_or(&none);
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let members = properties.iter().map(|(name, schema)| {
                let name = name.clone();
                let value = match required.iter().any(|required| *required == name) {
                    true => values(schema).prop_map(Some).boxed(),
                    false => option::of(values(schema)).boxed(),
                };
                value.prop_map(move |value| (name.clone(), value)).boxed()
            });
            let members: Vec<BoxedStrategy<(String, Option<Value>)>> = members.collect();
            let object = members.prop_map(|members| {
                let there = members
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)));
                Value::Object(there.collect())
            });
            object.boxed()
        }
        Some("array") => vec(values(&schema["items"]), 1..4)
            .prop_map(Value::from)
            .boxed(),
        Some("integer") => (1..=u32::MAX).prop_map(Value::from).boxed(),
        Some("number") => (1.0..1e9).prop_map(Value::from).boxed(),
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("string") => {
            let schema = schema.clone();
            "[a-z0-9@.]{1,12}|[A-Za-z ,\\[{]{1,9}|\\PC{1,8}"
                .prop_map(Value::from)
                .prop_filter("absent", move |text| !is_absent(text, &schema))
                .boxed()
        }
        other => panic!("a schema has the type {other:?}"),
    }
}

/// A tool, and arguments that its schema allows.
fn calls() -> BoxedStrategy<(&'static str, Value)> {
    let tools = prop::sample::select(READERS);
    let call = tools.prop_flat_map(|(tool, _)| {
        let arguments = values(&schema(tools::definition(tool)));
        arguments.prop_map(move |arguments| (tool, arguments))
    });
    call.boxed()
}

/// The reader adds them, for lists that may be left out.
fn without_empty_lists(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.retain(|_, member| *member != json!([]));
            for member in members.values_mut() {
                *member = without_empty_lists(member.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_empty_lists(item.take());
            }
        }
        _ => {}
    }
    value
}

fn reader(tool: &str) -> Reader {
    let found = READERS.iter().find(|(name, _)| *name == tool);
    found.expect("it is in the list").1
}

fn refused(sent: &Value, error: Error) -> TestCaseError {
    TestCaseError::fail(format!("{sent}: {}", error.into_text()))
}

fn assert_valid(tool: &str, arguments: &Value) -> TestCaseResult {
    let schema = schema(tools::definition(tool));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    match validator.validate(arguments) {
        Ok(()) => Ok(()),
        Err(error) => Err(TestCaseError::fail(format!("{tool} {arguments}: {error}"))),
    }
}

/// The value in another of its spellings; `dice` chooses.
fn respelled(
    name: &str,
    value: &Value,
    schema: &Value,
    reads: bool,
    dice: &mut impl Iterator<Item = u8>,
) -> Value {
    let roll = dice.next().unwrap_or_default();
    if is_guard(name, schema, reads) {
        return value.clone();
    }
    match value {
        Value::Number(number) => match (number.as_u64(), roll % 4) {
            (Some(number), 0) => json!(number as f64),
            (Some(number), 1) => json!(number.to_string()),
            (Some(number), 2) => json!(format!("{number}.0")),
            _ => value.clone(),
        },
        Value::Bool(value) => match roll % 3 {
            0 => json!(value.to_string()),
            1 => json!(value.to_string().to_uppercase()),
            _ => json!([value]),
        },
        Value::String(text) if schema["enum"].is_array() => match roll % 3 {
            0 => json!(text.to_uppercase()),
            1 => json!(text.replace('_', "-")),
            _ => json!(text.replace('_', " ")),
        },
        Value::Array(items) => {
            let items: Vec<Value> = items
                .iter()
                .map(|item| respelled("", item, &schema["items"], reads, dice))
                .collect();
            match (&items[..], roll % 3) {
                (_, 0) => json!(json!(items).to_string()),
                ([Value::String(text)], 1)
                    if text.trim() == text && !text.contains(['[', ',', ';', '|', '\n']) =>
                {
                    json!(text)
                }
                ([item @ Value::Object(_)], 1) => item.clone(),
                ([item @ Value::Object(_)], 2) => json!(item.to_string()),
                _ => json!(items),
            }
        }
        Value::Object(members) => {
            let respelled = members.iter().map(|(name, value)| {
                let value = respelled(name, value, &schema["properties"][name], reads, dice);
                (name.clone(), value)
            });
            Value::Object(respelled.collect())
        }
        other => other.clone(),
    }
}

/// Fills in all optional arguments that are not there, as clients do whose schemas have none.
fn filled(
    arguments: &Value,
    schema: &Value,
    fillings: &[Value],
    dice: &mut impl Iterator<Item = u8>,
) -> Value {
    let mut arguments = arguments.clone();
    let properties = schema["properties"].as_object();
    for name in properties.into_iter().flat_map(Map::keys) {
        if arguments[name].is_null() {
            let roll = usize::from(dice.next().unwrap_or_default());
            arguments[name] = fillings[roll % fillings.len()].clone();
        }
    }
    arguments
}

proptest! {
    /// What the schema allows is read, unchanged, into the record of the WIT.
    #[test]
    fn arguments_of_the_schema_are_read((tool, arguments) in calls()) {
        assert_valid(tool, &arguments)?;
        let fitted = fit(tool, &arguments).map_err(|error| refused(&arguments, error))?;
        prop_assert_eq!(without_empty_lists(fitted), arguments.clone(), "{}", tool);
        reader(tool)(&arguments.to_string()).map_err(|error| refused(&arguments, error))?;
    }

    /// However it is written, it is the same.
    #[test]
    fn each_spelling_has_the_same_meaning(
        (tool, arguments) in calls(),
        dice in vec(any::<u8>(), 48),
        as_text in any::<bool>(),
    ) {
        let definition = tools::definition(tool);
        let schema = schema(definition);
        let mut dice = dice.into_iter();
        let mut sent = respelled("", &arguments, &schema, definition.reads, &mut dice);
        if definition.reads {
            let absent = [json!(null), json!(""), json!("None"), json!([])];
            sent = filled(&sent, &schema, &absent, &mut dice);
            sent["toolCallId"] = json!("call_1");
        } else {
            sent = filled(&sent, &schema, &[json!(null)], &mut dice);
        }
        if as_text {
            sent = json!(sent.to_string());
        }
        let taken = fit(tool, &sent).map_err(|error| refused(&sent, error))?;
        let meant = fit(tool, &arguments).map_err(|error| refused(&arguments, error))?;
        prop_assert_eq!(taken, meant, "{} {}", tool, sent);
        reader(tool)(&sent.to_string()).map_err(|error| refused(&sent, error))?;
    }
}

/// OpenAI's strict mode: all arguments are there, the optional ones null.
#[test]
fn strict_mode_works_for_every_tool() {
    for tool in TOOLS {
        let definition = tools::definition(tool.name);
        let schema = schema(definition);
        let required: Value =
            serde_json::from_str(&example::arguments(&schema, "")).expect("an example is JSON");
        let strict = filled(&required, &schema, &[Value::Null], &mut core::iter::empty());
        let names = |value: &Value| value.as_object().map_or(0, Map::len);
        assert_eq!(
            names(&strict),
            names(&schema["properties"]),
            "{}",
            tool.name
        );
        let read = reader(tool.name)(&strict.to_string());
        read.unwrap_or_else(|error| panic!("{}: {}", tool.name, error.text()));
        super::assert_same(tool.name, &strict, &required);
    }
}
