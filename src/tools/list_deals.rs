//! `gong_list_deals`. POST /v2/calls/extensive with context Extended, now and at
//! the time of the call; api:calls:read:extensive. Gong's API has no list of deals, so these are
//! the Opportunity objects on the calls of a range.

use core::ops::ControlFlow;
use serde_json::json;

use crate::{
    client::Gong,
    domain::scan::{self, Endpoint, Plan, resume::Start},
    error::Error,
    gong::{
        calls::{ContentSelector, link_pattern},
        users::People,
        workspaces,
    },
    names::has_words,
    prelude::*,
    text::fold_case,
    tools::limit,
    wit::deals::{DealPage, ListDeals},
};

mod seen_deals;
mod text;

use seen_deals::{SeenDeal, SeenDeals};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;

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
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let owner = args
        .owner
        .as_deref()
        .map(|owner| Owner::find(gong, owner))
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
        selective: true,
        start,
    };
    let mut seen = SeenDeals::default();
    let report = scan::newest_first(gong, plan, |call| {
        seen.add(call);
        ControlFlow::Continue(())
    })?;
    let call_url = link_pattern(
        seen.links
            .iter()
            .map(|(id, url)| (id.as_str(), url.as_deref())),
    );
    let calls_without_deal = seen.without_deal;
    let lower = |text: &Option<String>| text.as_deref().map(|text| fold_case(text.trim()));
    let (account, stage, deal) = (lower(&args.account), lower(&args.stage), lower(&args.deal));
    let mut deals: Vec<SeenDeal> = seen
        .deals
        .into_values()
        .filter(|seen| {
            account
                .as_deref()
                .is_none_or(|query| seen.matches_account(query))
        })
        .filter(|seen| {
            stage.as_deref().is_none_or(|query| {
                let stage = seen.state().stage;
                stage.is_some_and(|stage| has_words(&stage, query))
            })
        })
        .filter(|seen| deal.as_deref().is_none_or(|query| seen.matches(query)))
        .filter(|seen| owner.as_ref().is_none_or(|owner| owner.owns(seen)))
        .collect();
    deals.sort_unstable_by(|one, other| {
        other
            .last_call
            .cmp(&one.last_call)
            .then_with(|| one.id.cmp(&other.id))
    });
    let matched = deals.len() as u32;
    deals.truncate(limit);
    Ok(DealPage {
        deals: deals.into_iter().map(SeenDeal::into_deal).collect(),
        matched,
        calls_without_deal,
        call_url,
        scan: report.summary(),
        resume: report.resume,
        requests: gong.requests(),
    })
}

/// The owner whose deals to list. The CRM has an id of its own or a name for an owner.
struct Owner {
    id: String,
    name: String,
    email: Option<String>,
}

impl Owner {
    fn find(gong: &Gong<'_>, text: &str) -> Result<Self, Error> {
        let mut people = People::default();
        let user = people.find(gong, "owner", text)?;
        Ok(Self {
            id: user.id().to_owned(),
            name: user.name(),
            email: user.email_address.clone(),
        })
    }

    fn owns(&self, deal: &SeenDeal) -> bool {
        let owns_in_crm = deal.crm_owner.as_deref().is_some_and(|owner| {
            owner.eq_ignore_ascii_case(&self.name)
                || self
                    .email
                    .as_deref()
                    .is_some_and(|email| owner.eq_ignore_ascii_case(email))
        });
        owns_in_crm || deal.hosts.contains_key(&self.id)
    }
}
