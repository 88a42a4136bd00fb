//! What the limiter remembers across restarts.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::store::Store;

/// Where the limiter keeps what it must remember. The methods block. When one returns, its
/// result is on the disk.
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Leases up to `at_most` of the day's `per_day` requests.
    ///
    /// # Errors
    ///
    /// The lease can not be written.
    fn lease(&self, day: Date, at_most: u32, per_day: u32) -> anyhow::Result<Lease>;

    /// Gives back requests that were leased and not sent.
    ///
    /// # Errors
    ///
    /// This can not be written.
    fn give_back(&self, day: Date, unsent: u32) -> anyhow::Result<()>;

    /// How many of the day's requests are leased.
    ///
    /// # Errors
    ///
    /// The number can not be read.
    fn leased(&self, day: Date) -> anyhow::Result<u32>;

    /// How many of the day's requests each user has sent, some seconds ago.
    ///
    /// # Errors
    ///
    /// The numbers can not be read.
    fn user_requests(&self, day: Date) -> anyhow::Result<Vec<(String, u32)>>;

    /// Remembers that Gong wants no request before `until`. A later time that is already known
    /// stays.
    ///
    /// # Errors
    ///
    /// The time can not be written.
    fn block_until(&self, until: Timestamp) -> anyhow::Result<()>;

    /// Until when Gong wants no request.
    ///
    /// # Errors
    ///
    /// The time can not be read.
    fn blocked_until(&self) -> anyhow::Result<Option<Timestamp>>;
}

/// The result of leasing requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// How many were leased. 0 when the day's requests are used up.
    pub granted: u32,
    /// How many of the day's requests are leased now, including these.
    pub leased: u32,
}

/// The state file as the ledger of one tenant.
#[derive(Clone, Debug)]
pub struct StoreLedger {
    store: Store,
    tenant: String,
}

impl StoreLedger {
    /// The ledger of this tenant.
    #[must_use]
    pub fn new(store: &Store, tenant: &str) -> Self {
        Self {
            store: store.clone(),
            tenant: tenant.to_owned(),
        }
    }
}

impl Ledger for StoreLedger {
    fn lease(&self, day: Date, at_most: u32, per_day: u32) -> anyhow::Result<Lease> {
        let granted = self.store.lease(&self.tenant, day, at_most, per_day)?;
        let leased = self.leased(day)?;
        Ok(Lease { granted, leased })
    }

    fn give_back(&self, day: Date, unsent: u32) -> anyhow::Result<()> {
        Ok(self.store.give_back(&self.tenant, day, unsent)?)
    }

    fn leased(&self, day: Date) -> anyhow::Result<u32> {
        Ok(self.store.leased(&self.tenant, day)?)
    }

    fn user_requests(&self, day: Date) -> anyhow::Result<Vec<(String, u32)>> {
        let users = self.store.user_requests(&self.tenant, day)?;
        Ok(users.into_iter().map(|one| (one.user, one.used)).collect())
    }

    fn block_until(&self, until: Timestamp) -> anyhow::Result<()> {
        Ok(self.store.block(&self.tenant, until)?)
    }

    fn blocked_until(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.store.blocked_until(&self.tenant)?)
    }
}
