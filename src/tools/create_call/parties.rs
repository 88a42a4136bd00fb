//! Who was on the call, and who hosted it.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::Gong,
    domain::{crm_link, person_argument::PersonArgument, validate},
    error::{Error, bad_argument},
    gong::{
        id::is_id,
        users::{People, User},
    },
    prelude::*,
};

#[derive(Default, Deserialize)]
struct Answered {
    user: User,
}

/// The host as Gong knows the user: parties may name the same person by e-mail.
///
/// # Errors
/// `bad-argument` for an unknown name; whatever the look-up fails with.
pub(super) fn host(gong: &Gong<'_>, people: &mut People, text: &str) -> Result<User, Error> {
    let text = text.trim();
    if is_id(text) {
        let answer: Answered = gong.get(&format!("/v2/users/{text}"), &[])?;
        return Ok(answer.user);
    }
    people.find(gong, "host", text).cloned()
}

/// What a party may say of itself before a colon.
const KEYS: [&str; 2] = ["user", "channel"];

/// Reads them; nobody is looked up.
///
/// # Errors
/// `bad-argument`.
pub(super) fn read(parties: &[String]) -> Result<Vec<PersonArgument>, Error> {
    let party = |(index, text): (usize, &String)| {
        let at = format!("parties[{index}]");
        let party = PersonArgument::read(&at, text, &KEYS)?;
        match party.get("channel") {
            None | Some("0" | "1") => Ok(party),
            Some(_) => Err(bad_argument(
                &at,
                "the channel is neither 0 (left) nor 1 (right).",
                "\"Jo Ray, jo.ray@acme.example, channel: 0\".",
            )),
        }
    };
    parties.iter().enumerate().map(party).collect()
}

/// A party for Gong (OpenAPI `CallParticipant`). Whoever has an address of the host is the host.
///
/// # Errors
/// `bad-argument` for an unknown user; whatever the look-up fails with.
pub(super) fn described(
    gong: &Gong<'_>,
    people: &mut People,
    party: &PersonArgument,
    host: &User,
    index: usize,
) -> Result<Value, Error> {
    let user = match (party.get("user"), &party.email) {
        (Some(user), _) if host.has_email(user) => Some(host.id().to_owned()),
        (Some(user), _) => Some(people.id(gong, &format!("parties[{index}]"), user)?),
        (None, Some(email)) if host.has_email(email) => Some(host.id().to_owned()),
        _ => None,
    };
    let channel = party.get("channel").map(|channel| u8::from(channel == "1"));
    Ok(validate::object([
        ("userId", json!(user)),
        ("name", json!(party.name)),
        ("emailAddress", json!(party.email)),
        ("phoneNumber", json!(party.phone)),
        ("mediaChannelId", json!(channel)),
        ("context", crm_link::context(&party.crm)),
    ]))
}
