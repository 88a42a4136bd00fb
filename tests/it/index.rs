//! The index of calls through `gong-mcp.wasm`: filled from the stand-in, asked, and what a million
//! calls take of an instance's memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::http::Uri;
use fake_gong::{FakeGong, Grown, OpenApi};
use gong_tools::bench_api::MadeCompany;
use sandbox::objects::{Condition, MemoryStore, ObjectName, ObjectStore, StoreClock, StoreLimits};
use sandbox::{Env, Limits, Run, Sandbox};
use serde_json::{Value, json};

use crate::support::{options, outbound, run_for, sandbox, sandbox_with, stand_in};

/// Where the index is kept, inside this process.
pub(crate) const INDEX_URL: &str = "http://index.internal";

/// A store without objects.
pub(crate) fn store() -> Arc<MemoryStore> {
    let limits = StoreLimits {
        max_bytes: 256 << 20,
        max_age: Duration::from_secs(86_400),
    };
    Arc::new(MemoryStore::new(limits, StoreClock::default()))
}

/// The same call with an index in this store.
pub(crate) fn with_index(mut run: Run, store: Arc<MemoryStore>) -> Run {
    run.env.set("GONG_INDEX_URL", INDEX_URL);
    run.outbound = run
        .outbound
        .with_objects(INDEX_URL, store)
        .expect("the URL is good");
    run
}

/// The structured answer, its text, and the requests to Gong that it took.
async fn ask(sandbox: &Sandbox, run: &Run, tool: &str, arguments: &Value) -> (Value, String, u32) {
    let answer = sandbox.call_tool(run, tool, &arguments.to_string()).await;
    let answer = answer.unwrap_or_else(|error| panic!("{tool}: {error}"));
    assert!(!answer.is_error, "{tool}: {}", answer.text);
    let structured = serde_json::from_str(answer.structured.expect("structure").get());
    let structured = structured.expect("JSON");
    (structured, answer.text, answer.usage.requests)
}

async fn company(calls: usize) -> FakeGong {
    stand_in(fake_gong::Options {
        calls,
        grown: Some(Grown::default()),
        openapi: OpenApi::Off,
        ..options()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_filled_and_answers_with_few_requests() {
    let gong = company(2_000).await;
    let mut run = run_for(&gong);
    run.env.set("GONG_PACE", "host");
    let store = store();
    let run = with_index(run, Arc::clone(&store));
    let sandbox = sandbox();
    let (_, text, _) = ask(&sandbox, &run, "gong_sync_calls", &json!({})).await;
    assert!(text.starts_with("Complete from "), "{text}");
    for _ in 0..5 {
        ask(&sandbox, &run, "gong_sync_calls", &json!({})).await;
    }
    let (filled, text, _) = ask(&sandbox, &run, "gong_sync_calls", &json!({})).await;
    assert!(filled["missing_requests"].is_null(), "{text}");
    assert!(store.usage().expect("it is readable").bytes > 10_000);
    let account = gong.company().accounts()[0].name;
    for (tool, arguments, most) in [
        ("gong_get_account", json!({"account": account}), 3),
        (
            "gong_search_calls",
            json!({"account": account, "from": "180d"}),
            2,
        ),
        (
            "gong_count_calls",
            json!({"by": ["host", "week"], "from": "180d"}),
            1,
        ),
        ("gong_list_deals", json!({"from": "90d"}), 3),
    ] {
        let (answer, text, requests) = ask(&sandbox, &run, tool, &arguments).await;
        assert!(requests <= most, "{tool}: {requests}\n{text}");
        assert!(answer["scan"]["index"].is_string(), "{tool}: {text}");
    }
}

/// 38,500 calls a week for 26 weeks, each of which has the same ones.
async fn a_million_calls() -> Run {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let company = MadeCompany::new(77_000, 14);
    let made: BTreeMap<String, Vec<u8>> = company.index(&authority, "key");
    let number = |name: &str| -> i64 { name["calls-".len()..].parse().expect("a number") };
    let newest = made.keys().map(|name| number(name)).max().expect("a week");
    let whole = made.values().max_by_key(|bytes| bytes.len());
    let whole = Bytes::from(whole.expect("a week").clone());
    let store = store();
    for back in 0..27 {
        let name = ObjectName::new(&format!("calls-{}", newest - back)).expect("a name");
        let bytes = match back {
            0 => Bytes::from(made[&format!("calls-{newest}")].clone()),
            _ => whole.clone(),
        };
        let written = store.put(&name, bytes, &Condition::None);
        written.expect("there is room");
    }
    let company = Arc::new(Mutex::new(company));
    let answer = move |uri: Uri, body: Bytes| async move {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        company.lock().unwrap().answer(path, &body)
    };
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    let base_url = format!("http://{authority}");
    let now = u64::try_from(MadeCompany::NOW).expect("after 1970");
    let run = Run {
        env: Env::from_iter([
            ("GONG_BASE_URL", base_url.as_str()),
            ("GONG_ACCESS_KEY", "key"),
            ("GONG_ACCESS_KEY_SECRET", "key"),
            ("GONG_PACE", "host"),
        ]),
        outbound: outbound(&base_url, None),
        now: Some(UNIX_EPOCH + Duration::from_secs(now)),
        gate: None,
    };
    with_index(run, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_from_a_million_calls_fit_in_64_mib() {
    let run = a_million_calls().await;
    let sandbox = sandbox_with(Limits {
        memory: 64 << 20,
        // Other tests run beside it.
        cpu: Duration::from_secs(120),
        wall_time: Duration::from_secs(300),
        ..Limits::default()
    });
    for (tool, arguments) in [
        (
            "gong_get_account",
            json!({"account": MadeCompany::account_id(17)}),
        ),
        (
            "gong_search_calls",
            json!({"account": MadeCompany::account_id(17), "from": "180d"}),
        ),
        (
            "gong_count_calls",
            json!({"by": ["host", "week"], "from": "180d"}),
        ),
        ("gong_list_deals", json!({"from": "90d"})),
    ] {
        let (answer, text, _) = ask(&sandbox, &run, tool, &arguments).await;
        let read = answer["scan"]["read"].as_u64().expect("a number");
        assert!(read > 390_000, "{tool}: {text}");
    }
}
