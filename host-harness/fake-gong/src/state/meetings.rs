//! The meetings that were planned through the API.

use std::collections::BTreeMap;

/// The organizers' places by the meeting's id.
#[derive(Debug, Default)]
pub(crate) struct Meetings {
    planned: BTreeMap<String, usize>,
    made: usize,
}

impl Meetings {
    /// Plans a meeting; `id` makes an id of a number.
    pub(crate) fn plan(&mut self, organizer: usize, id: impl Fn(usize) -> u64) -> String {
        let id = id(self.made).to_string();
        self.made += 1;
        self.planned.insert(id.clone(), organizer);
        id
    }

    /// Who organizes the meeting; `None` where there is no such one.
    pub(crate) fn organizer(&self, id: &str) -> Option<usize> {
        self.planned.get(id).copied()
    }

    /// Calls the meeting off.
    pub(crate) fn call_off(&mut self, id: &str) {
        self.planned.remove(id);
    }
}
