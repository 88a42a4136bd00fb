//! The generic CRM: one integration, a schema that must be whole, and uploads that are looked
//! at later.

use fake_gong::FakeGong;
use serde_json::{Value, json};

use crate::client::{ask, get, options, post, start, upload};

/// Registers the integration; its id.
async fn register(gong: &FakeGong) -> u64 {
    let body = json!({"ownerEmail": "grace.chen@northwindrelay.com", "name": "Own CRM"});
    let answer = ask(gong, "PUT", "/v2/crm/integrations", Some(body))
        .await
        .json();
    answer["integrationId"].as_u64().unwrap()
}

/// The third look at a request, when it is done, and the statuses on the way.
async fn done(gong: &FakeGong, id: u64, request: &str) -> Value {
    let path = format!("/v2/crm/request-status?integrationId={id}&clientRequestId={request}");
    let first = get(gong, &path).await.json();
    assert_eq!(first["status"], "PENDING");
    assert_eq!(first["totalSuccessCount"], 0);
    assert_eq!(get(gong, &path).await.json()["status"], "IN_PROGRESS");
    get(gong, &path).await.json()
}

#[tokio::test]
async fn there_is_one_integration_with_an_id_beyond_javascript() {
    let gong = start(options()).await;
    let path = "/v2/crm/integrations";
    assert_eq!(get(&gong, path).await.json()["integrations"], json!([]));
    let id = register(&gong).await;
    assert_eq!(id.to_string().len(), 19);
    let listed = get(&gong, path).await.json()["integrations"].clone();
    assert_eq!(listed[0]["integrationId"], id);
    let body = json!({"ownerEmail": "a@b.example", "name": "Second"});
    let answer = ask(&gong, "PUT", path, Some(body.clone())).await;
    assert_eq!(answer.status, 409);
    answer.error();

    let delete = |query: String| format!("{path}?{query}");
    for query in [
        "clientRequestId=gone".to_owned(),
        format!("integrationId={id}"),
        format!("integrationId={id}&clientRequestId=a%20b"),
        "integrationId=42&clientRequestId=gone".to_owned(),
    ] {
        let answer = ask(&gong, "DELETE", &delete(query), None).await;
        assert_eq!(answer.status, 400);
    }
    let good = delete(format!("integrationId={id}&clientRequestId=gone"));
    let answer = ask(&gong, "DELETE", &good, None).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["clientRequestId"], "gone");
    assert_eq!(ask(&gong, "DELETE", &good, None).await.status, 409);
    // It is there until the work is done.
    assert_eq!(ask(&gong, "PUT", path, Some(body)).await.status, 409);
    assert_eq!(done(&gong, id, "gone").await["status"], "DONE");
    assert_eq!(get(&gong, path).await.json()["integrations"], json!([]));
    assert_ne!(register(&gong).await, id);
}

