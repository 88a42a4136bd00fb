//! The tests that go through the built components or the binary `host-harness`. They are one
//! test binary, so that it is linked once.
//!
//! | module | tests |
//! |---|---|
//! | `tools` | every tool through `gong-mcp.wasm`, on the stand-in for Gong |
//! | `replay` | the fixtures in `tests/fixtures/` through `gong-mcp.wasm` |
//! | `operations` | which of Gong's operations each tool sends: `tests/operations.txt` |
//! | `failures` | what tools say when Gong refuses, is slow or breaks off |
//! | `composed` | the tools that combine many calls, on a busy company |
//! | `index` | the index of calls: filled, asked, and a million calls in 64 MiB |
//! | `memory` | how much memory tools and long-lived instances need |
//! | `sandbox` | the limits of a call, with components written for the purpose (`wat`) |
//! | `undeclared` | requests that a tool does not state |
//! | `gate` | requests that wait for a gate of the host |
//! | `imports` | what the components import, against golden files in `imports/` |
//! | `mcp` | `host-harness` as an MCP server: transports, revisions, listing, cancelling |
//! | `cli` | the binary `host-harness` on the command line |
//! | `server` | `gong-server.wasm`, and what the servers import |
//! | `stateless` | requests without a session, for all servers alike |
//! | `rate_limit` | replicas that share a rate limit |
//! | `object_store` | replicas that share an index, and the component that keeps it |
//! | `keyvalue` | the store by which they share |
//!
//! Elsewhere: `tests/dist.rs` tests the distribution, `tests/hosts/` runs it in hosts that
//! others make, `gateway/tests/` and `host-harness/fake-gong/tests/` test these crates as
//! wholes, and each module has its own unit tests.

#![expect(clippy::print_stderr, reason = "tests say what they skip or bless")]

mod cli;
mod composed;
mod failures;
mod fixtures;
mod gate;
mod imports;
mod index;
mod keyvalue;
mod mcp;
mod memory;
mod object_store;
mod operations;
mod rate_limit;
mod replay;
mod sandbox;
mod server;
mod stateless;
mod support;
mod tools;
mod typed_json;
mod typed_replay;
mod undeclared;
mod wat;
