//! Hosts for tests: one with a time of its own, and one whose store threads share.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "tests read the code"
)]

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::cell::{Cell, RefCell};
use std::{
    sync::Mutex,
    time::{Duration, Instant, SystemTime},
};

use crate::host::{Host, StoreError};

/// 2026-11-27T12:00:00Z.
pub const NOON: u64 = 1_795_780_800_000;

pub type Keys = BTreeMap<String, Vec<u8>>;

pub fn add_one(keys: &mut Keys, key: &str) -> u64 {
    let old = keys
        .get(key)
        .map_or("0", |value| str::from_utf8(value).unwrap());
    let new = old.parse::<u64>().unwrap() + 1;
    keys.insert(key.to_owned(), new.to_string().into_bytes());
    new
}

/// A store, and a time that passes by waiting and by using the store.
pub struct FakeHost {
    pub keys: RefCell<Keys>,
    pub now: Cell<u64>,
    /// How long each use of the store takes.
    pub round_trip: Cell<u64>,
    /// How long each reading of the clock takes.
    pub clock_read: Cell<u64>,
    /// What the next uses of the store fail with.
    pub failures: RefCell<Vec<StoreError>>,
    /// By how much the next waits last too long.
    pub oversleeps: RefCell<Vec<u64>>,
    pub forgets: bool,
}

impl FakeHost {
    #[expect(clippy::new_without_default, reason = "it begins at noon")]
    pub fn new() -> Self {
        Self {
            keys: RefCell::default(),
            now: Cell::new(NOON),
            round_trip: Cell::new(0),
            clock_read: Cell::new(0),
            failures: RefCell::default(),
            oversleeps: RefCell::default(),
            forgets: false,
        }
    }

    pub fn with(keys: &[(&str, &str)]) -> Self {
        let fake = Self::new();
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), value.as_bytes().to_vec());
        *fake.keys.borrow_mut() = keys.iter().map(owned).collect();
        fake
    }

    fn use_store(&self) -> Result<(), StoreError> {
        self.now.set(self.now.get() + self.round_trip.get());
        if self.forgets {
            self.keys.borrow_mut().clear();
        }
        self.failures.borrow_mut().pop().map_or(Ok(()), Err)
    }
}

impl Host for FakeHost {
    fn increment(&self, key: &str) -> Result<u64, StoreError> {
        self.use_store()?;
        Ok(add_one(&mut self.keys.borrow_mut(), key))
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.use_store()?;
        Ok(self.keys.borrow().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.use_store()?;
        self.keys
            .borrow_mut()
            .insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.use_store()?;
        self.keys.borrow_mut().remove(key);
        Ok(())
    }

    fn now(&self) -> u64 {
        let now = self.now.get();
        self.now.set(now + self.clock_read.get());
        now
    }

    fn elapsed(&self) -> u64 {
        self.now.get() - NOON + 77_000
    }

    fn sleep(&self, milliseconds: u64) {
        let more = self.oversleeps.borrow_mut().pop().unwrap_or_default();
        self.now.set(self.now.get() + milliseconds + more);
    }
}

/// A store that threads share, and the clocks of this machine.
pub struct SharedHost<'a> {
    pub keys: &'a Mutex<Keys>,
    pub start: Instant,
    /// By how much the clock is wrong.
    pub ahead: u64,
}

impl Host for SharedHost<'_> {
    fn increment(&self, key: &str) -> Result<u64, StoreError> {
        Ok(add_one(&mut self.keys.lock().unwrap(), key))
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.keys.lock().unwrap().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let mut keys = self.keys.lock().unwrap();
        keys.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.keys.lock().unwrap().remove(key);
        Ok(())
    }

    fn now(&self) -> u64 {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        now.as_millis() as u64 + self.ahead
    }

    fn elapsed(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    fn sleep(&self, milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }
}
