//! The present fields with the changes made to them.

use alloc::{format, string::String, vec::Vec};
use serde_json::{Map, Value, json};

use crate::{
    error::{Error, bad_argument},
    gong::{
        calls::one_line,
        crm::schema,
        instant::{self, shortened},
        people::unknown,
        reading::Reading,
    },
    wit::crm::CrmFieldChange,
};

/// What a field of the schema can hold.
const TYPES: [&str; 14] = [
    "BOOLEAN",
    "CURRENCY",
    "DATE",
    "DATETIME",
    "EMAILADDRESS",
    "ID",
    "NUMBER",
    "PERCENT",
    "PHONENUMBER",
    "PICKLIST",
    "REFERENCE",
    "STRING",
    "STRINGARRAY",
    "URL",
];

/// What a field of type REFERENCE can refer to.
const REFERENCES: [&str; 5] = ["ACCOUNT", "CONTACT", "DEAL", "LEAD", "USER"];

/// What Gong is sent, and what is other about it.
pub(super) struct Merged {
    /// All fields, those that stay included.
    pub(super) fields: Vec<Value>,
    /// A sentence for each field that is added, changed or deleted.
    pub(super) differences: Vec<String>,
    /// Names of fields that lose their values.
    pub(super) losses: Vec<String>,
    /// How many stay as they are.
    pub(super) unchanged: u32,
}

