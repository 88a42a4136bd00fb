//! Runs a component that exports `gong:tools/mcp-tools`: one fresh instance a call, within
//! [`Limits`], with one origin to send requests to.
//!
//! | module | holds |
//! |---|---|
//! | [`outbound`] | the network: which origin, which addresses, whose credentials |
//! | [`gate`] | when requests may leave, for a host whose calls share a limit |
//! | [`objects`] | what a component may keep between calls, where the host gives it a place |
//!
//! A component gets `wasi:io`, `wasi:clocks`, `wasi:cli/environment` (with the variables in
//! [`Run::env`], none of the host's own) and `wasi:http` as a client of one origin. It gets no
//! files, sockets, standard streams or random numbers: a component that imports more does not
//! load.
//!
//! A call's requests are held to the operations that its tool lists; another one ends the call.
//!
//! Nothing here depends on what the tools do, on how MCP transports them, or on who calls
//! them. A gateway keeps one [`Sandbox`] for all its tenants and one [`Outbound`] for each.

mod bindings;
mod cache;
mod cpu;
mod engine;
mod error;
mod exchanges;
pub mod gate;
mod guest;
mod imports;
mod limits;
pub mod objects;
mod operations;
pub mod outbound;
mod run;
mod sandbox;

pub use bindings::exports::gong::tools::mcp_guide::{
    GuideError, Prompt, PromptArgument, Resource, ResourceResult,
};
pub use bindings::exports::gong::tools::mcp_tools::{Annotations, Classification, Effect, Tool};
pub use error::{SandboxError, Stopped};
pub use gate::{Gate, Refused};
pub use imports::imports;
pub use limits::{Limits, Usage};
pub use outbound::Outbound;
pub use run::{Env, Run, is_quoted};
pub use sandbox::{Sandbox, ToolResult};
