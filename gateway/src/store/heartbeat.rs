//! A regular write that changes the file, and whether the last writes succeeded.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError, lock, millis, timestamp};

/// How often [`Store::heartbeat`] should be called.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// Bytes for which each heartbeat takes new room in the file: about those of a hundred rows of the
/// audit. If there is no room for them, there is soon none for the audit.
const ROOM: u32 = 32 << 10;

/// Whether the file can be written, by the last writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWrite {
    /// When the audit or a heartbeat was written last.
    pub at: Instant,
    /// Why a write failed, if no heartbeat has succeeded since.
    pub failed: Option<StoreError>,
}

impl Default for LastWrite {
    fn default() -> Self {
        Self {
            at: Instant::now(),
            failed: None,
        }
    }
}

impl LastWrite {
    /// Takes note of how a write to the audit has ended. Success proves less than a heartbeat's,
    /// because the end of a call may find room in its row.
    pub(super) fn note<T>(&mut self, written: &Result<T, StoreError>) {
        match written {
            Ok(_) => self.at = Instant::now(),
            Err(error) => self.failed = Some(error.clone()),
        }
    }
}

impl Store {
    /// Writes the trusted time, into new room of the file.
    ///
    /// # Errors
    ///
    /// The file could not be written, because the disk is full for example.
    pub fn heartbeat(&self, now: Timestamp) -> Result<(), StoreError> {
        let written = self.write(|transaction| {
            // The new row comes first: it must not live in the room of the old one.
            transaction
                .prepare_cached("INSERT INTO heartbeats (at, room) VALUES (?, zeroblob(?))")?
                .execute(params![millis(now), ROOM])?;
            transaction
                .prepare_cached("DELETE FROM heartbeats WHERE id < last_insert_rowid()")?
                .execute([])?;
            Ok(())
        });
        let mut last = lock(&self.0.last_write);
        last.note(&written);
        if written.is_ok() {
            last.failed = None;
        }
        drop(last);
        written
    }

    /// The trusted time of the last heartbeat, of this process or an earlier one.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn last_heartbeat(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|connection| {
            let at = connection
                .query_row("SELECT max(at) FROM heartbeats", [], |row| row.get(0))
                .optional()?
                .flatten();
            Ok(at.map(timestamp))
        })
    }

    /// Whether the last writes succeeded. Does not touch the file.
    #[must_use]
    pub fn last_write(&self) -> LastWrite {
        lock(&self.0.last_write).clone()
    }
}
