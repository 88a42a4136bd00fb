//! Merges changes into the present fields.

mod field;

use field::{REFERENCES, TYPES, field, word};
use serde_json::Value;

use crate::{
    error::{Error, bad_argument},
    gong::crm::schema,
    json_ext::JsonExt,
    names::unknown,
    prelude::*,
    text::{fold_case, shortened},
    wit::crm::CrmFieldChange,
};

/// The fields to send, and how they differ from the present ones.
pub(super) struct Merged {
    /// All fields, including unchanged ones.
    pub(super) fields: Vec<Value>,
    /// A sentence for each field that is added, changed or deleted.
    pub(super) differences: Vec<String>,
    /// Names of fields that lose their values.
    pub(super) losses: Vec<String>,
    /// How many fields do not change.
    pub(super) unchanged: u32,
}

/// Checks what can be checked without the present fields.
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

/// Merges the changes. Members that a change leaves out keep their present value.
///
/// # Errors
/// `bad-argument` for an unknown field to delete, and for a field without members that its type
/// requires.
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
        merged.record(&name, Some(old), &new);
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
        merged.record(name, None, &new);
        merged.fields.push(new);
    }
    Ok(merged)
}

impl Merged {
    /// Records how a field changes.
    fn record(&mut self, name: &str, old: Option<&Value>, new: &Value) {
        let text = |value: &Value, key: &str| value.text(key).unwrap_or_default();
        let Some(old) = old else {
            self.differences.push(format!(
                "Adds {name} (“{}”, {}).",
                text(new, "label"),
                fold_case(&text(new, "type"))
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
