//! Reading members of Gong's answers one by one, for tools that need few of them. A member that is
//! missing, null or of another type reads as absent.

use serde_json::Value;

use crate::{prelude::*, text::one_line, time};

/// The number that a text is; none for an infinity and for what is not a number.
pub(crate) fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// Removes nulls and empty lists from objects, at any depth.
pub(crate) fn leave_out_absent_members(value: &mut Value) {
    match value {
        Value::Object(members) => members.retain(|_, value| {
            leave_out_absent_members(value);
            !is_absent(value)
        }),
        Value::Array(items) => items.iter_mut().for_each(leave_out_absent_members),
        _ => {}
    }
}

/// Whether a member says nothing: null, or an empty list.
pub(crate) fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Members of an object.
pub(crate) trait JsonExt {
    /// A text, or a number as text, on one line; none if it is empty.
    fn text(&self, key: &str) -> Option<String>;
    /// A text exactly as Gong wrote it.
    fn raw(&self, key: &str) -> Option<&str>;
    /// An id, which Gong writes as a string or as a number.
    fn id(&self, key: &str) -> Option<String>;
    /// The items of a list; empty where there is no list.
    fn items(&self, key: &str) -> &[Value];
    /// The texts of a list, each on one line.
    fn texts(&self, key: &str) -> Vec<String>;
    /// A number; Gong writes some as texts.
    fn number(&self, key: &str) -> Option<f64>;
    /// A whole number that is not negative.
    fn count(&self, key: &str) -> Option<u32>;
    /// Whether a flag is true.
    fn is(&self, key: &str) -> bool;
    /// An instant as answers show it, in UTC to the minute.
    fn instant(&self, key: &str) -> Option<String>;
}

impl JsonExt for Value {
    fn text(&self, key: &str) -> Option<String> {
        let text = match self.get(key)? {
            Value::String(text) => one_line(text),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    fn raw(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    fn id(&self, key: &str) -> Option<String> {
        self.text(key)
    }

    fn items(&self, key: &str) -> &[Value] {
        self.get(key)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let texts = self.items(key).iter().filter_map(Value::as_str);
        texts
            .map(one_line)
            .filter(|text| !text.is_empty())
            .collect()
    }

    fn number(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => number(text),
            _ => None,
        }
    }

    fn count(&self, key: &str) -> Option<u32> {
        let number = self.number(key)?;
        (0.0..=f64::from(u32::MAX))
            .contains(&number)
            .then_some(number as u32)
    }

    fn is(&self, key: &str) -> bool {
        self.get(key) == Some(&Value::Bool(true))
    }

    fn instant(&self, key: &str) -> Option<String> {
        self.raw(key).map(time::display_or_same)
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonExt, number};

    #[test]
    fn numbers_are_finite() {
        assert_eq!(number(" +1.50 "), Some(1.5));
        assert_eq!(number("-2e3"), Some(-2000.0));
        for wrong in ["", "inf", "NaN", "1e999", "1,000"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_member_of_another_type_reads_as_absent() {
        let value = serde_json::json!({"a": null, "b": {}, "c": "  ", "d": "7", "e": [1, " x\ny "], "f": "true"});
        assert_eq!(
            (
                value.text("a"),
                value.text("b"),
                value.text("c"),
                value.count("d")
            ),
            (None, None, None, Some(7))
        );
        assert_eq!(value.texts("e"), ["x y"]);
        assert!(!value.is("f"));
        assert!(value.items("a").is_empty());
    }
}
