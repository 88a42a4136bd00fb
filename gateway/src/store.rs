//! The state file: what survives a restart, in SQLite.
//!
//! | module | concern |
//! |---|---|
//! | `connection` | opening the file, the schema and its migrations |
//! | `change_watch` | whether what was read is still true |
//! | [`accounts`] | service accounts and their tokens |
//! | [`actor`] | who changes something, and the record of it in the audit |
//! | [`declarations`] | tenants, users, toolsets and profiles of `gateway.toml` |
//! | `declared_settings` | every setting of `gateway.toml`, to see what changes |
//! | [`discovery`] | the tools that the component has |
//! | [`tool_attributes`] | a tool's effect, classes and review state |
//! | [`tools`] | a tenant's tools and their definitions |
//! | [`review`] | administrators' decisions on tools, and the classes that they set |
//! | [`toolsets`], [`profiles`], [`access`] | which users have which tools |
//! | [`kill_switches`] | stopping a tool, a client, a user, a tenant or everything |
//! | [`allowed_kinds`] | which kinds of AI clients may call |
//! | [`audit`] | calls and administrative acts |
//! | [`quota`] | the requests of a day, and Gong's `Retry-After` |
//! | [`index`] | orders for the tenants' indexes, and how much they keep |
//! | [`user_quota`] | the requests of each user on a day |
//! | [`sessions`] | administrators who are signed in at the page |
//! | [`administrators`] | administrators who have signed in with the company's account |
//! | [`sign_in`] | signing in with the company's account |
//! | [`heartbeat`] | a regular write, and whether the last writes succeeded |
//! | [`backup`] | copies of the file, checked and put back |
//! | [`serve_lock`] | one serving process per file |
//! | [`summary`] | counts per tenant |
//! | `lookup` | small queries that several of these need |
//!
//! Every method is synchronous and may wait for the disk or for another process (at most 10 s),
//! so asynchronous code calls it in `spawn_blocking`. Several processes may use the file at the
//! same time, and each may be killed at any moment: a method that has returned has its result
//! on the disk, and one that was cut off has written everything or nothing.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub mod access;
pub mod accounts;
pub mod actor;
pub mod administrators;
pub mod allowed_kinds;
pub mod audit;
pub mod backup;
pub(crate) mod change_watch;
mod connection;
pub mod declarations;
mod declared_settings;
pub mod discovery;
pub mod heartbeat;
pub mod index;
pub mod kill_switches;
pub(crate) mod lookup;
pub mod profiles;
pub mod quota;
pub mod review;
pub mod serve_lock;
pub mod sessions;
pub mod sign_in;
pub mod summary;
pub mod tool_attributes;
pub mod tools;
pub mod toolsets;
pub mod user_quota;

pub use access::Origin;
use actor::record_act;
pub use actor::{Actor, Via};
pub use allowed_kinds::AllowedKinds;
pub use audit::{
    AuditFilter, AuditRow, AuditWriter, AuditedAct, AuditedCall, CallId, CallResult, ChainFault,
    ChainLink, ChainReport, ChainedRow, Export, FinishedCall, Hash, PendingCommit, RowKind,
    StartedCall, Tampering,
};
use connection::{BUSY_TIMEOUT, SCHEMA, connect, migrate, private_file};
pub use declarations::TenantRow;
pub use discovery::{OtherComponent, SyncReport};
pub use heartbeat::LastWrite;
pub use index::{IndexOrders, IndexStatus};
pub use kill_switches::{KillSwitch, SwitchRow};
pub use profiles::ProfileRow;
pub use quota::Quota;
pub(crate) use serve_lock::beside;
pub use serve_lock::{FileLock, ServeLock};
pub use sessions::{RefusedTokens, Session};
pub use summary::{Summary, Usage};
pub use tool_attributes::{Class, Classes, Decision, DefinitionPart, Effect, ReviewState};
pub use tools::{Definition, ToolRow, ToolVersions};
pub use toolsets::{ToolsetRow, is_read_only};
pub use user_quota::{UserQuota, UserRequests};

/// Idle connections that are kept.
const IDLE_CONNECTIONS: usize = 8;

/// The state file. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// Held while writing. SQLite's own wait for a writer polls; this one wakes at once.
    writing: Arc<Mutex<()>>,
    audit_writer: AuditWriter,
    last_write: Arc<Mutex<LastWrite>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.0.path).finish()
    }
}

impl Store {
    /// Opens the file, or creates it, readable by its owner only, and migrates its schema.
    ///
    /// # Errors
    ///
    /// The file can not be opened or created, it is not a state file, or a newer gateway wrote
    /// it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        private_file(path)?;
        let mut connection = connect(path)?;
        migrate(&mut connection, path, &SCHEMA)?;
        let writing = Arc::new(Mutex::new(()));
        let last_write = Arc::default();
        Ok(Self(Arc::new(Inner {
            audit_writer: AuditWriter::start(
                connect(path)?,
                Arc::clone(&writing),
                Arc::clone(&last_write),
            )?,
            last_write,
            path: path.to_owned(),
            idle: Mutex::new(vec![connection]),
            writing,
        })))
    }

    /// Checks that [`Store::open`] could use an existing file, without changing it.
    ///
    /// # Errors
    ///
    /// As of [`Store::open`].
    pub fn check_file(path: &Path) -> Result<(), StoreError> {
        connection::check(path)
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> Result<Connection, StoreError> {
        connect(&self.0.path)
    }

    /// Reads in one transaction: all statements see the same state.
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_connection(|connection| work(&*connection.transaction()?))
    }

    /// Writes everything or nothing. When this returns, it is on the disk.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_connection(|connection| {
            let _turn = lock(&self.0.writing);
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
    }

    /// Writes something on which governance decides, so that cached decisions become invalid.
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

    fn with_connection<T>(
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

/// Ignores poisoning: a transaction that a panic interrupted was rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why the store did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The request is not possible. The sentence says why, and what would work.
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
            format!(
                "the state file was busy for {} seconds",
                BUSY_TIMEOUT.as_secs()
            )
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

/// A number that is no time becomes the earliest one. The gateway never writes such a number.
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

#[cfg(test)]
pub(crate) mod tests;
