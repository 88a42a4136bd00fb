//! Copying calls from one segment to another by their numbers, as a week is written anew each time
//! that its last hours are read.

use crate::{
    index::{
        pack::Builder,
        segment::{CallId, Email, Fields, Kind, Object, Person, Row, Tables, Word},
        view::View,
    },
    prelude::*,
};

impl View<'_> {
    /// Begins a segment with the calls of this one whose seconds `keep` says, without the erased.
    pub(super) fn copy(&self, builder: &mut Builder, keep: impl Fn(i64) -> bool) {
        let tables = self.tables();
        let mut copier = Copier {
            tables,
            words: alloc::vec![None; tables.words.len()],
            kinds: alloc::vec![None; tables.kinds.len()],
            people: alloc::vec![None; tables.people.len()],
            objects: alloc::vec![None; tables.objects.len()],
            builder,
        };
        for row in (0..self.packed.rows.len()).filter(|row| keep(self.at(*row))) {
            copier.row(self, row);
        }
        for private in &self.packed.private {
            let at = self.week + i64::from(private.at);
            if keep(at) {
                copier.builder.add_private(at, &tables.call_id(private.id));
            }
        }
    }
}

/// The new number of each old one, as far as it was needed.
struct Copier<'t, 'a, 'b> {
    tables: &'t Tables<'a>,
    builder: &'b mut Builder,
    words: Vec<Option<Word>>,
    kinds: Vec<Option<u32>>,
    /// Some(None) for the erased.
    people: Vec<Option<Option<u32>>>,
    objects: Vec<Option<u32>>,
}

impl Copier<'_, '_, '_> {
    fn row(&mut self, view: &View<'_>, number: usize) {
        let row = view.packed.rows[number];
        let (people, objects, trackers) = view.links(number);
        let mut links: Vec<u32> = Vec::with_capacity(people.len() + objects.len() + trackers.len());
        for link in people {
            if let Some(person) = self.person((link >> 1) as usize) {
                links.push(person << 1 | link & 1);
            }
        }
        let attending = links.len();
        for object in objects {
            links.push(self.object(*object as usize));
        }
        for pair in trackers.chunks_exact(2) {
            links.extend([self.word(pair[0]), pair[1]]);
        }
        let copy = Row {
            after: 0,
            id: match row.id {
                CallId::Number(number) => CallId::Number(number),
                CallId::Text(text) => CallId::Text(self.word(text)),
            },
            seconds: row.seconds,
            title: self.word(row.title),
            host: self.word(row.host),
            kind: self.kind(row.kind as usize),
            people: attending as u32,
            objects: row.objects,
            trackers: row.trackers,
        };
        let id = self.tables.call_id(row.id);
        self.builder.add_row(view.at(number), id, copy, links);
    }

    fn word(&mut self, word: Word) -> Word {
        let known = self.words[word as usize];
        known.unwrap_or_else(|| {
            let number = self.builder.word(self.tables.word(word));
            self.words[word as usize] = Some(number);
            number
        })
    }

    fn kind(&mut self, kind: usize) -> u32 {
        if let Some(number) = self.kinds[kind] {
            return number;
        }
        let old = self.tables.kinds[kind];
        let new = Kind {
            workspace: self.word(old.workspace),
            direction: self.word(old.direction),
            scope: self.word(old.scope),
            language: self.word(old.language),
            url: self.word(old.url),
            outcome: (self.word(old.outcome.0), self.word(old.outcome.1)),
        };
        *self.kinds[kind].insert(self.builder.kinds.number(new))
    }

    fn person(&mut self, person: usize) -> Option<u32> {
        if let Some(number) = self.people[person] {
            return number;
        }
        let old = self.tables.people[person];
        let number = match self.builder.erased.has(&self.tables.party(&old, true)) {
            true => None,
            false => {
                let new = Person {
                    name: self.word(old.name),
                    email: match old.email {
                        Email::None => Email::None,
                        Email::OfName(domain) => Email::OfName(self.word(domain)),
                        Email::Other(local, domain) => {
                            Email::Other(self.word(local), self.word(domain))
                        }
                        Email::Odd(text) => Email::Odd(self.word(text)),
                    },
                    user: self.word(old.user),
                    crm_user: self.word(old.crm_user),
                    phone: self.word(old.phone),
                    affiliation: old.affiliation,
                };
                Some(self.builder.people.number(new))
            }
        };
        *self.people[person].insert(number)
    }

    fn object(&mut self, object: usize) -> u32 {
        if let Some(number) = self.objects[object] {
            return number;
        }
        let old = self.tables.objects[object];
        let new = Object {
            id: self.word(old.id),
            name: self.word(old.name),
            then: old.then,
            fields: match old.fields {
                Fields::Account { website } => Fields::Account {
                    website: self.word(website),
                },
                Fields::Opportunity {
                    stage,
                    amount,
                    close,
                    probability,
                    owner,
                } => Fields::Opportunity {
                    stage: self.word(stage),
                    amount: self.word(amount),
                    close: self.word(close),
                    probability: self.word(probability),
                    owner: self.word(owner),
                },
            },
        };
        *self.objects[object].insert(self.builder.objects.number(new))
    }
}
