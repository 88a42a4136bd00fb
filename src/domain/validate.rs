//! Checks of the arguments of a change, before anything is sent: texts, addresses, links, instants.

use serde_json::{Map, Value};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
    time,
};

/// A JSON object without the members that are null, or an empty list, object or text.
pub(crate) fn object<const N: usize>(mut members: [(&str, Value); N]) -> Value {
    object_of(&mut members)
}

fn object_of(members: &mut [(&str, Value)]) -> Value {
    let has_value = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    };
    let mut object = Map::new();
    for (name, value) in members.iter_mut().filter(|(_, value)| has_value(value)) {
        object.insert((*name).to_owned(), value.take());
    }
    Value::Object(object)
}

/// A text that is not empty and not longer than Gong accepts.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn text(argument: &str, text: &str, most: usize) -> Result<String, Error> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(bad_argument(argument, "it is empty.", "\"Acme\".")),
        count if count > most => Err(bad_argument(
            argument,
            &format!("{count} characters; Gong takes {most} at most."),
            &format!("\"{}\".", shortened(text)),
        )),
        _ => Ok(text.to_owned()),
    }
}

/// An e-mail address.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn email(argument: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if is_email(text) {
        return Ok(text.to_owned());
    }
    Err(bad_argument(
        argument,
        &format!("“{}” is not an e-mail address.", shortened(text)),
        "\"jo.ray@acme.example\".",
    ))
}

/// A telephone number with its country code. Gong ignores characters other than the + and digits.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn phone(argument: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_allowed = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | ' ');
    if text.starts_with('+') && (7..=15).contains(&digits) && text.chars().all(is_allowed) {
        return Ok(text.to_owned());
    }
    Err(bad_argument(
        argument,
        &format!(
            "“{}” is not a telephone number that starts with + and the country code.",
            shortened(text)
        ),
        "\"+1 415 555 0123\".",
    ))
}

/// A link to a page or a file.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn link(argument: &str, text: Option<&str>) -> Result<Option<String>, Error> {
    let Some(text) = text.map(str::trim) else {
        return Ok(None);
    };
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    if host.is_some_and(|host| !host.is_empty()) && !text.contains(char::is_whitespace) {
        return Ok(Some(text.to_owned()));
    }
    Err(bad_argument(
        argument,
        &format!("“{}” is not a link.", shortened(text)),
        "\"https://acme.example/offer.pdf\".",
    ))
}

/// An instant with its zone that is not in the future, in seconds.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn past(argument: &str, text: &str, now: i64) -> Result<i64, Error> {
    let at = time::instant_argument(argument, text)?;
    if at <= now {
        return Ok(at);
    }
    Err(bad_argument(
        argument,
        &format!("{} is in the future.", time::to_display(at)),
        &format!("\"{}\".", time::to_display(now)),
    ))
}

/// Whether a text is one e-mail address, by itself, at a domain that mail reaches.
pub(crate) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, domain)| {
        !name.is_empty()
            && !domain.contains('@')
            && domain.split('.').count() > 1
            && domain.split('.').all(|label| !label.is_empty())
    }) && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';'))
}

#[cfg(test)]
mod tests {
    use super::{email, is_email, link, object, past, phone};
    use serde_json::json;

    #[test]
    fn members_without_value_are_left_out() {
        assert_eq!(
            object([
                ("a", json!(None::<String>)),
                ("b", json!([])),
                ("c", json!(0)),
                ("d", json!(" ")),
                ("e", json!({})),
                ("f", json!(false)),
            ]),
            json!({"c": 0, "f": false})
        );
    }

    #[test]
    fn addresses_are_checked() {
        assert_eq!(email("email", " a@b.example ").expect("one"), "a@b.example");
        for wrong in [
            "",
            "a",
            "a@b",
            "@b.example",
            "a b@c.example",
            "a@b@c.example",
        ] {
            assert!(email("email", wrong).is_err(), "{wrong}");
        }
        assert!(phone("phone", "+1(425) 555-2671").is_ok());
        for wrong in ["14255552671", "+1", "+1425555267112345", "+1 425 five"] {
            assert!(phone("phone", wrong).is_err(), "{wrong}");
        }
        assert!(link("url", Some("https://acme.example/x?y#z")).is_ok());
        for wrong in [
            "",
            "acme.example",
            "https://",
            "ftp://a.example",
            "https://a b",
        ] {
            assert!(link("url", Some(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(
            past("started", "1970-01-01T01:00Z", 3600).expect("past"),
            3600
        );
        assert!(past("started", "1970-01-01T01:00Z", 3599).is_err());
        assert!(past("started", "2026-11-01T09:00", i64::MAX).is_err());
    }

    #[test]
    fn an_address_is_the_same_to_all_who_check_one() {
        assert!(is_email("jo.ray+x@acme.com"));
        for wrong in [
            "a@b",
            "a@b.",
            "a@.com",
            "<a@b.com>",
            "a@b.com;",
            "",
            "jo",
            "@acme.com",
            "jo@",
            "a@b@c",
            "jo @acme.com",
            "a@b.com,c@d.com",
        ] {
            assert!(!is_email(wrong), "{wrong}");
            assert!(email("email", wrong).is_err(), "{wrong}");
        }
    }
}
