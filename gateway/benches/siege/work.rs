//! The calls of everybody else, and how long they take.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::gateway_process::{GatewayProcess, TOOL};

/// How long a client waits between its calls, so that the machine is not busy with them alone.
const PAUSE: Duration = Duration::from_millis(100);

/// A client of each tenant, which calls one tool after the other.
pub(crate) struct Work {
    clients: JoinSet<anyhow::Result<(String, u64)>>,
    times: mpsc::UnboundedReceiver<Duration>,
    stop: Arc<AtomicBool>,
}

/// How long calls took, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    fn at(&self, part: f64) -> Duration {
        let index = (self.0.len() as f64 * part) as usize;
        let last = self.0.len().saturating_sub(1);
        self.0.get(index.min(last)).copied().unwrap_or_default()
    }

    pub(crate) fn p50(&self) -> Duration {
        self.at(0.5)
    }

    pub(crate) fn p99(&self) -> Duration {
        self.at(0.99)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, p50, p99) = (self.0.len(), self.p50(), self.p99());
        write!(f, "{calls} calls, p50 {p50:.1?}, p99 {p99:.1?}")
    }
}

impl Work {
    pub(crate) async fn start(gateway: &GatewayProcess) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, times) = mpsc::unbounded_channel();
        let mut clients = JoinSet::new();
        for (tenant, token) in &gateway.workers {
            let uri = format!("http://{}/mcp", gateway.address);
            let config = StreamableHttpClientTransportConfig::with_uri(uri).auth_header(token);
            let transport = StreamableHttpClientTransport::from_config(config);
            let client = ().serve(transport).await.with_context(|| tenant.clone())?;
            let (tenant, sender, stop) = (tenant.clone(), sender.clone(), Arc::clone(&stop));
            clients.spawn(async move {
                let mut answered = 0;
                while !stop.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    let result = client.call_tool(CallToolRequestParams::new(TOOL)).await;
                    let result = result.with_context(|| format!("a call of {tenant} was lost"))?;
                    ensure!(result.is_error != Some(true), "{tenant}: {result:?}");
                    answered += 1;
                    let _ = sender.send(start.elapsed());
                    tokio::time::sleep(PAUSE).await;
                }
                Ok((tenant, answered))
            });
        }
        Ok(Self {
            clients,
            times,
            stop,
        })
    }

    /// The calls that end in this time.
    pub(crate) async fn measure(&mut self, time: Duration) -> Times {
        while self.times.try_recv().is_ok() {}
        let until = tokio::time::Instant::now() + time;
        let mut times = Vec::new();
        while let Ok(Some(one)) = tokio::time::timeout_at(until, self.times.recv()).await {
            times.push(one);
        }
        times.sort_unstable();
        Times(times)
    }

    /// Ends all clients, and returns how many calls of each were answered.
    pub(crate) async fn end(mut self) -> anyhow::Result<BTreeMap<String, u64>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut answered = BTreeMap::new();
        while let Some(client) = self.clients.join_next().await {
            let (tenant, calls) = client??;
            answered.insert(tenant, calls);
        }
        Ok(answered)
    }
}
