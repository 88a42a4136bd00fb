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

/// The answer of GET /v2/users/{id}.
#[derive(Default, Deserialize)]
struct Response {
    user: User,
}

/// Looks up the host with all e-mail addresses, as a party may be the same person by e-mail.
///
/// # Errors
/// `bad-argument` for an unknown name; any error of the look-up.
pub(super) fn host(gong: &Gong<'_>, people: &mut People, text: &str) -> Result<User, Error> {
    let text = text.trim();
    if is_id(text) {
        let Response { user } = gong.get(&format!("/v2/users/{text}"), &[])?;
        return Ok(user);
    }
    people.find(gong, "host", text).cloned()
}

/// The keys that a party may have, such as `channel: 0`.
const KEYS: [&str; 2] = ["user", "channel"];

/// Parses the parties, without looking up users.
///
/// # Errors
/// `bad-argument`.
pub(super) fn parse(parties: &[String]) -> Result<Vec<PersonArgument>, Error> {
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

/// A party in the form that Gong accepts (OpenAPI `CallParticipant`). A party with an e-mail
/// address of the host is the host.
///
/// # Errors
/// `bad-argument` for an unknown user; any error of the look-up.
pub(super) fn call_participant(
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
