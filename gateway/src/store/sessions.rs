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
    /// When it ends.
    pub expires_at: Timestamp,
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
                    "SELECT admin, expires_at FROM sessions WHERE hash = ? AND expires_at > ?",
                )?
                .query_row(params![session.to_string(), millis(now)], |row| {
                    Ok(Session {
                        admin: row.get(0)?,
                        expires_at: timestamp(row.get(1)?),
                    })
                })
                .optional()?;
            Ok(found)
        })
    }

    /// Ends all sessions, because the time by which they end has changed.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn end_all_sessions(&self) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM sessions", [])?;
            Ok(())
        })
    }

    /// Records a failed sign-in. `detail` must not hold the token that was tried.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn sign_in_refused(&self, detail: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let actor = Actor::new("unknown", Via::Page);
            record_act(
                transaction,
                &actor,
                None,
                "sign-in-refused",
                None,
                Some(detail),
            )
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
