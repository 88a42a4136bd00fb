//! Windows of a scan: how long they are, and reading one.

use alloc::collections::BTreeSet;
use serde::Deserialize;

use crate::{
    client::{
        Gong,
        json::required,
        pages::{Paged, REPEATED_CURSOR, Records},
    },
    domain::scan::{Endpoint, Extent, Plan},
    error::Error,
    gong::calls::{Call, CallsBody, EXTENSIVE, ExtensivePage, Filter, Meta},
    prelude::*,
    time::{self, DAY, Range},
};

/// Calls on a page of Gong's (observed; Gong has no parameter for it).
const PAGE: u32 = 100;
/// Calls by which the last page of a window should not be full, as days differ.
const SPARE: i64 = 20;
/// Calls that a window of one page should have.
const AIM: i64 = calls_on(1);
/// The same of the first windows where most of the range will be read: each is longer than the one
/// before, as only its last page is not full.
const AIM_MOST: i64 = calls_on(3);
/// No window of several has more: where a fault ends it, it is read again.
const LONGEST: i64 = 3 * AIM_MOST;

/// Calls that a window of so many pages should have.
pub(super) const fn calls_on(pages: i64) -> i64 {
    pages * PAGE as i64 - SPARE
}

/// Calls that a window of this plan should have.
pub(super) fn aim(plan: &Plan<'_>) -> i64 {
    match plan.extent {
        Extent::Newest => AIM,
        Extent::Most | Extent::Whole => AIM_MOST,
    }
}

/// Calls that the window after one with this aim should have.
pub(super) fn next_aim(plan: &Plan<'_>, aim: i64) -> i64 {
    match plan.extent {
        Extent::Newest => aim,
        Extent::Most | Extent::Whole => (aim + AIM_MOST).min(LONGEST),
    }
}

/// The length of the first window, before the number of calls is known: all of a short range, an
/// eighth of a longer one but at most a week.
pub(super) fn first_width(range: Range) -> i64 {
    let length = range.to - range.from;
    if length <= 2 * DAY {
        length.max(1)
    } else {
        (length / 8).clamp(DAY, 7 * DAY)
    }
}

/// The length of the next window, from the number of calls in this one.
pub(super) fn next_width(width: i64, window: Range, total: i64, aim: i64) -> i64 {
    let length = window.to - window.from;
    match total {
        0 => width.saturating_mul(4),
        _ => (length * aim / total)
            .clamp(length / 4, length.saturating_mul(4))
            .max(1),
    }
}

/// The time by which the endpoint sorts and filters a call.
pub(super) fn position(call: &Meta, endpoint: &Endpoint<'_>) -> Option<i64> {
    let planned = match endpoint {
        Endpoint::Basic if call.direction.as_deref() == Some("Conference") => call.scheduled,
        _ => None,
    };
    planned.or_else(|| call.began())
}

/// What reading a window came to.
pub(super) enum Window {
    /// Every call in it.
    Whole { calls: Vec<Call>, pages: u32 },
    /// More pages than should be read before the newest calls are reached: they are on the last page.
    /// At most `fitting` pages can be read in the time that is left.
    TooMany {
        total: u32,
        pages: u32,
        fitting: u32,
    },
    /// A page could not be read, after these calls, in Gong's order.
    Failed { error: Error, calls: Vec<Call> },
}

/// Reads all pages of a window, unless they are too many, for their number or for their time. A call is
/// on two pages where another one came in between.
pub(super) fn read_window(
    gong: &Gong<'_>,
    plan: &Plan<'_>,
    window: Range,
    pages_left: u32,
) -> Window {
    let began = gong.elapsed_ms();
    let mut calls = Vec::new();
    let mut ids = BTreeSet::new();
    let mut cursor: Option<String> = None;
    let mut requested = BTreeSet::new();
    let mut stated = None;
    let mut pages = 0;
    loop {
        let (records, more) = match read_page(gong, plan, window, cursor.as_deref()) {
            Ok(page) => page,
            Err(error) => return Window::Failed { error, calls },
        };
        pages += 1;
        let full = more.len() as u32;
        calls.extend(more.into_iter().filter(|call| {
            let id = call.meta_data.id();
            id.is_empty() || ids.insert(id.to_owned())
        }));
        let records = records.unwrap_or_default();
        let Some(next) = records.cursor else {
            return Window::Whole { calls, pages };
        };
        if pages == 1 {
            stated = records.total_records;
            let total = records.total_records.unwrap_or(2 * PAGE).max(full);
            let most = match plan.extent {
                Extent::Newest => pages_left.min(2),
                Extent::Most | Extent::Whole => pages_left,
            };
            // The others take as long as the first one.
            let fitting = gong.ms_left() / (gong.elapsed_ms() - began).max(1);
            let fitting = u32::try_from(fitting).unwrap_or(u32::MAX);
            if total.div_ceil(PAGE) > most.min(fitting.saturating_add(1)) {
                return Window::TooMany {
                    total,
                    pages,
                    fitting,
                };
            }
        }
        if !requested.insert(next.clone()) {
            if stated.is_some_and(|total| calls.len() as u64 >= u64::from(total)) {
                return Window::Whole { calls, pages };
            }
            let error = format!("{REPEATED_CURSOR}; try a shorter range.");
            let error = Error::unexpected_answer(error);
            return Window::Failed { error, calls };
        }
        if pages == pages_left {
            return Window::TooMany {
                total: pages * PAGE * 2,
                pages,
                fitting: 0,
            };
        }
        cursor = Some(next);
    }
}

/// Reads one page.
fn read_page(
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
    fn windows_grow_where_calls_are_few_and_shrink_where_they_are_many() {
        let week = Range {
            from: 0,
            to: 604_800,
        };
        assert_eq!(next_width(604_800, week, 0, 80), 4 * 604_800);
        assert_eq!(next_width(604_800, week, 160, 80), 302_400);
        assert_eq!(next_width(604_800, week, 100_000, 80), 151_200);
    }
}
