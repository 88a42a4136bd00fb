//! Which calls of a segment a question is about: each person, CRM object and title is compared once,
//! however many calls it is on.

use core::cell::Cell;

use crate::{
    gong::calls::Meta,
    index::{
        segment::{Email, INTERNAL},
        tables::{ObjectText, PersonText},
        view::View,
    },
    prelude::*,
    text::folded,
};

/// The parts of calls that a question needs beyond their metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) people: bool,
    /// CRM objects as they are now.
    pub(crate) crm: bool,
    /// CRM objects as they were at the time of the call too.
    pub(crate) then: bool,
    /// Trackers and outcome.
    pub(crate) content: bool,
}

/// A comparison with one part of a call.
type Is<'q, T> = Option<&'q dyn Fn(&T) -> bool>;

/// What a call has to have so that it can be an answer. Which of these calls are, the caller decides;
/// an empty one is fulfilled by all calls.
#[derive(Clone, Copy, Default)]
pub(crate) struct Find<'q> {
    /// Gong's id of the workspace.
    pub(crate) workspace: Option<&'q str>,
    /// Gong's ids of hosts, one of which it has to have; empty for any.
    pub(crate) hosts: &'q [String],
    /// Least and most minutes.
    pub(crate) minutes: Option<(u32, u32)>,
    /// Its scope, direction and language; nothing else is in what is compared.
    pub(crate) kind: Is<'q, Meta>,
    /// Its title.
    pub(crate) title: Is<'q, str>,
    /// Somebody on it.
    pub(crate) person: Option<&'q dyn Fn(&PersonText<'_>) -> bool>,
    /// A CRM object on it, or one of the two below.
    pub(crate) object: Option<&'q dyn Fn(&ObjectText<'_>) -> bool>,
    /// The e-mail domain, in lower case, of somebody who is not from the company, instead of a CRM
    /// object.
    pub(crate) instead_domain: Is<'q, str>,
    /// Its title, instead of a CRM object.
    pub(crate) instead_title: Is<'q, str>,
}

impl Find<'_> {
    /// Whether private calls may be among those that Gong would return: the index does not know their
    /// workspace and host.
    pub(super) fn counts_private(&self) -> bool {
        self.workspace.is_none() && self.hosts.is_empty()
    }
}

/// The results of comparing, each found once.
struct Memo(Vec<Cell<u8>>);

impl Memo {
    fn new(all: usize, used: bool) -> Self {
        Self(alloc::vec![Cell::new(0); if used { all } else { 0 }])
    }

    fn get(&self, index: usize, compare: impl FnOnce() -> bool) -> bool {
        let known = &self.0[index];
        if known.get() == 0 {
            known.set(1 + u8::from(compare()));
        }
        known.get() == 2
    }
}

/// A question, put to one segment.
pub(super) struct Finder<'v, 'a, 'q> {
    view: &'v View<'a>,
    find: &'v Find<'q>,
    kind: Memo,
    title: Memo,
    person: Memo,
    object: Memo,
    instead_domain: Memo,
    instead_title: Memo,
}

impl<'v, 'a, 'q> Finder<'v, 'a, 'q> {
    pub(super) fn new(view: &'v View<'a>, find: &'v Find<'q>) -> Self {
        let tables = view.tables();
        let words = tables.words.len();
        Self {
            view,
            find,
            kind: Memo::new(tables.kinds.len(), find.kind.is_some()),
            title: Memo::new(words, find.title.is_some()),
            person: Memo::new(tables.people.len(), find.person.is_some()),
            object: Memo::new(tables.objects.len(), find.object.is_some()),
            instead_domain: Memo::new(words, find.instead_domain.is_some()),
            instead_title: Memo::new(words, find.instead_title.is_some()),
        }
    }

    /// Whether Gong itself would return the call for the question's workspace and hosts.
    pub(super) fn is_in_scope(&self, row: usize) -> bool {
        let (tables, find) = (self.view.tables(), self.find);
        let packed = &self.view.packed.rows[row];
        let workspace = || tables.word(tables.kinds[packed.kind as usize].workspace);
        let is_host = |host: &String| host == tables.word(packed.host);
        find.workspace.is_none_or(|id| workspace() == id)
            && (find.hosts.is_empty() || find.hosts.iter().any(is_host))
    }

    /// Whether the call has what the question needs.
    pub(super) fn fits(&self, row: usize) -> bool {
        let (tables, find) = (self.view.tables(), self.find);
        let packed = &self.view.packed.rows[row];
        let title = packed.title;
        let titled = |memo: &Memo, is: &dyn Fn(&str) -> bool| {
            memo.get(title as usize, || is(tables.word(title)))
        };
        let kind = |is: &dyn Fn(&Meta) -> bool| {
            self.kind.get(packed.kind as usize, || {
                is(&tables.meta_of_kind(&tables.kinds[packed.kind as usize]))
            })
        };
        let person = |is: &dyn Fn(&PersonText<'_>) -> bool| {
            self.view.people(row).any(|(person, _)| {
                self.person
                    .get(person, || is(&tables.person_text(&tables.people[person])))
            })
        };
        let object = |is: &dyn Fn(&ObjectText<'_>) -> bool| {
            self.view.objects(row).any(|object| {
                self.object
                    .get(object, || is(&tables.object_text(&tables.objects[object])))
            })
        };
        let outsider = |is: &dyn Fn(&str) -> bool| {
            self.view.people(row).any(|(person, _)| {
                let person = &tables.people[person];
                let (Email::OfName(domain) | Email::Other(_, domain)) = person.email else {
                    return false;
                };
                person.affiliation != INTERNAL
                    && self
                        .instead_domain
                        .get(domain as usize, || is(&folded(tables.word(domain))))
            })
        };
        let minutes = self.view.minutes(row);
        find.minutes
            .is_none_or(|(least, most)| (least..=most).contains(&minutes))
            && find.kind.is_none_or(kind)
            && find.title.is_none_or(|is| titled(&self.title, is))
            && find.person.is_none_or(person)
            && find.object.is_none_or(|is| {
                object(is)
                    || find.instead_domain.is_some_and(outsider)
                    || find
                        .instead_title
                        .is_some_and(|is| titled(&self.instead_title, is))
            })
    }
}
