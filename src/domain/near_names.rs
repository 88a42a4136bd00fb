//! Names that the company has, for a question about one that no call has.

use alloc::collections::BTreeMap;
use core::cmp::Reverse;

use crate::{
    index::{Index, Tables},
    names::{has_words, likeness},
    prelude::*,
    text::one_line,
};

/// How many are shown.
const MOST: usize = 5;
/// The letters in a row that a name has to begin with as well.
const LEAST_ALIKE: usize = 3;

/// Names of accounts on calls of the index that are like this one (in lower case), the nearest
/// first; none if an account has this name.
pub(crate) fn accounts(index: &Index<'_, '_>, query: &str) -> Vec<String> {
    nearest(index, query, |tables, add| {
        let accounts = tables.objects().filter(|object| object.is_account);
        accounts.for_each(|account| add(account.name));
    })
}

/// The same of people.
pub(crate) fn people(index: &Index<'_, '_>, query: &str) -> Vec<String> {
    nearest(index, query, |tables, add| {
        tables.people().for_each(|person| add(person.name));
    })
}

fn nearest(
    index: &Index<'_, '_>,
    query: &str,
    each: impl Fn(&Tables<'_>, &mut dyn FnMut(&str)),
) -> Vec<String> {
    let mut near = Nearest::default();
    index.tables(|tables| each(tables, &mut |name| near.add(name, query)));
    near.names()
}

/// Names like the one that is sought.
#[derive(Default)]
pub(crate) struct Nearest {
    found: BTreeMap<String, usize>,
    exists: bool,
}

impl Nearest {
    /// Adds a name that there is, if it is like the one that is sought (in lower case).
    pub(crate) fn add(&mut self, name: &str, query: &str) {
        self.exists |= has_words(name, query);
        let alike = likeness(name, query);
        if alike >= LEAST_ALIKE {
            self.found.insert(one_line(name), alike);
        }
    }

    /// The nearest first; none if there is one of this name.
    pub(crate) fn names(self) -> Vec<String> {
        if self.exists {
            return Vec::new();
        }
        let mut found: Vec<(String, usize)> = self.found.into_iter().collect();
        found.sort_by_key(|(_, alike)| Reverse(*alike));
        found.into_iter().map(|(name, _)| name).take(MOST).collect()
    }
}
