//! What is set up: outcomes, briefs, trackers, the library, and users' settings.

use serde_json::{Value, json};

use crate::client::{get, options, start};

#[tokio::test]
async fn outcomes_are_in_their_order() {
    let gong = start(options()).await;
    let answer = get(&gong, "/v2/call-outcomes").await.json();
    let outcomes = answer["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 5);
    assert!(
        (1..)
            .zip(outcomes)
            .all(|(place, outcome)| outcome["displayOrder"] == place)
    );
    assert_eq!(outcomes[4]["connectStatus"], "NOT_CONNECTED");
}

#[tokio::test]
async fn briefs_and_trackers_can_be_narrowed_to_a_workspace() {
    let gong = start(options()).await;
    let workspaces = gong.company().workspaces();
    for (path, list, counts) in [
        ("/v2/settings/briefs", "briefs", (4, 3, 1)),
        ("/v2/settings/trackers", "keywordTrackers", (3, 2, 1)),
    ] {
        let count = async |query: &str| {
            let answer = get(&gong, &format!("{path}{query}")).await.json();
            answer[list].as_array().unwrap().len()
        };
        let of = |place: usize| format!("?workspaceId={}", workspaces[place].id);
        let found = (count("").await, count(&of(0)).await, count(&of(1)).await);
        assert_eq!(found, counts, "{path}");
        let answer = get(&gong, &format!("{path}?workspaceId=42")).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.error(), "Workspace not found");
    }
    let briefs = get(&gong, "/v2/settings/briefs").await.json();
    let briefs = briefs["briefs"].as_array().unwrap();
    let not_published = briefs
        .iter()
        .filter(|brief| brief["status"] == "Not published");
    assert_eq!(not_published.count(), 1);
    let trackers = get(&gong, "/v2/settings/trackers").await.json();
    let built_in = &trackers["keywordTrackers"][2];
    assert_eq!(
        (&built_in["trackerName"], &built_in["creatorUserId"]),
        (&json!("Security"), &Value::Null)
    );
}

#[tokio::test]
async fn the_library_has_folders_with_calls() {
    let gong = start(options()).await;
    let answer = get(&gong, "/v2/library/folders").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error(), "workspaceId: must not be null");
    assert_eq!(
        get(&gong, "/v2/library/folders?workspaceId=42")
            .await
            .status,
        404
    );
    assert_eq!(get(&gong, "/v2/library/folder-content").await.status, 400);
    assert_eq!(
        get(&gong, "/v2/library/folder-content?folderId=42")
            .await
            .status,
        404
    );
    let workspace = &gong.company().workspaces()[0].id;
    let path = format!("/v2/library/folders?workspaceId={workspace}");
    let folders = get(&gong, &path).await.json()["folders"].clone();
    let folders = folders.as_array().unwrap();
    assert_eq!(folders.len(), 4);
    assert_eq!(folders[0]["parentFolderId"], Value::Null);
    assert_eq!(folders[1]["parentFolderId"], folders[0]["id"]);
    for folder in gong.company().library_folders() {
        let path = format!("/v2/library/folder-content?folderId={}", folder.id);
        let content = get(&gong, &path).await.json();
        assert_eq!(content["name"], folder.name);
        for entry in content["calls"].as_array().unwrap() {
            let id = entry["id"].as_str().unwrap();
            assert_eq!(get(&gong, &format!("/v2/calls/{id}")).await.status, 200);
            let is_stretch = entry["url"].as_str().unwrap().contains("&highlights=");
            assert_eq!(entry["snippet"].is_object(), is_stretch);
        }
    }
}

#[tokio::test]
async fn a_users_history_ends_with_the_settings_of_today() {
    let gong = start(options()).await;
    let users = get(&gong, "/v2/users").await.json()["users"].clone();
    for user in users.as_array().unwrap() {
        let id = user["id"].as_str().unwrap();
        let answer = get(&gong, &format!("/v2/users/{id}/settings-history")).await;
        let history = answer.json()["userSettingsHistory"].clone();
        let changes = history.as_array().unwrap();
        assert!(
            changes.is_sorted_by_key(|change| change["time"].as_str().unwrap()[..10].to_owned())
        );
        for (setting, now) in [
            ("active", &user["active"]),
            (
                "webConferencesRecorded",
                &user["settings"]["webConferencesRecorded"],
            ),
            ("emailsImported", &user["settings"]["emailsImported"]),
        ] {
            let last = changes
                .iter()
                .rev()
                .find(|change| change["setting"] == setting);
            let last = last.map_or(&Value::Bool(false), |change| &change["value"]);
            assert_eq!(last, now, "{setting}");
        }
    }
    assert_eq!(
        get(&gong, "/v2/users/42/settings-history").await.status,
        404
    );
}
