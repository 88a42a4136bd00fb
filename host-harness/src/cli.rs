//! The commands.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use axum::serve::ListenerExt as _;
use clap::{Args, Parser, Subcommand};
use comfy_table::{Table, presets};
use fake_gong::FakeGong;
use host_harness::mcp::{self, Access, CLASSIFICATION, SCOPES, TOOLSET};
use host_harness::out;
use host_harness::{McpServer, Selection, Toolsets};
use rmcp::model::{Implementation, Tool};
use sandbox::{Run, Sandbox};
use tokio::signal;
use tokio_util::sync::CancellationToken;
use xtask::component::{self, Artefact};

use crate::settings::Index;
use crate::{demo, settings};

/// Gong's API as MCP tools, run in a WebAssembly sandbox.
///
/// The settings come from the environment: GONG_ACCESS_KEY and GONG_ACCESS_KEY_SECRET, and
/// where they differ from the default GONG_BASE_URL, GONG_AUTH, GONG_PRIVATE_CALLS,
/// GONG_METERED, GONG_INDEX_URL and GONG_TIMEOUT_SECONDS. With --demo none is needed.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    /// Run this component instead of building gong-mcp.wasm.
    #[arg(long, global = true, value_name = "PATH", env = "GONG_COMPONENT")]
    component: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what the tools do, on a stand-in for Gong with an invented company.
    Demo,
    /// Serve MCP for one person.
    Serve(Serve),
    /// List the tools.
    Tools {
        /// As MCP lists them.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Call one tool.
    Call {
        /// Such as gong_search_calls.
        tool: String,
        /// A JSON object; `-` reads it from standard input.
        #[arg(default_value = "{}")]
        arguments: String,
        /// Print the structured result.
        #[arg(long)]
        json: bool,
        /// Use a stand-in for Gong with an invented company.
        #[arg(long)]
        demo: bool,
        /// Keep the index of calls in this folder for the next call: what finds calls, people with
        /// addresses too, unencrypted and readable by you only.
        #[arg(long, value_name = "DIR")]
        index: Option<PathBuf>,
    },
    /// Run the stand-in for Gong by itself.
    FakeGong(StandIn),
}

/// With any of --accounts, --people, --sellers and --days-ahead the company is a grown one, as
/// large as a real one, and the others of them have the defaults of such a company.
#[derive(Args)]
struct StandIn {
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Refuse more than 3 requests a second, as Gong does.
    #[arg(long)]
    rate_limit: bool,
    /// Refuse more than so many requests a day; Gong has 10000.
    #[arg(long, value_name = "N")]
    daily_quota: Option<u32>,
    /// How many calls the company has had.
    #[arg(long, value_name = "N")]
    calls: Option<usize>,
    /// How many customers a grown company has, 5000 by default.
    #[arg(long, value_name = "N")]
    accounts: Option<usize>,
    /// How many people there are at them, 40000 by default.
    #[arg(long, value_name = "N")]
    people: Option<usize>,
    /// How many more of its own people a grown company has, 100 by default.
    #[arg(long, value_name = "N")]
    sellers: Option<usize>,
    /// For how many days calls are planned that appear as the clock is set.
    #[arg(long, value_name = "N")]
    days_ahead: Option<u32>,
    /// What everything is drawn from.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Let anybody who reaches the stand-in change the company and count requests, by POST
    /// /stand-in/changes and GET /stand-in/counts: for tests.
    #[arg(long)]
    control: bool,
}

impl StandIn {
    fn options(&self) -> fake_gong::Options {
        let defaults = stand_in_options();
        let grown = fake_gong::Grown::default();
        let is_grown = self.accounts.is_some()
            || self.people.is_some()
            || self.sellers.is_some()
            || self.days_ahead.is_some();
        fake_gong::Options {
            rate_limit: self.rate_limit,
            daily_quota: self.daily_quota,
            calls: self.calls.unwrap_or(defaults.calls),
            seed: self.seed.unwrap_or(defaults.seed),
            control: self.control,
            grown: is_grown.then(|| fake_gong::Grown {
                accounts: self.accounts.unwrap_or(grown.accounts),
                people: self.people.unwrap_or(grown.people),
                sellers: self.sellers.unwrap_or(grown.sellers),
                days_ahead: self.days_ahead.unwrap_or(grown.days_ahead),
            }),
            ..defaults
        }
    }
}

/// Which tools are shown.
#[derive(Args)]
struct Shown {
    /// `default`, `all`, or toolsets by name, such as default,stats.
    #[arg(long, value_name = "NAMES", env = "GONG_TOOLSETS")]
    toolsets: Option<Toolsets>,
    /// Run the component that can not change anything. Wins over everything else.
    #[arg(long, env = "GONG_READ_ONLY", value_parser = clap::builder::FalseyValueParser::new())]
    read_only: bool,
}

