//! What Gong does not have is refused. These tests need Gong's OpenAPI document, and say so
//! where it is missing.

use std::path::Path;

use fake_gong::{FakeGong, OpenApi, Options, openapi_beside};
use serde_json::json;

use crate::client::{get, options, post, start};

const MARK: &str = "(stand-in: not in Gong's OpenAPI document)";

/// A stand-in that checks, if the document is there.
async fn checked() -> Option<FakeGong> {
    let gong = start(Options {
        calls: 20,
        openapi: OpenApi::Beside,
        ..options()
    })
    .await;
    if !gong.contract_checked() {
        eprintln!("skipped: Gong's OpenAPI document is not there");
        return None;
    }
    Some(gong)
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_its_name() {
    let Some(gong) = checked().await else { return };
    for (body, field) in [
        (
            json!({"filter": {"participantEmails": ["a@b.c"]}}),
            "filter.participantEmails",
        ),
        (json!({"filter": {}, "limit": 10}), "limit"),
        (
            json!({"filter": {}, "contentSelector": {"exposedFields": {"content": {"summary": true}}}}),
            "contentSelector.exposedFields.content.summary",
        ),
        (json!({"filter": {"callIds": [42]}}), "filter.callIds.0"),
        (
            json!({"filter": {}, "contentSelector": {"context": "Full"}}),
            "contentSelector.context",
        ),
    ] {
        let answer = post(&gong, "/v2/calls/extensive", body).await;
        assert_eq!(answer.status, 400);
        let error = answer.error();
        assert!(error.starts_with(&format!("{field}: ")), "{error}");
        assert!(error.ends_with(MARK), "{error}");
    }
    assert_eq!(gong.violations().len(), 5);
    assert!(gong.violations()[0].starts_with("POST /v2/calls/extensive: "));
}

#[tokio::test]
async fn an_unknown_query_parameter_is_refused_by_its_name() {
    let Some(gong) = checked().await else { return };
    let answer = get(&gong, "/v2/calls?limit=10").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.error(),
        format!("limit: unknown query parameter {MARK}")
    );
    let answer = get(&gong, "/v2/users?includeAvatars=yes").await;
    assert_eq!(answer.status, 400);
    let answer = get(&gong, "/v2/flows?flowEmailOwner=a%40b.c").await;
    assert_eq!(answer.status, 400);
    assert_eq!(get(&gong, "/v2/calls").await.status, 200);
}

#[tokio::test]
async fn what_gong_has_is_let_through() {
    let Some(gong) = checked().await else { return };
    let everything = json!({
        "filter": {"fromDateTime": "2026-01-01T00:00:00+01:00"},
        "contentSelector": {
            "context": "Extended",
            "contextTiming": ["Now", "TimeOfCall"],
            "exposedFields": {
                "parties": true,
                "content": {
                    "structure": true, "topics": true, "trackers": true,
                    "trackerOccurrences": true, "brief": true, "outline": true,
                    "highlights": true, "callOutcome": true, "keyPoints": true,
                },
                "interaction": {
                    "speakers": true, "video": true, "personInteractionStats": true,
                    "questions": true,
                },
                "collaboration": {"publicComments": true},
                "media": true,
            },
        },
    });
    let answer = post(&gong, "/v2/calls/extensive", everything).await;
    assert_eq!(answer.status, 200, "{:?}", answer.bytes);
    let bare = post(&gong, "/v2/calls/extensive", json!({})).await;
    assert_eq!(bare.error(), "filter: must not be null");
    let missing = get(&gong, "/v2/flows").await;
    assert_eq!(missing.error(), "flowOwnerEmail: must not be null");
    let email = "jonas.weber%40northwindrelay.com";
    let flows = format!("/v2/flows?flowOwnerEmail={email}&mostRecentlyAssigned=true");
    assert_eq!(get(&gong, &flows).await.status, 200);
}

#[tokio::test]
async fn what_only_the_stand_in_lacks_is_501() {
    let file = std::env::temp_dir().join(format!("gong-{}.json", std::process::id()));
    let document = json!({"paths": {"/v2/brand-new": {"get": {}}}, "components": {}});
    std::fs::write(&file, document.to_string()).unwrap();
    let gong = start(Options {
        calls: 5,
        openapi: OpenApi::Path(file.clone()),
        ..options()
    })
    .await;
    std::fs::remove_file(file).unwrap();
    assert_eq!(get(&gong, "/v2/brand-new").await.status, 501);
    assert_eq!(get(&gong, "/v2/deals").await.status, 404);
    assert_eq!(gong.violations().len(), 1);
}

#[tokio::test]
async fn checked_requests_are_counted() {
    let Some(gong) = checked().await else { return };
    get(&gong, "/v2/users").await;
    get(&gong, "/v2/users?limit=5").await;
    get(&gong, "/v2/deals").await;
    assert_eq!(gong.checked_requests(), 2);
}

#[tokio::test]
async fn without_the_document_nothing_is_checked() {
    let gong = start(Options {
        calls: 5,
        openapi: OpenApi::Path("no/such/openapi.json".into()),
        ..options()
    })
    .await;
    assert!(!gong.contract_checked());
    assert_eq!(get(&gong, "/v2/calls?limit=10").await.status, 200);
}

#[test]
fn the_document_is_sought_beside_the_workspace() {
    let found = openapi_beside(Path::new("home/workspace/host/fake"));
    assert_eq!(found, Path::new("home/shared/gong/openapi.json"));
}
