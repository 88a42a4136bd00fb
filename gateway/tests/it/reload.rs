//! The configuration and the secrets change while calls run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use fake_gong::{Fault, Options};
use gateway::store::CallResult;
use serde_json::json;

use crate::support::{Tenant, TestGateway, call, fail, options, stand_in, succeed, text, until};

/// The secret's file is replaced under load. Its text stays the same, because the stand-in accepts
/// only one secret, while Gong accepts the old one for a while.
#[tokio::test(flavor = "multi_thread")]
async fn rotating_credentials_loses_no_call() {
    let old = stand_in(options()).await;
    let tenant = Tenant::at(&old)
        .with("requests_per_second = 1000")
        .with("concurrent_calls = 32");
    let gateway = TestGateway::start(&[("acme", tenant)]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicUsize::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let client = gateway.client("acme/mia").await;
        let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
        callers.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                succeed(&client, "gong_list_workspaces", json!({})).await;
                done.fetch_add(1, Ordering::Relaxed);
                // Within the requests that a user may send in a second.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
    let version = async || {
        let live = gateway.server().gateway.tenants.live();
        format!("{:p}", Arc::as_ptr(&live.tenant("acme").unwrap()))
    };
    for round in 0..2 {
        let before = version().await;
        let more = if round == 0 { "\n" } else { "\r\n" };
        gateway.write_secrets(
            "STANDINACCESSKEY",
            &format!("stand-in-access-key-secret{more}"),
        );
        until("the new secret is read", async || version().await != before).await;
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(caller) = callers.join_next().await {
        caller.expect("no call is lost");
    }
    assert!(done.load(Ordering::Relaxed) > 20, "{done:?}");
    let rows = gateway.audit().await;
    assert!(rows.iter().all(|row| row.result == CallResult::Success));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_credentials_are_used_by_the_next_call_and_old_ones_by_those_under_way() {
    let gong = stand_in(Options {
        access_key_secret: "the-second-secret".to_owned(),
        ..options()
    })
    .await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let client = gateway.client("acme/mia").await;
    let answer = fail(&client, "gong_list_workspaces", json!({})).await;
    assert!(
        answer.starts_with("Gong does not accept the access key"),
        "{answer}"
    );
    gateway.write_secrets("STANDINACCESSKEY", "the-second-secret");
    until("the new secret is used", async || {
        let result = call(&client, "gong_list_workspaces", json!({}))
            .await
            .unwrap();
        result.is_error == Some(false)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_changes_nothing_and_a_good_one_does() {
    let gong = stand_in(options()).await;
    let acme = Tenant::at(&gong);
    let mut gateway = TestGateway::start(&[("acme", acme.clone())]).await;
    let mia = gateway.client("acme/mia").await;
    let noa = gateway.client("acme/noa").await;

    let reloads = |gateway: &TestGateway, result: &str| {
        let text = gateway.server().gateway.metrics.text();
        let line = format!("gong_gateway_config_reloads_total{{result=\"{result}\"}}");
        text.lines().any(|one| one.starts_with(&line))
    };
    gateway.write(&[("acme", acme.clone().with("no_such_key = 1"))]);
    until("the broken file is read", async || {
        reloads(&gateway, "error")
    })
    .await;
    succeed(&mia, "gong_list_workspaces", json!({})).await;

    // A user is removed, and a tenant with another Gong is added.
    let other = stand_in(options()).await;
    let moved = Tenant {
        users: vec!["mia"],
        gong: other.base_url(),
        ..acme
    };
    gateway.write(&[("acme", moved.clone()), ("globex", moved)]);
    until("the good file is read", async || {
        reloads(&gateway, "success")
    })
    .await;
    succeed(&mia, "gong_list_workspaces", json!({})).await;
    assert_eq!(other.requests().len(), 1);
    let gone = call(&noa, "gong_list_workspaces", json!({})).await;
    let error = format!("{:?}", gone.expect_err("the token is gone"));
    assert!(error.contains("Auth"), "{error}");
    let globex = gateway.client("globex/mia").await;
    succeed(&globex, "gong_list_workspaces", json!({})).await;
}

/// Kubernetes mounts secrets as links to links to files, and replaces the middle link.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn secrets_behind_turned_links_are_noticed() {
    use std::os::unix::fs::symlink;
    let gong = stand_in(Options {
        access_key_secret: "the-second-secret".to_owned(),
        ..options()
    })
    .await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let folder = &gateway.folder.0;
    for (version, secret) in [("v1", "the-first-secret"), ("v2", "the-second-secret")] {
        std::fs::create_dir(folder.join(version)).unwrap();
        std::fs::write(folder.join(version).join("secret"), secret).unwrap();
    }
    symlink("v1", folder.join("data")).unwrap();
    symlink("data/secret", folder.join("link")).unwrap();
    std::fs::rename(folder.join("link"), folder.join("access-key-secret")).unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let client = gateway.client("acme/mia").await;
    fail(&client, "gong_list_workspaces", json!({})).await;

    symlink("v2", folder.join("next")).unwrap();
    std::fs::rename(folder.join("next"), folder.join("data")).unwrap();
    until("the second secret is used", async || {
        let result = call(&client, "gong_list_workspaces", json!({}))
            .await
            .unwrap();
        result.is_error == Some(false)
    })
    .await;
}

/// Gong's `Retry-After` and the day's used requests survive changes of the configuration.
#[tokio::test(flavor = "multi_thread")]
async fn limits_live_through_a_reload_and_a_restart() {
    let gong = stand_in(options()).await;
    let acme = Tenant::at(&gong);
    let mut gateway = TestGateway::start(&[("acme", acme.clone())]).await;
    let client = gateway.client("acme/mia").await;
    let limit = Fault::Status(429, "Limit".to_owned(), Some(4808));
    gong.fault("/v2/workspaces", limit, Some(1));
    fail(&client, "gong_list_workspaces", json!({})).await;
    let refused = async |gateway: &TestGateway| {
        let noa = gateway.client("acme/noa").await;
        let result = call(&noa, "gong_list_users", json!({})).await.unwrap();
        assert_eq!(result.is_error, Some(true));
        assert!(
            text(&result).contains("about 1 h 21 min"),
            "{}",
            text(&result)
        );
        assert_eq!(gong.requests().len(), 1);
    };
    refused(&gateway).await;

    gateway.write(&[("acme", acme.with("requests_per_day = 5000"))]);
    until("the day is shorter", async || {
        let live = gateway.server().gateway.tenants.live();
        live.tenant("acme").unwrap().gauges().quota == 5000
    })
    .await;
    refused(&gateway).await;

    gateway.stop().await;
    gateway.run().await;
    refused(&gateway).await;
    let live = gateway.server().gateway.tenants.live();
    assert_eq!(live.tenant("acme").unwrap().gauges().quota_left, 4_999);
}
