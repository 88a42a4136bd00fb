//! What the calls with one customer add up to, for a deal's page and an account's:
//! people, calls, next steps, trackers.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        call_details::{CallDetails, Details, cut},
        scan::Report,
    },
    gong::calls::{Call, link_pattern},
    prelude::*,
    time::{self, DAY},
    wit::{
        calls::Affiliation,
        deals::{CallHeld, CallHistory, NextStep},
    },
};

pub(crate) mod choice;
mod colleagues;
mod people;

pub(crate) use colleagues::Colleagues;
use people::People;

/// People that a page lists.
const PEOPLE: usize = 20;
/// Next steps that a page lists, from how many calls, and their characters.
const STEPS: (usize, usize, usize) = (8, 3, 160);
/// Trackers that a page lists.
const TRACKERS: usize = 6;
/// Calls of which more is told, key points of each of these, and of each older one.
const FRESH: (usize, usize, usize) = (3, 3, 1);
/// Characters of a key point.
const POINT: usize = 110;

/// Whose calls these are.
pub(crate) struct About<'a> {
    /// Calls newest first.
    pub(crate) calls: &'a [Call],
    /// Calls that are shown.
    pub(crate) limit: usize,
    /// Names of users, from all calls that were read.
    pub(crate) colleagues: &'a Colleagues,
    /// The CRM owner's name.
    pub(crate) owner: Option<&'a str>,
    /// Names of the deals by id, where each call tells its own.
    pub(crate) deals: Option<&'a BTreeMap<String, String>>,
    /// The scan that found them.
    pub(crate) report: &'a Report,
}

/// Adds everything up.
pub(crate) fn call_history(about: &About<'_>, details: &Details, now: i64) -> CallHistory {
    let told = &details.by_call;
    let mut people = People::default();
    about.calls.iter().for_each(|call| people.meet(call));
    let customer = people.last_heard(Affiliation::External);
    let (people, left_out) = people.shown(about.owner, PEOPLE);
    // A range that ends before now does not tell how long ago the last call was.
    let days_since = |at: Option<i64>| {
        at.filter(|_| about.report.range.to >= now)
            .map(|at| days(at, now))
    };
    let call = about.calls.iter().find_map(|call| call.meta_data.began());
    let shown = &about.calls[..about.calls.len().min(about.limit)];
    let call_url = link_pattern(
        shown
            .iter()
            .map(|call| (call.meta_data.id(), call.meta_data.url.as_deref())),
    );
    let days_since_call = days_since(call);
    let hidden = (about.calls.len() - shown.len()) as u32;
    CallHistory {
        calls: about.calls.len() as u32,
        days_since_call,
        days_since_customer: days_since(customer).filter(|days| Some(*days) > days_since_call),
        people,
        people_left_out: (left_out > 0).then_some(left_out),
        next_steps: next_steps(about.calls, told),
        trackers: trackers(about.calls, told),
        latest: shown
            .iter()
            .enumerate()
            .map(|(index, call)| held(call, index, told, about, call_url.is_none()))
            .collect(),
        calls_left_out: (hidden > 0).then_some(hidden),
        call_url,
        not_read: details.not_read.clone(),
    }
}

/// Whole days from an instant to now.
fn days(at: i64, now: i64) -> u32 {
    u32::try_from((now - at).max(0) / DAY).unwrap_or(u32::MAX)
}

fn held(
    call: &Call,
    index: usize,
    told: &BTreeMap<String, CallDetails>,
    about: &About<'_>,
    linked: bool,
) -> CallHeld {
    let meta = &call.meta_data;
    let told = told.get(meta.id());
    let (fresh, more, less) = FRESH;
    let points = if index < fresh { more } else { less };
    let host = meta.primary_user_id.as_ref();
    let ids: BTreeSet<&str> = call.objects("Opportunity").map(|deal| deal.id()).collect();
    let names = about.deals.into_iter().flat_map(|names| {
        ids.iter()
            .map(|id| names.get(*id).cloned().unwrap_or_else(|| (*id).to_owned()))
    });
    CallHeld {
        id: meta.id().to_owned(),
        started: meta.started_shown(),
        minutes: meta.minutes(),
        title: meta.title(),
        host: call
            .host()
            .or_else(|| about.colleagues.user(&host?.0).map(str::to_owned)),
        deals: names.collect(),
        outcome: told.and_then(|told| told.outcome.clone()),
        key_points: told
            .iter()
            .flat_map(|told| told.key_points.iter().take(points))
            .map(|point| cut(point, POINT))
            .collect(),
        url: meta.url.clone().filter(|_| linked),
    }
}

