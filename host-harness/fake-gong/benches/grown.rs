//! What a grown company costs: start-up, memory, and a page of POST /v2/calls/extensive at its
//! start and at its end, beside a company of 1,000 calls in the same run:
//! `cargo bench -p fake-gong --bench grown`, with `--profile dev` as tests have it.
//!
//! The times depend on the machine, so the ratios matter. The memory is the whole process's, so
//! each company's is the difference to the row before.

#![expect(clippy::print_stdout, reason = "the table")]

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fake_gong::{FakeGong, Grown, OpenApi, Options};
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// How often a page is read; the median counts.
const RUNS: usize = 31;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    println!("calls    start      memory    first page  last page   all ids of a page");
    let mut base = None;
    for calls in [1_000, 30_000, 100_000] {
        let start = Instant::now();
        let options = Options {
            calls,
            now: Some("2026-11-20T10:00:00Z".parse()?),
            grown: Some(Grown::default()),
            openapi: OpenApi::Off,
            ..Options::default()
        };
        let credentials = format!("{}:{}", options.access_key, options.access_key_secret);
        let gong = FakeGong::start(([127, 0, 0, 1], 0).into(), options).await?;
        let started = start.elapsed();
        let mut client = Client::new(&gong, &credentials).await?;
        let last = gong.company().call(calls - 100).started.to_string();
        let ids: Vec<String> = (0..100)
            .map(|n| gong.company().call(n * calls / 100).id)
            .collect();
        let mut times = Vec::new();
        for filter in [
            json!({}),
            json!({ "fromDateTime": last }),
            json!({ "callIds": ids }),
        ] {
            times.push(client.page(&filter).await?);
        }
        let base = *base.get_or_insert(times[0]);
        let shown = times.iter().map(|time| {
            let ratio = time.as_secs_f64() / base.as_secs_f64();
            format!("{:>5.1} ms {ratio:.2}", time.as_secs_f64() * 1e3)
        });
        println!(
            "{calls:<8} {:>6.2} s  {:>8}  {}",
            started.as_secs_f64(),
            memory(),
            shown.collect::<Vec<_>>().join("  ")
        );
    }
    Ok(())
}

struct Client {
    sender: SendRequest<Full<Bytes>>,
    authorization: String,
}

impl Client {
    async fn new(gong: &FakeGong, credentials: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(gong.addr()).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            sender,
            authorization: format!("Basic {}", STANDARD.encode(credentials)),
        })
    }

    /// The median time of a page with all that an index reads of calls.
    async fn page(&mut self, filter: &Value) -> anyhow::Result<Duration> {
        let body = json!({"filter": filter, "contentSelector": {
            "context": "Extended",
            "exposedFields": {"parties": true,
                "content": {"trackers": true, "topics": true, "callOutcome": true}},
        }});
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let start = Instant::now();
            let request = Request::post("/v2/calls/extensive")
                .header(header::HOST, "localhost")
                .header(header::AUTHORIZATION, &self.authorization)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Full::from(body.to_string()))?;
            let answer = self.sender.send_request(request).await?;
            anyhow::ensure!(answer.status() == 200, "{}", answer.status());
            let bytes = answer.into_body().collect().await?.to_bytes();
            anyhow::ensure!(bytes.len() > 100_000, "{} bytes", bytes.len());
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(times[RUNS / 2])
    }
}

/// The memory of this process, where the system says it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: Option<u64> = kilobytes.and_then(|text| text.trim().parse().ok());
    kilobytes.map_or_else(|| "unknown".to_owned(), |kb| format!("{} MiB", kb / 1024))
}
