//! Runs Gong's tools in a sandbox: as an MCP server, one call at a time, or as a demo.

mod cli;
mod demo;
mod settings;

use std::process::ExitCode;

use clap::Parser as _;
use host_harness::out;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("{}: {error:#}", out::failure("error"));
            ExitCode::FAILURE
        }
    }
}
