//! Gong's ids: up to 20 digits, mostly in JSON strings, sometimes in numbers that no 64-bit type holds.
//! Here they are always strings.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
};

/// An id as Gong wrote it, in a string or a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Id(pub(crate) String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(from)?.get();
        if json.starts_with('"') {
            return serde_json::from_str(json)
                .map(Self)
                .map_err(D::Error::custom);
        }
        let digits = json.strip_prefix('-').unwrap_or(json);
        match digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(Self(json.to_owned())),
            false => Err(D::Error::custom("an id is a string or a whole number")),
        }
    }
}

/// Whether a text is an id and not a name: 1 to 20 digits.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An id in an argument: 1 to 20 digits. `look` is a sentence on how to find ids, for the error.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn digits(argument: &str, text: &str, look: &str) -> Result<String, Error> {
    let text = text.trim();
    match is_id(text) {
        true => Ok(text.to_owned()),
        false => Err(bad_argument(
            argument,
            &format!(
                "“{}” is not an id (1 to 20 digits). {look}",
                shortened(text)
            ),
            "\"7782342274025937895\".",
        )),
    }
}

/// The call id in the argument `call`: digits, or a link to the call.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn call_id(text: &str) -> Result<String, Error> {
    call_id_in("call", text)
}

/// As [`call_id`], for an argument of another name.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn call_id_in(argument: &str, text: &str) -> Result<String, Error> {
    // Models copy links with what is round them: `[Acme](https://…)`, `<https://…>.`
    let around = |c: char| c.is_whitespace() || "\"'`<>()[].,;/".contains(c);
    let text = text.trim_matches(around);
    let id = match text.split_once("call?") {
        Some((_, query)) => {
            let mut parameters = query.split(['&', '#', '?', '>', ')', ' ']);
            let id = parameters.find_map(|parameter| parameter.strip_prefix("id="));
            id.unwrap_or_default()
        }
        None => text,
    };
    if is_id(id) {
        Ok(id.to_owned())
    } else {
        Err(bad_argument(
            argument,
            "not a call id (up to 20 digits) nor a link to a call. gong_search_calls finds ids.",
            "\"7782342274025937895\" or \"https://acme.app.gong.io/call?id=7782342274025937895\".",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, call_id, digits};

    #[test]
    fn twenty_digits_survive_as_string_and_as_number() {
        let ids: Vec<Id> =
            serde_json::from_str(r#"["12345678901234567890", 99999999999999999999, -1, "null"]"#)
                .expect("ids");
        let texts: Vec<_> = ids.iter().map(|id| id.0.as_str()).collect();
        assert_eq!(
            texts,
            ["12345678901234567890", "99999999999999999999", "-1", "null"]
        );
        assert!(serde_json::from_str::<Id>("1.5e3").is_err());
        assert!(serde_json::from_str::<Id>("{}").is_err());
    }

    #[test]
    fn an_id_is_digits() {
        assert_eq!(digits("task", " 12 ", "").expect("id"), "12");
        for wrong in ["", "-1", "1e5", "123456789012345678901"] {
            assert!(digits("task", wrong, "").is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_call_has_an_id_or_a_link() {
        assert_eq!(
            call_id(" 7782342274025937895 ").expect("id"),
            "7782342274025937895"
        );
        assert_eq!(
            call_id("https://us-1.app.gong.io/call?id=77&highlights=x").expect("link"),
            "77"
        );
        for link in [
            "<https://us-1.app.gong.io/call?highlights=x&id=77>",
            "[Acme](https://us-1.app.gong.io/call?id=77).",
            "`77`",
            "\"77\",",
        ] {
            assert_eq!(call_id(link).expect("link"), "77", "{link}");
        }
        for wrong in ["", "acme", "778234227402593789599", "12 34", "call?id="] {
            assert!(call_id(wrong).is_err(), "{wrong}");
        }
    }
}
