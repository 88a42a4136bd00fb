//! Serves Gong's tools to many tenants.

mod cli;
#[cfg(feature = "demo")]
mod demo;
mod stdout;

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("{}: {error:#}", stdout::failure("error"));
            ExitCode::FAILURE
        }
    }
}