#[tokio::test]
async fn a_schema_must_repeat_all_earlier_fields() {
    let gong = start(options()).await;
    let id = register(&gong).await;
    let path = format!("/v2/crm/entity-schema?integrationId={id}&objectType=ACCOUNT");
    let field = |name: &str, kind: &str| json!({"uniqueName": name, "label": name, "type": kind});
    let set = async |fields: Value| post(&gong, &path, fields).await;
    let names = async || {
        let schema = get(&gong, &path).await.json()["objectTypeToSelectedFields"].clone();
        let fields = schema["ACCOUNT"].as_array().unwrap().clone();
        fields
            .iter()
            .map(|field| field["uniqueName"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        set(json!([field("a", "STRING"), field("b", "NUMBER")]))
            .await
            .status,
        201
    );
    let answer = set(json!([field("b", "NUMBER"), field("c", "DATE")])).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error().contains("All fields must be included"));
    assert_eq!(names().await, ["a", "b"]);
    let mut gone = field("a", "STRING");
    gone["isDeleted"] = json!(true);
    set(json!([gone, field("b", "NUMBER"), field("c", "DATE")])).await;
    assert_eq!(names().await, ["b", "c"]);

    let all = format!("/v2/crm/entity-schema?integrationId={id}");
    let all = get(&gong, &all).await.json()["objectTypeToSelectedFields"].clone();
    assert_eq!(all.as_object().unwrap().len(), 4);
    for (fields, error) in [
        (json!({"fields": []}), "body: must be a list of fields"),
        (json!([field("d", "TEXT")]), "type: \"TEXT\" is not one of "),
        (json!([field("d", "PICKLIST")]), "orderedValueList: "),
        (json!([field("d", "REFERENCE")]), "referenceTo: "),
    ] {
        let answer = set(fields).await;
        assert_eq!(answer.status, 400);
        assert!(answer.error().starts_with(error));
    }
}

#[tokio::test]
async fn lines_are_checked_after_the_upload() {
    let gong = start(options()).await;
    let id = register(&gong).await;
    let date = "2026-11-01T10:00:00Z";
    let schema = format!("/v2/crm/entity-schema?integrationId={id}&objectType=ACCOUNT");
    let tier = json!([{"uniqueName": "tier", "label": "Tier", "type": "PICKLIST", "orderedValueList": ["A", "B"]}]);
    post(&gong, &schema, tier).await;
    let path = |request: &str| {
        format!("/v2/crm/entities?integrationId={id}&objectType=ACCOUNT&clientRequestId={request}")
    };
    let lines = [
        json!({"objectId": "a1", "modifiedDate": date, "name": "One", "tier": "A", "own": 1}),
        json!({"objectId": "a2", "modifiedDate": date}),
        json!({"objectId": "a3"}),
        json!({"objectId": "a 4", "modifiedDate": date}),
        json!({"objectId": "a5", "modifiedDate": "2026-11-01T10:00:00.000Z"}),
        json!({"objectId": "a6", "modifiedDate": date, "tier": "C"}),
        json!({"objectId": "a1", "modifiedDate": date}),
    ];
    let mut file: Vec<String> = lines.iter().map(Value::to_string).collect();
    file.push("not JSON".to_owned());
    let answer = upload(&gong, &path("first"), "dataFile", &file.join("\n")).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["clientRequestId"], "first");
    let again = upload(&gong, &path("first"), "dataFile", &file.join("\n")).await;
    assert_eq!(again.status, 409);
    assert_eq!(again.error(), "Client request id has already been used");
    let status = done(&gong, id, "first").await;
    assert_eq!(status["status"], "FAILED");
    let wrong: Vec<u64> = status["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["line"].as_u64().unwrap())
        .collect();
    assert_eq!(wrong, [3, 4, 5, 6, 7, 8]);
    assert_eq!(
        (&status["totalErrorCount"], &status["totalSuccessCount"]),
        (&json!(6), &json!(2))
    );

    let read = format!("/v2/crm/entities?integrationId={id}&objectType=ACCOUNT");
    let ids = json!(["a1", "a2", "a3"]);
    let objects = ask(&gong, "GET", &read, Some(ids.clone())).await.json()["crmObjectsMap"].clone();
    // A field that is not in the schema is dropped without a word.
    assert_eq!(
        objects["a1"],
        json!({"objectId": "a1", "modifiedDate": date, "name": "One", "tier": "A"})
    );
    assert_eq!(objects["a2"]["name"], "Account_#a2");
    assert_eq!(objects["a3"], Value::Null);

    let gone = json!({"objectId": "a1", "modifiedDate": date, "isDeleted": true}).to_string();
    upload(&gong, &path("second"), "dataFile", &gone).await;
    assert_eq!(done(&gong, id, "second").await["status"], "DONE");
    let objects = ask(&gong, "GET", &read, Some(ids)).await.json()["crmObjectsMap"].clone();
    assert_eq!(objects["a1"], Value::Null);
}

#[tokio::test]
async fn at_most_20_errors_are_told() {
    let gong = start(options()).await;
    let id = register(&gong).await;
    let path = format!("/v2/crm/entities?integrationId={id}&objectType=LEAD&clientRequestId=bad");
    upload(&gong, &path, "dataFile", &"{}\n".repeat(30)).await;
    let status = done(&gong, id, "bad").await;
    assert_eq!(status["errors"].as_array().unwrap().len(), 20);
    assert_eq!(status["totalErrorCount"], 30);
    let path = path.replace("bad", "empty");
    upload(&gong, &path, "dataFile", "\n").await;
    assert_eq!(done(&gong, id, "empty").await["errors"][0]["line"], 0);
}

#[tokio::test]
async fn objects_are_read_by_a_get_with_a_list_for_its_body() {
    let gong = start(options()).await;
    let id = register(&gong).await;
    let path = format!("/v2/crm/entities?integrationId={id}&objectType=DEAL");
    let answer = ask(&gong, "GET", &path, None).await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (415, "Unsupported Media Type".to_owned())
    );
    let object = json!({"objectsCrmIds": ["1"]});
    assert_eq!(ask(&gong, "GET", &path, Some(object)).await.status, 400);
    let many: Vec<String> = (0..150).map(|id| id.to_string()).collect();
    let answer = ask(&gong, "GET", &path, Some(json!(many))).await.json();
    assert_eq!(answer["crmObjectsMap"].as_object().unwrap().len(), 100);
    let path = path.replace("DEAL", "STAGE");
    assert_eq!(
        ask(&gong, "GET", &path, Some(json!(["1"]))).await.status,
        400
    );
    let unknown = "/v2/crm/request-status?integrationId=42&clientRequestId=x";
    assert_eq!(get(&gong, unknown).await.status, 400);
}
