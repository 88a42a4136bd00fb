//! What an answer from a filled index of calls costs in the sandbox: the processor's time, and how
//! much memory the instance needs at least. `cargo bench -p host-harness --bench index`; numbers of
//! calls after `--` are measured instead of 30,000, 100,000 and 1,000,000.
//!
//! The company and its index are made, not fetched, and its side of Gong answers what is read of the
//! calls that are shown. The times are those of the instance and of the host for it.

#![expect(clippy::print_stdout, reason = "the table")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use comfy_table::{Table, presets};
use gong_tools::bench_api::MadeCompany;
use sandbox::objects::{Condition, MemoryStore, ObjectName, ObjectStore, StoreClock, StoreLimits};
use sandbox::outbound::{Addresses, Policy};
use sandbox::{Env, Limits, Outbound, Run, Sandbox};
use serde_json::json;
use tokio::net::TcpListener;
use xtask::component::{self, Artefact};

/// Where the index is kept, inside this process.
const INDEX_URL: &str = "http://index.internal";
const KEY: &str = "key";
const MEBIBYTE: usize = 1 << 20;
/// Limits of memory that are tried, in MiB.
const MEMORIES: [usize; 10] = [8, 12, 16, 20, 24, 32, 40, 48, 56, 64];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let named = std::env::args().filter_map(|text| text.parse().ok());
    let mut sizes: Vec<usize> = named.collect();
    if sizes.is_empty() {
        sizes = vec![30_000, 100_000, 1_000_000];
    }
    let bytes = std::fs::read(component::build(Artefact::GongMcp)?)?;
    let load = |memory: usize| {
        let limits = Limits {
            memory: memory * MEBIBYTE,
            cpu: Duration::from_secs(60),
            wall_time: Duration::from_secs(300),
            instances: 1,
            ..Limits::default()
        };
        Sandbox::load(&bytes, limits)
    };
    let loaded: Vec<(usize, Sandbox)> = MEMORIES
        .iter()
        .map(|memory| Ok((*memory, load(*memory)?)))
        .collect::<anyhow::Result<_>>()?;
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header([
        "calls",
        "tool",
        "median of processor time",
        "requests",
        "memory",
    ]);
    for calls in sizes {
        let company = MadeCompany::new(calls, 180);
        let name = company.account_name(17);
        let cases = [
            (
                "gong_search_calls",
                json!({ "account": name, "from": "180d", "limit": 50 }),
            ),
            (
                "gong_count_calls",
                json!({ "by": ["host", "week"], "from": "180d" }),
            ),
            (
                "gong_get_account",
                json!({ "account": MadeCompany::account_id(17) }),
            ),
            ("gong_get_account", json!({ "account": name })),
            ("gong_list_deals", json!({ "from": "90d" })),
        ];
        let run = serve(company).await?;
        let rounds = if calls > 100_000 { 3 } else { 9 };
        let (_, largest) = loaded.last().context("a sandbox")?;
        for (tool, arguments) in cases {
            let arguments = arguments.to_string();
            let mut times = Vec::new();
            let mut requests = 0;
            for _ in 0..rounds {
                let answer = largest.call_tool(&run, tool, &arguments).await?;
                ensure!(!answer.is_error, "{tool}: {}", answer.text);
                times.push(answer.usage.cpu);
                requests = answer.usage.requests;
            }
            times.sort();
            let mut least = None;
            for (memory, sandbox) in &loaded {
                if least.is_none() && sandbox.call_tool(&run, tool, &arguments).await.is_ok() {
                    least = Some(memory);
                }
            }
            table.add_row([
                calls.to_string(),
                format!("{tool} {arguments}"),
                format!("{:.1} ms", times[times.len() / 2].as_secs_f64() * 1e3),
                requests.to_string(),
                format!("{} MiB", least.context("it fits into no memory")?),
            ]);
        }
    }
    println!("{table}");
    Ok(())
}

/// Serves the company's side of Gong, and keeps its index.
async fn serve(company: MadeCompany) -> anyhow::Result<Run> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let authority = listener.local_addr()?.to_string();
    let store = MemoryStore::new(
        StoreLimits {
            max_bytes: 1 << 30,
            max_age: Duration::from_secs(86_400),
        },
        StoreClock::default(),
    );
    let mut kept = 0;
    for (name, bytes) in company.index(&authority, KEY) {
        kept += bytes.len();
        let name = ObjectName::new(&name).context("a name")?;
        store.put(&name, bytes.into(), &Condition::None)?;
    }
    println!("{kept} bytes are kept");
    let company = Arc::new(Mutex::new(company));
    let answer = move |uri: Uri, body: Bytes| async move {
        let path = uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned();
        match company.lock() {
            Ok(company) => (StatusCode::OK, company.answer(&path, &body)),
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
        }
    };
    let server = axum::serve(listener, Router::new().fallback(answer));
    tokio::spawn(server.into_future());
    let base_url = format!("http://{authority}");
    let policy = Policy::new(None, Addresses::Any)?;
    let now = u64::try_from(MadeCompany::NOW)?;
    let now: SystemTime = UNIX_EPOCH + Duration::from_secs(now);
    Ok(Run {
        env: Env::from_iter([
            ("GONG_BASE_URL", base_url.as_str()),
            ("GONG_ACCESS_KEY", KEY),
            ("GONG_ACCESS_KEY_SECRET", KEY),
            ("GONG_PACE", "host"),
            ("GONG_INDEX_URL", INDEX_URL),
        ]),
        outbound: Outbound::new(&base_url, &policy)?.with_objects(INDEX_URL, Arc::new(store))?,
        now: Some(now),
        gate: None,
    })
}
