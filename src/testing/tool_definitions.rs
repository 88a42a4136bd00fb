//! `tool_definitions/gong_….json`, one file per tool, computed from the WIT (description, toolset,
//! effect, scopes) and from the Rust types that are generated from it (schemas). `BLESS=1 cargo test -p gong-tools`
//! writes the files.

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fs, path::Path};
use wit_parser::{Resolve, WorldItem};

use crate::{
    tools::{self, TOOLS, every_tool},
    wit,
};

/// Most bytes of all tools as a model reads them: names, descriptions, input schemas.
const ALL_BYTES: usize = 34_000;
/// Most bytes of the tools in the default toolsets.
const DEFAULT_BYTES: usize = 16_000;

fn schemas(name: &str) -> (Schema, Schema) {
    fn pair<A: JsonSchema, R: JsonSchema>() -> (Schema, Schema) {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        });
        (
            settings
                .clone()
                .into_generator()
                .into_root_schema_for::<A>(),
            settings.into_generator().into_root_schema_for::<R>(),
        )
    }
    macro_rules! by_name {
        ($($export:ident => $module:ident($($arguments:ident)::+) -> $($answer:ident)::+ $(, with $resume:ident)? $(, unless $feature:tt)?;)*) => {
            match name {
                $(stringify!($export) => pair::<wit::$($arguments)::+, wit::$($answer)::+>(),)*
                other => panic!("{other} has no line in tools.rs"),
            }
        };
    }
    every_tool!(by_name)
}

/// A schema without what a model does not need to read. An optional member may be absent, but is never
/// null.
fn lean(schema: Value) -> Value {
    let Value::Object(mut schema) = schema else {
        return schema;
    };
    if let Some(Value::Array(cases)) = schema.remove("oneOf") {
        let names: Vec<Value> = cases
            .iter()
            .map(|case| case["const"].clone())
            .filter(|name| !name.is_null())
            .collect();
        let lists = cases
            .iter()
            .filter_map(|case| case["enum"].as_array())
            .flatten()
            .cloned();
        schema.insert("enum".into(), names.into_iter().chain(lists).collect());
    }
    if let Some(Value::Array(choices)) = schema.remove("anyOf") {
        let other = choices
            .into_iter()
            .find(|choice| choice["type"] != "null")
            .expect("an option of something");
        let Value::Object(other) = lean(other) else {
            panic!("not a schema")
        };
        let description = schema.remove("description");
        schema.extend(other);
        schema.extend(description.map(|text| ("description".to_owned(), text)));
    }
    if let Some(Value::Array(types)) = schema.get("type") {
        let one = types
            .iter()
            .find(|one| *one != "null")
            .expect("a type")
            .clone();
        schema.insert("type".into(), one);
    }
    for gone in ["format", "minimum", "default", "title", "$schema"] {
        schema.remove(gone);
    }
    if schema.contains_key("enum") {
        schema.insert("type".into(), "string".into());
        if let Some(Value::Array(names)) = schema.get_mut("enum") {
            names.retain(|name| !name.is_null());
        }
    }
    if let Some(length) = schema.get("description").and_then(length_of_base64) {
        schema.insert("maxLength".into(), length.into());
    }
    if let Some(items) = schema.remove("items") {
        schema.insert("items".into(), undescribed(lean(items)));
    }
    if let Some(Value::Array(items)) = schema.remove("prefixItems") {
        let items: Vec<Value> = items.into_iter().map(lean).collect();
        schema.insert("prefixItems".into(), items.into());
    }
    if let Some(Value::Object(properties)) = schema.remove("properties") {
        let optional: BTreeSet<String> = properties
            .iter()
            .filter(|(_, property)| property["type"] == "array" && !is_needed(property))
            .map(|(name, _)| name.clone())
            .collect();
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|name| !optional.contains(name.as_str().unwrap_or_default()));
        }
        if schema.get("required") == Some(&json!([])) {
            schema.remove("required");
        }
        let properties: Map<String, Value> = properties
            .into_iter()
            .map(|(name, property)| (name, lean(property)))
            .collect();
        schema.insert("properties".into(), Value::Object(properties));
    }
    Value::Object(schema)
}

/// Whether a list can not be left out: its description then says how many items it has at least.
fn is_needed(list: &Value) -> bool {
    let description = list["description"].as_str().unwrap_or_default();
    description.starts_with("1 to ") || description.starts_with("1 or more")
}

/// The characters of a file in base64 whose description says how many MB it has at most, with line
/// breaks of two bytes after every 76 characters. Hosts take it from the schema how large a call
/// may be.
fn length_of_base64(description: &Value) -> Option<u64> {
    let (megabytes, _) = description
        .as_str()?
        .strip_prefix("Base64, ")?
        .split_once(" MB at most")?;
    let bytes = megabytes.parse::<u64>().ok()? << 20;
    Some(bytes / 3 * 4 + bytes / 18)
}

