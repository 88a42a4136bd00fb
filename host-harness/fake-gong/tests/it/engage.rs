//! Who is put into flows and taken out of them, and the tasks that flows make.

use fake_gong::{FakeGong, Options};
use serde_json::{Value, json};

use crate::client::{Answer, ask, get, options, post, start};

const ASSIGN: &str = "/v2/flows/prospects/assign";
const BULK: &str = "/v2/flows/prospects/bulk-assignments";
const OWNER: &str = "ravi.patel@northwindrelay.com";

/// An assignment to the first flow, which is not exclusive.
fn assignment(gong: &FakeGong, prospects: &[&str]) -> Value {
    json!({
        "crmProspectsIds": prospects,
        "flowId": gong.company().flows()[0].id,
        "flowInstanceOwnerEmail": OWNER,
    })
}

/// The open flow instances of a prospect.
async fn open(gong: &FakeGong, prospect: &str) -> Vec<Value> {
    let body = json!({ "crmProspectsIds": [prospect] });
    let answer = post(gong, "/v2/flows/prospects", body).await.json();
    answer["prospectsAssigned"].as_array().unwrap().clone()
}

/// The one refusal that an answer of 200 has.
fn refused(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200);
    let refused = answer.json()["prospectsNotAssigned"].clone();
    assert_eq!(refused.as_array().unwrap().len(), 1, "{refused}");
    refused[0].clone()
}

#[tokio::test]
async fn an_assignment_fails_for_some_inside_a_200() {
    let gong = start(options()).await;
    let company = gong.company();
    let free = company.prospect_in_no_flow();
    let all = [
        free,
        "003unknown",
        company.prospect_in_cool_off(),
        company.prospect_in_exclusive_flow(),
    ];
    let answer = post(&gong, ASSIGN, assignment(&gong, &all)).await.json();
    let assigned = answer["prospectsAssigned"].as_array().unwrap();
    assert_eq!(assigned.len(), 1);
    assert_eq!(assigned[0]["crmProspectId"], free);
    assert_eq!(assigned[0]["flowInstanceOwnerEmail"], OWNER);
    let codes: Vec<&Value> = answer["prospectsNotAssigned"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| &failure["errorCode"])
        .collect();
    assert_eq!(codes, ["InvalidArgument", "InvalidState", "InvalidState"]);
    assert_eq!(open(&gong, free).await, *assigned);

    // The same once more does not begin the flow a second time.
    let again = post(&gong, ASSIGN, assignment(&gong, &[free])).await;
    assert_eq!(refused(&again)["errorCode"], "InvalidState");
    assert_eq!(open(&gong, free).await.len(), 1);
}

#[tokio::test]
async fn the_cool_off_can_be_overridden_and_the_exclusive_flow_can_not() {
    let gong = start(options()).await;
    let company = gong.company();
    let cooling = company.prospect_in_cool_off();
    let plain = post(&gong, ASSIGN, assignment(&gong, &[cooling])).await;
    let message = refused(&plain)["errorMessage"].clone();
    assert!(message.as_str().unwrap().contains("cool-off"), "{message}");
    let mut body = assignment(&gong, &[cooling]);
    body["overrides"] = json!({ "coolOffOverride": true });
    let answer = post(&gong, ASSIGN, body).await.json();
    assert_eq!(answer["prospectsAssigned"][0]["crmProspectId"], cooling);

    let exclusive = company.prospect_in_exclusive_flow();
    let path = "/v2/flows/prospects/assign/cool-off-override";
    let answer = post(&gong, path, assignment(&gong, &[exclusive])).await;
    let message = refused(&answer)["errorMessage"].clone();
    assert!(message.as_str().unwrap().contains("exclusive"), "{message}");
}

#[tokio::test]
async fn assignments_are_checked_before_anybody_is_assigned() {
    let gong = start(options()).await;
    let free = gong.company().prospect_in_no_flow();
    let good = assignment(&gong, &[free]);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let many: Vec<String> = (0..101).map(|id| format!("003{id}")).collect();
    let step = |number: u64| json!({ "steps": [{ "number": number, "subject": "Hello" }] });
    for (body, status, error) in [
        (with("flowId", json!("7")), 404, "Flow not found"),
        (
            with("flowInstanceOwnerEmail", json!("nobody@example.com")),
            404,
            "User not found: flowInstanceOwnerEmail=nobody@example.com",
        ),
        (
            with("crmProspectsIds", json!([])),
            400,
            "crmProspectsIds: must not be empty",
        ),
        (
            with("crmProspectsIds", json!(many)),
            400,
            "crmProspectsIds: size must be between 1 and 100",
        ),
        (with("flowId", Value::Null), 400, "flowId: must not be null"),
        (
            with("overrides", step(0)),
            400,
            "overrides.steps[0].number: must be a number from 1 to 5",
        ),
        (
            with("overrides", step(6)),
            400,
            "overrides.steps[0].number: must be a number from 1 to 5",
        ),
    ] {
        let answer = post(&gong, ASSIGN, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (status, error.to_owned())
        );
    }
    assert!(open(&gong, free).await.is_empty());
    assert!(gong.writes().is_empty());
    assert_eq!(
        post(&gong, ASSIGN, with("overrides", step(5))).await.status,
        200
    );
}

