//! What the sandbox costs, beside the same exchanges made natively, in one run:
//! `cargo bench -p gateway --bench sandbox`, of another build of the component with its path:
//! `-- OTHER.wasm`.
//!
//! The native side does the same work: it builds the request, sends it over the same pooled
//! client, and parses and shapes the answer, with the very code that the component is made
//! of. The stand-in has a process of its own and gives recorded answers, so that it is not what
//! is measured; one comparison has it compute them, as Gong does. Times depend on the machine, so
//! the ratios matter.

#![expect(
    clippy::print_stdout,
    reason = "the table, and what child processes tell their parent"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use fake_gong::{FakeGong, OpenApi, Options};
use sandbox::Env;
use sandbox::outbound::{Addresses, Policy, basic_authorization};
use sandbox::{Limits, Outbound, Run, Sandbox};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use xtask::component::{self, Artefact};

use crate::native::Native;

mod memory;
mod native;
mod speed;

/// A tool call that is measured.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) tool: &'static str,
    pub(crate) arguments: &'static str,
}

/// The smallest: one request, an answer of some hundred bytes.
pub(crate) const SMALL: Call = Call {
    tool: "gong_list_workspaces",
    arguments: "{}",
};

/// A page of what a model asks for most.
pub(crate) const TYPICAL: Call = Call {
    tool: "gong_search_calls",
    arguments: r#"{"from":"2026-03-01","to":"2026-03-16","limit":20}"#,
};

/// The environment of a call, as the gateway sets it.
pub(crate) fn variables(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("GONG_BASE_URL", url.to_owned()),
        ("GONG_AUTH", "host".to_owned()),
        ("GONG_PACE", "host".to_owned()),
    ]
}

/// The stand-in's `Authorization` header.
pub(crate) fn authorization() -> http::HeaderValue {
    let options = Options::default();
    basic_authorization(&options.access_key, &options.access_key_secret)
}

/// The kind of stand-in.
#[derive(Clone, Copy)]
pub(crate) enum Gong {
    /// Recorded answers over HTTP.
    Plain,
    /// Recorded answers over TLS.
    Tls,
    /// Answers made for each request, over TLS.
    Anew,
}

impl Gong {
    fn role(self) -> &'static str {
        match self {
            Self::Plain => "stand-in",
            Self::Tls => "stand-in-tls",
            Self::Anew => "stand-in-anew",
        }
    }

    /// Its name in the table.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Plain => "over plain HTTP",
            Self::Tls => "over TLS",
            Self::Anew => "over TLS, answers made anew",
        }
    }
}

/// The stand-in, in its own process.
pub(crate) struct StandIn {
    child: Child,
    pub(crate) gong: Gong,
    pub(crate) url: String,
    pub(crate) ca_pem: Option<String>,
}

