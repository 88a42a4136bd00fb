//! The limiter's memory: the state file.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::limiter::{Lease, Ledger};
use crate::store::Store;

/// One tenant's page in the state file.
#[derive(Clone, Debug)]
pub struct StoreLedger {
    store: Store,
    tenant: String,
}

impl StoreLedger {
    /// Of this tenant.
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
        let taken = self.taken(day)?;
        Ok(Lease { granted, taken })
    }

    fn give_back(&self, day: Date, unspent: u32) -> anyhow::Result<()> {
        Ok(self.store.give_back(&self.tenant, day, unspent)?)
    }

    fn taken(&self, day: Date) -> anyhow::Result<u32> {
        Ok(self.store.quota(&self.tenant, day)?.used)
    }

    fn close_until(&self, until: Timestamp) -> anyhow::Result<()> {
        Ok(self.store.block(&self.tenant, until)?)
    }

    fn closed_until(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.store.blocked_until(&self.tenant)?)
    }
}
