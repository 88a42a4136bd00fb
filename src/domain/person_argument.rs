//! Arguments that describe a person in one text.

use crate::{
    domain::{
        crm_link::{self, CrmLink},
        validate::email,
    },
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
};

/// A person in one text, parts in any order: `Jo Ray, jo.ray@acme.example, +1 415 555 0123,
/// Salesforce Contact 0035e00000AbCdE, channel: 1`.
#[derive(Default)]
pub(crate) struct PersonArgument {
    /// The parts that are nothing else.
    pub(crate) name: Option<String>,
    /// The part with an @.
    pub(crate) email: Option<String>,
    /// The part that looks like a telephone number.
    pub(crate) phone: Option<String>,
    /// The parts of three words that begin with the name of a CRM.
    pub(crate) crm: Vec<CrmLink>,
    /// The parts with a colon: key and value.
    keyed: Vec<(&'static str, String)>,
}

impl PersonArgument {
    /// Reads the parts; `keys` are the keys that the tool accepts before a colon.
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
            let words: Vec<&str> = part.split_whitespace().collect();
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
            } else if words.len() == 3 && crm_link::is_system(words[0]) {
                who.crm.push(crm_link::parse(argument, part)?);
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

    /// The value of the part with this key.
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

#[cfg(test)]
mod tests {
    use super::PersonArgument;

    #[test]
    fn somebody_is_one_text() {
        let read = |text: &str| PersonArgument::read("person", text, &["user", "channel"]);
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
}
