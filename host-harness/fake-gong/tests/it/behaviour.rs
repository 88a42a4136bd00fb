//! Gong's behaviour: who may ask, what is refused and in which words.

use fake_gong::Options;
use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::client::{basic, get, options, post, send, start};

#[tokio::test]
async fn wrong_credentials_are_401() {
    let gong = start(options()).await;
    let anonymous = Request::get("/v2/users").body(Full::default()).unwrap();
    let answer = send(&gong, anonymous).await.unwrap();
    assert_eq!(answer.status, 401);
    assert!(!answer.error().contains("api:"));
    let stranger = Request::get("/v2/users").header("authorization", "Basic eDp5");
    let answer = send(&gong, stranger.body(Full::default()).unwrap()).await;
    assert_eq!(answer.unwrap().status, 401);
    assert_eq!(get(&gong, "/v2/users").await.status, 200);
}

#[tokio::test]
async fn a_withheld_scope_is_401_with_its_name() {
    let gong = start(Options {
        withheld_scopes: vec![
            "api:calls:read:transcript".to_owned(),
            "api:calls:read:media-url".to_owned(),
        ],
        ..options()
    })
    .await;
    let answer = post(&gong, "/v2/calls/transcript", json!({"filter": {}})).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.error(),
        "You don't have permission to use 'api:calls:read:transcript' in your app."
    );
    let plain = json!({"filter": {}});
    assert_eq!(post(&gong, "/v2/calls/extensive", plain).await.status, 200);
    let media = json!({"filter": {}, "contentSelector": {"exposedFields": {"media": true}}});
    let answer = post(&gong, "/v2/calls/extensive", media).await;
    assert_eq!(answer.status, 401);
    assert!(answer.error().contains("'api:calls:read:media-url'"));
}

#[tokio::test]
async fn nothing_found_is_404() {
    let gong = start(Options {
        calls: 20,
        ..options()
    })
    .await;
    let none = "No calls found corresponding to the provided filters";
    let window = "fromDateTime=2001-01-01T00:00:00Z&toDateTime=2001-01-02T00:00:00Z";
    let answer = get(&gong, &format!("/v2/calls?{window}")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (404, none.to_owned())
    );
    for path in ["/v2/calls/extensive", "/v2/calls/transcript"] {
        let answer = post(&gong, path, json!({"filter": {"callIds": ["42"]}})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (404, none.to_owned())
        );
    }
    let answer = get(&gong, "/v2/calls/42").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.error(), "Call ID 42 was not found");
    let filter = json!({"filter": {"callFromDate": "2001-01-01", "callToDate": "2001-01-02"}});
    let answer = post(&gong, "/v2/stats/activity/scorecards", filter).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.error(), "Answered scorecards not found");
    assert_eq!(get(&gong, "/v2/users/42").await.status, 404);
}

#[tokio::test]
async fn malformed_requests_are_400() {
    let gong = start(options()).await;
    for path in [
        "/v2/calls/extensive",
        "/v2/calls/transcript",
        "/v2/users/extensive",
        "/v2/stats/activity/scorecards",
    ] {
        let answer = post(&gong, path, json!({})).await;
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(answer.error(), "filter: must not be null");
    }
    let id = gong.company().calls()[0].id.clone();
    let workspace = gong.company().workspaces()[0].id.clone();
    let both = json!({"callIds": [id], "workspaceId": workspace});
    let late =
        json!({"fromDateTime": "2026-11-02T00:00:00Z", "toDateTime": "2026-11-01T00:00:00Z"});
    let local = json!({"fromDateTime": "2026-11-02T00:00:00"});
    for (filter, error) in [
        (json!({"callIds": []}), "filter.callIds: must not be empty"),
        (
            both,
            "filter.workspaceId: must not provide both callIds and workspaceId",
        ),
        (late, "filter.fromDateTime: must be before toDateTime"),
        (
            local,
            "filter.fromDateTime: must be a date and time in ISO-8601 with an offset or Z",
        ),
    ] {
        let answer = post(&gong, "/v2/calls/extensive", json!({"filter": filter})).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.error(), error);
    }
    let timing = json!({
        "filter": {},
        "contentSelector": {"context": "Basic", "contextTiming": ["Now"]},
    });
    let answer = post(&gong, "/v2/calls/extensive", timing).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error().starts_with("contentSelector.contextTiming"));
    let answer = get(
        &gong,
        "/v2/permission-profile?profileId=99999999999999999999",
    )
    .await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (400, "Bad request".to_owned())
    );
}