impl Shown {
    /// The selection, with `default` when no toolsets are named.
    fn selection(self, default: Toolsets) -> Selection {
        Selection {
            toolsets: self.toolsets.unwrap_or(default),
            read_only: self.read_only,
        }
    }
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    transport: Transport,
    #[command(flatten)]
    shown: Shown,
    /// Use a stand-in for Gong with an invented company.
    #[arg(long)]
    demo: bool,
    /// Keep the index of calls in this folder, beyond the end of the process: what finds calls, people
    /// with addresses too, unencrypted and readable by you only. Without it, it is in memory.
    #[arg(long, value_name = "DIR")]
    index: Option<PathBuf>,
    /// Keep no index of calls: every question is answered by reading from Gong.
    #[arg(long, conflicts_with = "index")]
    no_index: bool,
    /// Also answer requests to this host name. Whoever reaches the server acts as you: put it
    /// behind a proxy that checks who asks.
    #[arg(long, value_name = "HOST", requires = "http")]
    allow_host: Vec<String>,
}

impl Serve {
    fn index(&self) -> Index {
        match &self.index {
            Some(folder) => Index::Folder(folder.clone()),
            None if self.no_index => Index::None,
            None => Index::Memory,
        }
    }
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Transport {
    /// Over standard input and output.
    #[arg(long)]
    stdio: bool,
    /// Over Streamable HTTP, such as 127.0.0.1:8080, at the path /mcp.
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
}

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    log();
    let component = cli.component;
    match cli.command {
        Command::Demo => {
            let start = Instant::now();
            let (gong, run) = stand_in().await?;
            report("Started the stand-in for Gong", start, ALWAYS);
            anstream::eprintln!("Building the component; the first time takes minutes.");
            let sandbox = sandbox(component, false, ALWAYS).await?;
            demo::show(&sandbox, &run).await?;
            drop(gong);
        }
        Command::Serve(serve) => self::serve(component, serve).await?,
        Command::Tools { json, shown } => {
            let selection = shown.selection(Toolsets::all());
            let sandbox = sandbox(component, selection.read_only, WHEN_SLOW).await?;
            let tools = selection.select(sandbox.list_tools().await?)?;
            let tools = tools.into_iter().map(mcp::described);
            let tools: Vec<Tool> = tools.collect::<anyhow::Result<_>>()?;
            if json {
                out::line(serde_json::to_string_pretty(&tools)?);
            } else {
                out::line(table(&tools));
            }
        }
        Command::Call {
            tool,
            arguments,
            json,
            demo,
            index,
        } => {
            let (_gong, run) = run_for(demo).await?;
            // In memory nobody would ever read it.
            let index = index.map_or(Index::AsSet, Index::Folder);
            let run = settings::with_index(run, &index)?;
            return call(component, &run, &tool, arguments, json).await;
        }
        Command::FakeGong(stand_in) => fake(stand_in).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Logs go to standard error: standard output may carry MCP.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "warn,host_harness=info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .init();
}

/// Steps of starting up that take longer than this are reported.
const WHEN_SLOW: Duration = Duration::from_secs(2);
const ALWAYS: Duration = Duration::ZERO;

/// Says on standard error how long a step took, if it took longer than `shortest`.
fn report(step: &str, start: Instant, shortest: Duration) {
    let took = start.elapsed();
    if took > shortest {
        anstream::eprintln!("{step} in {took:.1?}.");
    }
}

/// Loads the component named on the command line, or builds the one for `read_only`.
async fn sandbox(
    component: Option<PathBuf>,
    read_only: bool,
    shortest: Duration,
) -> anyhow::Result<Sandbox> {
    tokio::task::spawn_blocking(move || {
        let path = match (component, read_only) {
            (Some(path), _) => path,
            (None, false) => component::build(Artefact::GongMcp)?,
            (None, true) => component::build(Artefact::GongMcpReadOnly)?,
        };
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let start = Instant::now();
        let sandbox = Sandbox::load(&bytes, settings::limits())
            .with_context(|| format!("cannot load {}", path.display()))?;
        report("Compiled the component for this machine", start, shortest);
        Ok(sandbox)
    })
    .await?
}

/// Requests are checked against Gong's OpenAPI document in tests only.
fn stand_in_options() -> fake_gong::Options {
    fake_gong::Options {
        openapi: fake_gong::OpenApi::Off,
        ..Default::default()
    }
}

async fn stand_in() -> anyhow::Result<(FakeGong, Run)> {
    let options = stand_in_options();
    let gong = FakeGong::start(([127, 0, 0, 1], 0).into(), options.clone()).await?;
    let run = settings::for_stand_in(&gong, &options)?;
    Ok((gong, run))
}

/// The settings, checked before anything slow, and the stand-in for `--demo`.
async fn run_for(demo: bool) -> anyhow::Result<(Option<FakeGong>, Run)> {
    Ok(if demo {
        let (gong, run) = stand_in().await?;
        (Some(gong), run)
    } else {
        (None, settings::from_environment()?)
    })
}

async fn call(
    component: Option<PathBuf>,
    run: &Run,
    tool: &str,
    mut arguments: String,
    json: bool,
) -> anyhow::Result<ExitCode> {
    if arguments == "-" {
        arguments.clear();
        std::io::stdin().read_to_string(&mut arguments)?;
    }
    let result = sandbox(component, false, WHEN_SLOW)
        .await?
        .call_tool(run, tool, &arguments)
        .await?;
    if result.is_error {
        anstream::eprintln!("{}", result.text);
        return Ok(ExitCode::FAILURE);
    }
    match result.structured {
        Some(structured) if json => out::line(structured),
        _ => out::line(result.text),
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(component: Option<PathBuf>, serve: Serve) -> anyhow::Result<()> {
    let (_gong, run) = run_for(serve.demo).await?;
    let run = settings::with_limiter(settings::with_index(run, &serve.index())?);
    if let Some(address) = serve.transport.http {
        ensure!(
            address.ip().is_loopback() || !serve.allow_host.is_empty(),
            "{address} can be reached from other machines, and whoever reaches it acts as you. \
             Listen on 127.0.0.1, or name the host that requests are addressed to with --allow-host."
        );
    }
    let selection = serve.shown.selection(Toolsets::default());
    let sandbox = Arc::new(sandbox(component, selection.read_only, WHEN_SLOW).await?);
    let implementation =
        Implementation::new("gong-tools", env!("CARGO_PKG_VERSION")).with_title("Gong");
    let server = McpServer::new(sandbox, run, implementation, &selection).await?;
    match serve.transport.http {
        Some(address) => serve_http(server, address, serve.allow_host).await,
        None => serve_stdio(server).await,
    }
}

async fn serve_stdio(server: McpServer) -> anyhow::Result<()> {
    tracing::info!(tools = server.tools().len(), "serving MCP over stdio");
    let service = mcp::stdio::serve(server, tokio::io::stdin(), tokio::io::stdout());
    let stop = service.cancellation_token();
    tokio::spawn(async move {
        stopped().await;
        stop.cancel();
    });
    service.waiting().await?;
    Ok(())
}

async fn serve_http(
    server: McpServer,
    address: SocketAddr,
    allow_host: Vec<String>,
) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    tracing::info!(
        tools = server.tools().len(),
        "serving MCP at http://{address}/mcp"
    );
    let mut access = Access::loopback();
    access.hosts.extend(allow_host);
    let stop = CancellationToken::new();
    let router = mcp::router(server, access, stop.clone());
    // The end of an answer does not wait until the client has acknowledged its begin, 40 ms later.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            stopped().await;
            stop.cancel();
        })
        .await?;
    Ok(())
}

