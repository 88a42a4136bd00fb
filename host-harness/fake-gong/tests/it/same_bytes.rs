//! The default company says the same for ever: fixtures and demos are made of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fake_gong::{FakeGong, Options};
use serde_json::{Value, json};

use crate::client::{Answer, ask, get, options, post, start};

/// FNV-1a of all answers to one walk over the API.
struct Digest(u64);

impl Digest {
    fn add(&mut self, answer: &Answer) {
        for byte in sorted(answer.json()).to_string().bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// With the members of objects by name: their order is another one where a crate of the workspace
/// turns on `preserve_order` of serde_json.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members.into_iter().collect();
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (name, sorted(value))).collect())
        }
        other => other,
    }
}

/// Every page of a POST.
async fn pages(gong: &FakeGong, path: &str, mut body: Value, digest: &mut Digest) {
    loop {
        let answer = post(gong, path, body.clone()).await;
        digest.add(&answer);
        match answer.json()["records"].get("cursor") {
            Some(cursor) => body["cursor"] = cursor.clone(),
            None => return,
        }
    }
}

async fn walk(gong: &FakeGong) -> String {
    let company = gong.company();
    let account = &company.accounts()[0];
    let (deal, email) = (&account.deals[0].crm_id, &account.people[1].email);
    let workspace = &company.workspaces()[0].id;
    let (manager, call) = (&company.users()[4].id, &company.calls()[3].id);
    let days = json!({"filter": {"fromDate": "2026-06-01", "toDate": "2026-11-20"}});
    let everything = json!({"filter": {}, "contentSelector": {
        "context": "Extended", "contextTiming": ["Now", "TimeOfCall"],
        "exposedFields": {
            "parties": true, "media": true,
            "content": {"brief": true, "keyPoints": true, "outline": true, "highlights": true,
                "topics": true, "trackers": true, "trackerOccurrences": true,
                "callOutcome": true, "structure": true},
            "interaction": {"speakers": true, "personInteractionStats": true, "video": true,
                "questions": true},
            "collaboration": {"publicComments": true}}}});
    let lines = async |digests: &mut String, name: &str| {
        let mut digest = Digest(0xcbf2_9ce4_8422_2325);
        match name {
            "extensive" => {
                let path = "/v2/calls/extensive";
                pages(gong, path, everything.clone(), &mut digest).await;
            }
            "transcripts" => {
                let body = json!({"filter": {"fromDateTime": "2026-11-10T00:00:00Z"}});
                pages(gong, "/v2/calls/transcript", body, &mut digest).await;
            }
            "hosts" => {
                let mut body = everything.clone();
                body["filter"]["primaryUserIds"] = json!([company.users()[8].id, manager]);
                body["filter"]["workspaceId"] = json!(workspace);
                pages(gong, "/v2/calls/extensive", body, &mut digest).await;
            }
            "stats" => {
                for path in [
                    "/v2/stats/activity/aggregate",
                    "/v2/stats/activity/day-by-day",
                    "/v2/stats/interaction",
                ] {
                    digest.add(&post(gong, path, days.clone()).await);
                }
                let both = json!({"filter": {"reviewMethod": "BOTH"}});
                let path = "/v2/stats/activity/scorecards";
                digest.add(&post(gong, path, both).await);
            }
            path => digest.add(&get(gong, path).await),
        }
        writeln!(digests, "{:016x} {name}", digest.0).unwrap();
    };
    let folder = &company.library_folders()[1].id;
    let entity = format!("workspaceId={workspace}&crmEntityType=DEAL&crmEntityId={deal}");
    let mut digests = String::new();
    for name in [
        "/v2/users?includeAvatars=true",
        "/v2/calls",
        "/v2/calls?fromDateTime=2026-10-01T00:00:00Z&toDateTime=2026-11-01T00:00:00Z",
        &format!("/v2/calls?workspaceId={}", company.workspaces()[1].id),
        &format!("/v2/calls/{call}"),
        "extensive",
        "transcripts",
        "hosts",
        "stats",
        "/v2/workspaces",
        "/v2/settings/scorecards",
        "/v2/logs?logType=UserActivityLog&fromDateTime=2026-06-01T00:00:00Z",
        "/v2/logs?logType=ExternallySharedCallPlay&fromDateTime=2026-06-01T00:00:00Z",
        "/v2/logs?logType=AccessLog&fromDateTime=2026-06-01T00:00:00Z",
        &format!("/v2/library/folder-content?folderId={folder}"),
        &format!("/v2/library/folders?workspaceId={workspace}"),
        &format!(
            "/v2/coaching?workspace-id={workspace}&manager-id={manager}\
             &from=2026-06-01T00:00:00Z&to=2026-11-20T00:00:00Z"
        ),
        &format!("/v2/entities/ask-entity?{entity}&timePeriod=LAST_YEAR&question=security"),
        &format!("/v2/entities/get-brief?{entity}&timePeriod=LAST_YEAR&briefName=Deal%20review"),
        &format!("/v2/data-privacy/data-for-email-address?emailAddress={email}"),
    ] {
        lines(&mut digests, name).await;
    }
    // Without the ids that a seed draws, so that the rows of two seeds can be read side by side.
    for id in [workspace, manager, call, folder, deal, email] {
        digests = digests.replace(id.as_str(), "…");
    }
    digests.replace(&company.workspaces()[1].id, "…")
}

#[tokio::test]
async fn the_default_company_says_the_same_for_ever() {
    let mut walks = String::new();
    for (seed, calls) in [(1, 140), (7, 60)] {
        let gong = start(Options {
            seed,
            calls,
            ..options()
        })
        .await;
        writeln!(walks, "seed {seed}, {calls} calls").unwrap();
        walks.push_str(&walk(&gong).await);
        let email = &gong.company().accounts()[0].people[1].email;
        let path = format!("/v2/data-privacy/erase-data-for-email-address?emailAddress={email}");
        assert_eq!(ask(&gong, "POST", &path, None).await.status, 200);
        walks.push_str("after an erasure\n");
        walks.push_str(&walk(&gong).await);
    }
    assert_eq!(walks, include_str!("same_bytes.txt"));
}
