//! Tokens of service accounts that end soon.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};

use super::id_of;
use crate::store::connection::has_table;
use crate::store::{StoreError, millis, timestamp};

/// How long before its end a token is warned about.
pub const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// The last token of a service account, which ends soon or has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndingToken {
    /// The tenant.
    pub tenant: String,
    /// The account's name.
    pub account: String,
    /// The first digits of the token's hash.
    pub token: String,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// The accounts whose last token ends soon, or has ended. The file is not changed, and may be of an
/// earlier gateway or missing.
///
/// # Errors
///
/// The file can not be read.
pub(crate) fn ending(path: &Path, now: Timestamp) -> Result<Vec<EndingToken>, StoreError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    if !has_table(&connection, "service_tokens")? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT tenant, account, hash, max(ends_at) AS ends_at FROM service_tokens
         GROUP BY tenant, account HAVING max(ends_at) <= ? ORDER BY tenant, account",
    )?;
    let rows = statement.query_map(params![millis(now + SOON)], |row| {
        let hash: String = row.get("hash")?;
        Ok(EndingToken {
            tenant: row.get("tenant")?,
            account: row.get("account")?,
            token: id_of(&hash),
            ends_at: timestamp(row.get("ends_at")?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
