//! Every field of every answer is one that Gong's OpenAPI document has. Where the document is
//! missing, these tests say so and check nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fake_gong::{FakeGong, OpenApi, Options, openapi_beside};
use serde_json::{Value, json};

use crate::client::{Answer, ask, get, options, post, start, upload};

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
                for (name, value) in fields {
                    let schema = &schema["additionalProperties"];
                    strangers(document, schema, value, &format!("{at}.{name}"), found);
                }
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
    let questions: [(&str, String, Option<Value>); 16] = [
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
    check(&gong, &document, questions.into()).await;
}

/// The operation, the path with its query, and the body of a POST.
type Question = (&'static str, String, Option<Value>);

/// Asks everything, and wants 200 and nothing in the answers that the document lacks.
async fn check(gong: &FakeGong, document: &Value, questions: Vec<Question>) {
    let mut found = BTreeSet::new();
    for (operation, path, body) in questions {
        let method = if body.is_some() { "post" } else { "get" };
        let answer = match body {
            Some(body) => post(gong, &path, body).await,
            None => get(gong, &path).await,
        };
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.bytes);
        let responses = &document["paths"][operation][method]["responses"]["200"]["content"];
        let schema = responses.as_object().unwrap().values().next().unwrap();
        let (schema, answer) = (&schema["schema"], answer.json());
        strangers(document, schema, &answer, operation, &mut found);
        // The one place where live answers are known to have other types than the document.
        if operation != "/v2/settings/scorecards" {
            let mut wrong = Vec::new();
            mistyped(document, schema, &answer, operation, &mut wrong);
            found.extend(wrong);
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Collects the values of another type than the document's; null is of any.
fn mistyped(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        return mistyped(document, schema, value, at, found);
    }
    let fits = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") if schema.get("properties").is_some() => value.is_object(),
        _ => true,
    };
    if !fits && !value.is_null() {
        found.push(format!("{at}: {value}"));
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        let known = schema["properties"].get(name);
        let schema = known.unwrap_or(&schema["additionalProperties"]);
        mistyped(document, schema, value, &format!("{at}.{name}"), found);
    }
    for value in value.as_array().into_iter().flatten() {
        mistyped(document, &schema["items"], value, at, found);
    }
}

#[tokio::test]
async fn statistics_settings_and_the_rest_have_only_fields_of_the_document() {
    let Some(document) = document() else {
        eprintln!("skipped: Gong's OpenAPI document is not there");
        return;
    };
    let gong = start(Options {
        openapi: OpenApi::Beside,
        ..options()
    })
    .await;
    let company = gong.company();
    let workspace = &company.workspaces()[0].id;
    let seller = company.users().iter().find(|user| user.is_recorded());
    let seller = seller.unwrap();
    let folder = &company.library_folders()[1].id;
    let manager = seller.manager_id.as_ref().unwrap();
    let range = json!({"fromDate": "2026-06-01", "toDate": "2026-11-20"});
    let entity = format!(
        "workspaceId={workspace}&crmEntityType=ACCOUNT&crmEntityId={}&timePeriod=LAST_90DAYS",
        company.accounts()[0].crm_id
    );
    let get =
        |operation: &'static str, query: String| (operation, format!("{operation}?{query}"), None);
    let post = |operation: &'static str, body: Value| (operation, operation.to_owned(), Some(body));
    let mut questions = vec![
        get("/v2/call-outcomes", String::new()),
        get("/v2/settings/briefs", String::new()),
        get("/v2/settings/trackers", String::new()),
        get("/v2/library/folders", format!("workspaceId={workspace}")),
        get("/v2/library/folder-content", format!("folderId={folder}")),
        get("/v2/entities/ask-entity", format!("{entity}&question=why")),
        get(
            "/v2/entities/get-brief",
            format!("{entity}&briefName=Account%20handover"),
        ),
        get(
            "/v2/coaching",
            format!(
                "workspace-id={workspace}&manager-id={manager}&from=2026-01-01T00:00:00Z\
                 &to=2026-11-20T00:00:00Z"
            ),
        ),
        (
            "/v2/users/{id}/settings-history",
            format!("/v2/users/{}/settings-history", seller.id),
            None,
        ),
        post("/v2/stats/activity/aggregate", json!({"filter": range})),
        post(
            "/v2/stats/activity/aggregate-by-period",
            json!({"filter": range, "aggregationPeriod": "MONTH"}),
        ),
        post("/v2/stats/activity/day-by-day", json!({"filter": range})),
        post("/v2/stats/interaction", json!({"filter": range})),
        post(
            "/v2/calls",
            json!({
                "clientUniqueId": "1",
                "actualStart": "2026-11-19T10:00:00Z",
                "direction": "Inbound",
                "primaryUser": seller.id,
                "parties": [{"userId": seller.id}, {"phoneNumber": "+44 20 7946 0000"}],
                "context": [{"system": "Salesforce", "objects": [
                    {"objectType": "Account", "objectId": company.accounts()[0].crm_id}]}],
            }),
        ),
    ];
    for log in [
        "AccessLog",
        "UserActivityLog",
        "UserCallPlay",
        "ExternallySharedCallAccess",
        "ExternallySharedCallPlay",
    ] {
        questions.push(get(
            "/v2/logs",
            format!("logType={log}&fromDateTime=2026-01-01T00:00:00Z"),
        ));
    }
    // The call that was added last, with all that a request can select.
    let exposed = json!({
        "parties": true, "media": true,
        "content": {"structure": true, "topics": true, "trackers": true, "brief": true,
            "outline": true, "highlights": true, "callOutcome": true, "keyPoints": true},
        "interaction": {"speakers": true, "video": true, "personInteractionStats": true,
            "questions": true},
        "collaboration": {"publicComments": true},
    });
    questions.push(post(
        "/v2/calls/extensive",
        json!({
            "filter": {"fromDateTime": "2026-11-19T10:00:00Z"},
            "contentSelector": {"context": "Extended", "exposedFields": exposed},
        }),
    ));
    check(&gong, &document, questions).await;
    assert_eq!(gong.violations(), [""; 0]);
}

/// Engage, permissions, CRM, privacy, meetings and interactions, from the first write to the
/// last: no request breaks the contract, and no answer has a field, a word or a type that the
/// document lacks.
#[tokio::test]
async fn writes_and_what_they_change_keep_to_the_document() {
    let Some(document) = document() else {
        eprintln!("skipped: Gong's OpenAPI document is not there");
        return;
    };
    let gong = start(Options {
        openapi: OpenApi::Beside,
        ..options()
    })
    .await;
    let mut found = BTreeSet::new();
    let mut check = |method: &str, operation: &str, answer: Answer| -> Value {
        let body = answer.json();
        assert!(answer.status.is_success(), "{method} {operation}: {body}");
        let responses = &document["paths"][operation][method]["responses"];
        let content = &responses[answer.status.as_str()]["content"];
        let schema = content.as_object().unwrap().values().next().unwrap();
        let at = format!("{method} {operation}");
        let mut wrong = Vec::new();
        mistyped(&document, &schema["schema"], &body, &at, &mut wrong);
        found.extend(wrong);
        strangers(&document, &schema["schema"], &body, &at, &mut found);
        body
    };
    let company = gong.company();
    let owner = "ravi.patel@northwindrelay.com";
    let prospects = "/v2/flows/prospects";
    let free = company.prospect_in_no_flow();
    let assignment = json!({
        "crmProspectsIds": [free, "003unknown"],
        "flowId": company.flows()[0].id,
        "flowInstanceOwnerEmail": owner,
        "overrides": {
            "steps": [{ "number": 1, "subject": "Hello" }],
            "flowInstanceVariables": [{ "name": "topic", "value": "audits" }],
            "coolOffOverride": true,
        },
        "flowInstanceDescription": "After the fair",
    });
    for path in ["assign", "assign/cool-off-override"] {
        let path = format!("{prospects}/{path}");
        check("post", &path, post(&gong, &path, assignment.clone()).await);
    }
    let bulk = json!({
        "flowId": company.flows()[1].id,
        "flowInstanceOwnerEmail": owner,
        "prospects": [{ "crmId": free }, { "firstName": "Nora", "lastName": "Lund" }],
    });
    let path = format!("{prospects}/bulk-assignments");
    let bulk = check("post", &path, post(&gong, &path, bulk).await);
    for _ in 0..3 {
        let real = format!("{path}/{}", bulk["id"].as_str().unwrap());
        check("get", &format!("{path}/{{id}}"), get(&gong, &real).await);
    }
    let open = post(&gong, prospects, json!({ "crmProspectsIds": [free] })).await;
    let open = check("post", prospects, open);
    let instance = &open["prospectsAssigned"][0]["flowInstanceId"];
    let path = format!("{prospects}/unassign-flows-by-instance-id");
    let body = json!({ "flowInstanceIds": [instance], "unassignedByUserEmail": owner });
    check("post", &path, post(&gong, &path, body).await);
    let path = format!("{prospects}/unassign-flows-by-crm-id");
    check(
        "post",
        &path,
        post(&gong, &path, json!({ "crmProspectId": free })).await,
    );

    for task in company.tasks() {
        let user = &company.owner_of(task).id;
        let filter = json!({ "filter": {
            "userId": user,
            "types": ["FLOW", "MANUAL"],
            "taskAction": ["CALL"],
            "status": [task.status],
        } });
        check("post", "/v2/tasks", post(&gong, "/v2/tasks", filter).await);
    }
    let task = &company.tasks()[0];
    let body = json!({ "userId": company.owner_of(task).id, "status": "DISMISSED" });
    let changed = ask(
        &gong,
        "PATCH",
        &format!("/v2/tasks/{}", task.id),
        Some(body),
    )
    .await;
    check("patch", "/v2/tasks/{taskId}", changed);

    let path = "/v2/permission-profile";
    let workspace = &company.workspaces()[0].id;
    let made = format!("{path}?workspaceId={workspace}");
    let made = check(
        "post",
        path,
        post(&gong, &made, json!({ "name": "New" })).await,
    );
    let profile = &made["profile"];
    let real = format!("{path}?profileId={}", profile["id"].as_str().unwrap());
    check(
        "put",
        path,
        ask(&gong, "PUT", &real, Some(profile.clone())).await,
    );
    let path = "/v2/calls/users-access";
    let call = &company.calls()[0].id;
    let user = &company.users().last().unwrap().id;
    let list = json!({ "callAccessList": [{ "callId": call, "userIds": [user] }] });
    check(
        "put",
        path,
        ask(&gong, "PUT", path, Some(list.clone())).await,
    );
    let filter = json!({ "filter": { "callIds": [call] } });
    check("post", path, post(&gong, path, filter).await);
    check("delete", path, ask(&gong, "DELETE", path, Some(list)).await);

    let path = "/v2/crm/integrations";
    let body = json!({ "ownerEmail": owner, "name": "Own CRM" });
    let registered = check("put", path, ask(&gong, "PUT", path, Some(body)).await);
    let id = &registered["integrationId"];
    check("get", path, get(&gong, path).await);
    let schema = "/v2/crm/entity-schema";
    let fields = json!([{ "uniqueName": "tier", "label": "Tier", "type": "STRING" }]);
    let real = format!("{schema}?integrationId={id}&objectType=DEAL");
    check("post", schema, post(&gong, &real, fields).await);
    let real = format!("{schema}?integrationId={id}");
    check("get", schema, get(&gong, &real).await);
    let entities = "/v2/crm/entities";
    let real = format!("{entities}?integrationId={id}&objectType=DEAL");
    let line = r#"{"objectId": "d1", "modifiedDate": "2026-11-01T10:00:00Z"}"#;
    let file = format!("{line}\n{{}}\n");
    let sent = upload(
        &gong,
        &format!("{real}&clientRequestId=up"),
        "dataFile",
        &file,
    )
    .await;
    check("post", entities, sent);
    let status = "/v2/crm/request-status";
    for _ in 0..3 {
        let real = format!("{status}?integrationId={id}&clientRequestId=up");
        check("get", status, get(&gong, &real).await);
    }
    let read = ask(&gong, "GET", &real, Some(json!(["d1", "d2"]))).await;
    check("get", entities, read);
    let real = format!("{path}?integrationId={id}&clientRequestId=gone");
    check("delete", path, ask(&gong, "DELETE", &real, None).await);

    let contact = &company.accounts()[0].people[0];
    let interaction = json!({
        "eventId": "e1",
        "timestamp": "2026-11-10T08:00:00Z",
        "eventType": "Whitepaper Viewed",
        "content": { "contentTitle": "Audit trails" },
        "person": { "email": contact.email },
    });
    let path = "/v2/digital-interaction";
    check("post", path, post(&gong, path, interaction).await);
    let event = |person: &str| {
        let mut event = json!({
            "reportingSystem": "Reader",
            "eventTimestamp": "2026-11-10T08:00:00Z",
            "contentId": "c1",
            "contentUrl": "https://content.example/c1",
            "contentTitle": "Price list",
            "contentProperties": [{ "name": "pages", "value": "4", "dataType": "number" }],
        });
        if !person.is_empty() {
            event[person] = json!({ "email": contact.email });
        }
        event
    };
    for (path, person) in [
        ("/v2/customer-engagement/action", "actor"),
        ("/v2/customer-engagement/content/shared", ""),
        ("/v2/customer-engagement/content/viewed", "viewer"),
    ] {
        check(
            "put",
            path,
            ask(&gong, "PUT", path, Some(event(person))).await,
        );
    }
    let path = "/v2/integration-settings";
    let settings = json!({ "integrationTypeSettings": [
        { "integrationType": "DIALER", "allowedOrigin": "https://acme.partner.example" },
    ] });
    check("post", path, post(&gong, path, settings).await);

    let path = "/v2/meetings";
    let meeting = json!({
        "startTime": "2026-12-01T10:00:00Z",
        "endTime": "2026-12-01T10:30:00Z",
        "invitees": [{ "email": contact.email }],
        "organizerEmail": owner,
    });
    let made = check("post", path, post(&gong, path, meeting.clone()).await);
    let real = format!("{path}/{}", made["meetingId"].as_str().unwrap());
    let one = "/v2/meetings/{meetingId}";
    check("put", one, ask(&gong, "PUT", &real, Some(meeting)).await);
    // Its answer is documented as the request, so that only the status can be checked.
    let off = ask(
        &gong,
        "DELETE",
        &real,
        Some(json!({ "organizerEmail": owner })),
    )
    .await;
    assert_eq!(off.status, 200);
    let path = "/v2/meetings/integration/status";
    let calendar = &company.user_without_calendar().unwrap().email;
    let emails = json!({ "emails": [owner, calendar, "nobody@example.com"] });
    check("post", path, post(&gong, path, emails).await);

    let phone = contact.phone.replace('+', "%2B").replace(' ', "%20");
    for (method, path, query) in [
        (
            "get",
            "data-for-email-address",
            format!("emailAddress={}", contact.email),
        ),
        (
            "get",
            "data-for-phone-number",
            format!("phoneNumber={phone}"),
        ),
        (
            "post",
            "erase-data-for-phone-number",
            format!("phoneNumber={phone}"),
        ),
        (
            "post",
            "erase-data-for-email-address",
            format!("emailAddress={}", contact.email),
        ),
    ] {
        let path = format!("/v2/data-privacy/{path}");
        let real = format!("{path}?{query}");
        check(
            method,
            &path,
            ask(&gong, &method.to_uppercase(), &real, None).await,
        );
    }
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(gong.violations(), [""; 0]);
}
