//! `gong_get_account`. POST /v2/calls/extensive as `gong_get_deal` uses it;
//! api:calls:read:extensive. Gong's API has no list of accounts, so accounts are found on calls: by
//! their CRM objects, or by e-mail domains of people on calls without an Account object.

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
    index::{self, Find, Index},
    prelude::*,
    time,
    tools::{get_deal, limit},
    wit::deals::{AccountOverview, CallHistory, DealSeen, GetAccount},
};

mod account_calls;
mod text;

use account_calls::{AccountCalls, AccountFinder};

/// Days without a call that cause a warning; more than for deals, as accounts are quieter.
const SILENT_DAYS: u32 = 30;

/// Scans the whole range, then picks the account that the argument names.
pub(crate) fn run(gong: &Gong<'_>, args: GetAccount) -> Result<AccountOverview, Error> {
    let query = SearchTerm::new("account", &args.account, "\"Acme Corp\" or \"acme.com\".")?;
    let limit = limit(args.limit, 10, 50)?;
    let start = Start::from_arguments(
        args.from.as_deref(),
        args.to.as_deref(),
        args.resume.as_deref(),
        get_deal::DEFAULT_DAYS,
        gong.now,
    )?;
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let max_age = index::max_age(args.max_age.as_deref())?;
    let mut index = Index::open(gong, start.range, max_age);
    let mut finder = AccountFinder::new(query);
    let mut report = match &mut index {
        None => {
            let workspace = workspace.as_deref();
            get_deal::scan(gong, start, workspace, None, Find::default(), |call| {
                finder.add(call);
            })?
        }
        Some(index) => finder.search(gong, &start, workspace.as_deref(), index)?,
    };
    let AccountCalls {
        id,
        domain,
        mut calls,
        by_domain,
        user_names,
    } = finder.pick(&report)?;
    let details = call_details::read(gong, &mut calls, &mut report)?;
    let objects = || {
        let accounts = calls.iter().flat_map(|call| call.objects("Account"));
        accounts.filter(|account| Some(account.id()) == id.as_deref())
    };
    let account = objects()
        .find(|account| !account.is_of_call_time())
        .or_else(|| objects().next());
    let owner = owner(account, &user_names);
    let deals = deals(&calls, &user_names);
    let deal_name = |deal: &DealSeen| deal.name.clone().unwrap_or_else(|| deal.id.clone());
    let deal_names: BTreeMap<String, String> = deals
        .iter()
        .map(|deal| (deal.id.clone(), deal_name(deal)))
        .collect();
    let call_history = call_history(
        &CustomerCalls {
            calls: &calls,
            limit,
            user_names: &user_names,
            owner: owner.as_deref(),
            deals: (deal_names.len() > 1).then_some(&deal_names),
            report: &report,
        },
        &details,
        gong.now,
    );
    Ok(AccountOverview {
        name: account
            .and_then(CrmObject::name)
            .or(domain)
            .or_else(|| id.clone())
            .unwrap_or_default(),
        website: account.and_then(CrmObject::website),
        industry: account.and_then(CrmObject::industry),
        by_domain: (by_domain > 0).then_some(by_domain),
        warnings: warnings(&deals, &call_history, gong.now),
        id,
        owner,
        deals,
        call_history,
        scan: report.summary(1),
        resume: report.resume,
        requests: gong.requests(),
    })
}

/// Facts that need attention: silence, and open deals past their close date.
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
    let silence = get_deal::silence(calls, SILENT_DAYS);
    silence.into_iter().chain(late).collect()
}

fn owner(object: Option<&CrmObject>, user_names: &UserNames) -> Option<String> {
    user_names.owner(&object?.owner()?)
}

/// The deals on the calls, the one with the newest call first.
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
    let is_of_deal = |call: &&Call| call.objects("Opportunity").any(|deal| deal.id() == id);
    let calls: Vec<&Call> = calls.iter().filter(is_of_deal).collect();
    let objects = || {
        let deals = calls.iter().flat_map(|call| call.objects("Opportunity"));
        deals.filter(|deal| deal.id() == id)
    };
    let deal = objects()
        .find(|deal| !deal.is_of_call_time())
        .or_else(|| objects().next());
    let history = DealHistory::of(calls.iter().copied(), id);
    let (state, moves) = (history.latest(), history.moves());
    let first = history.seen.first();
    let changes = first.map_or_else(Vec::new, |(_, then)| then.changes(&state));
    DealSeen {
        id: id.to_owned(),
        name: deal.and_then(CrmObject::name),
        stage: state.stage,
        amount: state.amount,
        close_date: state.close_date,
        probability: state.probability,
        owner: owner(deal, user_names),
        calls: calls.len() as u32,
        last_call: calls
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
