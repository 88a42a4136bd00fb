//! The outcomes among which a user chooses after a call.

use serde_json::{Value, json};

/// An outcome, set up in the dialer's settings.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The id under which a call names it.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) is_answered: bool,
    sentiment: &'static str,
    todo: Option<&'static str>,
    automation: Option<&'static str>,
}

/// In the order in which they are shown.
pub(crate) const OUTCOMES: [Outcome; 5] = [
    Outcome {
        id: "MEETING_BOOKED",
        name: "Meeting booked",
        is_answered: true,
        sentiment: "POSITIVE",
        todo: Some("COMPLETE_AND_REMOVE"),
        automation: None,
    },
    Outcome {
        id: "FOLLOW_UP_AGREED",
        name: "Follow-up agreed",
        is_answered: true,
        sentiment: "POSITIVE",
        todo: Some("COMPLETE"),
        automation: None,
    },
    Outcome {
        id: "CALL_BACK_LATER",
        name: "Call back later",
        is_answered: true,
        sentiment: "NEUTRAL",
        todo: Some("COMPLETE"),
        automation: None,
    },
    Outcome {
        id: "NOT_INTERESTED",
        name: "Not interested",
        is_answered: true,
        sentiment: "NEGATIVE",
        todo: Some("COMPLETE_AND_REMOVE"),
        automation: Some("MARK_AS_OPT_OUT"),
    },
    Outcome {
        id: "VOICEMAIL",
        name: "Voicemail",
        is_answered: false,
        sentiment: "NEUTRAL",
        todo: None,
        automation: None,
    },
];

impl Outcome {
    /// As GET /v2/call-outcomes answers it, at this place of the list.
    pub(crate) fn json(&self, place: usize) -> Value {
        json!({
            "callOutcome": self.name,
            "displayOrder": place,
            "connectStatus": if self.is_answered { "CONNECTED" } else { "NOT_CONNECTED" },
            "sentiment": self.sentiment,
            "todoAction": self.todo,
            "automation": self.automation,
            "category": if self.is_answered { "ANSWERED" } else { "NOT_ANSWERED" },
        })
    }

    /// As a call's content names it.
    pub(crate) fn of_call(&self) -> Value {
        let category = if self.is_answered {
            "Answered"
        } else {
            "Not answered"
        };
        json!({ "id": self.id, "category": category, "name": self.name })
    }
}
