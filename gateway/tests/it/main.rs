//! The gateway over real sockets, with the built component and a stand-in for Gong.

mod mcp;
mod reload;
mod support;
