//! AI clients: how they come to be known, and who uses them.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::client_row::{ClientKind, ClientRow, Registration};
use crate::store::kill_switches::reason_of;
use crate::store::{Store, StoreError, json, millis, refused};

/// Clients of a tenant that have registered themselves and were not used yet.
const MOST_UNUSED: i64 = 1000;

pub(super) fn find(
    connection: &Connection,
    tenant: &str,
    id: &str,
) -> Result<Option<ClientRow>, StoreError> {
    let found = connection
        .prepare_cached("SELECT * FROM sign_in_clients WHERE tenant = ? AND id = ?")?
        .query_row([tenant, id], ClientRow::from_row)
        .optional()?;
    Ok(found)
}

/// Stores what a client says of itself. Its owner, state and times stay.
pub(in crate::store) fn put(
    connection: &Connection,
    tenant: &str,
    client: &ClientRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sign_in_clients (tenant, id, registration, kind, name, publisher,
             redirect_uris, owner, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET name = excluded.name, publisher = excluded.publisher,
             redirect_uris = excluded.redirect_uris",
        )?
        .execute(params![
            tenant,
            client.id,
            client.registration.as_str(),
            client.kind.as_str(),
            client.name,
            client.publisher,
            json(&client.redirect_uris),
            client.owner,
            millis(client.registered_at)
        ])?;
    Ok(())
}

/// Whether somebody may sign in with a client.
pub(super) enum ClientUse {
    /// They may. The kind is another one than before if `changed`.
    Allowed { changed: bool },
    /// It is somebody else's alone.
    OtherOwner,
    /// It is not registered any more.
    Gone,
}

/// Notes that somebody signs in with a client. The first one is the owner of a personal one; with a
/// second one it becomes shared, unless an administrator has set its kind. A closed one is in use again.
pub(super) fn used(
    connection: &Connection,
    tenant: &str,
    client: &ClientRow,
    user: &str,
    now: Timestamp,
) -> Result<ClientUse, StoreError> {
    if client.registration == Registration::Document {
        put(connection, tenant, client)?;
    }
    let Some(known) = find(connection, tenant, &client.id)? else {
        return Ok(ClientUse::Gone);
    };
    let of_another = known.kind == ClientKind::Personal
        && known.owner.as_deref().is_some_and(|owner| owner != user);
    if of_another && known.kind_set {
        return Ok(ClientUse::OtherOwner);
    }
    let (kind, owner) = match (known.kind, of_another) {
        (ClientKind::Personal, false) => (ClientKind::Personal, Some(user)),
        (ClientKind::Personal, true) => (ClientKind::Shared, None),
        (kind, _) => (kind, known.owner.as_deref()),
    };
    connection.execute(
        "UPDATE sign_in_clients SET last_used_at = ?1, first_used_at = coalesce(first_used_at, ?1),
         kind = ?2, owner = ?3, state = 'active' WHERE tenant = ?4 AND id = ?5",
        params![millis(now), kind.as_str(), owner, tenant, client.id],
    )?;
    Ok(ClientUse::Allowed {
        changed: kind != known.kind,
    })
}

/// Kinds that administrators have set for programs with tokens of the configuration, by id.
pub(crate) fn program_kinds(
    connection: &Connection,
    tenant: &str,
) -> Result<HashMap<String, ClientKind>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind FROM sign_in_clients WHERE tenant = ? AND registration = 'token'
         AND kind_set",
    )?;
    let rows = statement.query_map([tenant], |row| {
        Ok((row.get("id")?, ClientKind::read(row, "kind")?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Store {
    /// A client of a tenant.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn sign_in_client(&self, tenant: &str, id: &str) -> Result<Option<ClientRow>, StoreError> {
        self.read(|connection| find(connection, tenant, id))
    }

    /// Why a client is switched off, as a clause, if it is.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn why_client_is_off(&self, tenant: &str, id: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| reason_of(connection, tenant, id, ""))
    }

    /// The clients of a tenant, by id.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn sign_in_clients(&self, tenant: &str) -> Result<Vec<ClientRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT * FROM sign_in_clients WHERE tenant = ? ORDER BY id")?;
            let rows = statement.query_map([tenant], ClientRow::from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Stores a client that registers itself.
    ///
    /// # Errors
    ///
    /// Too many that registered within the last hour were never used, or the file could not be
    /// written.
    pub fn register_client(&self, tenant: &str, client: &ClientRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let unused: i64 = transaction.query_row(
                "SELECT count(*) FROM sign_in_clients WHERE tenant = ?
                 AND registration = 'dynamic' AND first_used_at IS NULL AND registered_at > ?",
                params![tenant, millis(client.registered_at) - super::UNUSED],
                |row| row.get(0),
            )?;
            if unused >= MOST_UNUSED {
                return refused("too many clients have registered that nobody uses");
            }
            put(transaction, tenant, client)
        })
    }
}
