//! What a log entry says. Gong documents no field of `logRecord`.

use serde_json::Value;

use crate::{prelude::*, text::one_line};

/// Characters of one value that are shown.
const MOST: usize = 120;

/// `field: value`, by name; what is empty is left out.
pub(super) fn of(record: Option<&Value>) -> String {
    let mut parts = Vec::new();
    match record {
        Some(Value::Object(fields)) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_cached_key(|(name, _)| *name);
            for (name, value) in fields {
                if let Some(value) = shown(value) {
                    parts.push(format!("{}: {value}", one_line(name)));
                }
            }
        }
        other => parts.extend(other.and_then(shown)),
    }
    parts.join(", ")
}

fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => one_line(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(shown).collect();
            items.join(" ")
        }
        Value::Object(_) => match of(Some(value)) {
            inner if inner.is_empty() => inner,
            inner => format!("({inner})"),
        },
        other => other.to_string(),
    };
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn fields_are_told_by_name_without_what_is_empty() {
        let record = serde_json::json!({"b": null, "c": {"y": [1, "two"], "x": {}}, "a": "A\nB", "d": false, "e": ""});
        assert_eq!(of(Some(&record)), "a: A B, c: (y: 1 two), d: false");
        assert_eq!(of(None), "");
    }
}
