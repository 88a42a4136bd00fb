//! Compares the operations of Gong's API in `tests/operations.txt` with those that the tools state:
//! every operation has a tool, every stated operation exists, and a tool's effect is that of its
//! gravest operation.
//!
//! A line is method, path as Gong documents it, and effect: `read`, `metered-read` (spends
//! credits), `write`, `outreach` (reaches people outside), `destructive` (removes something,
//! or can).

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use crate::{testing::tool_definitions::definition, tools::TOOLS};

/// The effects, from harmless to grave.
const EFFECTS: [&str; 5] = ["read", "metered-read", "write", "outreach", "destructive"];

/// Operations that are newer than Gong's document from which `endpoints.json` was made.
const LATER: [(&str, &str); 2] = [
    ("GET /v2/targets", "read"),
    ("POST /v2/targets/{targetId}/assignments", "write"),
];

/// Tools whose effect is not that of their gravest operation: tool, effect, reason.
const EXCEPTIONS: [(&str, &str, &str); 0] = [];

/// What a tool's definition states.
struct Stated {
    tool: &'static str,
    effect: String,
    operations: Vec<String>,
}

fn stated() -> Vec<Stated> {
    let of = |tool: &crate::tools::Tool| {
        let definition = definition(tool.name);
        Stated {
            tool: tool.name,
            effect: definition["effect"].as_str().expect("an effect").to_owned(),
            operations: serde_json::from_value(definition["operations"].clone())
                .expect("a list of texts"),
        }
    };
    TOOLS.iter().map(of).collect()
}

/// The effect of each operation, from the file.
fn table() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operations.txt");
    let file = fs::read_to_string(path).expect("tests/operations.txt");
    let lines: Vec<&str> = file.lines().collect();
    assert!(
        lines.is_sorted_by(|one, other| one < other),
        "tests/operations.txt is sorted, each line once"
    );
    lines
        .iter()
        .map(|line| {
            let (operation, effect) = line.rsplit_once(' ').expect("METHOD path effect");
            gravity(effect);
            (operation.to_owned(), effect.to_owned())
        })
        .collect()
}

fn gravity(effect: &str) -> usize {
    EFFECTS
        .iter()
        .position(|known| *known == effect)
        .unwrap_or_else(|| panic!("{effect} is no effect"))
}

/// With `--nocapture` it prints each operation with its tools.
#[test]
#[expect(clippy::print_stdout, reason = "a table for finding gaps")]
fn every_operation_has_a_tool() {
    let stated = stated();
    let mut without = Vec::new();
    for (operation, effect) in table() {
        let tools: Vec<&str> = stated
            .iter()
            .filter(|stated| stated.operations.contains(&operation))
            .map(|stated| stated.tool)
            .collect();
        println!("{operation} ({effect}): {}", tools.join(", "));
        if tools.is_empty() {
            without.push(operation);
        }
    }
    assert!(without.is_empty(), "no tool: {without:#?}");
}

#[test]
fn every_stated_operation_exists() {
    let table = table();
    for Stated {
        tool, operations, ..
    } in stated()
    {
        assert!(!operations.is_empty(), "{tool} states no operation");
        let each: BTreeSet<&String> = operations.iter().collect();
        assert_eq!(each.len(), operations.len(), "{tool} states one twice");
        for operation in each {
            assert!(table.contains_key(operation), "{tool}: {operation}");
        }
    }
}

#[test]
fn a_tool_is_as_grave_as_its_gravest_operation() {
    let table = table();
    let mut wrong = Vec::new();
    let mut excepted = BTreeSet::new();
    for Stated {
        tool,
        effect,
        operations,
    } in stated()
    {
        let effects = operations.iter().filter_map(|one| table.get(one));
        let gravest = effects.map(|effect| gravity(effect)).max();
        let gravest = EFFECTS[gravest.expect("an operation of the table")];
        if gravest == effect {
            continue;
        }
        match EXCEPTIONS.iter().find(|(excepted, ..)| *excepted == tool) {
            Some((_, allowed, why)) if *allowed == effect && !why.is_empty() => {
                excepted.insert(tool);
            }
            _ => wrong.push(format!("{tool} says {effect}, its operations {gravest}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let needed: BTreeSet<&str> = EXCEPTIONS.iter().map(|(tool, ..)| *tool).collect();
    assert_eq!(needed, excepted, "exceptions that are none");
}

/// The path of `endpoints.json`, a table made from Gong's OpenAPI document: in the folder of the file
/// that `GONG_OPENAPI` names, else in `../shared/gong` beside the workspace.
fn endpoints(openapi: Option<OsString>) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = match openapi.filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path).parent().map(Path::to_owned),
        None => workspace
            .parent()
            .map(|beside| beside.join("shared").join("gong")),
    };
    folder.unwrap_or_default().join("endpoints.json")
}

/// The effect that `endpoints.json` describes in words: `WRITE, can be DESTRUCTIVE (…)`.
fn effect_in(words: &str) -> &'static str {
    match words {
        _ if words.starts_with("READ, METERED") => "metered-read",
        _ if words.starts_with("READ") => "read",
        _ if words.contains("DESTRUCTIVE") => "destructive",
        _ if words.starts_with("WRITE with outside effect") => "outreach",
        _ if words.starts_with("WRITE") => "write",
        other => panic!("{other} is no effect"),
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "says what was skipped")]
fn the_table_is_what_gong_documents() {
    let path = endpoints(std::env::var_os("GONG_OPENAPI"));
    let Ok(file) = fs::read_to_string(&path) else {
        println!("skipped: there is no {}", path.display());
        return;
    };
    let documented: Vec<Value> = serde_json::from_str(&file).expect("JSON");
    let text = |value: &Value, key: &str| value[key].as_str().expect("a text").to_owned();
    let documented: BTreeMap<String, String> = documented
        .iter()
        .map(|one| {
            let operation = format!("{} {}", text(one, "method"), text(one, "path"));
            (operation, effect_in(&text(one, "effect")).to_owned())
        })
        .chain(LATER.map(|(operation, effect)| (operation.to_owned(), effect.to_owned())))
        .collect();
    assert_eq!(table(), documented);
}
