//! The index for one question: its calls, people and CRM objects, newest first.

use alloc::collections::BTreeMap;
use core::{cmp::Reverse, ops::ControlFlow};

use crate::{
    client::Gong,
    gong::{calls::Call, users::User},
    index::{
        freshness::{Patience, WEEK},
        query::{Find, Finder, Parts},
        segment::{self, Tables},
        store::Store,
        sums::{Alike, Group, Sum},
        tables::ObjectText,
        view::View,
        week::{Week, week_of},
    },
    prelude::*,
    time::Range,
};

/// The index for one question.
pub(crate) struct Index<'g, 'w> {
    pub(super) gong: &'g Gong<'w>,
    pub(super) store: Store<'g, 'w>,
    pub(super) company: u32,
    pub(super) range: Range,
    pub(super) patience: Patience,
    pub(super) weeks: BTreeMap<i64, Week>,
    /// Pages read from Gong so far.
    pub(super) pages: u32,
    /// Whether what is a little old was read again.
    pub(super) is_refreshed: bool,
    /// What did not work.
    pub(super) note: Option<String>,
}

impl<'g, 'w> Index<'g, 'w> {
    /// Opens the index for a range; none without `GONG_INDEX_URL`, for a live question, and where
    /// private calls are allowed, as the index has nothing of those but ids.
    pub(crate) fn open(
        gong: &'g Gong<'w>,
        range: Range,
        patience: Option<Patience>,
    ) -> Option<Self> {
        let patience = patience.filter(|_| !gong.settings.private_calls)?;
        let store = Store::of(gong)?;
        let mut index = Self {
            gong,
            // Nobody waits for an answer: a slow store is better than none.
            store: match patience {
                Patience::Schedule => store.patient(),
                Patience::Question | Patience::Within(_) => store,
            },
            company: segment::company_of(gong),
            range,
            patience,
            weeks: BTreeMap::new(),
            pages: 0,
            is_refreshed: false,
            note: None,
        };
        let mut week = week_of(range.from);
        while week < range.to && index.store.fault().is_none() {
            index.load(week);
            week += WEEK;
        }
        Some(index)
    }
}

