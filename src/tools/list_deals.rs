//! `gong_list_deals`. POST /v2/calls/extensive with context Extended, now and at
//! the time of the call; api:calls:read:extensive. Gong's API has no list of deals:
//! these are the Opportunity objects on the calls of a window.

use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::ops::ControlFlow;
use serde_json::json;

use super::{Answer, limit};
use crate::{
    error::Error,
    gong::{
        Gong,
        calls::{Call, ContentSelector, CrmObject, link_pattern, one_line},
        instant,
        people::{People, has_words},
        scan::{self, Endpoint, Plan, Start},
        workspaces,
    },
    render::{self, Table},
    wit::deals::{Deal, DealChange, DealPage, ListDeals},
};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;

/// Scans the window, gathers deals over its calls, then filters by what they are now.
pub(crate) fn run(gong: &Gong<'_>, args: ListDeals) -> Result<DealPage, Error> {
    let limit = limit(args.limit, 50, 200)?;
    let resume = args.resume.as_deref();
    let start = Start::from_arguments(args.from.as_deref(), args.to.as_deref(), resume, DEFAULT_DAYS, gong.now)?;
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let owner = args.owner.as_deref().map(|owner| Owner::find(gong, owner)).transpose()?;
    let selector = ContentSelector {
        context: Some("Extended"),
        context_timing: &["Now", "TimeOfCall"],
        exposed_fields: Some(json!({ "parties": true })),
    };
    let endpoint = Endpoint::Extensive { selector: &selector, hosts: &[] };
    let plan = Plan { endpoint, workspace: workspace.as_deref(), picky: true, start };
    let mut seen = Seen::default();
    let report = scan::newest_first(gong, plan, |call| {
        seen.add(&call);
        ControlFlow::Continue(())
    })?;
    let call_url = link_pattern(seen.links.iter().map(|(id, url)| (id.as_str(), url.as_deref())));
    let calls_without_deal = seen.without_deal;
    let lower = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_lowercase());
    let (account, stage, deal) = (lower(&args.account), lower(&args.stage), lower(&args.deal));
    let mut deals: Vec<Gathered> = seen
        .deals
        .into_values()
        .filter(|one| account.as_deref().is_none_or(|wanted| one.is_account(wanted)))
        .filter(|one| stage.as_deref().is_none_or(|wanted| one.now.stage.as_deref().is_some_and(|stage| has_words(stage, wanted))))
        .filter(|one| deal.as_deref().is_none_or(|wanted| one.is_deal(wanted)))
        .filter(|one| owner.as_ref().is_none_or(|owner| owner.owns(one)))
        .collect();
    deals.sort_by(|one, other| other.last_call.cmp(&one.last_call).then_with(|| one.id.cmp(&other.id)));
    let matched = deals.len() as u32;
    deals.truncate(limit);
    Ok(DealPage {
        deals: deals.into_iter().map(Gathered::shown).collect(),
        matched,
        calls_without_deal,
        call_url,
        scan: report.shown(),
        resume: report.resume,
        requests: gong.requests(),
    })
}

/// Whose deals are asked for. The CRM's owner is an id of the CRM's, or a name.
struct Owner {
    id: String,
    name: String,
    email: Option<String>,
}

impl Owner {
    fn find(gong: &Gong<'_>, text: &str) -> Result<Self, Error> {
        let mut people = People::default();
        let user = people.find(gong, "owner", text)?;
        Ok(Self { id: user.id().to_owned(), name: user.name(), email: user.email_address.clone() })
    }

    fn owns(&self, deal: &Gathered) -> bool {
        let crm = deal.crm_owner.as_deref().is_some_and(|owner| {
            owner.eq_ignore_ascii_case(&self.name) || self.email.as_deref().is_some_and(|email| owner.eq_ignore_ascii_case(email))
        });
        crm || deal.hosts.contains_key(&self.id)
    }
}

/// The fields of a deal that are compared.
#[derive(Clone, Default)]
struct State {
    stage: Option<String>,
    amount: Option<String>,
    close_date: Option<String>,
    probability: Option<String>,
}

impl State {
    fn of(object: &CrmObject) -> Self {
        Self {
            stage: object.stage(),
            amount: object.amount(),
            close_date: object.close_date(),
            probability: object.probability(),
        }
    }
}

/// One deal over the calls it was seen on.
#[derive(Default)]
struct Gathered {
    id: String,
    name: Option<String>,
    now: State,
    account: Option<String>,
    account_id: Option<String>,
    crm_owner: Option<String>,
    hosts: BTreeMap<String, Option<String>>,
    calls: u32,
    last_call: i64,
    last_call_id: String,
    people: Vec<String>,
    /// How the deal was at the earliest call that tells it, and when that was.
    then: Option<(i64, State)>,
}

#[derive(Default)]
struct Seen {
    deals: BTreeMap<String, Gathered>,
    links: Vec<(String, Option<String>)>,
    without_deal: u32,
}

