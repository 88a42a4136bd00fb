//! The host's functions that replicas need. Tests have a host of their own.

use alloc::vec::Vec;

/// The store, the clocks and sleeping. Times are in milliseconds.
pub trait Host {
    /// Adds one to a counter, and returns the new value. A missing counter is 0.
    ///
    /// # Errors
    ///
    /// The store fails.
    fn increment(&self, key: &str) -> Result<u64, StoreError>;
    /// The value of a key. The store is opened anew: some hosts cache what an opened store has read.
    ///
    /// # Errors
    ///
    /// The store fails.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Sets the value of a key.
    ///
    /// # Errors
    ///
    /// The store fails.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Deletes a key, if it is there. Not one that is a counter: not every store counts well after.
    ///
    /// # Errors
    ///
    /// The store fails.
    fn delete(&self, key: &str) -> Result<(), StoreError>;
    /// The time since 1970.
    fn now(&self) -> u64;
    /// The time of a monotonic clock.
    fn elapsed(&self) -> u64;
    /// Waits.
    fn sleep(&self, milliseconds: u64);
}

/// Why the store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The host has no store with that name.
    NoSuchStore,
    /// The host does not let this component use it.
    AccessDenied,
    /// Anything else. The host's message is in its log.
    Other,
}
