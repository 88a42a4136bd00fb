//! The audit on its way to another system.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use gateway::store::AuditFilter;
use serde_json::{Value, json};

use crate::support::{Setup, Tenant, TestGateway, options, stand_in, succeed, until};

async fn gateway(push: &str) -> (fake_gong::FakeGong, TestGateway) {
    let gong = stand_in(options()).await;
    let setup = Setup {
        top: format!("[audit.push]\n{push}"),
        ..Setup::default()
    };
    let gateway = TestGateway::start_with(setup, &[("acme", Tenant::at(&gong))]).await;
    (gong, gateway)
}

async fn list_workspaces(gateway: &TestGateway) {
    let client = gateway.client("acme/mia").await;
    succeed(&client, "gong_list_workspaces", json!({})).await;
    client.cancel().await.unwrap();
}

/// The ids of all rows, oldest first.
async fn ids(gateway: &TestGateway) -> Vec<i64> {
    let store = gateway.server().gateway.store.clone();
    let filter = AuditFilter {
        limit: Some(10_000),
        ..AuditFilter::default()
    };
    let rows = tokio::task::spawn_blocking(move || store.query_audit(&filter)).await;
    let mut ids: Vec<i64> = rows.unwrap().unwrap().iter().map(|row| row.id()).collect();
    ids.sort_unstable();
    ids
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect()
}

fn read(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // What comes after the last line end is being written.
    lines(text.rsplit_once('\n').map_or("", |(whole, _)| whole))
}

fn pushed_ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_gets_every_row_once_it_can_be_written_and_none_twice_after_a_restart() {
    let (_gong, mut gateway) = gateway("file = \"far/audit.jsonl\"").await;
    list_workspaces(&gateway).await;
    let metric = |gateway: &TestGateway, name: &str| {
        gateway.server().gateway.update_gauges();
        let text = gateway.server().gateway.metrics.text();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let lag = "gong_gateway_audit_push_lag_rows";
    until("the file can not be written", async || {
        metric(&gateway, "gong_gateway_audit_push_failures_total") > 0 && metric(&gateway, lag) > 0
    })
    .await;
    let far = gateway.folder.0.join("far");
    std::fs::create_dir(&far).unwrap();
    let file = far.join("audit.jsonl");
    until("all rows have arrived", async || {
        pushed_ids(&read(&file)) == ids(&gateway).await && metric(&gateway, lag) == 0
    })
    .await;
    gateway.stop().await;
    gateway.run().await;
    list_workspaces(&gateway).await;
    until("the further ones have arrived", async || {
        pushed_ids(&read(&file)) == ids(&gateway).await
    })
    .await;
    let rows = read(&file);
    let last = rows.last().unwrap();
    assert_eq!(
        (&last["kind"], &last["tool"]),
        (&json!("call"), &json!("gong_list_workspaces"))
    );
    // A pushed link proves later that the chain is the same.
    let noted = format!("{}:{}", last["seq"], last["hash"].as_str().unwrap());
    let store = gateway.server().gateway.store.clone();
    let report = tokio::task::spawn_blocking(move || store.verify_audit(noted.parse().ok()));
    assert_eq!(report.await.unwrap().unwrap().fault, None);
}

#[derive(Clone, Default)]
struct Collector {
    refusals: Arc<Mutex<u32>>,
    taken: Arc<Mutex<String>>,
}

async fn collect(State(state): State<Collector>, headers: HeaderMap, body: String) -> StatusCode {
    if headers
        .get("authorization")
        .is_none_or(|value| value != "Splunk 123")
    {
        return StatusCode::UNAUTHORIZED;
    }
    let mut refusals = state.refusals.lock().unwrap();
    if *refusals < 2 {
        *refusals += 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    state.taken.lock().unwrap().push_str(&body);
    StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_gets_every_row_as_ocsf_after_it_was_down() {
    let collector = Collector::default();
    let router = Router::new()
        .route("/gong", post(collect))
        .with_state(collector.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/gong", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = crate::support::Folder::new();
    let secret = folder.0.join("siem");
    std::fs::write(&secret, "Splunk 123\n").unwrap();
    let push = format!(
        "url = \"{url}\"\nauthorization = \"file:{}\"\nformat = \"ocsf\"",
        secret.display()
    );
    let (_gong, gateway) = gateway(&push).await;
    list_workspaces(&gateway).await;
    let events = || lines(&collector.taken.lock().unwrap());
    until("all have arrived", async || {
        let pushed: Vec<i64> = events()
            .iter()
            .map(|event| event["metadata"]["uid"].as_str().unwrap().parse().unwrap())
            .collect();
        pushed == ids(&gateway).await
    })
    .await;
    assert_eq!(*collector.refusals.lock().unwrap(), 2);
    let events = events();
    for event in &events {
        assert_eq!(event["class_uid"], 6003);
        assert_eq!(event["category_uid"], 6);
        let activity = event["activity_id"].as_u64().unwrap();
        assert_eq!(event["type_uid"], 600_300 + activity);
        // What the class requires.
        for name in ["time", "severity_id", "status_id"] {
            assert!(event[name].is_number(), "{name}: {event}");
        }
        assert!(event["metadata"]["product"]["vendor_name"].is_string());
        assert_eq!(event["metadata"]["version"], "1.6.0");
        assert!(event["api"]["operation"].is_string());
        assert!(event["actor"]["user"]["name"].is_string());
        assert!(event["src_endpoint"]["name"].is_string());
        assert!(!event.to_string().contains("null"), "{event}");
    }
    let call = events.last().unwrap();
    assert_eq!(call["api"]["operation"], "gong_list_workspaces");
    assert_eq!(
        (&call["activity_id"], &call["status_id"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(call["actor"]["user"]["name"], "mia");
    assert_eq!(call["metadata"]["tenant_uid"], "acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_has_taken_rows_only_when_it_ends_well() {
    let folder = crate::support::Folder::new();
    let (ready, taken) = (folder.0.join("ready"), folder.0.join("taken"));
    let script = format!(
        "cat > {taken}.new && test -z \"$HOME\" && test -e {ready} && cat {taken}.new >> {taken}",
        taken = taken.display(),
        ready = ready.display()
    );
    let (_gong, gateway) =
        gateway(&format!("command = [\"/bin/sh\", \"-c\", '''{script}''']")).await;
    list_workspaces(&gateway).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(read(&taken).is_empty());
    std::fs::write(&ready, "").unwrap();
    until("all have arrived", async || {
        pushed_ids(&read(&taken)) == ids(&gateway).await
    })
    .await;
}
