//! The logs.

use fake_gong::FakeGong;
use serde_json::Value;

use crate::client::{get, options, start};

async fn all(gong: &FakeGong, log: &str, from: &str) -> Vec<Value> {
    let first = format!("/v2/logs?logType={log}&fromDateTime={from}");
    let (mut path, mut entries) = (first.clone(), Vec::new());
    loop {
        let answer = get(gong, &path).await;
        assert_eq!(answer.status, 200, "{path}");
        let page = answer.json();
        entries.extend(page["logEntries"].as_array().unwrap().iter().cloned());
        match page["records"]["cursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => return entries,
        }
    }
}

#[tokio::test]
async fn who_came_in_is_kept_for_14_days() {
    let gong = start(options()).await;
    let entries = all(&gong, "AccessLog", "2026-01-01T00:00:00Z").await;
    assert!(entries.len() > 200, "{}", entries.len());
    let kept: jiff::Timestamp = "2026-11-06T10:00:00Z".parse().unwrap();
    for entry in &entries {
        let at: jiff::Timestamp = entry["eventTime"].as_str().unwrap().parse().unwrap();
        assert!(at >= kept && at <= gong.company().now());
    }
    let impersonated = entries
        .iter()
        .filter(|entry| entry["impersonatorUserId"].is_string());
    assert!(impersonated.count() > 0);
    let path = "/v2/logs?logType=AccessLog&fromDateTime=2026-10-01T00:00:00Z\
                &toDateTime=2026-11-01T00:00:00Z";
    let answer = get(&gong, path).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.error(), "No logs found for the specified period");
}

#[tokio::test]
async fn plays_name_calls_and_those_from_outside_have_no_user() {
    let gong = start(options()).await;
    let from = "2026-01-01T00:00:00Z";
    let plays = all(&gong, "UserCallPlay", from).await;
    let activity = all(&gong, "UserActivityLog", from).await;
    let opened = all(&gong, "ExternallySharedCallAccess", from).await;
    let heard = all(&gong, "ExternallySharedCallPlay", from).await;
    assert!(!activity.is_empty());
    assert!(opened.len() > heard.len());
    assert!(
        plays
            .iter()
            .all(|entry| entry["logRecord"]["sequence_num"].is_u64())
    );
    assert!(
        heard
            .iter()
            .all(|entry| entry["logRecord"]["sequence_num"].is_string())
    );
    for entry in plays.iter().chain(&heard) {
        let id = &entry["logRecord"]["call_id"];
        let calls = gong.company().calls();
        assert!(calls.iter().any(|call| *id == call.id.as_str()));
    }
    assert!(plays.iter().all(|entry| entry["userId"].is_string()));
    let outside = opened.iter().chain(&heard);
    assert!(outside.clone().all(|entry| entry["userId"].is_null()));
    assert!(
        outside
            .clone()
            .all(|entry| entry["userEmailAddress"].is_string())
    );
}

#[tokio::test]
async fn the_sort_and_the_beginning_must_be_named() {
    let gong = start(options()).await;
    for (query, error) in [
        (
            "fromDateTime=2026-11-01T00:00:00Z",
            "logType: must not be null",
        ),
        (
            "logType=Everything&fromDateTime=2026-11-01T00:00:00Z",
            "logType: \"Everything\"",
        ),
        ("logType=AccessLog", "fromDateTime: must not be null"),
        (
            "logType=AccessLog&fromDateTime=2026-11-01",
            "fromDateTime: must be a date and time",
        ),
    ] {
        let answer = get(&gong, &format!("/v2/logs?{query}")).await;
        assert_eq!(answer.status, 400);
        assert!(answer.error().starts_with(error), "{}", answer.error());
    }
}
