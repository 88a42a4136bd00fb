//! `gong_search_calls`. GET /v2/calls (api:calls:read:basic) where metadata is
//! enough, else POST /v2/calls/extensive (api:calls:read:extensive). Gong can only filter by a few
//! fields; everything else is matched here.

use alloc::collections::{BTreeMap, BTreeSet};
use core::{mem::take, ops::ControlFlow};
use serde_json::json;

use crate::{
    client::Gong,
    domain::{
        call_filter::{CallFilter, ServerFilter, filter_arguments},
        scan::{self, Endpoint, Extent, Plan, resume::Start},
    },
    error::Error,
    gong::{
        calls::{self, Call, ContentSelector, link_pattern},
        crm_object::CrmObject,
        users,
    },
    index::{self, Index},
    prelude::*,
    text::{one_line, tokens},
    tools::limit,
    wit::{
        calls::{AccountMatch, CallPage, CallRow, SearchCalls},
        types::AccountSeen,
    },
};

mod text;

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;
/// Calls that are found beyond the limit, in place of those that Gong no longer shows.
const SPARE: usize = 10;
/// With a limit above this, a search is for all calls there are.
const LONG: usize = 200;
/// Tokens of the rows of an answer: clients cut answers of more than 25,000.
const MOST_TOKENS: usize = 24_000;
/// Tokens of a row without its texts.
const ROW_TOKENS: usize = 28;
/// Why a search ended before the begin of its range.
const ENOUGH: &str = "the limit is reached";

/// Scans the range for calls that match, then looks up hosts whose names the endpoint does not have.
pub(crate) fn run(gong: &Gong<'_>, args: SearchCalls) -> Result<CallPage, Error> {
    let limit = limit(args.limit, 50, 500)?;
    let resume = args.resume.as_deref();
    let start = Start::from_arguments(
        args.from.as_deref(),
        args.to.as_deref(),
        resume,
        DEFAULT_DAYS,
        gong.now,
    )?;
    let max_age = index::max_age(args.max_age.as_deref())?;
    let arguments = filter_arguments!(args);
    let filter = CallFilter::new(&arguments)?;
    let mut index = Index::open(gong, start.range, max_age);
    let ServerFilter { workspace, hosts } = ServerFilter::new(gong, &arguments, index.as_ref())?;
    let people = args.people == Some(true) || filter.needs_people();
    let accounts = args.people == Some(true) || filter.account.is_some();
    let selector = ContentSelector {
        context: accounts.then_some("Extended"),
        context_timing: &[],
        exposed_fields: people.then(|| json!({ "parties": true })),
    };
    let endpoint = if people || !hosts.is_empty() {
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
        extent: match limit > LONG {
            true => Extent::Whole,
            false => filter.extent(),
        },
        start,
    };
    let mut kept: Vec<(Call, Option<AccountMatch>)> = Vec::new();
    // Some of those that the index finds may be gone.
    let most = match &index {
        Some(_) => limit.max((limit + SPARE).min(limit.next_multiple_of(calls::IDS_A_REQUEST))),
        None => limit,
    };
    let mut report = filter.find(|find| {
        scan::with_index(gong, plan, index.as_mut(), find, |call| {
            if let Some(matched) = filter.matches(call) {
                kept.push((take(call), matched));
                if kept.len() == most {
                    return ControlFlow::Break(ENOUGH);
                }
            }
            ControlFlow::Continue(())
        })
    })?;
    if index.is_some() {
        // One request is enough for the hosts' names too.
        let selector = ContentSelector {
            exposed_fields: Some(json!({ "parties": true })),
            ..selector.clone()
        };
        let indexed = kept.iter().filter(|(call, _)| report.is_from_index(call));
        let ids = indexed.map(|(call, _)| call.meta_data.id());
        let mut live = calls::whole_by_ids(gong, ids, &selector)?;
        let found = take(&mut kept);
        for (call, _) in found {
            let call = match report.is_from_index(&call) {
                true => live.remove(call.meta_data.id()),
                false => Some(call),
            };
            let Some(call) = call else { continue };
            if !calls::is_shown(gong, &call.meta_data) {
                continue;
            }
            let Some(matched) = filter.matches(&call) else {
                continue;
            };
            if kept.len() == limit {
                report.rewind(call.meta_data.id(), ENOUGH.into());
                break;
            }
            kept.push((call, matched));
        }
        report.details_are_live();
    }
    if kept.is_empty() && report.stopped.is_none() {
        report.alike = filter.near_names(index.as_ref());
    }
    let mut left = MOST_TOKENS;
    let fitting = kept.iter().take_while(|(call, _)| {
        let rest = left.checked_sub(row_tokens(call, &filter, people));
        rest.inspect(|rest| left = *rest).is_some()
    });
    // However long it is, one row goes on.
    let fitting = fitting.count().max(1);
    if let Some((call, _)) = kept.get(fitting) {
        report.rewind(
            call.meta_data.id(),
            "the answer is as long as clients take".into(),
        );
        kept.truncate(fitting);
    }
    // GET /v2/calls is sorted by scheduled time; the answer is sorted by the actual one.
    kept.sort_by_key(|(call, _)| core::cmp::Reverse(call.meta_data.began()));
    let unnamed: BTreeSet<String> = kept
        .iter()
        .filter(|(call, _)| call.host().is_none())
        .filter_map(|(call, _)| Some(call.meta_data.primary_user_id.as_ref()?.0.clone()))
        .collect();
    let names = users::names(gong, &unnamed);
    let (calls, accounts, call_url) = rows(&kept, &names, people);
    Ok(CallPage {
        calls,
        accounts,
        call_url,
        scan: report.summary(kept.len()),
        resume: report.resume,
        requests: gong.requests(),
    })
}

