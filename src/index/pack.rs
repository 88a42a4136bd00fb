//! Making a segment of calls.

use alloc::collections::BTreeMap;

use crate::{
    gong::{
        calls::{Call, Meta, Party},
        crm_object::CrmObject,
    },
    index::{
        erase::Erased,
        freshness::HOURS,
        segment::{
            self, CallId, Email, Fields, Head, Kind, Object, Packed, Person, Private, Row, Tables,
            Word,
        },
    },
    prelude::*,
    wit::calls::Affiliation,
};

/// Things that each have a number, in the order of their first use.
pub(super) struct Numbered<T>(BTreeMap<T, u32>);

impl<T: Ord> Default for Numbered<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Numbered<T> {
    pub(super) fn number(&mut self, one: T) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(one).or_insert(next)
    }

    /// By number.
    fn list(self) -> Vec<T> {
        let mut all: Vec<(T, u32)> = self.0.into_iter().collect();
        all.sort_unstable_by_key(|(_, number)| *number);
        all.into_iter().map(|(one, _)| one).collect()
    }
}

/// A row before it has its place.
struct Draft {
    at: u32,
    /// For the order of calls that begin in the same second.
    id: String,
    row: Row,
    links: Vec<u32>,
}

/// A segment that is being made.
pub(super) struct Builder {
    /// When its week begins.
    week: i64,
    pub(super) hours: [i64; HOURS],
    /// Who is left out.
    pub(super) erased: Erased,
    words: BTreeMap<String, u32>,
    pub(super) kinds: Numbered<Kind>,
    pub(super) people: Numbered<Person>,
    pub(super) objects: Numbered<Object>,
    drafts: Vec<Draft>,
    private: Vec<Private>,
}

impl Builder {
    /// An empty one.
    pub(super) fn new(week: i64) -> Self {
        Self {
            week,
            hours: [0; HOURS],
            erased: Erased::default(),
            words: BTreeMap::from([(String::new(), 0)]),
            kinds: Numbered::default(),
            people: Numbered::default(),
            objects: Numbered::default(),
            drafts: Vec::new(),
            private: Vec::new(),
        }
    }

    /// Adds a call that began at this second; of a private one only that and the id.
    pub(super) fn add(&mut self, at: i64, call: &Call) {
        let meta = &call.meta_data;
        if meta.is_private() {
            return self.add_private(at, meta.id());
        }
        let mut links = Vec::new();
        for party in call.parties() {
            if self.erased.has(party) {
                continue;
            }
            let person = self.person(party);
            links.push(self.people.number(person) << 1 | u32::from(party.attended()));
        }
        let people = links.len();
        for sort in ["Account", "Opportunity"] {
            for object in call.objects(sort) {
                let object = self.object(sort, object);
                links.push(self.objects.number(object));
            }
        }
        let objects = links.len() - people;
        let content = call.content.as_ref();
        for tracker in content
            .iter()
            .flat_map(|content| content.trackers.iter().flatten())
        {
            let count = tracker.count.unwrap_or(1);
            if let Some(name) = tracker.name.as_deref().filter(|_| count > 0) {
                links.extend([self.word(name), count]);
            }
        }
        let row = Row {
            after: 0,
            id: self.id(meta.id()),
            seconds: meta.duration.unwrap_or(0.0).max(0.0) as u32,
            title: self.word(meta.title.as_deref().unwrap_or_default()),
            host: self.word(meta.primary_user_id.as_ref().map_or("", |id| &id.0)),
            kind: self.kind(call),
            people: people as u32,
            objects: objects as u32,
            trackers: ((links.len() - people - objects) / 2) as u32,
        };
        self.add_row(at, meta.id().to_owned(), row, links);
    }

    /// Adds a call with this id whose row and links have the numbers of this segment.
    pub(super) fn add_row(&mut self, at: i64, id: String, row: Row, links: Vec<u32>) {
        let at = self.second(at);
        self.drafts.push(Draft { at, id, row, links });
    }

    /// Adds a private call.
    pub(super) fn add_private(&mut self, at: i64, id: &str) {
        let (at, id) = (self.second(at), self.id(id));
        self.private.push(Private { at, id });
    }