impl Index<'_, '_> {
    /// Calls `visit` with each week within these seconds, newest first.
    pub(super) fn views(
        &self,
        from: i64,
        to: i64,
        mut visit: impl FnMut(&View<'_>) -> ControlFlow<()>,
    ) {
        self.each_week(from, to, |week, bytes| match segment::read(bytes) {
            Some(packed) => visit(&View::new(week, packed)),
            None => ControlFlow::Continue(()),
        });
    }

    fn each_week(&self, from: i64, to: i64, mut visit: impl FnMut(i64, &[u8]) -> ControlFlow<()>) {
        let weeks = self.weeks.range(week_of(from)..to).rev();
        for (week, _) in weeks {
            if self
                .unpacked(*week)
                .is_some_and(|bytes| visit(*week, &bytes).is_break())
            {
                return;
            }
        }
    }

    /// Calls `visit` with each call from `from` to the end of the range that has what `find` says,
    /// newest first; before it, with how many calls were read up to it, private ones included, and how
    /// many were private. Returns both numbers for the whole, or up to the call at which `visit` broke.
    pub(crate) fn walk(
        &self,
        from: i64,
        find: &Find<'_>,
        parts: Parts,
        mut visit: impl FnMut(i64, Call, (u32, u32)) -> ControlFlow<()>,
    ) -> (u32, u32) {
        let counts_private = find.counts_private();
        let to = self.range.to;
        let (mut read, mut private) = (0, 0);
        self.views(from, to, |view| {
            let finder = Finder::new(view, find);
            let private_since = |at: i64| match counts_private {
                true => view.private(at, to),
                false => 0,
            };
            let mut here = 0;
            for row in view.rows(from, to).rev() {
                if !finder.is_in_scope(row) {
                    continue;
                }
                here += 1;
                if !finder.fits(row) {
                    continue;
                }
                let at = view.at(row);
                let hidden = private_since(at);
                let so_far = (read + here + hidden, private + hidden);
                if visit(at, view.call(row, parts), so_far).is_break() {
                    (read, private) = so_far;
                    return ControlFlow::Break(());
                }
            }
            let hidden = private_since(from);
            (read, private) = (read + here + hidden, private + hidden);
            ControlFlow::Continue(())
        });
        (read, private)
    }

    /// Calls `visit` with one call for all that are alike, and their sums, of those calls that
    /// [`Self::walk`] would visit: the newest week first, in it those of the newest call. Returns what
    /// `walk` returns, and the longest calls: minutes and id, the newest first of those as long.
    pub(crate) fn sums(
        &self,
        from: i64,
        find: &Find<'_>,
        alike: Alike,
        longest: usize,
        parts: Parts,
        mut visit: impl FnMut(&Call, Sum),
    ) -> (u32, u32, Vec<(u32, String)>) {
        let to = self.range.to;
        let (mut read, mut private) = (0, 0);
        let mut long: Vec<(u32, String)> = Vec::new();
        self.views(from, to, |view| {
            let finder = Finder::new(view, find);
            if find.counts_private() {
                private += view.private(from, to);
            }
            let tables = view.tables();
            let kinds = tables.kinds.iter();
            let is_external: Vec<bool> = kinds
                .map(|kind| tables.meta_of_kind(kind).is_external())
                .collect();
            let mut groups: BTreeMap<Group, (usize, Sum)> = BTreeMap::new();
            for row in view.rows(from, to).rev() {
                if !finder.is_in_scope(row) {
                    continue;
                }
                read += 1;
                if !finder.fits(row) {
                    continue;
                }
                let minutes = view.minutes(row);
                let place = long.partition_point(|(other, _)| *other >= minutes);
                if place < longest {
                    long.insert(place, (minutes, view.id(row)));
                    long.truncate(longest);
                }
                let group = groups.entry(view.group(row, alike));
                let (_, sum) = group.or_insert_with(|| (row, Sum::default()));
                sum.add(Sum::of(minutes, is_external[view.kind(row)]));
            }
            let mut groups: Vec<(usize, Sum)> = groups.into_values().collect();
            groups.sort_unstable_by_key(|(row, _)| Reverse(*row));
            for (row, sum) in groups {
                visit(&view.call(row, parts), sum);
            }
            ControlFlow::Continue(())
        });
        (read + private, private, long)
    }

    /// Calls `visit` with what the calls of each week of the range have in common, the newest week
    /// first.
    pub(crate) fn tables(&self, mut visit: impl FnMut(&Tables<'_>)) {
        self.each_week(self.range.from, self.range.to, |_, bytes| {
            if let Some(tables) = segment::read_tables(bytes) {
                visit(&tables);
            }
            ControlFlow::Continue(())
        });
    }

    /// The users on calls of the range, each once, with the newest name.
    pub(crate) fn directory(&self) -> Vec<User> {
        let mut users: BTreeMap<String, User> = BTreeMap::new();
        self.tables(|tables| {
            for party in tables.users() {
                let Some(id) = &party.user_id else { continue };
                users.entry(id.0.clone()).or_insert_with(|| User {
                    id: party.user_id.clone(),
                    first_name: party.name(),
                    email_address: party.email_address.clone(),
                    ..User::default()
                });
            }
        });
        users.into_values().collect()
    }

    /// Calls `visit` with each CRM object on calls from `from` to the end of the range and when its
    /// newest call in a week began, that call first; with most objects several times.
    pub(crate) fn objects(&self, from: i64, mut visit: impl FnMut(&ObjectText<'_>, i64)) {
        let to = self.range.to;
        self.views(from, to, |view| {
            let tables = view.tables();
            let mut seen = alloc::vec![false; tables.objects.len()];
            for row in view.rows(from, to).rev() {
                for object in view.objects(row) {
                    if !core::mem::replace(&mut seen[object], true) {
                        visit(&tables.object_text(&tables.objects[object]), view.at(row));
                    }
                }
            }
            ControlFlow::Continue(())
        });
    }
}
