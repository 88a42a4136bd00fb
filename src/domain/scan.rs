//! Calls newest first. Gong pages oldest first with cursors that only go
//! forward, so a scan walks windows back from the end of the range, each read
//! whole and turned round. GET /v2/calls or POST /v2/calls/extensive.

use alloc::collections::BTreeSet;
use core::ops::ControlFlow;
use serde::Deserialize;

use crate::{
    client::{
        Gong,
        json::required,
        pages::{Paged, Records},
    },
    domain::scan::resume::Start,
    error::{Case, Error},
    gong::calls::{Call, CallsBody, ContentSelector, EXTENSIVE, ExtensivePage, Filter, Meta},
    prelude::*,
    time::{self, DAY, Range},
    wit::types::Scan,
};

pub(crate) mod resume;

/// Gong's page size (seen live; there is no parameter for it).
const PAGE: u32 = 100;
/// Pages that one tool call reads at most: 4,000 calls, 14 s at Gong's pace,
/// 0.4 % of the company's requests of a day.
const MOST_PAGES: u32 = 40;
/// After this, in ms, no further window is begun: clients and gateways give up after 60 s,
/// and Gong takes a second or two for a page with CRM fields.
const MOST_MS: u64 = 40_000;
/// Calls that a window is sized for, so that most fit one page.
const AIM: i64 = 80;
/// The same where all of the range will be read: three pages, so that the last of them, which
/// is never full, is one of three. More would lose more to a rate limit in the middle.
const AIM_PICKY: i64 = 280;

/// Which endpoint a scan reads, and with what.
pub(crate) enum Endpoint<'a> {
    /// GET /v2/calls: metadata only. It filters web conferences by the planned time.
    Basic,
    /// POST /v2/calls/extensive: what the selector asks for; filters by the start.
    Extensive {
        /// What to tell of each call.
        selector: &'a ContentSelector,
        /// Hosts; empty for all.
        hosts: &'a [String],
    },
}

/// What to scan.
pub(crate) struct Plan<'a> {
    /// The endpoint.
    pub(crate) endpoint: Endpoint<'a>,
    /// Only this workspace.
    pub(crate) workspace: Option<&'a str>,
    /// Whether calls are picked by a filter of ours, so that most of the range will
    /// have to be read; else wide windows would waste pages.
    pub(crate) picky: bool,
    /// Where to start and what to skip.
    pub(crate) start: Start,
}

/// What a scan did.
pub(crate) struct Report {
    /// The range that was asked.
    pub(crate) range: Range,
    /// Calls read, private ones included.
    pub(crate) read: u32,
    /// Private calls left out.
    pub(crate) private: u32,
    /// Why not all was read.
    pub(crate) stopped: Option<String>,
    /// Up to where everything was read, if not to the start of the range.
    pub(crate) read_back_to: Option<i64>,
    /// The rest, as a token.
    pub(crate) resume: Option<String>,
    /// Every call read, in the order in which it was shown.
    log: Vec<Read>,
    /// Calls in the last second of the range that an earlier answer had.
    skipped: BTreeSet<String>,
}

/// A call read.
struct Read {
    at: i64,
    id: String,
    /// Left out because private.
    private: bool,
}

impl Report {
    /// Of a scan that read a range to its start.
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
        }
    }

    /// Goes back to before a call that was shown: it and all after it count as not
    /// read, and the token begins with it. For tools that look at calls later than
    /// they are shown.
    pub(crate) fn rewind(&mut self, id: &str, why: String) {
        let Some(index) = self.log.iter().position(|read| read.id == id) else {
            return;
        };
        let at = self.log[index].at;
        self.log.truncate(index);
        self.read = index as u32;
        self.private = self.log.iter().filter(|read| read.private).count() as u32;
        self.resume = None;
        let again = self.shown_at(at, at + 1 >= self.range.to);
        let end = self.range.to.min(at + 1);
        stop(self, end, why, &again);
    }

    /// Calls shown in one second; in the last second of the range also those of earlier answers.
    fn shown_at(&self, at: i64, last: bool) -> BTreeSet<String> {
        let shown = self.log.iter().filter(|read| read.at == at);
        shown
            .map(|read| read.id.clone())
            .chain(self.skipped.iter().filter(|_| last).cloned())
            .collect()
    }

    /// As the answer tells it.
    pub(crate) fn shown(&self) -> Scan {
        Scan {
            from: time::to_display(self.range.from),
            to: time::to_display(self.range.to),
            read: self.read,
            left_out_private: (self.private > 0).then_some(self.private),
            stopped: self.stopped.clone(),
            read_back_to: self.read_back_to.map(time::to_rfc3339),
        }
    }
}

