//! Why and how long requests wait, and what callers read about it.

use std::time::Duration;

use sandbox::Refused;

use crate::config::SCHEDULE;

/// The wait of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How many requests leave before it.
    pub ahead: usize,
    /// How long it waits, if no others come.
    pub time: Duration,
    /// What it waits for.
    pub reason: WaitReason,
}

/// What delays requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// Gong's limit of requests a second.
    Rate,
    /// Gong said `Retry-After`.
    RetryAfter,
    /// The day's requests are used up.
    Day,
}

impl Wait {
    /// A sentence for the caller who waits.
    #[must_use]
    pub fn sentence(self) -> String {
        let time = about(self.time);
        match (self.reason, self.ahead) {
            (WaitReason::Rate, 0) => {
                format!("Waiting for Gong's limit a second: next in line, {time}.")
            }
            (WaitReason::Rate, 1) => {
                format!("Waiting for Gong's limit a second: 1 request goes before, {time}.")
            }
            (WaitReason::Rate, ahead) => {
                format!("Waiting for Gong's limit a second: {ahead} requests go before, {time}.")
            }
            (WaitReason::RetryAfter, ahead) => format!(
                "Gong takes no requests of this company at the moment: {ahead} go before, {time}."
            ),
            (WaitReason::Day, _) => format!("Waiting for the next day's requests: {time}."),
        }
    }
}

/// For requests that come while the gateway is being shut down.
pub(super) fn shutting_down() -> Refused {
    Refused {
        retry_after: Duration::from_secs(5),
        reason: "The gateway is being shut down; try again in a moment.".to_owned(),
    }
}

/// For a request whose turn comes after the deadline of its call.
pub(super) fn too_long(reason: WaitReason, wait: Duration, per_day: u32) -> Refused {
    let time = about(wait);
    let reason = match reason {
        WaitReason::Rate => format!(
            "Too many requests of this company are in line for Gong's limit a second: the next \
             turn is in {time}, later than this call may take."
        ),
        WaitReason::RetryAfter => {
            format!("Gong takes no requests of this company for {time}, as it said itself.")
        }
        WaitReason::Day => format!(
            "The {per_day} requests that this company may send Gong in a day are used up; the \
             next day begins at midnight UTC, in {time}."
        ),
    };
    Refused {
        retry_after: wait,
        reason,
    }
}

/// For a request of a user who has sent all that one user may send in a day.
pub(super) fn user_used_up(user: &str, per_user_day: u32, until_midnight: Duration) -> Refused {
    let time = about(until_midnight);
    let reason = if user == SCHEDULE {
        format!(
            "The {per_user_day} requests that calls on the schedule may send Gong in a day are used \
             up, which leaves the others for users; the next day begins at midnight UTC, in {time}. \
             Whoever runs the gateway can raise schedule_requests_per_day."
        )
    } else {
        format!(
            "{user} has used up the {per_user_day} requests that one user may send Gong in a day, \
             which leaves some for the company's other users; the next day begins at midnight UTC, \
             in {time}. Whoever runs the gateway can raise user_requests_per_day."
        )
    };
    Refused {
        retry_after: until_midnight,
        reason,
    }
}

/// A rough length of time, such as “about 1 h 21 min”.
pub(super) fn about(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    match seconds {
        0..=119 => format!("about {seconds} s"),
        120..=3_599 => format!("about {} min", seconds.div_ceil(60)),
        _ => {
            let minutes = seconds.div_ceil(60);
            format!("about {} h {} min", minutes / 60, minutes % 60)
        }
    }
}
