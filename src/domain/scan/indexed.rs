//! Scans of calls that are in the index, as far as it covers the range, and read from Gong beyond.

use alloc::collections::BTreeSet;
use core::ops::ControlFlow;

use crate::{
    client::Gong,
    domain::scan::{
        Endpoint, Extent, MOST_PAGES, Plan, live,
        report::{Indexed, Read, Report, stop},
    },
    error::Error,
    gong::calls::Call,
    index::{Alike, Find, Index, Rest, Sum},
    prelude::*,
    time::Range,
};

/// Reads as [`super::newest_first`], with the index of calls as far as it covers the range. Of the
/// calls in it only those are visited that have what `find` says.
///
/// # Errors
/// As [`super::newest_first`].
pub(crate) fn with_index(
    gong: &Gong<'_>,
    plan: Plan<'_>,
    index: Option<&mut Index<'_, '_>>,
    find: Find<'_>,
    mut visit: impl FnMut(&mut Call) -> ControlFlow<&'static str>,
) -> Result<Report, Error> {
    let mut report = Report::new(gong.tokens(), &plan.start);
    let (mut range, mut pages) = (plan.start.range, MOST_PAGES);
    if let Some(index) = index {
        let (from, rest) = reach(index, &plan, &mut report)?;
        if visit_indexed(index, &plan, from, find, &mut report, &mut visit) {
            return Ok(report);
        }
        match beyond(&mut report, from, rest) {
            Some(older) => range = older,
            None => return Ok(report),
        }
        pages = pages.saturating_sub(index.pages());
    }
    live(gong, &plan, range, pages, &mut report, visit)?;
    Ok(report)
}

/// A count of calls.
pub(crate) struct Count {
    pub(crate) report: Report,
    /// The longest calls of those in the index: minutes and id.
    pub(crate) longest: Vec<(u32, String)>,
}

/// What a count needs of calls in the index.
#[derive(Clone, Copy)]
pub(crate) struct CountPlan {
    /// What makes calls alike.
    pub(crate) alike: Alike,
    /// How many of the longest calls it lists.
    pub(crate) longest: usize,
}

/// Counts the calls that have what `find` says: `visit` gets one call for all in a part of the index
/// that are alike, and their sums. Calls that the index does not have come one by one, all of them.
///
/// # Errors
/// As [`super::newest_first`].
pub(crate) fn counted(
    gong: &Gong<'_>,
    plan: Plan<'_>,
    index: &mut Index<'_, '_>,
    count: CountPlan,
    find: Find<'_>,
    mut visit: impl FnMut(&Call, Option<Sum>),
) -> Result<Count, Error> {
    let mut report = Report::new(gong.tokens(), &plan.start);
    let (from, rest) = reach(index, &plan, &mut report)?;
    let mut longest = Vec::new();
    if from < report.range.to {
        let find = in_scope(&plan, find);
        let visit = |call: &Call, sum| visit(call, Some(sum));
        let CountPlan {
            alike,
            longest: most,
        } = count;
        (report.read, report.private, longest) =
            index.sums(from, &find, alike, most, plan.parts(), visit);
    }
    if let Some(older) = beyond(&mut report, from, rest) {
        let pages = MOST_PAGES.saturating_sub(index.pages());
        live(gong, &plan, older, pages, &mut report, |call| {
            visit(call, None);
            ControlFlow::Continue(())
        })?;
    }
    Ok(Count { report, longest })
}

/// Refreshes and fills the index as the plan needs it. Returns from when on it covers the range, and
/// what to do about the rest.
fn reach(
    index: &mut Index<'_, '_>,
    plan: &Plan<'_>,
    report: &mut Report,
) -> Result<(i64, Rest), Error> {
    let reach = index.reach(plan.extent != Extent::Newest)?;
    let is_stopped = matches!(reach.rest, Rest::Stop(_));
    let missing = index.missing().filter(|_| is_stopped);
    report.index = Some(Indexed {
        statement: index.statement(reach.from),
        from: reach.from,
        filling: missing.map(|requests| (reach.from, requests)),
    });
    Ok((reach.from, reach.rest))
}

/// The part of the range that is to be read from Gong, which ends where the index begins; none at
/// the end of the scan.
fn beyond(report: &mut Report, from: i64, rest: Rest) -> Option<Range> {
    match rest {
        Rest::Nothing => None,
        Rest::Live => Some(Range {
            from: report.range.from,
            to: from,
        }),
        Rest::Stop(why) => {
            let skip = match from < report.range.to {
                true => BTreeSet::new(),
                false => report.skipped.clone(),
            };
            stop(report, from, why, &skip);
            None
        }
    }
}

/// What to find, within the workspace and the hosts of the plan.
fn in_scope<'q>(plan: &Plan<'q>, find: Find<'q>) -> Find<'q> {
    Find {
        workspace: plan.workspace,
        hosts: match plan.endpoint {
            Endpoint::Extensive { hosts, .. } => hosts,
            Endpoint::Basic => &[],
        },
        ..find
    }
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
    let find = in_scope(plan, find);
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