/// A schema without the description of its type: that of the member says more.
fn undescribed(schema: Value) -> Value {
    let Value::Object(mut schema) = schema else {
        return schema;
    };
    schema.remove("description");
    Value::Object(schema)
}

/// The exports of `wit/world.wit`: name and documentation.
fn exports() -> Vec<(String, String)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("wit"))
        .expect("wit/ parses");
    let world = resolve.packages[package].worlds["gong"];
    let exports = resolve.worlds[world].exports.values();
    exports
        .filter_map(|item| match item {
            WorldItem::Function(function) => Some((
                function.name.clone(),
                function.docs.contents.clone().unwrap_or_default(),
            )),
            _ => None,
        })
        .collect()
}

fn computed(export: &str, docs: &str) -> Value {
    let name = export.replace('-', "_");
    let (input, output) = schemas(&name);
    let input = undescribed(lean(input.to_value()));
    let (description, facts) = docs
        .trim()
        .split_once("\n\n")
        .expect("a paragraph of facts under the description");
    let fact = |label: &str| {
        let (_, rest) = facts
            .split_once(label)
            .unwrap_or_else(|| panic!("{export} states no {label}"));
        rest.split_once(". ")
            .map_or(rest.trim_end_matches('.'), |(fact, _)| fact)
            .trim()
    };
    let scopes: BTreeSet<&str> = fact("Scopes:")
        .split(',')
        .filter_map(|scope| {
            scope
                .split_whitespace()
                .find(|word| word.starts_with("api:"))
        })
        .collect();
    let (effect, idempotent) = match fact("Effect:").split_once(", ") {
        None => (fact("Effect:"), false),
        Some((effect, "idempotent")) => (effect, true),
        Some((_, other)) => panic!("{export}: an effect is not {other}"),
    };
    let class = match effect {
        "read" | "metered-read" => "read",
        "write" | "outreach" => "write",
        "destructive" => "destructive",
        other => panic!("{export}: {other} is no effect"),
    };
    let reads = class == "read";
    assert!(!(reads && idempotent), "{export}: every read is idempotent");
    let mut classification = vec![class];
    match fact("Risk:") {
        "none" => {}
        risks => classification.extend(risks.split(", ").inspect(|risk| {
            assert!(
                ["sensitive", "dangerous"].contains(risk),
                "{export}: {risk}"
            );
        })),
    }
    assert_eq!(
        reads,
        input["properties"]["dry_run"].is_null(),
        "{export}: what changes something takes dry_run, and nothing else does"
    );
    let operations: Vec<&str> = fact("Operations:").split(", ").collect();
    let (toolset, default) = match fact("Toolset:").split_once(" (default)") {
        Some((toolset, "")) => (toolset, true),
        _ => (fact("Toolset:"), false),
    };
    let words = export
        .strip_prefix("gong-")
        .expect("gong-…")
        .replace('-', " ");
    let (first, rest) = words.split_at(1);
    json!({
        "name": name,
        "title": format!("{}{rest}", first.to_uppercase()),
        "description": description.replace('\n', " "),
        "toolset": toolset,
        "default": default,
        "effect": effect,
        "idempotent": reads || idempotent,
        "classification": classification,
        "class": one_class(&classification),
        "operations": operations,
        "scopes": scopes,
        "inputSchema": input,
        "outputSchema": with_filters(&name, with_lists(lean(output.to_value()))),
    })
}

/// The one class of a gateway that has one for each tool, as ConductorOne's: what it does, where that
/// changes something, else what is at risk. A rule against writing then holds for every tool that
/// writes, and one for reading lets no personal data through.
fn one_class<'c>(classification: &[&'c str]) -> &'c str {
    let order = ["dangerous", "destructive", "write", "sensitive", "read"];
    let gravest = classification
        .iter()
        .min_by_key(|class| order.iter().position(|one| one == *class));
    gravest.expect("every tool has a class")
}

/// The schema of a list has its filters too, as its text has them in the first line: `tools.rs` adds them.
fn with_filters(tool: &str, mut schema: Value) -> Value {
    if tools::is_list(tool) {
        let filters = json!({ "type": "string", "description": "That held." });
        schema["properties"]["filters"] = filters;
    }
    schema
}

