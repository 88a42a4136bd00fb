//! Tools that are called regularly.

use std::time::Duration;

use fake_gong::FakeGong;
use gateway::store::{AuditedCall, CallResult, Decision, KillSwitch};
use serde_json::json;

use crate::operations::serve;
use crate::support::{Tenant, TestGateway, ada, options, stand_in, succeed, until};

const WORKSPACES: &str =
    "[[tenants.acme.schedule]]\ntool = \"gong_list_workspaces\"\nevery = \"1s\"";

/// Lines of the tenant itself come before those of its schedule.
fn tenant(gong: &FakeGong, lines: &str, schedule: &str) -> Tenant {
    Tenant::at(gong).with(lines).with(schedule)
}

async fn scheduled(gateway: &TestGateway) -> Vec<AuditedCall> {
    let mut rows = gateway.audit().await;
    rows.retain(|row| row.user == "schedule");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_called_regularly_and_audited_and_a_kill_switch_stops_it() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", tenant(&gong, "", WORKSPACES))]).await;
    until("it is called", async || {
        scheduled(&gateway).await.len() >= 3
    })
    .await;
    let rows = scheduled(&gateway).await;
    for row in &rows {
        assert_eq!(row.result, CallResult::Success);
        assert_eq!((&*row.tenant, &*row.tool), ("acme", "gong_list_workspaces"));
        assert_eq!((row.gong_requests, row.client.as_deref()), (Some(1), None));
    }
    for pair in rows.windows(2) {
        let apart = pair[1].time.duration_since(pair[0].time).as_millis();
        assert!(apart >= 950, "{apart} ms apart");
    }

    let store = &gateway.server().gateway.store;
    let off = KillSwitch::Tenant("acme".to_owned());
    store.switch(&ada(), &off, false, "a leak").unwrap();
    until("it is denied", async || {
        let rows = scheduled(&gateway).await;
        let last = rows.last().unwrap();
        last.code.as_deref() == Some("switched-off-tenant")
    })
    .await;
    gong.clear_requests();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(gong.requests().len(), 0);
    store.switch(&ada(), &off, true, "").unwrap();
    until("it goes on", async || !gong.requests().is_empty()).await;

    // So does the review: an approval is needed as for everybody.
    let tool = "gong_list_workspaces";
    gateway.review("acme", &[tool], Decision::Disable).await;
    until("it is denied", async || {
        let rows = scheduled(&gateway).await;
        rows.last().unwrap().code.as_deref() == Some("disabled")
    })
    .await;
}

/// A call that is running when the switch is thrown ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_switch_ends_a_call_that_runs() {
    let gong = stand_in(options()).await;
    let slow = fake_gong::Fault::Slow(Duration::from_secs(30));
    gong.fault("/v2/workspaces", slow, None);
    let gateway = TestGateway::start(&[("acme", tenant(&gong, "", WORKSPACES))]).await;
    until("it runs", async || !gong.requests().is_empty()).await;
    // One at a time.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(gong.requests().len(), 1);
    let store = &gateway.server().gateway.store;
    let off = KillSwitch::Tenant("acme".to_owned());
    store.switch(&ada(), &off, false, "a leak").unwrap();
    until("it is cancelled", async || {
        let rows = scheduled(&gateway).await;
        rows.first()
            .is_some_and(|row| row.code.as_deref() == Some("cancelled"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_fails_is_tried_again_and_spends_no_more_than_its_share() {
    let gong = stand_in(options()).await;
    let fault = fake_gong::Fault::Status(403, "Forbidden".to_owned(), None);
    gong.fault("/v2/workspaces", fault, Some(1));
    let lines = "schedule_requests_per_day = 3";
    let gateway = TestGateway::start(&[("acme", tenant(&gong, lines, WORKSPACES))]).await;
    until("the share is spent", async || {
        let rows = scheduled(&gateway).await;
        rows.last()
            .is_some_and(|row| row.code.as_deref() == Some("user-quota"))
    })
    .await;
    let rows = scheduled(&gateway).await;
    let codes: Vec<Option<&str>> = rows.iter().map(|row| row.code.as_deref()).collect();
    assert_eq!(
        codes[..4],
        [Some("tool-error"), None, None, Some("user-quota")]
    );
    assert_eq!(gong.requests().len(), 3);
    // The others have what is left.
    let mia = gateway.client("acme/mia").await;
    succeed(&mia, "gong_list_workspaces", json!({})).await;
}

/// An index is filled by as many calls as that takes, and what the tool says of it is shown.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_filled_and_the_administrator_sees_it() {
    let gong = stand_in(fake_gong::Options {
        calls: 600,
        ..options()
    })
    .await;
    let schedule = "[[tenants.acme.schedule]]\ntool = \"gong_sync_calls\"\n\
                    arguments = { from = \"180d\" }\nevery = \"1h\"";
    let lines = "requests_per_second = 1000";
    let gateway = TestGateway::start(&[("acme", tenant(&gong, lines, schedule))]).await;
    let store = gateway.server().gateway.store.clone();
    let status = async || {
        let store = store.clone();
        let read = tokio::task::spawn_blocking(move || store.index_status("acme")).await;
        read.unwrap().unwrap()
    };
    until("it is complete", async || {
        let coverage = status().await.map(|status| status.coverage);
        coverage.is_some_and(|all| all.len() >= 6 && all.iter().all(|(_, percent)| *percent == 100))
    })
    .await;
    let calls = scheduled(&gateway).await.len();
    assert!((1..=3).contains(&calls), "{calls}");

    // An order calls it again, before its time.
    store.clear_index(&ada(), "acme").unwrap();
    until("it is empty", async || {
        status()
            .await
            .is_some_and(|status| status.objects == 0 && status.coverage.is_empty())
    })
    .await;
    store.refill_index(&ada(), "acme").unwrap();
    until("it is filled", async || {
        status()
            .await
            .is_some_and(|status| status.objects > 20 && !status.coverage.is_empty())
    })
    .await;
    assert!(scheduled(&gateway).await.len() > calls);
}

/// A gateway that stands by calls nothing.
#[tokio::test(flavor = "multi_thread")]
async fn who_stands_by_does_not_follow_the_schedule() {
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    gateway.stop().await;
    gateway.write(&[("acme", tenant(&gong, "", WORKSPACES))]);
    let serving = serve(&gateway.config(), &[]).await;
    let mut standing_by = tokio::process::Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["serve", "--wait", "--config"])
        .arg(gateway.config())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let requests = gong.requests().len();
    assert!((2..=6).contains(&requests), "{requests}");
    drop(serving);
    // It takes over, and goes on.
    gong.clear_requests();
    until("it follows the schedule now", async || {
        gong.requests().len() >= 2
    })
    .await;
    standing_by.kill().await.unwrap();
}
