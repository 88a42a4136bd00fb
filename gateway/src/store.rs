//! What must survive a restart: one SQLite file.
//!
//! | module | concern |
//! |---|---|
//! | [`declared`] | what `gateway.toml` declares |
//! | [`discovery`] | what the component has |
//! | [`kinds`] | the words for tools |
//! | [`tools`] | reviews, classifications |
//! | [`access`] | toolsets, profiles |
//! | [`switches`] | kill switches |
//! | [`audit`] | calls and administrative acts |
//! | [`quota`] | the day's requests, and Gong's `Retry-After` |
//! | [`sessions`] | administrators at the page |
//! | [`serving`] | one `serve` per file |
//! | [`summary`] | counts, for those who look after many tenants |
//!
//! Every method is synchronous and may wait for the disk or for another process (10 s at
//! most): call it from `spawn_blocking`. Several processes may use the file at once, and
//! each may be killed at any moment: a method that has returned has its result on the disk,
//! and of one that has not, all of it is there or nothing.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub mod access;
pub mod audit;
pub mod declared;
pub mod discovery;
pub mod kinds;
pub mod quota;
pub mod serving;
pub mod sessions;
pub mod summary;
pub mod switches;
pub mod tools;

pub use access::{Origin, ProfileRow, ToolsetRow};
pub use audit::{
    Act, Audit, AuditFilter, AuditRow, Call, CallId, CallResult, CallRow, CallStart, Committed,
    Kind,
};
pub use declared::TenantRow;
pub use discovery::SyncReport;
pub use kinds::{Class, Classes, Decision, Effect, Part, State};
pub use quota::Quota;
pub use serving::Serving;
pub use sessions::Session;
pub use summary::{Summary, Usage};
pub use switches::{Switch, SwitchRow};
pub use tools::{Definition, ToolRow, ToolVersions};

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

/// Connections kept for the next use.
const IDLE_CONNECTIONS: usize = 8;

/// The schema, step by step: `user_version` says how many were taken. Never change one that
/// was released; add another.
const SCHEMA: [&str; 3] = [
    include_str!("store/schema/1-governance.sql"),
    include_str!("store/schema/2-audit.sql"),
    include_str!("store/schema/3-quota.sql"),
];

/// The state file. Clones share everything.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// Held while writing: waiting here ends when the turn comes, waiting in SQLite polls.
    writing: Arc<Mutex<()>>,
    audit: Audit,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.0.path).finish()
    }
}

impl Store {
    /// Opens the file, or makes it, readable by its owner only, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// It can not be opened or made, it is no state file, or a newer gateway wrote it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
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
        drop(file);
        let mut connection = connect(path)?;
        migrate(&mut connection, path, &SCHEMA)?;
        let writing = Arc::new(Mutex::new(()));
        Ok(Self(Arc::new(Inner {
            audit: Audit::start(connect(path)?, Arc::clone(&writing))?,
            path: path.to_owned(),
            idle: Mutex::new(vec![connection]),
            writing,
        })))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Writes and changes nothing, to see whether it could.
    ///
    /// # Errors
    ///
    /// The file can not be written.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("UPDATE meta SET governance = governance", [])?;
            Ok(())
        })
    }

    /// A connection of one's own.
    pub(crate) fn connect(&self) -> Result<Connection, StoreError> {
        connect(&self.0.path)
    }

    /// Reads; all statements see the same moment.
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|connection| work(&*connection.transaction()?))
    }

    /// Writes all or nothing. Once this has returned it is on the disk.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|connection| {
            let _turn = lock(&self.0.writing);
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
    }

    /// Writes what decides who may call what.
    fn change<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write(|transaction| {
            let value = work(transaction)?;
            transaction.execute("UPDATE meta SET governance = governance + 1", [])?;
            Ok(value)
        })
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = lock(&self.0.idle).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let value = work(&mut connection);
        let mut idle = lock(&self.0.idle);
        if idle.len() < IDLE_CONNECTIONS {
            idle.push(connection);
        }
        value
    }
}

