use alloc::collections::VecDeque;
use core::{cell::RefCell, ops::ControlFlow};
use serde_json::{Value, json};

use super::{Endpoint, Extent, Plan, Report, newest_first, resume::Start};
use crate::{
    client::{
        Gong,
        request::{Host, Request, Response},
    },
    error::Error,
    prelude::*,
    time::{self, DAY, Range},
};

/// 2026-11-23T12:00:00Z
const NOW: i64 = 1_795_435_200;

/// Answers in their order, whatever the requests are.
struct Answers(RefCell<VecDeque<(u16, Value)>>);

impl Host for Answers {
    fn send(&self, _: &Request<'_>) -> Result<Response, Error> {
        let answer = self.0.borrow_mut().pop_front();
        let (status, body) = answer.expect("an answer");
        Ok(Response {
            status,
            body: body.to_string().into(),
            ..Response::default()
        })
    }

    fn now(&self) -> i64 {
        NOW
    }

    fn elapsed_ms(&self) -> u64 {
        0
    }

    fn pause(&self, _: u64) {}

    fn variable(&self, name: &str) -> Option<String> {
        let value = match name {
            "GONG_AUTH" | "GONG_PACE" => "host",
            _ => return None,
        };
        Some(value.to_owned())
    }
}

/// A page with a call for each pair of id and hours before now.
fn page(calls: &[(u32, i64)], records: Value) -> (u16, Value) {
    let calls: Vec<Value> = calls
        .iter()
        .map(|(id, hours)| json!({ "id": id, "started": time::to_rfc3339(NOW - hours * 3600) }))
        .collect();
    (200, json!({ "records": records, "calls": calls }))
}

fn refused(status: u16, text: &str) -> (u16, Value) {
    (status, json!({ "requestId": "r9", "errors": [text] }))
}

/// Reads the last days; ends at the call `last`. Returns the ids visited too.
fn read(
    days: i64,
    last: Option<&str>,
    answers: Vec<(u16, Value)>,
) -> (Result<Report, Error>, Vec<String>) {
    let host = Answers(RefCell::new(answers.into()));
    let gong = Gong::open(&host).expect("settings");
    let plan = Plan {
        endpoint: Endpoint::Basic,
        workspace: None,
        extent: Extent::Whole,
        start: Start {
            range: Range {
                from: NOW - days * DAY,
                to: NOW,
            },
            skip: [].into(),
            rows: 0,
        },
    };
    let mut ids = Vec::new();
    let report = newest_first(&gong, plan, |call| {
        ids.push(call.meta_data.id().to_owned());
        match last == Some(call.meta_data.id()) {
            true => ControlFlow::Break("the limit"),
            false => ControlFlow::Continue(()),
        }
    });
    assert!(host.0.borrow().is_empty(), "an answer was not used");
    (report, ids)
}

const ON: &[(u32, i64)] = &[(1, 9), (2, 8), (3, 7)];

#[test]
fn a_later_page_that_finds_nothing_is_a_fault() {
    let nothing = "No calls found corresponding to the provided filters";
    let (report, ids) = read(
        1,
        None,
        [page(ON, json!({ "cursor": "a" })), refused(404, nothing)].into(),
    );
    let report = report.expect("what was read");
    assert_eq!(ids, ["2", "1"]);
    assert!(
        report
            .stopped
            .is_some_and(|why| why.contains("broke off") && why.contains(nothing))
    );
    assert!(report.resume.is_some());
    assert_eq!(report.gap.map(|gap| gap.from), Some(NOW - 7 * 3600));
    let (report, ids) = read(1, None, [refused(404, nothing)].into());
    assert!(ids.is_empty() && report.expect("no call").stopped.is_none());
}

#[test]
fn a_call_on_two_pages_is_one_call() {
    let pages = [
        page(ON, json!({ "cursor": "a" })),
        page(&[(3, 7), (4, 6)], json!({ "cursor": "" })),
    ];
    let (report, ids) = read(1, None, pages.into());
    let report = report.expect("all");
    assert_eq!(ids, ["4", "3", "2", "1"]);
    assert_eq!((report.read, report.stopped), (4, None));
}

#[test]
fn a_call_far_outside_moves_nothing_outside_the_range() {
    let far = [(1, 60_000), (2, 8), (3, -60_000)];
    for (last, earliest, latest) in [("1", NOW - 5 * DAY, NOW - DAY), ("3", NOW, NOW)] {
        let (report, _) = read(30, Some(last), [page(&far, json!({}))].into());
        let at = report.expect("a part").read_back_to.expect("a stop");
        assert!((earliest..=latest).contains(&at), "{last}: {at}");
    }
}

#[test]
fn a_cursor_that_repeats_ends_the_list_with_what_was_read() {
    let repeated = |records: Value| [page(ON, records.clone()), page(ON, records)].into();
    let (report, ids) = read(1, None, repeated(json!({ "cursor": 5 })));
    assert_eq!(ids, ["2", "1"]);
    let report = report.expect("what was read");
    assert!(
        report
            .stopped
            .is_some_and(|why| why.contains("same page cursor"))
    );
    assert!(report.resume.is_some());
    // Gong says that this is all.
    let (report, ids) = read(
        1,
        None,
        repeated(json!({ "cursor": "a", "totalRecords": 3 })),
    );
    assert_eq!(ids, ["3", "2", "1"]);
    assert_eq!(report.expect("all").stopped, None);
    // Back to a page before the last one.
    let pages = [
        page(ON, json!({ "cursor": "a" })),
        page(&[(4, 6)], json!({ "cursor": "b" })),
        page(&[(5, 5)], json!({ "cursor": "a" })),
    ];
    let (report, ids) = read(1, None, pages.into());
    assert_eq!(ids, ["4", "3", "2", "1"]);
    assert!(report.expect("what was read").resume.is_some());
}

#[test]
fn part_of_a_window_is_kept_only_where_calls_rise() {
    let newest = page(&[(9, 1)], json!({}));
    let fault = || refused(403, "Not now");
    let falling = || {
        [
            page(&[(3, 36), (4, 35)], json!({ "cursor": "a" })),
            page(&[(1, 48), (2, 47)], json!({ "cursor": "b" })),
            fault(),
        ]
    };
    let (report, ids) = read(3, None, [newest].into_iter().chain(falling()).collect());
    let report = report.expect("the newest window");
    assert_eq!(ids, ["9"]);
    assert!(report.gap.is_none() && report.resume.is_some());
    assert_eq!(report.read_back_to, Some(NOW - DAY));
    let (report, ids) = read(2, None, falling().into());
    assert!(report.is_err() && ids.is_empty());
    let [first, second, fault] = falling();
    let (report, ids) = read(2, None, [second, first, fault].into());
    assert_eq!(ids, ["3", "2", "1"]);
    assert_eq!(
        report.expect("a part").gap.map(|gap| gap.from),
        Some(NOW - 35 * 3600)
    );
}
