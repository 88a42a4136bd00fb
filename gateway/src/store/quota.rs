//! How many requests a tenant has sent to Gong on a day, and until when Gong wants none.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use super::lookup::require_tenant;
use super::{Store, StoreError, UserQuota, millis, timestamp};

/// How much of a day is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// The day (UTC).
    pub day: Date,
    /// Requests that were leased and not given back. At least as many as were sent.
    pub used: u32,
    /// Requests that the tenant may send on a day.
    pub limit: u32,
    /// Requests that can still be leased.
    pub left: u32,
    /// Until when Gong wants no requests, if that is in the future.
    pub blocked_until: Option<Timestamp>,
    /// Requests that one user may send on a day.
    pub user_limit: u32,
    /// What users have sent, most first, without those who have sent nothing.
    pub users: Vec<UserQuota>,
}

impl Store {
    /// Leases up to `block` of the day's `limit` requests, and returns how many. They count as
    /// used before they are sent: a crash may waste some of them, but none is sent twice.
    ///
    /// # Errors
    ///
    /// The file could not be written. No request may be sent then.
    pub fn lease(
        &self,
        tenant: &str,
        day: Date,
        block: u32,
        limit: u32,
    ) -> Result<u32, StoreError> {
        self.write(|transaction| {
            let leased: u32 = transaction
                .prepare_cached("SELECT leased FROM quota WHERE tenant = ? AND day = ?")?
                .query_row(params![tenant, day.to_string()], |row| row.get(0))
                .optional()?
                .unwrap_or(0);
            let granted = block.min(limit.saturating_sub(leased));
            if granted > 0 {
                transaction
                    .prepare_cached(
                        "INSERT INTO quota (tenant, day, leased) VALUES (?, ?, ?)
                         ON CONFLICT DO UPDATE SET leased = leased + excluded.leased",
                    )?
                    .execute(params![tenant, day.to_string(), granted])?;
            }
            Ok(granted)
        })
    }

    /// Gives back requests that were leased for `day` and not sent.
    ///
    /// # Errors
    ///
    /// The file could not be written, and the requests still count as used.
    pub fn give_back(&self, tenant: &str, day: Date, unused: u32) -> Result<(), StoreError> {
        if unused == 0 {
            return Ok(());
        }
        self.write(|transaction| {
            transaction.execute(
                "UPDATE quota SET leased = max(0, leased - ?) WHERE tenant = ? AND day = ?",
                params![unused, tenant, day.to_string()],
            )?;
            Ok(())
        })
    }

    /// Requests that are leased for a day, also of a tenant that is not declared yet.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn leased(&self, tenant: &str, day: Date) -> Result<u32, StoreError> {
        self.read(|connection| {
            let leased = connection
                .prepare_cached("SELECT leased FROM quota WHERE tenant = ? AND day = ?")?
                .query_row(params![tenant, day.to_string()], |row| row.get(0))
                .optional()?;
            Ok(leased.unwrap_or(0))
        })
    }

    /// How much of a day is used.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn quota(&self, tenant: &str, day: Date) -> Result<Quota, StoreError> {
        let used = self.quota_days(tenant, day, 1)?[0].1;
        let (limit, user_limit): (u32, u32) = self.read(|connection| {
            let sql = "SELECT requests_per_day, user_requests_per_day FROM tenants WHERE name = ?";
            Ok(connection.query_row(sql, [tenant], |row| Ok((row.get(0)?, row.get(1)?)))?)
        })?;
        Ok(Quota {
            day,
            used,
            limit,
            left: limit.saturating_sub(used),
            blocked_until: self.blocked_until(tenant)?,
            user_limit,
            users: self.user_requests(tenant, day)?,
        })
    }

    /// Used requests of the `days` days up to `last`, oldest first.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn quota_days(
        &self,
        tenant: &str,
        last: Date,
        days: u16,
    ) -> Result<Vec<(Date, u32)>, StoreError> {
        self.read(|connection| {
            require_tenant(connection, tenant)?;
            let mut statement = connection
                .prepare_cached("SELECT leased FROM quota WHERE tenant = ? AND day = ?")?;
            let mut used = Vec::with_capacity(days.into());
            for ago in (0..days).rev() {
                let day = last.saturating_sub(i64::from(ago).days());
                let leased = statement
                    .query_row(params![tenant, day.to_string()], |row| row.get(0))
                    .optional()?;
                used.push((day, leased.unwrap_or(0)));
            }
            Ok(used)
        })
    }

    /// Stores that Gong wants no request of the tenant before `until`. A later time that is
    /// already stored stays.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn block(&self, tenant: &str, until: Timestamp) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO blocks (tenant, until) VALUES (?, ?)
                 ON CONFLICT DO UPDATE SET until = max(until, excluded.until)",
                // Rounded up, so that no request is a fraction of a millisecond too early.
                params![tenant, millis(until + Duration::from_micros(999))],
            )?;
            Ok(())
        })
    }

    /// Until when Gong wants no request of the tenant. `None` when that has passed.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn blocked_until(&self, tenant: &str) -> Result<Option<Timestamp>, StoreError> {
        self.read(|connection| {
            let until = connection
                .prepare_cached("SELECT until FROM blocks WHERE tenant = ?")?
                .query_row([tenant], |row| row.get(0))
                .optional()?;
            Ok(until
                .map(timestamp)
                .filter(|until| *until > Timestamp::now()))
        })
    }
}
