//! One field of the schema in the form that Gong accepts.

use serde_json::{Map, Value, json};

use crate::{
    error::{Error, bad_argument},
    gong::crm::schema,
    json_ext::JsonExt,
    prelude::*,
    text::{fold_case, one_line, shortened},
    time,
    wit::crm::CrmFieldChange,
};

/// The types of a field.
pub(super) const TYPES: [&str; 14] = [
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

/// The object types that a field of type REFERENCE can refer to.
pub(super) const REFERENCES: [&str; 5] = ["ACCOUNT", "CONTACT", "DEAL", "LEAD", "USER"];

/// Checks that a text is one of Gong's words, in upper or lower case.
///
/// # Errors
/// `bad-argument`.
pub(super) fn word(
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
                fold_case(&words.join(", "))
            ),
            &format!("\"{}\".", fold_case(words[0])),
        )
    })
}

/// A field in the form that Gong accepts, from its present form and its change, which has an index
/// in the argument.
///
/// # Errors
/// `bad-argument` for a member that its type requires and neither has.
pub(super) fn field(
    old: Option<&Value>,
    indexed_change: Option<(usize, &CrmFieldChange)>,
) -> Result<Value, Error> {
    let before = |key: &str| old.and_then(|old| old.text(key));
    let change = indexed_change.map(|(_, change)| change);
    let name = match (old, change) {
        (Some(old), _) => schema::name(old),
        (None, change) => change.map_or_else(String::new, |change| change.name.trim().into()),
    };
    let argument = |member: &str| match indexed_change {
        Some((index, _)) => format!("fields[{index}].{member}"),
        None => "fields".into(),
    };
    let wrong = |member: &str, problem: &str, example: &str| {
        bad_argument(&argument(member), &format!("“{name}” {problem}"), example)
    };
    let label = change
        .and_then(|change| change.label.as_deref())
        .map(one_line)
        .or_else(|| before("label"))
        .filter(|label| !label.is_empty())
        .ok_or_else(|| wrong("label", "needs a label.", "\"Renewal risk\"."))?;
    let new_type = change.and_then(|change| change.field_type.as_deref());
    let kind = word(&argument("field_type"), new_type, &TYPES)?
        .or_else(|| before("type"))
        .ok_or_else(|| wrong("field_type", "needs a field_type.", "\"string\"."))?;
    let deleted = match change {
        Some(change) => change.delete == Some(true),
        None => old.is_some_and(|old| old.is("isDeleted")),
    };
    let (is_reference, is_picklist) = (kind == "REFERENCE", kind == "PICKLIST");
    let new_reference = change.and_then(|change| change.reference_to.as_deref());
    let reference = word(&argument("reference_to"), new_reference, &REFERENCES)?
        .or_else(|| before("referenceTo"))
        .filter(|_| is_reference);
    if is_reference && reference.is_none() && !deleted {
        return Err(wrong(
            "reference_to",
            "is a reference and needs reference_to.",
            "\"account\".",
        ));
    }
    let values = match change.map(|change| &change.values) {
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
    // In alphabetical order: natively serde_json keeps the order of insertion, in the component it
    // sorts, and both must send the same.
    let mut field = Map::new();
    if deleted {
        field.insert("isDeleted".into(), true.into());
    }
    field.insert("label".into(), label.into());
    // Only for an unchanged field: Gong sets the date of a change.
    let modified = before("lastModified").and_then(|date| time::parse_instant(&date));
    if let (Some(modified), None) = (modified, change) {
        field.insert("lastModified".into(), time::to_rfc3339(modified).into());
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
