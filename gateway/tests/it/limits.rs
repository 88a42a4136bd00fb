//! Gong's limits and the queue, as clients see them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake_gong::{Fault, Options};
use gateway::store::CallResult;
use rmcp::model::{CallToolRequest, ProgressNotificationParam};
use rmcp::service::{NotificationContext, PeerRequestOptions};
use rmcp::{ClientHandler, RoleClient};
use serde_json::json;

use crate::support::{
    Client, Tenant, TestGateway, call, discover, fail, lifecycles, options, params, stand_in,
    succeed, text, until,
};

/// A client that collects progress notifications.
#[derive(Clone, Debug, Default)]
struct ProgressClient(Arc<Mutex<Vec<ProgressNotificationParam>>>);

impl ProgressClient {
    fn messages(&self) -> Vec<(f64, String)> {
        let heard = self.0.lock().unwrap();
        let waits = heard
            .iter()
            .map(|one| (one.progress, one.message.clone().unwrap()));
        waits.collect()
    }
}

impl ClientHandler for ProgressClient {
    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.0.lock().unwrap().push(params);
    }
}

/// Like Gong, the stand-in refuses the fourth request in a second. No call is refused.
#[tokio::test(flavor = "multi_thread")]
async fn all_users_together_stay_within_gongs_limit() {
    let gong = stand_in(Options {
        rate_limit: true,
        ..options()
    })
    .await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let mut calls = tokio::task::JoinSet::new();
    let start = Instant::now();
    for who in ["acme/mia", "acme/noa"] {
        for _ in 0..5 {
            let client = gateway.client(who).await;
            calls.spawn(async move {
                succeed(&client, "gong_list_workspaces", json!({})).await;
            });
        }
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
    let statuses: Vec<u16> = gong.requests().iter().map(|one| one.status).collect();
    assert_eq!(statuses, [200; 10]);
    assert!(
        start.elapsed() >= Duration::from_millis(3300),
        "three spans"
    );
    let live = gateway.server().gateway.tenants.live();
    assert_eq!(live.tenant("acme").unwrap().gauges().quota_left, 9_990);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_many_calls_does_not_hold_up_another() {
    let gong = stand_in(options()).await;
    let tenant = Tenant::at(&gong)
        .with("requests_per_second = 1")
        .with("concurrent_calls = 32");
    let gateway = TestGateway::start(&[("acme", tenant)]).await;
    let noa = gateway.client("acme/noa").await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = gateway.client("acme/mia").await;
        calls.spawn(async move {
            let _ = call(&client, "gong_list_workspaces", json!({})).await;
        });
    }
    let live = gateway.server().gateway.tenants.live();
    let acme = live.tenant("acme").unwrap();
    until("most of mia's calls are in line", async || {
        acme.gauges().limiter_line >= 6
    })
    .await;
    let before = gong.requests().len();
    succeed(&noa, "gong_list_workspaces", json!({})).await;
    let overtaken = gong.requests().len() - before - 1;
    assert!(overtaken <= 2, "{overtaken} of mia's went before noa's");
    calls.abort_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_caller_hears_its_place_in_line() {
    let gong = stand_in(options()).await;
    let tenant = Tenant::at(&gong)
        .with("requests_per_second = 1")
        .with("concurrent_calls = 2");
    let gateway = TestGateway::start(&[("acme", tenant)]).await;
    for lifecycle in lifecycles() {
        let listener = ProgressClient::default();
        let client = gateway
            .client_with("acme/mia", lifecycle, listener.clone())
            .await;
        let calls = (0..4).map(|_| succeed(&client, "gong_list_workspaces", json!({})));
        let calls: Vec<_> = calls.collect();
        join(calls).await;
        let heard = listener.messages();
        let said = |part: &str| heard.iter().any(|(_, message)| message.contains(part));
        assert!(said("Waiting for Gong's limit a second"), "{heard:?}");
        assert!(
            said("Waiting for a place among the calls that run"),
            "{heard:?}"
        );
        assert!(heard.iter().all(|(progress, _)| *progress >= 1.0));
        client.cancel().await.unwrap();
    }
}

async fn join<F: Future>(futures: Vec<F>) {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        futures.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if futures.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_queue_a_call_hears_so_at_once() {
    let gong = stand_in(options()).await;
    gong.fault("/v2/workspaces", Fault::Slow(Duration::from_secs(2)), None);
    let tenant = Tenant::at(&gong)
        .with("concurrent_calls = 1")
        .with("queued_calls = 1");
    let gateway = TestGateway::start(&[("acme", tenant), ("globex", Tenant::at(&gong))]).await;
    let slow = |client: Client| {
        tokio::spawn(async move { call(&client, "gong_list_workspaces", json!({})).await })
    };
    let live = gateway.server().gateway.tenants.live();
    let acme = live.tenant("acme").unwrap();
    let first = slow(gateway.client("acme/mia").await);
    until("one runs", async || acme.gauges().running == 1).await;
    let second = slow(gateway.client("acme/mia").await);
    until("one waits", async || acme.gauges().queued == 1).await;

    let noa = gateway.client("acme/noa").await;
    let start = Instant::now();
    let answer = fail(&noa, "gong_list_users", json!({})).await;
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(
        answer,
        "1 calls of acme wait already, and no more may. Try again when some have ended, or make \
         fewer at once."
    );
    let row = gateway.audit().await.pop().unwrap();
    assert_eq!(row.code.as_deref(), Some("queue-full"));
    // Another tenant has its own queue.
    let globex = gateway.client("globex/mia").await;
    succeed(&globex, "gong_list_users", json!({"limit": 1})).await;
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_requests_are_the_tenants() {
    let gong = stand_in(options()).await;
    let tenant = Tenant::at(&gong)
        .with("requests_per_day = 2")
        .with("user_requests_per_day = 2");
    let mut gateway = TestGateway::start(&[("acme", tenant)]).await;
    let mia = gateway.client("acme/mia").await;
    for _ in 0..2 {
        succeed(&mia, "gong_list_workspaces", json!({})).await;
    }
    let spent = async |gateway: &TestGateway| {
        let noa = gateway.client("acme/noa").await;
        let result = call(&noa, "gong_list_workspaces", json!({})).await.unwrap();
        assert_eq!(result.is_error, Some(true));
        let message = text(&result);
        assert!(
            message.contains("in a day") && message.contains("midnight UTC"),
            "{message}"
        );
    };
    spent(&gateway).await;
    gateway.stop().await;
    gateway.run().await;
    spent(&gateway).await;
    assert_eq!(gong.requests().len(), 2);
}

/// Half of the day is the most that one of two users can have, by default.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_can_not_take_the_others_requests_of_the_day() {
    let gong = stand_in(options()).await;
    let tenant = Tenant::at(&gong).with("requests_per_day = 4");
    let mut gateway = TestGateway::start(&[("acme", tenant)]).await;
    let mia = gateway.client("acme/mia").await;
    for _ in 0..2 {
        succeed(&mia, "gong_list_workspaces", json!({})).await;
    }
    let refused = async |gateway: &TestGateway| {
        let mia = gateway.client("acme/mia").await;
        let result = call(&mia, "gong_list_workspaces", json!({})).await.unwrap();
        assert_eq!(result.is_error, Some(true));
        let said = text(&result);
        assert!(
            said.contains("mia has used up the 2 requests that one user may send Gong in a day"),
            "{said}"
        );
        let row = gateway.audit().await.pop().unwrap();
        assert_eq!(row.code.as_deref(), Some("user-quota"));
        assert_eq!(row.result, CallResult::Error);
    };
    refused(&gateway).await;
    let metrics = {
        gateway.server().gateway.update_gauges();
        gateway.server().gateway.metrics.text()
    };
    for line in [
        r#"gong_gateway_user_quota_refused_total{tenant="acme"} 1"#,
        r#"gong_gateway_user_quota_used{tenant="acme"} 2"#,
        r#"gong_gateway_users_without_quota{tenant="acme"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    gateway.stop().await;
    gateway.run().await;
    refused(&gateway).await;
    let noa = gateway.client("acme/noa").await;
    succeed(&noa, "gong_list_workspaces", json!({})).await;
    assert_eq!(gong.requests().len(), 3);
    let today = jiff::tz::Offset::UTC
        .to_datetime(jiff::Timestamp::now())
        .date();
    let quota = gateway.server().gateway.quota("acme").unwrap();
    assert_eq!((quota.day, quota.user_limit), (today, 2));
    let users: Vec<_> = quota
        .users
        .iter()
        .map(|one| (&*one.user, one.used))
        .collect();
    assert_eq!(users, [("mia", 2), ("noa", 1)]);
    // The command line reads the same from the file.
    gateway.stop().await;
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["admin", "quota", "--json", "--config"])
        .arg(gateway.config())
        .output()
        .await
        .unwrap();
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        rows[0]["users"],
        json!([{"user": "mia", "used": 2}, {"user": "noa", "used": 1}])
    );
    assert_eq!(rows[0]["user_limit"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_ends_leaves_the_line_and_is_in_the_audit() {
    let gong = stand_in(options()).await;
    gong.fault("/v2/workspaces", Fault::Slow(Duration::from_secs(30)), None);
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let live = gateway.server().gateway.tenants.live();
    let acme = live.tenant("acme").unwrap();
    for (earlier, lifecycle) in lifecycles().into_iter().enumerate() {
        let client: Client = gateway.client_with("acme/mia", lifecycle, ()).await;
        let request = CallToolRequest::new(params("gong_list_workspaces", json!({})));
        let handle = client
            .send_cancellable_request(request.into(), PeerRequestOptions::no_options())
            .await
            .unwrap();
        until("it runs", async || acme.gauges().running == 1).await;
        handle
            .cancel(Some("changed my mind".to_owned()))
            .await
            .unwrap();
        until("it has ended", async || acme.gauges().running == 0).await;
        until("it is in the audit", async || {
            gateway.audit().await.len() > earlier
        })
        .await;
    }
    for row in gateway.audit().await {
        assert_eq!(row.result, CallResult::Error);
        assert_eq!(row.code.as_deref(), Some("cancelled"));
    }
    // Its connection is closed, and its request has left the queue.
    gong.clear_faults();
    let client = gateway.client_with("acme/mia", discover(), ()).await;
    succeed(&client, "gong_list_workspaces", json!({})).await;
}
