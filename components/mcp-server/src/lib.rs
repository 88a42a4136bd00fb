//! Makes a component that exports `gong:tools/mcp-tools` and `gong:tools/mcp-guide` a whole MCP
//! server: over standard input and output (`wasi:cli/run`) and over Streamable HTTP
//! (`wasi:http/incoming-handler`), in the revision 2026-07-28 and those before it.
//!
//! It imports the two interfaces, and wac composes it with the component that exports them. It
//! knows MCP, and nothing of what the tools do.
//!
//! | module | concern |
//! |---|---|
//! | [`plug`] | the component that is served |
//! | [`settings`] | what the environment says |
//! | [`rpc`] | JSON-RPC: messages in, answers out |
//! | [`revision`] | the revisions of MCP |
//! | [`server`] | the methods of MCP |
//! | [`stdio`] | a message a line |
//! | [`http`] | Streamable HTTP without sessions; `headers` and `access` are what it checks |
//! | `transport` | WASI, the only one that names it |
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

#[cfg(target_family = "wasm")]
use component_runtime as _;

mod access;
mod bindings;
pub mod headers;
pub mod http;
pub mod plug;
mod results;
pub mod revision;
pub mod rpc;
pub mod server;
pub mod settings;
pub mod stdio;
#[cfg(test)]
mod tests;
#[cfg(target_family = "wasm")]
mod transport;

#[cfg(target_family = "wasm")]
mod exports {
    use wasi::{
        exports::{cli::run, http::incoming_handler},
        http::types::{IncomingRequest, ResponseOutparam},
    };

    use crate::transport;

    struct Component;

    impl run::Guest for Component {
        fn run() -> Result<(), ()> {
            transport::run()
        }
    }

    impl incoming_handler::Guest for Component {
        fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
            transport::handle(request, response_out);
        }
    }

    wasi::cli::command::export!(Component);
    wasi::http::proxy::export!(Component);
}
