//! Everything that one user, and somebody without a token, can do at once.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use crate::gateway_process::{ATTACKER, GatewayProcess, SLOW_TOOL};

/// The addresses of the user who attacks, and of somebody without a token. The others have
/// another one.
const USER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);
const NOBODY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 67);

/// Connections with half a request at a time.
const HALF: usize = 1100;

/// Downloads of the audit at a time, and as many sign-ins with a wrong token.
const DOWNLOADS: usize = 16;

/// Time between the requests of one flood. All of them together send hundreds a second; more
/// would measure how this process competes with the gateway for the machine.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) struct Siege {
    attacks: JoinSet<()>,
    tally: Arc<Tally>,
}

/// Answers by the attack and their status.
#[derive(Default)]
struct Tally(Mutex<BTreeMap<(&'static str, String), u64>>);

impl Tally {
    fn count(&self, attack: &'static str, outcome: String) {
        let mut tally = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *tally.entry((attack, outcome)).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let parts = tally
            .iter()
            .map(|((attack, outcome), count)| format!("{attack} {outcome}: {count}"));
        f.write_str(&parts.collect::<Vec<_>>().join(", "))
    }
}

impl Siege {
    pub(crate) fn begin(gateway: &GatewayProcess) -> Self {
        let mut attacks = JoinSet::new();
        let tally = Arc::new(Tally::default());
        let mut http = HttpConnector::new();
        http.set_local_address(Some(USER.into()));
        let attacker = Attacker {
            client: Client::builder(TokioExecutor::new()).build(http),
            address: gateway.address,
            token: gateway.attacker.clone(),
            tally: Arc::clone(&tally),
        };
        let call = |name: &str| message("tools/call", json!({"name": name, "arguments": {}}));
        let initialize = json!({
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "mallory", "version": "1"},
        });
        let prompt = json!({"name": "customer_voice", "arguments": {"topic": "pricing"}});
        let padded = json!({"padding": "x".repeat(12 << 20)});
        for (attack, loops, method, body) in [
            (
                "long names",
                2,
                Method::POST,
                call(&"gong_list".repeat((12 << 20) / 9)),
            ),
            (
                "names of 1 MB",
                2,
                Method::POST,
                call(&"gong_list".repeat(1_000_000 / 9)),
            ),
            (
                "large initialize",
                2,
                Method::POST,
                message("initialize", padded),
            ),
            (
                "initialize",
                4,
                Method::POST,
                message("initialize", initialize),
            ),
            (
                "initialized",
                4,
                Method::POST,
                message("notifications/initialized", json!({})),
            ),
            ("denied calls", 4, Method::POST, call("gong_delete_meeting")),
            ("lists", 4, Method::POST, message("tools/list", json!({}))),
            ("prompts", 4, Method::POST, message("prompts/get", prompt)),
            ("waiting calls", 64, Method::POST, call(SLOW_TOOL)),
            ("streams", 64, Method::GET, String::new()),
        ] {
            for _ in 0..loops {
                let body = Bytes::from(body.clone());
                attacks.spawn(attacker.clone().flood(attack, method.clone(), body));
            }
        }
        for token in [&gateway.administrator, "wrong"] {
            for _ in 0..DOWNLOADS {
                attacks.spawn(attacker.clone().slow_downloads(token.to_owned()));
            }
        }
        for _ in 0..HALF {
            attacks.spawn(half_requests(gateway.address, Arc::clone(&tally)));
        }
        Self { attacks, tally }
    }

    /// Ends all attacks, and says what was answered.
    pub(crate) async fn end(mut self) -> String {
        self.attacks.shutdown().await;
        self.tally.to_string()
    }
}

#[derive(Clone)]
struct Attacker {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    token: String,
    tally: Arc<Tally>,
}

impl Attacker {
    async fn flood(self, attack: &'static str, method: Method, body: Bytes) {
        loop {
            let request = Request::builder()
                .method(method.clone())
                .uri(format!("http://{}/mcp", self.address))
                .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::ACCEPT, "application/json, text/event-stream")
                .body(Full::new(body.clone()))
                .expect("a request");
            let outcome = match self.client.request(request).await {
                Ok(response) => {
                    let status = response.status().as_str().to_owned();
                    let _ = response.into_body().collect().await;
                    status
                }
                Err(_) => "closed".to_owned(),
            };
            self.tally.count(attack, outcome);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Attacker {
    /// Signs in as an administrator, and reads the audit a piece a second.
    async fn slow_downloads(self, token: String) {
        let origin = format!("http://{}", self.address);
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let form = Request::post(format!("{origin}/admin/sign-in"))
                .header(header::ORIGIN, &origin)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::from(format!("name={ATTACKER}&token={token}")));
            let Ok(answer) = self.client.request(form.expect("a request")).await else {
                self.tally.count("sign-ins", "closed".to_owned());
                continue;
            };
            self.tally
                .count("sign-ins", answer.status().as_str().to_owned());
            let Some(cookie) = answer.headers().get(header::SET_COOKIE) else {
                continue;
            };
            let download = Request::get(format!("{origin}/admin/audit.jsonl"))
                .header(header::COOKIE, cookie)
                .body(Full::default());
            let Ok(mut answer) = self.client.request(download.expect("a request")).await else {
                self.tally.count("downloads", "closed".to_owned());
                continue;
            };
            self.tally
                .count("downloads", answer.status().as_str().to_owned());
            while let Some(Ok(_)) = answer.body_mut().frame().await {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Sends half a request line, waits until the connection is closed, and begins again.
async fn half_requests(to: SocketAddr, tally: Arc<Tally>) {
    loop {
        let half = async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((NOBODY, 0).into())?;
            let mut stream = socket.connect(to).await?;
            stream.write_all(b"POST /mc").await?;
            stream.read(&mut [0]).await
        };
        let _ = half.await;
        tally.count("half requests", "closed".to_owned());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn message(method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}
