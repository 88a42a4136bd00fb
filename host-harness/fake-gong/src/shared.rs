//! Data that requests share and change.

use std::sync::{Mutex, MutexGuard};

/// A mutex that ignores poisoning: an operation checks everything before it changes anything, so
/// the data are good even if its thread panicked.
#[derive(Debug, Default)]
pub(crate) struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    /// Shares the data.
    pub(crate) fn new(data: T) -> Self {
        Self(Mutex::new(data))
    }

    /// Locks the data for one read or change.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(|error| error.into_inner())
    }
}
