//! Service accounts: programs that call in nobody's name, with tokens that end.
//!
//! An account has an owner who answers for it, profiles, and at most two tokens at a time, so that one can
//! replace the other. Its user name is `service:NAME`, which no person and no declared user can have.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::lookup::{require_tenant, texts};
use super::{Store, StoreError, from_json, timestamp};
use crate::config::TokenHash;

mod changes;
mod ending;
mod sessions;

pub(crate) use ending::ending;
pub use ending::{EndingToken, SOON};
pub use sessions::{ServiceSession, ServiceTokens};

/// The beginning of the user names and client ids of service accounts.
pub const SERVICE: &str = "service:";

/// A service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceAccount {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Whether the owner is no user any more, or switched off.
    pub owner_gone: bool,
    /// The profiles that it has.
    pub profiles: BTreeSet<String>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it called last.
    pub last_used_at: Option<Timestamp>,
    /// Why it is switched off, if it is.
    pub off: Option<String>,
    /// Its tokens, the oldest first. Those that have ended stay until another one is made.
    pub tokens: Vec<ServiceToken>,
}

/// A token of a service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceToken {
    /// The first digits of its hash, by which it is named.
    pub id: String,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// A token that is about to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewServiceToken {
    /// Its hash.
    pub hash: TokenHash,
    /// When it ends.
    pub ends_at: Timestamp,
    /// How long a token of this tenant may last.
    pub longest: Duration,
}

/// Names of the users that are the service accounts of a tenant, sorted.
pub(in crate::store) fn names(
    connection: &Connection,
    tenant: &str,
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT 'service:' || name FROM service_accounts WHERE tenant = ? ORDER BY name";
    texts(connection, sql, [tenant])
}

/// The profiles of a service account by its user name, or `None` if there is none.
pub(in crate::store) fn profiles_of(
    connection: &Connection,
    tenant: &str,
    user: &str,
) -> Result<Option<BTreeSet<String>>, StoreError> {
    let Some(name) = user.strip_prefix(SERVICE) else {
        return Ok(None);
    };
    let profiles = connection
        .prepare_cached("SELECT profiles FROM service_accounts WHERE tenant = ? AND name = ?")?
        .query_row([tenant, name], |row| from_json(row, "profiles"))
        .optional()?;
    Ok(profiles)
}

/// The digits by which a token is named.
fn id_of(hash: &str) -> String {
    hash.trim_start_matches("sha256:").chars().take(8).collect()
}

impl Store {
    /// The service accounts of a tenant, by name.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn accounts(&self, tenant: &str) -> Result<Vec<ServiceAccount>, StoreError> {
        self.read(|connection| {
            require_tenant(connection, tenant)?;
            let mut statement = connection.prepare_cached(
                "SELECT a.*, c.owner, c.last_used_at,
                 c.owner IS NOT NULL AND (EXISTS (SELECT 1 FROM switches s WHERE s.tenant = a.tenant
                     AND s.subject = 'user' AND s.name = c.owner)
                   OR NOT EXISTS (SELECT 1 FROM users u WHERE u.tenant = a.tenant AND u.name = c.owner)
                   AND NOT EXISTS (SELECT 1 FROM sign_in_users u WHERE u.tenant = a.tenant
                     AND u.name = c.owner)) AS owner_gone,
                 (SELECT s.reason FROM switches s WHERE s.tenant = a.tenant AND s.name = c.id
                     AND s.subject IN ('client', 'user')) AS off
                 FROM service_accounts a JOIN sign_in_clients c ON c.tenant = a.tenant
                 AND c.id = 'service:' || a.name WHERE a.tenant = ? ORDER BY a.name",
            )?;
            let rows = statement.query_map([tenant], |row| {
                let last_used_at: Option<i64> = row.get("last_used_at")?;
                Ok(ServiceAccount {
                    name: row.get("name")?,
                    owner: row.get("owner")?,
                    owner_gone: row.get("owner_gone")?,
                    profiles: from_json(row, "profiles")?,
                    created_by: row.get("created_by")?,
                    created_at: timestamp(row.get("created_at")?),
                    last_used_at: last_used_at.map(timestamp),
                    off: row.get("off")?,
                    tokens: Vec::new(),
                })
            })?;
            let mut accounts = rows.collect::<Result<Vec<_>, _>>()?;
            for account in &mut accounts {
                account.tokens = tokens(connection, tenant, &account.name)?;
            }
            Ok(accounts)
        })
    }
}

fn tokens(
    connection: &Connection,
    tenant: &str,
    account: &str,
) -> Result<Vec<ServiceToken>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM service_tokens WHERE tenant = ? AND account = ? ORDER BY created_at, hash",
    )?;
    let rows = statement.query_map([tenant, account], |row| {
        let hash: String = row.get("hash")?;
        Ok(ServiceToken {
            id: id_of(&hash),
            created_by: row.get("created_by")?,
            created_at: timestamp(row.get("created_at")?),
            ends_at: timestamp(row.get("ends_at")?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
