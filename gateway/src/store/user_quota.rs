//! How many requests each user of a tenant has sent to Gong on a day.

use std::sync::Arc;

use jiff::civil::Date;
use rusqlite::params;
use serde::Serialize;

use super::{Store, StoreError};

/// What a user has sent on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRequests {
    /// The tenant.
    pub tenant: Arc<str>,
    /// The user.
    pub user: Arc<str>,
    /// The day (UTC).
    pub day: Date,
    /// All requests of the day so far.
    pub sent: u32,
}

/// What a user has used of a day's requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserQuota {
    /// The user's name.
    pub user: String,
    /// Requests that were sent.
    pub used: u32,
}

impl Store {
    /// Stores what users have sent, all or nothing. Doing it twice changes nothing.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn store_user_requests(&self, counts: &[UserRequests]) -> Result<(), StoreError> {
        if counts.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO user_quota (tenant, day, user, sent) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET sent = excluded.sent",
            )?;
            for count in counts {
                statement.execute(params![
                    count.tenant,
                    count.day.to_string(),
                    count.user,
                    count.sent
                ])?;
            }
            Ok(())
        })
    }

    /// What the users of a tenant have sent on a day, most first. Users without requests are not
    /// in it.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn user_requests(&self, tenant: &str, day: Date) -> Result<Vec<UserQuota>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT user, sent FROM user_quota WHERE tenant = ? AND day = ? AND sent > 0
                 ORDER BY sent DESC, user",
            )?;
            let rows = statement.query_map(params![tenant, day.to_string()], |row| {
                Ok(UserQuota {
                    user: row.get(0)?,
                    used: row.get(1)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
