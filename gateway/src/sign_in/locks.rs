//! One refresh of a sign-in at a time: the provider's own refresh token may be used once only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// A lock for each sign-in that is being refreshed.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<HashMap<String, Arc<AsyncMutex<()>>>>);

impl Locks {
    /// Waits for the turn of a refresh, which lasts until the guard is dropped.
    pub(super) async fn lock(&self, sign_in: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(sign_in.to_owned()).or_default())
        };
        lock.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn turns_are_for_each_sign_in() {
        let locks = Locks::default();
        let first = locks.lock("one").await;
        let _other = locks.lock("two").await;
        let waits = tokio::time::timeout(Duration::from_millis(20), locks.lock("one"));
        assert!(waits.await.is_err());
        drop(first);
        let _second = locks.lock("one").await;
        drop(_other);
        let _third = locks.lock("three").await;
        assert_eq!(locks.0.lock().unwrap().len(), 2);
    }
}
