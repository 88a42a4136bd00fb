//! `gong_list_deals`. POST /v2/calls/extensive with context Extended, now and at
//! the time of the call; api:calls:read:extensive. Gong's API has no list of deals, so these are
//! the Opportunity objects on the calls of a range.

use alloc::collections::BTreeSet;
use core::{cell::RefCell, ops::ControlFlow};
use serde_json::json;

use crate::{
    client::Gong,
    domain::{
        call_history::lookup::SearchTerm,
        near_names::Nearest,
        scan::{self, Endpoint, Extent, Plan, resume::Start},
    },
    error::Error,
    gong::{
        calls::{self, ContentSelector, link_pattern},
        workspaces,
    },
    index::{self, Find, Index, ObjectText, Rest},
    names::has_words,
    prelude::*,
    text::fold_case,
    tools::limit,
    wit::deals::{DealPage, ListDeals},
};

mod owner;
mod seen_deals;
mod text;

use owner::Owner;
use seen_deals::{SeenDeal, SeenDeals};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;
/// How often the last calls of deals are read, where some are gone.
const REFRESHES: u32 = 2;

/// Scans the range, collects the deals on its calls, then filters them by their present state.
pub(crate) fn run(gong: &Gong<'_>, args: ListDeals) -> Result<DealPage, Error> {
    let limit = limit(args.limit, 50, 200)?;
    let resume = args.resume.as_deref();
    let start = Start::from_arguments(
        args.from.as_deref(),
        args.to.as_deref(),
        resume,
        DEFAULT_DAYS,
        gong.now,
    )?;
    let rows = start.rows;
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let max_age = index::max_age(args.max_age.as_deref())?;
    let mut index = Index::open(gong, start.range, max_age);
    let owner = args
        .owner
        .as_deref()
        .map(|owner| Owner::find(gong, owner, index.as_ref()))
        .transpose()?;
    let selector = ContentSelector {
        context: Some("Extended"),
        context_timing: &["Now", "TimeOfCall"],
        exposed_fields: Some(json!({ "parties": true })),
    };
    let endpoint = Endpoint::Extensive {
        selector: &selector,
        hosts: &[],
    };
    let plan = Plan {
        endpoint,
        workspace: workspace.as_deref(),
        extent: Extent::Whole,
        start,
    };
    let term = |argument, text: &Option<String>| {
        let term = |text: &String| SearchTerm::new(argument, text, "\"Acme\".");
        text.as_ref().map(term).transpose()
    };
    let (account, deal) = (term("account", &args.account)?, term("deal", &args.deal)?);
    let stage = args.stage.as_deref().map(|text| fold_case(text.trim()));
    // Names like the ones sought, of deals that do not fit.
    let near = RefCell::new(Nearest::default());
    let has_name = |seen: &SeenDeal| {
        let mut near = near.borrow_mut();
        if let Some(term) = account.as_ref().filter(|term| !seen.matches_account(term)) {
            let names = seen.accounts.iter().filter_map(|(_, name)| name.as_deref());
            names.for_each(|name| near.add(name, &term.words));
            return false;
        }
        if let Some(term) = deal.as_ref().filter(|term| !seen.matches(term)) {
            near.add(seen.name.as_deref().unwrap_or_default(), &term.words);
            return false;
        }
        true
    };
    let fits = |seen: &SeenDeal| {
        has_name(seen)
            && stage.as_deref().is_none_or(|query| {
                let stage = seen.state().stage;
                stage.is_some_and(|stage| has_words(&stage, query))
            })
            && owner.as_ref().is_none_or(|owner| owner.owns(seen))
    };
    let chosen = match &mut index {
        Some(index) if plan.start.is_whole() => choose(index, plan.workspace, &fits, rows + limit)?,
        _ => None,
    };
    let is_chosen = |id: &str| {
        let chosen = chosen.as_ref();
        chosen.is_none_or(|chosen| chosen.ids.contains(id))
    };
    let is_deal = |object: &ObjectText<'_>| !object.is_account && is_chosen(object.id);
    let find = Find {
        object: Some(&is_deal),
        ..Find::default()
    };
    let mut seen = SeenDeals::default();
    let mut report = scan::with_index(gong, plan, index.as_mut(), find, |call| {
        seen.add(call);
        ControlFlow::Continue(())
    })?;
    let mut deals: Vec<SeenDeal> = seen
        .deals
        .into_values()
        .filter(|deal| is_chosen(&deal.id) && fits(deal))
        .collect();
    sort(&mut deals);
    let (mut matched, calls_without_deal) = match &chosen {
        Some(chosen) => (chosen.matched, chosen.calls_without_deal),
        None => (deals.len(), seen.without_deal + report.unvisited),
    };
    deals.drain(..rows.min(deals.len()));
    deals.truncate(limit);
    let links = seen.links.iter().filter(|_| !deals.is_empty());
    let call_url = link_pattern(links.map(|(id, url)| (id.as_str(), url.as_deref())));
    if index.is_some() {
        let shown = deals.len();
        refresh(gong, &selector, &mut deals)?;
        deals.retain(fits);
        sort(&mut deals);
        matched -= shown - deals.len();
        report.details_are_live();
    }
    if deals.is_empty() && report.stopped.is_none() {
        report.alike = near.take().names();
    }
    Ok(DealPage {
        scan: report.summary(deals.len()),
        deals: deals.into_iter().map(SeenDeal::into_deal).collect(),
        matched: matched as u32,
        calls_without_deal,
        call_url,
        // First the deals beyond the limit, then those on older calls.
        resume: match matched > rows + limit {
            true => Some(report.rows_after(report.range.from, rows + limit)),
            false => report.resume,
        },
        requests: gong.requests(),
    })
}

