//! Checks one object of an upload by its type.

use serde_json::{Map, Value};

use crate::{prelude::*, text::shortened, time, wit::crm::CrmUploadType as Type};

/// An object of an upload.
pub(super) type Object = Map<String, Value>;

/// The longest objectId, in characters.
const MAX_OBJECT_ID: usize = 64;

/// Checks an object and returns its id.
///
/// # Errors
/// What is wrong with it, as the rest of a sentence that begins with the line's number.
pub(super) fn check(object_type: Type, object: &Object) -> Result<String, String> {
    let id = text_member(object, "objectId").ok_or("has no objectId, a text")?;
    let is_email = id.contains('@');
    // Gong documents letters, digits and "-"; its examples have "_" too.
    let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    if id.chars().count() > MAX_OBJECT_ID || !(is_email || id.chars().all(allowed)) {
        return Err(format!(
            "objectId “{}” is not up to {MAX_OBJECT_ID} letters, digits and dashes, or an e-mail address",
            shortened(id)
        ));
    }
    match object.get("modifiedDate") {
        // Gong's documentation of stages has no modifiedDate.
        None | Some(Value::Null) if object_type == Type::Stage => {}
        _ => check_date_time(object, "modifiedDate")?,
    }
    check_member(object, "isDeleted", Value::is_boolean, "true or false")?;
    let is_url = |value: &Value| {
        value
            .as_str()
            .is_some_and(|url| url.starts_with("http") && url.contains("://"))
    };
    check_member(
        object,
        "url",
        is_url,
        "a URL such as https://crm.acme.example/17",
    )?;
    let is_email = |value: &Value| value.as_str().is_some_and(|text| text.contains('@'));
    check_member(object, "emailAddress", is_email, "an e-mail address")?;
    match object_type {
        Type::Account => {
            let are_texts = |value: &Value| {
                let items = value.as_array();
                items.is_some_and(|items| items.iter().all(Value::is_string))
            };
            check_member(object, "domains", are_texts, "a list of texts")?;
        }
        Type::BusinessUser => {
            if !is_deleted(object) && text_member(object, "emailAddress").is_none() {
                return Err("has no emailAddress".into());
            }
        }
        Type::Deal => {
            let is_status = |value: &Value| {
                let status = value.as_str().unwrap_or_default();
                ["WON", "LOST", "OPEN"].contains(&status)
            };
            check_member(object, "status", is_status, "WON, LOST or OPEN")?;
            check_member(object, "amount", Value::is_number, "a number")?;
            if object
                .get("createdDate")
                .is_some_and(|date| !date.is_null())
            {
                check_date_time(object, "createdDate")?;
            }
        }
        Type::Stage => {
            text_member(object, "name").ok_or("has no name")?;
            check_member(object, "isActive", Value::is_boolean, "true or false")?;
            check_member(object, "sortOrder", Value::is_i64, "a whole number")?;
        }
        Type::Contact | Type::Lead => {}
    }
    Ok(id.into())
}

/// A member that is a text and not empty.
pub(super) fn text_member<'o>(object: &'o Object, key: &str) -> Option<&'o str> {
    let text = object.get(key)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

/// Whether the object is to be deleted.
pub(super) fn is_deleted(object: &Object) -> bool {
    object.get("isDeleted") == Some(&Value::Bool(true))
}

/// Checks a member, which may be absent or null.
fn check_member(
    object: &Object,
    key: &str,
    is: impl Fn(&Value) -> bool,
    what: &str,
) -> Result<(), String> {
    match object.get(key) {
        Some(value) if !value.is_null() && !is(value) => Err(format!("{key} is not {what}")),
        _ => Ok(()),
    }
}

/// Checks a member that must be a date and time in ISO 8601, with zone and without milliseconds.
fn check_date_time(object: &Object, key: &str) -> Result<(), String> {
    let text = text_member(object, key).unwrap_or_default();
    let shape = text.as_bytes().get(10) == Some(&b'T') && !text.contains(['.', ',', '[']);
    match shape && time::parse_instant(text).is_some() {
        true => Ok(()),
        false => Err(format!(
            "{key} is not a date and time with zone and without milliseconds, such as 2026-11-01T09:00:00Z"
        )),
    }
}
