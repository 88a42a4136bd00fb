//! Calls in the orders in which requests read them.

use jiff::Timestamp;

use crate::company::heads::{Head, small};
use crate::request::Window;

/// The calls of the company in one order, and those of each workspace.
#[derive(Debug)]
pub(crate) struct Orders {
    pub(crate) key: Key,
    pub(crate) all: Order,
    pub(crate) workspaces: Vec<Order>,
}

/// Places in the order of an instant, those with the same one in the order of their places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order(pub(crate) Vec<u32>);

/// By which instant calls are ordered.
pub(crate) type Key = fn(&Head) -> Timestamp;

/// By the instant that GET /v2/calls goes by.
pub(crate) const LISTED: Key = |head| head.listed_at;
/// By the start.
pub(crate) const STARTED: Key = |head| head.started;

impl Orders {
    /// The orders of these calls.
    pub(crate) fn new(key: Key, heads: &[Head], workspaces: usize) -> Self {
        let mut places: Vec<u32> = (0..small(heads.len())).collect();
        places.sort_unstable_by_key(|place| (key(&heads[*place as usize]), *place));
        let mut orders = Self {
            key,
            all: Order(Vec::new()),
            workspaces: vec![Order::default(); workspaces],
        };
        for place in &places {
            let workspace = usize::from(heads[*place as usize].workspace);
            orders.workspaces[workspace].0.push(*place);
        }
        orders.all = Order(places);
        orders
    }

    /// Adds a place.
    pub(crate) fn insert(&mut self, heads: &[Head], place: u32) {
        let workspace = usize::from(heads[place as usize].workspace);
        self.all.insert(heads, self.key, place);
        self.workspaces[workspace].insert(heads, self.key, place);
    }

    /// Takes a place away, if it is there.
    pub(crate) fn remove(&mut self, heads: &[Head], place: u32) {
        let workspace = usize::from(heads[place as usize].workspace);
        self.all.remove(heads, self.key, place);
        self.workspaces[workspace].remove(heads, self.key, place);
    }
}

impl Order {
    /// Where a place is or would be.
    fn position(&self, heads: &[Head], key: Key, place: u32) -> Result<usize, usize> {
        let of = |place: u32| (key(&heads[place as usize]), place);
        self.0.binary_search_by_key(&of(place), |other| of(*other))
    }

    /// Adds a place.
    pub(crate) fn insert(&mut self, heads: &[Head], key: Key, place: u32) {
        if let Err(at) = self.position(heads, key, place) {
            self.0.insert(at, place);
        }
    }

    /// Takes a place away; whether it was there.
    pub(crate) fn remove(&mut self, heads: &[Head], key: Key, place: u32) -> bool {
        let found = self.position(heads, key, place);
        if let Ok(at) = found {
            self.0.remove(at);
        }
        found.is_ok()
    }

    /// Those in a window.
    pub(crate) fn range(&self, heads: &[Head], key: Key, window: &Window) -> &[u32] {
        let before = |end: Option<Timestamp>| {
            let places = &self.0;
            end.map(|end| places.partition_point(|place| key(&heads[*place as usize]) < end))
        };
        let (from, to) = window.ends();
        let to = before(to).unwrap_or(self.0.len());
        &self.0[before(from).unwrap_or_default().min(to)..to]
    }
}
