//! Broken exchanges and refusals, through the component and over real sockets: each is an answer
//! that says who can act and how, and none repeats a secret.

use std::time::Duration;

use fake_gong::{FakeGong, Fault, Options};
use sandbox::{Outbound, Run};
use serde_json::{Value, json};

use crate::support::{options, outbound, run_for, run_nowhere, sandbox, stand_in};

async fn fails(run: &Run, tool: &str, arguments: Value) -> String {
    let sandbox = sandbox();
    let result = sandbox
        .call_tool(run, tool, &arguments.to_string())
        .await
        .expect("no limit breaks");
    assert!(result.is_error, "{tool} {arguments}: {}", result.text);
    assert!(result.structured.is_none(), "an error has no structure");
    let secret = Options::default().access_key_secret;
    assert!(
        !result.text.contains(&secret),
        "the secret is in: {}",
        result.text
    );
    result.text
}

/// The text, and how many requests it took.
async fn succeeds(run: &Run, tool: &str, arguments: Value) -> (String, u32) {
    let called = sandbox().call_tool(run, tool, &arguments.to_string()).await;
    let result = called.expect("no limit breaks");
    assert!(!result.is_error, "{tool} {arguments}: {}", result.text);
    (result.text, result.usage.requests)
}

async fn gong() -> FakeGong {
    stand_in(Options {
        calls: 100,
        ..options()
    })
    .await
}

