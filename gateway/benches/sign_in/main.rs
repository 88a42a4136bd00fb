//! What the tokens of 10,000 people of 50 tenants cost, beside a static token, in one process:
//! `cargo bench -p gateway --bench sign_in`, of another build of the component with its path:
//! `-- OTHER.wasm`.
//!
//! It prints the memory that remembered tokens and decisions take, the time of a look-up, the time of a
//! whole call over HTTP with a token of each kind, and how soon a kill switch and a revocation count.
//! Calls go to a stand-in for Gong in the same process, which is the same for all. Times depend on the
//! machine, so the ratios matter.

#![expect(clippy::print_stdout, reason = "the table")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use fake_gong::{FakeGong, OpenApi, Options};
use gateway::caller::CallingClient;
use gateway::config::{FreshToken, TokenHash};
use gateway::gateway::Gateway;
use gateway::serve::Server;
use gateway::store::sign_in::{ClientKind, TokenState};
use jiff::Timestamp;
use tokio::runtime::Builder;
use xtask::component::{self, Artefact};

mod calls;
mod company;

use company::{Company, PEOPLE, TENANTS};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let component = arguments.iter().find(|one| one.ends_with(".wasm"));
    let component = component.map(PathBuf::from);
    let component = component.map_or_else(|| component::build(Artefact::GongMcp), Ok)?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-sign-in");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let measured = runtime.block_on(measure(&component, &folder));
    std::fs::remove_dir_all(&folder)?;
    measured
}

async fn measure(component: &Path, folder: &Path) -> anyhow::Result<()> {
    let options = Options {
        openapi: OpenApi::Off,
        recorded: true,
        ..Options::default()
    };
    let gong = FakeGong::start(SocketAddr::from(([127, 0, 0, 1], 0)), options).await?;
    let company = Company::write(component, folder, &gong.base_url())?;
    let server = Server::start(&company.config).await?;
    company.sign_everybody_in()?;
    let gateway = &server.gateway;
    remember(gateway, &company).await?;
    look_up(gateway, &company)?;
    calls::compare(&company).await?;
    calls::stop(&server, &company).await?;
    server.shut_down(Duration::from_secs(5)).await
}

/// Looks everybody up for the first time, and says what that takes.
async fn remember(gateway: &Arc<Gateway>, company: &Company) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let client = CallingClient {
        id: Some("client".to_owned()),
        kind: Some(ClientKind::Shared),
    };
    let before = resident()?;
    let begin = Instant::now();
    for token in &company.people {
        let state = gateway.sign_ins.session(&token.hash, now)?;
        ensure!(matches!(state, TokenState::Valid(_)), "{state:?}");
    }
    let (tokens, took) = (resident()?, begin.elapsed());
    let begin = Instant::now();
    for (n, _) in company.people.iter().enumerate() {
        let (tenant, user) = (company::tenant(n % TENANTS), company::person(n));
        let policy = gateway.governance.policy_with(&tenant, &user, &client)?;
        ensure!(policy.tools().next().is_some(), "{user} has no tool");
    }
    let (policies, decided) = (resident()?, begin.elapsed());
    println!("{PEOPLE} people of {TENANTS} tenants, once each");
    println!(
        "  tokens      {:>7.1} MiB  {:>6.1} µs each",
        mebibytes(tokens.saturating_sub(before)),
        micros(took) / PEOPLE as f64
    );
    println!(
        "  decisions   {:>7.1} MiB  {:>6.1} µs each",
        mebibytes(policies.saturating_sub(tokens)),
        micros(decided) / PEOPLE as f64
    );
    Ok(())
}

/// Looks up tokens that are known already, of each kind.
fn look_up(gateway: &Gateway, company: &Company) -> anyhow::Result<()> {
    const ROUNDS: usize = 20;
    let now = Timestamp::now();
    let each = |begin: Instant, count: usize| begin.elapsed().as_nanos() as f64 / count as f64;
    let live = gateway.tenants.live();
    let tokens: Vec<&str> = company
        .declared
        .iter()
        .map(|one| one.token.reveal())
        .collect();
    let begin = Instant::now();
    for token in tokens.iter().cycle().take(PEOPLE * ROUNDS) {
        ensure!(live.identify(token).is_some());
    }
    let declared = each(begin, PEOPLE * ROUNDS);
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        for token in &company.people {
            let hash = TokenHash::presented(token.token.reveal()).context("a token")?;
            let state = gateway.sign_ins.session(&hash, now)?;
            ensure!(matches!(state, TokenState::Valid(_)));
        }
    }
    let people = each(begin, PEOPLE * ROUNDS);
    let begin = Instant::now();
    for _ in 0..PEOPLE * ROUNDS {
        let token = company.account.token.reveal();
        let hash = TokenHash::presented(token).context("a token")?;
        ensure!(gateway.service_tokens.session(&hash, now)?.is_some());
    }
    let account = each(begin, PEOPLE * ROUNDS);
    println!("\nA look-up of a known token, alone");
    println!(
        "  static {declared:.0} ns   sign-in {people:.0} ns   service account {account:.0} ns"
    );
    Ok(())
}

/// Memory of this process that is resident and anonymous.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kib.context("RssAnon")?.parse::<u64>()? * 1024)
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A new token, which only the bench knows.
pub(crate) fn fresh() -> FreshToken {
    FreshToken::generate()
}
