//! What people do in Gong's application and in the CRM, and what the API answers afterwards.

use fake_gong::{CONTROL, Change, FakeGong, Grown, Options};
use http::Request;
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::client::{NOW, ask, get, options, post, send, start};
use crate::grown::grown;

async fn company() -> FakeGong {
    start(Options {
        calls: 400,
        grown: Some(grown()),
        ..options()
    })
    .await
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// The calls that the details have of a window, each with its deal and account as they are now.
async fn calls(gong: &FakeGong, filter: Value) -> Vec<Value> {
    let body = json!({"filter": filter, "contentSelector": {
        "context": "Extended", "exposedFields": {"parties": true}}});
    let answer = post(gong, "/v2/calls/extensive", body).await;
    let page = answer.json();
    page["calls"].as_array().cloned().unwrap_or_default()
}

async fn with_id(gong: &FakeGong, id: &str) -> Option<Value> {
    calls(gong, json!({"callIds": [id]})).await.pop()
}

async fn total(gong: &FakeGong, path: &str) -> u64 {
    let page = match path {
        "/v2/calls" => get(gong, path).await.json(),
        path => post(gong, path, json!({"filter": {}})).await.json(),
    };
    page["records"]["totalRecords"].as_u64().unwrap_or_default()
}

/// A field of an object of a call's context.
fn field<'a>(call: &'a Value, object: &str, timing: &str, name: &str) -> &'a Value {
    let objects = call["context"][0]["objects"].as_array().unwrap();
    let object = objects
        .iter()
        .find(|one| one["objectType"] == object && one["timing"] == timing)
        .unwrap();
    let mut fields = object["fields"].as_array().unwrap().iter();
    &fields.find(|field| field["name"] == name).unwrap()["value"]
}

#[tokio::test]
async fn a_call_can_come_late() {
    let gong = company().await;
    let since = gong.now() - hours(31);
    let before = calls(&gong, json!({"fromDateTime": since.to_string()})).await;
    let host = &gong.company().users()[9].id;
    let added = gong
        .change(&Change::AddCall {
            hours_ago: 30.0,
            account: Some("acme.com".to_owned()),
            host: Some(host.clone()),
            is_private: false,
        })
        .unwrap();
    let [id] = added.as_slice() else {
        panic!("{added:?}")
    };
    let after = calls(&gong, json!({"fromDateTime": since.to_string()})).await;
    assert_eq!(after.len(), before.len() + 1);
    let call = with_id(&gong, id).await.unwrap();
    assert!(after.contains(&call));
    let meta = &call["metaData"];
    assert_eq!(meta["primaryUserId"], json!(host));
    let started: Timestamp = meta["started"].as_str().unwrap().parse().unwrap();
    let off = started.duration_since(gong.now() - hours(30));
    assert!(off.as_secs().abs() <= 1, "{started}");
    let domain = |party: &Value| {
        let email = party["emailAddress"].as_str().unwrap_or_default();
        email.ends_with("@acme.com")
    };
    let parties = call["parties"].as_array().unwrap();
    assert!(parties.iter().any(domain) || parties.iter().any(|one| one["name"].is_null()));
    // It is a call as any other.
    let of_host = calls(
        &gong,
        json!({"primaryUserIds": [host], "fromDateTime": since.to_string()}),
    )
    .await;
    assert!(of_host.contains(&call));
    assert_eq!(get(&gong, &format!("/v2/calls/{id}")).await.status, 200);
    let transcript = json!({"filter": {"callIds": [id]}});
    let transcript = post(&gong, "/v2/calls/transcript", transcript).await;
    assert_eq!(transcript.status, 200);
    assert_eq!(total(&gong, "/v2/calls").await, 401);
    // Another one is another call.
    let late = Change::AddCall {
        hours_ago: 30.0,
        account: None,
        host: None,
        is_private: true,
    };
    let other = gong.change(&late).unwrap();
    assert_ne!(other[0], *id);
    let other = with_id(&gong, &other[0]).await.unwrap();
    assert_eq!(other["metaData"]["isPrivate"], true);
    assert_eq!(total(&gong, "/v2/calls/extensive").await, 402);
}