#[tokio::test]
async fn scorecards_take_days_that_are_over() {
    let gong = start(options()).await;
    let path = "/v2/stats/activity/scorecards";
    let instant = json!({"filter": {"callFromDate": "2026-11-01T00:00:00Z"}});
    assert_eq!(post(&gong, path, instant).await.status, 400);
    let tomorrow = json!({"filter": {"callToDate": "2026-11-21"}});
    assert_eq!(post(&gong, path, tomorrow).await.status, 400);
    let today = json!({"filter": {"callToDate": "2026-11-20"}});
    assert_eq!(post(&gong, path, today).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_415() {
    let gong = start(options()).await;
    for kind in [Some("text/plain"), None] {
        let mut request = Request::post("/v2/calls/extensive").header("authorization", basic());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let body = Full::from(r#"{"filter":{}}"#);
        let answer = send(&gong, request.body(body).unwrap()).await.unwrap();
        assert_eq!(answer.status, 415);
        answer.error();
    }
}

#[tokio::test]
async fn unknown_paths_are_404_and_wrong_methods_405() {
    let gong = start(options()).await;
    let answer = get(&gong, "/calls").await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (404, "routeNotFound".to_owned())
    );
    let answer = get(&gong, "/v2/calls/extensive").await;
    assert_eq!(answer.status, 405);
    answer.error();
    assert_eq!(post(&gong, "/v2/users", json!({})).await.status, 405);
}

#[tokio::test]
async fn flows_are_listed_by_their_owner() {
    let gong = start(options()).await;
    let answer = get(&gong, "/v2/flows").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error(), "flowOwnerEmail: must not be null");
    let answer = get(&gong, "/v2/flows?flowOwnerEmail=nobody%40example.com").await;
    assert_eq!(answer.status, 404);
    let email = "jonas.weber%40northwindrelay.com";
    let answer = get(&gong, &format!("/v2/flows?flowOwnerEmail={email}"))
        .await
        .json();
    assert_eq!(answer["records"]["totalRecords"], 8);
    let flow = answer["flows"][0]["id"].as_str().unwrap();
    let stranger = "ben.hartley%40northwindrelay.com";
    let answer = get(&gong, &format!("/v2/flows?flowOwnerEmail={stranger}"))
        .await
        .json();
    assert!(answer["records"]["totalRecords"].as_u64().unwrap() < 8);

    let answer = post(&gong, "/v2/flows/steps", json!({"flowIds": [flow]}))
        .await
        .json();
    assert_eq!(answer["flows"][0]["steps"][0]["stepOrder"], 1);
    let answer = post(&gong, "/v2/flows/steps", json!({"flowIds": [flow, "7"]})).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.error(), "Flow not found: flowId=7");
    let many: Vec<String> = (0..21).map(|id| id.to_string()).collect();
    let answer = post(&gong, "/v2/flows/steps", json!({"flowIds": many})).await;
    assert_eq!(answer.status, 400);

    let answer = get(
        &gong,
        &format!("/v2/flows/folders?flowFolderOwnerEmail={email}"),
    )
    .await;
    let answer = answer.json();
    assert_eq!(answer["flowsFolders"][0]["parentFolderId"], "null");
    assert_ne!(answer["flowsFolders"][1]["parentFolderId"], "null");
}

#[tokio::test]
async fn prospects_are_found_open_by_id_and_finished_by_instance() {
    let gong = start(options()).await;
    let path = "/v2/flows/prospects";
    let empty = post(&gong, path, json!({"crmProspectsIds": ["003xx"]})).await;
    assert_eq!(empty.status, 200);
    assert_eq!(empty.json()["prospectsAssigned"], json!([]));
    let instances = gong.company().flow_instances();
    let with = |status: &str| {
        instances
            .iter()
            .find(|instance| instance.status == status)
            .unwrap()
    };
    for (status, by_prospect) in [("Running", 1), ("Paused", 1), ("FinishedNoReply", 0)] {
        let instance = with(status);
        let body = json!({"crmProspectsIds": [instance.prospect]});
        let found = post(&gong, path, body).await.json()["prospectsAssigned"].clone();
        assert_eq!(found.as_array().unwrap().len(), by_prospect, "{status}");
        let body = json!({"flowInstanceIds": [instance.id]});
        let found = post(&gong, path, body).await.json()["prospectsAssigned"].clone();
        assert_eq!(found[0]["flowInstanceStatus"], status);
    }
}
