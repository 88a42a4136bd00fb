//! Many replicas of `gong-server-rate-limited.wasm` with one key-value store: together they keep Gong's
//! limits, as the stand-in sees it. The rules themselves are tested in `components/http-rate-limit/`.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fake_gong::FakeGong;
use http::Request;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use wasmtime::component::Component;
use wasmtime_wasi::HostWallClock;
use xtask::component::Artefact;

use crate::keyvalue::KeyValue;
use crate::server::{Variables, engine, gong_server, replica, variables};
use crate::support::{bytes, fixed_now, options, stand_in};

/// `gong-server-rate-limited.wasm`, compiled once per process.
pub(crate) fn rate_limited() -> &'static Component {
    static COMPILED: OnceLock<Component> = OnceLock::new();
    COMPILED.get_or_init(|| {
        Component::from_binary(engine(), &bytes(Artefact::GongServerRateLimited))
            .expect("a component")
    })
}

/// A clock that begins when tests take place, and goes on.
#[derive(Clone, Copy)]
struct Running(Instant);

impl HostWallClock for Running {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        let begin = SystemTime::try_from(fixed_now()).expect("it is representable");
        begin.duration_since(UNIX_EPOCH).expect("it is after 1970") + self.0.elapsed()
    }
}

/// So many servers with one store.
pub(crate) async fn replicas(
    count: usize,
    component: &Component,
    variables: &Variables,
    store: &Arc<KeyValue>,
) -> Vec<String> {
    let clock = Running(Instant::now());
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(replica(component, variables.clone(), Arc::clone(store), clock).await);
    }
    all
}

/// Gong's limits, for the component and the adapter.
const LIMITS: [(&str, &str); 3] = [
    ("GONG_PACE", "host"),
    ("RATE_LIMIT_REQUESTS_PER_SECOND", "3"),
    ("RATE_LIMIT_REQUESTS_PER_DAY", "10000"),
];

/// A call that asks Gong once: whether it went well, and what it says.
async fn call(address: &str) -> (bool, String) {
    call_tool(address, "gong_list_workspaces", json!({})).await
}

pub(crate) async fn call_tool(address: &str, name: &str, arguments: Value) -> (bool, String) {
    let message = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    });
    let request = Request::post(format!("http://{address}/mcp"))
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .body(axum::body::Body::from(message.to_string()));
    let client: HttpClient<HttpConnector, axum::body::Body> =
        HttpClient::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.unwrap()).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    let result = &answer["result"];
    let text = result["content"][0]["text"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"));
    (result["isError"] != true, text.to_owned())
}

/// Calls all of them at once, several times each.
async fn call_all(addresses: &[String], times: usize) -> Vec<(bool, String)> {
    let calls = addresses
        .iter()
        .flat_map(|address| vec![address.clone(); times]);
    let calls: Vec<_> = calls
        .map(|address| tokio::spawn(async move { call(&address).await }))
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    answers
}

async fn busy() -> FakeGong {
    stand_in(fake_gong::Options {
        rate_limit: true,
        ..options()
    })
    .await
}

/// How many requests the stand-in took, and how many it refused as too fast.
fn seen(gong: &FakeGong) -> (usize, usize) {
    let requests = gong.requests();
    let refused = requests.iter().filter(|one| one.status == 429).count();
    (requests.len() - refused, refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_keep_the_limit_together() {
    let draft2 =
        Component::from_binary(engine(), &bytes(Artefact::GongServerRateLimitedDraft2)).unwrap();
    for component in [rate_limited(), &draft2] {
        let gong = busy().await;
        let store = Arc::new(KeyValue::default());
        // As a store that tells the losers of a race to try again.
        store.fails.store(5, Ordering::Relaxed);
        let servers = replicas(4, component, &variables(&gong, &LIMITS), &store).await;
        let start = Instant::now();
        for (good, text) in call_all(&servers, 2).await {
            assert!(good, "{text}");
        }
        assert_eq!(seen(&gong), (8, 0));
        assert!(
            start.elapsed() >= Duration::from_secs(2),
            "three seconds' worth"
        );
        assert_eq!(store.len(), 2, "keys");
    }
}

/// What the test above would see if the limit were not kept.
#[tokio::test(flavor = "multi_thread")]
async fn without_it_the_stand_in_refuses() {
    let gong = busy().await;
    let store = Arc::default();
    for (component, settings) in [(gong_server(), &LIMITS[..0]), (gong_server(), &LIMITS[..])] {
        let (_, before) = seen(&gong);
        let servers = replicas(4, component, &variables(&gong, settings), &store).await;
        call_all(&servers, 2).await;
        assert!(seen(&gong).1 > before, "{:?}", seen(&gong));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_requests_are_counted_together() {
    let gong = busy().await;
    let mut settings = variables(&gong, &LIMITS);
    settings.insert("RATE_LIMIT_REQUESTS_PER_DAY".to_owned(), "2".to_owned());
    let servers = replicas(3, rate_limited(), &settings, &Arc::default()).await;
    let answers = call_all(&servers, 1).await;
    assert_eq!(seen(&gong), (2, 0));
    let refused: Vec<&str> = answers
        .iter()
        .filter(|(good, _)| !good)
        .map(|(_, text)| &**text)
        .collect();
    let [refused] = refused[..] else {
        panic!("{answers:?}");
    };
    for part in [
        "2 requests a day",
        "(RATE_LIMIT_REQUESTS_PER_DAY)",
        "in 12 h 0 min",
    ] {
        assert!(refused.contains(part), "{refused}");
    }
}

/// A list that reads page after page ends where the limit is, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_the_limit_is_not_lost() {
    let gong = busy().await;
    let mut settings = variables(&gong, &LIMITS);
    settings.insert("RATE_LIMIT_REQUESTS_PER_DAY".to_owned(), "2".to_owned());
    let servers = replicas(1, rate_limited(), &settings, &Arc::default()).await;
    let arguments = json!({"from": "180d", "account": "Acme Corp", "limit": 200});
    let (good, text) = call_tool(&servers[0], "gong_search_calls", arguments).await;
    assert!(
        good && text.contains("(RATE_LIMIT_REQUESTS_PER_DAY)"),
        "{text}"
    );
    assert_eq!(seen(&gong), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_store_or_settings_nothing_is_sent() {
    let gong = busy().await;
    for (name, value, said) in [
        ("RATE_LIMIT_STORE", "none", "no key-value store \"none\""),
        (
            "RATE_LIMIT_STORE",
            "others",
            "does not let this component use",
        ),
        (
            "RATE_LIMIT_STORE",
            "default",
            "\"default\" (RATE_LIMIT_STORE) fails",
        ),
        (
            "RATE_LIMIT_REQUESTS_PER_SECOND",
            "",
            "RATE_LIMIT_REQUESTS_PER_SECOND: it is not set. An example: 3",
        ),
        (
            "RATE_LIMIT_MAX_WAIT_SECONDS",
            "long",
            "RATE_LIMIT_MAX_WAIT_SECONDS: \"long\" is not a whole number from 5 to 60. An example: 30",
        ),
    ] {
        let store = Arc::new(KeyValue::default());
        store.fails.store(1, Ordering::Relaxed);
        let mut settings = variables(&gong, &LIMITS);
        settings.insert(name.to_owned(), value.to_owned());
        let servers = replicas(1, rate_limited(), &settings, &store).await;
        let (good, text) = call(&servers[0]).await;
        assert!(!good && text.contains(said), "{text}");
        assert!(
            !text.contains("geheim"),
            "what a store says is for the host's log: {text}"
        );
    }
    assert_eq!(seen(&gong), (0, 0));
}
