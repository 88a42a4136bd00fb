//! `gong_get_account`. POST /v2/calls/extensive as `gong_get_deal` uses it;
//! api:calls:read:extensive. Gong's API has no list of accounts: these are the Account
//! objects on calls, and the e-mail domains of people on calls without any.

use alloc::collections::BTreeMap;

use crate::{
    client::Gong,
    domain::{
        call_details,
        call_history::{CustomerCalls, UserNames, call_history, lookup::SearchTerm},
        deals::{DealHistory, DealState},
        scan::resume::Start,
    },
    error::Error,
    gong::{calls::Call, crm_object::CrmObject, workspaces},
    prelude::*,
    time,
    tools::{get_deal, limit},
    wit::deals::{AccountOverview, CallHistory, DealSeen, GetAccount},
};

mod found;
mod text;

use found::{Found, Whose};

/// Days without a call that are told as a warning: accounts are quieter than open deals.
const SILENCE: u32 = 30;

/// Scans the whole range and tells the account that is meant.
pub(crate) fn run(gong: &Gong<'_>, args: GetAccount) -> Result<AccountOverview, Error> {
    let wanted = SearchTerm::new("account", &args.account, "\"Acme Corp\" or \"acme.com\".")?;
    let limit = limit(args.limit, 10, 50)?;
    let start = Start::from_arguments(
        args.from.as_deref(),
        args.to.as_deref(),
        args.resume.as_deref(),
        get_deal::DEFAULT_DAYS,
        gong.now,
    )?;
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let mut found = Found::new(wanted);
    let report = get_deal::scan(gong, start, workspace.as_deref(), |call| found.add(call))?;
    let Whose {
        id,
        domain,
        mut calls,
        by_domain,
        user_names,
    } = found.whose(&report)?;
    let details = call_details::read(gong, &mut calls, report.stopped.is_some());
    let objects = || {
        let accounts = calls.iter().flat_map(|call| call.objects("Account"));
        accounts.filter(|account| Some(account.id()) == id.as_deref())
    };
    let now = objects()
        .find(|account| !account.is_of_call_time())
        .or_else(|| objects().next());
    let owner = owner(now, &user_names);
    let deals = deals(&calls, &user_names);
    let names: BTreeMap<String, String> = deals
        .iter()
        .map(|deal| {
            (
                deal.id.clone(),
                deal.name.clone().unwrap_or_else(|| deal.id.clone()),
            )
        })
        .collect();
    let call_history = call_history(
        &CustomerCalls {
            calls: &calls,
            limit,
            user_names: &user_names,
            owner: owner.as_deref(),
            deals: (names.len() > 1).then_some(&names),
            report: &report,
        },
        &details,
        gong.now,
    );
    Ok(AccountOverview {
        name: now
            .and_then(CrmObject::name)
            .or(domain)
            .or_else(|| id.clone())
            .unwrap_or_default(),
        website: now.and_then(CrmObject::website),
        industry: now.and_then(CrmObject::industry),
        by_domain: (by_domain > 0).then_some(by_domain),
        warnings: warnings(&deals, &call_history, gong.now),
        id,
        owner,
        deals,
        call_history,
        scan: report.summary(),
        resume: report.resume,
        requests: gong.requests(),
    })
}

/// Facts to look at: silence, and open deals that should be closed by now.
fn warnings(deals: &[DealSeen], calls: &CallHistory, now: i64) -> Vec<String> {
    let late = deals.iter().filter_map(|deal| {
        let state = DealState {
            stage: deal.stage.clone(),
            close_date: deal.close_date.clone(),
            ..DealState::default()
        };
        let late = get_deal::overdue(&state, now).filter(|_| !state.is_closed())?;
        Some(format!(
            "{}: {late}",
            deal.name.as_ref().unwrap_or(&deal.id)
        ))
    });
    let silence = get_deal::silence(calls, SILENCE);
    silence.into_iter().chain(late).collect()
}

fn owner(object: Option<&CrmObject>, user_names: &UserNames) -> Option<String> {
    user_names.owner(&object?.owner()?)
}

/// The deals on the calls, the one of the newest call first.
fn deals(calls: &[Call], user_names: &UserNames) -> Vec<DealSeen> {
    let mut ids: Vec<&str> = Vec::new();
    for deal in calls.iter().flat_map(|call| call.objects("Opportunity")) {
        if !deal.id().is_empty() && !ids.contains(&deal.id()) {
            ids.push(deal.id());
        }
    }
    ids.into_iter()
        .map(|id| deal_seen(calls, id, user_names))
        .collect()
}

fn deal_seen(calls: &[Call], id: &str, user_names: &UserNames) -> DealSeen {
    let of_deal = |call: &&Call| call.objects("Opportunity").any(|deal| deal.id() == id);
    let on: Vec<&Call> = calls.iter().filter(of_deal).collect();
    let objects = || {
        let deals = on.iter().flat_map(|call| call.objects("Opportunity"));
        deals.filter(|deal| deal.id() == id)
    };
    let now = objects()
        .find(|deal| !deal.is_of_call_time())
        .or_else(|| objects().next());
    let history = DealHistory::of(on.iter().copied(), id);
    let (state, moves) = (history.latest(), history.moves());
    let first = history.seen.first();
    let changes = first.map_or_else(Vec::new, |(_, then)| then.changes(&state));
    DealSeen {
        id: id.to_owned(),
        name: now.and_then(CrmObject::name),
        stage: state.stage,
        amount: state.amount,
        close_date: state.close_date,
        probability: state.probability,
        owner: owner(now, user_names),
        calls: on.len() as u32,
        last_call: on
            .first()
            .map_or_else(String::new, |call| get_deal::day(call)),
        slips: (moves.slips > 0).then_some(moves.slips),
        slipped_days: (moves.slips > 0).then_some(moves.slipped_days),
        changes_since: first
            .filter(|_| !changes.is_empty())
            .map(|(at, _)| time::to_date(*at)),
        changes,
    }
}
