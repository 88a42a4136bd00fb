//! Makes a component that exports `gong:tools/mcp-tools` and `gong:tools/mcp-guide` a whole MCP
//! server: over standard input and output (`wasi:cli/run`) and over Streamable HTTP
//! (`wasi:http/incoming-handler`), in the revision 2026-07-28 and those before it.
//!
//! It imports the two interfaces, and wac composes it with the component that exports them. It
//! knows MCP, and nothing of what the tools do.
//!
//! | module | concern |
//! |---|---|
//! | [`provider`] | the component that has the tools |
//! | [`settings`] | environment variables; [`selection`] and [`access_control`] are parts of them |
//! | [`jsonrpc`] | JSON-RPC: messages in, responses out |
//! | [`revision`] | the revisions of MCP |
//! | [`server`] | the methods of MCP; `request_meta` and `result_types` are their ends, `suggest` is for misspelt names |
//! | [`stdio`] | one message per line |
//! | [`http`] | Streamable HTTP without sessions |
//! | `transport` | the exports, and all calls into WASI |
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(target_family = "wasm")]
use component_runtime as _;

pub mod access_control;
mod bindings;
pub mod http;
pub mod jsonrpc;
pub mod provider;
mod request_meta;
mod result_types;
pub mod revision;
pub mod selection;
pub mod server;
pub mod settings;
pub mod stdio;
mod suggest;
#[cfg(test)]
mod tests;
#[cfg(target_family = "wasm")]
mod transport;
