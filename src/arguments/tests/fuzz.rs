//! Arguments of the fixtures, damaged: whatever comes, the reader answers, and what it takes is exact.
//! `PROPTEST_CASES=1000000 cargo test -p gong-tools --release --lib -- arguments` does it for hours.

use std::{path::Path, sync::OnceLock};

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{examples, fit_text, schema};
use crate::{arguments::value::is_guard, prelude::*, tools};

fn seeds() -> &'static [(String, Value)] {
    static SEEDS: OnceLock<Vec<(String, Value)>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let fixtures = examples::fixtures(&folder).into_iter();
        let seeds = fixtures.map(|(tool, mut fixture)| (tool, fixture["arguments"].take()));
        seeds.collect()
    })
}

/// What stands where something else is expected.
fn leaves() -> BoxedStrategy<Value> {
    const WORDS: &[&str] = &[
        "",
        " ",
        "null",
        "None",
        "undefined",
        "true",
        "FALSE",
        "0",
        "20",
        "20.0",
        "-1",
        "1e400",
        "nan",
        "[]",
        "{}",
        "[1]",
        "[\"a\"]",
        "{\"a\":1}",
        "[",
        "{",
        "a,b",
        ",",
        "a@b.com,c@d.com",
        "1;2",
        "\u{0}",
        "\u{202e}",
        "“”",
    ];
    let scalars = prop_oneof![
        prop::sample::select(WORDS).prop_map(|word| json!(word)),
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<u64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        (0u32..3).prop_map(|value| json!(value)),
        "\\PC{0,6}".prop_map(|value| json!(value)),
    ];
    let nested = scalars.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec(("[a-z_]{1,6}", inner.clone()), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            inner.prop_map(|value| json!(value.to_string())),
        ]
    });
    nested.boxed()
}

/// Replaces, adds and removes members, by the names of the schema mostly.
fn damage(value: &mut Value, names: &[String], damages: Vec<(u16, u8, Value)>) {
    for (place, kind, leaf) in damages {
        let name = match names.len() {
            0 => "x".to_owned(),
            count => names[usize::from(place) % count].clone(),
        };
        match (&mut *value, kind % 8) {
            (Value::Object(members), 0) => drop(members.remove(&name)),
            (Value::Object(members), 1) => {
                members.insert(name.to_uppercase(), leaf);
            }
            (Value::Object(members), 2) => {
                if let Some(Value::Array(items)) = members.get_mut(&name) {
                    items.push(leaf);
                }
            }
            (Value::Object(members), 3) => {
                if let Some(member) = members.get_mut(&name) {
                    *member = json!(member.to_string());
                }
            }
            (value @ Value::Object(_), 4) if place % 16 == 0 => *value = json!(value.to_string()),
            (value, 5) if place % 32 == 0 => *value = leaf,
            (Value::Object(members), _) => {
                members.insert(name, leaf);
            }
            _ => {}
        }
    }
}

fn damaged() -> impl Strategy<Value = (&'static str, String)> {
    let damages = vec((any::<u16>(), any::<u8>(), leaves()), 0..5);
    let cut = prop_oneof![9 => Just(1.0), 1 => 0.0..1.0];
    (prop::sample::select(seeds()), damages, cut).prop_map(
        |((tool, mut arguments), damages, cut)| {
            let tool = tools::TOOLS
                .iter()
                .find(|one| one.name == tool)
                .expect("a tool")
                .name;
            let properties = schema(tools::definition(tool))["properties"].take();
            let names = properties
                .as_object()
                .into_iter()
                .flat_map(|all| all.keys().cloned());
            damage(&mut arguments, &names.collect::<Vec<_>>(), damages);
            let mut text = arguments.to_string();
            let mut end = (text.len() as f64 * cut) as usize;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            (tool, text)
        },
    )
}

proptest! {
    #[test]
    fn damaged_arguments_are_read_exactly_or_refused_with_what_works((tool, sent) in damaged()) {
        let definition = tools::definition(tool);
        let schema = schema(definition);
        let taken = match fit_text(tool, &sent) {
            Err(error) => {
                prop_assert!(error.text().starts_with("Argument `"), "{}", error.text());
                examples::check(tool, error.text());
                return Ok(());
            }
            Ok(taken) => taken,
        };
        // What is taken is what the schema has.
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        prop_assert!(validator.is_valid(&taken), "{} {} {}", tool, sent, taken);
        // Reading it again changes nothing.
        let again = fit_text(tool, &taken.to_string());
        prop_assert_eq!(again.expect("it is valid"), taken.clone());
        // No guard is there that was not sent as it is.
        let direct: Value = serde_json::from_str(&sent).unwrap_or_default();
        let inner = |value: &Value| value.as_str().and_then(|text| serde_json::from_str(text).ok());
        let direct: Value = inner(&direct).unwrap_or(direct);
        if !definition.reads {
            for (name, value) in taken.as_object().expect("an object") {
                if is_guard(name, &schema["properties"][name], false) {
                    prop_assert_eq!(&direct[name], value, "{} {}", tool, sent);
                }
            }
        }
    }
}
