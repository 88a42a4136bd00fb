//! The host, by WASI.

use alloc::{string::String, vec::Vec};

use crate::{
    bindings::{
        keyvalue::{
            atomics,
            store::{self, Bucket},
        },
        wasi::{
            cli::environment,
            clocks::{monotonic_clock, wall_clock},
        },
    },
    host::{Host, StoreError},
};

const MILLISECOND: u64 = 1_000_000;

/// The environment variables.
pub fn variables() -> Vec<(String, String)> {
    environment::get_environment()
}

/// The host, with the store that it has by this name.
pub struct Wasi<'a> {
    /// The store's name.
    pub store: &'a str,
}

impl Wasi<'_> {
    fn open(&self) -> Result<Bucket, StoreError> {
        Ok(store::open(self.store)?)
    }
}

impl Host for Wasi<'_> {
    fn increment(&self, key: &str) -> Result<u64, StoreError> {
        let counted = atomics::increment(&self.open()?, key, 1)?;
        #[cfg_attr(
            not(feature = "draft2"),
            expect(
                clippy::useless_conversion,
                reason = "it is signed in one of the drafts"
            )
        )]
        u64::try_from(counted).map_err(|_| StoreError::Other)
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.open()?.get(key)?)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        Ok(self.open()?.set(key, value)?)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        Ok(self.open()?.delete(key)?)
    }

    fn now(&self) -> u64 {
        let now = wall_clock::now();
        now.seconds * 1_000 + u64::from(now.nanoseconds) / MILLISECOND
    }

    fn elapsed(&self) -> u64 {
        monotonic_clock::now() / MILLISECOND
    }

    fn sleep(&self, milliseconds: u64) {
        if milliseconds > 0 {
            monotonic_clock::subscribe_duration(milliseconds * MILLISECOND).block();
        }
    }
}

impl From<store::Error> for StoreError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NoSuchStore => Self::NoSuchStore,
            store::Error::AccessDenied => Self::AccessDenied,
            store::Error::Other(_) => Self::Other,
        }
    }
}