/// What each fault of Gong's, or of what stands in its place, becomes for the model.
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_named_as_what_it_is() {
    let gong = gong().await;
    let location = "https://us-77.api.gong.io/v2/workspaces".to_owned();
    let faults: [(Fault, &[&str]); 11] = [
        (Fault::NotJson, &["is not JSON", "check GONG_BASE_URL"]),
        (Fault::OtherShape, &["JSON of another shape"]),
        (Fault::Cut, &["No connection", "connection cut"]),
        (Fault::Huge(20 << 20), &["larger than", "Ask for less"]),
        (
            Fault::Redirect(location),
            &[
                "Setting GONG_BASE_URL",
                "https://us-77.api.gong.io",
                "not followed",
            ],
        ),
        (Fault::UntrustedIp, &["refuses", "trusted IPs"]),
        (
            Fault::Status(402, "Insufficient credits".into(), None),
            &["no AI credits left", "Insufficient credits"],
        ),
        (
            Fault::Status(500, "Oops".into(), None),
            &["a fault of its own", "“Oops”", "Gong request"],
        ),
        (
            Fault::Status(401, "Unauthorized".into(), None),
            &["does not accept the access key", "GONG_ACCESS_KEY"],
        ),
        (
            Fault::Status(429, "Limit".into(), Some(4808)),
            &["daily allowance", "about 1 h 21 min"],
        ),
        (
            Fault::Status(418, "Teapot".into(), None),
            &["status 418", "“Teapot”"],
        ),
    ];
    for (fault, expected) in faults {
        gong.fault("/v2/workspaces", fault.clone(), None);
        let text = fails(&run_for(&gong), "gong_list_workspaces", json!({})).await;
        for part in expected {
            assert!(text.contains(part), "{fault:?}: {text}");
        }
        gong.clear_faults();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slowness_is_a_time_out_before_and_within_the_answer() {
    let gong = gong().await;
    let mut run = run_for(&gong);
    run.env.set("GONG_TIMEOUT_SECONDS", "1");
    for fault in [
        Fault::Slow(Duration::from_secs(30)),
        Fault::SlowBody(Duration::from_secs(30)),
    ] {
        gong.fault("/v2/workspaces", fault.clone(), Some(1));
        let text = fails(&run, "gong_list_workspaces", json!({})).await;
        assert!(text.contains("did not answer in time"), "{fault:?}: {text}");
        gong.clear_faults();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_sent_once_more_after_a_fault_on_the_way() {
    let gong = gong().await;
    let run = run_for(&gong);
    for fault in [Fault::Cut, Fault::Status(503, "Unavailable".into(), None)] {
        gong.fault("/v2/workspaces", fault.clone(), Some(1));
        let (_, requests) = succeeds(&run, "gong_list_workspaces", json!({})).await;
        assert_eq!(requests, 2, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_is_requested_and_read() {
    let gong = gong().await;
    let run = run_for(&gong);
    let plain = succeeds(&run, "gong_list_users", json!({})).await;
    let accepted = ("accept-encoding".to_owned(), "gzip".to_owned());
    assert!(
        gong.requests()
            .iter()
            .all(|one| one.headers.contains(&accepted))
    );
    gong.fault("/v2/", Fault::Gzip, None);
    let packed = succeeds(&run, "gong_list_users", json!({})).await;
    assert_eq!(packed, plain);
}

/// A change that broke on the way may have been made: it is not sent again, and the reader is
/// shown how to look.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_sent_once_whatever_becomes_of_it() {
    let gong = gong().await;
    let mut run = run_for(&gong);
    run.env.set("GONG_TIMEOUT_SECONDS", "1");
    let call = gong.company().calls()[0].id.clone();
    let user = gong.company().users()[0].id.clone();
    for fault in [
        Fault::Slow(Duration::from_secs(30)),
        Fault::SlowBody(Duration::from_secs(30)),
        Fault::Cut,
        Fault::NotJson,
        Fault::Huge(20 << 20),
        Fault::Status(503, "Unavailable".into(), None),
    ] {
        gong.clear_requests();
        gong.fault("/v2/calls/users-access", fault.clone(), None);
        let arguments = json!({"call": call, "users": [user]});
        let text = fails(&run, "gong_grant_call_access", arguments).await;
        for part in [
            "It is not known whether the change was made, and nothing was sent again.",
            "gong_list_call_access",
        ] {
            assert!(text.contains(part), "{fault:?}: {text}");
        }
        assert!(
            !text.to_lowercase().contains("try again;"),
            "{fault:?}: {text}"
        );
        let sent = gong.requests().len();
        assert_eq!(sent, 1, "{fault:?}");
        gong.clear_faults();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_is_named() {
    let withheld_scopes = vec!["api:calls:read:transcript".to_owned()];
    let gong = stand_in(Options {
        calls: 100,
        withheld_scopes,
        ..options()
    })
    .await;
    let call = gong
        .company()
        .calls()
        .iter()
        .find(|call| !call.is_private)
        .expect("a call")
        .id
        .clone();
    let text = fails(
        &run_for(&gong),
        "gong_get_transcript",
        json!({"call": call}),
    )
    .await;
    assert!(
        text.starts_with("The access key lacks the scope api:calls:read:transcript"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_checked_before_anything_is_sent() {
    let gong = gong().await;
    let arguments = json!({});
    let mut run = run_for(&gong);
    run.env.set("GONG_ACCESS_KEY_SECRET", "wrong-secret");
    let text = fails(&run, "gong_list_workspaces", arguments.clone()).await;
    assert!(
        text.starts_with("Gong does not accept the access key"),
        "{text}"
    );
    assert!(!text.contains("wrong-secret"));
    gong.clear_requests();
    for (name, value) in [
        ("GONG_ACCESS_KEY", ""),
        ("GONG_BASE_URL", "https://gong.example"),
        ("GONG_BASE_URL", "http://api.gong.io"),
        ("GONG_AUTH", "magic"),
        ("GONG_TIME_ZONE", "Denver"),
        ("GONG_ACCESS_KEY", "\"quoted\""),
    ] {
        let mut run = run_for(&gong);
        run.env.set(name, value);
        let text = fails(&run, "gong_list_workspaces", arguments.clone()).await;
        assert!(text.starts_with(&format!("Setting {name}: ")), "{text}");
    }
    let text = fails(&run_nowhere(), "gong_list_workspaces", arguments).await;
    assert!(
        text.starts_with("Setting GONG_ACCESS_KEY: it is not set."),
        "{text}"
    );
    assert!(gong.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_policy_and_dead_ports_are_told_apart() {
    let gong = gong().await;
    let mut denied = run_for(&gong);
    denied.outbound = Outbound::nowhere();
    let text = fails(&denied, "gong_list_workspaces", json!({})).await;
    assert!(
        text.contains("network policy") && text.contains("wassette permission grant network gong"),
        "{text}"
    );

    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", socket.local_addr().expect("an address"));
    drop(socket);
    let mut dead = run_for(&gong);
    dead.env.set("GONG_BASE_URL", &url);
    dead.outbound = outbound(&url, None);
    let text = fails(&dead, "gong_list_workspaces", json!({})).await;
    assert!(text.starts_with("No connection to 127.0.0.1:"), "{text}");
    // A POST has a body to write; its error must not be lost behind that.
    let text = fails(
        &dead,
        "gong_get_call",
        json!({"call": "7782342274025937895"}),
    )
    .await;
    assert!(text.starts_with("No connection to 127.0.0.1:"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_needs_a_trusted_certificate() {
    let gong = stand_in(Options {
        calls: 100,
        tls: true,
        ..options()
    })
    .await;
    let trusted = sandbox()
        .call_tool(&run_for(&gong), "gong_list_workspaces", "{}")
        .await
        .expect("no limit breaks");
    assert!(!trusted.is_error, "{}", trusted.text);
    let mut untrusted = run_for(&gong);
    untrusted.outbound = outbound(&gong.base_url(), None);
    let text = fails(&untrusted, "gong_list_workspaces", json!({})).await;
    assert!(text.starts_with("No trusted TLS connection"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tool_call_keeps_under_three_requests_a_second() {
    let gong = stand_in(Options {
        calls: 1_200,
        rate_limit: true,
        ..options()
    })
    .await;
    let arguments = json!({"title": "zzz", "from": "180d"}).to_string();
    let result = sandbox()
        .call_tool(&run_for(&gong), "gong_search_calls", &arguments)
        .await
        .expect("no limit breaks");
    assert!(!result.is_error, "{}", result.text);
    assert!(
        result.usage.requests > 6,
        "{} requests",
        result.usage.requests
    );
    let limited = gong
        .requests()
        .iter()
        .filter(|request| request.status == 429)
        .count();
    assert_eq!(limited, 0, "no request was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_pause_is_waited_out_and_a_long_one_keeps_what_was_read() {
    let gong = stand_in(Options {
        calls: 1_200,
        ..options()
    })
    .await;
    gong.fault(
        "/v2/workspaces",
        Fault::Status(429, "Limit".into(), Some(1)),
        Some(1),
    );
    let result = sandbox()
        .call_tool(&run_for(&gong), "gong_list_workspaces", "{}")
        .await
        .expect("no limit breaks");
    assert!(!result.is_error, "{}", result.text);
    assert_eq!(result.usage.requests, 2);

    let gong = stand_in(Options {
        calls: 1_200,
        daily_quota: Some(5),
        ..options()
    })
    .await;
    let arguments = json!({"account": "Acme Corp", "from": "180d", "limit": 200}).to_string();
    let result = sandbox()
        .call_tool(&run_for(&gong), "gong_search_calls", &arguments)
        .await
        .expect("no limit breaks");
    assert!(!result.is_error, "{}", result.text);
    let structured: Value =
        serde_json::from_str(result.structured.expect("an answer").get()).expect("JSON");
    assert!(
        structured["calls"]
            .as_array()
            .is_some_and(|calls| !calls.is_empty())
    );
    assert!(
        structured["scan"]["stopped"]
            .as_str()
            .is_some_and(|why| why.contains("daily allowance")),
        "{}",
        result.text
    );
    assert!(structured["resume"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_arguments_cost_no_request() {
    let gong = gong().await;
    let run = run_for(&gong);
    for (tool, arguments, expected) in [
        (
            "gong_search_calls",
            json!({"limit": 501}),
            "Argument `limit`",
        ),
        (
            "gong_search_calls",
            json!({"from": "soon"}),
            "Argument `from`",
        ),
        (
            "gong_search_calls",
            json!({"when": "7d"}),
            "Argument `when`",
        ),
        (
            "gong_search_calls",
            json!({"resume": "xyz"}),
            "Argument `resume`",
        ),
        ("gong_get_call", json!({}), "Argument `call`"),
        ("gong_get_call", json!({"call": "Acme"}), "Argument `call`"),
        (
            "gong_get_transcript",
            json!({"call": "77", "from": "ten"}),
            "Argument `from`",
        ),
        (
            "gong_get_flow_steps",
            json!({"flows": []}),
            "Argument `flows`",
        ),
        (
            "gong_list_prospect_flows",
            json!({}),
            "Argument `prospects`",
        ),
        (
            "gong_list_users",
            json!({"resume": "next"}),
            "Argument `resume`",
        ),
    ] {
        let text = fails(&run, tool, arguments).await;
        assert!(
            text.starts_with(expected) && text.contains("Example: "),
            "{text}"
        );
    }
    assert!(gong.requests().is_empty());
}
