//! Tasks that were changed.

use std::collections::BTreeMap;

use super::privacy::Remaining;
use crate::company::Task;

/// The tasks that were changed, by id, as they stand now.
#[derive(Debug, Default)]
pub(crate) struct Tasks(BTreeMap<u64, Task>);

impl Tasks {
    /// Every task as it stands now, without those about people who were erased.
    pub(crate) fn all(&self, remaining: Remaining<'_>) -> Vec<Task> {
        let founded = remaining.company.tasks.iter();
        founded
            .filter(|task| !remaining.is_erased_prospect(task.prospect(remaining.company)))
            .map(|task| self.0.get(&task.id).unwrap_or(task).clone())
            .collect()
    }

    /// Replaces a task.
    pub(crate) fn change(&mut self, task: Task) {
        self.0.insert(task.id, task);
    }
}
