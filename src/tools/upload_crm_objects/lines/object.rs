//! One object of an upload, by its type.

use serde::Deserialize;
use serde_json::Value;

use crate::{prelude::*, text::shortened, time, wit::crm::CrmUploadType as Type};

/// What is looked at of an object, whatever else it has.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Object {
    object_id: Option<Value>,
    modified_date: Option<Value>,
    is_deleted: Option<Value>,
    url: Option<Value>,
    email_address: Option<Value>,
    domains: Option<Value>,
    status: Option<Value>,
    amount: Option<Value>,
    created_date: Option<Value>,
    name: Option<Value>,
    is_active: Option<Value>,
    sort_order: Option<Value>,
    account_id: Option<Value>,
    owner_id: Option<Value>,
    close_date: Option<Value>,
}

impl Object {
    fn get(&self, key: &str) -> Option<&Value> {
        let member = match key {
            "objectId" => &self.object_id,
            "modifiedDate" => &self.modified_date,
            "isDeleted" => &self.is_deleted,
            "url" => &self.url,
            "emailAddress" => &self.email_address,
            "domains" => &self.domains,
            "status" => &self.status,
            "amount" => &self.amount,
            "createdDate" => &self.created_date,
            "name" => &self.name,
            "isActive" => &self.is_active,
            "sortOrder" => &self.sort_order,
            "accountId" => &self.account_id,
            "ownerId" => &self.owner_id,
            "closeDate" => &self.close_date,
            _ => &None,
        };
        member.as_ref()
    }
}

/// Characters of an objectId.
const OBJECT_ID: usize = 64;

/// Checks one object; its id.
pub(super) fn check(object_type: Type, object: &Object) -> Result<String, String> {
    let id = text_of(object, "objectId").ok_or("has no objectId, a text")?;
    let is_email = id.contains('@');
    // Gong's text allows letters, digits and "-", its examples have "_" too.
    let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    if id.chars().count() > OBJECT_ID || !(is_email || id.chars().all(allowed)) {
        return Err(format!(
            "objectId “{}” is not up to {OBJECT_ID} letters, digits and dashes, or an e-mail address",
            shortened(id)
        ));
    }
    match object.get("modifiedDate") {
        // Gong's table of stages has none.
        None | Some(Value::Null) if object_type == Type::Stage => {}
        _ => date_time(object, "modifiedDate")?,
    }
    typed(object, "isDeleted", Value::is_boolean, "true or false")?;
    let is_url = |value: &Value| {
        value
            .as_str()
            .is_some_and(|url| url.starts_with("http") && url.contains("://"))
    };
    typed(
        object,
        "url",
        is_url,
        "a URL such as https://crm.acme.example/17",
    )?;
    let is_email = |value: &Value| value.as_str().is_some_and(|text| text.contains('@'));
    typed(object, "emailAddress", is_email, "an e-mail address")?;
    match object_type {
        Type::Account => {
            let are_texts = |value: &Value| {
                let items = value.as_array();
                items.is_some_and(|items| items.iter().all(Value::is_string))
            };
            typed(object, "domains", are_texts, "a list of texts")?;
        }
        Type::BusinessUser => {
            if !is_deleted(object) && text_of(object, "emailAddress").is_none() {
                return Err("has no emailAddress".into());
            }
        }
        Type::Deal => {
            let is_status = |value: &Value| {
                let status = value.as_str().unwrap_or_default();
                ["WON", "LOST", "OPEN"].contains(&status)
            };
            typed(object, "status", is_status, "WON, LOST or OPEN")?;
            typed(object, "amount", Value::is_number, "a number")?;
            if object
                .get("createdDate")
                .is_some_and(|date| !date.is_null())
            {
                date_time(object, "createdDate")?;
            }
        }
        Type::Stage => {
            text_of(object, "name").ok_or("has no name")?;
            typed(object, "isActive", Value::is_boolean, "true or false")?;
            typed(object, "sortOrder", Value::is_i64, "a whole number")?;
        }
        Type::Contact | Type::Lead => {}
    }
    Ok(id.into())
}

/// A text that is not empty.
pub(super) fn text_of<'o>(object: &'o Object, key: &str) -> Option<&'o str> {
    let text = object.get(key)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

/// Whether the object is to be deleted.
pub(super) fn is_deleted(object: &Object) -> bool {
    object.get("isDeleted") == Some(&Value::Bool(true))
}

fn typed(
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

/// ISO-8601 with zone and without milliseconds.
fn date_time(object: &Object, key: &str) -> Result<(), String> {
    let text = text_of(object, key).unwrap_or_default();
    let shape = text.as_bytes().get(10) == Some(&b'T') && !text.contains(['.', ',', '[']);
    match shape && time::parse_instant(text).is_some() {
        true => Ok(()),
        false => Err(format!(
            "{key} is not a date and time with zone and without milliseconds, such as 2026-11-01T09:00:00Z"
        )),
    }
}
