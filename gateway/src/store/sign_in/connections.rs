//! Sign-ins as administrators see them: listing and revoking.

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::grants::{EndReason, end};
use super::registry::require_client;
use crate::store::lookup::{require_tenant, require_user};
use crate::store::{Actor, Store, StoreError, millis, record_act, refused, timestamp};

/// A sign-in that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// Its id, which is in the audit.
    pub id: String,
    /// The person's name.
    pub user: String,
    /// The client's id.
    pub client: String,
    /// The client's name.
    pub client_name: String,
    /// What the person has consented to.
    pub scopes: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it was used last.
    pub used_at: Timestamp,
    /// When the provider last said who this is.
    pub confirmed_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
}

/// Which sign-ins of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionFilter {
    /// The one with this id.
    pub id: Option<String>,
    /// Those with this client.
    pub client: Option<String>,
    /// Those of this person.
    pub user: Option<String>,
}

impl Store {
    /// Sign-ins that go on, by person.
    ///
    /// # Errors
    ///
    /// There is no such tenant, client or user, or the file could not be read.
    pub fn connections(
        &self,
        tenant: &str,
        filter: &ConnectionFilter,
        now: Timestamp,
    ) -> Result<Vec<Connection>, StoreError> {
        self.read(|connection| {
            require_tenant(connection, tenant)?;
            if let Some(client) = &filter.client {
                require_client(connection, tenant, client)?;
            }
            if let Some(user) = &filter.user {
                require_user(connection, tenant, user)?;
            }
            let mut statement = connection.prepare_cached(
                "SELECT g.*, u.name AS user_name, c.name AS client_name FROM sign_in_grants g
                 JOIN sign_in_users u ON u.id = g.user
                 JOIN sign_in_clients c ON c.tenant = g.tenant AND c.id = g.client
                 WHERE g.tenant = ?1 AND g.ended_at IS NULL AND g.ends_at > ?2
                 AND g.id = coalesce(?3, g.id) AND g.client = coalesce(?4, g.client)
                 AND u.name = coalesce(?5, u.name) ORDER BY u.name, g.begun_at, g.id",
            )?;
            let ConnectionFilter { id, client, user } = filter;
            let rows =
                statement.query_map(params![tenant, millis(now), id, client, user], |row| {
                    Ok(Connection {
                        id: row.get("id")?,
                        user: row.get("user_name")?,
                        client: row.get("client")?,
                        client_name: row.get("client_name")?,
                        scopes: row.get("scopes")?,
                        begun_at: timestamp(row.get("begun_at")?),
                        used_at: timestamp(row.get("used_at")?),
                        confirmed_at: timestamp(row.get("confirmed_at")?),
                        ends_at: timestamp(row.get("ends_at")?),
                    })
                })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Ends sign-ins with all their tokens, for the next request and for open streams, and returns how
    /// many. The filter must select something by name, unless all of the tenant are meant.
    ///
    /// # Errors
    ///
    /// There is no such tenant, sign-in, client or user, or the file could not be written.
    pub fn revoke_connections(
        &self,
        actor: &Actor,
        tenant: &str,
        filter: &ConnectionFilter,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(|transaction| {
            require_tenant(transaction, tenant)?;
            let ConnectionFilter { id, client, user } = filter;
            let mut subject = String::new();
            if let Some(client) = client {
                require_client(transaction, tenant, client)?;
                subject = format!("client {client}");
            }
            if let Some(user) = user {
                require_user(transaction, tenant, user)?;
                subject = format!("{subject} user {user}").trim_start().to_owned();
            }
            let (client, user) = (client.as_deref(), user.as_deref());
            let ended = match id {
                None => end_all(transaction, tenant, client, user, EndReason::Administrator, now)?,
                Some(id) => {
                    let sql = "SELECT 1 FROM sign_in_grants WHERE tenant = ? AND id = ?
                               AND ended_at IS NULL";
                    if !transaction.prepare_cached(sql)?.exists([tenant, &**id])? {
                        return refused(format_args!(
                            "there is no sign-in {id:?} of {tenant} that goes on; `gong-gateway admin \
                             connections` lists them"
                        ));
                    }
                    subject = format!("connection {id}");
                    end(transaction, id, EndReason::Administrator, now)?;
                    1
                }
            };
            let subject = if subject.is_empty() { "all" } else { &subject };
            let detail = format!("{ended} sign-ins ended");
            let tenant = Some(tenant);
            record_act(transaction, actor, tenant, "revoke", Some(subject), Some(&detail))?;
            Ok(ended)
        })
    }
}

/// Ends all sign-ins of a tenant, of a client or of a person, and returns how many.
pub(super) fn end_all(
    transaction: &Transaction<'_>,
    tenant: &str,
    client: Option<&str>,
    user: Option<&str>,
    why: EndReason,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let ids = transaction
        .prepare_cached(
            "SELECT g.id FROM sign_in_grants g JOIN sign_in_users u ON u.id = g.user
             WHERE g.tenant = ?1 AND g.ended_at IS NULL AND g.client = coalesce(?2, g.client)
             AND u.name = coalesce(?3, u.name) ORDER BY g.id",
        )?
        .query_map(params![tenant, client, user], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    for id in &ids {
        end(transaction, id, why, now)?;
    }
    Ok(ids.len())
}
