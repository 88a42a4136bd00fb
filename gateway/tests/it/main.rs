//! The gateway over real sockets, with the built component and a stand-in for Gong.

mod admin_cli;
mod browser;
mod demo;
mod http;
mod isolation;
mod kill;
mod limits;
mod mcp;
mod page;
mod reload;
mod secrets;
mod store;
mod support;
#[path = "../../../tests/it/wat.rs"]
mod wat;
