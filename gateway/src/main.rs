//! Serves Gong's tools to many tenants.

mod cli;
mod demo;
mod out;

use std::process::ExitCode;

use clap::Parser as _;

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
