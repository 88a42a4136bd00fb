//! `gong_get_deal`. POST /v2/calls/extensive, first to scan for the deal's calls with their CRM
//! objects, then for the content of these calls and the deal's state at the time of each
//! (`domain/call_details.rs` says why the scan does not read that too); api:calls:read:extensive.
//! Costs no credits, unlike Gong's AI answers.

use alloc::collections::BTreeMap;
use core::{mem::take, ops::ControlFlow};
use serde_json::json;

use crate::{
    client::Gong,
    domain::{
        call_details,
        call_history::{
            self, CustomerCalls, UserNames,
            lookup::{Candidate, Lookup, SearchTerm, ambiguous, look_up, not_found},
        },
        deals::DealHistory,
        scan::{self, Endpoint, Extent, Plan, resume::Start},
    },
    error::Error,
    gong::{
        calls::{Call, ContentSelector},
        workspaces,
    },
    index::{self, Find, Index, ObjectText},
    prelude::*,
    tools::limit,
    wit::deals::{DealOverview, GetDeal},
};

mod text;
mod warnings;

pub(super) use warnings::{overdue, silence};

/// Days back without `from`: most deals take no longer. For a company with 15 calls a day this
/// takes about 30 requests; for a busier one the scan stops at its page limit.
pub(super) const DEFAULT_DAYS: i64 = 180;

/// Scans the whole range, as a deal's calls can be anywhere in it, then picks the deal that the
/// argument names.
pub(crate) fn run(gong: &Gong<'_>, args: GetDeal) -> Result<DealOverview, Error> {
    let query = SearchTerm::new(
        "deal",
        &args.deal,
        "\"Acme - Renewal\" or \"0063601230sV7grAAC\".",
    )?;
    let limit = limit(args.limit, 10, 50)?;
    let start = Start::from_arguments(
        args.from.as_deref(),
        args.to.as_deref(),
        args.resume.as_deref(),
        DEFAULT_DAYS,
        gong.now,
    )?;
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let max_age = index::max_age(args.max_age.as_deref())?;
    let mut finder = DealFinder::default();
    let mut index = Index::open(gong, start.range, max_age);
    let is_deal =
        |object: &ObjectText<'_>| !object.is_account && query.matches(object.id, Some(object.name));
    let find = Find {
        object: Some(&is_deal),
        ..Find::default()
    };
    let mut report = scan(
        gong,
        start,
        workspace.as_deref(),
        index.as_mut(),
        find,
        |call| finder.add(call, &query),
    )?;
    let DealFinder {
        mut seen,
        kept,
        mut user_names,
    } = finder;
    if let Some(index) = &index {
        user_names.learn_all(index);
        if kept.is_empty() {
            seen = Candidate::all(index, false, report.range.from);
        }
    }
    let id = match look_up(&seen, &query) {
        Lookup::One(deal) => deal.id.clone(),
        Lookup::Several(deals) => return Err(ambiguous("deal", &query, &deals)),
        Lookup::None(near) => return Err(not_found("deal", &query, &report, &near)),
    };
    let mut calls: Vec<Call> = kept
        .into_iter()
        .filter(|call| call.objects("Opportunity").any(|deal| deal.id() == id))
        .collect();
    let details = call_details::read(gong, &mut calls, &mut report)?;
    // Calls are newest first, so the first object with the deal's present state is the latest.
    let objects = || {
        calls
            .iter()
            .flat_map(|call| call.objects("Opportunity"))
            .filter(|deal| deal.id() == id)
    };
    let deal = objects()
        .find(|deal| !deal.is_of_call_time())
        .or_else(|| objects().next());
    let owner = deal
        .and_then(|deal| deal.owner())
        .and_then(|owner| user_names.owner(&owner));
    let history = DealHistory::of(calls.iter(), &id);
    let state = history.latest();
    let moves = history.moves();
    let call_history = call_history::call_history(
        &CustomerCalls {
            calls: &calls,
            limit,
            user_names: &user_names,
            owner: owner.as_deref(),
            deals: None,
            report: &report,
        },
        &details,
        gong.now,
    );
    Ok(DealOverview {
        name: deal.and_then(|deal| deal.name()),
        accounts: accounts(&calls),
        next_step: deal.and_then(|deal| deal.next_step()),
        slips: (moves.slips > 0).then_some(moves.slips),
        slipped_days: (moves.slips > 0).then_some(moves.slipped_days),
        pulled_in_days: (moves.pulled_in_days > 0).then_some(moves.pulled_in_days),
        warnings: warnings::warnings(&history, &call_history, gong.now),
        history: history.rows(),
        stage: state.stage,
        amount: state.amount,
        close_date: state.close_date,
        probability: state.probability,
        id,
        owner,
        call_history,
        scan: report.summary(1),
        resume: report.resume,
        requests: gong.requests(),
    })
}

/// Calls `visit` for every call of the range, with people and CRM objects; for those from the index
/// only if they have what `find` says.
pub(super) fn scan(
    gong: &Gong<'_>,
    start: Start,
    workspace: Option<&str>,
    index: Option<&mut Index<'_, '_>>,
    find: Find<'_>,
    mut visit: impl FnMut(&mut Call),
) -> Result<scan::Report, Error> {
    let selector = ContentSelector {
        context: Some("Extended"),
        context_timing: &[],
        exposed_fields: Some(json!({ "parties": true })),
    };
    let endpoint = Endpoint::Extensive {
        selector: &selector,
        hosts: &[],
    };
    let plan = Plan {
        endpoint,
        workspace,
        extent: Extent::Whole,
        start,
    };
    scan::with_index(gong, plan, index, find, |call| {
        visit(call);
        ControlFlow::Continue(())
    })
}

/// Collects deals and calls during a scan.
#[derive(Default)]
struct DealFinder {
    /// Every deal of the range, the one with the newest call first.
    seen: Vec<Candidate>,
    /// Calls with a deal that may match, newest first.
    kept: Vec<Call>,
    user_names: UserNames,
}

impl DealFinder {
    fn add(&mut self, call: &mut Call, query: &SearchTerm) {
        self.user_names.learn(call);
        let mut may_match = false;
        for deal in call.objects("Opportunity") {
            may_match |= query.matches(deal.id(), deal.name().as_deref());
            let seen = Candidate::entry(&mut self.seen, deal.id(), call);
            // Gong lists the present state first, so this is the latest name that is known.
            seen.name = seen.name.take().or_else(|| deal.name());
        }
        if may_match {
            call.slim();
            self.kept.push(take(call));
        }
    }
}

/// The UTC day of a call.
pub(super) fn day(call: &Call) -> String {
    let at = call.meta_data.began();
    at.map_or_else(|| "unknown".to_owned(), crate::time::to_date)
}

/// Accounts on the calls, sorted by how many calls they are on.
fn accounts(calls: &[Call]) -> Vec<String> {
    let mut accounts: BTreeMap<&str, (u32, Option<String>)> = BTreeMap::new();
    for account in calls.iter().filter_map(Call::account) {
        let (count, name) = accounts.entry(account.id()).or_default();
        *count += 1;
        *name = name.take().or_else(|| account.name());
    }
    let mut accounts: Vec<_> = accounts.into_iter().collect();
    accounts.sort_by_key(|(_, (count, _))| core::cmp::Reverse(*count));
    accounts
        .into_iter()
        .map(|(id, (_, name))| match name {
            Some(name) => format!("{name} ({id})"),
            None => id.to_owned(),
        })
        .collect()
}