impl StandIn {
    fn start(gong: Gong) -> anyhow::Result<Self> {
        let mut child = again(&[gong.role()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.as_mut().context("it is piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let input: serde_json::Value = serde_json::from_str(&line)?;
        Ok(Self {
            child,
            gong,
            url: input["url"]
                .as_str()
                .context("it tells its URL")?
                .to_owned(),
            ca_pem: input["ca"].as_str().map(str::to_owned),
        })
    }

    /// Another tenant, with its own connections and TLS sessions.
    pub(crate) fn tenant(&self, policy: &Policy) -> anyhow::Result<Run> {
        let outbound = Outbound::new(&self.url, policy)?;
        Ok(Run {
            env: Env::from_iter(variables(&self.url)),
            outbound: outbound.with_authorization(authorization()),
            now: None,
            gate: None,
        })
    }

    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        Policy::new(self.ca_pem.as_deref(), Addresses::Any)
    }

    pub(crate) fn native(&self) -> anyhow::Result<Native> {
        Native::new(&self.url, self.ca_pem.as_deref())
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // It ends when its standard input is closed.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Another process of this program, in another role.
fn again(role: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
    command.args(role);
    command
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["stand-in"] => runtime()?.block_on(stand_in(Gong::Plain)),
        ["stand-in-tls"] => runtime()?.block_on(stand_in(Gong::Tls)),
        ["stand-in-anew"] => runtime()?.block_on(stand_in(Gong::Anew)),
        ["first-answer", component, cache] => {
            runtime()?.block_on(first_answer(Path::new(component), cache))
        }
        // For a profiler: calls of one side only.
        ["calls", side, tool, tenants] => {
            let call = if tool == "small" { SMALL } else { TYPICAL };
            let sandbox = Arc::new(Sandbox::load(
                &std::fs::read(component::build(Artefact::GongMcp)?)?,
                Limits::default(),
            )?);
            let stand_in = StandIn::start(Gong::Tls)?;
            let calls = speed::calls(
                &stand_in,
                &sandbox,
                call,
                side == "native",
                tenants.parse()?,
            );
            runtime()?.block_on(calls)
        }
        ["memory", component] => runtime()?.block_on(memory::measure(Path::new(component))),
        _ => {
            let component = arguments.iter().find(|one| one.ends_with(".wasm"));
            let component = component.map(PathBuf::from);
            let component = component.map_or_else(|| component::build(Artefact::GongMcp), Ok)?;
            measure(&component, arguments.contains(&"--quick"))
        }
    }
}

/// The same runtime as the gateway's.
fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_multi_thread().enable_all().build()?)
}

async fn stand_in(gong: Gong) -> anyhow::Result<()> {
    let options = Options {
        now: Some("2026-03-16T12:00:00Z".parse()?),
        tls: !matches!(gong, Gong::Plain),
        recorded: !matches!(gong, Gong::Anew),
        openapi: OpenApi::Off,
        ..Options::default()
    };
    let gong = FakeGong::start(SocketAddr::from(([127, 0, 0, 1], 0)), options).await?;
    println!("{}", json!({ "url": gong.base_url(), "ca": gong.ca_pem() }));
    std::io::stdout().flush()?;
    let parent = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    parent.await??;
    Ok(())
}

/// Loads the component, from the cache if there is one, and answers a call over TLS. The stand-in's
/// address comes on standard input.
async fn first_answer(component: &Path, cache: &str) -> anyhow::Result<()> {
    let mut input = String::new();
    std::io::stdin().read_line(&mut input)?;
    let input: serde_json::Value = serde_json::from_str(&input)?;
    let url = input["url"].as_str().context("a URL")?;
    let policy = Policy::new(input["ca"].as_str(), Addresses::Any)?;
    let bytes = std::fs::read(component)?;
    let sandbox = match cache {
        "-" => Sandbox::load(&bytes, Limits::default())?,
        cache => Sandbox::load_cached(&bytes, Limits::default(), Path::new(cache))?,
    };
    let run = Run {
        env: Env::from_iter(variables(url)),
        outbound: Outbound::new(url, &policy)?.with_authorization(authorization()),
        now: None,
        gate: None,
    };
    let answer = sandbox.call_tool(&run, SMALL.tool, SMALL.arguments).await?;
    ensure!(!answer.is_error, "{}", answer.text);
    println!("answered");
    Ok(())
}

/// The time from the start of a process to its first answer.
fn start(stand_in: &StandIn, component: &Path, cache: &str) -> anyhow::Result<Duration> {
    let input = json!({ "url": stand_in.url, "ca": stand_in.ca_pem }).to_string();
    let component = component.to_str().context("a path in UTF-8")?;
    let begin = Instant::now();
    let mut child = again(&["first-answer", component, cache])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("it is piped")?;
    writeln!(stdin, "{input}")?;
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().context("it is piped")?).read_line(&mut line)?;
    let time = begin.elapsed();
    ensure!(child.wait()?.success() && line.starts_with("answered"));
    Ok(time)
}

fn measure(component: &Path, quick: bool) -> anyhow::Result<()> {
    let bytes = std::fs::read(component)?;
    let tls = StandIn::start(Gong::Tls)?;
    let anew = StandIn::start(Gong::Anew)?;
    let plain = StandIn::start(Gong::Plain)?;
    println!("{} bytes of component", bytes.len());

    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-cache");
    let _ = std::fs::remove_dir_all(&cache);
    let folder = cache.to_str().context("a path in UTF-8")?;
    let cold = start(&tls, component, "-")?;
    start(&tls, component, folder)?;
    let mut warm: Vec<Duration> = (0..5)
        .map(|_| start(&tls, component, folder))
        .collect::<anyhow::Result<_>>()?;
    warm.sort();
    println!("\nStart to first answer, in a fresh process");
    println!(
        "  compiling {cold:>10.1?}   from the cache {:>10.1?}",
        warm[2]
    );

    let sandbox = Arc::new(Sandbox::load_cached(&bytes, Limits::default(), &cache)?);
    let runtime = runtime()?;
    for (stand_in, call) in [
        (&tls, SMALL),
        (&tls, TYPICAL),
        (&anew, TYPICAL),
        (&plain, SMALL),
    ] {
        runtime.block_on(speed::sequential(stand_in, &sandbox, call, quick))?;
    }
    for (stand_in, call) in [(&tls, SMALL), (&plain, SMALL), (&tls, TYPICAL)] {
        println!("\nSaturated, {} {}", call.tool, stand_in.gong.shown());
        println!(
            "  tenants  calls/s: sandbox    native   ratio   host CPU/call: sandbox    native   ratio"
        );
        for tenants in [1, 16, 128, 1_000] {
            runtime.block_on(speed::saturated(stand_in, &sandbox, call, tenants, quick))?;
        }
    }
    drop(runtime);

    println!("\nMemory (resident, anonymous)");
    let input = json!({ "url": tls.url, "ca": tls.ca_pem }).to_string();
    let component = component.to_str().context("a path in UTF-8")?;
    let mut child = again(&["memory", component])
        .stdin(Stdio::piped())
        .spawn()?;
    writeln!(child.stdin.take().context("it is piped")?, "{input}")?;
    ensure!(child.wait()?.success());
    Ok(())
}
