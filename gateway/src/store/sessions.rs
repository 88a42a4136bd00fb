//! Administrators who are signed in at the page. Only hashes are stored.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::{Actor, Store, StoreError, Via, millis, record, timestamp};
use crate::config::TokenHash;

/// An administrator who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who it is.
    pub admin: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Store {
    /// Begins a session: its token's hash, whose it is, and the hash of the token that the
    /// administrator signed in with. [`Store::declare`] ends it when that is no longer theirs.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn open_session(
        &self,
        session: &TokenHash,
        admin: &str,
        admin_token: &TokenHash,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM sessions WHERE expires_at <= ?",
                [millis(Timestamp::now())],
            )?;
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
            record(transaction, &actor, None, "sign-in", None, None)
        })
    }

    /// The session of this hash, if it has not ended.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn session(&self, session: &TokenHash) -> Result<Option<Session>, StoreError> {
        self.read(|connection| {
            let found = connection
                .prepare_cached(
                    "SELECT admin, expires_at FROM sessions WHERE hash = ? AND expires_at > ?",
                )?
                .query_row(
                    params![session.to_string(), millis(Timestamp::now())],
                    |row| {
                        Ok(Session {
                            admin: row.get(0)?,
                            expires_at: timestamp(row.get(1)?),
                        })
                    },
                )
                .optional()?;
            Ok(found)
        })
    }

    /// Notes that somebody failed to sign in. `detail` never holds what was tried.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn sign_in_refused(&self, detail: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let actor = Actor::new("unknown", Via::Page);
            record(
                transaction,
                &actor,
                None,
                "sign-in-refused",
                None,
                Some(detail),
            )
        })
    }

    /// Ends a session; one that is no more is no error.
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
            record(transaction, &actor, None, "sign-out", None, None)
        })
    }
}
