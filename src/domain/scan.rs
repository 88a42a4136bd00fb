//! Reading calls newest first. Gong's pages are oldest first and its cursors only go forward, so a
//! scan reads one window of time after the other, from the end of the range backwards, and turns each
//! round. GET /v2/calls or POST /v2/calls/extensive.

use alloc::collections::BTreeSet;
use core::ops::ControlFlow;

use crate::{
    client::Gong,
    domain::scan::{
        resume::Start,
        window::{Window, aim, calls_on, first_width, next_aim, next_width, position, read_window},
    },
    error::Error,
    gong::calls::{Call, ContentSelector},
    index::Parts,
    prelude::*,
    time::Range,
};

mod indexed;
mod report;
pub(crate) mod resume;
mod window;

pub(crate) use indexed::{CountPlan, counted, with_index};
pub(crate) use report::Report;
use report::{Read, stop};

/// Pages that one tool call reads at most: 4,000 calls, which take 14 s at Gong's rate limit and 0.4 %
/// of the company's daily requests.
const MOST_PAGES: u32 = 40;
/// After this time, in ms, no further window is read: clients and gateways give up after 60 s, and Gong
/// takes a second or two for a page with CRM fields.
const MOST_MS: u64 = 40_000;

/// The endpoint that a scan reads.
pub(crate) enum Endpoint<'a> {
    /// GET /v2/calls: metadata only. It sorts and filters web conferences by the planned time.
    Basic,
    /// POST /v2/calls/extensive: what the selector names. It sorts and filters by the start.
    Extensive {
        /// Which parts of each call Gong sends.
        selector: &'a ContentSelector,
        /// Ids of hosts; empty for all.
        hosts: &'a [String],
    },
}

/// How much of its range a scan reads: the more, the longer are its windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The newest calls.
    Newest,
    /// Most of it, until enough of a few calls are found.
    Most,
    /// All of it.
    Whole,
}

/// What to scan.
pub(crate) struct Plan<'a> {
    /// The endpoint.
    pub(crate) endpoint: Endpoint<'a>,
    /// Only this workspace.
    pub(crate) workspace: Option<&'a str>,
    /// How much of the range will be read.
    pub(crate) extent: Extent,
    /// The range, and the calls to skip.
    pub(crate) start: Start,
}

impl Plan<'_> {
    /// The parts of calls that the plan's endpoint sends.
    fn parts(&self) -> Parts {
        let Endpoint::Extensive { selector, .. } = self.endpoint else {
            return Parts::default();
        };
        let sends = |part: &str| {
            let fields = selector.exposed_fields.as_ref();
            fields.is_some_and(|fields| fields.get(part).is_some())
        };
        Parts {
            people: sends("parties"),
            crm: selector.context.is_some(),
            then: selector.context_timing.contains(&"TimeOfCall"),
            content: sends("content"),
        }
    }
}

/// Reads calls newest first and calls `visit` with each, which may take the call. Ends when `visit`
/// breaks, at the start of the range, after the most pages or the most time, or where a request fails.
///
/// # Errors
/// Whatever the first request fails with.
pub(crate) fn newest_first(
    gong: &Gong<'_>,
    plan: Plan<'_>,
    visit: impl FnMut(&mut Call) -> ControlFlow<&'static str>,
) -> Result<Report, Error> {
    let mut report = Report::new(gong.tokens(), &plan.start);
    live(
        gong,
        &plan,
        plan.start.range,
        MOST_PAGES,
        &mut report,
        visit,
    )?;
    Ok(report)
}

