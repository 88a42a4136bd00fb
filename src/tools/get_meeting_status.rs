//! `gong_get_meeting_status`. POST /v2/meetings/integration/status;
//! api:meetings:integration:status; limited release. For which users Gong can plan meetings.

use serde_json::json;

use crate::{
    client::{Gong, json::ApiResponse},
    domain::change::between,
    error::Error,
    gong::users::People,
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer},
    wit::meetings::{GetMeetingStatus, MeetingStatus, OrganizerStatus},
};

/// How many e-mail addresses Gong accepts in one request.
const MAX_USERS: usize = 100;
const PATH: &str = "/v2/meetings/integration/status";

/// Looks up the e-mail addresses, then one request; lists users without an answer separately.
pub(crate) fn run(gong: &Gong<'_>, args: GetMeetingStatus) -> Result<MeetingStatus, Error> {
    between("users", &args.users, MAX_USERS)?;
    let mut people = People::default();
    let emails: Vec<String> = args
        .users
        .iter()
        .map(|user| people.email(gong, "users", user))
        .collect::<Result<_, _>>()?;
    let answer: ApiResponse = gong.post(PATH, &json!({ "emails": emails }))?;
    let users: Vec<OrganizerStatus> = answer
        .listed("users", &format!("POST {PATH}"))?
        .iter()
        .map(|user| OrganizerStatus {
            email: user.text("email").unwrap_or_default(),
            exists: user.is("exists"),
            valid: user.is("valid"),
            problem: user.text("userFacingError"),
            fix_url: user.text("fixUrl"),
            help_url: user.text("helpUrl"),
        })
        .collect();
    let is_answered = |email: &String| {
        let mut users = users.iter();
        users.any(|user| user.email.eq_ignore_ascii_case(email))
    };
    let unanswered = emails.into_iter().filter(|email| !is_answered(email));
    Ok(MeetingStatus {
        unanswered: unanswered.collect(),
        users,
        requests: gong.requests(),
    })
}

impl Answer for MeetingStatus {
    fn text(&self) -> String {
        let ready = self.users.iter().filter(|user| user.valid).count();
        let mut text = format!(
            "Gong can plan meetings for {ready} of {}.\n",
            render::count((self.users.len() + self.unanswered.len()) as u32, "user")
        );
        for user in &self.users {
            let state = match (user.exists, user.valid) {
                (_, true) => "ready",
                (true, false) => "not ready",
                (false, false) => "not a Gong user",
            };
            text.push_str(&format!("{}: {state}", user.email));
            for (label, detail) in [
                (" — ", &user.problem),
                (" Fix: ", &user.fix_url),
                (" Help: ", &user.help_url),
            ] {
                if let Some(detail) = detail {
                    text.push_str(label);
                    text.push_str(detail);
                }
            }
            text.push('\n');
        }
        render::list(&mut text, "No answer on", &self.unanswered, ", ");
        render::requests(&mut text, self.requests);
        text
    }
}
