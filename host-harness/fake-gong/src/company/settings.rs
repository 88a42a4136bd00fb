//! How a user's settings came to be what they are.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Company;
use super::people::{Role, User};
use super::random::Random;
use crate::instants;

/// `userSettingsHistory`, oldest change first. What it ends with is what GET /v2/users shows.
pub(crate) fn history(company: &Company, user: &User) -> Value {
    let mut random = Random::new(company.seed, &format!("settings of {}", user.id));
    let mut changes: Vec<(Timestamp, &str, bool)> = Vec::new();
    let begin = user.created;
    changes.push((begin, "active", true));
    changes.push((begin, "emailsImported", true));
    let records = user.role != Role::Lead && !user.avatar;
    if records {
        let trained = begin + SignedDuration::from_hours(random.between(20, 200));
        changes.push((trained, "webConferencesRecorded", true));
    }
    if user.role == Role::Opener {
        let trained = begin + SignedDuration::from_hours(random.between(20, 90));
        changes.push((trained, "callsImported", true));
        changes.push((trained, "gongConnectEnabled", true));
    }
    if !user.active {
        let left = company.now - SignedDuration::from_hours(24 * random.between(20, 90));
        changes.push((left, "active", false));
        changes.push((left, "emailsImported", false));
        if records {
            changes.push((left, "webConferencesRecorded", false));
        }
    }
    changes.sort_by_key(|(at, ..)| *at);
    changes
        .into_iter()
        .map(|(at, setting, value)| {
            let time = instants::to_rfc3339(at, &company.zone);
            json!({ "setting": setting, "value": value, "time": time })
        })
        .collect()
}
