//! Which calls there are now, and in which order, so that a page of them costs the same at the
//! end of 100,000 as at the start.
//!
//! Calls are known by their places: first those of the company as it was founded, then those
//! that came later, in the order in which they came.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::calls::{AddedCall, AnyCall};
use super::orders::{LISTED, Order, Orders, STARTED};
use crate::company::Company;
use crate::company::calls::Identity;
use crate::company::heads::{Head, small};
use crate::request::Window;

/// Every call, with what has changed about it.
#[derive(Debug)]
pub(crate) struct CallIndex {
    heads: Vec<Head>,
    by_id: HashMap<u64, u32>,
    /// Those that were added through the API, by place.
    added: BTreeMap<u32, AddedCall>,
    edits: HashMap<u32, Edit>,
    /// Those that are not there any more.
    gone: HashSet<u32>,
    listed: Orders,
    started: Orders,
    /// How many of those that were planned have appeared.
    appeared: usize,
    /// By start, for each user who hosts.
    hosts: Vec<Order>,
    /// By start, for each account.
    accounts: Vec<Order>,
}

/// What somebody changed about a call.
#[derive(Clone, Debug, Default)]
struct Edit {
    title: Option<String>,
    is_private: Option<bool>,
}

/// Which calls a request selects.
#[derive(Debug, Default)]
pub(crate) struct Selection<'a> {
    pub(crate) window: Window,
    pub(crate) workspace: Option<&'a str>,
    pub(crate) ids: Option<BTreeSet<&'a str>>,
    /// Primary users.
    pub(crate) hosts: Option<BTreeSet<&'a str>>,
}

impl CallIndex {
    /// The calls of a company as it was founded.
    pub(crate) fn new(company: &Company) -> Self {
        let heads = company.heads.clone();
        let ids = heads.iter().zip(0..);
        let mut index = Self {
            by_id: ids.map(|(head, place)| (head.id, place)).collect(),
            added: BTreeMap::new(),
            edits: HashMap::new(),
            gone: HashSet::new(),
            listed: Orders::new(LISTED, &heads, company.workspaces.len()),
            started: Orders::new(STARTED, &heads, company.workspaces.len()),
            appeared: 0,
            hosts: vec![Order::default(); company.users.len()],
            accounts: vec![Order::default(); company.accounts.len()],
            heads,
        };
        // The heads are ordered by their start already.
        for (head, place) in index.heads.iter().zip(0..) {
            index.hosts[head.host as usize].0.push(place);
            if let Some(account) = head.account {
                index.accounts[account as usize].0.push(place);
            }
        }
        index
    }

    /// How many calls came later than the company was founded.
    pub(crate) fn later(&self, company: &Company) -> usize {
        self.heads.len() - company.heads.len()
    }

    /// Adds a call that Gong has recorded and processed.
    pub(crate) fn insert(&mut self, head: Head) {
        let place = self.push(head);
        self.listed.insert(&self.heads, place);
        self.expose(place);
    }

    /// Adds the planned calls that Gong has processed up to this moment; their ids.
    pub(crate) fn appear(&mut self, company: &Company, now: Timestamp) -> Vec<String> {
        let coming = &company.coming[self.appeared..];
        let due = coming.partition_point(|coming| coming.appears <= now);
        let ids = coming[..due].iter().map(|coming| {
            self.insert(coming.head);
            coming.head.id.to_string()
        });
        let ids: Vec<String> = ids.collect();
        self.appeared += due;
        ids
    }

    /// Adds a call that came through the API. The details do not know it before they are there;
    /// where somebody on it was erased, nothing does.
    pub(crate) fn add(&mut self, call: AddedCall, is_erased: bool) {
        let (head, has_details) = (call.head(), call.has_details());
        let place = self.push(head);
        self.added.insert(place, call);
        if is_erased {
            self.gone.insert(place);
            return;
        }
        self.listed.insert(&self.heads, place);
        if has_details {
            self.expose(place);
        }
    }