    /// The bytes to keep.
    pub(super) fn finish(mut self, company: u32) -> Vec<u8> {
        self.drafts
            .sort_by(|one, other| one.at.cmp(&other.at).then_with(|| one.id.cmp(&other.id)));
        self.drafts
            .dedup_by(|one, other| one.id == other.id && one.at == other.at);
        let (mut rows, mut links) = (Vec::new(), Vec::new());
        let mut before = 0;
        for draft in self.drafts {
            rows.push(Row {
                after: draft.at - before,
                ..draft.row
            });
            before = draft.at;
            links.extend(draft.links);
        }
        self.private.sort_by_key(|private| (private.at, private.id));
        self.private.dedup_by_key(|private| private.id);
        let mut words: Vec<(&str, u32)> = self
            .words
            .iter()
            .map(|(word, number)| (word.as_str(), *number))
            .collect();
        words.sort_unstable_by_key(|(_, number)| *number);
        let head = Head::new(&self.hours, (rows.len() + self.private.len()) as u32);
        let packed = Packed {
            tables: Tables {
                words: words.into_iter().map(|(word, _)| word).collect(),
                kinds: self.kinds.list(),
                people: self.people.list(),
                objects: self.objects.list(),
            },
            rows,
            links,
            private: self.private,
        };
        segment::write(&head, &packed, company)
    }

    fn second(&self, at: i64) -> u32 {
        u32::try_from(at - self.week).unwrap_or(0)
    }

    /// The number of a text.
    pub(super) fn word(&mut self, text: &str) -> Word {
        if let Some(number) = self.words.get(text) {
            return *number;
        }
        let number = self.words.len() as u32;
        self.words.insert(text.to_owned(), number);
        number
    }

    fn optional(&mut self, text: Option<String>) -> Word {
        self.word(text.as_deref().unwrap_or_default())
    }

    /// The id of a call, as rows have it.
    fn id(&mut self, id: &str) -> CallId {
        match id.parse::<u64>() {
            Ok(number) if number.to_string() == id => CallId::Number(number),
            _ => CallId::Text(self.word(id)),
        }
    }

    fn kind(&mut self, call: &Call) -> u32 {
        let meta: &Meta = &call.meta_data;
        let url = meta.url.as_deref().unwrap_or_default();
        let url = match meta.id() {
            "" => url.to_owned(),
            id => url.replace(id, "{id}"),
        };
        let outcome = call
            .content
            .as_ref()
            .and_then(|content| content.call_outcome.as_ref());
        let outcome = |part: fn(&crate::gong::call_content::Outcome) -> &Option<String>| {
            outcome.and_then(|outcome| part(outcome).clone())
        };
        let kind = Kind {
            workspace: self.word(meta.workspace_id.as_ref().map_or("", |id| &id.0)),
            direction: self.optional(meta.direction.clone()),
            scope: self.optional(meta.scope.clone()),
            language: self.optional(meta.language.clone()),
            url: self.word(&url),
            outcome: (
                self.optional(outcome(|outcome| &outcome.category)),
                self.optional(outcome(|outcome| &outcome.name)),
            ),
        };
        self.kinds.number(kind)
    }

    fn person(&mut self, party: &Party) -> Person {
        let name = party.name.as_deref().unwrap_or_default();
        let email = match party.email_address.as_deref() {
            None | Some("") => Email::None,
            Some(email) => match email.rsplit_once('@') {
                None => Email::Odd(self.word(email)),
                Some((local, domain)) if local == usual_local_part(name) => {
                    Email::OfName(self.word(domain))
                }
                Some((local, domain)) => Email::Other(self.word(local), self.word(domain)),
            },
        };
        let phone = match (name, email) {
            ("", Email::None) => party.phone_number.as_deref().unwrap_or_default(),
            _ => "",
        };
        let crm_user = party
            .objects()
            .find(|object| object.object_type.as_deref() == Some("User"));
        Person {
            name: self.word(name),
            email,
            user: self.word(party.user_id.as_ref().map_or("", |id| &id.0)),
            crm_user: self.word(crm_user.map_or("", CrmObject::id)),
            phone: self.word(phone),
            affiliation: match party.affiliation() {
                Affiliation::Unknown => 0,
                Affiliation::Internal => 1,
                Affiliation::External => 2,
            },
        }
    }

    fn object(&mut self, sort: &str, object: &CrmObject) -> Object {
        let fields = match sort {
            "Account" => Fields::Account {
                website: self.optional(object.website()),
            },
            _ => Fields::Opportunity {
                stage: self.optional(object.stage()),
                amount: self.optional(object.amount()),
                close: self.optional(object.close_date()),
                probability: self.optional(object.probability()),
                owner: self.optional(object.owner()),
            },
        };
        Object {
            id: self.word(object.id()),
            name: self.optional(object.name()),
            then: object.is_of_call_time(),
            fields,
        }
    }
}

/// What most e-mail addresses have before the @: `maria.lopez` of `Maria Lopez`.
pub(super) fn usual_local_part(name: &str) -> String {
    let mut part = name.to_ascii_lowercase();
    if let Some(space) = part.find(' ') {
        part.replace_range(space..=space, ".");
    }
    part
}
