//! Codes, access tokens and refresh tokens, by their hashes.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::grants::{EndReason, end};
use crate::config::TokenHash;
use crate::sign_in::Scopes;
use crate::store::kill_switches::reason_of;
use crate::store::{Store, StoreError, millis, timestamp};

/// Tokens that are about to be issued.
#[derive(Clone, Debug)]
pub struct NewTokens {
    /// The hash of the access token.
    pub access: TokenHash,
    /// When it ends.
    pub access_ends: Timestamp,
    /// The hash of the refresh token.
    pub refresh: TokenHash,
    /// When it ends unless it is used.
    pub refresh_ends: Timestamp,
}

/// What became of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// The tokens are issued, for these scopes.
    Issued(Scopes),
    /// There is no such code, it has ended, or it is for another client, redirect URI or verifier.
    Invalid,
    /// It was used before, so the sign-in has ended.
    Reused,
}

/// The sign-in of a refresh token.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its id.
    pub id: String,
    /// The client.
    pub client: String,
    /// What the person has consented to.
    pub scopes: Scopes,
    /// When the provider last confirmed who it is.
    pub confirmed_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// The provider's refresh token, encrypted.
    pub provider_token: Option<Vec<u8>>,
    /// Who it is for the provider.
    pub subject: String,
}

/// Whether a refresh token may be used.
#[derive(Clone, Debug)]
pub enum RefreshState {
    /// It may.
    Usable(Family),
    /// There is none, it has ended, or it is another client's.
    Invalid,
    /// It was replaced a while ago, so the sign-in has ended.
    Reused,
    /// The person or the client is switched off. The clause says why.
    Off(String),
}

/// A code, as the client presents it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PresentedCode<'a> {
    pub(crate) hash: &'a TokenHash,
    pub(crate) tenant: &'a str,
    pub(crate) client: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) resource: &'a str,
    /// The challenge that the client's verifier makes.
    pub(crate) challenge: &'a str,
}

