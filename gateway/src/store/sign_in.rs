//! Signing in with the company's account: people, clients, sign-ins and their tokens.
//!
//! | module | concern |
//! |---|---|
//! | `people` | who signs in, and what their groups give |
//! | `gone` | people who are deleted |
//! | `client_row`, `clients` | what is known of an AI client, and how it comes to be known |
//! | `registry` | the registry of clients: listing, changing, removing |
//! | `client_uses` | when clients were used, and which were refused |
//! | `idle` | what becomes of clients that nobody uses |
//! | `grants` | sign-ins: their beginning, confirmation and end |
//! | `connections` | listing and revoking sign-ins |
//! | `seen` | people with access tokens of the provider |
//! | `tokens` | codes, access tokens and refresh tokens |
//!
//! What ends here ends for the next request of every process: [`SignIns`] keeps what it has read
//! only as long as nothing has changed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::declarations::ChangeLog;
use super::{Store, StoreError, json, millis};
use crate::config::{Config, PeopleRules};

mod client_row;
mod client_uses;
mod clients;
mod connections;
mod gone;
mod grants;
mod idle;
mod people;
mod registry;
mod seen;
mod sessions;
mod tokens;

pub use client_row::{ClientKind, ClientRow, ClientState, IdleOverride, Registration};
pub use client_uses::{ClientRefusal, ClientUses, RefusedClient, UsedClient};
pub(crate) use clients::program_kinds;
pub(super) use clients::put as put_client;
pub use connections::{Connection as SignInConnection, ConnectionFilter};
pub use grants::{Begun, Confirmation, EndReason, NewCode, NewGrant};
pub use people::{Person, SignedInUser};
pub(super) use people::{is_known, makes_administrator, names, profiles_of, put_person};
pub(super) use registry::require_client;
pub use registry::{ClientChange, RegisteredClient};
pub use seen::Seen;
pub use sessions::{Session as SignInSession, SignIns, TokenState};
pub(crate) use tokens::PresentedCode;
pub use tokens::{Family, NewTokens, Redemption, RefreshState};

/// How long a sign-in that has ended is kept, so that a token of it is still known as one.
const KEPT: i64 = 24 * 60 * 60 * 1000;

/// How long a client that registered itself may stay without a sign-in.
const UNUSED: i64 = 60 * 60 * 1000;

/// Stores what the groups of a tenant give, and ends sign-ins of a provider that is not the tenant's
/// any more.
pub(super) fn declare(
    transaction: &Transaction<'_>,
    tenant: &str,
    people: Option<&PeopleRules>,
    log: &mut ChangeLog,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM sign_in_groups WHERE tenant = ?";
    transaction.execute(sql, [tenant])?;
    if let Some(people) = people {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO sign_in_groups (tenant, name, profiles, administrator) VALUES (?, ?, ?, ?)",
        )?;
        if !people.profiles.is_empty() {
            insert.execute(params![tenant, "", json(&people.profiles), false])?;
        }
        for (name, access) in &people.groups {
            let profiles = json(&access.profiles);
            insert.execute(params![tenant, name, profiles, access.administrator])?;
        }
    }
    let issuer = people.map(|people| &*people.issuer).unwrap_or_default();
    let ended = transaction.execute(
        "UPDATE sign_in_grants SET ended_at = ?, ended_because = ?, provider_token = NULL
         WHERE tenant = ? AND ended_at IS NULL
         AND user IN (SELECT id FROM sign_in_users WHERE tenant = ? AND issuer <> ?)",
        params![
            millis(Timestamp::now()),
            EndReason::OtherProvider.as_str(),
            tenant,
            tenant,
            issuer
        ],
    )?;
    if ended > 0 {
        log.note(tenant, format_args!("{ended} sign-ins ended"));
    }
    Ok(())
}

/// Removes everything of a tenant that is not declared any more, and returns the names of its people.
pub(super) fn forget(
    transaction: &Transaction<'_>,
    tenant: &str,
) -> Result<BTreeSet<String>, StoreError> {
    let names = people::names(transaction, tenant)?;
    for table in [
        "sign_in_grants",
        "sign_in_clients",
        "sign_in_users",
        "sign_in_groups",
        "refused_clients",
        "allowed_kinds",
        "service_accounts",
    ] {
        let sql = format!("DELETE FROM {table} WHERE tenant = ?");
        transaction.execute(&sql, [tenant])?;
    }
    let sql = "DELETE FROM switches WHERE tenant = ? AND subject <> 'tool'";
    transaction.execute(sql, [tenant])?;
    Ok(names.into_iter().collect())
}

/// Removes a client of a tenant.
pub(super) fn forget_client(
    transaction: &Transaction<'_>,
    tenant: &str,
    id: &str,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM sign_in_clients WHERE tenant = ? AND id = ?";
    transaction.execute(sql, [tenant, id])?;
    Ok(())
}

/// Removes the programs of a user's tokens, who is not declared any more.
pub(super) fn forget_programs(
    transaction: &Transaction<'_>,
    tenant: &str,
    user: &str,
) -> Result<(), StoreError> {
    let sql =
        "DELETE FROM sign_in_clients WHERE tenant = ? AND registration = 'token' AND owner = ?";
    transaction.execute(sql, [tenant, user])?;
    Ok(())
}

/// A hashable form of what is declared of a sign-in.
pub(super) fn declared(config: &Config) -> Vec<String> {
    let tenants = config.tenants.iter();
    let declared = tenants.filter_map(|(name, tenant)| {
        let people = tenant.people()?;
        let groups = people.groups.iter();
        let groups = groups.map(|(group, access)| (group, &access.profiles, access.administrator));
        let groups: Vec<_> = groups.collect();
        Some(json(&(name, &people.issuer, &people.profiles, groups)))
    });
    declared.collect()
}

impl Store {
    /// Deletes codes, tokens and sign-ins that have ended a while ago, and clients that registered
    /// themselves and were never used.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn prune_sign_ins(&self, now: Timestamp) -> Result<usize, StoreError> {
        let now = millis(now);
        self.write(|transaction| {
            let mut deleted = 0;
            for (sql, before) in [
                ("DELETE FROM sign_in_codes WHERE expires_at < ?", now - KEPT),
                (
                    "DELETE FROM sign_in_tokens WHERE expires_at < ?",
                    now - KEPT,
                ),
                // Until then whoever uses it again ends the sign-in.
                (
                    "DELETE FROM sign_in_tokens WHERE replaced_at < ?",
                    now - KEPT,
                ),
                (
                    "DELETE FROM sign_in_grants WHERE coalesce(ended_at, ends_at) < ?",
                    now - KEPT,
                ),
                (
                    "DELETE FROM sign_in_grants WHERE begun_at < ?
                     AND NOT EXISTS (SELECT 1 FROM sign_in_tokens t WHERE t.sign_in = id)",
                    now - KEPT,
                ),
                (
                    "DELETE FROM sign_in_clients WHERE registered_at < ?
                     AND registration = 'dynamic' AND first_used_at IS NULL",
                    now - UNUSED,
                ),
            ] {
                deleted += transaction.execute(sql, [before])?;
            }
            Ok(deleted)
        })
    }
}
