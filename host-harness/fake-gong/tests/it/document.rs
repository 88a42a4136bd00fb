//! Every field of every answer is one that Gong's OpenAPI document has. Where the document is
//! missing, this test says so and checks nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fake_gong::openapi_beside;
use serde_json::{Value, json};

use crate::client::{get, options, post, start};

fn document() -> Option<Value> {
    let named = std::env::var_os("GONG_OPENAPI").map(PathBuf::from);
    let file = named.unwrap_or_else(|| openapi_beside(Path::new(env!("CARGO_MANIFEST_DIR"))));
    let text = std::fs::read_to_string(file).ok()?;
    serde_json::from_str(&text).ok()
}

/// Collects the fields of `value` that `schema` does not have, and the enum members it lacks.
fn strangers(
    document: &Value,
    schema: &Value,
    value: &Value,
    at: &str,
    found: &mut BTreeSet<String>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        return strangers(document, schema, value, at, found);
    }
    match value {
        Value::Object(fields) => {
            let Some(known) = schema["properties"].as_object() else {
                return;
            };
            for (name, value) in fields {
                let at = format!("{at}.{name}");
                match known.get(name) {
                    Some(schema) => strangers(document, schema, value, &at, found),
                    None => {
                        found.insert(at);
                    }
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                strangers(document, &schema["items"], item, at, found);
            }
        }
        Value::String(_) => {
            if let Some(members) = schema["enum"].as_array()
                && !members.contains(value)
            {
                found.insert(format!("{at}: {value}"));
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn answers_have_only_fields_of_the_document() {
    let Some(document) = document() else {
        eprintln!("skipped: Gong's OpenAPI document is not there");
        return;
    };
    let gong = start(options()).await;
    let company = gong.company();
    let workspace = &company.workspaces()[0].id;
    let call = &company.calls()[0].id;
    let user = &company.users()[0].id;
    let profiles = format!("/v2/all-permission-profiles?workspaceId={workspace}");
    let answer = get(&gong, &profiles).await.json();
    let profile = answer["profiles"][0]["id"].as_str().unwrap().to_owned();
    let email = "jonas.weber%40northwindrelay.com";
    let flag = |names: &[&str]| -> Value {
        let flags = names.iter().map(|name| ((*name).to_owned(), json!(true)));
        flags.collect::<serde_json::Map<_, _>>().into()
    };
    let everything = json!({"filter": {}, "contentSelector": {
        "context": "Extended",
        "contextTiming": ["Now", "TimeOfCall"],
        "exposedFields": {
            "parties": true,
            "media": true,
            "content": flag(&["structure", "topics", "trackers", "trackerOccurrences", "brief",
                "outline", "highlights", "callOutcome", "keyPoints"]),
            "interaction": flag(&["speakers", "video", "personInteractionStats", "questions"]),
            "collaboration": flag(&["publicComments"]),
        },
    }});
    let flows: Vec<&String> = company.flows().iter().map(|flow| &flow.id).collect();
    let instances = company.flow_instances();
    let instances: Vec<&String> = instances.iter().map(|instance| &instance.id).collect();
    let asked: [(&str, String, Option<Value>); 16] = [
        ("/v2/calls", "/v2/calls".to_owned(), None),
        ("/v2/calls/{id}", format!("/v2/calls/{call}"), None),
        (
            "/v2/calls/extensive",
            "/v2/calls/extensive".to_owned(),
            Some(everything),
        ),
        (
            "/v2/calls/transcript",
            "/v2/calls/transcript".to_owned(),
            Some(json!({"filter": {"callIds": [call]}})),
        ),
        ("/v2/users", "/v2/users".to_owned(), None),
        ("/v2/users/{id}", format!("/v2/users/{user}"), None),
        (
            "/v2/users/extensive",
            "/v2/users/extensive".to_owned(),
            Some(json!({"filter": {}})),
        ),
        ("/v2/workspaces", "/v2/workspaces".to_owned(), None),
        (
            "/v2/settings/scorecards",
            "/v2/settings/scorecards".to_owned(),
            None,
        ),
        (
            "/v2/stats/activity/scorecards",
            "/v2/stats/activity/scorecards".to_owned(),
            Some(json!({"filter": {"reviewMethod": "BOTH"}})),
        ),
        (
            "/v2/flows",
            format!("/v2/flows?flowOwnerEmail={email}"),
            None,
        ),
        (
            "/v2/flows/steps",
            "/v2/flows/steps".to_owned(),
            Some(json!({"flowIds": flows})),
        ),
        (
            "/v2/flows/prospects",
            "/v2/flows/prospects".to_owned(),
            Some(json!({"flowInstanceIds": instances})),
        ),
        ("/v2/all-permission-profiles", profiles, None),
        (
            "/v2/permission-profile",
            format!("/v2/permission-profile?profileId={profile}"),
            None,
        ),
        (
            "/v2/permission-profile/users",
            format!("/v2/permission-profile/users?profileId={profile}"),
            None,
        ),
    ];
    let mut found = BTreeSet::new();
    for (operation, path, body) in asked {
        let method = if body.is_some() { "post" } else { "get" };
        let answer = match body {
            Some(body) => post(&gong, &path, body).await,
            None => get(&gong, &path).await,
        };
        assert_eq!(answer.status, 200, "{path}");
        let responses = &document["paths"][operation][method]["responses"]["200"]["content"];
        let schema = responses.as_object().unwrap().values().next().unwrap();
        strangers(
            &document,
            &schema["schema"],
            &answer.json(),
            operation,
            &mut found,
        );
    }
    assert!(found.is_empty(), "{found:#?}");
}
