//! The details of a log entry. Gong documents no field of `logRecord`.

use serde_json::Value;

use crate::{prelude::*, text::one_line};

/// Parts of names whose values let somebody in: they are in logs as they were in the request.
const SECRETS: [&str; 8] = [
    "csrf",
    "token",
    "password",
    "secret",
    "saml",
    "cookie",
    "authorization",
    "credential",
];

/// The fields of a record sorted by name, `field: value, …`, whole, without empty ones and without
/// secrets.
pub(super) fn detail(record: Option<&Value>) -> String {
    let mut parts = Vec::new();
    match record {
        Some(Value::Object(fields)) => {
            let mut fields: Vec<_> = fields.iter().filter(|(name, _)| !is_secret(name)).collect();
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

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret))
}

fn value_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => return value_text(&inner),
            _ => without_secrets(&one_line(text)),
        },
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
    (!text.is_empty()).then_some(text)
}

/// A text without the values in it that follow the name of a secret: `_csrf=…` in a query, `token: …`
/// in a header.
fn without_secrets(text: &str) -> String {
    let is_end = |c: char| matches!(c, '&' | ',' | ';' | '}' | ')' | ']');
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (name, value) = rest.split_at(at + 1);
        kept.push_str(name);
        let word = name.rsplit(|c: char| is_end(c) || matches!(c, '?' | '{' | '(' | '[' | ' '));
        rest = value;
        if word.clone().next().is_some_and(is_secret) {
            kept.push('…');
            rest = &value[value.find(is_end).unwrap_or(value.len())..];
        }
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::detail;

    #[test]
    fn fields_are_sorted_and_empty_ones_left_out() {
        let record =
            json!({"b": null, "c": {"y": [1, "two"], "x": {}}, "a": "A\nB", "d": false, "e": ""});
        assert_eq!(detail(Some(&record)), "a: A B, c: (y: 1 two), d: false");
        assert_eq!(detail(None), "");
    }

    #[test]
    fn values_are_whole_but_for_secrets() {
        let long = "warehouse_".repeat(40);
        let record = json!({"table": long, "_csrf": "s3", "loginToken": "s3", "page": "/x?tab=1&_csrf=s3&to=a=b", "header": "Authorization: Bearer s3, host: h",
            "params": "{\"_csrf\": [\"s3\"], \"tables\": [\"t1\"]}", "map": "{access_token=s3, name=x}"});
        let shown = detail(Some(&record));
        assert_eq!(
            shown,
            format!(
                "header: Authorization:…, host: h, map: {{access_token=…, name=x}}, page: /x?tab=1&_csrf=…&to=a=b, params: (tables: t1), table: {long}"
            )
        );
    }
}
