//! `gong_count_calls`. GET /v2/calls (api:calls:read:basic) where metadata is enough,
//! else POST /v2/calls/extensive (api:calls:read:extensive). Gong counts nothing by
//! itself; the calls are counted here, so that no model has to list them.

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::ControlFlow;
use serde_json::{Map, Value};

use crate::{
    client::Gong,
    domain::{
        call_filter::{CallFilter, ServerFilter, filter_arguments},
        scan::{self, Endpoint, Plan, resume::Start},
    },
    error::{Error, bad_argument},
    gong::{
        calls::{Call, ContentSelector},
        users, workspaces,
    },
    prelude::*,
    text::one_line,
    tools::limit,
    wit::calls::{CallCounts, CountBy, CountCalls, LongCall},
};

mod tally;
#[cfg(test)]
mod tests;
mod text;

use tally::{Counted, key_names};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;
/// How many of the longest calls are named.
const LONGEST: usize = 3;

/// Counts what the filters keep, and only then gives ids their names.
pub(crate) fn run(gong: &Gong<'_>, args: CountCalls) -> Result<CallCounts, Error> {
    let limit = limit(args.limit, 50, 200)?;
    let by = args.by.as_slice();
    if !matches!(by, [_] | [_, _]) || (by.len() == 2 && by[0] == by[1]) {
        return Err(bad_argument(
            "by",
            "it takes one or two different things.",
            "[\"host\"] or [\"host\", \"week\"].",
        ));
    }
    let start = Start::from_arguments(
        args.from.as_deref(),
        args.to.as_deref(),
        args.resume.as_deref(),
        DEFAULT_DAYS,
        gong.now,
    )?;
    let asked = filter_arguments!(args);
    let filter = CallFilter::new(&asked)?;
    let ServerFilter { workspace, hosts } = ServerFilter::new(gong, &asked)?;
    let selector = selector(by, &filter);
    let with_accounts = selector.context.is_some();
    let endpoint = if with_accounts || selector.exposed_fields.is_some() || !hosts.is_empty() {
        Endpoint::Extensive {
            selector: &selector,
            hosts: &hosts,
        }
    } else {
        Endpoint::Basic
    };
    let plan = Plan {
        endpoint,
        workspace: workspace.as_deref(),
        // Every call of the range is read.
        selective: true,
        start,
    };
    let mut counted = Counted::default();
    let mut accounts: BTreeSet<String> = BTreeSet::new();
    let mut longest: Vec<LongCall> = Vec::new();
    let report = scan::newest_first(gong, plan, |call| {
        if filter.matches(call).is_some() {
            counted.add(call, by);
            accounts.extend(call.account().map(|account| account.id().to_owned()));
            keep_longest(&mut longest, call);
        }
        ControlFlow::Continue(())
    })?;
    let names = names(gong, by, &counted);
    let counts = counted.shown(by, limit, &names);
    Ok(CallCounts {
        by: args.by,
        rows: counts.rows,
        other_rows: counts.others.as_ref().map(|_| counts.other_rows),
        others: counts.others,
        total: counts.total,
        accounts: with_accounts.then_some(accounts.len() as u32),
        rows_overlap: counts.overlap.then_some(true),
        longest_calls: longest,
        scan: report.summary(),
        resume: report.resume,
        requests: gong.requests(),
    })
}

/// What has to be asked for beyond metadata.
fn selector(by: &[CountBy], filter: &CallFilter) -> ContentSelector {
    let mut content = Map::new();
    if by.contains(&CountBy::Tracker) {
        content.insert("trackers".into(), Value::Bool(true));
    }
    if by.contains(&CountBy::Outcome) {
        content.insert("callOutcome".into(), Value::Bool(true));
    }
    let mut fields = Map::new();
    if filter.needs_people() {
        fields.insert("parties".into(), Value::Bool(true));
    }
    if !content.is_empty() {
        fields.insert("content".into(), Value::Object(content));
    }
    let accounts = filter.account.is_some() || by.contains(&CountBy::Account);
    ContentSelector {
        context: accounts.then_some("Extended"),
        context_timing: &[],
        exposed_fields: (!fields.is_empty()).then_some(Value::Object(fields)),
    }
}

fn keep_longest(longest: &mut Vec<LongCall>, call: &Call) {
    let minutes = call.meta_data.minutes();
    let place = longest.partition_point(|other| other.minutes >= minutes);
    if place < LONGEST {
        longest.insert(
            place,
            LongCall {
                id: call.meta_data.id().to_owned(),
                minutes,
                title: call.meta_data.title(),
            },
        );
        longest.truncate(LONGEST);
    }
}

/// What ids among the keys are called. Names are an extra: where they can not be had
/// (a missing scope, a spent quota) the answer goes with ids.
fn names(gong: &Gong<'_>, by: &[CountBy], counted: &Counted) -> BTreeMap<String, String> {
    let mut names = counted.accounts.clone();
    for (place, what) in by.iter().enumerate() {
        match what {
            CountBy::Host => {
                let ids: BTreeSet<String> = key_names(counted, place).collect();
                let found = users::names(gong, &ids);
                names.extend(found.into_iter().map(|(id, name)| (id, one_line(&name))));
            }
            CountBy::Workspace if counted.total.calls > 0 => {
                let all = workspaces::all(gong).unwrap_or_default();
                names.extend(
                    all.iter()
                        .map(|one| (one.id().to_owned(), one_line(one.name()))),
                );
            }
            _ => {}
        }
    }
    names
}
