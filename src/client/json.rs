//! JSON to and from Gong.

use alloc::borrow::Cow;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Value, value::RawValue};

use crate::{
    client::clean::{cleaned, may_need_cleaning},
    error::Error,
    prelude::*,
};

/// Deserializes a member that Gong always sends, if only as null: an answer without the member is
/// an error, where an `Option` alone would accept it.
pub(crate) fn required<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// A request's body as JSON.
pub(crate) fn json_text(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("the keys of a body are strings")
}

/// Reads an answer of Gong. Of a member that is twice in an object the last one counts, and a null in
/// a list is no item: serde's derived code refuses both, an [`ApiResponse`] accepts them. Bytes that are
/// not UTF-8 become U+FFFD, and texts are [`cleaned`], so that one title does not cost a page.
pub(crate) fn read_json<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    // Validated as a whole, which is faster than text by text.
    let mut json =
        str::from_utf8(json).map_or_else(|_| String::from_utf8_lossy(json), Cow::Borrowed);
    if may_need_cleaning(&json) {
        json = cleaned(&json).into();
    }
    match serde_json::from_str(&json) {
        Err(error) if error.is_syntax() => serde_json::from_str(&cleaned(&json)).map_err(|_| error),
        Err(error) if error.is_data() => {
            let simple = simplified(&json).and_then(|simple| serde_json::from_str(&simple));
            simple.map_err(|_| error)
        }
        read => read,
    }
}

fn simplified(json: &str) -> serde_json::Result<String> {
    let ApiResponse(value) = serde_json::from_str(json)?;
    serde_json::to_string(&value)
}

/// A whole answer of Gong's. Long integers in it are strings: Gong writes some ids as numbers that
/// no number type holds. Lists in it have no nulls.
#[derive(Clone, Debug, Default)]
pub(crate) struct ApiResponse(pub(crate) Value);

impl<'de> Deserialize<'de> for ApiResponse {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(from)?.get();
        let read = serde_json::from_str(&with_long_integers_quoted(json));
        let mut value = read.map_err(D::Error::custom)?;
        remove_null_items(&mut value);
        Ok(Self(value))
    }
}

impl ApiResponse {
    /// The list under a key. It may be null; an answer without it is not Gong's.
    ///
    /// # Errors
    /// `unexpected-answer`.
    pub(crate) fn listed(&self, key: &str, operation: &str) -> Result<&[Value], Error> {
        match self.0.get(key) {
            Some(Value::Array(items)) => Ok(items),
            Some(Value::Null) => Ok(&[]),
            // The default, which a 404 for "nothing found" becomes.
            None if self.0.is_null() => Ok(&[]),
            _ => Err(misshapen(key, operation)),
        }
    }

    /// The object under a key.
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
    Error::unexpected_answer(format!(
        "Gong's answer to {operation} is JSON of another shape than its documentation says (no {key} in it)."
    ))
}

fn remove_null_items(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(remove_null_items);
        }
        Value::Object(members) => members.values_mut().for_each(remove_null_items),
        _ => {}
    }
}

/// Integers of 16 digits and more become strings, as an `f64` can not hold them all.
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{ApiResponse, read_json};
    use crate::{gong::id::Id, json_ext::JsonExt as _, prelude::*};

    #[test]
    fn ids_survive_as_numbers_of_any_length() {
        let ApiResponse(answer) = serde_json::from_str(
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
    fn an_answer_without_its_list_is_not_gongs() {
        let answer = ApiResponse(serde_json::json!({"briefs": null}));
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
            ApiResponse::default()
                .listed("x", "GET /v2/x")
                .expect("nothing found")
                .is_empty()
        );
    }

    #[test]
    fn of_a_member_that_is_there_twice_the_last_one_counts() {
        #[derive(Deserialize)]
        struct Page {
            calls: Option<Vec<Id>>,
            total: u32,
        }
        let json = br#"{"calls": ["1"], "total": 1, "total": 2, "calls": [99999999999999999999], "other": null}"#;
        let page: Page = read_json(json).expect("a page");
        assert_eq!(page.total, 2);
        assert_eq!(page.calls, Some([Id("99999999999999999999".into())].into()));
        let nulls: Page = read_json(br#"{"calls": null, "total": 1}"#).expect("a page");
        assert_eq!(nulls.calls, None);
        let error = read_json::<Page>(br#"{"total": "1"}"#)
            .err()
            .expect("not a page");
        assert_eq!((error.is_data(), error.line()), (true, 1));
    }

    #[test]
    fn a_null_in_a_list_costs_nothing() {
        #[derive(Deserialize)]
        struct Page {
            calls: Vec<Call>,
            title: String,
        }
        #[derive(Deserialize)]
        struct Call {
            id: Id,
            parties: Option<Vec<Id>>,
        }
        let json = r#"{"calls": [null, {"id": 99999999999999999999, "parties": [null, null]}, null,
            {"id": "8", "parties": null}], "title": "[null, null]"}"#;
        let page: Page = read_json(json.as_bytes()).expect("a page");
        let ids: Vec<&str> = page.calls.iter().map(|call| &*call.id.0).collect();
        assert_eq!(ids, ["99999999999999999999", "8"]);
        assert_eq!(page.calls[0].parties, Some(Vec::new()));
        assert_eq!(page.calls[1].parties, None);
        assert_eq!(page.title, "[null, null]");
        let ApiResponse(answer) = read_json(b"{\"users\": [null, {\"id\": 1}]}").expect("JSON");
        assert_eq!(answer.items("users").len(), 1);
        assert!(read_json::<Page>(b"{\"calls\": [null, 5]}").is_err());
    }

    #[test]
    fn a_byte_that_is_not_utf_8_costs_one_letter() {
        #[derive(Deserialize)]
        struct Call {
            title: String,
        }
        let call: Call = read_json(b"{\"title\": \"Caf\xe9 M\xc3\xbcller\"}").expect("a call");
        assert_eq!(call.title, "Caf\u{fffd} M\u{fc}ller");
    }
}
