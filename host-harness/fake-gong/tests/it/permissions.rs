//! Permission profiles that are made and changed, and access to single calls.

use serde_json::{Value, json};

use crate::client::{ask, get, options, post, start};

#[tokio::test]
async fn what_an_update_leaves_out_stays() {
    let gong = start(options()).await;
    let company = gong.company();
    let manager = company
        .profiles()
        .iter()
        .find(|profile| profile.name() == "Manager")
        .unwrap();
    let path = format!("/v2/permission-profile?profileId={}", manager.id);
    let before = get(&gong, &path).await.json()["profile"].clone();

    // The whole object back, with one change, changes nothing else.
    let mut whole = before.clone();
    whole["downloadCallMedia"] = json!(false);
    let after = ask(&gong, "PUT", &path, Some(whole.clone())).await.json()["profile"].clone();
    assert_eq!(after, whole);
    assert_eq!(get(&gong, &path).await.json()["profile"], whole);

    let part = json!({"description": "Leads", "deals": false});
    let after = ask(&gong, "PUT", &path, Some(part)).await.json()["profile"].clone();
    (whole["description"], whole["deals"]) = (json!("Leads"), json!(false));
    assert_eq!(after, whole);
    assert_eq!(after.as_object().unwrap().len(), 55);
    let users = format!("/v2/permission-profile/users?profileId={}", manager.id);
    assert!(
        !get(&gong, &users).await.json()["users"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_profile_is_made_under_a_new_name() {
    let gong = start(options()).await;
    let workspace = &gong.company().workspaces()[0].id;
    let path = format!("/v2/permission-profile?workspaceId={workspace}");
    let lead = &gong.company().users()[4].id;
    let body = json!({
        "name": "Coach",
        "callsAccess": {"permissionLevel": "managers-team", "teamLeadIds": [lead]},
        "coaching": true,
    });
    let made = post(&gong, &path, body.clone()).await.json()["profile"].clone();
    assert_eq!(made["callsAccess"], body["callsAccess"]);
    let list = format!("/v2/all-permission-profiles?workspaceId={workspace}");
    let list = get(&gong, &list).await.json()["profiles"].clone();
    let list: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|profile| &profile["name"])
        .collect();
    let names = [
        "Admin",
        "Coach",
        "Individual contributor",
        "Listener",
        "Manager",
    ];
    assert_eq!(list, names);

    for body in [body, json!({"coaching": true}), json!({"name": "  "})] {
        let answer = post(&gong, &path, body).await;
        assert_eq!(answer.status, 422);
        answer.error();
    }
    let other = &gong.company().workspaces()[1].id;
    let other = format!("/v2/permission-profile?workspaceId={other}");
    assert_eq!(
        post(&gong, &other, json!({"name": "Coach"})).await.status,
        200
    );
    let nowhere = "/v2/permission-profile?workspaceId=42";
    assert_eq!(
        post(&gong, nowhere, json!({"name": "New"})).await.status,
        400
    );
}

#[tokio::test]
async fn profiles_that_make_no_sense_are_400() {
    let gong = start(options()).await;
    let profiles = gong.company().profiles();
    let path = format!("/v2/permission-profile?profileId={}", profiles[0].id);
    for (body, field) in [
        (json!({"name": " "}), "name"),
        (json!({"name": profiles[1].name()}), "name"),
        (json!({"name": "A", "id": profiles[1].id}), "id"),
        (
            json!({"name": "A", "dealsAccess": {"permissionLevel": "everything"}}),
            "dealsAccess.permissionLevel",
        ),
        (
            json!({"name": "A", "dealsAccess": {"permissionLevel": "managers-team"}}),
            "dealsAccess.teamLeadIds",
        ),
        (
            json!({"name": "A", "dealsAccess": {"permissionLevel": "managers-team", "teamLeadIds": ["42"]}}),
            "dealsAccess.teamLeadIds",
        ),
        (
            json!({"name": "A", "libraryFolderAccess": {"manageStreams": true}}),
            "libraryFolderAccess.permissionLevel",
        ),
        (
            json!({"name": "A", "libraryFolderAccess": {"permissionLevel": "none", "manageStreams": true}}),
            "libraryFolderAccess.manageStreams",
        ),
    ] {
        let answer = ask(&gong, "PUT", &path, Some(body)).await;
        assert_eq!(answer.status, 400);
        let error = answer.error();
        assert!(error.starts_with(&format!("{field}: ")), "{error}");
    }
    let unknown = "/v2/permission-profile?profileId=42";
    let answer = ask(&gong, "PUT", unknown, Some(json!({"name": "A"}))).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn access_that_was_granted_is_listed_and_can_be_revoked() {
    let gong = start(options()).await;
    let path = "/v2/calls/users-access";
    let company = gong.company();
    let call = &company.calls()[0];
    let avatar = &company.users().iter().find(|user| user.avatar).unwrap().id;
    let list = json!({"callAccessList": [{"callId": call.id, "userIds": [avatar]}]});
    let filter = json!({"filter": {"callIds": [call.id]}});
    let users = async || {
        let answer = post(&gong, path, filter.clone()).await.json();
        assert_eq!(answer["callAccessList"][0]["callId"], call.id);
        answer["callAccessList"][0]["users"].clone()
    };
    // Whoever was on the call sees it, but nobody granted that.
    assert_eq!(users().await, json!([]));
    let granted = ask(&gong, "PUT", path, Some(list.clone())).await;
    assert_eq!(granted.status, 200);
    assert_eq!(granted.json().as_object().unwrap().len(), 1);
    assert_eq!(users().await, json!([{"userId": avatar}]));
    assert_eq!(ask(&gong, "DELETE", path, Some(list)).await.status, 200);
    assert_eq!(users().await, json!([]));

    let unknown = json!({"callAccessList": [{"callId": "42", "userIds": [avatar]}]});
    let answer = ask(&gong, "PUT", path, Some(unknown.clone())).await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (400, "Some calls not found".to_owned())
    );
    let answer = post(&gong, path, json!({"filter": {"callIds": ["42"]}})).await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (400, "Some calls not found".to_owned())
    );
    // But revoking asks nothing.
    assert_eq!(ask(&gong, "DELETE", path, Some(unknown)).await.status, 200);
    assert_eq!(ask(&gong, "DELETE", path, None).await.status, 415);
}
