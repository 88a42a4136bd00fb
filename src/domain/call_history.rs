//! A summary of the calls with one customer, for the answers about a deal and an account: people,
//! calls, next steps, trackers.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        call_content::QUOTED,
        call_details::{CallDetails, DetailsByCall},
        scan::Report,
    },
    gong::calls::{Call, link_pattern},
    prelude::*,
    render,
    text::cut_at_word,
    time,
    wit::{
        calls::Affiliation,
        deals::{CallHeld, CallHistory, NextStep},
    },
};

pub(crate) mod lookup;
mod people;
mod user_names;

use people::People;
pub(crate) use user_names::UserNames;

/// People listed at most.
const PEOPLE: usize = 20;
/// Next steps listed at most.
const STEPS: usize = 8;
/// Calls whose next steps are listed.
const STEP_CALLS: usize = 3;
/// Characters of a next step.
const STEP_CHARACTERS: usize = 160;
/// Trackers listed at most.
const TRACKERS: usize = 6;
/// Newest calls, which are shown with more key points than older ones.
const NEWEST_CALLS: usize = 3;
/// Key points of each of the newest calls, where there is no brief.
const NEWEST_POINTS: usize = 3;
/// Characters of a brief.
const BRIEF_CHARACTERS: usize = 360;
/// Key points of each older call.
const OLDER_POINTS: usize = 1;
/// Characters of a key point.
const POINT_CHARACTERS: usize = 110;

/// The calls with one customer.
pub(crate) struct CustomerCalls<'a> {
    /// The calls, newest first.
    pub(crate) calls: &'a [Call],
    /// How many calls are shown.
    pub(crate) limit: usize,
    /// Names of users, from all calls of the scan.
    pub(crate) user_names: &'a UserNames,
    /// The CRM owner's name.
    pub(crate) owner: Option<&'a str>,
    /// Names of deals by id, where each call is shown with its deals.
    pub(crate) deals: Option<&'a BTreeMap<String, String>>,
    /// The scan that found the calls.
    pub(crate) report: &'a Report,
}

/// Makes the summary.
pub(crate) fn call_history(
    customer: &CustomerCalls<'_>,
    details: &DetailsByCall,
    now: i64,
) -> CallHistory {
    let by_call = &details.by_call;
    let mut people = People::default();
    customer.calls.iter().for_each(|call| people.add(call));
    let last_customer_call = people.last_attended(Affiliation::External);
    let (people, left_out) = people.shown(customer.owner, PEOPLE);
    // There may be later calls after a range that ends before now, and in a gap.
    let days_since = |at: Option<i64>| {
        let is_last =
            |at: &i64| customer.report.range.to >= now && customer.report.has_all_from(*at);
        at.filter(is_last).map(|at| days(at, now))
    };
    let last_call = customer
        .calls
        .iter()
        .find_map(|call| call.meta_data.began());
    let shown = &customer.calls[..customer.calls.len().min(customer.limit)];
    let call_url = link_pattern(
        shown
            .iter()
            .map(|call| (call.meta_data.id(), call.meta_data.url.as_deref())),
    );
    let days_since_call = days_since(last_call);
    let hidden = (customer.calls.len() - shown.len()) as u32;
    CallHistory {
        notice: QUOTED.into(),
        calls: customer.calls.len() as u32,
        minutes: customer
            .calls
            .iter()
            .map(|call| call.meta_data.minutes())
            .sum(),
        days_since_call,
        days_since_customer: days_since(last_customer_call)
            .filter(|days| Some(*days) > days_since_call),
        people,
        people_left_out: (left_out > 0).then_some(left_out),
        next_steps: next_steps(customer.calls, by_call),
        trackers: trackers(customer.calls, by_call),
        latest: shown
            .iter()
            .enumerate()
            .map(|(index, call)| call_held(call, index, by_call, customer, call_url.is_none()))
            .collect(),
        calls_left_out: (hidden > 0).then_some(hidden),
        call_url,
        not_read: details.not_read.clone(),
    }
}

/// Days of the calendar from an instant to now: 0 for today, 1 for yesterday.
fn days(at: i64, now: i64) -> u32 {
    let days = time::day_of(now) - time::day_of(at);
    u32::try_from(days.max(0)).unwrap_or(u32::MAX)
}

