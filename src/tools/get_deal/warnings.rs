//! Warnings for a seller: facts from the CRM and the calls, no guesses.

use crate::{
    domain::deals::{DealHistory, DealState},
    prelude::*,
    render, time,
    wit::{
        calls::Affiliation,
        deals::{CallHistory, PersonSeen},
    },
};

/// Days without a call that cause a warning.
const SILENT_DAYS: u32 = 14;

/// The warnings about an open deal; a won or lost one has none.
pub(super) fn warnings(history: &DealHistory, calls: &CallHistory, now: i64) -> Vec<String> {
    let state = history.latest();
    if state.is_closed() {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    warnings.extend(overdue(&state, now));
    if history.now.is_some() && state.close_date.is_none() {
        warnings.push("no close date".into());
    }
    if history.now.is_some() && state.amount.is_none() {
        warnings.push("no amount".into());
    }
    let amount = history.fall(|state| &state.amount);
    let probability = history.fall(|state| &state.probability);
    for (name, fall) in [("amount", amount), ("probability", probability)] {
        if let Some((at, highest)) = fall {
            let on = time::to_date(at);
            warnings.push(format!("{name} is down from {highest}, seen on {on}"));
        }
    }
    warnings.extend(silence(calls, SILENT_DAYS));
    warnings.extend(single_contact(&calls.people));
    warnings
}

/// A close date in the past.
pub(crate) fn overdue(state: &DealState, now: i64) -> Option<String> {
    let late = -state.days_to_close(now)?;
    (late > 0).then(|| format!("close date is {} past", render::count(late as u32, "day")))
}

/// No call, or none with a customer, for that many days.
pub(crate) fn silence(calls: &CallHistory, days: u32) -> Option<String> {
    let call = calls.days_since_call?;
    let customer = calls.days_since_customer.filter(|since| *since >= days);
    match (call >= days, customer) {
        (true, _) => Some(format!("no call for {}", render::count(call, "day"))),
        (false, Some(since)) => Some(format!(
            "no customer on a call for {}",
            render::count(since, "day")
        )),
        (false, None) => None,
    }
}

/// Only one person of the customer was on the calls.
fn single_contact(people: &[PersonSeen]) -> Option<String> {
    let mut customers = people
        .iter()
        .filter(|person| person.affiliation == Affiliation::External && person.calls > 0);
    let (first, second) = (customers.next()?, customers.next());
    (second.is_none() && first.calls > 1)
        .then(|| format!("only {} of the customer was on the calls", first.name))
}

#[cfg(test)]
mod tests {
    use super::warnings;
    use crate::{
        domain::deals::{DealHistory, DealState},
        wit::{
            calls::Affiliation,
            deals::{CallHistory, PersonSeen},
        },
    };

    /// 2026-11-23T12:30:00Z
    const NOW: i64 = 1_795_437_000;

    fn call_history(days: Option<u32>, customer: Option<u32>) -> CallHistory {
        let jo = PersonSeen {
            name: "Jo Ray".into(),
            affiliation: Affiliation::External,
            title: None,
            role: None,
            email: None,
            calls: 2,
            last_heard: None,
        };
        CallHistory {
            notice: String::new(),
            minutes: 0,
            calls: 2,
            days_since_call: days,
            days_since_customer: customer,
            people: vec![jo],
            people_left_out: None,
            next_steps: vec![],
            trackers: vec![],
            latest: vec![],
            calls_left_out: None,
            call_url: None,
            not_read: None,
        }
    }

    fn state(stage: &str, amount: Option<&str>, close: Option<&str>) -> DealState {
        DealState {
            stage: Some(stage.into()),
            amount: amount.map(Into::into),
            close_date: close.map(Into::into),
            probability: None,
        }
    }

    #[test]
    fn an_open_deal_has_warnings() {
        let history = DealHistory {
            seen: vec![(NOW - 86_400 * 30, state("Proposal", Some("500"), None))],
            now: Some(state("Proposal", Some("400"), Some("2026-11-22"))),
        };
        assert_eq!(
            warnings(&history, &call_history(Some(20), None), NOW),
            [
                "close date is 1 day past",
                "amount is down from 500, seen on 2026-10-24",
                "no call for 20 days",
                "only Jo Ray of the customer was on the calls",
            ]
        );
        let bare = DealHistory {
            seen: vec![],
            now: Some(state("Discovery", None, None)),
        };
        let warned = warnings(&bare, &call_history(Some(2), Some(15)), NOW);
        assert_eq!(
            warned[..3],
            [
                "no close date",
                "no amount",
                "no customer on a call for 15 days"
            ]
        );
    }

    #[test]
    fn a_decided_deal_or_an_old_range_has_none() {
        let won = DealHistory {
            seen: vec![],
            now: Some(state("Closed Won", None, Some("2026-01-01"))),
        };
        assert!(warnings(&won, &call_history(Some(99), None), NOW).is_empty());
        let open = DealHistory {
            seen: vec![],
            now: Some(state("Proposal", Some("1"), Some("2026-11-23"))),
        };
        assert_eq!(warnings(&open, &call_history(None, None), NOW).len(), 1);
    }
}
