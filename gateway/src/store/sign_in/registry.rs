//! The registry of AI clients: all of a tenant, and what administrators change about one.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::client_row::{ClientKind, ClientRow, IdleOverride, Registration};
use super::clients::find;
use super::connections::end_all;
use super::grants::{EndReason, governance_changed};
use crate::sign_in::redirect_shown;
use crate::store::lookup::{require_tenant, require_user, texts};
use crate::store::{Actor, Store, StoreError, record_act, refused};
use crate::suggest::unknown_name;

/// A client as the registry lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisteredClient {
    /// What is known of it.
    #[serde(flatten)]
    pub client: ClientRow,
    /// Hosts to which it may be answered, as people are shown them.
    pub redirect_hosts: BTreeSet<String>,
    /// Sign-ins with it that go on.
    pub connections: u32,
    /// Why it is switched off, if it is.
    pub off: Option<String>,
}

/// What an administrator changes about a client. What is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientChange {
    /// Whose it is. It does not follow from its use any more.
    pub kind: Option<ClientKind>,
    /// The user whose it is.
    pub owner: Option<String>,
    /// When it is hidden, closed and deleted: all three are set anew.
    pub idle: Option<IdleOverride>,
}

/// A client of a tenant, or why there is none.
pub(in crate::store) fn require_client(
    connection: &Connection,
    tenant: &str,
    id: &str,
) -> Result<ClientRow, StoreError> {
    if let Some(client) = find(connection, tenant, id)? {
        return Ok(client);
    }
    let sql = "SELECT id FROM sign_in_clients WHERE tenant = ? ORDER BY id";
    let known = texts(connection, sql, [tenant])?;
    let known = known.iter().map(String::as_str);
    refused(unknown_name("client", id, known))
}

impl Store {
    /// The clients of a tenant, those that were used last at first.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn registry(&self, tenant: &str) -> Result<Vec<RegisteredClient>, StoreError> {
        self.read(|connection| {
            require_tenant(connection, tenant)?;
            let mut statement = connection.prepare_cached(
                "SELECT c.*, (SELECT count(*) FROM sign_in_grants g WHERE g.tenant = c.tenant
                     AND g.client = c.id AND g.ended_at IS NULL) AS connections,
                 (SELECT reason FROM switches s WHERE s.tenant = c.tenant
                     AND s.subject = 'client' AND s.name = c.id) AS off
                 FROM sign_in_clients c WHERE c.tenant = ?
                 ORDER BY coalesce(c.last_used_at, c.registered_at) DESC, c.id",
            )?;
            let rows = statement.query_map([tenant], |row| {
                let client = ClientRow::from_row(row)?;
                let shown = client.redirect_uris.iter();
                Ok(RegisteredClient {
                    redirect_hosts: shown.filter_map(|uri| redirect_shown(uri)).collect(),
                    connections: row.get("connections")?,
                    off: row.get("off")?,
                    client,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Changes what administrators decide about a client, from its next call on.
    ///
    /// # Errors
    ///
    /// There is no such client or owner, the change can not be, or the file could not be written.
    pub fn change_client(
        &self,
        actor: &Actor,
        tenant: &str,
        id: &str,
        change: &ClientChange,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_tenant(transaction, tenant)?;
            let client = require_client(transaction, tenant, id)?;
            let is_account = client.registration == Registration::Account;
            let mut detail = Vec::new();
            if let Some(kind) = change.kind {
                if is_account && kind != ClientKind::Service {
                    return refused("a service account is of kind service, and of no other");
                }
                detail.push(format!("kind {kind}"));
            }
            if let Some(owner) = &change.owner {
                require_user(transaction, tenant, owner)?;
                detail.push(format!("owner {owner}"));
            }
            let idle = change.idle.unwrap_or(client.idle);
            if change.idle.is_some() {
                check_order(idle)?;
                detail.push(shown(idle));
            }
            if detail.is_empty() {
                return refused(
                    "say what to change, such as --kind shared, --owner mia or --closed-after 30d",
                );
            }
            let millis = |after: Option<Duration>| after.map(|after| after.as_millis() as i64);
            transaction.execute(
                "UPDATE sign_in_clients SET kind = ?, kind_set = ?, owner = ?, hidden_after = ?,
                 closed_after = ?, deleted_after = ? WHERE tenant = ? AND id = ?",
                params![
                    change.kind.unwrap_or(client.kind).as_str(),
                    client.kind_set || change.kind.is_some(),
                    change.owner.as_ref().or(client.owner.as_ref()),
                    millis(idle.hidden),
                    millis(idle.closed),
                    millis(idle.deleted),
                    tenant,
                    id
                ],
            )?;
            let (subject, detail) = (Some(id), detail.join("; "));
            let tenant = Some(tenant);
            record_act(
                transaction,
                actor,
                tenant,
                "change-client",
                subject,
                Some(&detail),
            )
        })
    }

    /// Removes a client with its sign-ins. One that comes back is another one.
    ///
    /// # Errors
    ///
    /// There is no such client, it is a service account, or the file could not be written.
    pub fn remove_client(
        &self,
        actor: &Actor,
        tenant: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            require_tenant(transaction, tenant)?;
            let client = require_client(transaction, tenant, id)?;
            if client.registration == Registration::Account {
                let account = id.trim_start_matches("service:");
                return refused(format_args!(
                    "it is a service account; remove that: gong-gateway admin accounts remove {account}"
                ));
            }
            end_all(transaction, tenant, Some(id), None, EndReason::Administrator, now)?;
            let sql = "DELETE FROM sign_in_clients WHERE tenant = ? AND id = ?";
            transaction.execute(sql, [tenant, id])?;
            governance_changed(transaction)?;
            let name = Some(&*client.name);
            record_act(transaction, actor, Some(tenant), "remove-client", Some(id), name)
        })
    }
}

/// A client is hidden before it is closed, and closed before it is deleted.
fn check_order(idle: IdleOverride) -> Result<(), StoreError> {
    let set: Vec<Duration> = [idle.hidden, idle.closed, idle.deleted]
        .into_iter()
        .flatten()
        .collect();
    if set.is_sorted() {
        return Ok(());
    }
    refused(
        "a client is hidden no later than closed, and closed no later than deleted; such as \
         --hidden-after 7d --closed-after 30d --deleted-after 365d",
    )
}

fn shown(idle: IdleOverride) -> String {
    let mut text = String::from("idle:");
    for (what, after) in [
        ("hidden", idle.hidden),
        ("closed", idle.closed),
        ("deleted", idle.deleted),
    ] {
        let _ = match after {
            Some(after) => write!(text, " {what} after {} h,", after.as_secs() / 3600),
            None => write!(text, " {what} as usual,"),
        };
    }
    text.trim_end_matches(',').to_owned()
}
