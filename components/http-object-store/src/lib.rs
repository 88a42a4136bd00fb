//! Answers HTTP requests for objects itself, by a key-value store that any number of replicas share.
//!
//! It exports what a component needs to send requests (`wasi:http` and the streams and clocks that
//! belong to it) and imports the same: wac puts it between a component that sends requests and its
//! host. Requests to one origin it answers from a key-value store (`wasi:keyvalue`): GET, PUT and
//! DELETE of objects, with ETags and preconditions. All others it passes on unchanged.
//!
//! | module | concern |
//! |---|---|
//! | [`settings`] | environment variables |
//! | [`http`] | a request and its response |
//! | [`precondition`] | `If-Match` and `If-None-Match` |
//! | [`objects`] | objects in the store, and one writer at a time |
//! | `directory` | which objects there are: the record of the queue of writers |
//! | `transport` | the exports, and WASI's HTTP |
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(target_family = "wasm")]
use component_runtime as _;

#[cfg(target_family = "wasm")]
mod bindings;
mod directory;
pub mod http;
pub mod objects;
pub mod precondition;
pub mod settings;
#[cfg(target_family = "wasm")]
mod transport;
