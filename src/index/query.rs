//! Which calls of a segment a question is about: each person, CRM object and title is compared once,
//! however many calls it is on.

use core::cell::Cell;

use crate::{
    gong::{calls::Party, crm_object::CrmObject},
    index::view::View,
    prelude::*,
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

impl Parts {
    pub(crate) const fn all() -> Self {
        Self {
            people: true,
            crm: true,
            then: true,
            content: true,
        }
    }
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
    /// Its title.
    pub(crate) title: Is<'q, str>,
    /// Somebody on it.
    pub(crate) person: Is<'q, Party>,
    /// A CRM object on it, or one of the two below.
    pub(crate) object: Is<'q, CrmObject>,
    /// Somebody on it, instead of a CRM object.
    pub(crate) instead_person: Is<'q, Party>,
    /// Its title, instead of a CRM object.
    pub(crate) instead_title: Is<'q, str>,
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
    title: Memo,
    person: Memo,
    object: Memo,
    instead_person: Memo,
    instead_title: Memo,
}

impl<'v, 'a, 'q> Finder<'v, 'a, 'q> {
    pub(super) fn new(view: &'v View<'a>, find: &'v Find<'q>) -> Self {
        let packed = &view.packed;
        let (words, people) = (packed.words.len(), packed.people.len());
        Self {
            view,
            find,
            title: Memo::new(words, find.title.is_some()),
            person: Memo::new(people, find.person.is_some()),
            object: Memo::new(packed.objects.len(), find.object.is_some()),
            instead_person: Memo::new(people, find.instead_person.is_some()),
            instead_title: Memo::new(words, find.instead_title.is_some()),
        }
    }

    /// Whether Gong itself would return the call for the question's workspace and hosts.
    pub(super) fn is_in_scope(&self, row: usize) -> bool {
        let packed = &self.view.packed.rows[row];
        let workspace = || self.view.packed.kinds[packed.kind as usize].workspace;
        self.find
            .workspace
            .is_none_or(|id| self.view.word(workspace()) == id)
            && (self.find.hosts.is_empty()
                || self
                    .find
                    .hosts
                    .iter()
                    .any(|host| host == self.view.word(packed.host)))
    }

    /// Whether the call has what the question needs.
    pub(super) fn fits(&self, row: usize) -> bool {
        let find = self.find;
        let title = self.view.packed.rows[row].title;
        let titled = |memo: &Memo, is: &dyn Fn(&str) -> bool| {
            memo.get(title as usize, || is(self.view.word(title)))
        };
        let somebody = |memo: &Memo, is: &dyn Fn(&Party) -> bool| {
            self.view.people(row).any(|(person, _)| {
                memo.get(person, || {
                    is(&self.view.party(&self.view.packed.people[person], true))
                })
            })
        };
        let object = |is: &dyn Fn(&CrmObject) -> bool| {
            self.view.objects(row).any(|object| {
                self.object.get(object, || {
                    is(&self.view.object(&self.view.packed.objects[object]))
                })
            })
        };
        find.title.is_none_or(|is| titled(&self.title, is))
            && find.person.is_none_or(|is| somebody(&self.person, is))
            && find.object.is_none_or(|is| {
                object(is)
                    || find
                        .instead_person
                        .is_some_and(|is| somebody(&self.instead_person, is))
                    || find
                        .instead_title
                        .is_some_and(|is| titled(&self.instead_title, is))
            })
    }
}
