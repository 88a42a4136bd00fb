//! Sales targets, and the CSV files by which they are assigned.

use fake_gong::FakeGong;
use serde_json::Value;

use crate::client::{get, options, start, upload};

const HEADER: &str = "Team member identifier,Is Team,Period,Value,Currency";
const MEMBER: &str = "jonas.weber@northwindrelay.com";

/// The id of the target "Bookings", and the path of its assignments.
fn bookings(gong: &FakeGong) -> (String, String) {
    let company = gong.company();
    let target = company
        .targets()
        .iter()
        .find(|target| target.name == "Bookings")
        .unwrap();
    let workspace = &company.workspaces()[0].id;
    let path = format!(
        "/v2/targets/{}/assignments?workspaceId={workspace}",
        target.id
    );
    (target.id.clone(), path)
}

#[tokio::test]
async fn targets_are_of_a_workspace() {
    let gong = start(options()).await;
    let answer = get(&gong, "/v2/targets").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error(), "workspaceId: must not be null");
    let workspace = &gong.company().workspaces()[0].id;
    let answer = get(&gong, &format!("/v2/targets?workspaceId={workspace}"))
        .await
        .json();
    let targets = answer["targets"].as_array().unwrap();
    let names: Vec<&Value> = targets.iter().map(|target| &target["name"]).collect();
    assert_eq!(names, ["Bookings", "Meetings held", "Pipeline created"]);
    for field in ["id", "type", "unit", "hierarchyType", "createdDateTime"] {
        assert!(
            targets.iter().all(|target| target[field].is_string()),
            "{field}"
        );
    }
}

#[tokio::test]
async fn validating_alone_changes_nothing() {
    let gong = start(options()).await;
    let (id, path) = bookings(&gong);
    let file = format!(
        "{HEADER}\n{MEMBER},FALSE,Q1 FY2027,250000,EUR\n{MEMBER},FALSE,Q2 FY2027,\"260000\",\n"
    );
    let answer = upload(&gong, &format!("{path}&validateOnly=true"), "file", &file).await;
    assert_eq!(answer.status, 200);
    assert!(gong.target_assignments(&id).is_empty());
    assert_eq!(upload(&gong, &path, "file", &file).await.status, 200);
    let assigned = gong.target_assignments(&id);
    assert_eq!(assigned.len(), 2);
    assert_eq!(
        (assigned[0].member.as_str(), assigned[0].value),
        (MEMBER, 250_000.0)
    );
    assert_eq!(assigned[1].currency.as_deref(), Some("EUR"));
    let other = file.replace("250000", "300000");
    upload(&gong, &path, "file", &other).await;
    let values: Vec<f64> = gong
        .target_assignments(&id)
        .iter()
        .map(|one| one.value)
        .collect();
    assert_eq!(values, [300_000.0, 260_000.0]);
}

#[tokio::test]
async fn a_file_is_taken_whole_or_not_at_all() {
    let gong = start(options()).await;
    let (id, path) = bookings(&gong);
    let lines = [
        format!("{MEMBER},FALSE,Q1 FY2027,250000,EUR"),
        "nobody@example.com,FALSE,Q1 FY2027,1,EUR".to_owned(),
        format!("{MEMBER},maybe,Q2 FY2027,1,EUR"),
        format!("{MEMBER},FALSE,2027-Q2,1,EUR"),
        format!("{MEMBER},FALSE,Q2 FY2027,much,EUR"),
        format!("{MEMBER},FALSE,Q2 FY2027,1,euros"),
        format!("{MEMBER},FALSE,Q1 FY2027,1,EUR"),
        format!("{MEMBER},FALSE,Q2 FY2027,1"),
    ];
    let file = format!("{HEADER}\n{}\n", lines.join("\n"));
    let answer = upload(&gong, &path, "file", &file).await;
    assert_eq!(answer.status, 400);
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    for (error, line) in errors.iter().zip(3..) {
        let error = error.as_str().unwrap();
        assert!(error.starts_with(&format!("Line {line}: ")), "{error}");
    }
    assert_eq!(errors.len(), 7);
    assert!(gong.target_assignments(&id).is_empty());

    for file in ["", HEADER, "Email,Period,Value\na,b,1\n"] {
        assert_eq!(
            upload(&gong, &path, "file", file).await.status,
            400,
            "{file}"
        );
    }
    assert_eq!(upload(&gong, &path, "dataFile", &file).await.status, 400);
    let unknown = path.replace(&id, "42");
    assert_eq!(upload(&gong, &unknown, "file", &file).await.status, 404);
}
