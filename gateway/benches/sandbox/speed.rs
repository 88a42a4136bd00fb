//! How long a call takes, how many there are in a second, and what they cost the host.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use rustix::time::{ClockId, clock_gettime};
use sandbox::{Run, Sandbox};
use tokio::task::JoinSet;

use crate::native::{Native, Sent};
use crate::{Call, StandIn};

/// Either side of the comparison, for one tenant.
#[derive(Clone)]
enum Side {
    Sandbox(Arc<Sandbox>, Run),
    Native(Box<Native>, Arc<[Sent]>),
}

impl Side {
    async fn call(&self, call: Call) -> anyhow::Result<()> {
        match self {
            Self::Sandbox(sandbox, run) => {
                let answer = sandbox.call_tool(run, call.tool, call.arguments).await?;
                ensure!(!answer.is_error, "{}", answer.text);
            }
            Self::Native(native, requests) => native.call(call, requests).await?,
        }
        Ok(())
    }
}

/// One call after the other, the two sides taking turns.
pub(crate) async fn sequential(
    stand_in: &StandIn,
    sandbox: &Arc<Sandbox>,
    call: Call,
    quick: bool,
) -> anyhow::Result<()> {
    let native = stand_in.native()?;
    let requests: Arc<[Sent]> = native.requests(call).await?.into();
    let count = requests.len();
    let sides = [
        Side::Sandbox(Arc::clone(sandbox), stand_in.tenant(&stand_in.policy()?)?),
        Side::Native(Box::new(native), requests),
    ];
    let mut times = [Vec::new(), Vec::new()];
    let turns = if quick { 20 } else { 100 };
    for turn in 0..turns {
        for (side, times) in sides.iter().zip(&mut times) {
            // On a worker thread, like the gateway's calls.
            let side = side.clone();
            let taken = tokio::spawn(async move {
                let mut taken = Vec::with_capacity(50);
                for _ in 0..50 {
                    let begin = Instant::now();
                    side.call(call).await?;
                    taken.push(begin.elapsed());
                }
                anyhow::Ok(taken)
            });
            let taken = taken.await??;
            // The first turns warm up.
            if turn > 1 {
                times.extend(taken);
            }
        }
    }
    println!(
        "\nOne after the other, {} {}, {count} requests each",
        call.tool,
        stand_in.gong.shown()
    );
    let [sandbox, native] = times.map(|mut times: Vec<Duration>| {
        times.sort();
        times
    });
    for (name, percent) in [("p50", 50), ("p99", 99)] {
        let at = |times: &[Duration]| times[times.len() * percent / 100];
        let (sandbox, native) = (at(&sandbox), at(&native));
        println!(
            "  {name}  sandbox {:>7.0} µs   native {:>7.0} µs   ratio {:.2}",
            micros(sandbox),
            micros(native),
            micros(sandbox) / micros(native)
        );
    }
    Ok(())
}

/// Every tenant has its own connections and calls as fast as it can.
pub(crate) async fn saturated(
    stand_in: &StandIn,
    sandbox: &Arc<Sandbox>,
    call: Call,
    tenants: usize,
    quick: bool,
) -> anyhow::Result<()> {
    let policy = stand_in.policy()?;
    let one = stand_in.native()?;
    let requests: Arc<[Sent]> = one.requests(call).await?.into();
    let mut best = [(0.0, 0.0); 2];
    let runs = if quick { 1 } else { 3 };
    // The two sides alternate, so that other load on the machine affects both.
    for _ in 0..runs {
        for (which, best) in best.iter_mut().enumerate() {
            let mut sides = Vec::with_capacity(tenants);
            for _ in 0..tenants {
                sides.push(if which == 0 {
                    Side::Sandbox(Arc::clone(sandbox), stand_in.tenant(&policy)?)
                } else {
                    Side::Native(Box::new(stand_in.native()?), Arc::clone(&requests))
                });
            }
            let result = rate(sides, call).await?;
            if result.0 > best.0 {
                *best = result;
            }
        }
    }
    let [sandbox, native] = best;
    println!(
        "  {tenants:>7}          {:>8.0}  {:>8.0}   {:>5.2}                {:>5.1} µs  {:>5.1} µs   {:>5.2}",
        sandbox.0,
        native.0,
        sandbox.0 / native.0,
        sandbox.1,
        native.1,
        sandbox.1 / native.1
    );
    Ok(())
}

/// Several seconds of one side's calls.
pub(crate) async fn calls(
    stand_in: &StandIn,
    sandbox: &Arc<Sandbox>,
    call: Call,
    native: bool,
    tenants: usize,
) -> anyhow::Result<()> {
    let policy = stand_in.policy()?;
    let requests: Arc<[Sent]> = stand_in.native()?.requests(call).await?.into();
    for _ in 0..4 {
        let sides = (0..tenants).map(|_| {
            Ok(if native {
                Side::Native(Box::new(stand_in.native()?), Arc::clone(&requests))
            } else {
                Side::Sandbox(Arc::clone(sandbox), stand_in.tenant(&policy)?)
            })
        });
        let (rate, cpu) = rate(sides.collect::<anyhow::Result<_>>()?, call).await?;
        println!("{rate:.0} calls/s, {cpu:.1} µs of CPU each");
    }
    Ok(())
}

/// Calls per second, and µs of this process's CPU for each.
async fn rate(sides: Vec<Side>, call: Call) -> anyhow::Result<(f64, f64)> {
    // Connect, a few at a time.
    for some in sides.chunks(32) {
        let mut warming = JoinSet::new();
        for side in some {
            let side = side.clone();
            warming.spawn(async move {
                side.call(call).await?;
                side.call(call).await
            });
        }
        while let Some(done) = warming.join_next().await {
            done??;
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    let calls = Arc::new(AtomicU64::new(0));
    let mut running = JoinSet::new();
    for side in sides {
        let (stop, calls) = (Arc::clone(&stop), Arc::clone(&calls));
        running.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                side.call(call).await?;
                calls.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (begin, cpu, before) = (Instant::now(), cpu_time(), calls.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let count = (calls.load(Ordering::Relaxed) - before) as f64;
    let (time, cpu) = (begin.elapsed(), cpu_time() - cpu);
    stop.store(true, Ordering::Relaxed);
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok((count / time.as_secs_f64(), micros(cpu) / count))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// CPU time of this process, in user mode and in the kernel.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
