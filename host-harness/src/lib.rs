//! Serves the tools of a sandboxed component over MCP.
//!
//! | module | concern |
//! |---|---|
//! | [`limiter`] | one limit of requests a second for all calls |
//! | [`mcp`] | the tools as an MCP server, over stdio and Streamable HTTP |
//! | [`selection`] | which tools are shown: toolsets, read-only |
//! | [`out`] | printing for people, for commands on this library |
//!
//! The `_meta` keys that [`mcp`] adds to tools are named after this project; nothing else here
//! depends on what the tools do.

pub mod limiter;
pub mod mcp;
pub mod out;
pub mod selection;

pub use mcp::McpServer;
pub use selection::{Selection, Toolsets};