/// Waits for ctrl-c, or for SIGTERM, which process managers send.
async fn stopped() {
    #[cfg(unix)]
    {
        let terminate = signal::unix::signal(signal::unix::SignalKind::terminate());
        let mut terminate = terminate.expect("SIGTERM can be handled");
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = signal::ctrl_c().await;
    }
}

async fn fake(stand_in: StandIn) -> anyhow::Result<()> {
    let options = stand_in.options();
    let start = Instant::now();
    let gong = FakeGong::start(stand_in.listen, options.clone()).await?;
    report("Started the stand-in for Gong", start, WHEN_SLOW);
    for (name, value) in settings::stand_in_variables(&gong, &options) {
        out::line(format_args!("export {name}={value}"));
    }
    anstream::eprintln!("The stand-in runs until ctrl-c.");
    stopped().await;
    let statuses = gong.tally().statuses;
    let counts: Vec<_> = statuses
        .iter()
        .map(|(status, count)| format!("{count} with {status}"))
        .collect();
    anstream::eprintln!("Requests answered: {}.", counts.join(", "));
    Ok(())
}

fn table(tools: &[Tool]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_header(["Name", "Title", "Class", "Toolset", "Scopes"]);
    for tool in tools {
        let meta = |key| tool.meta.as_ref().and_then(|meta| meta.0.get(key));
        let text = |key| {
            meta(key)
                .and_then(|value| value.as_str())
                .unwrap_or_default()
        };
        let lines = |key| {
            let items = meta(key).and_then(|items| items.as_array());
            let lines = items.into_iter().flatten().filter_map(|one| one.as_str());
            lines.collect::<Vec<_>>().join("\n")
        };
        table.add_row([
            &*tool.name,
            tool.title.as_deref().unwrap_or_default(),
            &*lines(CLASSIFICATION),
            text(TOOLSET),
            &*lines(SCOPES),
        ]);
    }
    table
}