    fn push(&mut self, head: Head) -> u32 {
        let place = small(self.heads.len());
        self.by_id.insert(head.id, place);
        self.heads.push(head);
        place
    }

    /// Lets the details know a call.
    fn expose(&mut self, place: u32) {
        let head = self.heads[place as usize];
        self.started.insert(&self.heads, place);
        self.hosts[head.host as usize].insert(&self.heads, STARTED, place);
        if let Some(account) = head.account {
            self.accounts[account as usize].insert(&self.heads, STARTED, place);
        }
    }

    /// The added calls, in the order in which they came.
    pub(crate) fn added(&self) -> impl ExactSizeIterator<Item = &AddedCall> {
        self.added.values()
    }

    /// Gives an added call its recording.
    pub(crate) fn add_media(&mut self, id: &str, media: String) {
        let Some(place) = self.place(id) else { return };
        if let Some(call) = self.added.get_mut(&place) {
            call.media = Some(media);
            if !self.gone.contains(&place) {
                self.expose(place);
            }
        }
    }

    /// Takes a call away for good.
    pub(crate) fn remove(&mut self, place: u32) {
        if !self.gone.insert(place) {
            return;
        }
        let head = self.heads[place as usize];
        self.listed.remove(&self.heads, place);
        self.started.remove(&self.heads, place);
        self.hosts[head.host as usize].remove(&self.heads, STARTED, place);
        if let Some(account) = head.account {
            self.accounts[account as usize].remove(&self.heads, STARTED, place);
        }
    }

    /// Takes the calls away on which there is somebody with this address.
    pub(crate) fn remove_person(&mut self, company: &Company, email: &str) {
        let added = self.added.iter();
        let mut on: Vec<u32> = added
            .filter(|(_, call)| call.emails().any(|known| known.eq_ignore_ascii_case(email)))
            .map(|(place, _)| *place)
            .collect();
        for (account, calls) in company.accounts.iter().zip(&self.accounts) {
            let mut people = account.people.iter();
            let Some(person) = people.position(|one| one.email.eq_ignore_ascii_case(email)) else {
                continue;
            };
            on.extend(calls.0.iter().copied().filter(|place| {
                let call = company.make(&self.heads[*place as usize]);
                let mut parties = call.parties.iter();
                parties.any(|party| party.identity == Identity::Contact(person))
            }));
        }
        for place in on {
            self.remove(place);
        }
    }

    /// The place of the call with this id, unless it is gone.
    pub(crate) fn place(&self, id: &str) -> Option<u32> {
        // An id is compared as text: one with zeros before it is another one.
        let number: u64 = id.parse().ok()?;
        let place = *self.by_id.get(&number)?;
        (number.to_string() == id && !self.gone.contains(&place)).then_some(place)
    }

    /// Whether the call at this place is gone.
    pub(crate) fn is_gone(&self, place: usize) -> bool {
        self.gone.contains(&small(place))
    }

    /// Gives a call another title.
    pub(crate) fn set_title(&mut self, place: u32, title: String) {
        match self.added.get_mut(&place) {
            Some(call) => call.body["title"] = title.into(),
            None => self.edits.entry(place).or_default().title = Some(title),
        }
    }

    /// Makes a call private, or public again.
    pub(crate) fn set_private(&mut self, place: u32, is_private: bool) {
        self.heads[place as usize].is_private = is_private;
        self.edits.entry(place).or_default().is_private = Some(is_private);
    }

    /// Gives a call another host. Its workspace stays what it was.
    pub(crate) fn set_host(&mut self, place: u32, host: usize) {
        let before = self.heads[place as usize].host as usize;
        let was_there = self.hosts[before].remove(&self.heads, STARTED, place);
        self.heads[place as usize].host = small(host);
        if was_there {
            self.hosts[host].insert(&self.heads, STARTED, place);
        }
        if let Some(call) = self.added.get_mut(&place) {
            call.host = host;
        }
    }

