//! Sessions of administrators at the page. Only hashes of their secrets are stored.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::{Actor, Store, StoreError, Via, millis, record_act, timestamp};
use crate::config::TokenHash;

/// The session of an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The administrator's name.
    pub admin: String,
    /// The hash of the token that they signed in with, as text.
    pub admin_token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Refused tokens of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedTokens {
    /// What they were for.
    pub via: Via,
    /// The address, or a text in place of many.
    pub address: String,
    /// How many, and in which time. It must not hold a token.
    pub detail: String,
}

impl Store {
    /// Begins a session at the time `now`. `session` is the hash of its secret, `admin_token` that of the token
    /// that the administrator signed in with: [`Store::declare`] ends the session when the
    /// administrator has another token.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn open_session(
        &self,
        session: &TokenHash,
        admin: &str,
        admin_token: &TokenHash,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE expires_at <= ?", [millis(now)])?;
            transaction.execute(
                "INSERT INTO sessions (hash, admin, admin_token, expires_at) VALUES (?, ?, ?, ?)",
                params![
                    session.to_string(),
                    admin,
                    admin_token.to_string(),
                    millis(expires_at)
                ],
            )?;
            let actor = Actor::new(admin, Via::Page);
            record_act(transaction, &actor, None, "sign-in", None, None)
        })
    }

    /// The session with this hash, if it has not ended at the time `now`.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn session(
        &self,
        session: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        self.read(|connection| {
            let found = connection
                .prepare_cached(
                    "SELECT admin, admin_token, expires_at FROM sessions WHERE hash = ? AND expires_at > ?",
                )?
                .query_row(params![session.to_string(), millis(now)], |row| {
                    Ok(Session {
                        admin: row.get(0)?,
                        admin_token: row.get(1)?,
                        expires_at: timestamp(row.get(2)?),
                    })
                })
                .optional()?;
            Ok(found)
        })
    }

    /// Ends all sessions and access tokens, because the time by which they end has changed.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn end_all_sessions(&self) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM sessions", [])?;
            transaction.execute("DELETE FROM administrator_sessions", [])?;
            transaction.execute("DELETE FROM administrator_codes", [])?;
            transaction.execute("DELETE FROM sign_in_tokens WHERE kind = 'access'", [])?;
            Ok(())
        })
    }

    /// Records requests and sign-ins with a wrong token.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn tokens_refused(&self, refused: &[RefusedTokens]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for one in refused {
                let actor = Actor::new("unknown", one.via);
                let act = match one.via {
                    Via::Page | Via::SignIn => "sign-in-refused",
                    _ => "token-refused",
                };
                let (subject, detail) = (Some(&*one.address), Some(&*one.detail));
                record_act(transaction, &actor, None, act, subject, detail)?;
            }
            Ok(())
        })
    }

    /// Ends a session. It is no error if it has already ended.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn close_session(&self, session: &TokenHash) -> Result<(), StoreError> {
        self.write(|transaction| {
            let admin: Option<String> = transaction
                .query_row(
                    "DELETE FROM sessions WHERE hash = ? RETURNING admin",
                    [session.to_string()],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(admin) = admin else { return Ok(()) };
            let actor = Actor::new(&admin, Via::Page);
            record_act(transaction, &actor, None, "sign-out", None, None)
        })
    }
}
