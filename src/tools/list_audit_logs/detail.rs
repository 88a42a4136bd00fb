//! The details of a log entry. Gong documents no field of `logRecord`.

use serde_json::Value;

use crate::{prelude::*, text::one_line};

/// The most characters of a value that are shown.
const MAX_VALUE: usize = 120;

/// The fields of a record sorted by name, `field: value, …`, without empty ones.
pub(super) fn detail(record: Option<&Value>) -> String {
    let mut parts = Vec::new();
    match record {
        Some(Value::Object(fields)) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in fields {
                if let Some(value) = value_text(value) {
                    parts.push(format!("{}: {value}", one_line(name)));
                }
            }
        }
        other => parts.extend(other.and_then(value_text)),
    }
    parts.join(", ")
}

fn value_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => one_line(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(value_text).collect();
            items.join(" ")
        }
        Value::Object(_) => match detail(Some(value)) {
            inner if inner.is_empty() => inner,
            inner => format!("({inner})"),
        },
        other => other.to_string(),
    };
    let mut short: String = text.chars().take(MAX_VALUE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::detail;

    #[test]
    fn fields_are_sorted_and_empty_ones_left_out() {
        let record = serde_json::json!({"b": null, "c": {"y": [1, "two"], "x": {}}, "a": "A\nB", "d": false, "e": ""});
        assert_eq!(detail(Some(&record)), "a: A B, c: (y: 1 two), d: false");
        assert_eq!(detail(None), "");
    }
}
