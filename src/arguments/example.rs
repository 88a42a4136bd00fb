//! Arguments that work, for errors: the place in question and all that the schema requires.

use serde_json::{Map, Value, json};

use crate::prelude::*;

/// Arguments with a place such as `parties[0].email` in them; none in particular for "".
pub(super) fn arguments(schema: &Value, place: &str) -> String {
    let place: Vec<&str> = place
        .split('.')
        .map(|name| name.split('[').next().unwrap_or_default())
        .collect();
    spaced(&object(schema, &place))
}

/// JSON with a space behind each colon and comma, as models write it. Members are sorted: another crate
/// of a native build may have turned on serde_json's `preserve_order`.
fn spaced(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("\"{name}\": {}", spaced(value)))
                .collect();
            members.sort();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// The members that are required, and the one that the place names; of an object that requires none,
/// the first.
fn object(schema: &Value, place: &[&str]) -> Value {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    let required = schema["required"].as_array();
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
    let (place, within) = match place {
        [place, within @ ..] => (*place, within),
        [] => ("", &[][..]),
    };
    let mut object = Map::new();
    for (name, schema) in properties {
        if name == place {
            object.insert(name.clone(), value(name, schema, within));
        } else if is_required(name) {
            object.insert(name.clone(), value(name, schema, &[]));
        }
    }
    Value::Object(object)
}

fn value(name: &str, schema: &Value, within: &[&str]) -> Value {
    if let Some(option) = schema["enum"].get(0) {
        return option.clone();
    }
    match schema["type"].as_str() {
        Some("object") => match object(schema, within) {
            Value::Object(members) if members.is_empty() => {
                let first = schema["properties"]
                    .as_object()
                    .and_then(|all| all.keys().min());
                first.map_or_else(|| json!({}), |first| object(schema, &[first]))
            }
            members => members,
        },
        Some("array") => json!([value(name, &schema["items"], within)]),
        Some("integer" | "number") => json!(number(schema)),
        Some("boolean") => json!(true),
        _ => json!(place_in_call(schema).unwrap_or_else(|| text(name))),
    }
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

/// A number that the description allows: the default, else the least.
fn number(schema: &Value) -> u32 {
    let described = description(schema);
    let default = described.split_once("default ").map(|(_, rest)| rest);
    let least = described
        .find(|c: char| c.is_ascii_digit())
        .map(|at| &described[at..]);
    let digits = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit());
        text[..end.unwrap_or(text.len())].parse().ok()
    };
    default
        .and_then(digits)
        .or(least.and_then(digits))
        .unwrap_or(20)
}

/// The place in a call that a description begins with, such as `12:30`: there `from` is no date.
fn place_in_call(schema: &Value) -> Option<&str> {
    let first = description(schema).split([' ', ',']).next()?;
    let first = first.trim_end_matches(':');
    let is_place = first.contains(':') && first.bytes().all(|c| c == b':' || c.is_ascii_digit());
    is_place.then_some(first)
}

/// A text as an argument of this name has it.
fn text(name: &str) -> &'static str {
    match name {
        "invitees" => "Jo Ray <jo.ray@acme.com>",
        "parties" | "people" | "person" | "sharer" => "Jo Ray, jo.ray@acme.com",
        "reviewed" | "users" | "user" | "by" | "owner" | "host" | "manager" | "participant"
        | "email" | "organizer" => "jo.ray@acme.com",
        "scorecards" => "Discovery call",
        "prospects" | "prospect" | "crm_id" | "ids" | "account_crm_id" | "crm_account"
        | "crm_deal" | "crm_entity" => "0035e00000AbCdEAAV",
        "crm" => "Salesforce Account 0015e00001AbCdEAAV",
        "access" => "calls all",
        "allow" | "deny" => "downloadCallMedia",
        "origins" => "dialer https://acme.example",
        "fields" => "Plan: Pro",
        "call" | "calls" | "folder" | "parent" | "flow" | "flows" | "task" | "meeting"
        | "integration" | "instances" | "library_folders" => "7782342274025937895",
        "id" => "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "from" | "to" | "review_from" | "review_to" => "7d",
        "start" | "started" | "due" | "timestamp" | "scheduled_start" => "2026-11-01T09:00Z",
        "end" | "scheduled_end" => "2026-11-01T10:00Z",
        "max_age" => "15m",
        "period" => "LAST_90DAYS",
        "resume" => "resume of the previous answer",
        "language" => "eng",
        "phone" => "+14155550123",
        "query" => "pricing",
        "question" => "What are the open risks?",
        "url" | "meeting_url" | "download_media_url" | "linkedin_url" => {
            "https://acme.example/page"
        }
        "file_name" => "call.mp3",
        "media" => "UklGRg==",
        "objects" => "{\"objectId\": \"17\", \"modifiedDate\": \"2026-11-01T09:00:00Z\"}",
        _ => "Acme",
    }
}
