//! What a tenant sends to Gong.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::PageState;
use super::chart::{Chart, Count};
use super::problem::Problem;
use super::session::{self, Signed};
use super::switches::{self, Switches};
use super::view::{self, At, Frame, Style, Switch, Tone};
use crate::store::Quota;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Of how many hundred requests so many are used, the meter turns.
const MUCH: u64 = 75;
const NEARLY_ALL: u64 = 95;

#[derive(Template)]
#[template(path = "quota.html")]
struct Page {
    frame: Frame,
    quota: Used,
    per_second: u32,
    days: bool,
    chart: Chart,
    switch: Switch,
}

/// A day's quota as it is shown.
#[derive(Debug)]
pub(super) struct Used {
    pub(super) used: u64,
    pub(super) limit: u64,
    pub(super) left: u64,
    /// Until when Gong wants no requests.
    pub(super) blocked: Option<String>,
}

impl From<Quota> for Used {
    fn from(quota: Quota) -> Self {
        Self {
            used: quota.used.into(),
            limit: quota.limit.into(),
            left: quota.left.into(),
            blocked: quota.blocked_until.map(view::second),
        }
    }
}

impl Used {
    /// Of a hundred.
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
    signed: Signed,
) -> Result<Response, Problem> {
    let per_second = signed.tenant(&tenant)?.requests_per_second;
    let days = session::asked(&uri).has("span", "days");
    let quota = Used::from(state.quota(&tenant).await?);
    let now = Timestamp::now();
    let (step, steps) = if days { (DAY, 30) } else { (HOUR, 24) };
    let first = start(now, step) - step * (steps - 1);
    let of = tenant.clone();
    let (usage, off) = state
        .store(move |store| {
            let usage = store.usage(&of, first, step)?;
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
    Ok(signed.show(&Page {
        frame: signed.frame(At::Quota, "Quota", Some(&tenant)),
        quota,
        per_second,
        days,
        chart,
        switch: switches::of_tenant(&Switches::from(off), &tenant),
    }))
}

/// When the hour or day began (UTC) that a moment is in.
pub(super) fn start(at: Timestamp, step: SignedDuration) -> Timestamp {
    let seconds = at.as_second();
    let start = seconds - seconds.rem_euclid(step.as_secs());
    Timestamp::from_second(start).unwrap_or(at)
}

/// Every third hour, every fifth day.
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
        let used = |used| Used {
            used,
            limit: 1_000,
            left: 0,
            blocked: None,
        };
        assert_eq!(used(749).tone(), Tone::Plain);
        assert_eq!(used(750).tone(), Tone::Wait);
        assert_eq!(used(5_000).tone(), Tone::Bad);
        assert_eq!(used(5_000).percent(), 100);
    }
}