#[tokio::test]
async fn a_deleted_call_is_nowhere() {
    let gong = company().await;
    let call = gong.company().call(123);
    let delete = Change::DeleteCall {
        call: call.id.clone(),
    };
    gong.change(&delete).unwrap();
    assert_eq!(with_id(&gong, &call.id).await, None);
    let path = format!("/v2/calls/{}", call.id);
    assert_eq!(get(&gong, &path).await.status, 404);
    for path in ["/v2/calls", "/v2/calls/extensive", "/v2/calls/transcript"] {
        assert_eq!(total(&gong, path).await, 399, "{path}");
    }
    let workspace = &gong.company().workspace_of(&call).id;
    let host = &gong.company().primary_user(&call).id;
    let at = json!(call.started.to_string());
    let filter = |name: &str, value: Value| {
        let mut filter = json!({ "fromDateTime": at });
        filter[name] = value;
        filter
    };
    for filter in [
        filter("workspaceId", json!(workspace)),
        filter("primaryUserIds", json!([host])),
    ] {
        let found = calls(&gong, filter.clone()).await;
        let is_there = |one: &Value| one["metaData"]["id"] == json!(call.id);
        assert!(!found.iter().any(is_there), "{filter}");
    }
    let again = gong.change(&delete).unwrap_err();
    assert!(again.to_string().contains(&call.id), "{again}");
}

#[tokio::test]
async fn a_call_is_made_private_and_public_again_and_edited() {
    let gong = company().await;
    let call = gong.company().call(200);
    let id = || call.id.clone();
    let original = with_id(&gong, &call.id).await.unwrap();
    assert_eq!(original["metaData"]["isPrivate"], false);
    for is_private in [true, false] {
        let call = id();
        gong.change(&Change::SetPrivate { call, is_private })
            .unwrap();
        let seen = with_id(&gong, &id()).await.unwrap();
        assert_eq!(seen["metaData"]["isPrivate"], json!(is_private));
    }
    assert_eq!(with_id(&gong, &id()).await.unwrap(), original);

    let title = "Another title".to_owned();
    gong.change(&Change::SetTitle { call: id(), title })
        .unwrap();
    let before = &original["metaData"]["primaryUserId"];
    let mut users = gong.company().users().iter();
    let other = users.find(|user| user.is_recorded() && *before != json!(user.id));
    let host = other.unwrap().id.clone();
    gong.change(&Change::SetHost {
        call: id(),
        host: host.clone(),
    })
    .unwrap();
    let edited = with_id(&gong, &id()).await.unwrap();
    assert_eq!(edited["metaData"]["title"], "Another title");
    assert_eq!(edited["metaData"]["primaryUserId"], json!(host));
    assert_eq!(edited["parties"][0]["userId"], json!(host));
    let at = call.started;
    let window = json!({"fromDateTime": at.to_string(),
        "toDateTime": (at + SignedDuration::from_secs(1)).to_string()});
    let of = async |host: &Value| {
        let mut filter = window.clone();
        filter["primaryUserIds"] = json!([host]);
        calls(&gong, filter).await.contains(&edited)
    };
    assert!(of(&json!(host)).await);
    assert!(!of(before).await);
}

#[tokio::test]
async fn a_deal_moves_and_an_account_gets_another_name() {
    let gong = company().await;
    let company = gong.company();
    let call = company
        .calls()
        .iter()
        .rev()
        .find(|call| company.deal_of(call).is_some())
        .unwrap();
    let deal = company.deal_of(call).unwrap();
    let seen = async || {
        let body = json!({"filter": {"callIds": [call.id]}, "contentSelector": {
            "context": "Extended", "contextTiming": ["Now", "TimeOfCall"]}});
        let page = post(&gong, "/v2/calls/extensive", body).await.json();
        page["calls"][0].clone()
    };
    let before = seen().await;
    let then = ["StageName", "Amount", "CloseDate", "Probability"]
        .map(|name| field(&before, "Opportunity", "TimeOfCall", name).clone());
    gong.change(&Change::MoveDeal {
        deal: deal.crm_id.clone(),
        stage: Some("Negotiation".to_owned()),
        amount: Some(123_456),
        close: None,
    })
    .unwrap();
    let close = "2027-03-31".parse().unwrap();
    gong.change(&Change::MoveDeal {
        deal: deal.crm_id.clone(),
        stage: None,
        amount: None,
        close: Some(close),
    })
    .unwrap();
    gong.change(&Change::RenameAccount {
        account: call.account.unwrap().to_owned(),
        name: "Renamed Holding".to_owned(),
    })
    .unwrap();
    let after = seen().await;
    let now = ["StageName", "Amount", "CloseDate", "Probability"]
        .map(|name| field(&after, "Opportunity", "Now", name).clone());
    assert_eq!(
        json!(now),
        json!(["Negotiation", 123_456, "2027-03-31", 80])
    );
    let still = ["StageName", "Amount", "CloseDate", "Probability"]
        .map(|name| field(&after, "Opportunity", "TimeOfCall", name).clone());
    assert_eq!(still, then);
    assert_eq!(field(&after, "Account", "Now", "Name"), "Renamed Holding");
    assert_eq!(after["metaData"]["title"], before["metaData"]["title"]);
    let stage = Some("Nowhere".to_owned());
    let wrong = gong.change(&Change::MoveDeal {
        deal: deal.crm_id.clone(),
        stage,
        amount: None,
        close: None,
    });
    let wrong = wrong.unwrap_err().to_string();
    assert!(wrong.contains("Qualification, Discovery"), "{wrong}");
}

