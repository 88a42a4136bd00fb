//! `gong_create_meeting`. POST /v2/meetings; api:meetings:user:create; limited release.
//!
//! Effect: write and not outreach. By its document Gong makes a meeting link and tells
//! whom "the requesting party should add to the invitation": the invitation is sent by
//! whoever asks, and Gong contacts nobody.

use serde_json::{Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::{
        change::{self, Body, Change, between},
        validate::is_email,
    },
    error::{Error, bad_argument},
    gong::users::People,
    json_ext::JsonExt,
    prelude::*,
    text::one_line,
    time,
    wit::{meetings::CreateMeeting, types::Receipt},
};

/// Invitees that one call takes; Gong declares no limit.
const MOST_INVITEES: usize = 100;

/// A whole meeting, as creating and updating send it.
pub(super) struct Meeting<'a> {
    pub(super) start: &'a str,
    pub(super) end: &'a str,
    pub(super) organizer: &'a str,
    pub(super) invitees: &'a [String],
    pub(super) title: Option<&'a str>,
    pub(super) provider: Option<&'a str>,
    pub(super) external_id: Option<&'a str>,
}

/// A meeting that was checked.
pub(super) struct Planned {
    pub(super) body: Value,
    pub(super) start: i64,
    /// `2026-11-01T09:00Z to 2026-11-01T09:30Z with 2 invitees`.
    pub(super) shown: String,
}

impl Meeting<'_> {
    /// Checks it and finds the organizer.
    pub(super) fn planned(self, gong: &Gong<'_>) -> Result<Planned, Error> {
        let start = time::instant_argument("start", self.start)?;
        let end = time::instant_argument("end", self.end)?;
        if end <= start {
            return Err(bad_argument(
                "end",
                &format!(
                    "{} is not after the start, {}.",
                    time::to_display(end),
                    time::to_display(start)
                ),
                &format!("\"{}\".", time::to_display(start + 1800)),
            ));
        }
        between("invitees", self.invitees, MOST_INVITEES)?;
        let invitees: Vec<Value> = self
            .invitees
            .iter()
            .map(|text| invitee(text))
            .collect::<Result<Vec<_>, _>>()?;
        let organizer = People::default().email(gong, "organizer", self.organizer)?;
        let is_organizer = |one: &Value| {
            one.raw("email")
                .is_some_and(|email| email.eq_ignore_ascii_case(&organizer))
        };
        if invitees.iter().any(is_organizer) {
            return Err(bad_argument(
                "invitees",
                &format!("{organizer} is the organizer, whom Gong does not want among them."),
                "[\"jo@acme.com\"].",
            ));
        }
        let shown = format!(
            "{} to {} of {organizer} with {}",
            time::to_display(start),
            time::to_display(end),
            crate::render::count(invitees.len() as u32, "invitee")
        );
        let mut body = json!({
            "startTime": time::to_rfc3339(start),
            "endTime": time::to_rfc3339(end),
            "invitees": invitees,
            "organizerEmail": organizer,
        });
        for (name, value) in [
            ("title", self.title),
            ("provider", self.provider),
            ("externalId", self.external_id),
        ] {
            if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
                body[name] = value.into();
            }
        }
        Ok(Planned { body, start, shown })
    }
}

/// `jo@acme.com` or `Jo Ray <jo@acme.com>`.
fn invitee(text: &str) -> Result<Value, Error> {
    let text = text.trim();
    let parts = text
        .strip_suffix('>')
        .and_then(|text| text.rsplit_once('<'));
    let (name, email) = parts.unwrap_or(("", text));
    let (name, email) = (one_line(name), email.trim());
    if !is_email(email) {
        return Err(bad_argument(
            "invitees",
            &format!("“{}” has no e-mail address.", crate::text::shortened(text)),
            "[\"jo@acme.com\", \"Jo Ray <jo@acme.com>\"].",
        ));
    }
    let mut invitee = json!({ "email": email });
    match name.trim_matches('"') {
        "" => {}
        name => invitee["displayName"] = name.into(),
    }
    Ok(invitee)
}

/// Checks and sends once. A meeting in the past is a mistake.
pub(crate) fn run(gong: &Gong<'_>, args: CreateMeeting) -> Result<Receipt, Error> {
    let meeting = Meeting {
        start: &args.start,
        end: &args.end,
        organizer: &args.organizer,
        invitees: &args.invitees,
        title: args.title.as_deref(),
        provider: args.provider.as_deref(),
        external_id: args.external_id.as_deref(),
    };
    let planned = meeting.planned(gong)?;
    if planned.start < gong.now {
        return Err(bad_argument(
            "start",
            &format!(
                "{} is in the past; it is {}.",
                time::to_display(planned.start),
                time::to_display(gong.now)
            ),
            &format!("\"{}\".", time::to_display(gong.now + time::DAY)),
        ));
    }
    let change = Change {
        what: format!("plan a meeting, {}", planned.shown),
        method: Method::Post,
        operation: "/v2/meetings",
        path: "/v2/meetings".into(),
        body: Body::Json(planned.body),
        look: "the organizer can look in Gong, as its API has no list of meetings",
    };
    change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = answer.id("meetingId");
        receipt.url = answer.text("meetingUrl");
        let more = answer.items("additionalInvitees").iter();
        let more: Vec<String> = more
            .filter_map(|one| {
                let email = one.text("email")?;
                Some(match one.text("displayName") {
                    Some(name) => format!("{name} <{email}>"),
                    None => email,
                })
            })
            .collect();
        receipt
            .notes
            .push("By its documentation Gong sends no invitation: send one with the link.".into());
        if !more.is_empty() {
            receipt.notes.push(format!(
                "Invite {} as well, so that Gong records the meeting.",
                more.join(", ")
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::invitee;

    #[test]
    fn invitees_have_an_address_and_perhaps_a_name() {
        assert_eq!(
            invitee(" jo@acme.com ").expect("bare"),
            json!({"email": "jo@acme.com"})
        );
        assert_eq!(
            invitee("\"Jo  Ray\" <jo@acme.com>").expect("named"),
            json!({"email": "jo@acme.com", "displayName": "Jo Ray"})
        );
        for wrong in ["", "Jo Ray", "Jo <jo>", "<>", "jo@acme.com>"] {
            assert!(invitee(wrong).is_err(), "{wrong}");
        }
    }
}
