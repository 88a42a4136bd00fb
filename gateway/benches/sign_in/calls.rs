//! Whole calls over HTTP, with a token of each kind, and how soon they stop.

use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use gateway::serve::Server;
use gateway::store::sign_in::ConnectionFilter;
use gateway::store::{Actor, KillSwitch, Via};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;

use crate::company::{Company, person, tenant};
use crate::micros;

/// The smallest call: one request to Gong.
const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gong_list_workspaces","arguments":{}}}"#;

/// Turns of each kind of token, and calls in a turn.
const TURNS: usize = 60;
const CALLS: usize = 10;

/// A request that writes nothing, so that no disk is in its time.
const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#;

/// A way to call.
struct Way {
    name: &'static str,
    url: String,
    tokens: Vec<String>,
}

struct Http(Client<HttpConnector, Full<Bytes>>);

impl Http {
    fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    async fn post(
        &self,
        url: &str,
        token: &str,
        body: &'static str,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Full::from(body))?;
        let response = self.0.request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

fn ways(company: &Company) -> [Way; 3] {
    let first = tenant(0);
    let of = |token: &gateway::config::FreshToken| token.token.reveal().to_owned();
    [
        Way {
            name: "static token",
            url: format!("{}/t/{first}/token/mcp", company.base),
            tokens: vec![of(&company.declared[0])],
        },
        Way {
            name: "sign-in",
            url: format!("{}/t/{first}/mcp", company.base),
            tokens: company
                .people
                .iter()
                .step_by(crate::TENANTS)
                .map(of)
                .collect(),
        },
        Way {
            name: "service account",
            url: format!("{}/t/{first}/token/mcp", company.base),
            tokens: vec![of(&company.account)],
        },
    ]
}

/// Requests of two methods, beside each other by the kinds of tokens.
pub(crate) async fn compare(company: &Company) -> anyhow::Result<()> {
    compare_by("tools/list", company, LIST).await?;
    compare_by("tools/call of gong_list_workspaces", company, CALL).await
}

/// One request after the other, the kinds of tokens taking turns.
async fn compare_by(what: &str, company: &Company, request: &'static str) -> anyhow::Result<()> {
    let (http, ways) = (Http::new(), ways(company));
    let mut times: [Vec<Duration>; 3] = Default::default();
    for turn in 0..TURNS {
        for (way, times) in ways.iter().zip(&mut times) {
            for n in 0..CALLS {
                let token = &way.tokens[(turn * CALLS + n) % way.tokens.len()];
                let begin = Instant::now();
                let (status, body) = http.post(&way.url, token, request).await?;
                let taken = begin.elapsed();
                ensure!(
                    status == StatusCode::OK,
                    "{}: {status}: {}",
                    way.name,
                    text(&body)
                );
                ensure!(!text(&body).contains("\"isError\":true"), "{}", text(&body));
                // The first turns warm up.
                if turn > 4 {
                    times.push(taken);
                }
            }
        }
    }
    println!("\n{what} over HTTP, {} of each", times[0].len());
    times.iter_mut().for_each(|times| times.sort());
    let at = |times: &[Duration], percent: usize| micros(times[times.len() * percent / 100]);
    for (way, mine) in ways.iter().zip(&times) {
        let ratio = |percent| at(mine, percent) / at(&times[0], percent);
        println!(
            "  {:<16} p50 {:>6.0} µs  ratio {:.3}   p90 {:>6.0} µs  ratio {:.3}",
            way.name,
            at(mine, 50),
            ratio(50),
            at(mine, 90),
            ratio(90)
        );
    }
    Ok(())
}

/// How long after a change has been committed the next call is stopped. Each change is made by the store,
/// as the commands and the page make it.
pub(crate) async fn stop(server: &Server, company: &Company) -> anyhow::Result<()> {
    let (http, first) = (Http::new(), tenant(0));
    let ada = Actor::new("ada", Via::CommandLine);
    let url = format!("{}/t/{first}/mcp", company.base);
    println!("\nFrom the change to the first call that it stops");
    for n in [0, crate::TENANTS] {
        let token = company.people[n].token.reveal();
        let (status, _) = http.post(&url, token, CALL).await?;
        ensure!(status == StatusCode::OK);
        let (store, ada, tenant) = (server.gateway.store.clone(), ada.clone(), first.clone());
        let begin = Instant::now();
        tokio::task::spawn_blocking(move || match n {
            0 => {
                let switch = KillSwitch::User(tenant, person(n));
                store.switch(&ada, &switch, false, "bench").map(|_| ())
            }
            _ => {
                let filter = ConnectionFilter {
                    user: Some(person(n)),
                    ..ConnectionFilter::default()
                };
                let revoked = store.revoke_connections(&ada, &tenant, &filter, Timestamp::now());
                revoked.map(|_| ())
            }
        })
        .await??;
        let committed = begin.elapsed();
        let (status, body) = http.post(&url, token, CALL).await?;
        let answered = begin.elapsed();
        let what = match n {
            0 => {
                ensure!(text(&body).contains("is switched off"), "{}", text(&body));
                "kill switch"
            }
            _ => {
                ensure!(status == StatusCode::UNAUTHORIZED, "{status}");
                "revocation"
            }
        };
        println!(
            "  {what:<12} committed in {:.1} ms, the next call stopped after {:.1} ms more",
            committed.as_secs_f64() * 1e3,
            (answered - committed).as_secs_f64() * 1e3
        );
    }
    Ok(())
}