/// About the tokens of a call's row in the structured form, which is the longer one.
fn row_tokens(call: &Call, filter: &CallFilter, people: bool) -> usize {
    let meta = [call.meta_data.title(), call.host()];
    // Calls of one account do not repeat it.
    let account = call.account().filter(|_| filter.account.is_none());
    let account = account.and_then(CrmObject::name);
    let people = if people { call.external() } else { Vec::new() };
    let texts = meta.into_iter().flatten().chain(account);
    let people = people.iter().map(|name| 1 + tokens(name));
    ROW_TOKENS + texts.map(|text| tokens(&text)).chain(people).sum::<usize>()
}

/// The rows of the answer, its accounts, and the pattern of the calls' links. If all calls have the
/// same account, the rows do not repeat it.
fn rows(
    kept: &[(Call, Option<AccountMatch>)],
    names: &BTreeMap<String, String>,
    people: bool,
) -> (Vec<CallRow>, Vec<AccountSeen>, Option<String>) {
    let mut accounts: BTreeMap<String, AccountSeen> = BTreeMap::new();
    for account in kept.iter().filter_map(|(call, _)| call.account()) {
        let seen = accounts
            .entry(account.id().to_owned())
            .or_insert_with(|| AccountSeen {
                name: account.name(),
                id: account.id().to_owned(),
                calls: 0,
            });
        seen.calls += 1;
    }
    let shared = accounts.len() == 1
        && accounts
            .values()
            .all(|account| account.calls as usize == kept.len());
    let pattern = link_pattern(
        kept.iter()
            .map(|(call, _)| (call.meta_data.id(), call.meta_data.url.as_deref())),
    );
    let rows = kept
        .iter()
        .map(|(call, matched)| {
            let meta = &call.meta_data;
            let host_id = meta.primary_user_id.as_ref().map_or("", |id| id.0.as_str());
            CallRow {
                id: meta.id().to_owned(),
                started: meta.started_display(),
                minutes: meta.minutes(),
                title: meta.title(),
                host: call
                    .host()
                    .or_else(|| names.get(host_id).map(|name| one_line(name))),
                account: call
                    .account()
                    .filter(|_| !shared)
                    .map(|account| account.name().unwrap_or_else(|| account.id().to_owned())),
                external: match people {
                    true => call.external(),
                    false => Vec::new(),
                },
                matched: matched.filter(|matched| *matched != AccountMatch::Crm),
                private: meta.is_private().then_some(true),
                url: meta.url.clone().filter(|_| pattern.is_none()),
            }
        })
        .collect();
    let mut accounts: Vec<AccountSeen> = accounts.into_values().collect();
    accounts.sort_by(|one, other| {
        other
            .calls
            .cmp(&one.calls)
            .then_with(|| one.name.cmp(&other.name))
    });
    (rows, accounts, pattern)
}
