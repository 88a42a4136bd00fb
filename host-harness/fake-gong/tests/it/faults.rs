//! Faults on demand.

use std::time::{Duration, Instant};

use fake_gong::{FakeGong, Fault, Options};
use http::Request;
use http_body_util::Full;

use crate::client::{basic, get, options, send, start};

async fn gong() -> FakeGong {
    start(Options {
        calls: 5,
        ..options()
    })
    .await
}

#[tokio::test]
async fn a_fault_goes_away_after_its_times_and_keeps_to_its_paths() {
    let gong = gong().await;
    let teapot = Fault::Status(503, "later".to_owned(), Some(2));
    gong.fault("/v2/users", teapot, Some(1));
    assert_eq!(get(&gong, "/v2/workspaces").await.status, 200);
    let answer = get(&gong, "/v2/users").await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (503, "later".to_owned())
    );
    assert_eq!(answer.headers["retry-after"], "2");
    assert_eq!(get(&gong, "/v2/users").await.status, 200);
    gong.fault("", Fault::UntrustedIp, None);
    for _ in 0..3 {
        assert_eq!(get(&gong, "/v2/users").await.status, 403);
    }
    gong.clear_faults();
    assert_eq!(get(&gong, "/v2/users").await.status, 200);
}

#[tokio::test]
async fn a_cut_answer_ends_too_soon() {
    let gong = gong().await;
    gong.fault("/v2/users", Fault::Cut, Some(1));
    let request = Request::get("/v2/users").header("authorization", basic());
    let cut = send(&gong, request.body(Full::default()).unwrap()).await;
    assert!(cut.is_err(), "{cut:?}");
}

#[tokio::test]
async fn slow_answers_are_whole_in_the_end() {
    let gong = gong().await;
    let pause = Duration::from_millis(300);
    for fault in [Fault::Slow(pause), Fault::SlowBody(pause)] {
        gong.fault("/v2/users", fault, Some(1));
        let begin = Instant::now();
        let answer = get(&gong, "/v2/users").await;
        assert!(begin.elapsed() >= pause);
        assert!(answer.json()["users"].as_array().unwrap().len() > 20);
    }
}

#[tokio::test]
async fn answers_of_a_wrong_kind() {
    let gong = gong().await;
    gong.fault("", Fault::NotJson, Some(1));
    let answer = get(&gong, "/v2/users").await;
    assert_eq!(answer.status, 200);
    assert!(answer.bytes.starts_with(b"<!DOCTYPE html>"));
    gong.fault("", Fault::OtherShape, Some(1));
    assert!(get(&gong, "/v2/users").await.json().get("users").is_none());
    gong.fault("", Fault::Huge(3_000_000), Some(1));
    let answer = get(&gong, "/v2/users").await;
    assert_eq!(answer.bytes.len(), 3_000_000);
    answer.json();
    let elsewhere = "https://us-14321.api.gong.io/v2/users";
    gong.fault("", Fault::Redirect(elsewhere.to_owned()), Some(1));
    let answer = get(&gong, "/v2/users").await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.headers["location"], elsewhere);
}

#[tokio::test]
async fn the_log_has_what_was_asked_but_no_credentials() {
    let gong = gong().await;
    get(&gong, "/v2/users?includeAvatars=true").await;
    let seen = gong.requests();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].method.as_str(), seen[0].status), ("GET", 200));
    assert_eq!(seen[0].path, "/v2/users");
    assert_eq!(seen[0].query.as_deref(), Some("includeAvatars=true"));
    assert!(
        seen[0]
            .headers
            .iter()
            .all(|(name, _)| name != "authorization")
    );
    gong.clear_requests();
    assert!(gong.requests().is_empty());
}
