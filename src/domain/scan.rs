//! Reading calls newest first. Gong's pages are oldest first and its cursors only go forward, so a
//! scan reads one window of time after the other, from the end of the range backwards, and turns each
//! round. GET /v2/calls or POST /v2/calls/extensive.

use alloc::collections::BTreeSet;
use core::ops::ControlFlow;

use crate::{
    client::Gong,
    domain::scan::{
        resume::Start,
        window::{Window, aim, first_width, next_width, position, read_window},
    },
    error::Error,
    gong::calls::{Call, ContentSelector},
    index::{Find, Index, Parts, Rest},
    prelude::*,
    time::{self, Range},
    wit::types::Scan,
};

pub(crate) mod resume;
mod window;

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

/// What to scan.
pub(crate) struct Plan<'a> {
    /// The endpoint.
    pub(crate) endpoint: Endpoint<'a>,
    /// Only this workspace.
    pub(crate) workspace: Option<&'a str>,
    /// Whether the caller keeps few of the calls, so that most of the range will be read. Otherwise
    /// the scan will end early, and a long window would waste pages.
    pub(crate) selective: bool,
    /// The range, and the calls to skip.
    pub(crate) start: Start,
}

/// What a scan read.
pub(crate) struct Report {
    /// The range of the arguments.
    pub(crate) range: Range,
    /// Calls read, private ones included.
    pub(crate) read: u32,
    /// Private calls left out.
    pub(crate) private: u32,
    /// Why not all was read, if so.
    pub(crate) stopped: Option<String>,
    /// If not all was read: everything from here to the end of the range was.
    pub(crate) read_back_to: Option<i64>,
    /// The rest of the range, as a token.
    pub(crate) resume: Option<String>,
    /// Every call read, in the order of the visits.
    log: Vec<Read>,
    /// Ids of calls in the last second of the range that were in an earlier answer.
    skipped: BTreeSet<String>,
    /// Calls read that were not visited, as the index says that they do not have what is sought.
    pub(crate) unvisited: u32,
    /// What of the answer is from the index; none without one.
    pub(crate) index: Option<Indexed>,
}

/// What an answer has from the index of calls.
pub(crate) struct Indexed {
    /// How old it is, and what did not work.
    pub(crate) statement: String,
    /// Calls from here to the end of the range are from it.
    from: i64,
    /// While it is filled: everything from here on is in it, and about how many requests the rest
    /// of the range takes.
    filling: Option<(i64, u32)>,
}

/// A call read.
struct Read {
    at: i64,
    id: String,
    /// Calls read up to this one, and private ones among them.
    so_far: (u32, u32),
}

impl Report {
    /// The report of a scan that read the whole range.
    #[cfg(test)]
    pub(crate) fn whole(range: Range, read: u32) -> Self {
        Self {
            range,
            read,
            private: 0,
            stopped: None,
            read_back_to: None,
            resume: None,
            log: Vec::new(),
            skipped: BTreeSet::new(),
            unvisited: 0,
            index: None,
        }
    }

    /// Whether this call is from the index, so that what is shown of it has to be read from Gong.
    pub(crate) fn is_from_index(&self, call: &Call) -> bool {
        let from = self.index.as_ref().map(|index| index.from);
        from.is_some_and(|from| call.meta_data.began().is_some_and(|at| at >= from))
    }

    /// Says that what is shown of single calls was read from Gong just now.
    pub(crate) fn details_are_live(&mut self) {
        if let Some(index) = &mut self.index {
            index.statement.push_str("; details live");
        }
    }

    /// Makes the report end before a visited call: this call and all after it count as not read, and the
    /// token begins with it. For tools that process calls after the scan.
    pub(crate) fn rewind(&mut self, id: &str, why: String) {
        let Some(index) = self.log.iter().position(|read| read.id == id) else {
            return;
        };
        let at = self.log[index].at;
        // The call itself is none of the private ones, which are not visited.
        let (read, private) = self.log[index].so_far;
        (self.read, self.private) = (read - 1, private);
        self.log.truncate(index);
        self.resume = None;
        let again = self.visited_at(at, at + 1 >= self.range.to);
        let end = self.range.to.min(at + 1);
        stop(self, end, why, &again);
    }

