//! The logs: access, user actions, and plays of calls.
//!
//! Field names of the plays and of access from outside are those of Gong's records, in
//! snake_case; those of the other two sorts are made up, as nobody has published them.

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Company;
use super::actions::{Action, Event};
use super::random::{self, Random};
use crate::instants;

/// A log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    /// Who came into the application.
    Access,
    /// What users did in it.
    Activity,
    /// Plays of calls by users.
    Play,
    /// Who from outside came to the page of a call that was shared.
    SharedAccess,
    /// Plays of shared calls by people outside the company.
    SharedPlay,
}

/// How many days Gong keeps who came in; the other logs stay.
const ACCESS_DAYS: i64 = 14;

/// An entry and when it was made.
pub(crate) type Entry = (Timestamp, Value);

impl Log {
    /// The log of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "AccessLog" => Self::Access,
            "UserActivityLog" => Self::Activity,
            "UserCallPlay" => Self::Play,
            "ExternallySharedCallAccess" => Self::SharedAccess,
            "ExternallySharedCallPlay" => Self::SharedPlay,
            _ => return None,
        })
    }

    /// Its entries, oldest first, as far as they come from what was done with calls: these events.
    pub(crate) fn entries(self, company: &Company, events: &[&Event]) -> Vec<Entry> {
        let each = |entry: fn(&Company, &Event) -> Option<Entry>| {
            let entries = events.iter().filter_map(|event| entry(company, event));
            entries.collect()
        };
        let mut entries = match self {
            Self::Access => accesses(company),
            Self::Activity => each(activity),
            Self::Play => each(play),
            Self::SharedAccess => each(opened),
            Self::SharedPlay => each(shared_play),
        };
        entries.sort_by_key(|(at, _)| *at);
        entries
    }
}

/// Three to six sessions of each user on a working day. Once Gong's own people came in as
/// somebody else.
fn accesses(company: &Company) -> Vec<Entry> {
    let mut entries = Vec::new();
    let users = company.users.iter().enumerate();
    for (place, _) in users.filter(|(_, user)| user.active && !user.avatar) {
        for back in 0..=ACCESS_DAYS {
            let mut random = Random::new(company.seed, &format!("access {place} {back}"));
            let day = company.day(company.now - SignedDuration::from_hours(24 * back));
            if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                continue;
            }
            for _ in 0..random.between(3, 6) {
                let minutes = random.between(7 * 60, 19 * 60);
                let at = company.midnight(day) + SignedDuration::from_mins(minutes);
                let kept = company.now - SignedDuration::from_hours(24 * ACCESS_DAYS);
                if at < kept || at > company.now {
                    continue;
                }
                let record = json!({
                    "action": random.pick(&["LOGIN", "OPEN_PAGE", "OPEN_PAGE"]),
                    "ip": format!("203.0.113.{}", random.between(2, 250)),
                    "user_agent": random.pick(&["Chrome", "Firefox", "Safari"]),
                });
                let mut entry = of_user(company, place, at, record);
                if place == 4 && back == 3 {
                    impersonate(company, &mut entry);
                }
                entries.push((at, entry));
            }
        }
    }
    entries
}

fn impersonate(company: &Company, entry: &mut Value) {
    let Some(avatar) = company.users.iter().find(|user| user.avatar) else {
        return;
    };
    entry["impersonatorUserId"] = json!(avatar.id);
    entry["impersonatorEmailAddress"] = json!(avatar.email);
    entry["impersonatorFullName"] = json!(avatar.name());
    let vendor = Random::new(company.seed, "Gong itself").signed_id();
    entry["impersonatorCompanyId"] = json!(vendor.to_string());
}

fn activity(company: &Company, event: &Event) -> Option<Entry> {
    let action = match event.action {
        Action::SharedInternally => "SHARE_CALL_INTERNALLY",
        Action::SharedExternally => "SHARE_CALL_EXTERNALLY",
        Action::FilledScorecard => "FILL_SCORECARD",
        Action::GaveComment => "ADD_COMMENT",
        Action::MarkedAsReviewed => "MARK_AS_REVIEWED",
        _ => return None,
    };
    let record = json!({ "action": action, "call_id": company.heads[event.call].id.to_string() });
    Some((event.at, of_user(company, event.user, event.at, record)))
}

fn play(company: &Company, event: &Event) -> Option<Entry> {
    if !matches!(
        event.action,
        Action::ListenedToOwn | Action::ListenedToOthers
    ) {
        return None;
    }
    let mut record = played(company, event);
    record["sequence_num"] = json!(1);
    Some((event.at, of_user(company, event.user, event.at, record)))
}

/// The entry of a play.
fn played(company: &Company, event: &Event) -> Value {
    let call = company.call(event.call);
    let mut random = Random::new(call.seed, &format!("played by {}", event.user));
    let from = random.between(0, call.seconds / 3);
    json!({
        "call_id": call.id,
        "video_player_instance_id": format!("{:016x}", random::hash(&format!("{} {}", call.id, event.user))),
        "play_speed": random.pick(&[1.0, 1.0, 1.25, 1.5]),
        "device": random.pick(&["WEB", "WEB", "MOBILE"]),
        "start_time": from as f64,
        "end_time": (from + random.between(30, call.seconds / 2)) as f64,
        "event_time_on_device": instants::to_rfc3339(event.at, &company.zone),
        "offline": false,
        "live": false,
    })
}

fn opened(company: &Company, event: &Event) -> Option<Entry> {
    shared(company, event, false)
}

fn shared_play(company: &Company, event: &Event) -> Option<Entry> {
    shared(company, event, true)
}

/// The customer's first person on the call opened the shared call, and mostly played it.
fn shared(company: &Company, event: &Event, is_play: bool) -> Option<Entry> {
    if event.action != Action::SharedExternally {
        return None;
    }
    let call = company.call(event.call);
    let mut random = Random::new(call.seed, "opened by the customer");
    let contact = call.first_contact(company)?;
    let opened = event.at + SignedDuration::from_mins(random.between(10, 1200));
    let sharing = random.signed_id().to_string();
    let ip = format!("198.51.100.{}", random.between(2, 250));
    let is_heard = random.chance(70);
    if opened > company.now || (is_play && !is_heard) {
        return None;
    }
    let record = if is_play {
        let mut record = played(company, event);
        record["time_based_secure_sharing_id"] = json!(sharing);
        // A text here, a number where users hear calls.
        record["sequence_num"] = json!("1");
        record
    } else {
        json!({
            "call_id": call.id,
            "time_based_secure_sharing_id": sharing,
            "page_viewer_ip": ip,
        })
    };
    let mut entry = entry(company, opened, record);
    entry["userEmailAddress"] = json!(contact.email);
    entry["userFullName"] = json!((!is_play).then_some(&contact.name));
    Some((opened, entry))
}

fn of_user(company: &Company, user: usize, at: Timestamp, record: Value) -> Value {
    let user = &company.users[user];
    let mut entry = entry(company, at, record);
    entry["userId"] = json!(user.id);
    entry["userEmailAddress"] = json!(user.email);
    entry["userFullName"] = json!(user.name());
    entry
}

fn entry(company: &Company, at: Timestamp, record: Value) -> Value {
    json!({
        "userId": null,
        "userEmailAddress": null,
        "userFullName": null,
        "impersonatorUserId": null,
        "impersonatorEmailAddress": null,
        "impersonatorFullName": null,
        "impersonatorCompanyId": null,
        "eventTime": instants::to_rfc3339(at, &company.zone),
        "logRecord": record,
    })
}