/// Reads calls newest first and shows each to `visit`, which may take it, until it breaks, the
/// range ends, or the pages or Gong's limits run out.
///
/// # Errors
/// What the first request fails with; a later rate limit ends the scan instead.
pub(crate) fn newest_first(
    gong: &Gong<'_>,
    plan: Plan<'_>,
    mut visit: impl FnMut(&mut Call) -> ControlFlow<&'static str>,
) -> Result<Report, Error> {
    let Start { range, mut skip } = plan.start.clone();
    let mut report = Report {
        range,
        read: 0,
        private: 0,
        stopped: None,
        read_back_to: None,
        resume: None,
        log: Vec::new(),
        skipped: skip.clone(),
    };
    let mut pages_left = MOST_PAGES;
    let mut end = range.to;
    let mut width = first_width(range);
    let aim = if plan.picky { AIM_PICKY } else { AIM };
    'windows: while end > range.from {
        let mut window = Range {
            from: range.from.max(end - width),
            to: end,
        };
        let (calls, total) = loop {
            match read_window(gong, &plan, window, pages_left)? {
                Window::Whole { calls, pages } => {
                    let total = calls.len() as i64;
                    pages_left -= pages;
                    break (calls, total);
                }
                Window::TooMany { total, pages } => {
                    pages_left -= pages;
                    let length = window.to - window.from;
                    let narrower = (length * aim / i64::from(total.max(1))).max(1);
                    if pages_left == 0 || length == 1 {
                        stop(
                            &mut report,
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
                    stop(&mut report, end, error.into_text(), &skip);
                    break 'windows;
                }
            }
        };
        let mut unplaced = calls;
        let mut calls: Vec<(i64, Call)> = unplaced
            .drain(..)
            .map(|call| {
                (
                    position(&call.meta_data, &plan.endpoint).unwrap_or(window.from),
                    call,
                )
            })
            .collect();
        calls.sort_by(|(at, call), (other_at, other)| {
            other_at
                .cmp(at)
                .then_with(|| other.meta_data.id().cmp(call.meta_data.id()))
        });
        let last = calls.len();
        for (index, (at, mut call)) in calls.into_iter().enumerate() {
            let id = call.meta_data.id().to_owned();
            if skip.contains(&id) {
                continue;
            }
            report.read += 1;
            let private = call.meta_data.is_private() && !gong.settings.private_calls;
            report.log.push(Read { at, id, private });
            if private {
                report.private += 1;
                continue;
            }
            let visited = visit(&mut call);
            if let ControlFlow::Break(why) = visited {
                if index + 1 == last && window.from == range.from {
                    break 'windows;
                }
                let again = report.shown_at(at, at + 1 >= range.to);
                stop(&mut report, end.min(at + 1), why.into(), &again);
                break 'windows;
            }
        }
        end = window.from;
        skip.clear();
        width = next_width(width, window, total, aim);
        if end > range.from && (pages_left == 0 || gong.elapsed_ms() > MOST_MS) {
            let why = match pages_left {
                0 => format!("read {MOST_PAGES} pages, the most for one call"),
                _ => format!("read for {} s, the most for one call", MOST_MS / 1000),
            };
            stop(&mut report, end, why, &skip);
            break;
        }
    }
    Ok(report)
}

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

/// A guess before anything is known: short ranges whole, of others an eighth, at most a week.
fn first_width(range: Range) -> i64 {
    let length = range.to - range.from;
    if length <= 2 * DAY {
        length.max(1)
    } else {
        (length / 8).clamp(DAY, 7 * DAY)
    }
}

fn next_width(width: i64, window: Range, total: i64, aim: i64) -> i64 {
    let length = window.to - window.from;
    match total {
        0 => width.saturating_mul(4),
        _ => (length * aim / total)
            .clamp(length / 4, length.saturating_mul(4))
            .max(1),
    }
}

/// Where a call stands in the endpoint's order.
fn position(call: &Meta, endpoint: &Endpoint<'_>) -> Option<i64> {
    let planned = match endpoint {
        Endpoint::Basic if call.direction.as_deref() == Some("Conference") => {
            call.scheduled.as_deref().and_then(time::parse_instant)
        }
        _ => None,
    };
    planned.or_else(|| call.began())
}

enum Window {
    /// Every call in it.
    Whole { calls: Vec<Call>, pages: u32 },
    /// More than is wise to read before its newest calls are reached.
    TooMany { total: u32, pages: u32 },
    /// Gong's rate limit, with its text.
    Limited(Error),
}

fn read_window(
    gong: &Gong<'_>,
    plan: &Plan<'_>,
    window: Range,
    pages_left: u32,
) -> Result<Window, Error> {
    let mut calls = Vec::new();
    let mut cursor: Option<String> = None;
    let mut pages = 0;
    loop {
        let (records, more) = match ask(gong, plan, window, cursor.as_deref()) {
            Ok(page) => page,
            Err(error) if error.case() == Case::RateLimited => return Ok(Window::Limited(error)),
            Err(error) => return Err(error),
        };
        pages += 1;
        let full = more.len() as u32;
        match calls.is_empty() {
            true => calls = more,
            false => calls.extend(more),
        }
        let records = records.unwrap_or_default();
        let Some(next) = records.cursor else {
            return Ok(Window::Whole { calls, pages });
        };
        if pages == 1 {
            let total = records.total_records.unwrap_or(2 * PAGE).max(full);
            let wanted = total.div_ceil(PAGE);
            let wise = if plan.picky {
                pages_left
            } else {
                pages_left.min(2)
            };
            if wanted > wise {
                return Ok(Window::TooMany { total, pages });
            }
        }
        if cursor.as_ref() == Some(&next) {
            return Err(Error::unexpected_answer(
                "Gong repeats the same page cursor; try a shorter range.".into(),
            ));
        }
        if pages == pages_left {
            return Ok(Window::TooMany {
                total: pages * PAGE * 2,
                pages,
            });
        }
        cursor = Some(next);
    }
}

fn ask(
    gong: &Gong<'_>,
    plan: &Plan<'_>,
    window: Range,
    cursor: Option<&str>,
) -> Result<(Option<Records>, Vec<Call>), Error> {
    let (from, to) = (time::to_rfc3339(window.from), time::to_rfc3339(window.to));
    match &plan.endpoint {
        Endpoint::Basic => {
            let query = [
                ("fromDateTime", Some(from.as_str())),
                ("toDateTime", Some(to.as_str())),
                ("workspaceId", plan.workspace),
                ("cursor", cursor),
            ];
            let page: BasicPage = gong.get_list("/v2/calls", &query)?;
            let calls = page.calls.unwrap_or_default();
            Ok((
                page.records,
                calls
                    .into_iter()
                    .map(|meta_data| Call {
                        meta_data,
                        ..Call::default()
                    })
                    .collect(),
            ))
        }
        Endpoint::Extensive { selector, hosts } => {
            let body = CallsBody {
                cursor,
                filter: Filter {
                    from_date_time: Some(from),
                    to_date_time: Some(to),
                    workspace_id: plan.workspace,
                    primary_user_ids: hosts,
                    ..Filter::default()
                },
                content_selector: Some(selector),
            };
            let (records, mut calls) = gong
                .post_list::<ExtensivePage>(EXTENSIVE, &body)?
                .into_page();
            calls.iter_mut().for_each(Call::slim);
            Ok((records, calls))
        }
    }
}

/// A page of GET /v2/calls.
#[derive(Default, Deserialize)]
struct BasicPage {
    records: Option<Records>,
    #[serde(deserialize_with = "required")]
    calls: Option<Vec<Meta>>,
}

#[cfg(test)]
mod tests {
    use super::next_width;
    use crate::time::Range;

    #[test]
    fn windows_grow_over_silence_and_shrink_over_crowds() {
        let week = Range {
            from: 0,
            to: 604_800,
        };
        assert_eq!(next_width(604_800, week, 0, 80), 4 * 604_800);
        assert_eq!(next_width(604_800, week, 160, 80), 302_400);
        assert_eq!(next_width(604_800, week, 100_000, 80), 151_200);
    }
}
