//! The index of a tenant, for one call.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use sandbox::objects::{
    Condition, Object, ObjectName, ObjectStore, StoreFault, StoreLimits, StoreUsage, Version,
};

use super::TenantIndex;
use crate::call_gate::CallGate;

/// The index of a tenant, for one call.
#[derive(Debug)]
pub(crate) struct CallIndex {
    index: Arc<TenantIndex>,
    gate: Arc<CallGate>,
}

impl CallIndex {
    pub(crate) fn new(index: &Arc<TenantIndex>, gate: &Arc<CallGate>) -> Self {
        Self {
            index: Arc::clone(index),
            gate: Arc::clone(gate),
        }
    }
}

impl ObjectStore for CallIndex {
    fn get(&self, name: &ObjectName) -> Result<Option<Object>, StoreFault> {
        self.index.check()?;
        self.index.store.get(name)
    }

    fn put(
        &self,
        name: &ObjectName,
        bytes: Bytes,
        condition: &Condition,
    ) -> Result<Version, StoreFault> {
        self.index.check()?;
        let version = self.index.store.put(name, bytes, condition)?;
        // It may have been emptied between the check and the end of the write.
        if let Err(fault) = self.index.check() {
            self.index
                .store
                .delete(name, &Condition::Is(Some(version)))?;
            return Err(fault);
        }
        self.gate.wrote_index.store(true, Ordering::Relaxed);
        Ok(version)
    }

    fn delete(&self, name: &ObjectName, condition: &Condition) -> Result<bool, StoreFault> {
        self.index.check()?;
        self.index.store.delete(name, condition)
    }

    fn usage(&self) -> Result<StoreUsage, StoreFault> {
        self.index.store.usage()
    }

    fn clear(&self) -> Result<(), StoreFault> {
        self.index.store.clear()
    }

    fn tidy(&self) -> Result<(), StoreFault> {
        self.index.store.tidy()
    }

    fn set_limits(&self, limits: StoreLimits) {
        self.index.store.set_limits(limits);
    }
}
