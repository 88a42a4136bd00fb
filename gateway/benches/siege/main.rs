//! A siege: 20 tenants at work, and one user who does everything at once that could stop them.
//!
//! `cargo bench -p gateway --bench siege -- --seconds 30 --tenants 20`
//!
//! The clients and the stand-ins are this process, and the gateway is another. It measures the
//! calls of everybody else without and with the siege, prints the ratios, and fails if p99 is more
//! than 1.5 times as long, if a call or its row in the audit is lost, or if memory or descriptors
//! grow while the siege goes on.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};

mod attack;
mod gateway_process;
mod work;

use attack::Siege;
use gateway_process::GatewayProcess;
use work::Work;

/// How much longer the slowest hundredth of calls may take.
const MOST: f64 = 1.5;

fn main() -> ExitCode {
    let outcome = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("siege: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn say(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

fn argument(name: &str) -> anyhow::Result<Option<u64>> {
    let mut arguments = std::env::args();
    if !arguments.by_ref().any(|one| one == name) {
        return Ok(None);
    }
    let value = arguments.next();
    let value = value.with_context(|| format!("{name} needs a number, such as {name} 30"))?;
    let number = value.parse();
    Ok(Some(number.with_context(|| {
        format!("{name} needs a number and not {value:?}")
    })?))
}

async fn run() -> anyhow::Result<()> {
    let time = Duration::from_secs(argument("--seconds")?.unwrap_or(30));
    let tenants = argument("--tenants")?.unwrap_or(20) as usize;
    ensure!(tenants > 0, "--tenants needs a number above 0, such as 20");
    let gateway = GatewayProcess::start(tenants).await?;
    let mut work = Work::start(&gateway).await?;

    // Whatever is allocated once is allocated here.
    work.measure(time / 6).await;
    let calm = work.measure(time).await;
    let siege = Siege::begin(&gateway);
    work.measure(time / 6).await;
    let early = gateway.usage()?;
    let besieged = work.measure(time).await;
    let late = gateway.usage()?;
    let attacks = siege.end().await;
    work.measure(time / 6).await;
    let after = gateway.usage()?;
    let answered = work.end().await?;

    say(format_args!("without: {calm}"));
    say(format_args!("with:    {besieged}"));
    let ratio =
        |of: fn(&work::Times) -> Duration| of(&besieged).as_secs_f64() / of(&calm).as_secs_f64();
    let (p50, p99) = (ratio(work::Times::p50), ratio(work::Times::p99));
    say(format_args!("ratio:   p50 {p50:.2}, p99 {p99:.2}"));
    say(format_args!("attacks: {attacks}"));
    say(format_args!("early in the siege: {early}"));
    say(format_args!("late in the siege:  {late}"));
    say(format_args!("after it:           {after}"));

    let mut wrong = Vec::new();
    if p99 > MOST {
        wrong.push(format!("p99 is {p99:.2} times as long, and may be {MOST}"));
    }
    if late.memory > early.memory + early.memory / 5 {
        wrong.push("memory grows while the siege goes on".to_owned());
    }
    if late.descriptors > early.descriptors + early.descriptors / 5 + 16 {
        wrong.push("descriptors grow while the siege goes on".to_owned());
    }
    let rows = gateway.stop_and_count_rows().await?;
    for (tenant, calls) in &answered {
        let rows = rows.get(tenant).copied().unwrap_or_default();
        if rows != *calls {
            wrong.push(format!("{tenant} had {calls} answers, and {rows} rows"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    say("Nothing was lost.");
    Ok(())
}