/// The deals to show, where the index has all calls: of the others it need not make any call.
struct Chosen {
    ids: BTreeSet<String>,
    matched: usize,
    calls_without_deal: u32,
}

/// Chooses deals; none if the index does not cover the range.
///
/// # Errors
/// Whatever reading into the index fails with.
fn choose(
    index: &mut Index<'_, '_>,
    workspace: Option<&str>,
    fits: &impl Fn(&SeenDeal) -> bool,
    limit: usize,
) -> Result<Option<Chosen>, Error> {
    let Rest::Nothing = index.reach(true)?.rest else {
        return Ok(None);
    };
    let mut seen = SeenDeals::default();
    let calls_without_deal = index.deals(workspace, |deal| seen.glimpse(deal));
    let mut deals: Vec<SeenDeal> = seen.deals.into_values().filter(fits).collect();
    sort(&mut deals);
    let matched = deals.len();
    deals.truncate(limit);
    Ok(Some(Chosen {
        ids: deals.into_iter().map(|deal| deal.id).collect(),
        matched,
        calls_without_deal,
    }))
}

/// The last call first.
fn sort(deals: &mut [SeenDeal]) {
    deals.sort_by(|one, other| {
        other
            .last_call
            .cmp(&one.last_call)
            .then_with(|| one.id.cmp(&other.id))
    });
}

/// Reads the last call of each deal, as the index may have it from yesterday, and leaves out deals
/// none of whose calls Gong shows any more.
///
/// # Errors
/// Whatever a request fails with.
fn refresh(
    gong: &Gong<'_>,
    selector: &ContentSelector,
    deals: &mut Vec<SeenDeal>,
) -> Result<(), Error> {
    let mut fresh = Vec::new();
    for _ in 0..REFRESHES {
        let ids = deals.iter().map(|deal| deal.last_call_id.as_str());
        let live = calls::whole_by_ids(gong, ids, selector)?;
        let shown = |deal: &SeenDeal| {
            let call = live.get(&deal.last_call_id)?;
            calls::is_shown(gong, &call.meta_data).then_some(call)
        };
        for mut deal in core::mem::take(deals) {
            match shown(&deal) {
                Some(call) if deal.refresh(call) => fresh.push(deal),
                _ if deal.without_last_call() => deals.push(deal),
                _ => {}
            }
        }
        if deals.is_empty() {
            break;
        }
    }
    *deals = fresh;
    Ok(())
}
