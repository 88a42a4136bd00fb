//! What callers give for a change, checked before anything is sent: addresses, links,
//! instants, references to CRM objects.

use serde_json::{Map, Value, json};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
    time,
};

/// A JSON object of what was given: nulls, empty lists, objects and texts are left out.
pub(crate) fn object<const N: usize>(mut members: [(&str, Value); N]) -> Value {
    object_of(&mut members)
}

fn object_of(members: &mut [(&str, Value)]) -> Value {
    let given = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    };
    let mut object = Map::new();
    for (name, value) in members.iter_mut().filter(|(_, value)| given(value)) {
        object.insert((*name).to_owned(), value.take());
    }
    Value::Object(object)
}

/// A text that has something in it, and not more than Gong takes.
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
    let is_one = text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !domain.contains('@')
    });
    if is_one && !text.contains(char::is_whitespace) {
        return Ok(text.to_owned());
    }
    Err(bad_argument(
        argument,
        &format!("“{}” is not an e-mail address.", shortened(text)),
        "\"jo.ray@acme.example\".",
    ))
}

/// A telephone number with its country. Gong ignores what is neither the + nor a digit.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn phone(argument: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let known = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | ' ');
    if text.starts_with('+') && (7..=15).contains(&digits) && text.chars().all(known) {
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

/// An instant with its zone, in seconds, of what has happened already.
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

/// An object of the CRM: `Salesforce Account 0015e00000AbCdE`.
pub(crate) struct CrmLink {
    /// Gong's name of the CRM.
    pub(crate) system: &'static str,
    /// Account, Opportunity, Lead, Contact or User.
    pub(crate) kind: &'static str,
    /// The CRM's id of it.
    pub(crate) id: String,
}

/// The CRMs that Gong has names for.
const SYSTEMS: [&str; 4] = ["Salesforce", "HubSpot", "MicrosoftDynamic", "Generic"];
/// What links may be to.
const KINDS: [&str; 5] = ["Account", "Opportunity", "Lead", "Contact", "User"];

/// References to objects of the CRM, each system, type and id.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn crm_links(argument: &str, texts: &[String]) -> Result<Vec<CrmLink>, Error> {
    texts
        .iter()
        .map(|text| crm_link(argument, text))
        .collect::<Result<Vec<_>, _>>()
}

fn crm_link(argument: &str, text: &str) -> Result<CrmLink, Error> {
    let known = |names: &[&'static str], text: &str| {
        names
            .iter()
            .copied()
            .find(|name| name.eq_ignore_ascii_case(text))
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let link = match words[..] {
        [system, kind, id] => {
            let kind = match kind.eq_ignore_ascii_case("deal") {
                true => "Opportunity",
                false => kind,
            };
            known(&SYSTEMS, system)
                .zip(known(&KINDS, kind))
                .map(|(system, kind)| CrmLink {
                    system,
                    kind,
                    id: id.to_owned(),
                })
        }
        _ => None,
    };
    link.ok_or_else(|| {
        bad_argument(
            argument,
            &format!(
                "“{}” is not system ({}), type ({}) and id.",
                shortened(text),
                SYSTEMS.join(", "),
                KINDS.join(", ")
            ),
            "\"Salesforce Account 0015e00000AbCdE\".",
        )
    })
}

/// Somebody in one text, parts in any order: `Jo Ray, jo.ray@acme.example, +1 415 555 0123,
/// Salesforce Contact 0035e00000AbCdE, channel: 1`.
#[derive(Default)]
pub(crate) struct Somebody {
    /// What is nothing else.
    pub(crate) name: Option<String>,
    /// The part with an @.
    pub(crate) email: Option<String>,
    /// The part of digits.
    pub(crate) phone: Option<String>,
    /// Parts of three words that begin with a CRM.
    pub(crate) crm: Vec<CrmLink>,
    keyed: Vec<(&'static str, String)>,
}

impl Somebody {
    /// Reads the parts; `keys` are those that a tool knows before a colon.
    ///
    /// # Errors
    /// `bad-argument`.
    pub(crate) fn read(argument: &str, text: &str, keys: &[&'static str]) -> Result<Self, Error> {
        const EXAMPLE: &str = "\"Jo Ray, jo.ray@acme.example\".";
        let mut who = Self::default();
        let twice =
            |what: &str| bad_argument(argument, &format!("{what} is there twice."), EXAMPLE);
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let words = part.split_whitespace().collect::<Vec<_>>();
            if let Some((key, value)) = part.split_once(':') {
                let known = keys
                    .iter()
                    .find(|known| key.trim().eq_ignore_ascii_case(known));
                let Some(known) = known.filter(|_| !value.trim().is_empty()) else {
                    return Err(bad_argument(
                        argument,
                        &format!(
                            "“{}” is not a value for one of {}.",
                            shortened(part),
                            keys.join(", ")
                        ),
                        EXAMPLE,
                    ));
                };
                if who.get(known).is_some() {
                    return Err(twice(known));
                }
                who.keyed.push((known, value.trim().to_owned()));
            } else if part.contains('@') {
                if who.email.replace(email(argument, part)?).is_some() {
                    return Err(twice("an e-mail address"));
                }
            } else if is_phone(part) {
                if who.phone.replace(part.to_owned()).is_some() {
                    return Err(twice("a number"));
                }
            } else if words.len() == 3
                && SYSTEMS.iter().any(|one| one.eq_ignore_ascii_case(words[0]))
            {
                who.crm.push(crm_link(argument, part)?);
            } else {
                // `Ray, Jo` is a name with a comma.
                who.name = Some(match who.name {
                    Some(name) => format!("{name}, {part}"),
                    None => part.to_owned(),
                });
            }
        }
        if who.name.is_none() && who.email.is_none() && who.phone.is_none() && who.crm.is_empty() {
            let ids = ["user", "id"].iter().any(|id| who.get(id).is_some());
            if !ids {
                return Err(bad_argument(argument, "it says nobody.", EXAMPLE));
            }
        }
        Ok(who)
    }

    /// What was given before a colon.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let keyed = self.keyed.iter().find(|(name, _)| *name == key);
        keyed.map(|(_, value)| value.as_str())
    }
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let fits = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | '/' | ' ');
    digits >= 3 && text.chars().all(fits)
}

