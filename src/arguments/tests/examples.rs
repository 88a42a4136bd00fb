//! The examples in errors.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};

use super::{fit, schema};
use crate::{
    prelude::*,
    tools::{self, TOOLS},
};

/// The arguments that an error of the reader proposes.
pub(super) fn proposed(text: &str) -> Value {
    let (_, example) = text.split_once(" Example: ").expect(text);
    let example = example.strip_suffix('.').expect(text);
    serde_json::from_str(example).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Panics if the arguments that an error proposes do not work.
pub(super) fn check(tool: &str, text: &str) {
    let example = proposed(text);
    let schema = schema(tools::definition(tool));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    if let Err(error) = validator.validate(&example) {
        panic!("{tool}: {text}: {error}");
    }
    for name in example.as_object().expect("an object").keys() {
        assert!(schema["properties"][name].is_object(), "{tool}: {text}");
    }
    if let Err(error) = fit(tool, &example) {
        panic!("{tool}: {text}: {}", error.text());
    }
}

/// Each place in the arguments of a tool, with all that is wrong with it in turn.
fn each_mistake(tool: &str, schema: &Value, wrong: &mut dyn FnMut(Value)) {
    let required = proposed(&super::refusal(tool, &json!(5)));
    let properties = schema["properties"].as_object().expect("properties");
    wrong(json!({"no_such_argument_at_all": 1}));
    for (name, property) in properties {
        let mut mistakes = vec![
            json!({"a": {}}),
            json!([[1], [2]]),
            json!([{"a": 1}, {}]),
            json!(1.5),
            json!("\u{0}"),
        ];
        let items = &property["items"]["properties"];
        for name in items.as_object().into_iter().flat_map(Map::keys) {
            mistakes.push(json!([{name: {"a": [1, 2]}}]));
            mistakes.push(json!([{"no_such_member": 1, name: 1.5}]));
        }
        for mistake in mistakes {
            let mut arguments = required.clone();
            arguments[name] = mistake;
            wrong(arguments);
        }
        let mut arguments = required.clone();
        arguments[name] = Value::Null;
        wrong(arguments);
    }
}

/// Field notes: "a test validates every example against its schema".
#[test]
fn every_example_is_valid_for_its_own_tool() {
    let mut errors = 0;
    for tool in TOOLS {
        let schema = schema(tools::definition(tool.name));
        each_mistake(tool.name, &schema, &mut |arguments| {
            if let Err(error) = fit(tool.name, &arguments) {
                check(tool.name, error.text());
                errors += 1;
            }
        });
    }
    assert!(errors > 1000, "{errors} errors");
}

/// The examples that tools write themselves: JSON in one is a value of the argument that it is about, or
/// some arguments of the tool.
#[test]
fn examples_of_the_tools_are_valid_too() {
    let mut checked = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (tool, fixture) in fixtures(&folder) {
        let Some(text) = fixture["error"].as_str() else {
            continue;
        };
        let argument = text
            .strip_prefix("Argument `")
            .and_then(|rest| rest.split('`').next());
        let (Some(argument), Some((_, example))) = (argument, text.split_once("Example: ")) else {
            continue;
        };
        let first = serde_json::Deserializer::from_str(example)
            .into_iter::<Value>()
            .next();
        let Some(Ok(example)) = first else {
            // In words, or a value of a schema beyond JSON.
            continue;
        };
        let properties = schema(tools::definition(&tool))["properties"].take();
        let is_arguments = example
            .as_object()
            .is_some_and(|members| members.keys().all(|name| properties[name].is_object()));
        let members = match is_arguments {
            true => example,
            false => json!({argument: example}),
        };
        for (name, value) in members.as_object().expect("an object") {
            let property = match name.split(['.', '[']).next() {
                Some(name) if properties[name].is_object() => &properties[name],
                _ => continue,
            };
            let is_whole = !name.contains(['.', '[']);
            let schema = match property["type"].as_str() {
                Some("array") if !value.is_array() => &property["items"],
                _ => property,
            };
            if is_whole && !(value.is_object() && schema["type"] == "string") {
                let validator = jsonschema::validator_for(schema).expect("a schema");
                assert!(validator.is_valid(value), "{tool}: {text}");
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "{checked} examples");
}

/// All fixtures, with the tools that they are of.
pub(super) fn fixtures(folder: &Path) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for tool in fs::read_dir(folder).expect("the fixtures") {
        let tool = tool.expect("a folder").path();
        let name = tool
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .replace('-', "_");
        for file in fs::read_dir(&tool).expect("a folder") {
            let text = fs::read_to_string(file.expect("a file").path()).expect("a text");
            match serde_json::from_str(&text).expect("JSON") {
                Value::Array(cases) => {
                    all.extend(cases.into_iter().map(|case| (name.clone(), case)))
                }
                case => all.push((name.clone(), case)),
            }
        }
    }
    all
}
