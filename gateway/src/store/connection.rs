//! A connection to the state file, with its schema up to date.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;

/// How long a statement waits for another process that writes.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The steps that build the schema. `user_version` says how many of them the file has. A step
/// that was released never changes: a change of the schema is another step.
pub(super) const SCHEMA: [&str; 7] = [
    include_str!("schema/1-governance.sql"),
    include_str!("schema/2-audit.sql"),
    include_str!("schema/3-quota.sql"),
    include_str!("schema/4-unknown.sql"),
    include_str!("schema/5-audit-chain.sql"),
    include_str!("schema/6-declared-settings.sql"),
    include_str!("schema/7-component.sql"),
];

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
    let version = |connection: &Connection| {
        let taken = connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
        taken.map(|taken| taken as usize)
    };
    if version(connection)? == steps.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated the file in the meantime.
    let taken = version(&transaction)?;
    if taken > steps.len() {
        return Err(StoreError::Failed(format!(
            "a newer gong-gateway wrote {} (schema {taken}; this one knows {}); use that one",
            path.display(),
            steps.len()
        )));
    }
    let tables: u32 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if taken == 0 && tables > 0 {
        return Err(StoreError::Failed(format!(
            "{} is another program's database; name another state file, or a new one",
            path.display()
        )));
    }
    for step in &steps[taken..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", steps.len() as u32)?;
    transaction.commit()?;
    Ok(())
}
