//! The quota of a tenant, and its requests over time.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::chart::{Chart, Count};
use super::kill_switches::{self, SwitchedOff};
use super::problem::Problem;
use super::session::{self, SignedIn};
use super::state::PageState;
use super::view::{self, Frame, NavItem, Style, SwitchPanel, Tone};
use crate::config::SCHEDULE;
use crate::store::{Quota, UserQuota};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The percentages of used requests at which the meter changes its colour.
const MUCH: u64 = 75;
const NEARLY_ALL: u64 = 95;

#[derive(Template)]
#[template(path = "quota.html")]
struct Page {
    frame: Frame,
    quota: QuotaMeter,
    per_second: u32,
    days: bool,
    chart: Chart,
    switch: SwitchPanel,
}

/// The quota of a day, as it is shown.
#[derive(Debug)]
pub(super) struct QuotaMeter {
    pub(super) used: u64,
    pub(super) limit: u64,
    pub(super) left: u64,
    /// Until when Gong wants no requests.
    pub(super) blocked: Option<String>,
    /// Requests that one user may send.
    pub(super) user_limit: u64,
    /// Users with what they have sent, most first.
    pub(super) users: Vec<UserMeter>,
}

/// What a user has used of a day, as it is shown.
#[derive(Debug)]
pub(super) struct UserMeter {
    user: String,
    used: u64,
    left: u64,
}

impl From<Quota> for QuotaMeter {
    fn from(quota: Quota) -> Self {
        let meter = |one: UserQuota| UserMeter {
            user: one.user,
            used: one.used.into(),
            left: quota.user_limit.saturating_sub(one.used).into(),
        };
        Self {
            used: quota.used.into(),
            limit: quota.limit.into(),
            left: quota.left.into(),
            blocked: quota.blocked_until.map(view::second),
            user_limit: quota.user_limit.into(),
            users: quota
                .users
                .into_iter()
                // The schedule has its own share, which the page of the index shows.
                .filter(|one| one.user != SCHEDULE)
                .map(meter)
                .collect(),
        }
    }
}

impl QuotaMeter {
    /// How much is used, in percent.
    pub(super) fn percent(&self) -> u64 {
        (self.used * 100 / self.limit.max(1)).min(100)
    }

    pub(super) fn tone(&self) -> Tone {
        match self.percent() {
            NEARLY_ALL.. => Tone::Bad,
            MUCH.. => Tone::Wait,
            _ => Tone::Plain,
        }
    }
}

/// `GET /t/{tenant}/quota`
pub(super) async fn show(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    uri: Uri,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let per_second = signed_in.tenant(&tenant)?.requests_per_second;
    let days = session::query(&uri).has("span", "days");
    let quota = QuotaMeter::from(state.quota(&tenant).await?);
    let now = Timestamp::now();
    let (step, steps) = if days { (DAY, 30) } else { (HOUR, 24) };
    let first = start(now, step) - step * (steps - 1);
    let key = tenant.clone();
    let (usage, off) = state
        .store(move |store| {
            let usage = store.usage(&key, first, step)?;
            Ok((usage, store.switches()?))
        })
        .await?;
    let mut usage = usage.into_iter().peekable();
    let counts = (0..steps).map(|place| {
        let at = first + step * place;
        let found = usage.next_if(|usage| usage.start == at);
        Count {
            label: view::formatted(at, if days { "%Y-%m-%d" } else { "%Y-%m-%d %H:00" }),
            tick: tick(at, place, days),
            requests: found.as_ref().map_or(0, |usage| usage.gong_requests),
            calls: found.map_or(0, |usage| usage.calls),
        }
    });
    let counts = counts.collect();
    let chart = if days {
        Chart::draw("Requests to Gong, last 30 days", counts, Some(quota.limit))
    } else {
        Chart::draw("Requests to Gong, last 24 hours", counts, None)
    };
    Ok(signed_in.show(&Page {
        frame: signed_in.frame(NavItem::Quota, "Quota", Some(&tenant)),
        quota,
        per_second,
        days,
        chart,
        switch: kill_switches::panel_of_tenant(&SwitchedOff::from(off), &tenant),
    }))
}

/// The beginning of the hour or day (UTC) of a moment.
pub(super) fn start(at: Timestamp, step: SignedDuration) -> Timestamp {
    let seconds = at.as_second();
    let start = seconds - seconds.rem_euclid(step.as_secs());
    Timestamp::from_second(start).unwrap_or(at)
}

/// A label for every third hour or every fifth day.
fn tick(at: Timestamp, place: i32, days: bool) -> Option<String> {
    if days {
        return (place % 5 == 0).then(|| view::formatted(at, "%m-%d"));
    }
    let hour = at.as_second().rem_euclid(DAY.as_secs()) / HOUR.as_secs();
    (hour % 3 == 0).then(|| format!("{hour:02}:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_days_begin_in_utc() {
        let at: Timestamp = "2026-11-24T18:20:07Z".parse().unwrap();
        assert_eq!(start(at, HOUR).to_string(), "2026-11-24T18:00:00Z");
        assert_eq!(start(at, DAY).to_string(), "2026-11-24T00:00:00Z");
    }

    #[test]
    fn the_meter_turns() {
        let used = |used| QuotaMeter {
            used,
            limit: 1_000,
            left: 0,
            blocked: None,
            user_limit: 500,
            users: Vec::new(),
        };
        assert_eq!(used(749).tone(), Tone::Plain);
        assert_eq!(used(750).tone(), Tone::Wait);
        assert_eq!(used(5_000).tone(), Tone::Bad);
        assert_eq!(used(5_000).percent(), 100);
    }
}
