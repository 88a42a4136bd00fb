//! Sign-ins: what a person has allowed a client.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::clients::{self, ClientRow};
use super::people::{self, Person};
use crate::config::TokenHash;
use crate::sign_in::Scopes;
use crate::store::{Actor, Store, StoreError, Via, json, millis, record_act};

/// A sign-in that begins.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// Its id.
    pub id: String,
    /// The tenant.
    pub tenant: String,
    /// The client.
    pub client: ClientRow,
    /// Who signs in.
    pub person: Person,
    /// What tokens of it are for.
    pub resource: String,
    /// What the person has consented to.
    pub scopes: Scopes,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// The provider's refresh token, encrypted.
    pub provider_token: Option<Vec<u8>>,
    /// The code by which the client gets its tokens.
    pub code: NewCode,
}

/// An authorization code.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// Its hash.
    pub hash: TokenHash,
    /// Where it was sent.
    pub redirect_uri: String,
    /// The client's challenge (PKCE, S256).
    pub challenge: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Whether a sign-in has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It has.
    Yes,
    /// Nothing gives this person access.
    NoAccess,
    /// The person or the client is switched off.
    Off,
}

/// Why a sign-in has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The client has revoked it.
    Revoked,
    /// A code was used twice.
    CodeReused,
    /// A refresh token was used again after it was replaced.
    RefreshReused,
    /// The provider has ended it: the account is gone or closed, or its sign-in was revoked.
    Provider,
    /// The account may not sign in here any more.
    NotAllowed,
    /// The provider has confirmed nothing for too long.
    Unconfirmed,
    /// The tenant has another provider, or none.
    OtherProvider,
}

impl EndReason {
    /// Its name in the state file and in the audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked by the client",
            Self::CodeReused => "a code was used twice",
            Self::RefreshReused => "a refresh token was used twice",
            Self::Provider => "the provider has ended it",
            Self::NotAllowed => "the account may not sign in any more",
            Self::Unconfirmed => "the provider has not confirmed it for too long",
            Self::OtherProvider => "the tenant has another provider",
        }
    }
}

/// What the provider says of somebody who has signed in.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// Who it is, as of now. None while it says nothing of the person.
    pub person: Option<Person>,
    /// The provider's refresh token from now on, encrypted.
    pub provider_token: Option<Vec<u8>>,
}

impl Store {
    /// Begins a sign-in, and stores the person and the client.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn begin_sign_in(&self, new: &NewGrant, now: Timestamp) -> Result<Begun, StoreError> {
        self.write(|transaction| {
            let (tenant, person) = (&*new.tenant, &new.person);
            if !people::has_access(transaction, tenant, person)? {
                return Ok(Begun::NoAccess);
            }
            let (user, name, changed) = people::put(transaction, tenant, person, now)?;
            clients::used(transaction, tenant, &new.client, user, now)?;
            let off = transaction
                .prepare_cached(
                    "SELECT 1 FROM sign_in_users u, sign_in_clients c WHERE u.id = ?
                     AND c.tenant = ? AND c.id = ? AND (u.state = 'off' OR c.state = 'off')",
                )?
                .exists(params![user, tenant, new.client.id])?;
            if off {
                return Ok(Begun::Off);
            }
            if changed {
                governance_changed(transaction)?;
            }
            transaction.execute(
                "INSERT INTO sign_in_grants (id, tenant, client, user, resource, scopes, begun_at,
                 used_at, confirmed_at, ends_at, provider_token)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7, ?8, ?9)",
                params![
                    new.id,
                    tenant,
                    new.client.id,
                    user,
                    new.resource,
                    new.scopes.to_string(),
                    millis(now),
                    millis(new.ends_at),
                    new.provider_token
                ],
            )?;
            transaction.execute(
                "INSERT INTO sign_in_codes (hash, sign_in, redirect_uri, challenge, expires_at)
                 VALUES (?, ?, ?, ?, ?)",
                params![
                    new.code.hash.to_string(),
                    new.id,
                    new.code.redirect_uri,
                    new.code.challenge,
                    millis(new.code.expires_at)
                ],
            )?;
            let detail = format!("{}; {}; {}", new.id, shown(&new.client), new.scopes);
            let actor = Actor::new(&name, Via::SignIn);
            let subject = Some(&*new.client.name);
            record_act(
                transaction,
                &actor,
                Some(tenant),
                "sign-in",
                subject,
                Some(&detail),
            )?;
            Ok(Begun::Yes)
        })
    }

    /// Stores what the provider says of the person of a sign-in.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn confirm_sign_in(
        &self,
        id: &str,
        tenant: &str,
        confirmation: &Confirmation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let Some(person) = &confirmation.person else {
                transaction.execute(
                    "UPDATE sign_in_grants SET provider_token = ? WHERE id = ? AND ended_at IS NULL",
                    params![confirmation.provider_token, id],
                )?;
                return Ok(());
            };
            let (_, _, changed) = people::put(transaction, tenant, person, now)?;
            if changed {
                governance_changed(transaction)?;
                let groups = json(&person.groups);
                let detail = format!("groups {groups}");
                let actor = Actor::new("provider", Via::SignIn);
                record_act(transaction, &actor, Some(tenant), "groups-changed", Some(id), Some(&detail))?;
            }
            transaction.execute(
                "UPDATE sign_in_grants SET confirmed_at = ?, provider_token = ?
                 WHERE id = ? AND ended_at IS NULL",
                params![millis(now), confirmation.provider_token, id],
            )?;
            Ok(())
        })
    }

    /// Ends a sign-in, and with it all its tokens. It is no error if it has already ended.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn end_sign_in(&self, id: &str, why: EndReason, now: Timestamp) -> Result<(), StoreError> {
        self.write(|transaction| end(transaction, id, why, now))
    }

    /// Records that somebody was not let in. `detail` must not hold a secret.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn sign_in_refused(
        &self,
        tenant: &str,
        who: &str,
        client: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let actor = Actor::new(who, Via::SignIn);
            let (subject, detail) = (Some(client), Some(detail));
            record_act(
                transaction,
                &actor,
                Some(tenant),
                "sign-in-refused",
                subject,
                detail,
            )
        })
    }
}

/// Ends a sign-in within a transaction.
pub(super) fn end(
    transaction: &Transaction<'_>,
    id: &str,
    why: EndReason,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ended: Option<(String, i64, String)> = transaction
        .prepare_cached(
            "UPDATE sign_in_grants SET ended_at = ?, ended_because = ?, provider_token = NULL
             WHERE id = ? AND ended_at IS NULL RETURNING tenant, user, client",
        )?
        .query_row(params![millis(now), why.as_str(), id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((tenant, user, client)) = ended else {
        return Ok(());
    };
    governance_changed(transaction)?;
    let name: String = transaction.query_row(
        "SELECT name FROM sign_in_users WHERE id = ?",
        [user],
        |row| row.get(0),
    )?;
    let detail = format!("{}; client {client}", why.as_str());
    let actor = Actor::new(&name, Via::SignIn);
    record_act(
        transaction,
        &actor,
        Some(&tenant),
        "sign-in-ended",
        Some(id),
        Some(&detail),
    )
}

/// A client's name, with the host that vouches for it.
fn shown(client: &ClientRow) -> String {
    match &client.publisher {
        Some(publisher) => format!("{} of {publisher}", client.name),
        None => format!("{}, which registered itself", client.name),
    }
}

/// Makes every process read anew what it has read of sign-ins and policies.
pub(super) fn governance_changed(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute("UPDATE meta SET governance = governance + 1", [])?;
    Ok(())
}
