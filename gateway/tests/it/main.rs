//! The gateway over real sockets, with the built component and a stand-in for Gong.

mod admin_cli;
mod kill;
mod mcp;
mod reload;
mod store;
mod support;