/// One of Gong's words, whatever its case.
fn word(
    argument: &str,
    text: Option<&str>,
    words: &[&'static str],
) -> Result<Option<String>, Error> {
    let Some(text) = text.map(str::trim) else {
        return Ok(None);
    };
    let found = words.iter().find(|word| word.eq_ignore_ascii_case(text));
    found.map(|word| Some((*word).into())).ok_or_else(|| {
        bad_argument(
            argument,
            &format!(
                "“{}” is not one of {}.",
                shortened(text),
                words.join(", ").to_lowercase()
            ),
            &format!("\"{}\".", words[0].to_lowercase()),
        )
    })
}

/// What can be checked without knowing the present fields.
///
/// # Errors
/// `bad-argument` that names the field.
pub(super) fn check(changes: &[CrmFieldChange]) -> Result<(), Error> {
    for (index, change) in changes.iter().enumerate() {
        let at = |member: &str| format!("fields[{index}].{member}");
        let name = change.name.trim();
        if name.is_empty() {
            return Err(bad_argument(
                &at("name"),
                "it is empty.",
                "\"renewalRisk\".",
            ));
        }
        if changes[..index]
            .iter()
            .any(|other| other.name.trim() == name)
        {
            return Err(bad_argument(
                &at("name"),
                &format!("“{}” is there twice.", shortened(name)),
                "each field once.",
            ));
        }
        word(&at("field_type"), change.field_type.as_deref(), &TYPES)?;
        word(
            &at("reference_to"),
            change.reference_to.as_deref(),
            &REFERENCES,
        )?;
    }
    Ok(())
}

/// Makes the changes: what a change leaves out of a known field stays.
///
/// # Errors
/// `bad-argument` for an unknown field to delete, and for a field that lacks what its type needs.
pub(super) fn merge(present: &[Value], changes: &[CrmFieldChange]) -> Result<Merged, Error> {
    let mut merged = Merged {
        fields: Vec::new(),
        differences: Vec::new(),
        losses: Vec::new(),
        unchanged: 0,
    };
    for old in present {
        let name = schema::name(old);
        let change = changes
            .iter()
            .enumerate()
            .find(|(_, change)| change.name.trim() == name);
        let new = field(Some(old), change)?;
        merged.note(&name, Some(old), &new);
        merged.fields.push(new);
    }
    for (index, change) in changes.iter().enumerate() {
        let name = change.name.trim();
        if present.iter().any(|old| schema::name(old) == name) {
            continue;
        }
        if change.delete == Some(true) {
            return Err(unknown(
                &format!("fields[{index}].name"),
                "field",
                name,
                present
                    .iter()
                    .map(schema::name)
                    .map(|name| (name.clone(), name)),
                present.len(),
                "gong_list_crm_schema",
            ));
        }
        let new = field(None, Some((index, change)))?;
        merged.note(name, None, &new);
        merged.fields.push(new);
    }
    Ok(merged)
}

/// One field as Gong is sent it, of what it was and what is changed.
fn field(old: Option<&Value>, change: Option<(usize, &CrmFieldChange)>) -> Result<Value, Error> {
    let before = |key: &str| old.and_then(|old| old.text(key));
    let asked = change.map(|(_, change)| change);
    let name = match (old, asked) {
        (Some(old), _) => schema::name(old),
        (None, asked) => asked.map_or_else(String::new, |change| change.name.trim().into()),
    };
    let wrong = |member: &str, problem: &str, example: &str| {
        let at = match change {
            Some((index, _)) => format!("fields[{index}].{member}"),
            None => "fields".into(),
        };
        bad_argument(&at, &format!("“{name}” {problem}"), example)
    };
    let label = asked
        .and_then(|change| change.label.as_deref())
        .map(one_line)
        .or_else(|| before("label"))
        .filter(|label| !label.is_empty())
        .ok_or_else(|| wrong("label", "needs a label.", "\"Renewal risk\"."))?;
    let said = |member: &str, text: Option<&str>, words| match change {
        Some((index, _)) => word(&format!("fields[{index}].{member}"), text, words),
        None => Ok(None),
    };
    let asked_type = asked.and_then(|change| change.field_type.as_deref());
    let kind = said("field_type", asked_type, &TYPES)?
        .or_else(|| before("type"))
        .ok_or_else(|| wrong("field_type", "needs a field_type.", "\"string\"."))?;
    let deleted = match asked {
        Some(change) => change.delete == Some(true),
        None => old.is_some_and(|old| old.is("isDeleted")),
    };
    let (is_reference, is_picklist) = (kind == "REFERENCE", kind == "PICKLIST");
    let asked_reference = asked.and_then(|change| change.reference_to.as_deref());
    let reference = said("reference_to", asked_reference, &REFERENCES)?
        .or_else(|| before("referenceTo"))
        .filter(|_| is_reference);
    if is_reference && reference.is_none() && !deleted {
        return Err(wrong(
            "reference_to",
            "is a reference and needs reference_to.",
            "\"account\".",
        ));
    }
    let values = match asked.map(|change| &change.values) {
        Some(values) if !values.is_empty() => values.iter().map(|value| one_line(value)).collect(),
        _ => old.map_or_else(Vec::new, |old| old.texts("orderedValueList")),
    };
    let values = match is_picklist {
        true if values.is_empty() && !deleted => {
            return Err(wrong(
                "values",
                "is a picklist: Gong wants its values with every change of the fields, and does not tell them itself.",
                "{\"name\": \"risk\", \"values\": [\"low\", \"high\"]} among the fields.",
            ));
        }
        true => values,
        false => Vec::new(),
    };
    // In alphabetical order, so that it reads the same whatever keeps the members.
    let mut field = Map::new();
    if deleted {
        field.insert("isDeleted".into(), true.into());
    }
    field.insert("label".into(), label.into());
    // Of the field before the change: a new date is Gong's to know.
    let modified = before("lastModified").and_then(|date| instant::seconds(&date));
    if let (Some(modified), None) = (modified, asked) {
        field.insert("lastModified".into(), instant::asked(modified).into());
    }
    if !values.is_empty() {
        field.insert("orderedValueList".into(), json!(values));
    }
    if let Some(reference) = reference {
        field.insert("referenceTo".into(), reference.into());
    }
    field.insert("type".into(), kind.into());
    field.insert("uniqueName".into(), name.into());
    Ok(Value::Object(field))
}

impl Merged {
    /// Notes what is other about a field than it was.
    fn note(&mut self, name: &str, old: Option<&Value>, new: &Value) {
        let text = |value: &Value, key: &str| value.text(key).unwrap_or_default();
        let Some(old) = old else {
            self.differences.push(format!(
                "Adds {name} (“{}”, {}).",
                text(new, "label"),
                text(new, "type").to_lowercase()
            ));
            return;
        };
        match (old.is("isDeleted"), new.is("isDeleted")) {
            (false, true) => {
                self.differences.push(format!("Deletes {name}."));
                self.losses.push(name.into());
                return;
            }
            (true, false) => {
                self.differences
                    .push(format!("Brings back {name}, without the values it had."));
                return;
            }
            _ => {}
        }
        let mut parts: Vec<String> = [
            ("label", "label"),
            ("type", "type"),
            ("referenceTo", "reference"),
        ]
        .iter()
        .filter(|(key, _)| text(old, key) != text(new, key))
        .map(|(key, label)| format!("{label} “{}” → “{}”", text(old, key), text(new, key)))
        .collect();
        if old.texts("orderedValueList") != new.texts("orderedValueList") {
            parts.push(format!(
                "values “{}” → “{}”",
                old.texts("orderedValueList").join("; "),
                new.texts("orderedValueList").join("; ")
            ));
        }
        if parts.is_empty() {
            self.unchanged += 1;
            return;
        }
        if text(old, "type") != text(new, "type") {
            self.losses.push(name.into());
        }
        self.differences
            .push(format!("Changes {name}: {}.", parts.join(", ")));
    }
}