#[tokio::test]
async fn an_erased_person_is_gone_with_all_calls() {
    let gong = company().await;
    let company = gong.company();
    let person = &company.accounts()[0].people[0];
    let on = company.calls().iter().filter(|call| {
        let mut people = company.outsiders(call);
        people.any(|one| one.email == person.email)
    });
    let on = on.count() as u64;
    assert!(on > 0);
    let email = person.email.to_uppercase();
    // A late call with somebody else of the account stays.
    gong.change(&Change::ErasePerson { email }).unwrap();
    assert_eq!(total(&gong, "/v2/calls/extensive").await, 400 - on);
    assert_eq!(total(&gong, "/v2/calls").await, 400 - on);
    // Gong's own operation does the same.
    let other = company.accounts()[1].people[0].email.clone();
    let path = format!("/v2/data-privacy/erase-data-for-email-address?emailAddress={other}");
    assert_eq!(ask(&gong, "POST", &path, None).await.status, 200);
    let left = total(&gong, "/v2/calls/extensive").await;
    assert!(left < 400 - on);
    for call in calls(&gong, json!({})).await {
        let parties = call["parties"].to_string();
        assert!(!parties.contains(&person.email) && !parties.contains(&other));
    }
}

#[tokio::test]
async fn planned_calls_appear_as_the_clock_moves_on() {
    let plan = Grown {
        days_ahead: 4,
        ..grown()
    };
    let gong = start(Options {
        calls: 12_000,
        grown: Some(plan),
        ..options()
    })
    .await;
    let founded: Timestamp = NOW.parse().unwrap();
    assert_eq!(gong.now(), founded);
    let first_total = total(&gong, "/v2/calls/extensive").await;
    let (mut appeared, mut late) = (0, 0);
    for hour in 1..=4 * 24 {
        let now = founded + hours(hour);
        let ids = gong.change(&Change::SetClock { now }).unwrap();
        appeared += ids.len();
        for chunk in ids.chunks(100) {
            for call in calls(&gong, json!({ "callIds": chunk })).await {
                let started = call["metaData"]["started"].as_str().unwrap();
                let started: Timestamp = started.parse().unwrap();
                assert!(started < now && started > founded, "{started}");
                late += usize::from(now.duration_since(started) > hours(4));
            }
        }
    }
    // From Friday 10:00 on there are that day and Monday and Tuesday up to 10:00.
    assert!((100..280).contains(&appeared), "{appeared}");
    assert!(late > 0 && late * 8 < appeared, "{late} of {appeared}");
    assert_eq!(
        total(&gong, "/v2/calls/extensive").await,
        first_total + appeared as u64
    );
    // Back in time, nothing is hidden and nothing comes twice.
    assert_eq!(
        gong.change(&Change::SetClock { now: founded }).unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(
        total(&gong, "/v2/calls").await,
        first_total + appeared as u64
    );
}

#[tokio::test]
async fn another_day_has_a_quota_of_its_own() {
    let gong = start(Options {
        daily_quota: Some(2),
        ..options()
    })
    .await;
    let status = async || get(&gong, "/v2/workspaces").await.status.as_u16();
    assert_eq!(
        [status().await, status().await, status().await],
        [200, 200, 429]
    );
    let now = gong.now() + hours(24);
    gong.change(&Change::SetClock { now }).unwrap();
    assert_eq!(
        [status().await, status().await, status().await],
        [200, 200, 429]
    );
}

#[tokio::test]
async fn kept_responses_are_forgotten_when_something_changes() {
    let gong = start(Options {
        recorded: true,
        ..options()
    })
    .await;
    let before = total(&gong, "/v2/calls").await;
    let call = gong.company().calls()[0].id.clone();
    gong.change(&Change::DeleteCall { call }).unwrap();
    assert_eq!(total(&gong, "/v2/calls").await, before - 1);
}

#[tokio::test]
async fn requests_are_counted_by_path_status_and_second() {
    let gong = start(options()).await;
    get(&gong, "/v2/calls").await;
    total(&gong, "/v2/calls/extensive").await;
    total(&gong, "/v2/calls/extensive").await;
    get(&gong, "/v2/calls/1").await;
    let counts = gong.counts();
    assert_eq!(counts.requests, 4);
    let of = |path: &str| counts.paths.get(path).copied();
    assert_eq!(of("GET /v2/calls"), Some(1));
    assert_eq!(of("POST /v2/calls/extensive"), Some(2));
    assert_eq!(of("GET /v2/calls/1"), Some(1));
    assert_eq!(counts.statuses, [(200, 3), (404, 1)].into());
    assert_eq!(counts.seconds.values().sum::<u64>(), 4);
    gong.clear_requests();
    assert_eq!(gong.counts(), fake_gong::Counts::default());
    assert_eq!(gong.tally().requests, 4);
}

/// A request without credentials.
async fn control(gong: &FakeGong, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(format!("{CONTROL}{path}"))
        .header("content-type", "application/json");
    let body = body.map_or_else(Full::default, |body| Full::from(body.to_string()));
    let answer = send(gong, request.body(body).unwrap()).await.unwrap();
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    (answer.status.as_u16(), text)
}

#[tokio::test]
async fn a_process_is_controlled_over_http_if_it_is_to_be() {
    let gong = start(Options {
        control: true,
        calls: 60,
        ..options()
    })
    .await;
    let call = gong.company().calls()[5].id.clone();
    let changes = json!([
        {"change": "set_private", "call": call, "is_private": true},
        {"change": "add_call", "hours_ago": 2.5, "account": "Acme Corp"},
        {"change": "set_clock", "now": "2026-11-21T10:00:00Z"},
    ]);
    let (status, text) = control(&gong, "POST", "/changes", Some(changes)).await;
    assert_eq!(status, 200, "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["now"], "2026-11-21T10:00:00Z");
    let added = answer["calls"][0].as_str().unwrap();
    assert!(with_id(&gong, added).await.is_some());
    let private = with_id(&gong, &call).await.unwrap();
    assert_eq!(private["metaData"]["isPrivate"], true);
    for (body, says) in [
        (json!({"change": "delete_call", "call": "17"}), "17"),
        (json!({"change": "burn"}), "unknown variant `burn`"),
        (
            json!({"change": "delete_call", "id": "1"}),
            "unknown field `id`",
        ),
    ] {
        let (status, text) = control(&gong, "POST", "/changes", Some(body)).await;
        assert!(status == 400 && text.contains(says), "{status}: {text}");
    }
    // What controls it is no request to Gong.
    let (status, counts) = control(&gong, "GET", "/counts", None).await;
    let counts: Value = serde_json::from_str(&counts).unwrap();
    assert_eq!((status, &counts["requests"]), (200, &json!(2)));
    assert_eq!(counts["paths"], json!({"POST /v2/calls/extensive": 2}));
    assert!(gong.requests().len() == 2 && gong.violations().is_empty());
    assert_eq!(control(&gong, "DELETE", "/counts", None).await.0, 204);
    assert_eq!(gong.counts().requests, 0);

    let closed = start(options()).await;
    let body = json!({"change": "delete_call", "call": call});
    let (status, _) = control(&closed, "POST", "/changes", Some(body)).await;
    assert_eq!(status, 401);
    let path = format!("{CONTROL}/counts");
    assert_eq!(get(&closed, &path).await.status, 404);
}