    /// Ids of the calls visited in one second; in the last second of the range also those in earlier
    /// answers.
    fn visited_at(&self, at: i64, last: bool) -> BTreeSet<String> {
        let visited = self.log.iter().filter(|read| read.at == at);
        visited
            .map(|read| read.id.clone())
            .chain(self.skipped.iter().filter(|_| last).cloned())
            .collect()
    }

    /// As answers show it.
    pub(crate) fn summary(&self) -> Scan {
        let filling = self.index.as_ref().and_then(|index| index.filling);
        Scan {
            from: time::to_display(self.range.from),
            to: time::to_display(self.range.to),
            read: self.read,
            left_out_private: (self.private > 0).then_some(self.private),
            stopped: self.stopped.clone(),
            read_back_to: self.read_back_to.map(time::to_rfc3339),
            index: self.index.as_ref().map(|index| index.statement.clone()),
            complete_from: filling.map(|(from, _)| time::to_display(from)),
            missing_requests: filling.map(|(_, requests)| requests),
        }
    }
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
/// breaks, at the start of the range, after the most pages, or at Gong's rate limit.
///
/// # Errors
/// Whatever a request fails with; a rate limit only if no call was read before it.
pub(crate) fn newest_first(
    gong: &Gong<'_>,
    plan: Plan<'_>,
    visit: impl FnMut(&mut Call) -> ControlFlow<&'static str>,
) -> Result<Report, Error> {
    with_index(gong, plan, None, Find::default(), visit)
}

/// The same with the index of calls, as far as it covers the range. Of the calls in it only those are
/// visited that have what `find` says.
///
/// # Errors
/// As [`newest_first`].
pub(crate) fn with_index(
    gong: &Gong<'_>,
    plan: Plan<'_>,
    index: Option<&mut Index<'_, '_>>,
    find: Find<'_>,
    mut visit: impl FnMut(&mut Call) -> ControlFlow<&'static str>,
) -> Result<Report, Error> {
    let Start { mut range, skip } = plan.start.clone();
    let mut report = Report {
        range,
        read: 0,
        private: 0,
        stopped: None,
        read_back_to: None,
        resume: None,
        log: Vec::new(),
        skipped: skip,
        unvisited: 0,
        index: None,
    };
    let mut pages_left = MOST_PAGES;
    if let Some(index) = index {
        let reach = index.reach(plan.selective)?;
        pages_left = pages_left.saturating_sub(index.pages());
        let is_stopped = matches!(reach.rest, Rest::Stop(_));
        let missing = index.missing().filter(|_| is_stopped);
        report.index = Some(Indexed {
            statement: index.statement(reach.from),
            from: reach.from,
            filling: missing.map(|requests| (reach.from, requests)),
        });
        if visit_indexed(index, &plan, reach.from, find, &mut report, &mut visit) {
            return Ok(report);
        }
        let skip = match reach.from < range.to {
            true => BTreeSet::new(),
            false => report.skipped.clone(),
        };
        match reach.rest {
            Rest::Nothing => return Ok(report),
            Rest::Live => range.to = reach.from,
            Rest::Stop(why) => {
                stop(&mut report, reach.from, why, &skip);
                return Ok(report);
            }
        }
    }
    live(gong, &plan, range, pages_left, &mut report, visit)?;
    Ok(report)
}

/// Visits what the index has from `from` to the end of the range. Returns whether `visit` broke.
fn visit_indexed(
    index: &Index<'_, '_>,
    plan: &Plan<'_>,
    from: i64,
    find: Find<'_>,
    report: &mut Report,
    visit: &mut impl FnMut(&mut Call) -> ControlFlow<&'static str>,
) -> bool {
    if from >= report.range.to {
        return false;
    }
    let find = Find {
        workspace: plan.workspace,
        hosts: match plan.endpoint {
            Endpoint::Extensive { hosts, .. } => hosts,
            Endpoint::Basic => &[],
        },
        ..find
    };
    let (mut skipped, mut visited) = (0, 0);
    let mut broke = None;
    let (read, private) = index.walk(from, &find, plan.parts(), |at, mut call, so_far| {
        let id = call.meta_data.id().to_owned();
        if report.skipped.contains(&id) {
            skipped += 1;
            return ControlFlow::Continue(());
        }
        visited += 1;
        let so_far = (so_far.0 - skipped, so_far.1);
        report.log.push(Read { at, id, so_far });
        match visit(&mut call) {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(why) => {
                broke = Some((at, why));
                ControlFlow::Break(())
            }
        }
    });
    (report.read, report.private) = (read - skipped, private);
    report.unvisited = report.read - private - visited;
    let Some((at, why)) = broke else {
        return false;
    };
    let again = report.visited_at(at, at + 1 >= report.range.to);
    let end = report.range.to.min(at + 1);
    stop(report, end, why.into(), &again);
    true
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
        let why = format!("read {MOST_PAGES} pages, the most for one call");
        stop(report, end, why, &skip);
        return Ok(());
    }
    let aim = aim(plan);
    'windows: while end > range.from {
        let mut window = Range {
            from: range.from.max(end - width),
            to: end,
        };
        let calls = loop {
            match read_window(gong, plan, window, pages_left)? {
                Window::Whole { calls, pages } => {
                    pages_left -= pages;
                    break calls;
                }
                Window::TooMany { total, pages } => {
                    pages_left -= pages;
                    let length = window.to - window.from;
                    let narrower = (length * aim / i64::from(total.max(1))).max(1);
                    if pages_left == 0 || length == 1 {
                        stop(
                            report,
                            end,
                            format!("read {MOST_PAGES} pages, the most for one call"),
                            &skip,
                        );
                        break 'windows;
                    }
                    window.from = window.to - narrower.min(length - 1);
                }
                Window::Limited(error) => {
                    if report.read == 0 {
                        return Err(error);
                    }
                    stop(report, end, error.into_text(), &skip);
                    break 'windows;
                }
            }
        };
        let mut calls: Vec<(i64, Call)> = calls
            .into_iter()
            .map(|call| {
                let at = position(&call.meta_data, &plan.endpoint);
                (at.unwrap_or(window.from), call)
            })
            .collect();
        calls.sort_unstable_by(|(at, call), (other_at, other)| {
            other_at
                .cmp(at)
                .then_with(|| other.meta_data.id().cmp(call.meta_data.id()))
        });
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
                if index + 1 == count && window.from == range.from {
                    break 'windows;
                }
                let again = report.visited_at(at, at + 1 >= range.to);
                stop(report, end.min(at + 1), why.into(), &again);
                break 'windows;
            }
        }
        end = window.from;
        skip.clear();
        width = next_width(width, window, count as i64, aim);
        if end > range.from && (pages_left == 0 || gong.elapsed_ms() > MOST_MS) {
            let why = match pages_left {
                0 => format!("read {MOST_PAGES} pages, the most for one call"),
                _ => format!("read for {} s, the most for one call", MOST_MS / 1000),
            };
            stop(report, end, why, &skip);
            break;
        }
    }
    Ok(())
}

/// Records that the scan ended at this time, and why.
fn stop(report: &mut Report, at: i64, why: String, skip: &BTreeSet<String>) {
    report.stopped = Some(why);
    report.read_back_to = Some(at);
    let range = Range {
        from: report.range.from,
        to: at,
    };
    if range.to > range.from {
        report.resume = Some(
            Start {
                range,
                skip: skip.clone(),
            }
            .token(),
        );
    }
}
