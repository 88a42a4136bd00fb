//! What replicas of a component share: a key-value store of the host's (`wasi:keyvalue`), and an
//! order in which they use it.
//!
//! | module | concern |
//! |---|---|
//! | [`host`] | the store, the clocks and sleeping, as a trait |
//! | [`queue`] | one replica at a time: tickets, by a counter in the store |
//! | [`settings`] | reading environment variables |
//! | `wasi` | the host, by WASI |
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(target_family = "wasm")]
mod bindings;
pub mod host;
pub mod queue;
pub mod settings;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(target_family = "wasm")]
pub mod wasi;