    /// The places of the calls that GET /v2/calls lists, in their order.
    pub(crate) fn listed(&self, company: &Company, selection: &Selection<'_>) -> Cow<'_, [u32]> {
        self.range(&self.listed, company, selection)
    }

    /// The places of the calls that the details know, oldest first. With `ids` it costs as much
    /// as there are ids, with `hosts` as these have calls in the window; else next to nothing.
    pub(crate) fn started(&self, company: &Company, selection: &Selection<'_>) -> Cow<'_, [u32]> {
        let Selection {
            window,
            ids,
            hosts,
            workspace,
        } = selection;
        let fits = |place: &u32| {
            let head = &self.heads[*place as usize];
            let (host, own) = (
                company.users[head.host as usize].id.as_str(),
                company.workspaces[usize::from(head.workspace)].id.as_str(),
            );
            window.holds(head.started)
                && hosts.as_ref().is_none_or(|hosts| hosts.contains(host))
                && workspace.is_none_or(|id| id == own)
        };
        let mut places: Vec<u32> = match (ids, hosts) {
            (Some(ids), _) => {
                let places = ids.iter().filter_map(|id| self.place(id));
                let known = |place: &u32| self.added.get(place).is_none_or(AddedCall::has_details);
                places.filter(known).filter(fits).collect()
            }
            (None, Some(_)) => {
                let hosts = company.users.iter().zip(&self.hosts).filter(|(user, _)| {
                    let hosts = hosts.as_ref();
                    hosts.is_some_and(|hosts| hosts.contains(user.id.as_str()))
                });
                let places = hosts.flat_map(|(_, calls)| calls.range(&self.heads, STARTED, window));
                places.copied().filter(fits).collect()
            }
            (None, None) => return self.range(&self.started, company, selection),
        };
        places.sort_unstable_by_key(|place| (self.heads[*place as usize].started, *place));
        places.into()
    }

    fn range<'a>(
        &'a self,
        orders: &'a Orders,
        company: &Company,
        selection: &Selection<'_>,
    ) -> Cow<'a, [u32]> {
        let order = match selection.workspace {
            None => Some(&orders.all),
            Some(id) => company.workspace(id).map(|place| &orders.workspaces[place]),
        };
        let range = order.map(|order| order.range(&self.heads, orders.key, &selection.window));
        Cow::Borrowed(range.unwrap_or_default())
    }

    /// Whether this is a call that was added through the API.
    pub(crate) fn is_added(&self, place: u32) -> bool {
        self.added.contains_key(&place)
    }

    /// The calls of an account that are there, oldest first.
    pub(crate) fn of_account(&self, account: usize) -> Vec<Found> {
        let places = self.accounts[account].0.iter();
        places.map(|place| self.find(*place)).collect()
    }

    /// What is needed to make a call after the index is free again for others.
    pub(crate) fn find(&self, place: u32) -> Found {
        Found {
            head: self.heads[place as usize],
            edit: self.edits.get(&place).cloned(),
            added: self.added.get(&place).cloned(),
        }
    }
}

/// A call that is there but not made yet.
#[derive(Debug)]
pub(crate) struct Found {
    head: Head,
    edit: Option<Edit>,
    added: Option<AddedCall>,
}

impl Found {
    /// Makes the call as it stands now.
    pub(crate) fn make(self, company: &Company) -> AnyCall {
        let edit = self.edit.unwrap_or_default();
        if let Some(mut call) = self.added {
            call.is_private = edit.is_private.unwrap_or_default();
            return AnyCall::Added(call);
        }
        let mut call = company.make(&self.head);
        if call.host != self.head.host as usize {
            call.set_host(self.head.host as usize);
        }
        call.is_private = edit.is_private.unwrap_or(call.is_private);
        if edit.title.is_some() {
            call.title = edit.title;
        }
        AnyCall::Held(call)
    }
}
