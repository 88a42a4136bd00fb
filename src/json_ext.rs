//! JsonExt Gong's answers member by member, where a tool needs few of them: what is
//! missing, null or of another type is simply not there.

use serde_json::Value;

use crate::{prelude::*, text::one_line, time};

/// A number in a text. As JSON is read: `str::parse` has tables of its own.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let value: Value = serde_json::from_str(digits).ok()?;
    value.as_f64()
}

/// Members of an object as answers show them.
pub(crate) trait JsonExt {
    /// A text on one line, if it is not empty.
    fn text(&self, key: &str) -> Option<String>;
    /// A text as Gong wrote it.
    fn raw(&self, key: &str) -> Option<&str>;
    /// An id, be it a string or a number.
    fn id(&self, key: &str) -> Option<String>;
    /// The items of a list; none where there is no list.
    fn items(&self, key: &str) -> &[Value];
    /// The texts of a list, each on one line.
    fn texts(&self, key: &str) -> Vec<String>;
    /// A number; Gong writes some as texts.
    fn number(&self, key: &str) -> Option<f64>;
    /// A whole number that is not negative.
    fn count(&self, key: &str) -> Option<u32>;
    /// Whether a flag is there and set.
    fn is(&self, key: &str) -> bool;
    /// An instant as answers show it, UTC to the minute.
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
    use super::JsonExt;

    #[test]
    fn what_is_of_another_type_is_not_there() {
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