/// The links as Gong's `context`: by system.
pub(crate) fn context(links: &[CrmLink]) -> Value {
    let of = |system: &&str| {
        let objects: Vec<Value> = links
            .iter()
            .filter(|link| link.system == *system)
            .map(|link| json!({ "objectType": link.kind, "objectId": link.id }))
            .collect();
        (!objects.is_empty()).then(|| json!({ "system": system, "objects": objects }))
    };
    SYSTEMS.iter().filter_map(of).collect()
}

/// Whether a text looks like one e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';'))
}

#[cfg(test)]
mod tests {
    use super::{Somebody, context, crm_links, email, is_email, link, object, past, phone};
    use serde_json::json;

    #[test]
    fn what_was_not_given_is_not_sent() {
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
    fn crm_links_are_gathered_by_system() {
        let texts = [
            "salesforce account 001A",
            "HubSpot deal 9",
            "Salesforce Contact 003B",
        ];
        let links = crm_links("crm", &texts.map(str::to_owned)).expect("links");
        assert_eq!(
            context(&links),
            json!([
                {"system": "Salesforce", "objects": [
                    {"objectType": "Account", "objectId": "001A"},
                    {"objectType": "Contact", "objectId": "003B"},
                ]},
                {"system": "HubSpot", "objects": [{"objectType": "Opportunity", "objectId": "9"}]},
            ])
        );
        for wrong in ["Account 001", "Salesforce Case 500", "Zoho Account 1", ""] {
            assert!(crm_links("crm", &[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn somebody_is_one_text() {
        let read = |text: &str| Somebody::read("person", text, &["user", "channel"]);
        let who = read(
            "Ray, jo.ray@acme.example, Jo, +1 (415) 555-0123, salesforce lead 00Q5, channel: 1",
        )
        .expect("somebody");
        assert_eq!(who.name.as_deref(), Some("Ray, Jo"));
        assert_eq!(who.email.as_deref(), Some("jo.ray@acme.example"));
        assert_eq!(who.phone.as_deref(), Some("+1 (415) 555-0123"));
        assert_eq!((who.crm[0].kind, &*who.crm[0].id), ("Lead", "00Q5"));
        assert_eq!((who.get("channel"), who.get("user")), (Some("1"), None));
        assert!(read("user: 234599484848423").is_ok());
        for wrong in [
            "",
            "channel: 1",
            "Jo, title: CFO",
            "a@b.example, c@d.example",
            "Jo, @",
            "Jo, user:",
            "HubSpot Case 5",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_look_like_one() {
        assert!(is_email("jo.ray+x@acme.com"));
        for wrong in [
            "",
            "jo",
            "@acme.com",
            "jo@",
            "a@b@c",
            "jo @acme.com",
            "a@b.com,c@d.com",
        ] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }
}
