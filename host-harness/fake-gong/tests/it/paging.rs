//! Pages and cursors.

use fake_gong::{FakeGong, Options};
use serde_json::{Value, json};

use crate::client::{get, options, post, start};

fn ids(page: &Value, key: &str) -> Vec<String> {
    let items = page[key].as_array().unwrap().iter();
    items
        .map(|item| match &item["metaData"]["id"] {
            Value::String(id) => id.clone(),
            _ => item["id"].as_str().unwrap().to_owned(),
        })
        .collect()
}

async fn gong() -> FakeGong {
    start(Options {
        calls: 250,
        ..options()
    })
    .await
}

#[tokio::test]
async fn a_get_pages_by_the_query() {
    let gong = gong().await;
    let mut path = "/v2/calls".to_owned();
    let mut all = Vec::new();
    for (number, size) in [100, 100, 50].into_iter().enumerate() {
        let page = get(&gong, &path).await.json();
        assert_eq!(page["records"]["totalRecords"], 250);
        assert_eq!(page["records"]["currentPageSize"], size);
        assert_eq!(page["records"]["currentPageNumber"], number);
        all.extend(ids(&page, "calls"));
        match page["records"]["cursor"].as_str() {
            Some(cursor) => path = format!("/v2/calls?cursor={cursor}"),
            None => assert_eq!(number, 2),
        }
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 250);
}

#[tokio::test]
async fn a_post_pages_by_the_body_oldest_first() {
    let gong = gong().await;
    let mut body = json!({"filter": {}});
    let mut all = Vec::new();
    loop {
        let page = post(&gong, "/v2/calls/extensive", body.clone())
            .await
            .json();
        all.extend(ids(&page, "calls"));
        match page["records"].get("cursor") {
            Some(cursor) => body["cursor"] = cursor.clone(),
            None => break,
        }
    }
    let expected: Vec<String> = gong
        .company()
        .calls()
        .iter()
        .map(|call| call.id.clone())
        .collect();
    assert_eq!(all, expected);
    assert!(gong.violations().is_empty());
}

#[tokio::test]
async fn a_cursor_in_the_query_of_a_post_brings_page_one_again_and_is_flagged() {
    let gong = gong().await;
    let path = "/v2/calls/extensive";
    let first = post(&gong, path, json!({"filter": {}})).await.json();
    let cursor = first["records"]["cursor"].as_str().unwrap();
    let path = format!("{path}?cursor={cursor}");
    let again = post(&gong, &path, json!({"filter": {}})).await.json();
    assert_eq!(again["records"]["currentPageNumber"], 0);
    assert_eq!(ids(&first, "calls"), ids(&again, "calls"));
    assert!(gong.violations()[0].contains("the cursor is in the query"));
}

#[tokio::test]
async fn a_bad_or_old_cursor_is_400() {
    let gong = gong().await;
    let answer = get(&gong, "/v2/calls?cursor=abc").await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (400, "cursor has expired".to_owned())
    );
    let page = get(&gong, "/v2/calls").await.json();
    let cursor = page["records"]["cursor"].as_str().unwrap();
    let other = gong.company().workspaces()[0].id.clone();
    let answer = get(
        &gong,
        &format!("/v2/calls?cursor={cursor}&workspaceId={other}"),
    )
    .await;
    assert_eq!(answer.status, 400);
    gong.expire_cursors();
    let answer = get(&gong, &format!("/v2/calls?cursor={cursor}")).await;
    assert_eq!(answer.error(), "cursor has expired");
}
