//! Objects in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;

use super::{
    Condition, Object, ObjectName, ObjectStore, StoreClock, StoreFault, StoreLimits, StoreUsage,
    Version,
};

/// Bytes that an object counts beside its contents, so that many small ones are bounded too.
const OVERHEAD: u64 = 256;

/// Keeps objects in memory, for as long as the store lives.
pub struct MemoryStore {
    clock: StoreClock,
    state: Mutex<State>,
}

struct State {
    limits: StoreLimits,
    objects: BTreeMap<ObjectName, Kept>,
    /// The sizes of all objects.
    bytes: u64,
}

struct Kept {
    object: Object,
    written: SystemTime,
}

impl Kept {
    fn size(&self) -> u64 {
        self.object.bytes.len() as u64 + OVERHEAD
    }
}

impl MemoryStore {
    /// A store without objects.
    #[must_use]
    pub fn new(limits: StoreLimits, clock: StoreClock) -> Self {
        Self {
            clock,
            state: Mutex::new(State {
                limits,
                objects: BTreeMap::new(),
                bytes: 0,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object, unless it is too old.
    fn current<'s>(&self, state: &'s State, name: &ObjectName) -> Option<&'s Object> {
        let kept = state.objects.get(name)?;
        let fresh = self.clock.is_fresh(kept.written, state.limits);
        fresh.then_some(&kept.object)
    }

    fn forget_old(&self, state: &mut State) {
        let limits = state.limits;
        state
            .objects
            .retain(|_, kept| self.clock.is_fresh(kept.written, limits));
        state.bytes = state.objects.values().map(Kept::size).sum();
    }
}

impl ObjectStore for MemoryStore {
    fn get(&self, name: &ObjectName) -> Result<Option<Object>, StoreFault> {
        Ok(self.current(&self.lock(), name).cloned())
    }

    fn put(
        &self,
        name: &ObjectName,
        bytes: Bytes,
        condition: &Condition,
    ) -> Result<Version, StoreFault> {
        let mut state = self.lock();
        condition.check(self.current(&state, name).map(|object| object.version))?;
        let version = Version::new()?;
        let kept = Kept {
            object: Object { bytes, version },
            written: self.clock.now(),
        };
        let fits = |state: &State| {
            let replaced = state.objects.get(name).map_or(0, Kept::size);
            state.bytes - replaced + kept.size() <= state.limits.max_bytes
        };
        if !fits(&state) {
            self.forget_old(&mut state);
            if !fits(&state) {
                return Err(StoreFault::Full);
            }
        }
        state.bytes += kept.size();
        if let Some(replaced) = state.objects.insert(name.clone(), kept) {
            state.bytes -= replaced.size();
        }
        Ok(version)
    }

    fn delete(&self, name: &ObjectName, condition: &Condition) -> Result<bool, StoreFault> {
        let mut state = self.lock();
        let current = self.current(&state, name).map(|object| object.version);
        condition.check(current)?;
        if let Some(removed) = state.objects.remove(name) {
            state.bytes -= removed.size();
        }
        Ok(current.is_some())
    }

    fn usage(&self) -> Result<StoreUsage, StoreFault> {
        let mut usage = StoreUsage::default();
        for kept in self.lock().objects.values() {
            usage.add(kept.size(), Some(kept.written));
        }
        Ok(usage)
    }

    fn clear(&self) -> Result<(), StoreFault> {
        let mut state = self.lock();
        state.objects.clear();
        state.bytes = 0;
        Ok(())
    }

    fn tidy(&self) -> Result<(), StoreFault> {
        self.forget_old(&mut self.lock());
        Ok(())
    }

    fn set_limits(&self, limits: StoreLimits) {
        self.lock().limits = limits;
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("MemoryStore")
            .field("limits", &state.limits)
            .field("objects", &state.objects.len())
            .field("bytes", &state.bytes)
            .finish()
    }
}