/// A panic elsewhere leaves nothing half done here: transactions that were not committed are gone.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Changing the mode does not wait for others as everything else does.
    let mut tries = 0;
    while let Err(error) = connection.pragma_update(None, "journal_mode", "WAL") {
        tries += 1;
        let busy = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
        if !busy || tries == 100 {
            return Err(no_state_file(path, error));
        }
        thread::sleep(BUSY / 100);
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

fn no_state_file(path: &Path, error: rusqlite::Error) -> StoreError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return StoreError::Failed(format!(
            "{} is no state file of gong-gateway; name another, or a new one",
            path.display()
        ));
    }
    error.into()
}

/// Takes the steps that have not been taken, all or none.
fn migrate(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<(), StoreError> {
    let version = |connection: &Connection| {
        let taken = connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
        taken.map(|taken| taken as usize)
    };
    if version(connection)? == steps.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
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

/// Who changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The administrator's name; for the gateway itself `gateway`.
    pub name: String,
    /// How the change came.
    pub via: Via,
}

/// How a change came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// `gong-gateway admin`, whose names are what the one who runs it says.
    CommandLine,
    /// The administrator's page, signed in.
    Page,
    /// `gateway.toml` was read.
    File,
    /// The gateway did it by itself, such as discovery at its start.
    Gateway,
}

impl Via {
    /// As the audit says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CommandLine => "command-line",
            Self::Page => "page",
            Self::File => "file",
            Self::Gateway => "gateway",
        }
    }
}

impl Actor {
    /// Somebody, and the way they came.
    #[must_use]
    pub fn new(name: &str, via: Via) -> Self {
        Self {
            name: name.to_owned(),
            via,
        }
    }

    /// The gateway itself.
    #[must_use]
    pub fn gateway() -> Self {
        Self::new("gateway", Via::Gateway)
    }

    /// The configuration file.
    #[must_use]
    pub fn file() -> Self {
        Self::new("gateway.toml", Via::File)
    }
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// What was asked for can not be: a sentence that says why, and what would work.
    Refused(String),
    /// The file could not be read or written.
    Failed(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused(text) | Self::Failed(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let busy = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
        Self::Failed(if busy {
            format!("the state file was busy for {} seconds", BUSY.as_secs())
        } else {
            format!("the state file: {error}")
        })
    }
}

fn refused<T>(text: impl fmt::Display) -> Result<T, StoreError> {
    Err(StoreError::Refused(text.to_string()))
}

fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// Times beyond what can be told, which nobody writes, become the earliest one.
pub(crate) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MIN)
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("texts and lists can be written as JSON")
}

/// A column that holds JSON.
pub(crate) fn from_json<T: DeserializeOwned>(
    row: &rusqlite::Row<'_>,
    column: &str,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into()))
}

/// Records an act within the transaction that does it.
fn record(
    transaction: &Transaction<'_>,
    actor: &Actor,
    tenant: Option<&str>,
    act: &str,
    subject: Option<&str>,
    detail: Option<&str>,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO audit (at, kind, tenant, actor, via, what, subject, result, reason)
         VALUES (?, 'act', ?, ?, ?, ?, ?, 'success', ?)",
        )?
        .execute(params![
            millis(Timestamp::now()),
            tenant,
            actor.name,
            actor.via.as_str(),
            act,
            subject,
            detail
        ])?;
    Ok(())
}

/// Says which there are, for a name that is none of them.
pub(crate) fn unknown<'n>(
    noun: &str,
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let mut text = format!("there is no {noun} {name:?}");
    if let Some(likely) = crate::config::alike(name, known.iter().copied()) {
        text.push_str(&format!("; did you mean {likely}?"));
    } else if known.is_empty() {
        text.push_str(&format!("; there are no {noun}s at all"));
    } else if known.len() <= 12 {
        text.push_str(&format!("; there are: {}", known.join(", ")));
    } else {
        text.push_str(&format!("; there are {} {noun}s", known.len()));
    }
    text
}

#[cfg(test)]
mod tests;