impl Seen {
    /// Calls come newest first, so the first sight of a deal is its latest.
    fn add(&mut self, call: &Call) {
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        for object in call.objects("Opportunity") {
            let at = call.meta_data.began().unwrap_or(0);
            let deal = self.deals.entry(object.id().to_owned()).or_default();
            if ids.insert(object.id()) {
                deal.meet(call, object.id(), at);
            }
            if object.is_of_call_time() {
                deal.then = Some((at, State::of(object)));
            } else if deal.name.is_none() {
                deal.name = object.name();
                deal.now = State::of(object);
                deal.crm_owner = object.owner();
            }
        }
        if ids.is_empty() {
            self.without_deal += 1;
        } else {
            self.links.push((call.meta_data.id().to_owned(), call.meta_data.url.clone()));
        }
    }
}

impl Gathered {
    fn meet(&mut self, call: &Call, id: &str, at: i64) {
        if self.calls == 0 {
            self.id = id.to_owned();
            self.last_call = at;
            self.last_call_id = call.meta_data.id().to_owned();
        }
        self.calls += 1;
        if self.account_id.is_none()
            && let Some(account) = call.account()
        {
            self.account_id = Some(account.id().to_owned());
            self.account = account.name();
        }
        if let Some(host) = &call.meta_data.primary_user_id {
            self.hosts.insert(host.0.clone(), call.host());
        }
        for name in call.external() {
            if !self.people.contains(&name) {
                self.people.push(name);
            }
        }
    }

    fn is_account(&self, wanted: &str) -> bool {
        self.account_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(wanted))
            || self.account.as_deref().is_some_and(|name| has_words(name, wanted))
    }

    fn is_deal(&self, wanted: &str) -> bool {
        self.id.eq_ignore_ascii_case(wanted) || self.name.as_deref().is_some_and(|name| has_words(name, wanted))
    }

    fn shown(self) -> Deal {
        let changes = self.changes();
        // An id of the CRM's says nothing to a reader; a name has a space or an @.
        let crm_owner = self.crm_owner.filter(|owner| owner.contains([' ', '@']));
        let hosts: Vec<String> = self.hosts.into_values().flatten().collect();
        Deal {
            id: self.id,
            name: self.name,
            stage: self.now.stage,
            amount: self.now.amount,
            close_date: self.now.close_date,
            probability: self.now.probability,
            account: self.account.or(self.account_id),
            owner: crm_owner.or_else(|| (!hosts.is_empty()).then(|| hosts.join(", "))),
            calls: self.calls,
            last_call_id: self.last_call_id,
            last_call: instant::shown(self.last_call),
            people: self.people,
            changes_since: self.then.filter(|_| !changes.is_empty()).map(|(at, _)| instant::day(at)),
            changes,
        }
    }

    fn changes(&self) -> Vec<DealChange> {
        let Some((_, then)) = &self.then else {
            return Vec::new();
        };
        let now = &self.now;
        [
            ("stage", &then.stage, &now.stage),
            ("amount", &then.amount, &now.amount),
            ("close date", &then.close_date, &now.close_date),
            ("probability", &then.probability, &now.probability),
        ]
        .into_iter()
        .filter(|(_, then, now)| then != now)
        .map(|(field, then, now)| {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
            DealChange { field: field.to_owned(), then: value(then), now: value(now) }
        })
        .collect()
    }
}

impl Answer for DealPage {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {} seen on calls, last call first. Not the CRM's pipeline: a deal without a call here is missing. ",
            render::count(self.deals.len() as u32, "deal"),
            self.matched
        );
        render::scan(&mut text, &self.scan);
        text.push_str(&format!("Calls without a deal: {}.\n", self.calls_without_deal));
        render::line(&mut text, "Link of a call", self.call_url.as_deref());
        let mut table = Table::new([
            "id", "name", "stage", "amount", "closes", "%", "account", "owner", "calls", "last call UTC", "call id", "people", "changed",
        ]);
        for deal in &self.deals {
            let changes: Vec<String> =
                deal.changes.iter().map(|change| format!("{} {} → {}", change.field, change.then, change.now)).collect();
            let changed = deal.changes_since.as_ref().map_or_else(String::new, |since| format!("since {since}: {}", changes.join(", ")));
            let cell = |value: &Option<String>| value.as_deref().map(one_line).unwrap_or_default();
            table.row([
                deal.id.clone(),
                cell(&deal.name),
                cell(&deal.stage),
                cell(&deal.amount),
                cell(&deal.close_date),
                cell(&deal.probability),
                cell(&deal.account),
                cell(&deal.owner),
                deal.calls.to_string(),
                instant::in_table(&deal.last_call),
                deal.last_call_id.clone(),
                deal.people.join(", "),
                changed,
            ]);
        }
        table.write(&mut text);
        render::line(&mut text, "Deals on older calls: resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
