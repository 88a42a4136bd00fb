//! Meetings, and what partners report.

use serde_json::{Value, json};

use crate::client::{ask, get, options, post, start};

const ORGANIZER: &str = "jonas.weber@northwindrelay.com";

fn meeting(organizer: &str) -> Value {
    json!({
        "startTime": "2026-12-01T10:00:00Z",
        "endTime": "2026-12-01T10:30:00Z",
        "title": "Workshop",
        "invitees": [{ "email": "alice@acme.com" }],
        "organizerEmail": organizer,
    })
}

#[tokio::test]
async fn a_meeting_is_planned_changed_and_called_off() {
    let gong = start(options()).await;
    let made = post(&gong, "/v2/meetings", meeting(ORGANIZER)).await;
    assert_eq!(made.status, 200);
    let made = made.json();
    let id = made["meetingId"].as_str().unwrap();
    assert!(made["meetingUrl"].as_str().unwrap().starts_with("https://"));
    let path = format!("/v2/meetings/{id}");
    let changed = ask(&gong, "PUT", &path, Some(meeting(ORGANIZER))).await;
    assert_eq!(changed.json()["meetingId"], id);

    let other = "liam.gallagher@northwindrelay.com";
    for (body, error) in [
        (
            json!({ "organizerEmail": other }),
            "No Gong meeting found corresponding to the provided organizer email",
        ),
        (
            json!({ "organizerEmail": "nobody@example.com" }),
            "No Gong user found corresponding to the provided organizer email",
        ),
    ] {
        let answer = ask(&gong, "DELETE", &path, Some(body)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (404, error.to_owned())
        );
    }
    let body = json!({ "organizerEmail": ORGANIZER });
    assert_eq!(ask(&gong, "DELETE", &path, None).await.status, 415);
    assert_eq!(
        ask(&gong, "DELETE", &path, Some(body.clone())).await.status,
        200
    );
    for (method, body) in [("DELETE", body), ("PUT", meeting(ORGANIZER))] {
        let answer = ask(&gong, method, &path, Some(body)).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.error(), "The given meeting ID was not found.");
    }
}

#[tokio::test]
async fn a_lost_calendar_is_409_with_more_keys() {
    let gong = start(options()).await;
    let user = gong.company().user_without_calendar().unwrap();
    let answer = post(&gong, "/v2/meetings", meeting(&user.email)).await;
    assert_eq!(answer.status, 409);
    let body = answer.json();
    for key in ["requestId", "userFacingError", "fixUrl", "helpUrl"] {
        assert!(body[key].is_string(), "{key}");
    }
    assert_eq!(body["errors"].as_array().unwrap().len(), 1);

    let emails = json!([ORGANIZER, user.email, "nobody@example.com"]);
    let path = "/v2/meetings/integration/status";
    let users = post(&gong, path, json!({ "emails": emails })).await.json()["users"].clone();
    let flags = |place: usize| {
        (
            users[place]["exists"].clone(),
            users[place]["valid"].clone(),
        )
    };
    assert_eq!(flags(0), (json!(true), json!(true)));
    assert_eq!(flags(1), (json!(true), json!(false)));
    assert_eq!(flags(2), (json!(false), json!(false)));
    assert_eq!(users[0]["userFacingError"], Value::Null);
    assert_eq!(users[1]["fixUrl"], body["fixUrl"]);
    let many: Vec<String> = (0..101)
        .map(|number| format!("a{number}@b.example"))
        .collect();
    assert_eq!(
        post(&gong, path, json!({ "emails": many })).await.status,
        400
    );
}

#[tokio::test]
async fn meetings_that_can_not_be_are_refused() {
    let gong = start(options()).await;
    let with = |field: &str, value: Value| {
        let mut body = meeting(ORGANIZER);
        body[field] = value;
        body
    };
    for (body, status, error) in [
        (
            with("endTime", json!("2026-12-01T09:00:00Z")),
            400,
            "startTime: must be before endTime",
        ),
        (
            with("startTime", json!("2026-12-01T10:00:00")),
            400,
            "startTime: must be a date and time in ISO-8601 with an offset or Z",
        ),
        (
            with("invitees", json!([{ "displayName": "Alice" }])),
            400,
            "invitees[0].email: must not be null",
        ),
        (
            with("organizerEmail", json!("nobody@example.com")),
            404,
            "No Gong user found corresponding to the provided organizer email",
        ),
    ] {
        let answer = post(&gong, "/v2/meetings", body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (status, error.to_owned())
        );
    }
}

