//! When clients were used, and which were not admitted. Both are collected and written together: neither
//! a call nor an attempt costs a write of its own.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::Serialize;

use super::client_row::{ClientKind, Registration};
use crate::store::{Store, StoreError, millis, timestamp};

/// Programs of one user's token that have a row each. A name is the program's own word.
const MOST_PROGRAMS: i64 = 20;

/// Refusals of one tenant that are kept.
const MOST_REFUSALS: i64 = 200;

/// A client that was used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UsedClient {
    /// One that somebody has signed in with, or a service account.
    Known {
        /// Its id.
        id: String,
        /// The sign-in.
        sign_in: Option<String>,
    },
    /// A program with a user's token of the configuration.
    Program {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// The user.
        user: String,
        /// The kind that the configuration gives the user's programs.
        kind: ClientKind,
    },
}

/// A client that was not admitted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientRefusal {
    /// How it wanted to be known.
    pub registration: Registration,
    /// Its id or the name that it gives itself.
    pub name: String,
    /// Why it was not admitted.
    pub reason: String,
}

/// What has happened since the last time, by tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientUses {
    /// Clients, with the moment of their last use.
    pub used: HashMap<(String, UsedClient), Timestamp>,
    /// Refusals, with their number and the moment of the last.
    pub refused: HashMap<(String, ClientRefusal), (u32, Timestamp)>,
}

/// Refusals of a client that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedClient {
    /// How it wanted to be known.
    pub registration: Registration,
    /// Its id or the name that it gives itself.
    pub name: String,
    /// Why it was not admitted.
    pub reason: String,
    /// How often.
    pub count: u32,
    /// When first.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
}

impl Store {
    /// Stores when clients were used and which were refused.
    ///
    /// # Errors
    ///
    /// The file could not be written. Nothing of it is stored then.
    pub fn store_client_uses(&self, uses: &ClientUses) -> Result<(), StoreError> {
        if uses.used.is_empty() && uses.refused.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            for ((tenant, used), at) in &uses.used {
                store_use(transaction, tenant, used, millis(*at))?;
            }
            for ((tenant, refusal), (count, at)) in &uses.refused {
                store_refusal(transaction, tenant, refusal, *count, millis(*at))?;
            }
            Ok(())
        })
    }

    /// The clients of a tenant that were not admitted, the last ones first.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn refused_clients(&self, tenant: &str) -> Result<Vec<RefusedClient>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM refused_clients WHERE tenant = ? ORDER BY last_at DESC, name, reason",
            )?;
            let rows = statement.query_map([tenant], |row| {
                Ok(RefusedClient {
                    registration: Registration::read(row, "registration")?,
                    name: row.get("name")?,
                    reason: row.get("reason")?,
                    count: row.get("count")?,
                    first_at: timestamp(row.get("first_at")?),
                    last_at: timestamp(row.get("last_at")?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn store_use(
    transaction: &Transaction<'_>,
    tenant: &str,
    used: &UsedClient,
    at: i64,
) -> Result<(), StoreError> {
    let id = match used {
        UsedClient::Known { id, sign_in } => {
            let mut update = transaction.prepare_cached(
                "UPDATE sign_in_grants SET used_at = max(used_at, ?1) WHERE id = ?2",
            )?;
            update.execute(params![at, sign_in])?;
            id
        }
        UsedClient::Program {
            id,
            name,
            user,
            kind,
        } => {
            if !put_program(transaction, tenant, id, name, user, *kind, at)? {
                return Ok(());
            }
            id
        }
    };
    // A closed client has no token with which it could have been used after that.
    transaction
        .prepare_cached(
            "UPDATE sign_in_clients SET last_used_at = max(coalesce(last_used_at, 0), ?1),
             first_used_at = coalesce(first_used_at, ?1),
             state = CASE state WHEN 'hidden' THEN 'active' ELSE state END
             WHERE tenant = ?2 AND id = ?3",
        )?
        .execute(params![at, tenant, id])?;
    Ok(())
}

/// Stores a program with a user's token. Returns whether it has a row.
fn put_program(
    connection: &Connection,
    tenant: &str,
    id: &str,
    name: &str,
    user: &str,
    kind: ClientKind,
    at: i64,
) -> Result<bool, StoreError> {
    let known: Option<String> = connection
        .prepare_cached("SELECT kind FROM sign_in_clients WHERE tenant = ? AND id = ?")?
        .query_row([tenant, id], |row| row.get(0))
        .optional()?;
    if known.is_some() {
        let mut update = connection.prepare_cached(
            "UPDATE sign_in_clients SET kind = ? WHERE tenant = ? AND id = ? AND NOT kind_set",
        )?;
        update.execute([kind.as_str(), tenant, id])?;
        return Ok(true);
    }
    let programs: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM sign_in_clients WHERE tenant = ? AND registration = 'token'
             AND owner = ?",
        )?
        .query_row([tenant, user], |row| row.get(0))?;
    let declared = connection
        .prepare_cached("SELECT 1 FROM users WHERE tenant = ? AND name = ?")?
        .exists([tenant, user])?;
    if programs >= MOST_PROGRAMS || !declared {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT INTO sign_in_clients (tenant, id, registration, kind, name, redirect_uris, owner,
             registered_at) VALUES (?, ?, 'token', ?, ?, '[]', ?, ?)",
        )?
        .execute(params![tenant, id, kind.as_str(), name, user, at])?;
    Ok(true)
}

fn store_refusal(
    transaction: &Transaction<'_>,
    tenant: &str,
    refusal: &ClientRefusal,
    count: u32,
    at: i64,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO refused_clients (tenant, registration, name, reason, count, first_at, last_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO UPDATE SET
             count = count + excluded.count, last_at = excluded.last_at",
        )?
        .execute(params![
            tenant,
            refusal.registration.as_str(),
            refusal.name,
            refusal.reason,
            count,
            at
        ])?;
    transaction
        .prepare_cached(
            "DELETE FROM refused_clients WHERE tenant = ?1 AND last_at < (SELECT last_at
             FROM refused_clients WHERE tenant = ?1 ORDER BY last_at DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![tenant, MOST_REFUSALS - 1])?;
    Ok(())
}
