//! The operations of Gong's API, `tests/operations.txt`, beside what the tools state of
//! them: none is left out, none is made up, and no tool is graver than it says.
//!
//! A line is method, path as Gong documents it, and effect: `read`, `metered-read` (spends
//! credits), `write`, `outreach` (reaches people outside), `destructive` (takes something
//! away, or can).

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use crate::{testing::tool_definitions::definition, tools::TOOLS};

/// From harmless to grave.
const EFFECTS: [&str; 5] = ["read", "metered-read", "write", "outreach", "destructive"];

/// Operations that came after the document which `endpoints.json` was made of.
const LATER: [(&str, &str); 2] = [
    ("GET /v2/targets", "read"),
    ("POST /v2/targets/{targetId}/assignments", "write"),
];

/// Tools whose effect is not the gravest of their operations': tool, effect, why.
const EXCEPTIONS: [(&str, &str, &str); 0] = [];

/// What a tool's contract states.
struct Stated {
    tool: &'static str,
    effect: String,
    operations: Vec<String>,
}

fn stated() -> Vec<Stated> {
    let of = |tool: &crate::tools::Tool| {
        let contract = definition(tool.name);
        Stated {
            tool: tool.name,
            effect: contract["effect"].as_str().expect("an effect").to_owned(),
            operations: serde_json::from_value(contract["operations"].clone())
                .expect("a list of texts"),
        }
    };
    TOOLS.iter().map(of).collect()
}

/// Effect by operation, in the order of the file.
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

/// `--nocapture` prints the table.
#[test]
#[expect(clippy::print_stdout, reason = "a table for whoever looks for a gap")]
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
fn no_tool_has_an_operation_that_gong_has_not() {
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

/// Where the table that was made of Gong's document is: in the folder of the file that
/// `GONG_OPENAPI` names, else in `../shared/gong`, seen from the workspace.
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

/// The words of `endpoints.json`: `WRITE, can be DESTRUCTIVE (…)`.
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
