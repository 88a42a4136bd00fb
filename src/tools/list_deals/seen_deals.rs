//! Collects deals from the calls of a scan.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{call_history::lookup::SearchTerm, deals::DealState},
    gong::calls::Call,
    index::DealOnCall,
    prelude::*,
    time,
    wit::deals::{Deal, DealChange},
};

/// A deal, and what the calls say about it.
#[derive(Default)]
pub(super) struct SeenDeal {
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// Its present state, if Gong has it.
    pub(super) now: Option<DealState>,
    /// Ids and names of its accounts.
    pub(super) accounts: Vec<(String, Option<String>)>,
    pub(super) crm_owner: Option<String>,
    /// Hosts of its calls: names by id.
    pub(super) hosts: BTreeMap<String, Option<String>>,
    pub(super) calls: u32,
    pub(super) last_call: i64,
    pub(super) last_call_id: String,
    /// The calls before it, newest first.
    earlier: Vec<(i64, String)>,
    pub(super) people: Vec<String>,
    /// Its state at the time of the earliest call that has it, and that time.
    pub(super) then: Option<(i64, DealState)>,
}

/// The deals seen so far.
#[derive(Default)]
pub(super) struct SeenDeals {
    /// By id.
    pub(super) deals: BTreeMap<String, SeenDeal>,
    /// Ids and links of the calls with a deal.
    pub(super) links: Vec<(String, Option<String>)>,
    /// How many calls have no deal.
    pub(super) without_deal: u32,
}

impl SeenDeals {
    /// Adds the deals of a call. Calls come newest first.
    pub(super) fn add(&mut self, call: &Call) {
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        for object in call.objects("Opportunity") {
            let at = call.meta_data.began().unwrap_or(0);
            let deal = self.deals.entry(object.id().to_owned()).or_default();
            if ids.insert(object.id()) {
                deal.add_call(call, object.id(), at);
            }
            if object.is_of_call_time() {
                deal.then = Some((at, DealState::of(object)));
            } else if deal.now.is_none() {
                deal.name = object.name();
                deal.now = Some(DealState::of(object));
                deal.crm_owner = object.owner();
            }
            if deal.name.is_none() {
                deal.name = object.name();
            }
        }
        if ids.is_empty() {
            self.without_deal += 1;
        } else {
            self.links
                .push((call.meta_data.id().to_owned(), call.meta_data.url.clone()));
        }
    }
}

impl SeenDeals {
    /// Adds what the index says of a deal on a call: enough to choose deals by, not to show them. Calls
    /// come newest first.
    pub(super) fn glimpse(&mut self, on: &DealOnCall<'_>) {
        let DealOnCall { at, deal, .. } = on;
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let state = || DealState {
            stage: text(deal.stage),
            ..DealState::default()
        };
        let seen = match self.deals.get_mut(deal.id) {
            Some(seen) => seen,
            None => self
                .deals
                .entry(deal.id.to_owned())
                .or_insert_with(|| SeenDeal {
                    id: deal.id.to_owned(),
                    last_call: *at,
                    ..SeenDeal::default()
                }),
        };
        if deal.then {
            seen.then = Some((*at, state()));
        } else if seen.now.is_none() {
            seen.name = text(deal.name);
            seen.now = Some(state());
            seen.crm_owner = text(deal.owner);
        }
        if seen.name.is_none() {
            seen.name = text(deal.name);
        }
        for account in on.accounts {
            if seen.accounts.iter().all(|(id, _)| id != account.id) {
                let name = text(account.name);
                seen.accounts.push((account.id.to_owned(), name));
            }
        }
        if !on.host.is_empty() && !seen.hosts.contains_key(on.host) {
            seen.hosts.insert(on.host.to_owned(), None);
        }
    }
}

impl SeenDeal {
    fn add_call(&mut self, call: &Call, id: &str, at: i64) {
        if self.calls == 0 {
            self.id = id.to_owned();
            self.last_call = at;
            self.last_call_id = call.meta_data.id().to_owned();
        } else {
            self.earlier.push((at, call.meta_data.id().to_owned()));
        }
        self.calls += 1;
        for account in call.objects("Account") {
            if self.accounts.iter().all(|(id, _)| id != account.id()) {
                self.accounts
                    .push((account.id().to_owned(), account.name()));
            }
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

    /// Takes its present state from its last call, read just now. Returns whether it is still on it.
    pub(super) fn refresh(&mut self, call: &Call) -> bool {
        let mut objects = call
            .objects("Opportunity")
            .filter(|one| one.id() == self.id);
        let Some(object) = objects.find(|one| !one.is_of_call_time()) else {
            return call.objects("Opportunity").any(|one| one.id() == self.id);
        };
        self.name = object.name().or(self.name.take());
        self.now = Some(DealState::of(object));
        self.crm_owner = object.owner();
        true
    }

    /// The deal without its last call, which Gong does not show any more. Returns whether it has
    /// another one.
    pub(super) fn without_last_call(&mut self) -> bool {
        if self.earlier.is_empty() {
            return false;
        }
        (self.last_call, self.last_call_id) = self.earlier.remove(0);
        self.calls -= 1;
        true
    }

    /// Whether one of its accounts has this id, or these words in its name.
    pub(super) fn matches_account(&self, term: &SearchTerm) -> bool {
        let mut accounts = self.accounts.iter();
        accounts.any(|(id, name)| term.matches(id, name.as_deref()))
    }

    /// Its present state, else that on the earliest call.
    pub(super) fn state(&self) -> DealState {
        let then = self.then.as_ref().map(|(_, then)| then);
        self.now.as_ref().or(then).cloned().unwrap_or_default()
    }

    /// Whether it has this id, or these words in its name.
    pub(super) fn matches(&self, term: &SearchTerm) -> bool {
        term.matches(&self.id, self.name.as_deref())
    }

    /// As the tool's answer has it.
    pub(super) fn into_deal(self) -> Deal {
        let changes = self.changes();
        let state = self.state();
        let accounts: Vec<String> = self
            .accounts
            .into_iter()
            .map(|(id, name)| name.unwrap_or(id))
            .collect();
        // Only a name or e-mail is shown, not an id of the CRM: those have a space or an @.
        let crm_owner = self.crm_owner.filter(|owner| owner.contains([' ', '@']));
        let hosts: Vec<String> = self.hosts.into_values().flatten().collect();
        Deal {
            id: self.id,
            name: self.name,
            stage: state.stage,
            amount: state.amount,
            close_date: state.close_date,
            probability: state.probability,
            account: (!accounts.is_empty()).then(|| accounts.join(", ")),
            owner: crm_owner.or_else(|| (!hosts.is_empty()).then(|| hosts.join(", "))),
            calls: self.calls,
            last_call_id: self.last_call_id,
            last_call: time::to_display(self.last_call),
            people: self.people,
            changes_since: self
                .then
                .filter(|_| !changes.is_empty())
                .map(|(at, _)| time::to_date(at)),
            changes,
        }
    }

    fn changes(&self) -> Vec<DealChange> {
        let (Some((_, then)), Some(now)) = (&self.then, &self.now) else {
            return Vec::new();
        };
        then.changes(now)
    }
}
