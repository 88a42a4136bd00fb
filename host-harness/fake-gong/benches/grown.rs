//! What a grown company costs: start-up, memory, and a page of POST /v2/calls/extensive at its
//! start and at its end, beside a company of 1,000 calls in the same run:
//! `cargo bench -p fake-gong --bench grown`, with `--profile dev` as tests have it. Numbers of
//! calls after `--` are measured instead, for the memory of one company by itself.
//!
//! The times of pages are the processor's where the system says them, with the client's part of
//! them. They depend on the machine, so the ratios to the first page of the first company matter.

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

/// How often a page is read.
const RUNS: usize = 31;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    println!("calls    start     memory    first page     last page      100 ids");
    let mut base = None;
    let named = std::env::args().filter_map(|text| text.parse().ok());
    let mut sizes: Vec<usize> = named.collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 30_000, 100_000];
    }
    for calls in sizes {
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

    /// What a page with all that an index reads of calls costs.
    async fn page(&mut self, filter: &Value) -> anyhow::Result<Duration> {
        let body = json!({"filter": filter, "contentSelector": {
            "context": "Extended",
            "exposedFields": {"parties": true,
                "content": {"trackers": true, "topics": true, "callOutcome": true}},
        }});
        let start = Instant::now();
        let used = processor_time();
        for _ in 0..RUNS {
            let request = Request::post("/v2/calls/extensive")
                .header(header::HOST, "localhost")
                .header(header::AUTHORIZATION, &self.authorization)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Full::from(body.to_string()))?;
            self.sender.ready().await?;
            let answer = self.sender.send_request(request).await?;
            anyhow::ensure!(answer.status() == 200, "{}", answer.status());
            let bytes = answer.into_body().collect().await?.to_bytes();
            anyhow::ensure!(bytes.len() > 50_000, "{} bytes", bytes.len());
        }
        let runs = u32::try_from(RUNS)?;
        let took = processor_time().zip(used).map(|(now, then)| now - then);
        Ok(took.unwrap_or_else(|| start.elapsed()) / runs)
    }
}

/// The processor's time for the threads of this process, where the system says it.
fn processor_time() -> Option<Duration> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    let times = threads.filter_map(|thread| {
        let path = thread.ok()?.path().join("schedstat");
        let text = std::fs::read_to_string(path).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Some(Duration::from_nanos(times.sum()))
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