/// Those of the newest calls that have any.
fn next_steps(calls: &[Call], told: &BTreeMap<String, CallDetails>) -> Vec<NextStep> {
    let (most, of_calls, length) = STEPS;
    let with_steps = calls.iter().filter_map(|call| {
        let told = told.get(call.meta_data.id())?;
        (!told.next_steps.is_empty()).then_some((call, told))
    });
    with_steps
        .take(of_calls)
        .flat_map(|(call, told)| {
            told.next_steps.iter().map(move |(at, text)| NextStep {
                call_id: call.meta_data.id().to_owned(),
                said: call
                    .meta_data
                    .began()
                    .map_or_else(|| "unknown".to_owned(), time::to_date),
                at: at.clone(),
                text: cut(text, length),
            })
        })
        .take(most)
        .collect()
}

/// The most frequent first.
fn trackers(calls: &[Call], told: &BTreeMap<String, CallDetails>) -> Vec<String> {
    let mut sums: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let told = calls
        .iter()
        .filter_map(|call| told.get(call.meta_data.id()));
    for (name, count) in told.flat_map(|told| &told.trackers) {
        let (times, calls) = sums.entry(name).or_default();
        (*times, *calls) = (times.saturating_add(*count), *calls + 1);
    }
    let mut sums: Vec<(&str, (u32, u32))> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| core::cmp::Reverse(*sum));
    sums.iter()
        .take(TRACKERS)
        .map(|(name, (times, calls))| {
            format!(
                "{name} ×{times} on {}",
                crate::render::count(*calls, "call")
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{About, Colleagues, call_history};
    use crate::{
        domain::{
            call_details::{CallDetails, Details},
            scan::Report,
        },
        gong::calls::Call,
        time::{DAY, Range},
    };

    /// 2026-11-23T12:30:00Z
    const NOW: i64 = 1_795_437_000;

    fn call(json: &str) -> Call {
        serde_json::from_str(json).expect("a call")
    }

    fn report(to: i64) -> Report {
        Report::whole(Range { from: 0, to }, 9)
    }

    fn about<'a>(calls: &'a [Call], colleagues: &'a Colleagues, report: &'a Report) -> About<'a> {
        About {
            calls,
            limit: 1,
            colleagues,
            owner: None,
            deals: None,
            report,
        }
    }

    #[test]
    fn steps_and_trackers_are_of_the_newest_calls_that_have_any() {
        let calls = ["5", "4", "3", "2", "1"].map(|id| {
            call(&format!(
                r#"{{"metaData": {{"id": "{id}", "started": "2026-11-0{id}T10:00:00Z"}}}}"#
            ))
        });
        let told = ["4", "3", "2", "1"].map(|id| {
            let told = CallDetails {
                next_steps: vec![(None, format!("step {id}")), (None, "again".into())],
                trackers: vec![("Price".into(), 2), (format!("only {id}"), 2)],
                ..CallDetails::default()
            };
            (id.to_owned(), told)
        });
        let told = Details {
            by_call: told.into(),
            not_read: None,
        };
        let (colleagues, report) = (Colleagues::default(), report(NOW));
        let sum = call_history(&about(&calls, &colleagues, &report), &told, NOW);
        let said: Vec<_> = sum
            .next_steps
            .iter()
            .map(|step| step.said.as_str())
            .collect();
        assert_eq!(
            said,
            [
                "2026-11-04",
                "2026-11-04",
                "2026-11-03",
                "2026-11-03",
                "2026-11-02",
                "2026-11-02"
            ]
        );
        assert_eq!(sum.trackers[0], "Price ×8 on 4 calls");
        assert_eq!(sum.trackers[1], "only 1 ×2 on 1 call");
        assert_eq!(
            (sum.calls, sum.calls_left_out, sum.latest.len()),
            (5, Some(4), 1)
        );
        assert_eq!(
            (sum.days_since_call, sum.days_since_customer),
            (Some(18), None)
        );
    }

    #[test]
    fn customers_may_be_heard_before_the_last_call() {
        let calls = [
            call(
                r#"{"metaData": {"id": "2", "started": "2026-11-20T10:00:00Z"},
                "parties": [{"name": "Jo", "affiliation": "External", "methods": ["Invitee"]}]}"#,
            ),
            call(
                r#"{"metaData": {"id": "1", "started": "2026-11-10T10:00:00Z"},
                "parties": [{"name": "Jo", "affiliation": "External", "methods": ["Invitee", "Attendee"]}]}"#,
            ),
        ];
        let (colleagues, to_now) = (Colleagues::default(), report(NOW));
        let sum = call_history(
            &about(&calls, &colleagues, &to_now),
            &Details::default(),
            NOW,
        );
        assert_eq!(
            (sum.days_since_call, sum.days_since_customer),
            (Some(3), Some(13))
        );
        let to_yesterday = report(NOW - DAY);
        let past = about(&calls, &colleagues, &to_yesterday);
        let sum = call_history(&past, &Details::default(), NOW);
        assert_eq!((sum.days_since_call, sum.days_since_customer), (None, None));
    }
}