/// An answer's schema that requires the answer's own lists, also empty ones, but for those that only
/// an argument adds.
fn with_lists(mut schema: Value) -> Value {
    let lists: Vec<Value> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, property)| property["type"] == "array")
        .filter(|(_, list)| {
            !list["description"]
                .as_str()
                .is_some_and(|text| text.starts_with("With "))
        })
        .map(|(name, _)| name.as_str().into())
        .collect();
    if let Value::Object(members) = &mut schema {
        let required = members.entry("required").or_insert_with(|| json!([]));
        if let Value::Array(required) = required {
            required.extend(lists);
        }
    }
    schema
}

/// A tool's definition.
pub(crate) fn definition(tool: &str) -> Value {
    let tools::Definition {
        input_schema,
        about,
        ..
    } = tools::definition(tool);
    let mut definition: Value = serde_json::from_str(about).expect("JSON");
    definition["inputSchema"] = serde_json::from_str(input_schema).expect("JSON");
    definition
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tool_definitions")
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

#[test]
fn definitions_are_what_the_wit_says() {
    let mut stale = Vec::new();
    for (export, docs) in exports() {
        let json = serde_json::to_string_pretty(&computed(&export, &docs)).expect("JSON") + "\n";
        let path = folder().join(format!("{}.json", export.replace('-', "_")));
        if fs::read_to_string(&path).ok().as_ref() != Some(&json) {
            if bless() {
                fs::write(&path, json).expect("the definition is written");
            }
            stale.push(export);
        }
    }
    assert!(
        stale.is_empty() || bless(),
        "definitions differ from the WIT: {stale:?}; BLESS=1 rewrites them, then review the diff"
    );
}

/// The tools' names of the files in a folder of the crate.
fn tools_in(folder: &str, prefix: &str, suffix: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .filter_map(|name| {
            let name = name.to_str()?.strip_suffix(suffix)?.replace('-', "_");
            Some(format!("{prefix}{name}"))
        })
        .collect()
}

#[test]
fn one_tool_has_one_name_in_every_place() {
    let table: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
    assert!(
        table.is_sorted(),
        "src/tools.rs: every_tool! is alphabetical"
    );
    let exported = exports()
        .into_iter()
        .map(|(export, _)| export.replace('-', "_"));
    let walk = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/operations.rs");
    let walk = fs::read_to_string(walk).expect("the walk");
    let is_in_walk = |name: &&&str| walk.contains(&format!("\"{name}\""));
    let places = [
        ("an export in wit/world.wit", exported.collect()),
        (
            "a file in src/tools/",
            tools_in("src/tools", "gong_", ".rs"),
        ),
        (
            "a line in every_tool! of src/tools.rs",
            table.iter().map(|name| (*name).to_owned()).collect(),
        ),
        (
            "a folder in tests/fixtures/",
            tools_in("tests/fixtures", "", ""),
        ),
        (
            "a call in tests/it/operations.rs",
            table
                .iter()
                .filter(is_in_walk)
                .map(|name| (*name).to_owned())
                .collect(),
        ),
        (
            "a definition, which BLESS=1 cargo test -p gong-tools writes, or removes if the tool is gone",
            tools_in("src/tool_definitions", "", ".json"),
        ),
    ];
    let all: BTreeSet<&String> = places.iter().flat_map(|(_, names)| names).collect();
    let missing: Vec<String> = all
        .iter()
        .flat_map(|tool| {
            let without = places.iter().filter(|(_, names)| !names.contains(*tool));
            without.map(move |(place, _)| format!("{tool} has not {place}"))
        })
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The typed exports open tokens of the tools that the list marks.
#[test]
fn tools_that_go_on_are_marked() {
    macro_rules! marked {
        ($($export:ident => $module:ident($($arguments:ident)::+) -> $($answer:ident)::+ $(, with $resume:ident)? $(, unless $feature:tt)?;)*) => {
            [$((stringify!($export), concat!("" $(, stringify!($resume))?)),)*]
        };
    }
    for (tool, mark) in every_tool!(marked) {
        let goes_on = !definition(tool)["inputSchema"]["properties"]["resume"].is_null();
        assert_eq!(mark == "resume", goes_on, "{tool}");
    }
}

/// wit-bindgen's names of cases are Rust's; in JSON they are as in the WIT, with `_` for `-`.
#[test]
fn enums_have_their_attribute_in_bindings() {
    fn check(tool: &str, schema: &Value) {
        for name in schema["enum"].as_array().into_iter().flatten() {
            let name = name.as_str().expect("a text");
            assert!(
                !name.contains(char::is_uppercase),
                "{tool}: {name} is an enum's case; its type needs rename_all in src/bindings.rs"
            );
        }
        match schema {
            Value::Object(members) => members.values().for_each(|value| check(tool, value)),
            Value::Array(items) => items.iter().for_each(|value| check(tool, value)),
            _ => {}
        }
    }
    for (export, docs) in exports() {
        check(&export, &computed(&export, &docs));
    }
}

/// Bytes of a tool as a model reads it; and with the output schema, which some clients show too.
fn bytes(definition: &Value) -> (usize, usize) {
    let read = json!({
        "name": definition["name"], "description": definition["description"], "inputSchema": definition["inputSchema"],
    });
    let read = read.to_string().len();
    let output = definition["outputSchema"].to_string().len();
    (read, read + r#","outputSchema":"#.len() + output)
}

/// A total from `tests/tool-bytes.txt`, as it was when the file was last written; 0 without a line.
fn written_bytes(name: &str, file: &str) -> usize {
    let line = file
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

/// With `--nocapture` it prints each tool's share.
#[test]
#[expect(clippy::print_stdout, reason = "a table for making tools smaller")]
fn what_a_model_reads_stays_small() {
    let (mut all, mut default, mut with_output) = (0, 0, 0);
    let mut rows = Vec::new();
    for tool in TOOLS {
        let definition = definition(tool.name);
        let (read, whole) = bytes(&definition);
        let is_default = definition["default"] == true;
        all += read;
        default += if is_default { read } else { 0 };
        with_output += whole;
        rows.push((read, whole, is_default, tool.name));
    }
    rows.sort_by(|one, other| other.cmp(one));
    println!("bytes  share  with output schema  tool (* default)");
    for (read, whole, is_default, name) in rows {
        let share = read as f64 * 100.0 / all as f64;
        println!(
            "{read:5}  {share:4.1}%  {whole:18}  {name}{}",
            if is_default { " *" } else { "" }
        );
    }
    println!("{all} all, {default} default, {with_output} all with output schemas");
    let remedy = "Shorten descriptions and comments of arguments, or raise it in \
                  src/testing/tool_definitions.rs and say why in the commit.";
    assert!(
        all < ALL_BYTES,
        "all tools have {all} bytes, more than ALL_BYTES. {remedy}"
    );
    assert!(
        default < DEFAULT_BYTES,
        "the default tools have {default} bytes, more than DEFAULT_BYTES. {remedy}"
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tool-bytes.txt");
    let totals = [
        ("all", all),
        ("default", default),
        ("with-output-schemas", with_output),
    ];
    let file = fs::read_to_string(&path).unwrap_or_default();
    let is_near = |name: &str, now: usize| {
        let before = written_bytes(name, &file);
        now * 10 <= before * 11 && now * 10 >= before * 9
    };
    // Small changes do not rewrite the file: otherwise many of them could add up unnoticed.
    if bless() && !totals.iter().all(|(name, now)| is_near(name, *now)) {
        let lines: String = totals
            .iter()
            .map(|(name, now)| format!("{name} {now}\n"))
            .collect();
        fs::write(&path, lines).expect("the totals are written");
        return;
    }
    for (name, now) in totals {
        let before = written_bytes(name, &file);
        assert!(
            now * 10 <= before * 11,
            "{name}: {now} bytes are more than 10 % over the {before} of tests/tool-bytes.txt; make the tools smaller, or \
             BLESS=1 writes the file anew"
        );
    }
}

#[test]
fn definitions_have_no_null() {
    for tool in TOOLS {
        let definition = definition(tool.name).to_string();
        assert!(!definition.contains("null"), "{definition}");
    }
}

/// `docs/tools.md`: a table of the tools, with the first sentence of each description.
#[test]
fn the_table_of_tools_is_what_the_definitions_say() {
    let rows = TOOLS.iter().map(|tool| {
        let definition = definition(tool.name);
        let text = |key: &str| definition[key].as_str().expect("a text").to_owned();
        let description = text("description");
        let summary = description.split(". ").next().unwrap_or_default();
        format!(
            "| `{}` | {}{} | {} | {} | {} |\n",
            tool.name,
            text("toolset"),
            if definition["default"] == true {
                " (default)"
            } else {
                ""
            },
            text("effect").replace('-', " "),
            text("class"),
            summary.trim_end_matches('.')
        )
    });
    let table = format!(
        "# Tools\n\nWritten by `BLESS=1 cargo test -p gong-tools`. Toolsets marked (default) are listed \
         unless somebody asks for others. The class is for gateways that have one for each tool, such as \
         ConductorOne's: what it does where it changes something, else what is at risk.\n\n\
         | tool | toolset | effect | class | what it does |\n|---|---|---|---|---|\n{}",
        rows.collect::<String>()
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tools.md");
    if bless() {
        fs::write(&path, table).expect("the table is written");
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, table, "BLESS=1 rewrites docs/tools.md");
}