#[tokio::test]
async fn a_bulk_assignment_is_pending_then_in_progress_then_completed() {
    let gong = start(options()).await;
    let company = gong.company();
    let free = company.prospect_in_no_flow();
    let known = &company.accounts()[3].people[2];
    let body = json!({
        "flowId": company.flows()[0].id,
        "flowInstanceOwnerEmail": OWNER,
        "prospects": [
            { "crmId": free },
            { "firstName": "Nora", "lastName": "Lund", "companyName": "Fjell Shipping" },
            { "firstName": "Nora", "lastName": "Lund" },
            { "crmId": "003unknown" },
            { "crmId": company.prospect_in_cool_off() },
            { "firstName": "Any", "lastName": "Name", "email": known.email },
        ],
    });
    let answer = post(&gong, BULK, body).await;
    assert_eq!(answer.status, 202);
    let submitted = answer.json();
    assert_eq!(submitted["status"], "PENDING");
    assert_eq!(submitted["totalCount"], 6);
    let path = format!("{BULK}/{}", submitted["id"].as_str().unwrap());
    let mut looks = Vec::new();
    for _ in 0..4 {
        let look = get(&gong, &path).await.json();
        looks.push((look["status"].clone(), look["processedCount"].clone()));
        assert_eq!(
            look["results"].as_array().unwrap().len(),
            look["processedCount"]
        );
    }
    let expected = [
        ("PENDING", 0),
        ("IN_PROGRESS", 3),
        ("COMPLETED", 6),
        ("COMPLETED", 6),
    ];
    assert_eq!(
        looks,
        expected.map(|(status, count)| (json!(status), json!(count)))
    );
    let done = get(&gong, &path).await.json();
    let statuses: Vec<&Value> = (0..6)
        .map(|place| &done["results"][place]["status"])
        .collect();
    assert_eq!(
        statuses,
        [
            "ASSIGNED",
            "ASSIGNED",
            "CRM_OPERATION_FAILED",
            "CRM_OPERATION_FAILED",
            "FLOW_ASSIGNMENT_FAILED",
            "ASSIGNED",
        ]
    );
    assert_eq!(
        (&done["successCount"], &done["failedCount"]),
        (&json!(3), &json!(3))
    );
    let newcomer = done["results"][1]["crmId"].as_str().unwrap();
    for prospect in [free, newcomer, &known.crm_id] {
        assert_eq!(open(&gong, prospect).await.len(), 1, "{prospect}");
    }
    let answer = get(&gong, &format!("{BULK}/7")).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.error(), "Flow prospects bulk assignment 7 not found");
}

#[tokio::test]
async fn a_bulk_assignment_wants_names_or_ids_of_at_most_50() {
    let gong = start(options()).await;
    let flow = gong.company().flows()[0].id.clone();
    let submit = |prospects: Value| json!({"flowId": flow, "flowInstanceOwnerEmail": OWNER, "prospects": prospects});
    for (prospects, error) in [
        (
            json!([{ "email": "a@b.example" }]),
            "prospects[0].firstName: must not be null",
        ),
        (
            json!(vec![json!({ "crmId": "1" }); 51]),
            "prospects: size must be between 1 and 50",
        ),
    ] {
        let answer = post(&gong, BULK, submit(prospects)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (400, error.to_owned())
        );
    }
}

#[tokio::test]
async fn unassigning_ends_what_is_open() {
    let gong = start(options()).await;
    let free = gong.company().prospect_in_no_flow();
    let flows = gong.company().flows();
    for flow in [&flows[0].id, &flows[1].id, &flows[2].id] {
        let mut body = assignment(&gong, &[free]);
        body["flowId"] = json!(flow);
        post(&gong, ASSIGN, body).await;
    }
    let instances = open(&gong, free).await;
    let by_crm = "/v2/flows/prospects/unassign-flows-by-crm-id";
    let by_instance = "/v2/flows/prospects/unassign-flows-by-instance-id";
    let unassigned = "unassignedFlowInstanceIds";
    let count = instances.len();
    assert!(count >= 2);

    let one = json!({"crmProspectId": free, "flowId": instances[0]["flowId"]});
    let answer = post(&gong, by_crm, one).await.json();
    assert_eq!(answer[unassigned], json!([instances[0]["flowInstanceId"]]));
    assert_eq!(open(&gong, free).await.len(), count - 1);

    // One that is ended already is left out of the answer.
    let ids = json!([
        instances[0]["flowInstanceId"],
        instances[1]["flowInstanceId"]
    ]);
    let answer = post(&gong, by_instance, json!({"flowInstanceIds": ids}))
        .await
        .json();
    assert_eq!(answer[unassigned], json!([instances[1]["flowInstanceId"]]));
    let ended = json!({"flowInstanceIds": ids});
    let ended = post(&gong, "/v2/flows/prospects", ended).await.json();
    assert_eq!(
        ended["prospectsAssigned"][0]["flowInstanceStatus"],
        "Finished"
    );

    let mut some = ids.as_array().unwrap().clone();
    some.push(json!("7"));
    let answer = post(&gong, by_instance, json!({"flowInstanceIds": some})).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.error(),
        "One or more of the given flowInstanceIds does not exist"
    );

    post(&gong, by_crm, json!({"crmProspectId": free})).await;
    assert!(open(&gong, free).await.is_empty());
    let nobody = post(&gong, by_crm, json!({"crmProspectId": "003unknown"})).await;
    assert_eq!(nobody.status, 200);
    assert_eq!(nobody.json()[unassigned], json!([]));
}

