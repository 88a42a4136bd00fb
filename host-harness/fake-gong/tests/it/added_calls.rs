//! Calls that are added, and their recordings.

use fake_gong::FakeGong;
use fake_gong::company::User;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::client::{Answer, ask, basic, get, options, post, send, start};

/// Somebody whose calls are recorded.
fn host(gong: &FakeGong) -> &User {
    let mut users = gong.company().users().iter();
    users.find(|user| user.is_recorded()).unwrap()
}

fn call(gong: &FakeGong) -> Value {
    let host = host(gong);
    json!({
        "clientUniqueId": "pbx-1",
        "title": "Added by a test",
        "actualStart": "2026-11-19T10:00:00+01:00",
        "duration": 61.5,
        "direction": "Outbound",
        "primaryUser": host.id,
        "parties": [
            {"emailAddress": host.email, "partyId": "1"},
            {"name": "Pat Doe", "emailAddress": "pat@customer.example", "partyId": "2"},
        ],
    })
}

async fn upload(gong: &FakeGong, id: &str, part: &str, content: &str) -> Answer {
    let body = format!(
        "--b1\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"a.mp3\"\r\n\
         Content-Type: audio/mpeg\r\n\r\n{content}\r\n--b1--\r\n"
    );
    let request = Request::put(format!("/v2/calls/{id}/media"))
        .header("authorization", basic())
        .header("content-type", "multipart/form-data; boundary=b1");
    let request = request.body(Full::from(body)).unwrap();
    send(gong, request).await.unwrap()
}

#[tokio::test]
async fn an_added_call_is_listed_but_not_analysed() {
    let gong = start(options()).await;
    let answer = post(&gong, "/v2/calls", call(&gong)).await;
    assert_eq!(answer.status, 200);
    let id = answer.json()["callId"].as_str().unwrap().to_owned();

    let one = get(&gong, &format!("/v2/calls/{id}")).await.json();
    assert_eq!(one["call"]["clientUniqueId"], "pbx-1");
    assert_eq!(one["call"]["duration"], 61);
    assert_eq!(one["call"]["scope"], "External");
    let window = "fromDateTime=2026-11-19T09:00:00Z&toDateTime=2026-11-19T09:00:01Z";
    let listed = get(&gong, &format!("/v2/calls?{window}")).await.json();
    assert!(listed["calls"].as_array().unwrap().contains(&one["call"]));

    let body = json!({
        "filter": {"callIds": [id], "primaryUserIds": [host(&gong).id]},
        "contentSelector": {"exposedFields": {
            "parties": true, "media": true, "content": {"brief": true, "topics": true}}},
    });
    // The details come later than the call itself: with its recording.
    let unknown = post(&gong, "/v2/calls/extensive", body.clone()).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(upload(&gong, &id, "mediaFile", "sound").await.status, 201);
    let found = post(&gong, "/v2/calls/extensive", body).await.json();
    let found = &found["calls"][0];
    assert_eq!(found["content"], json!({"brief": null, "topics": []}));
    assert!(found["media"]["audioUrl"].is_string(), "{found}");
    assert_eq!(found["parties"][0]["userId"], json!(host(&gong).id));
    assert_eq!(found["parties"][1]["affiliation"], "External");

    let body = json!({"filter": {"callIds": [id]}});
    let answer = post(&gong, "/v2/calls/transcript", body).await;
    assert_eq!(answer.status, 404);
    let writes = gong.writes();
    assert_eq!((writes.len(), writes[0].operation), (2, "/v2/calls"));
    assert_eq!(writes[0].body["title"], "Added by a test");
}

