//! What a call costs in the sandbox, for several builds of `gong-mcp.wasm` in turn, so that a
//! change can be held against the build before it:
//! `cargo bench -p host-harness --bench component -- OLD.wasm NEW.wasm`. Without paths it is the
//! component of this workspace alone.
//!
//! The times are the processor's, of the instance and of the host for it. They depend on the
//! machine, so the ratios to the first component matter.

#![expect(clippy::print_stdout, reason = "the table")]

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use comfy_table::{Table, presets};
use fake_gong::{FakeGong, Options};
use sandbox::outbound::{Addresses, Policy};
use sandbox::{Env, Limits, Outbound, Run, Sandbox};
use serde_json::Value;
use xtask::component::{self, Artefact};

/// Calls of the company, more than one tool call reads.
const CALLS: usize = 6_000;

/// A tool call, and how often it is measured.
const CASES: [(&str, &str, usize); 4] = [
    ("gong_list_workspaces", "{}", 200),
    (
        "gong_search_calls",
        r#"{"from": "2026-03-01", "limit": 20}"#,
        100,
    ),
    (
        "gong_count_calls",
        r#"{"by": ["account", "week"], "from": "2025-01-01"}"#,
        7,
    ),
    (
        "gong_get_account",
        r#"{"account": "acme.com", "from": "2025-01-01"}"#,
        7,
    ),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options {
        calls: CALLS,
        now: Some("2026-03-16T12:00:00Z".parse()?),
        recorded: true,
        ..Options::default()
    };
    let gong = FakeGong::start(([127, 0, 0, 1], 0).into(), options.clone()).await?;
    let policy = Policy::new(None, Addresses::Any)?;
    let run = Run {
        env: Env::from_iter([
            ("GONG_BASE_URL", gong.base_url()),
            ("GONG_ACCESS_KEY", options.access_key),
            ("GONG_ACCESS_KEY_SECRET", options.access_key_secret),
            ("GONG_PACE", "host".to_owned()),
        ]),
        outbound: Outbound::new(&gong.base_url(), &policy)?,
        now: options.now.map(TryInto::try_into).transpose()?,
        gate: None,
    };
    let mut paths: Vec<PathBuf> = std::env::args_os()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .map(PathBuf::from)
        .collect();
    if paths.is_empty() {
        paths.push(component::build(Artefact::GongMcp)?);
    }
    let limits = Limits {
        cpu: Duration::from_secs(60),
        wall_time: Duration::from_secs(300),
        ..Limits::default()
    };
    let mut sandboxes = Vec::new();
    for path in &paths {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        println!("{} bytes: {}", bytes.len(), path.display());
        sandboxes.push(Sandbox::load(&bytes, limits)?);
    }

    let mut table = Table::new();
    let names = paths.iter().map(|path| path.display().to_string());
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(
        ["median of processor time".to_owned()]
            .into_iter()
            .chain(names),
    );
    for (tool, arguments, rounds) in CASES {
        let mut times = vec![Vec::with_capacity(rounds); sandboxes.len()];
        let mut calls_read = None;
        // The first round fills the stand-in's cache of responses and opens the connection.
        for round in 0..=rounds {
            for (sandbox, times) in sandboxes.iter().zip(&mut times) {
                let answer = sandbox.call_tool(&run, tool, arguments).await?;
                ensure!(!answer.is_error, "{tool}: {}", answer.text);
                if round > 0 {
                    times.push(answer.usage.cpu);
                }
                let structured: Option<Value> = answer
                    .structured
                    .map(|json| serde_json::from_str(json.get()))
                    .transpose()?;
                calls_read = structured.and_then(|answer| answer["scan"]["read"].as_u64());
            }
        }
        let medians: Vec<Duration> = times.iter_mut().map(|times| median(times)).collect();
        let cell = |time: &Duration| {
            let ratio = time.as_secs_f64() / medians[0].as_secs_f64();
            format!("{:.2} ms ({ratio:.2})", time.as_secs_f64() * 1e3)
        };
        let label = match calls_read {
            Some(read) => format!("{tool}, {read} calls"),
            None => tool.to_owned(),
        };
        table.add_row([label].into_iter().chain(medians.iter().map(cell)));
    }
    println!("{table}");
    Ok(())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
