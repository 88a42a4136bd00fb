//! The commands.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use gateway::config::{FreshToken, schema};
use gateway::log;
use gateway::serve::{self, DEFAULT_DRAIN, Server};
use tokio::signal::unix::{SignalKind, signal};

#[cfg(feature = "demo")]
use crate::demo;
use crate::stdout;

mod admin;

/// Gong's API as MCP tools, for many companies and their users.
///
/// Each tool runs in a WebAssembly sandbox that sees no credentials. Administrators say who may
/// call what; every call is in the audit.
#[derive(Parser)]
#[command(version = gateway::component::version(), max_term_width = 100)]
pub(crate) struct Cli {
    /// How log lines are written, to standard error. RUST_LOG says which.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log: log::Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show governance, signing in, limits and audit, on stand-ins for two companies' Gong.
    #[cfg(feature = "demo")]
    Demo,
    /// Serve the tenants of a configuration, and follow it as it changes.
    Serve(Serve),
    /// Say everything for which `serve` would not start: in the configuration, in the secrets and
    /// files that it names, and on this machine.
    Check {
        #[command(flatten)]
        config: File,
    },
    Admin(Box<admin::Admin>),
    /// Print the JSON Schema of gateway.toml, for editors.
    Schema,
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
    /// While another gateway serves from the state file, stand by and begin when it ends or dies.
    #[arg(long)]
    wait: bool,
}

/// Runs a command.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // The demo shows failures in its answers, so it logs only errors.
    let filter = match cli.command {
        #[cfg(feature = "demo")]
        Command::Demo => "error",
        _ => log::DEFAULT_FILTER,
    };
    log::start(cli.log, filter);
    match cli.command {
        #[cfg(feature = "demo")]
        Command::Demo => demo::run().await?,
        Command::Serve(serve) => self::serve(&serve).await?,
        Command::Check { config } => return check(config.config).await,
        Command::Admin(admin) => return admin::run(*admin).await,
        Command::Schema => stdout::line(serde_json::to_string_pretty(&schema())?),
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
    let starting = async {
        if serve.wait {
            Server::stand_by(&serve.file.config).await
        } else {
            Server::start(&serve.file.config).await
        }
    };
    let server = tokio::select! {
        server = starting => server?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
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

async fn check(path: PathBuf) -> anyhow::Result<ExitCode> {
    let found = serve::check(&path).await?;
    for warning in &found.warnings {
        anstream::eprintln!("warning: {warning}");
    }
    for note in &found.notes {
        stdout::line(note);
    }
    if found.errors.is_empty() {
        stdout::line("ok");
        return Ok(ExitCode::SUCCESS);
    }
    anstream::eprintln!("{}", found.errors.join("\n"));
    Ok(ExitCode::FAILURE)
}
