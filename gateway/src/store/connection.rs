//! A connection to the state file, with its schema up to date.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;

/// How long a statement waits for another process that writes.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The steps that build the schema. `user_version` says how many of them the file has. A step
/// that was released never changes: a change of the schema is another step.
pub(super) const SCHEMA: [&str; 12] = [
    include_str!("schema/1-governance.sql"),
    include_str!("schema/2-audit.sql"),
    include_str!("schema/3-quota.sql"),
    include_str!("schema/4-unknown.sql"),
    include_str!("schema/5-audit-chain.sql"),
    include_str!("schema/6-declared-settings.sql"),
    include_str!("schema/7-operations.sql"),
    include_str!("schema/8-component.sql"),
    include_str!("schema/9-index.sql"),
    include_str!("schema/10-sign-in.sql"),
    include_str!("schema/11-clients.sql"),
    include_str!("schema/12-administrators.sql"),
];

/// Creates the file if it is missing, and makes it readable by its owner only.
pub(super) fn private_file(path: &Path) -> Result<(), StoreError> {
    let owned = |error: std::io::Error| {
        StoreError::Failed(format!(
            "cannot open the state file {}: {error}",
            path.display()
        ))
    };
    // SQLite gives its -wal and -shm files the permissions of the main file.
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(owned)?;
    let mode = file.metadata().map_err(owned)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(owned)?;
    }
    Ok(())
}

pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A change of the journal mode fails at once when the file is busy: `busy_timeout` does not
    // hold for it.
    let mut tries = 0;
    while let Err(error) = connection.pragma_update(None, "journal_mode", "WAL") {
        tries += 1;
        let busy = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
        if !busy || tries == 100 {
            return Err(not_a_state_file(path, error));
        }
        thread::sleep(BUSY_TIMEOUT / 100);
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// Checks that the file can be used as it is, without changing it.
pub(super) fn check(path: &Path) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| {
        StoreError::Failed(format!("cannot write {}: {error}", path.display()))
    };
    OpenOptions::new().append(true).open(path).map_err(failed)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let steps = steps_taken(&connection).map_err(|error| not_a_state_file(path, error))?;
    is_ours(&connection, path, steps, SCHEMA.len())
}

/// Whether the file has a table.
pub(super) fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
    connection.prepare(sql)?.exists([name])
}

/// How many steps of the schema the file has.
fn steps_taken(connection: &Connection) -> rusqlite::Result<usize> {
    connection.pragma_query_value(None, "user_version", |row| {
        row.get::<_, u32>(0).map(|taken| taken as usize)
    })
}

/// Whether a gateway that knows `known` steps of the schema may use the file.
fn is_ours(
    connection: &Connection,
    path: &Path,
    taken: usize,
    known: usize,
) -> Result<(), StoreError> {
    if taken > known {
        return Err(StoreError::Failed(format!(
            "a newer gong-gateway wrote {} (schema {taken}; this one knows {known}); use that one",
            path.display(),
        )));
    }
    let tables: u32 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if taken == 0 && tables > 0 {
        return Err(StoreError::Failed(format!(
            "{} is another program's database; name another state file, or a new one",
            path.display()
        )));
    }
    Ok(())
}

fn not_a_state_file(path: &Path, error: rusqlite::Error) -> StoreError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return StoreError::Failed(format!(
            "{} is no state file of gong-gateway; name another, or a new one",
            path.display()
        ));
    }
    error.into()
}

/// Applies the steps that the file does not have yet, all or none.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    steps: &[&str],
) -> Result<(), StoreError> {
    if steps_taken(connection)? == steps.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated the file in the meantime.
    let taken = steps_taken(&transaction)?;
    is_ours(&transaction, path, taken, steps.len())?;
    for step in &steps[taken..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", steps.len() as u32)?;
    transaction.commit()?;
    Ok(())
}