#[tokio::test]
async fn a_call_that_can_not_be_added_is_refused() {
    let gong = start(options()).await;
    let lead = &gong.company().users()[0];
    let change = |fields: Value| {
        let mut call = call(&gong);
        for (name, value) in fields.as_object().unwrap() {
            call[name] = value.clone();
        }
        call
    };
    for (fields, status, error) in [
        (
            json!({"clientUniqueId": null}),
            400,
            "clientUniqueId: must not be null",
        ),
        (
            json!({"actualStart": "2026-11-19"}),
            400,
            "actualStart: must be a date and time",
        ),
        (
            json!({"primaryUser": "42"}),
            400,
            "primaryUser: user ID 42 was not found",
        ),
        (json!({"parties": []}), 400, "parties: must not be empty"),
        (
            json!({"parties": [{"name": "Pat"}]}),
            400,
            "parties: a party must be provided for the primaryUser",
        ),
        (json!({"workspaceId": "42"}), 400, "workspaceId: "),
        (
            json!({"speakersTimeline": {"speechSegments": [
                {"fromTime": 0, "toTime": 9, "partyIds": ["3"]}]}}),
            400,
            "speakersTimeline.speechSegments.partyIds: \"3\"",
        ),
        (
            json!({"primaryUser": lead.id, "parties": [{"userId": lead.id}]}),
            409,
            "Recording is not enabled",
        ),
    ] {
        let answer = post(&gong, "/v2/calls", change(fields)).await;
        let text = answer.error();
        assert_eq!(answer.status, status, "{text}");
        assert!(text.starts_with(error), "{text}");
    }
    assert!(gong.writes().is_empty());
    assert_eq!(post(&gong, "/v2/calls", call(&gong)).await.status, 200);
    let again = change(json!({"title": "The same recording"}));
    let answer = post(&gong, "/v2/calls", again).await;
    assert_eq!(answer.status, 409);
    assert!(answer.error().contains("pbx-1"));
}

#[tokio::test]
async fn a_recording_is_taken_once() {
    let gong = start(options()).await;
    let answer = post(&gong, "/v2/calls", call(&gong)).await.json();
    let id = answer["callId"].as_str().unwrap();
    assert_eq!(
        upload(&gong, id, "file", "x").await.error(),
        "mediaFile part is missing"
    );
    let taken = upload(&gong, id, "mediaFile", "ID3").await;
    assert_eq!(taken.status, 201);
    assert_eq!(taken.json()["callId"], id);
    assert!(taken.json()["url"].as_str().unwrap().ends_with(id));
    assert_eq!(upload(&gong, id, "mediaFile", "ID3").await.status, 400);
    let part = &gong.writes()[1].parts[0];
    assert_eq!(
        (part.name.as_str(), part.bytes.as_slice()),
        ("mediaFile", &b"ID3"[..])
    );
    let unknown = upload(&gong, "42", "mediaFile", "ID3").await;
    assert_eq!(unknown.status, 400);

    let mut fetched = call(&gong);
    fetched["clientUniqueId"] = json!("pbx-2");
    fetched["downloadMediaUrl"] = json!("https://recordings.example/2.mp3");
    let answer = post(&gong, "/v2/calls", fetched).await.json();
    let id = answer["callId"].as_str().unwrap();
    let refused = upload(&gong, id, "mediaFile", "ID3").await;
    assert!(refused.error().contains("downloadMediaUrl"));
}

#[tokio::test]
async fn json_where_parts_belong_is_415() {
    let gong = start(options()).await;
    let request = Request::put("/v2/calls/1/media")
        .header("authorization", basic())
        .header("content-type", "application/json");
    let answer = send(&gong, request.body(Full::from("{}")).unwrap()).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, 415);
    assert_eq!(answer.error(), "Unsupported Media Type");
}

#[tokio::test]
async fn somebody_can_be_let_see_an_added_call() {
    let gong = start(options()).await;
    let answer = post(&gong, "/v2/calls", call(&gong)).await.json();
    let id = answer["callId"].as_str().unwrap();
    let other = &gong.company().users()[0].id;
    let users = json!([host(&gong).id, other]);
    let body = json!({"callAccessList": [{"callId": id, "userIds": users}]});
    let granted = ask(&gong, "PUT", "/v2/calls/users-access", Some(body)).await;
    assert_eq!(granted.status, 200);
    let body = json!({"filter": {"callIds": [id]}});
    let list = post(&gong, "/v2/calls/users-access", body).await.json();
    // The host is on the call anyway.
    let expected = json!([{"callId": id, "users": [{"userId": other}]}]);
    assert_eq!(list["callAccessList"], expected);
}
