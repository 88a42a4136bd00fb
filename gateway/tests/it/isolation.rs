//! Calls of one tenant do not affect another tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::{Duration, Instant};

use fake_gong::Fault;
use gateway::call_gate::CallGate;
use gateway::config::Files;
use gateway::progress::Progress;
use gateway::store::CallResult;
use gateway::tenant::{self as live, Network};
use gateway::traces::{CallTrace, RequestSpans};
use sandbox::outbound::Addresses;
use serde_json::{Value, json};

use crate::support::{Folder, Setup, Tenant, TestGateway, call, fail, options, stand_in, succeed};
use crate::wat::wat_component;

/// A tool whose behaviour depends on the length of its arguments: `{}` answers, `{"a":1}` loops
/// forever, `{"a":11}` takes all memory, `{"a":111}` crashes, `{"a":1111}` answers with a
/// structured result that is not JSON.
const MISCHIEF: &str = "
    (if (i32.eq (local.get 3) (i32.const 7)) (then (loop $again (br $again))))
    (if (i32.eq (local.get 3) (i32.const 8)) (then
        (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (unreachable)))
    (if (i32.eq (local.get 3) (i32.const 9)) (then (unreachable)))
    (if (i32.eq (local.get 3) (i32.const 10)) (then
        (i32.store8 (i32.const 120) (i32.const 1))
        (i32.store (i32.const 124) (i32.const 144))
        (i32.store (i32.const 128) (i32.const 2))))
    (global.get $answer)";

/// A gateway that serves this component.
async fn mischievous(tenants: &[(&str, Tenant)]) -> (TestGateway, Folder) {
    let folder = Folder::new();
    let component = folder.0.join("mischief.wasm");
    std::fs::write(&component, wat_component(MISCHIEF)).unwrap();
    let setup = Setup {
        top: "[limits]\ncpu = \"300ms\"\nmemory = \"4 MiB\"\n".to_owned(),
        component: Some(component),
        ..Setup::default()
    };
    (TestGateway::start_with(setup, tenants).await, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_spin_hog_and_crash_harm_no_other_tenant() {
    let gong = stand_in(options()).await;
    let tenant = Tenant {
        toolsets: vec!["component:test"],
        ..Tenant::at(&gong)
    };
    let tenants = [("acme", tenant.clone()), ("globex", tenant)];
    let (gateway, _folder) = mischievous(&tenants).await;
    let bad = gateway.client("acme/mia").await;
    let mischief = async {
        for _ in 0..3 {
            for (arguments, expected) in [
                (json!({"a": 1}), "it computed for more than 300ms"),
                (json!({"a": 11}), "it needed more than 4 MiB of memory"),
                (json!({"a": 111}), "The tool crashed"),
                (json!({"a": 1111}), "The tool gave a broken answer"),
            ] {
                let answer = fail(&bad, "wat_tool", arguments).await;
                assert!(answer.contains(expected), "{answer}");
            }
        }
    };
    let good = gateway.client("globex/mia").await;
    let worst = async {
        let mut worst = Duration::ZERO;
        for _ in 0..100 {
            let start = Instant::now();
            succeed(&good, "wat_tool", json!({})).await;
            worst = worst.max(start.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        worst
    };
    let ((), worst) = tokio::join!(mischief, worst);
    assert!(worst < Duration::from_secs(1), "{worst:?}");
    let rows = gateway.audit().await;
    let of = |tenant: &'static str| rows.iter().filter(move |row| row.tenant == tenant);
    assert!(of("globex").all(|row| row.result == CallResult::Success));
    let codes: Vec<&str> = of("acme").filter_map(|row| row.code.as_deref()).collect();
    let once = ["cpu", "memory", "crash", "broken-answer"];
    assert_eq!(codes, once.repeat(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gong_that_hangs_or_answers_garbage_harms_no_other_tenant() {
    let bad = stand_in(options()).await;
    let good = stand_in(options()).await;
    let acme = Tenant::at(&bad)
        .with("requests_per_second = 100")
        .with("concurrent_calls = 64");
    let globex = Tenant::at(&good).with("requests_per_second = 100");
    let gateway = TestGateway::start(&[("acme", acme), ("globex", globex)]).await;
    bad.fault("/v2/users", Fault::Slow(Duration::from_secs(60)), None);
    let mut hanging = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let client = gateway.client("acme/noa").await;
        hanging.spawn(async move {
            let _ = call(&client, "gong_list_users", json!({})).await;
        });
    }
    let mia = gateway.client("acme/mia").await;
    // What is cut is read once more.
    for (fault, times, expected) in [
        (Fault::NotJson, 1, "is not JSON"),
        (Fault::OtherShape, 1, "JSON of another shape"),
        (Fault::Cut, 2, "connection cut"),
        (Fault::Huge(20 << 20), 1, "larger than"),
    ] {
        bad.fault("/v2/workspaces", fault, Some(times));
        let answer = fail(&mia, "gong_list_workspaces", json!({})).await;
        assert!(answer.contains(expected), "{answer}");
    }
    let client = gateway.client("globex/mia").await;
    for _ in 0..20 {
        let start = Instant::now();
        succeed(&client, "gong_list_workspaces", json!({})).await;
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{:?}",
            start.elapsed()
        );
    }
    hanging.abort_all();
}

/// A tenant's requests go to its own Gong with its own credentials, and nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn tenants_share_neither_gong_nor_answers() {
    let acmes = stand_in(options()).await;
    let globexs = stand_in(fake_gong::Options {
        seed: 7,
        ..options()
    })
    .await;
    let gateway = TestGateway::start(&[
        ("acme", Tenant::at(&acmes)),
        ("globex", Tenant::at(&globexs)),
    ])
    .await;
    let users = async |who: &str| {
        let client = gateway.client(who).await;
        let result = succeed(&client, "gong_list_users", json!({"limit": 3})).await;
        result.structured_content.unwrap()["users"].clone()
    };
    let (one, other): (Value, Value) = (users("acme/mia").await, users("globex/mia").await);
    assert_ne!(one, other);
    assert_eq!((acmes.requests().len(), globexs.requests().len()), (1, 1));
}

/// Without `stand_in` only public addresses are allowed, which is checked after name resolution. So
/// a name that resolves to this machine is refused, even if its certificate is trusted.
#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_refused_after_the_look_up() {
    let gong = stand_in(fake_gong::Options {
        tls: true,
        ..options()
    })
    .await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let shared = &gateway.server().gateway;
    let live = shared.tenants.live();
    let mut settings = live.config.tenants["acme"].clone();
    settings.gong = format!("https://localhost:{}", gong.addr().port());
    for (addresses, expected) in [(Addresses::Public, "network policy"), (Addresses::Any, "")] {
        let network = Network::new(gong.ca_pem().map(str::to_owned), addresses).unwrap();
        let (store, settings) = (shared.store.clone(), settings.clone());
        let tenant = tokio::task::spawn_blocking(move || {
            let mut files = Files::default();
            live::Tenant::start("acme", &settings, &network, &mut files, &store, false)
        });
        let tenant = tenant.await.unwrap().unwrap();
        let gate = CallGate {
            tenant: Arc::clone(&tenant.name),
            user: "mia".into(),
            limiter: Arc::clone(&tenant.limiter),
            metrics: shared.metrics.clone(),
            progress: Progress::disabled(),
            sent: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
            unreached: AtomicU32::new(0),
            trace: CallTrace::default(),
            requests: RequestSpans::default(),
            user_used_up: AtomicBool::new(false),
            wrote_index: AtomicBool::new(false),
        };
        let run = tenant.run(Arc::new(gate)).unwrap();
        let result = shared
            .sandbox
            .call_tool(&run, "gong_list_workspaces", "{}")
            .await;
        let result = result.unwrap();
        let is_reached = addresses == Addresses::Any;
        assert_eq!(result.is_error, !is_reached, "{}", result.text);
        assert!(result.text.contains(expected), "{}", result.text);
        assert_eq!(
            gong.connections(),
            usize::from(is_reached),
            "{}",
            result.text
        );
    }
}
