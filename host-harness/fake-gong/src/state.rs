//! What writes have changed since the company was founded.
//!
//! [`crate::Company`] stays as it was founded; reads lay over it what is in here. Each noun
//! has its own part, in a file of its own under `state/`.

use std::sync::{Mutex, MutexGuard};

/// Everything that writes have changed, noun by noun.
#[derive(Debug, Default)]
pub(crate) struct State {}

/// Something that requests share and change.
#[allow(dead_code, reason = "the operations that write come next")]
#[derive(Debug, Default)]
pub(crate) struct Shared<T>(Mutex<T>);

#[allow(dead_code, reason = "the operations that write come next")]
impl<T> Shared<T> {
    /// Takes it for one change or one read that must see no half change. A lock whose holder
    /// panicked is still good: an operation checks everything before it changes anything.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(|error| error.into_inner())
    }
}
