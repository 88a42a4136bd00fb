//! What a tenant and a running call hold in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sandbox::Env;
use sandbox::gate::{Admission, Gate};
use sandbox::outbound::{Addresses, Policy};
use sandbox::{Limits, Outbound, Run, Sandbox};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::{SMALL, TYPICAL, authorization, variables};

const TENANTS: usize = 1_000;

/// Calls at the same time; there are places for 128.
const CALLS: usize = 100;

/// Holds all requests until it is opened.
#[derive(Debug)]
struct Barrier(Semaphore);

impl Gate for Barrier {
    fn admit(&self, _deadline: Instant) -> Admission<'_> {
        Box::pin(async {
            drop(self.0.acquire().await);
            Ok(())
        })
    }

    fn answered(&self, _: Option<http::StatusCode>, _: Option<Duration>) {}
}

/// Runs in a fresh process, whose memory has nothing from other measurements.
pub(crate) async fn measure(component: &Path) -> anyhow::Result<()> {
    let mut input = String::new();
    std::io::stdin().read_line(&mut input)?;
    let input: serde_json::Value = serde_json::from_str(&input)?;
    let url = input["url"].as_str().context("a URL")?;
    let policy = Policy::new(input["ca"].as_str(), Addresses::Any)?;
    let tenant = || -> anyhow::Result<Run> {
        Ok(Run {
            env: Env::from_iter(variables(url)),
            outbound: Outbound::new(url, &policy)?.with_authorization(authorization()),
            now: None,
            gate: None,
        })
    };
    let sandbox = Arc::new(Sandbox::load(
        &std::fs::read(component)?,
        Limits::default(),
    )?);
    // Allocates what exists only once.
    let first = tenant()?;
    for call in [SMALL, TYPICAL] {
        let answer = sandbox.call_tool(&first, call.tool, call.arguments).await?;
        ensure!(!answer.is_error, "{}", answer.text);
    }

    // Tenants come first, before there is freed memory to reuse.
    let before = resident()?;
    let tenants: Vec<Run> = (0..TENANTS)
        .map(|_| tenant())
        .collect::<anyhow::Result<_>>()?;
    let idle = resident()?;
    for some in tenants.chunks(8) {
        let mut calls = JoinSet::new();
        for run in some {
            let (sandbox, run) = (Arc::clone(&sandbox), run.clone());
            calls.spawn(async move { sandbox.call_tool(&run, SMALL.tool, SMALL.arguments).await });
        }
        while let Some(done) = calls.join_next().await {
            ensure!(!done??.is_error);
        }
    }
    let used = resident()?;
    println!(
        "  tenant, idle {:>5.1} KiB   with an idle TLS connection {:>5.1} KiB",
        (idle - before) / TENANTS as f64,
        (used - before) / TENANTS as f64,
    );
    drop(tenants);

    for call in [SMALL, TYPICAL] {
        let sandbox = Arc::new(Sandbox::load(
            &std::fs::read(component)?,
            Limits::default(),
        )?);
        sandbox.call_tool(&first, call.tool, call.arguments).await?;
        let before = resident()?;
        let barrier = Arc::new(Barrier(Semaphore::new(0)));
        let mut calls = JoinSet::new();
        for _ in 0..CALLS {
            let run = Run {
                gate: Some(barrier.clone()),
                ..first.clone()
            };
            let sandbox = Arc::clone(&sandbox);
            calls.spawn(async move {
                let answer = sandbox.call_tool(&run, call.tool, call.arguments).await?;
                ensure!(!answer.is_error, "{}", answer.text);
                Ok(())
            });
        }
        while sandbox.running() < CALLS {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let waiting = resident()?;
        barrier.0.add_permits(8);
        while let Some(done) = calls.join_next().await {
            done??;
        }
        println!(
            "  instance, {:<22} waiting for its turn {:>5.0} KiB   after the call {:>5.0} KiB",
            call.tool,
            (waiting - before) / CALLS as f64,
            (resident()? - before) / CALLS as f64,
        );
    }
    Ok(())
}

/// KiB of resident memory without that of files.
fn resident() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number.context("the kernel tells it")?.parse()?)
}