/// Reads a range from Gong, newest first.
fn live(
    gong: &Gong<'_>,
    plan: &Plan<'_>,
    range: Range,
    mut pages_left: u32,
    report: &mut Report,
    mut visit: impl FnMut(&mut Call) -> ControlFlow<&'static str>,
) -> Result<(), Error> {
    let mut skip = match range.to < report.range.to {
        true => BTreeSet::new(),
        false => report.skipped.clone(),
    };
    let mut end = range.to;
    let mut width = first_width(range);
    if pages_left == 0 {
        stop(report, end, too_many_pages(), &skip);
        return Ok(());
    }
    let mut aim = aim(plan);
    // After the first window all the rest is one, whose pages are full but for the last, unless it has
    // too many.
    let mut takes_rest = plan.extent == Extent::Whole;
    while end > range.from {
        let mut window = Range {
            from: range.from.max(end - width),
            to: end,
        };
        let calls = loop {
            match read_window(gong, plan, window, pages_left) {
                Window::Whole { calls, pages } => {
                    pages_left -= pages;
                    break calls;
                }
                Window::TooMany {
                    total,
                    pages,
                    fitting,
                } => {
                    pages_left -= pages;
                    takes_rest = false;
                    let length = window.to - window.from;
                    let pages = fitting.min(pages_left).max(1);
                    let aim = aim.min(calls_on(i64::from(pages)));
                    let narrower = (length * aim / i64::from(total.max(1))).max(1);
                    if pages_left == 0 || length == 1 {
                        stop(report, end, too_many_pages(), &skip);
                        return Ok(());
                    }
                    window.from = window.to - narrower.min(length - 1);
                }
                Window::Failed { error, calls } => {
                    // What the rest of the range has so far is at its begin, if Gong keeps its order.
                    let is_begin = window.from == range.from && plan.extent == Extent::Whole;
                    let at = |call: &Call| position_in(call, plan, window);
                    let calls = match is_begin && calls.is_sorted_by_key(at) {
                        true => positioned(calls, plan, window),
                        false => Vec::new(),
                    };
                    let gap = Range {
                        from: calls.first().map_or(range.from, |(at, _)| *at),
                        to: end,
                    };
                    let whole = calls.into_iter().filter(|(at, _)| *at < gap.from);
                    let whole: Vec<(i64, Call)> = whole.collect();
                    if whole.is_empty() && end == report.range.to {
                        return Err(error);
                    }
                    report.gap = (!whole.is_empty()).then_some(gap);
                    let visited = visit_all(gong, whole, window, &skip, report, &mut visit);
                    if visited.is_continue() {
                        stop(report, end, error.into_text(), &skip);
                    }
                    return Ok(());
                }
            }
        };
        let calls = positioned(calls, plan, window);
        let count = calls.len();
        if visit_all(gong, calls, window, &skip, report, &mut visit).is_break() {
            return Ok(());
        }
        end = window.from;
        skip.clear();
        aim = next_aim(plan, aim).min(calls_on(i64::from(pages_left.max(1))));
        width = match takes_rest {
            true => end - range.from,
            false => next_width(width, window, count as i64, aim),
        };
        if end > range.from && (pages_left == 0 || gong.elapsed_ms() > MOST_MS) {
            let why = match pages_left {
                0 => too_many_pages(),
                _ => format!("read for {} s, the most for one call", MOST_MS / 1000),
            };
            stop(report, end, why, &skip);
            break;
        }
    }
    Ok(())
}

fn too_many_pages() -> String {
    format!("read {MOST_PAGES} pages, the most for one call")
}

/// A call's position, within the window that Gong sent it for.
fn position_in(call: &Call, plan: &Plan<'_>, window: Range) -> i64 {
    let position = position(&call.meta_data, &plan.endpoint);
    position.map_or(window.from, |at| at.clamp(window.from, window.to - 1))
}

/// Calls and their positions, newest first.
fn positioned(calls: Vec<Call>, plan: &Plan<'_>, window: Range) -> Vec<(i64, Call)> {
    let mut calls: Vec<(i64, Call)> = calls
        .into_iter()
        .map(|call| (position_in(&call, plan, window), call))
        .collect();
    calls.sort_unstable_by(|(at, call), (other_at, other)| {
        other_at
            .cmp(at)
            .then_with(|| other.meta_data.id().cmp(call.meta_data.id()))
    });
    calls
}

/// Visits the calls of a window, newest first. Breaks where `visit` does, and has said so in the report
/// then, unless that was the last call of the range.
fn visit_all(
    gong: &Gong<'_>,
    calls: Vec<(i64, Call)>,
    window: Range,
    skip: &BTreeSet<String>,
    report: &mut Report,
    visit: &mut impl FnMut(&mut Call) -> ControlFlow<&'static str>,
) -> ControlFlow<()> {
    let count = calls.len();
    for (index, (at, mut call)) in calls.into_iter().enumerate() {
        let id = call.meta_data.id().to_owned();
        if skip.contains(&id) {
            continue;
        }
        report.read += 1;
        let private = call.meta_data.is_private() && !gong.settings.private_calls;
        report.private += u32::from(private);
        let so_far = (report.read, report.private);
        report.log.push(Read { at, id, so_far });
        if private {
            continue;
        }
        if let ControlFlow::Break(why) = visit(&mut call) {
            let is_last = index + 1 == count && window.from == report.range.from;
            if !is_last || report.gap.is_some() {
                let again = report.visited_at(at, at + 1 >= report.range.to);
                stop(report, window.to.min(at + 1), why.into(), &again);
            }
            return ControlFlow::Break(());
        }
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests;
