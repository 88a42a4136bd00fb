//! Reading Gong's answers member by member, where a tool needs few of them: what is
//! missing, null or of another type is simply not there.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, value::RawValue};

use super::{Paged, Records};
use crate::{error::Error, prelude::*, text::one_line, time};

/// A whole answer of Gong's, whose ids are texts even where Gong writes numbers that
/// no number type holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answered(pub(crate) Value);

impl<'de> Deserialize<'de> for Answered {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(from)?.get();
        let read = serde_json::from_str(&with_long_integers_quoted(json));
        read.map(Self).map_err(D::Error::custom)
    }
}

impl Answered {
    /// The list of an answer: it may be null, but without it the answer is not Gong's.
    ///
    /// # Errors
    /// `unexpected-answer`.
    pub(crate) fn listed(&self, key: &str, operation: &str) -> Result<&[Value], Error> {
        match self.0.get(key) {
            Some(Value::Array(items)) => Ok(items),
            Some(Value::Null) => Ok(&[]),
            // The default: Gong's 404 for "nothing found" became it.
            None if self.0.is_null() => Ok(&[]),
            _ => Err(misshapen(key, operation)),
        }
    }

    /// The object of an answer that holds one.
    ///
    /// # Errors
    /// `unexpected-answer`.
    pub(crate) fn within(&self, key: &str, operation: &str) -> Result<&Value, Error> {
        match self.0.get(key) {
            Some(object @ Value::Object(_)) => Ok(object),
            _ => Err(misshapen(key, operation)),
        }
    }
}

fn misshapen(key: &str, operation: &str) -> Error {
    Error::unexpected_answer(alloc::format!(
        "Gong's answer to {operation} is JSON of another shape than its documentation says (no {key} in it)."
    ))
}

/// A page of a list, read member by member.
#[derive(Default)]
pub(crate) struct Listed {
    /// Where the list stands.
    pub(crate) records: Option<Records>,
    /// What the page holds.
    pub(crate) items: Vec<Value>,
}

impl Listed {
    /// The page in an answer whose list has this key.
    ///
    /// # Errors
    /// `unexpected-answer`.
    pub(crate) fn of(answer: &Answered, key: &str, operation: &str) -> Result<Self, Error> {
        Ok(Self {
            records: answer.0.get("records").map(|records| Records {
                total_records: records.count("totalRecords"),
                cursor: records.raw("cursor").map(String::from),
            }),
            items: answer.listed(key, operation)?.to_vec(),
        })
    }
}

impl Paged for Listed {
    type Item = Value;
    fn into_page(self) -> (Option<Records>, Vec<Value>) {
        (self.records, self.items)
    }
}

/// Integers of 16 digits and more become strings: an `f64` holds them no longer.
fn with_long_integers_quoted(json: &str) -> String {
    const SHORT: usize = 15;
    let mut quoted = String::with_capacity(json.len() + 64);
    let (mut in_text, mut escaped) = (false, false);
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        if !in_text && (c == '-' || c.is_ascii_digit()) {
            let end = rest
                .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
                .unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            let digits = number.trim_start_matches('-');
            if digits.len() > SHORT && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                quoted.push('"');
                quoted.push_str(number);
                quoted.push('"');
            } else {
                quoted.push_str(number);
            }
            rest = after;
            continue;
        }
        if in_text {
            (in_text, escaped) = (c != '"' || escaped, c == '\\' && !escaped);
        } else {
            in_text = c == '"';
        }
        quoted.push(c);
        rest = &rest[c.len_utf8()..];
    }
    quoted
}

/// A number in a text. As JSON is read: `str::parse` has tables of its own.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let value: Value = serde_json::from_str(digits).ok()?;
    value.as_f64()
}

/// A number as a text, without a fraction that is zero. As JSON is written: `f64`'s own `Display`
/// has tables of its own.
pub(crate) fn decimal(number: f64) -> String {
    let text = Value::from(number).to_string();
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// Members of an object as answers show them.
pub(crate) trait Reading {
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

impl Reading for Value {
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
    use super::{Answered, Reading};

    #[test]
    fn ids_survive_as_numbers_of_any_length() {
        let Answered(answer) = serde_json::from_str(
            r#"{"a": 99999999999999999999, "b": -1, "c": "12345678901234567890", "d": 1.5e3, "e": [7782342274025937895],
            "f": "say \"1234567890123456789\", 1234567890123456789", "g": 123456789.5}"#,
        )
        .expect("JSON");
        assert_eq!(answer.id("a").as_deref(), Some("99999999999999999999"));
        assert_eq!(answer.id("b").as_deref(), Some("-1"));
        assert_eq!(answer.id("c").as_deref(), Some("12345678901234567890"));
        assert_eq!(answer.number("d"), Some(1500.0));
        assert_eq!(answer.items("e")[0], "7782342274025937895");
        assert_eq!(
            answer.raw("f"),
            Some("say \"1234567890123456789\", 1234567890123456789")
        );
        assert_eq!(answer.number("g"), Some(123_456_789.5));
    }

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

    #[test]
    fn an_answer_without_its_list_is_not_gongs() {
        let answer = Answered(serde_json::json!({"briefs": null}));
        assert!(
            answer
                .listed("briefs", "GET /v2/settings/briefs")
                .expect("a list")
                .is_empty()
        );
        assert!(
            answer
                .listed("trackers", "GET /v2/settings/trackers")
                .is_err()
        );
        assert!(
            Answered::default()
                .listed("x", "GET /v2/x")
                .expect("nothing found")
                .is_empty()
        );
    }
}
