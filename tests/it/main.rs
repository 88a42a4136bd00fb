//! Everything that is tested through the built component, the library that runs it, or the
//! binary: one test binary, so that it is linked once.

#![expect(clippy::print_stderr, reason = "tests say what they skip or bless")]

mod cli;
mod composed;
mod dist;
mod failures;
mod fixtures;
mod gate;
mod imports;
mod keyvalue;
mod mcp;
mod memory;
mod operations;
mod rate_limit;
mod replay;
mod sandbox;
mod server;
mod support;
mod tools;
mod typed_json;
mod typed_replay;
mod wat;
