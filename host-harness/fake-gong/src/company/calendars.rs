//! Whose calendar Gong reaches, which it must for planning meetings.

use serde_json::{Map, Value, json};

use super::people::User;

/// Whose calendar is disconnected, by the name before the @.
const DISCONNECTED: &str = "ben.hartley";

/// What is wrong with a user's calendar, in words that can be shown to the user.
pub(crate) struct Problem {
    text: &'static str,
    fix: &'static str,
}

impl User {
    /// What keeps Gong from planning meetings for this user.
    pub(crate) fn calendar_problem(&self) -> Option<Problem> {
        if !self.active {
            return Some(Problem {
                text: "This user is no longer active in Gong.",
                fix: "https://us-14321.app.gong.io/company/team-members",
            });
        }
        self.email.starts_with(DISCONNECTED).then_some(Problem {
            text: "Gong has lost the connection to this user's calendar.",
            fix: "https://us-14321.app.gong.io/settings/my-calendar",
        })
    }
}

impl Problem {
    /// The three keys of the response.
    pub(crate) fn json(problem: Option<&Self>) -> Map<String, Value> {
        let fields = json!({
            "userFacingError": problem.map(|problem| problem.text),
            "fixUrl": problem.map(|problem| problem.fix),
            "helpUrl": problem.map(|_| "https://help.gong.io/docs/calendar-connection"),
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// What is wrong.
    pub(crate) fn text(&self) -> &'static str {
        self.text
    }
}
