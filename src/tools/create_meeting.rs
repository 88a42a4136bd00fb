//! `gong_create_meeting`. POST /v2/meetings; api:meetings:user:create; limited release.
//!
//! Its effect is write and not outreach: by its documentation Gong creates a meeting link and lists
//! whom "the requesting party should add to the invitation". Gong itself contacts nobody.

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

/// How many invitees this tool accepts; Gong documents no limit.
const MAX_INVITEES: usize = 100;

/// The arguments of a meeting, for creating and for updating one.
pub(super) struct Meeting<'a> {
    pub(super) start: &'a str,
    pub(super) end: &'a str,
    pub(super) organizer: &'a str,
    pub(super) invitees: &'a [String],
    pub(super) title: Option<&'a str>,
    pub(super) provider: Option<&'a str>,
    pub(super) external_id: Option<&'a str>,
}

/// A meeting whose arguments are valid.
pub(super) struct CheckedMeeting {
    pub(super) body: Value,
    pub(super) start: i64,
    /// `2026-11-01T09:00Z to 2026-11-01T09:30Z with 2 invitees`.
    pub(super) summary: String,
}

impl Meeting<'_> {
    /// Checks the arguments and looks up the organizer.
    pub(super) fn check(self, gong: &Gong<'_>) -> Result<CheckedMeeting, Error> {
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
        between("invitees", self.invitees, MAX_INVITEES)?;
        let invitees: Vec<Value> = self
            .invitees
            .iter()
            .map(|text| invitee(text))
            .collect::<Result<_, _>>()?;
        let organizer = People::default().email(gong, "organizer", self.organizer)?;
        let is_organizer = |invitee: &Value| {
            invitee
                .raw("email")
                .is_some_and(|email| email.eq_ignore_ascii_case(&organizer))
        };
        if invitees.iter().any(is_organizer) {
            return Err(bad_argument(
                "invitees",
                &format!("{organizer} is the organizer, whom Gong does not want among them."),
                "[\"jo@acme.com\"].",
            ));
        }
        let summary = format!(
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
        Ok(CheckedMeeting {
            body,
            start,
            summary,
        })
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

/// Checks the arguments, then creates the meeting once. One in the past is a mistake.
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
    let meeting = meeting.check(gong)?;
    if meeting.start < gong.now {
        return Err(bad_argument(
            "start",
            &format!(
                "{} is in the past; it is {}.",
                time::to_display(meeting.start),
                time::to_display(gong.now)
            ),
            &format!("\"{}\".", time::to_display(gong.now + time::DAY)),
        ));
    }
    let change = Change {
        what: format!("plan a meeting, {}", meeting.summary),
        method: Method::Post,
        operation: "/v2/meetings",
        path: "/v2/meetings".into(),
        body: Body::Json(meeting.body),
        look: "the organizer can look in Gong, as its API has no list of meetings",
    };
    change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = answer.id("meetingId");
        receipt.url = answer.text("meetingUrl");
        let additional = answer.items("additionalInvitees").iter();
        let additional: Vec<String> = additional
            .filter_map(|invitee| {
                let email = invitee.text("email")?;
                Some(match invitee.text("displayName") {
                    Some(name) => format!("{name} <{email}>"),
                    None => email,
                })
            })
            .collect();
        receipt
            .notes
            .push("By its documentation Gong sends no invitation: send one with the link.".into());
        if !additional.is_empty() {
            receipt.notes.push(format!(
                "Invite {} as well, so that Gong records the meeting.",
                additional.join(", ")
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
