//! `gong_count_calls`. GET /v2/calls (api:calls:read:basic) where metadata is enough,
//! else POST /v2/calls/extensive (api:calls:read:extensive). Gong's API has no counts; the calls
//! are counted here, so that no model has to list them.

use alloc::collections::{BTreeMap, BTreeSet};
use core::{cmp::Reverse, ops::ControlFlow};
use serde_json::{Map, Value};

use crate::{
    client::Gong,
    domain::{
        call_filter::{CallFilter, ServerFilter, filter_arguments},
        call_history::UserNames,
        scan::{self, CountPlan, Endpoint, Extent, Plan, resume::Start},
    },
    error::{Error, bad_argument},
    gong::{
        calls::{Call, ContentSelector},
        users, workspaces,
    },
    index::{self, Alike, Index, Period, Sum},
    prelude::*,
    text::one_line,
    tools::limit,
    wit::calls::{CallCounts, CountBy, CountCalls, LongCall},
};

mod tally;
#[cfg(test)]
mod tests;
mod text;

use tally::Counter;

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;
/// How many of the longest calls are listed.
const LONGEST: usize = 3;

/// Counts the calls that match the filters, then looks up the names of the ids it counted by.
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
    let rows = start.rows;
    let max_age = index::max_age(args.max_age.as_deref())?;
    let arguments = filter_arguments!(args);
    let filter = CallFilter::new(&arguments)?;
    let mut index = Index::open(gong, start.range, max_age);
    let ServerFilter { workspace, hosts } = ServerFilter::new(gong, &arguments, index.as_ref())?;
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
        // All calls of the range are read, whatever the filters.
        extent: Extent::Whole,
        start,
    };
    let mut counter = Counter::default();
    let mut accounts: BTreeSet<String> = BTreeSet::new();
    let mut longest: Vec<LongCall> = Vec::new();
    let mut add = |call: &Call, sum: Option<Sum>| {
        counter.add(call, by, sum);
        accounts.extend(call.account_key());
    };
    let mut report = match index.as_mut() {
        // Calls that are alike have the same keys; but whose account a call is depends on all of it.
        Some(index) if filter.account.is_none() && plan.start.is_whole() => {
            let count = CountPlan {
                alike: alike(by),
                longest: LONGEST,
            };
            let count = filter.find(|find| {
                scan::counted(gong, plan, index, count, find, |call, sum| {
                    if sum.is_some() {
                        add(call, sum);
                    } else if filter.matches(call).is_some() {
                        add(call, None);
                        keep_longest(&mut longest, call);
                    }
                })
            })?;
            let indexed = count.longest.into_iter().map(|(minutes, id)| LongCall {
                id,
                minutes,
                title: None,
            });
            longest = indexed.chain(longest).collect();
            longest.sort_by_key(|call| Reverse(call.minutes));
            longest.truncate(LONGEST);
            count.report
        }
        index => filter.find(|find| {
            scan::with_index(gong, plan, index, find, |call| {
                if filter.matches(call).is_some() {
                    add(call, None);
                    keep_longest(&mut longest, call);
                }
                ControlFlow::Continue(())
            })
        })?,
    };
    let mut known = UserNames::default();
    if let Some(index) = &index {
        if by.contains(&CountBy::Host) {
            known.learn_all(index);
        }
        // What a call is called is shown only if Gong says so just now, which is no count's worth.
        longest.iter_mut().for_each(|call| call.title = None);
    }
    if counter.total.calls == 0 && report.stopped.is_none() {
        report.alike = filter.near_names(index.as_ref());
    }
    let names = names(gong, by, &counter, &known);
    let shown = rows..rows + limit;
    let counts = counter.into_counts(by, shown.clone(), &names);
    let more_rows =
        (counts.other_rows > 0).then(|| report.rows_after(report.read_from(), shown.end));
    Ok(CallCounts {
        scan: report.summary(counts.total.calls as usize),
        by: args.by,
        rows: counts.rows,
        other_rows: counts.others.as_ref().map(|_| counts.other_rows),
        others: counts.others,
        more_rows,
        total: counts.total,
        accounts: with_accounts.then_some(accounts.len() as u32),
        rows_overlap: counts.overlap.then_some(true),
        longest_calls: longest,
        resume: report.resume,
        requests: gong.requests(),
    })
}

/// What the counts and filters need beyond metadata.
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

/// What calls have in common that are in the same rows.
fn alike(by: &[CountBy]) -> Alike {
    let period = by.iter().find_map(|by| match by {
        CountBy::Day | CountBy::Month => Some(Period::Day),
        CountBy::Week => Some(Period::Week),
        _ => None,
    });
    Alike {
        period,
        host: by.contains(&CountBy::Host),
        kind: by.iter().any(|by| {
            use CountBy::{Direction, Language, Outcome, Scope, Workspace};
            matches!(by, Direction | Language | Outcome | Scope | Workspace)
        }),
        account: by.contains(&CountBy::Account),
        trackers: by.contains(&CountBy::Tracker),
    }
}

fn keep_longest(longest: &mut Vec<LongCall>, call: &Call) {
    let minutes = call.meta_data.minutes();
    let index = longest.partition_point(|other| other.minutes >= minutes);
    if index < LONGEST {
        longest.insert(
            index,
            LongCall {
                id: call.meta_data.id().to_owned(),
                minutes,
                title: call.meta_data.title(),
            },
        );
        longest.truncate(LONGEST);
    }
}

/// Names by id, for ids among the keys. If they can not be read (a missing scope, a spent quota),
/// the answer has the ids.
fn names(
    gong: &Gong<'_>,
    by: &[CountBy],
    counter: &Counter,
    known: &UserNames,
) -> BTreeMap<String, String> {
    let mut names = counter.accounts.clone();
    for (index, by) in by.iter().enumerate() {
        match by {
            CountBy::Host => {
                let (with_name, ids): (BTreeSet<String>, _) =
                    counter.keys(index).partition(|id| known.user(id).is_some());
                let named = |id: String| {
                    let name = known.user(&id)?.to_owned();
                    Some((id, name))
                };
                names.extend(with_name.into_iter().filter_map(named));
                let found = users::names(gong, &ids);
                names.extend(found.into_iter().map(|(id, name)| (id, one_line(&name))));
            }
            CountBy::Workspace if counter.total.calls > 0 => {
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