#[tokio::test]
async fn an_interaction_counts_once_and_is_found_by_the_address() {
    let gong = start(options()).await;
    let path = "/v2/digital-interaction";
    let event = |id: &str| {
        json!({
            "eventId": id,
            "timestamp": "2026-11-10T08:00:00Z",
            "eventType": "Whitepaper Viewed",
            "content": { "contentTitle": "Audit trails", "contentId": "wp-7" },
            "person": { "email": "Reader@acme.com" },
        })
    };
    let answer = post(&gong, path, event("e1")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json().as_object().unwrap().len(), 1);
    let again = post(&gong, path, event("e1")).await;
    assert_eq!(again.status, 409);
    assert_eq!(again.error(), "Event was already reported in the past.");
    let found = "/v2/data-privacy/data-for-email-address?emailAddress=reader@acme.com";
    let found = get(&gong, found).await.json()["customerEngagement"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["eventType"], "digitalInteraction");
    assert_eq!(found[0]["sourceEventId"], "e1");

    let mut both = event("e2");
    both["trackingId"] = json!("t-1");
    let mut neither = event("e3");
    neither["person"] = Value::Null;
    let mut empty = event("e4");
    empty["person"] = json!({ "company": { "name": "Acme Corp" } });
    for body in [both, neither, empty] {
        let answer = post(&gong, path, body).await;
        assert_eq!(answer.status, 400);
        answer.error();
    }
    let mut tracked = event("e5");
    tracked["person"] = Value::Null;
    tracked["trackingId"] = json!("t-1");
    assert_eq!(post(&gong, path, tracked).await.status, 200);
}

#[tokio::test]
async fn engagement_counts_once_in_its_system() {
    let gong = start(options()).await;
    let event = |system: &str| {
        json!({
            "reportingSystem": system,
            "eventTimestamp": "2026-11-10T08:00:00Z",
            "eventId": "1",
            "contentId": "c1",
            "contentUrl": "https://content.example/c1",
            "contentTitle": "Price list",
        })
    };
    for path in ["action", "content/shared", "content/viewed"] {
        let path = format!("/v2/customer-engagement/{path}");
        let put = async |system: &str| ask(&gong, "PUT", &path, Some(event(system))).await;
        assert_eq!(put(&format!("a {path}")).await.status, 200);
        assert_eq!(put(&format!("b {path}")).await.status, 200);
        assert_eq!(put(&format!("b {path}")).await.status, 409);
        let mut late = event("c");
        late["eventTimestamp"] = json!("yesterday");
        assert_eq!(ask(&gong, "PUT", &path, Some(late)).await.status, 400);
    }
    let mut bare = event("d");
    bare["contentTitle"] = Value::Null;
    let path = "/v2/customer-engagement/content/viewed";
    let answer = ask(&gong, "PUT", path, Some(bare.clone())).await;
    assert_eq!(answer.error(), "contentTitle: must not be null");
    let path = "/v2/customer-engagement/action";
    assert_eq!(ask(&gong, "PUT", path, Some(bare)).await.status, 200);
}

#[tokio::test]
async fn integration_settings_take_origins() {
    let gong = start(options()).await;
    let set = async |origin: &str| {
        let settings = json!([{ "integrationType": "DIALER", "allowedOrigin": origin }]);
        let body = json!({ "integrationTypeSettings": settings });
        post(&gong, "/v2/integration-settings", body).await
    };
    let answer = set("https://acme.partner.example").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json().as_object().unwrap().len(),
        1,
        "no integrationId"
    );
    for bad in [
        "acme",
        "http://acme.partner.example",
        "https://acme.partner.example/page",
    ] {
        assert_eq!(set(bad).await.status, 400, "{bad}");
    }
}
