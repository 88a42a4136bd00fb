//! A segment, and its calls as Gong's API has them.

use crate::{
    gong::{
        call_content::{Content, Outcome, Tracker},
        calls::{Call, Meta},
        crm_object::Context,
        id::Id,
    },
    index::{
        freshness::WEEK,
        query::Parts,
        segment::{Fields, Packed, Row, Tables, Word},
        sums::{Alike, Group},
    },
    prelude::*,
};

/// A segment that was read.
pub(super) struct View<'a> {
    /// When its week begins.
    pub(super) week: i64,
    pub(super) packed: Packed<'a>,
    /// When each call began, and where its links begin.
    places: Vec<(u32, u32)>,
}

impl<'a> View<'a> {
    pub(super) fn new(week: i64, packed: Packed<'a>) -> Self {
        let (mut at, mut link) = (0u32, 0u32);
        let places = packed.rows.iter().map(|row| {
            at = at.saturating_add(row.after);
            let place = (at, link);
            link += row.people + row.objects + 2 * row.trackers;
            place
        });
        let places = places.collect();
        Self {
            week,
            packed,
            places,
        }
    }

    /// The rows that began within these seconds.
    pub(super) fn rows(&self, from: i64, to: i64) -> core::ops::Range<usize> {
        let second = |at: i64| (at - self.week).clamp(0, WEEK) as u32;
        let before = |at: i64| {
            let at = second(at);
            self.places.partition_point(|(began, _)| *began < at)
        };
        before(from)..before(to)
    }

    /// How many private calls began within these seconds.
    pub(super) fn private(&self, from: i64, to: i64) -> u32 {
        let began = |private: u32| (from..to).contains(&(self.week + i64::from(private)));
        let private = self.packed.private.iter();
        private.filter(|private| began(private.at)).count() as u32
    }

    /// When a row's call began.
    pub(super) fn at(&self, row: usize) -> i64 {
        self.week + i64::from(self.places[row].0)
    }

    /// What its calls have in common.
    pub(super) fn tables(&self) -> &Tables<'a> {
        &self.packed.tables
    }

    /// The length of a row's call, rounded up as Gong's calls are.
    pub(super) fn minutes(&self, row: usize) -> u32 {
        self.packed.rows[row].seconds.div_ceil(60)
    }

    /// The index of what a row's call has in common with many.
    pub(super) fn kind(&self, row: usize) -> usize {
        self.packed.rows[row].kind as usize
    }

    /// The id of a row's call.
    pub(super) fn id(&self, row: usize) -> String {
        self.tables().call_id(self.packed.rows[row].id)
    }

    /// What a row's call has in common with those that are alike.
    pub(super) fn group(&self, row: usize, alike: Alike) -> Group {
        let packed = &self.packed.rows[row];
        let account = |object: &usize| {
            let object = &self.tables().objects[*object];
            !object.then && matches!(object.fields, Fields::Account { .. })
        };
        let fired = || self.links(row).2.chunks_exact(2).map(|pair| pair[0]);
        Group {
            period: alike.period.map_or(0, |period| period.number(self.at(row))),
            host: if alike.host { packed.host } else { 0 },
            kind: if alike.kind { packed.kind } else { 0 },
            account: match alike.account {
                true => self.objects(row).find(account),
                false => None,
            },
            trackers: match alike.trackers {
                true => fired().collect(),
                false => Vec::new(),
            },
        }
    }

    /// The people, objects and trackers of a row.
    pub(super) fn links(&self, row: usize) -> (&[u32], &[u32], &[u32]) {
        let Row {
            people,
            objects,
            trackers,
            ..
        } = self.packed.rows[row];
        let links = &self.packed.links[self.places[row].1 as usize..];
        let (people, rest) = links.split_at(people as usize);
        let (objects, rest) = rest.split_at(objects as usize);
        (people, objects, &rest[..2 * trackers as usize])
    }

    /// The people of a row, and whether each attended.
    pub(super) fn people(&self, row: usize) -> impl Iterator<Item = (usize, bool)> {
        let links = self.links(row).0.iter();
        links.map(|link| ((link >> 1) as usize, link & 1 == 1))
    }

    /// The CRM objects of a row.
    pub(super) fn objects(&self, row: usize) -> impl Iterator<Item = usize> {
        self.links(row).1.iter().map(|link| *link as usize)
    }

    /// A call with the parts that are needed.
    pub(super) fn call(&self, row: usize, parts: Parts) -> Call {
        let packed = &self.packed.rows[row];
        let tables = self.tables();
        let kind = &tables.kinds[packed.kind as usize];
        let id = tables.call_id(packed.id);
        let id_of = |word: Word| tables.text(word).map(Id);
        let (people, objects, trackers) = self.links(row);
        let parties = people.iter().map(|link| {
            let person = &tables.people[(link >> 1) as usize];
            tables.party(person, link & 1 == 1)
        });
        let objects = objects
            .iter()
            .map(|object| &tables.objects[*object as usize])
            .filter(|object| parts.then || !object.then)
            .map(|object| tables.object(object));
        Call {
            meta_data: Meta {
                url: tables.text(kind.url).map(|url| url.replace("{id}", &id)),
                id: Some(Id(id)),
                title: tables.text(packed.title),
                started: Some(self.at(row)),
                duration: Some(f64::from(packed.seconds)),
                primary_user_id: id_of(packed.host),
                workspace_id: id_of(kind.workspace),
                ..tables.meta_of_kind(kind)
            },
            parties: parts.people.then(|| parties.collect()),
            context: parts.crm.then(|| {
                alloc::vec![Context {
                    objects: Some(objects.collect()),
                }]
            }),
            content: parts.content.then(|| Content {
                trackers: Some(
                    trackers
                        .chunks_exact(2)
                        .map(|pair| Tracker {
                            name: tables.text(pair[0]),
                            count: Some(pair[1]),
                            ..Tracker::default()
                        })
                        .collect(),
                ),
                call_outcome: (kind.outcome != (0, 0)).then(|| Outcome {
                    category: tables.text(kind.outcome.0),
                    name: tables.text(kind.outcome.1),
                }),
                ..Content::default()
            }),
        }
    }
}
