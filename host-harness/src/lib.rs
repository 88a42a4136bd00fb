//! Runs a component that exports `gong:tools/mcp-tools` in a sandbox, and serves its tools over MCP.
//!
//! | module | concern |
//! |---|---|
//! | [`component`] | building the artefacts and finding them |
//! | [`compose`] | one component of two |
//! | [`dist`] | the artefacts with all that somebody needs who runs them elsewhere |
//! | [`sandbox`] | one fresh instance per call, within [`Limits`] |
//! | [`gate`] | when the guest's requests may leave, for a host that shares a limit among calls |
//! | [`outbound`] | the one origin that the guest may reach, and the connections to it |
//! | [`selection`] | which tools are shown: toolsets, read-only |
//! | [`mcp`] | the tools as an MCP server, over stdio and Streamable HTTP |
//! | [`out`] | printing for people, for commands on this library |
//!
//! What the guest gets is all there is: `wasi:io`, `wasi:clocks`, `wasi:cli/environment`
//! (holding what [`Run::env`] says, nothing of the host's own) and `wasi:http` as a client of
//! one origin. No files, sockets, standard streams or random numbers: a component that
//! imports more does not load.
//!
//! Nothing here knows Gong or tenants. A gateway keeps one [`Sandbox`] for all its tenants
//! and one [`Outbound`] for each.

mod bindings;
pub mod component;
pub mod compose;
pub mod dist;
mod exchanges;
pub mod gate;
pub mod mcp;
pub mod out;
pub mod outbound;
pub mod sandbox;
pub mod selection;

pub use gate::{Gate, Refused};
pub use mcp::McpServer;
pub use outbound::Outbound;
pub use sandbox::{Limits, Run, Sandbox, SandboxError, Stopped, Tool, ToolResult, Usage};
pub use selection::{Selection, Toolsets};