/// One call of the list; `with_url` where the list has no common form of links.
fn call_held(
    call: &Call,
    index: usize,
    by_call: &BTreeMap<String, CallDetails>,
    customer: &CustomerCalls<'_>,
    with_url: bool,
) -> CallHeld {
    let meta = &call.meta_data;
    let details = by_call.get(meta.id());
    let brief = details.and_then(|details| details.brief.as_deref());
    let (brief, points) = match (index < NEWEST_CALLS, brief) {
        (true, Some(brief)) => (Some(brief), 0),
        (true, None) => (None, NEWEST_POINTS),
        (false, _) => (None, OLDER_POINTS),
    };
    let host = meta.primary_user_id.as_ref();
    let ids: BTreeSet<&str> = call.objects("Opportunity").map(|deal| deal.id()).collect();
    let names = customer.deals.into_iter().flat_map(|names| {
        ids.iter()
            .map(|id| names.get(*id).cloned().unwrap_or_else(|| (*id).to_owned()))
    });
    CallHeld {
        id: meta.id().to_owned(),
        started: meta.started_display(),
        minutes: meta.minutes(),
        title: meta.title(),
        host: call
            .host()
            .or_else(|| customer.user_names.user(&host?.0).map(str::to_owned)),
        deals: names.collect(),
        outcome: details.and_then(|details| details.outcome.clone()),
        brief: brief.map(|brief| cut_at_word(brief, BRIEF_CHARACTERS)),
        key_points: details
            .iter()
            .flat_map(|details| details.key_points.iter().take(points))
            .map(|point| cut_at_word(point, POINT_CHARACTERS))
            .collect(),
        url: meta.url.clone().filter(|_| with_url),
    }
}

/// The next steps of the newest calls that have any.
fn next_steps(calls: &[Call], by_call: &BTreeMap<String, CallDetails>) -> Vec<NextStep> {
    let with_steps = calls.iter().filter_map(|call| {
        let details = by_call.get(call.meta_data.id())?;
        (!details.next_steps.is_empty()).then_some((call, details))
    });
    with_steps
        .take(STEP_CALLS)
        .flat_map(|(call, details)| {
            details.next_steps.iter().map(move |(at, text)| NextStep {
                call_id: call.meta_data.id().to_owned(),
                said: call
                    .meta_data
                    .began()
                    .map_or_else(|| "unknown".to_owned(), time::to_date),
                at: at.clone(),
                text: cut_at_word(text, STEP_CHARACTERS),
            })
        })
        .take(STEPS)
        .collect()
}

/// The trackers of all calls, the most frequent first.
fn trackers(calls: &[Call], by_call: &BTreeMap<String, CallDetails>) -> Vec<String> {
    let mut sums: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let details = calls
        .iter()
        .filter_map(|call| by_call.get(call.meta_data.id()));
    for (name, count) in details.flat_map(|details| &details.trackers) {
        let (times, calls) = sums.entry(name).or_default();
        (*times, *calls) = (times.saturating_add(*count), *calls + 1);
    }
    let mut sums: Vec<(&str, (u32, u32))> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| core::cmp::Reverse(*sum));
    sums.iter()
        .take(TRACKERS)
        .map(|(name, (times, calls))| {
            format!("{name} ×{times} on {}", render::count(*calls, "call"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{CustomerCalls, UserNames, call_history};
    use crate::{
        domain::{
            call_details::{CallDetails, DetailsByCall},
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

    fn customer_calls<'a>(
        calls: &'a [Call],
        user_names: &'a UserNames,
        report: &'a Report,
    ) -> CustomerCalls<'a> {
        CustomerCalls {
            calls,
            limit: 1,
            user_names,
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
        let by_call = ["4", "3", "2", "1"].map(|id| {
            let details = CallDetails {
                next_steps: vec![(None, format!("step {id}")), (None, "again".into())],
                trackers: vec![("Price".into(), 2), (format!("only {id}"), 2)],
                ..CallDetails::default()
            };
            (id.to_owned(), details)
        });
        let details = DetailsByCall {
            by_call: by_call.into(),
            not_read: None,
        };
        let (user_names, report) = (UserNames::default(), report(NOW));
        let sum = call_history(&customer_calls(&calls, &user_names, &report), &details, NOW);
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
    fn a_customer_who_missed_the_last_call_attended_an_earlier_one() {
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
        let (user_names, to_now) = (UserNames::default(), report(NOW));
        let sum = call_history(
            &customer_calls(&calls, &user_names, &to_now),
            &DetailsByCall::default(),
            NOW,
        );
        assert_eq!(
            (sum.days_since_call, sum.days_since_customer),
            (Some(3), Some(13))
        );
        let to_yesterday = report(NOW - DAY);
        let past = customer_calls(&calls, &user_names, &to_yesterday);
        let sum = call_history(&past, &DetailsByCall::default(), NOW);
        assert_eq!((sum.days_since_call, sum.days_since_customer), (None, None));
    }
}
