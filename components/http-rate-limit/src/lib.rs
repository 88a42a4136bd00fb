//! Keeps the HTTP requests of any number of replicas to one rate.
//!
//! It exports `wasi:http/outgoing-handler` and imports the same: wac puts it between a component
//! that sends requests and its host. Each request takes its turn in a key-value store
//! (`wasi:keyvalue`) that all replicas share, waits for it, and is passed on as it is. Who is asked,
//! and for what, it does not know.
//!
//! | module | concern |
//! |---|---|
//! | [`settings`] | what the environment says |
//! | [`tickets`] | taking turns: what is in the store, and what that guarantees |
//! | `transport` | WASI, the only one that names it |
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(target_family = "wasm")]
use component_runtime as _;

#[cfg(target_family = "wasm")]
mod bindings;
pub mod settings;
pub mod tickets;
#[cfg(target_family = "wasm")]
mod transport;
