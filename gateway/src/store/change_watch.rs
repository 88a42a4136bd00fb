//! Whether what was read from the state file is still true.

use rusqlite::Connection;

use super::StoreError;

/// What the file looked like when it was read last.
#[derive(Debug)]
pub(crate) struct ChangeWatch {
    /// SQLite's count of commits by other connections. Rows of the audit raise it too.
    data_version: i64,
    /// The store's own count of changes that matter for decisions.
    generation: i64,
}

impl Default for ChangeWatch {
    fn default() -> Self {
        Self {
            data_version: -1,
            generation: -1,
        }
    }
}

impl ChangeWatch {
    /// Whether something that matters for decisions has changed since the last time. At first it has.
    pub(crate) fn has_changed(&mut self, connection: &Connection) -> Result<bool, StoreError> {
        let mut version = connection.prepare_cached("PRAGMA data_version")?;
        let data_version = version.query_row([], |row| row.get(0))?;
        if data_version == self.data_version {
            return Ok(false);
        }
        let mut generation = connection.prepare_cached("SELECT governance FROM meta")?;
        let generation = generation.query_row([], |row| row.get(0))?;
        self.data_version = data_version;
        let changed = generation != self.generation;
        self.generation = generation;
        Ok(changed)
    }
}
