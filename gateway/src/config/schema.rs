//! The JSON Schema of `gateway.toml`, for editors and for checks in other tools.
//!
//! Nothing is written twice: a file with every key is read as any other, the document notes which
//! value was read as what, and the schema is made of these notes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::document::{Kind, Read};
use super::parse;

/// A file with every key.
const EVERY_KEY: &str = include_str!("every_key.toml");

/// Keys that exclude others of it.
const ALTERNATIVES: [&str; 5] = [
    "audit.push.file = 'audit.jsonl'",
    "audit.push.command = ['/usr/bin/systemd-cat']",
    include_str!("every_key_of_a_resource_server.toml"),
    "admins.ada.tokens = [{ hash = 'sha256:…', expires = 2027-03-31 }]",
    "tenants.acme.users.mia.tokens = [{ hash = 'sha256:…', expires = 2027-03-31 }]",
];

/// The JSON Schema (draft 2020-12) of `gateway.toml`.
#[must_use]
pub fn schema() -> Value {
    let mut schema = node(&reads(), &[]);
    let about = [
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("title", "gateway.toml of gong-gateway"),
    ];
    if let Some(object) = schema.as_object_mut() {
        for (key, value) in about {
            object.insert(key.to_owned(), value.into());
        }
    }
    schema
}

/// What is read from every key.
fn reads() -> BTreeMap<Vec<String>, Read> {
    let recorded = |text| parse::recorded("every_key.toml", text, Path::new("")).1;
    let mut reads = recorded(EVERY_KEY);
    for (path, read) in ALTERNATIVES.into_iter().flat_map(recorded) {
        let known = reads.entry(path).or_default();
        if known.kind.is_none() {
            *known = read;
        }
    }
    reads
}

/// The schema of the table at a path.
fn node(reads: &BTreeMap<Vec<String>, Read>, path: &[String]) -> Value {
    let children = reads
        .iter()
        .filter(|(at, _)| at.len() == path.len() + 1 && at.starts_with(path));
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut names = None;
    for (at, read) in children {
        let key = &at[path.len()];
        let value = match &read.kind {
            Some(Kind::Table) => node(reads, at),
            Some(Kind::Value(schema)) => schema.clone(),
            // A key that nothing was read from: the file with every key lacks it.
            None => continue,
        };
        if read.is_name {
            names = Some(value);
            continue;
        }
        if read.required {
            required.push(key.clone());
        }
        properties.insert(key.clone(), value);
    }
    let mut schema = json!({ "type": "object" });
    match names {
        // The keys are names, such as those of tenants.
        Some(value) => schema["additionalProperties"] = value,
        None => {
            schema["properties"] = properties.into();
            schema["additionalProperties"] = false.into();
        }
    }
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema in the repository. `GATEWAY_BLESS=1 cargo test -p gateway schema` writes it anew.
    #[test]
    fn the_schema_in_the_repository_is_the_parsers() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("gateway.schema.json");
        let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("GATEWAY_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == text,
            "gateway.schema.json is out of date; write it with GATEWAY_BLESS=1"
        );
    }

    #[test]
    fn the_file_with_every_key_has_every_key_and_no_error() {
        let (errors, _) = parse::recorded("every_key.toml", EVERY_KEY, Path::new(""));
        assert!(errors.0.is_empty(), "{errors}");
        for (path, read) in reads() {
            assert!(read.kind.is_some(), "{path:?} is not in every_key.toml");
        }
    }
}
