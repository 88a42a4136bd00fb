//! The ways to write that an optional argument is not there. Clients whose schemas have no optional
//! arguments fill in all of them.

use serde_json::Value;

/// What programs print where there is nothing.
const WORDS: [&str; 4] = ["null", "none", "undefined", "nil"];

/// Whether a value says that an optional argument of this schema is absent.
pub(super) fn is_absent(value: &Value, schema: &Value) -> bool {
    let is_number = matches!(schema["type"].as_str(), Some("integer" | "number"));
    match value {
        Value::Null => true,
        // No optional number means something else by 0.
        Value::Number(number) => is_number && number.as_f64() == Some(0.0),
        Value::String(text) => {
            let text = text.trim();
            let is_option = || {
                schema["enum"]
                    .as_array()
                    .is_some_and(|all| all.contains(value))
            };
            let is_word = || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
            text.is_empty() || (is_word() && !is_option()) || (is_number && text.parse() == Ok(0.0))
        }
        Value::Array(items) => {
            let schema = match schema["type"] == "array" {
                true => &schema["items"],
                false => schema,
            };
            items.iter().all(|item| is_absent(item, schema))
        }
        Value::Object(members) => match schema["type"].as_str() {
            Some("array") => members.is_empty() || is_absent(value, &schema["items"]),
            Some("object") => members
                .iter()
                .all(|(name, member)| is_absent(member, &schema["properties"][name])),
            _ => false,
        },
        Value::Bool(_) => false,
    }
}
