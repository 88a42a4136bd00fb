//! A segment, and its calls as Gong's API has them.

use crate::{
    gong::{
        call_content::{Content, Outcome, Tracker},
        calls::{Call, Meta, Party},
        crm_object::{Context, CrmObject, Field},
        id::Id,
    },
    index::{
        freshness::WEEK,
        pack::{Builder, usual_local_part},
        query::Parts,
        segment::{CallId, Email, Fields, Object, Packed, Person, Row, Word},
    },
    prelude::*,
};

/// A segment that was read.
pub(super) struct View<'a> {
    /// When its week begins.
    week: i64,
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

    /// Begins a segment with the calls of this one whose seconds `keep` says.
    pub(super) fn copy(&self, builder: &mut Builder, keep: impl Fn(i64) -> bool) {
        for row in 0..self.packed.rows.len() {
            let at = self.at(row);
            if keep(at) {
                builder.add(at, &self.call(row, Parts::all()));
            }
        }
        for private in &self.packed.private {
            let at = self.week + i64::from(private.at);
            if keep(at) {
                builder.add_private(at, &self.id(private.id));
            }
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

    pub(super) fn word(&self, word: Word) -> &'a str {
        self.packed.words[word as usize]
    }

    fn text(&self, word: Word) -> Option<String> {
        (word != 0).then(|| self.word(word).to_owned())
    }

    pub(super) fn id(&self, id: CallId) -> String {
        match id {
            CallId::Number(number) => number.to_string(),
            CallId::Text(word) => self.word(word).to_owned(),
        }
    }

    fn links(&self, row: usize) -> (&[u32], &[u32], &[u32]) {
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
        let kind = &self.packed.kinds[packed.kind as usize];
        let id = self.id(packed.id);
        let id_of = |word: Word| self.text(word).map(Id);
        let (people, objects, trackers) = self.links(row);
        let parties = people.iter().map(|link| {
            let person = &self.packed.people[(link >> 1) as usize];
            self.party(person, link & 1 == 1)
        });
        let objects = objects
            .iter()
            .map(|object| &self.packed.objects[*object as usize])
            .filter(|object| parts.then || !object.then)
            .map(|object| self.object(object));
        Call {
            meta_data: Meta {
                url: self.text(kind.url).map(|url| url.replace("{id}", &id)),
                id: Some(Id(id)),
                title: self.text(packed.title),
                scheduled: None,
                started: Some(self.at(row)),
                duration: Some(f64::from(packed.seconds)),
                primary_user_id: id_of(packed.host),
                direction: self.text(kind.direction),
                system: None,
                scope: self.text(kind.scope),
                language: self.text(kind.language),
                workspace_id: id_of(kind.workspace),
                is_private: None,
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
                            name: self.text(pair[0]),
                            count: Some(pair[1]),
                            ..Tracker::default()
                        })
                        .collect(),
                ),
                call_outcome: (kind.outcome != (0, 0)).then(|| Outcome {
                    category: self.text(kind.outcome.0),
                    name: self.text(kind.outcome.1),
                }),
                ..Content::default()
            }),
        }
    }

    /// Somebody, as a party of a call.
    pub(super) fn party(&self, person: &Person, attended: bool) -> Party {
        let name = self.word(person.name);
        let email = match person.email {
            Email::None => None,
            Email::OfName(domain) => {
                Some(format!("{}@{}", usual_local_part(name), self.word(domain)))
            }
            Email::Other(local, domain) => {
                Some(format!("{}@{}", self.word(local), self.word(domain)))
            }
            Email::Odd(text) => self.text(text),
        };
        let user = (person.crm_user != 0).then(|| {
            alloc::vec![Context {
                objects: Some(alloc::vec![CrmObject {
                    object_type: Some("User".into()),
                    object_id: self.text(person.crm_user).map(Id),
                    timing: None,
                    fields: None,
                }]),
            }]
        });
        Party {
            email_address: email,
            name: self.text(person.name),
            title: None,
            user_id: self.text(person.user).map(Id),
            speaker_id: None,
            context: user,
            affiliation: match person.affiliation {
                1 => Some("Internal".into()),
                2 => Some("External".into()),
                _ => None,
            },
            phone_number: self.text(person.phone),
            methods: (!attended).then(|| alloc::vec!["Invitee".into()]),
        }
    }

    /// A CRM object, with its fields under the names that Salesforce has for them.
    pub(super) fn object(&self, object: &Object) -> CrmObject {
        let (sort, fields) = match object.fields {
            Fields::Account { website } => ("Account", alloc::vec![("Website", website)]),
            Fields::Opportunity {
                stage,
                amount,
                close,
                probability,
                owner,
            } => (
                "Opportunity",
                alloc::vec![
                    ("StageName", stage),
                    ("Amount", amount),
                    ("CloseDate", close),
                    ("Probability", probability),
                    ("Owner", owner),
                ],
            ),
        };
        let fields = core::iter::once(("Name", object.name)).chain(fields);
        CrmObject {
            object_type: Some(sort.into()),
            object_id: self.text(object.id).map(Id),
            timing: object.then.then(|| "TimeOfCall".into()),
            fields: Some(
                fields
                    .filter(|(_, value)| *value != 0)
                    .map(|(name, value)| Field {
                        name: Some(name.into()),
                        value: Some(self.word(value).into()),
                    })
                    .collect(),
            ),
        }
    }
}
