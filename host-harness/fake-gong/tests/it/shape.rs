//! Answers shaped as the real ones: what is asked for and no more, ids as Gong types them.

use serde_json::{Value, json};

use crate::client::{get, options, post, start};

/// The names of an object's fields.
fn fields(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap();
    let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn extensive_gives_what_is_selected() {
    let gong = start(options()).await;
    let select = async |selector: Value| {
        let body = json!({"filter": {}, "contentSelector": selector});
        let page = post(&gong, "/v2/calls/extensive", body).await.json();
        page["calls"].as_array().unwrap().clone()
    };
    let plain = select(json!({})).await;
    assert!(plain.iter().all(|call| fields(call) == ["metaData"]));

    let parties = select(json!({"exposedFields": {"parties": true}})).await;
    let without = parties.iter().filter(|call| call.get("parties").is_none());
    assert!(without.count() <= 1);
    assert!(parties[0]["parties"][0].get("context").is_none());

    let content = select(json!({"exposedFields": {
        "content": {"brief": true, "topics": false, "trackers": true},
        "interaction": {"speakers": true, "personInteractionStats": true},
        "collaboration": {"publicComments": true},
        "media": true}}))
    .await;
    let groups = [
        "collaboration",
        "content",
        "interaction",
        "media",
        "metaData",
    ];
    assert_eq!(fields(&content[0]), groups);
    assert_eq!(fields(&content[0]["content"]), ["brief", "trackers"]);
    assert_eq!(
        fields(&content[0]["interaction"]),
        ["interactionStats", "speakers"]
    );
    let commented = |call: &&Value| call["collaboration"]["publicComments"] != json!([]);
    let comment = content.iter().find(commented).unwrap();
    let comment = &comment["collaboration"]["publicComments"][0]["comment"];
    assert!(comment.as_str().unwrap().starts_with("@["));
}

#[tokio::test]
async fn context_comes_in_two_depths_and_timings() {
    let gong = start(options()).await;
    let select = async |selector: Value| {
        let body = json!({"filter": {}, "contentSelector": selector});
        let page = post(&gong, "/v2/calls/extensive", body).await.json();
        page["calls"].as_array().unwrap().clone()
    };
    let basic = select(json!({"context": "Basic"})).await;
    let with = basic.iter().filter(|call| call["context"] != json!([]));
    assert!((70..=97).contains(&with.count()));
    let call = basic
        .iter()
        .find(|call| call["context"] != json!([]))
        .unwrap();
    let objects = call["context"][0]["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 2);
    assert!(objects.iter().all(|object| object.get("fields").is_none()));
    assert_eq!(objects[0]["objectId"].as_str().unwrap().len(), 18);

    let both = select(json!({"context": "Extended", "contextTiming": ["Now", "TimeOfCall"]})).await;
    let mut moved = 0;
    for call in both.iter().filter(|call| call["context"] != json!([])) {
        let objects = call["context"][0]["objects"].as_array().unwrap();
        let deals: Vec<&Value> = objects
            .iter()
            .filter(|object| object["objectType"] == "Opportunity")
            .collect();
        assert_eq!(deals.len(), 2);
        assert_eq!(
            (&deals[0]["timing"], &deals[1]["timing"]),
            (&json!("Now"), &json!("TimeOfCall"))
        );
        moved += usize::from(deals[0]["fields"] != deals[1]["fields"]);
    }
    assert!(moved > 30, "{moved}");
    let now = select(json!({"context": "Extended"})).await;
    let weight = json!(now).to_string().len();
    assert!(weight > 200_000, "{weight}");
}

#[tokio::test]
async fn answered_scorecards_have_numbers_for_ids_and_settings_have_strings() {
    let gong = start(options()).await;
    let path = "/v2/stats/activity/scorecards";
    let manual = post(&gong, path, json!({"filter": {}})).await.json();
    let both = json!({"filter": {"reviewMethod": "BOTH"}});
    let both = post(&gong, path, both).await.json();
    assert_eq!(both["records"]["totalRecords"], 60);
    assert!(manual["records"]["totalRecords"].as_u64() < Some(60));
    let cards = both["answeredScorecards"].as_array().unwrap();
    assert!(
        cards
            .iter()
            .all(|card| card["callId"].is_u64() && card["scorecardId"].is_u64())
    );
    let large = |card: &&Value| card["callId"].as_u64() > Some(u64::MAX / 2);
    assert!(cards.iter().any(|card| large(&card)));
    let call = cards[0]["callId"].to_string();
    assert_eq!(get(&gong, &format!("/v2/calls/{call}")).await.status, 200);

    let settings = get(&gong, "/v2/settings/scorecards").await.json();
    let cards = settings["scorecards"].as_array().unwrap();
    assert_eq!(cards.len(), 3);
    assert!(cards.iter().all(|card| card["scorecardId"].is_string()));
    assert!(cards.iter().any(|card| card["updaterUserId"] == "-1"));
    assert_eq!(cards[0]["questions"][0]["maxRange"], "5");
}

#[tokio::test]
async fn profiles_have_55_fields_and_users() {
    let gong = start(options()).await;
    assert_eq!(get(&gong, "/v2/all-permission-profiles").await.status, 400);
    for workspace in gong.company().workspaces() {
        let path = format!("/v2/all-permission-profiles?workspaceId={}", workspace.id);
        let profiles = get(&gong, &path).await.json()["profiles"].clone();
        let profiles = profiles.as_array().unwrap();
        assert_eq!(profiles.len(), 4);
        for profile in profiles {
            assert_eq!(profile.as_object().unwrap().len(), 55);
            let id = profile["id"].as_str().unwrap();
            let one = get(&gong, &format!("/v2/permission-profile?profileId={id}")).await;
            assert_eq!(&one.json()["profile"], profile);
            let users = get(
                &gong,
                &format!("/v2/permission-profile/users?profileId={id}"),
            )
            .await;
            assert!(!users.json()["users"].as_array().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn users_have_managers_and_namesakes() {
    let gong = start(options()).await;
    let users = get(&gong, "/v2/users").await.json()["users"].clone();
    let users = users.as_array().unwrap();
    assert_eq!(users.len(), 24);
    assert_eq!(
        users.iter().filter(|user| user["active"] == false).count(),
        2
    );
    assert_eq!(
        users
            .iter()
            .filter(|user| user["firstName"] == "Maria")
            .count(),
        2
    );
    let managed = |user: &&Value| {
        users
            .iter()
            .any(|manager| manager["id"] == user["managerId"])
    };
    assert_eq!(users.iter().filter(managed).count(), 23);
    let all = get(&gong, "/v2/users?includeAvatars=true").await.json();
    assert_eq!(all["records"]["totalRecords"], 25);
    let body = json!({"filter": {"userIds": [users[3]["id"]]}});
    let one = post(&gong, "/v2/users/extensive", body).await.json();
    assert_eq!(one["users"], json!([users[3]]));
    let id = users[3]["id"].as_str().unwrap();
    assert_eq!(
        get(&gong, &format!("/v2/users/{id}")).await.json()["user"],
        users[3]
    );
}

#[tokio::test]
async fn lists_of_calls_go_by_the_scheduled_time_and_extensive_by_the_start() {
    let gong = start(options()).await;
    let calls = gong.company().calls();
    let late = calls
        .iter()
        .find(|call| call.scheduled.is_some_and(|at| at < call.started))
        .unwrap();
    let (scheduled, started) = (late.scheduled.unwrap(), late.started);
    let path = format!("/v2/calls?fromDateTime={scheduled}&toDateTime={started}");
    let listed = get(&gong, &path).await.json();
    let found = |page: &Value, pointer: &str| {
        let calls = page["calls"].as_array().cloned().unwrap_or_default();
        calls
            .iter()
            .any(|call| call.pointer(pointer) == Some(&json!(late.id)))
    };
    assert!(found(&listed, "/id"));
    let window = json!({"fromDateTime": scheduled.to_string(), "toDateTime": started.to_string()});
    let answer = post(&gong, "/v2/calls/extensive", json!({"filter": window})).await;
    // The end is exclusive, so the call that starts there is not in it.
    assert!(!found(&answer.json(), "/metaData/id"));
    let body = json!({"filter": {"fromDateTime": started.to_string()}});
    let answer = post(&gong, "/v2/calls/extensive", body).await;
    assert!(found(&answer.json(), "/metaData/id"));
}
