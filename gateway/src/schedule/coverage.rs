//! How complete something is, as a tool says it: a list of labels with per cent.
//!
//! The gateway does not know what the tool is about. It takes a member of the structured result that
//! is a list of objects, each with the number `percent` and one label of digits and dashes, such as
//! `{"month": "2026-11", "percent": 100}`. Other labels could be names, which the state file must not
//! have.

use serde_json::Value;

/// Bars that are shown at most, the last ones.
const MOST: usize = 60;

/// Characters of a label.
const LONGEST: usize = 10;

/// The first such list of a structured result.
pub(super) fn of(structured: &Value) -> Option<Vec<(String, u32)>> {
    let lists = structured.as_object()?.values().filter_map(Value::as_array);
    lists.filter_map(|list| bars(list)).next()
}

fn bars(list: &[Value]) -> Option<Vec<(String, u32)>> {
    if list.is_empty() {
        return None;
    }
    let shown = &list[list.len().saturating_sub(MOST)..];
    shown.iter().map(bar).collect()
}

fn bar(item: &Value) -> Option<(String, u32)> {
    let members = item.as_object()?;
    let percent = members.get("percent")?.as_u64()?;
    let percent = u32::try_from(percent)
        .ok()
        .filter(|percent| *percent <= 100)?;
    let mut labels = members.values().filter_map(Value::as_str);
    let label = labels.next().filter(|label| is_label(label))?;
    labels.next().is_none().then(|| (label.to_owned(), percent))
}

fn is_label(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn months_are_taken_and_names_are_not() {
        let months = json!({
            "index": "all calls",
            "calls": 30_000,
            "months": [{"month": "2026-10", "percent": 40}, {"month": "2026-11", "percent": 100}],
        });
        let expected = [("2026-10".to_owned(), 40), ("2026-11".to_owned(), 100)];
        assert_eq!(of(&months).unwrap(), expected);
        for other in [
            json!({"people": [{"name": "Ada", "percent": 40}]}),
            json!({"months": [{"month": "2026-10", "percent": 101}]}),
            json!({"months": [{"month": "2026-10", "percent": "40"}]}),
            json!({"months": [{"month": "2026-10", "title": "Call", "percent": 4}]}),
            json!({"months": [{"month": "2026-10", "percent": 4}, {"month": "Ada", "percent": 4}]}),
            json!({"months": []}),
            json!([1]),
            json!(null),
        ] {
            assert_eq!(of(&other), None, "{other}");
        }
        let many: Vec<Value> = (0..100)
            .map(|n| json!({"day": n.to_string(), "percent": n}))
            .collect();
        let many = of(&json!({ "days": many })).unwrap();
        assert_eq!((many.len(), &*many[59].0), (60, "99"));
    }
}