/// All tasks of a user in one status.
fn filter(user: &str, status: &str) -> Value {
    json!({"filter": {
        "userId": user, "types": ["FLOW", "MANUAL"], "taskAction": ["CALL"], "status": [status],
    }})
}

#[tokio::test]
async fn a_task_changes_its_status_and_is_listed_by_it() {
    let gong = start(options()).await;
    let company = gong.company();
    let task = company
        .tasks()
        .iter()
        .find(|task| task.status == "OPEN")
        .unwrap();
    let user = company.owner_of(task).id.clone();
    let listed = async |status: &str| {
        let answer = post(&gong, "/v2/tasks", filter(&user, status)).await.json();
        assert_eq!(answer["crmType"], "SALESFORCE");
        let tasks = answer["tasks"].as_array().unwrap().clone();
        assert!(tasks.iter().all(|task| task["status"] == status));
        tasks
            .iter()
            .map(|task| task["id"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert!(task.id > 1 << 53);
    assert!(listed("OPEN").await.contains(&task.id));
    assert!(!listed("DONE").await.contains(&task.id));
    let path = format!("/v2/tasks/{}", task.id);
    let body = json!({
        "userId": user, "status": "DONE", "dueDate": "2026-12-01T09:00:00Z", "priority": "High",
    });
    let changed = ask(&gong, "PATCH", &path, Some(body)).await.json()["tasks"].clone();
    assert_eq!(changed.as_array().unwrap().len(), 1);
    assert_eq!(changed[0]["id"], task.id);
    assert_eq!(changed[0]["dueDate"], "2026-12-01T10:00:00+01:00");
    assert_eq!(changed[0]["priority"]["name"], "High");
    assert!(!listed("OPEN").await.contains(&task.id));
    assert!(listed("DONE").await.contains(&task.id));
}

#[tokio::test]
async fn tasks_fail_at_words_that_gong_does_not_know() {
    let gong = start(options()).await;
    let company = gong.company();
    let task = &company.tasks()[0];
    let user = company.owner_of(task).id.clone();
    let path = format!("/v2/tasks/{}", task.id);
    let answer = post(&gong, "/v2/tasks", filter(&user, "LATE")).await;
    assert_eq!(answer.status, 500);
    let late = json!({"userId": user, "status": "LATE"});
    assert_eq!(ask(&gong, "PATCH", &path, Some(late)).await.status, 500);
    assert_eq!(
        post(&gong, "/v2/tasks", filter("42", "OPEN")).await.status,
        400
    );
    let stranger = company.users()[0].id.clone();
    for (path, user, status) in [
        (path.as_str(), "42", 400),
        (path.as_str(), stranger.as_str(), 404),
        ("/v2/tasks/42", user.as_str(), 404),
        ("/v2/tasks/abc", user.as_str(), 400),
    ] {
        let body = json!({"userId": user, "status": "DONE"});
        let answer = ask(&gong, "PATCH", path, Some(body)).await;
        assert_eq!(answer.status, status, "{path}");
    }
    let due = json!({"userId": user, "dueDate": "2026-12-01"});
    let answer = ask(&gong, "PATCH", &path, Some(due)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.error().starts_with("dueDate: "));
}

#[tokio::test]
async fn writes_need_scopes_of_their_own() {
    let scopes = [
        "api:flows:write",
        "api:tasks:write",
        "api:permission-profile:write",
    ];
    let gong = start(Options {
        withheld_scopes: scopes.map(str::to_owned).to_vec(),
        ..options()
    })
    .await;
    let free = gong.company().prospect_in_no_flow();
    let answer = post(&gong, ASSIGN, assignment(&gong, &[free])).await;
    assert_eq!(answer.status, 401);
    assert!(answer.error().contains("'api:flows:write'"));
    assert!(open(&gong, free).await.is_empty());
    let task = ask(&gong, "PATCH", "/v2/tasks/42", Some(json!({}))).await;
    assert!(task.error().contains("'api:tasks:write'"));
    let profile = ask(
        &gong,
        "PUT",
        "/v2/permission-profile?profileId=1",
        Some(json!({})),
    )
    .await;
    assert!(profile.error().contains("'api:permission-profile:write'"));
}
