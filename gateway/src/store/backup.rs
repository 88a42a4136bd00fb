//! Copies of the state file: made while a gateway serves from it, checked, and put back.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::connection::{SCHEMA, check, connect, migrate, private_file};
use super::serve_lock::{FileLock, beside};
use super::{Store, StoreError, refused};

impl Store {
    /// Copies the state at one moment into a new file, readable by its owner only, and checks the
    /// copy. Others may read and write meanwhile.
    ///
    /// # Errors
    ///
    /// `to` exists, or can not be written; or the copy is damaged, and so is the state file.
    pub fn back_up(&self, to: &Path) -> Result<(), StoreError> {
        let source = self.connect()?;
        copy_to_new(&source, to)
    }

    /// What is wrong with the file, a line each. Empty when nothing is.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn integrity(&self) -> Result<Vec<String>, StoreError> {
        integrity(&self.connect()?)
    }
}

/// What [`restore`] has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the state before is now, if there was one.
    pub before: Option<PathBuf>,
}

/// Puts a backup in the place of a state file, which may be missing or damaged, and keeps what was
/// there beside it. Administrators and users have to sign in anew, and service accounts need new tokens:
/// what was revoked since the backup must not come back.
///
/// # Errors
///
/// A gateway serves from the state file, `from` is no sound state file, or a file can not be
/// written. Then the state file is as it was.
pub fn restore(state: &Path, from: &Path) -> Result<Restored, StoreError> {
    let _lock = FileLock::take(state)?;
    check(from)?;
    let source = read_only(from)?;
    sound(&source, from)?;
    let new = beside(state, ".restoring");
    for suffix in ["", "-wal", "-shm"] {
        remove(&beside(&new, suffix))?;
    }
    copy_to_new(&source, &new)?;
    let mut restored = connect(&new)?;
    migrate(&mut restored, &new, &SCHEMA)?;
    restored.execute_batch(
        "DELETE FROM sessions;
         DELETE FROM administrator_sessions;
         DELETE FROM administrator_codes;
         DELETE FROM sign_in_grants;
         DELETE FROM service_tokens;
         PRAGMA wal_checkpoint(TRUNCATE)",
    )?;
    drop(restored);
    let before = put_aside(state)?;
    fs::rename(&new, state).map_err(|error| failed(state, &error))?;
    Ok(Restored { before })
}

/// Puts the state file aside, with what SQLite keeps beside it. The file itself stays at its place
/// as well, where the file system has links, so that there is one whenever this process ends.
fn put_aside(state: &Path) -> Result<Option<PathBuf>, StoreError> {
    if !state.exists() {
        return Ok(None);
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let before = beside(state, &format!(".before-{now}"));
    // The log first: without it, the file at the old place is an older state, never a wrong one.
    for suffix in ["-shm", "-wal"] {
        let file = beside(state, suffix);
        if file.exists() {
            fs::rename(&file, beside(&before, suffix)).map_err(|error| failed(&file, &error))?;
        }
    }
    fs::hard_link(state, &before)
        .or_else(|_| fs::rename(state, &before))
        .map_err(|error| failed(state, &error))?;
    Ok(Some(before))
}

fn copy_to_new(source: &Connection, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return refused(format_args!(
            "{} exists already; name a new file",
            to.display()
        ));
    }
    private_file(to)?;
    let copied = copy(source, to);
    if copied.is_err() {
        remove(to)?;
    }
    copied
}

fn copy(source: &Connection, to: &Path) -> Result<(), StoreError> {
    let mut target = Connection::open(to)?;
    let backup = Backup::new(source, &mut target)?;
    // All pages in one step are of one moment: it reads in one transaction, and does not hold up
    // writers, who append to the log.
    match backup.step(-1)? {
        StepResult::Done => {}
        _ => return Err(StoreError::Failed("the state file was busy".to_owned())),
    }
    drop(backup);
    // One file, which can be read where nothing can be written beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    sound(&target, to)?;
    target
        .close()
        .map_err(|(_, error)| StoreError::from(error))?;
    let synced = fs::File::open(to).and_then(|file| file.sync_all());
    synced.map_err(|error| failed(to, &error))
}

fn read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(path, flags)?)
}

fn sound(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match &*integrity(connection)? {
        [] => Ok(()),
        [first, ..] => Err(StoreError::Failed(format!(
            "{} is damaged: {first}",
            path.display()
        ))),
    }
}

fn integrity(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut complaints = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        complaints.push(line?);
    }
    complaints.retain(|line| line != "ok");
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let dangling = statement.query_map([], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        Ok(format!("a row of {table} refers to none of {parent}"))
    })?;
    for line in dangling {
        complaints.push(line?);
    }
    Ok(complaints)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path, &error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Failed(format!("cannot write {}: {error}", path.display()))
}