impl Store {
    /// Exchanges a code for tokens, once.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub(crate) fn redeem_code(
        &self,
        code: PresentedCode<'_>,
        tokens: &NewTokens,
        now: Timestamp,
    ) -> Result<Redemption, StoreError> {
        self.write(|transaction| {
            let found = transaction
                .prepare_cached(
                    "SELECT c.sign_in, c.expires_at, c.used_at, g.scopes,
                     c.redirect_uri = ? AND c.challenge = ? AND g.client = ? AND g.resource = ? AS fits
                     FROM sign_in_codes c JOIN sign_in_grants g ON g.id = c.sign_in
                     WHERE c.hash = ? AND g.tenant = ? AND g.ended_at IS NULL",
                )?
                .query_row(
                    params![
                        code.redirect_uri,
                        code.challenge,
                        code.client,
                        code.resource,
                        code.hash.to_string(),
                        code.tenant
                    ],
                    |row| {
                        Ok((
                            row.get::<_, String>("sign_in")?,
                            timestamp(row.get("expires_at")?),
                            row.get::<_, Option<i64>>("used_at")?,
                            row.get::<_, String>("scopes")?,
                            row.get::<_, bool>("fits")?,
                        ))
                    },
                )
                .optional()?;
            let Some((sign_in, expires_at, used_at, scopes, fits)) = found else {
                return Ok(Redemption::Invalid);
            };
            // Whoever comes second, one of the two has stolen it.
            if used_at.is_some() {
                end(transaction, &sign_in, EndReason::CodeReused, now)?;
                return Ok(Redemption::Reused);
            }
            if expires_at <= now || !fits {
                return Ok(Redemption::Invalid);
            }
            let sql = "UPDATE sign_in_codes SET used_at = ? WHERE hash = ?";
            transaction.execute(sql, params![millis(now), code.hash.to_string()])?;
            insert(transaction, &sign_in, &scopes, tokens)?;
            Ok(Redemption::Issued(Scopes::parse(&scopes)))
        })
    }

    /// The sign-in of a refresh token. One that was replaced before `grace_begins` ends it.
    ///
    /// # Errors
    ///
    /// The file could not be read or written.
    pub(crate) fn find_refresh_token(
        &self,
        hash: &TokenHash,
        tenant: &str,
        client: &str,
        now: Timestamp,
        grace_begins: Timestamp,
    ) -> Result<RefreshState, StoreError> {
        self.write(|transaction| {
            let found = transaction
                .prepare_cached(
                    "SELECT t.expires_at, t.replaced_at, g.*, u.subject, u.name
                     FROM sign_in_tokens t JOIN sign_in_grants g ON g.id = t.sign_in
                     JOIN sign_in_users u ON u.id = g.user
                     WHERE t.hash = ? AND t.kind = 'refresh' AND g.tenant = ? AND g.client = ?
                     AND g.ended_at IS NULL",
                )?
                .query_row(params![hash.to_string(), tenant, client], |row| {
                    let scopes: String = row.get("scopes")?;
                    let family = Family {
                        id: row.get("id")?,
                        client: row.get("client")?,
                        scopes: Scopes::parse(&scopes),
                        confirmed_at: timestamp(row.get("confirmed_at")?),
                        ends_at: timestamp(row.get("ends_at")?),
                        provider_token: row.get("provider_token")?,
                        subject: row.get("subject")?,
                    };
                    let replaced_at: Option<i64> = row.get("replaced_at")?;
                    let expires_at = timestamp(row.get("expires_at")?);
                    let name: String = row.get("name")?;
                    Ok((family, name, replaced_at.map(timestamp), expires_at))
                })
                .optional()?;
            let Some((family, name, replaced_at, expires_at)) = found else {
                return Ok(RefreshState::Invalid);
            };
            if replaced_at.is_some_and(|at| at < grace_begins) {
                end(transaction, &family.id, EndReason::RefreshReused, now)?;
                return Ok(RefreshState::Reused);
            }
            if expires_at <= now || family.ends_at <= now {
                return Ok(RefreshState::Invalid);
            }
            Ok(match reason_of(transaction, tenant, client, &name)? {
                Some(why) => RefreshState::Off(why),
                None => RefreshState::Usable(family),
            })
        })
    }

    /// Issues tokens in place of a refresh token. Returns whether the sign-in is still alive.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub(crate) fn rotate(
        &self,
        used: &TokenHash,
        family: &Family,
        scopes: &Scopes,
        tokens: &NewTokens,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let alive = transaction.execute(
                "UPDATE sign_in_grants SET used_at = ? WHERE id = ? AND ended_at IS NULL",
                params![millis(now), family.id],
            )?;
            if alive == 0 {
                return Ok(false);
            }
            transaction.execute(
                "UPDATE sign_in_tokens SET replaced_at = coalesce(replaced_at, ?) WHERE hash = ?",
                params![millis(now), used.to_string()],
            )?;
            transaction.execute(
                "UPDATE sign_in_clients SET last_used_at = ?1,
                 state = CASE state WHEN 'hidden' THEN 'active' ELSE state END
                 WHERE (tenant, id) = (SELECT tenant, client FROM sign_in_grants WHERE id = ?2)",
                params![millis(now), family.id],
            )?;
            insert(transaction, &family.id, &scopes.to_string(), tokens)?;
            Ok(true)
        })
    }

    /// The sign-in that a token of a client is of, whatever its kind.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub(crate) fn sign_in_of_token(
        &self,
        hash: &TokenHash,
        tenant: &str,
        client: Option<&str>,
    ) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            let found = connection
                .prepare_cached(
                    "SELECT g.id FROM sign_in_tokens t JOIN sign_in_grants g ON g.id = t.sign_in
                     WHERE t.hash = ? AND g.tenant = ? AND g.client = coalesce(?, g.client)",
                )?
                .query_row(params![hash.to_string(), tenant, client], |row| row.get(0))
                .optional()?;
            Ok(found)
        })
    }
}

fn insert(
    transaction: &Transaction<'_>,
    sign_in: &str,
    scopes: &str,
    tokens: &NewTokens,
) -> Result<(), StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO sign_in_tokens (hash, sign_in, kind, scopes, expires_at) VALUES (?, ?, ?, ?, ?)",
    )?;
    for (hash, kind, ends) in [
        (&tokens.access, "access", tokens.access_ends),
        (&tokens.refresh, "refresh", tokens.refresh_ends),
    ] {
        insert.execute(params![
            hash.to_string(),
            sign_in,
            kind,
            scopes,
            millis(ends)
        ])?;
    }
    Ok(())
}
