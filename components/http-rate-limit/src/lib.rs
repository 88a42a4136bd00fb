//! Keeps the HTTP requests of any number of replicas to one rate.
//!
//! It exports `wasi:http/outgoing-handler` and imports the same: wac puts it between a component
//! that sends requests and its host. Each request draws a ticket from a key-value
//! store (`wasi:keyvalue`) that all replicas share, waits for its time, and is passed on unchanged.
//!
//! | module | concern |
//! |---|---|
//! | [`settings`] | environment variables |
//! | [`tickets`] | when a request may begin: what is in the store, and what that guarantees |
//! | `schedule` | the value in the store that says so |
//! | `transport` | the export |
//!
//! The store, the clocks and the order of tickets are in [`shared_store`].
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(target_family = "wasm")]
use component_runtime as _;

#[cfg(target_family = "wasm")]
mod bindings;
mod schedule;
pub mod settings;
pub mod tickets;
#[cfg(target_family = "wasm")]
mod transport;
