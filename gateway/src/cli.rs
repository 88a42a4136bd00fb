//! The commands.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use gateway::config::FreshToken;
use gateway::log;
use gateway::serve::{self, DEFAULT_DRAIN, Server};
use tokio::signal::unix::{SignalKind, signal};

use crate::{demo, stdout};

mod admin;

/// Gong's API as MCP tools, for many companies and their users.
///
/// Each tool runs in a WebAssembly sandbox that sees no credentials. Administrators say who may
/// call what; every call is in the audit.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    /// How log lines are written, to standard error. RUST_LOG says which.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log: log::Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show governance, limits and audit, on stand-ins for two companies' Gong.
    Demo,
    /// Serve the tenants of a configuration, and follow it as it changes.
    Serve(Serve),
    /// Say everything that is wrong with a configuration, secrets that are not there included.
    Check {
        #[command(flatten)]
        config: File,
    },
    Admin(Box<admin::Admin>),
    /// Make a bearer token: the token once, for its user, and its hash, for gateway.toml.
    Token,
}

/// The configuration file.
#[derive(Args)]
struct File {
    /// The configuration.
    #[arg(
        long,
        value_name = "PATH",
        env = "GONG_GATEWAY_CONFIG",
        default_value = "gateway.toml"
    )]
    config: PathBuf,
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    file: File,
    /// How many seconds calls may go on after a signal to stop.
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_DRAIN.as_secs())]
    drain: u64,
}

/// Runs a command.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // The demo shows failures in its answers, so it logs only errors.
    let demo = matches!(cli.command, Command::Demo);
    log::start(cli.log, if demo { "error" } else { log::DEFAULT_FILTER });
    match cli.command {
        Command::Demo => demo::run().await?,
        Command::Serve(serve) => self::serve(&serve).await?,
        Command::Check { config } => return check(&config.config),
        Command::Admin(admin) => return admin::run(*admin).await,
        Command::Token => {
            let fresh = FreshToken::generate();
            stdout::line(format_args!(
                "token  {}",
                stdout::bold(fresh.token.reveal().to_owned())
            ));
            stdout::line(format_args!("hash   {}", fresh.hash));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(serve: &Serve) -> anyhow::Result<()> {
    // Signals are caught before anything slow, so that an early one is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = Server::start(&serve.file.config).await?;
    let live = server.gateway.tenants.live();
    let scheme = live.config.listen.tls.as_ref().map_or("http", |_| "https");
    tracing::info!(
        tenants = live.tenants().count(),
        tools = server.gateway.catalog.component_tools.len(),
        "serving MCP at {scheme}://{}/mcp",
        server.address,
    );
    drop(live);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let shut_down = server.shut_down(Duration::from_secs(serve.drain));
    tokio::select! {
        result = shut_down => result,
        // A second Ctrl-C does not wait for calls.
        _ = interrupt.recv() => anyhow::bail!("stopped in a hurry: calls were cut off"),
    }
}

fn check(path: &Path) -> anyhow::Result<ExitCode> {
    match serve::check(path) {
        Ok(()) => {
            stdout::line("ok");
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            anstream::eprintln!("{errors:#}");
            Ok(ExitCode::FAILURE)
        }
    }
}
