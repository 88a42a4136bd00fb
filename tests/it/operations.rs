//! Every operation of Gong's API, sent by a tool through the built component and over real
//! sockets to the stand-in, which refuses what Gong's OpenAPI document does not have. Every
//! change is made twice: as a dry run, which must change nothing, and in earnest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fake_gong::FakeGong;
use sandbox::Effect;
use sandbox::objects::MemoryStore;
use serde_json::{Value, json};

use crate::index::{store, with_index};
use crate::support::{options, output_validator, run_for, sandbox, stand_in, workspace};

/// Operations that nobody sends, and why.
const NOT_SENT: [(&str, &str); 1] = [(
    "POST /v2/flows/prospects/assign/cool-off-override",
    "deprecated by Gong: gong_assign_flow sends overrides.coolOffOverride instead",
)];

/// A walk through the tools, on one company that changes on the way.
struct Walk {
    gong: FakeGong,
    effects: BTreeMap<String, Effect>,
    called: BTreeSet<String>,
    /// Where calls keep their index.
    index: Option<Arc<MemoryStore>>,
}

impl Walk {
    async fn start() -> Self {
        let gong = stand_in(fake_gong::Options {
            calls: 250,
            ..options()
        })
        .await;
        if !gong.contract_checked() {
            eprintln!(
                "skipped: requests are not checked against Gong's OpenAPI document, which is not here"
            );
        }
        let tools = sandbox().list_tools().await.expect("tools are listed");
        Self {
            gong,
            effects: tools
                .into_iter()
                .map(|tool| (tool.name, tool.effect))
                .collect(),
            called: BTreeSet::new(),
            index: None,
        }
    }

    /// Calls a tool; what changes something first as a dry run.
    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let effect = self.effects[tool];
        if !matches!(effect, Effect::Read | Effect::MeteredRead) {
            let before = self.gong.writes().len();
            let mut dry = arguments.clone();
            dry["dry_run"] = true.into();
            let answer = self.ask(tool, &dry).await;
            assert_eq!(answer["dry_run"], true, "{tool}: {answer}");
            let request = answer["request"].as_str();
            assert!(
                request.is_some_and(|request| request.contains(" /v2/")),
                "{tool}: {answer}"
            );
            assert_eq!(self.gong.writes().len(), before, "{tool}: a dry run writes");
        }
        self.called.insert(tool.to_owned());
        self.ask(tool, &arguments).await
    }

    async fn ask(&self, tool: &str, arguments: &Value) -> Value {
        let sandbox = sandbox();
        let run = run_for(&self.gong);
        let run = match &self.index {
            Some(store) => with_index(run, Arc::clone(store)),
            None => run,
        };
        let result = sandbox
            .call_tool(&run, tool, &arguments.to_string())
            .await
            .expect("no limit breaks");
        assert!(!result.is_error, "{tool} {arguments}: {}", result.text);
        let json = result.structured.expect("a structured answer");
        let structured: Value = serde_json::from_str(json.get()).expect("JSON");
        if let Some(error) = output_validator(tool).await.iter_errors(&structured).next() {
            panic!("{tool} {arguments}: {error} at {}", error.instance_path());
        }
        assert!(!has_null(&structured), "{tool}: a null in {structured}");
        let spent = structured["requests"].as_u64().expect("counted requests");
        assert_eq!(spent, u64::from(result.usage.requests), "{tool}");
        structured
    }

    /// The requests that were answered well, as `METHOD path`.
    fn sent(&self) -> BTreeSet<String> {
        let good = self.gong.requests().into_iter();
        good.filter(|request| (200..300).contains(&request.status))
            .map(|request| format!("{} {}", request.method, request.path))
            .collect()
    }
}

/// A null says nothing and costs bytes. In the text of a body it is Gong's own.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

/// The operations of `tests/operations.txt`.
fn operations() -> Vec<String> {
    let path = workspace().join("tests/operations.txt");
    let table = std::fs::read_to_string(&path).expect("the table of operations");
    let line = |line: &str| {
        let (operation, _effect) = line.rsplit_once(' ')?;
        Some(operation.to_owned())
    };
    table.lines().filter_map(line).collect()
}

/// Whether a real request is one for an operation, whose path may have placeholders.
fn is_of(sent: &str, operation: &str) -> bool {
    let parts = |text: &str| -> Vec<String> { text.split([' ', '/']).map(str::to_owned).collect() };
    let (sent, operation) = (parts(sent), parts(operation));
    sent.len() == operation.len()
        && sent
            .iter()
            .zip(&operation)
            .all(|(sent, part)| sent == part || part.starts_with('{'))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_gongs_is_sent_by_a_tool() {
    let mut walk = Walk::start().await;
    let company = walk.gong.company();
    let acme = &company.accounts()[0];
    let (contact, deal) = (acme.people[0].clone(), acme.deals[0].clone());
    let account = acme.crm_id.clone();
    let free = company.prospect_in_no_flow().to_owned();
    let seller = company
        .users()
        .iter()
        .find(|user| user.is_recorded() && user.active)
        .expect("somebody who is recorded")
        .clone();
    let task = company.tasks()[0].clone();
    let task_owner = company.owner_of(&task).email.clone();
    let flow = company.flows()[0].id.clone();
    let recorded = company
        .calls()
        .iter()
        .find(|call| !call.is_private)
        .expect("a call")
        .id
        .clone();

    // Users, calls, transcripts.
    walk.call("gong_list_workspaces", json!({})).await;
    walk.call("gong_list_users", json!({"limit": 3})).await;
    walk.call("gong_get_user", json!({"user": seller.id})).await;
    walk.call(
        "gong_list_user_settings_history",
        json!({"user": seller.id}),
    )
    .await;
    walk.call("gong_search_calls", json!({"limit": 5})).await;
    walk.call(
        "gong_search_calls",
        json!({"account": acme_name(), "limit": 5}),
    )
    .await;
    walk.call("gong_get_call", json!({"call": recorded})).await;
    walk.call(
        "gong_get_transcript",
        json!({"call": recorded, "bytes": 2000}),
    )
    .await;
    walk.call(
        "gong_search_transcripts",
        json!({"query": "next", "limit": 3}),
    )
    .await;
    walk.call("gong_summarize_calls", json!({"calls": [recorded]}))
        .await;
    walk.call("gong_count_calls", json!({"by": ["host"]})).await;
    walk.index = Some(store());
    walk.call("gong_sync_calls", json!({"from": "30d"})).await;
    walk.index = None;
    walk.call("gong_list_call_outcomes", json!({})).await;

    // A call of one's own, its recording, and who may see it.
    let created = walk
        .call(
            "gong_create_call",
            json!({
                "client_unique_id": "pbx-2026-0001", "host": seller.email, "direction": "outbound",
                "started": "2026-03-15T09:00:00Z", "duration_seconds": 600, "title": "Follow-up",
                "parties": [format!("{}, {}", contact.name, contact.email)],
            }),
        )
        .await;
    let call = text(&created, "/id").to_owned();
    // Gong has not analysed it: there is no more than basic data.
    walk.call("gong_get_call", json!({"call": call})).await;
    let media = json!({"call": call, "media": "UklGRiQAAABXQVZF", "file_name": "call.wav"});
    walk.call("gong_upload_call_media", media).await;
    let users = json!({"call": call, "users": [company_user(&walk, 1)]});
    walk.call("gong_grant_call_access", users.clone()).await;
    let access = walk
        .call("gong_list_call_access", json!({"calls": [call]}))
        .await;
    assert_eq!(
        access["calls"][0]["users"].as_array().map(Vec::len),
        Some(1),
        "{access}"
    );
    walk.call("gong_revoke_call_access", users).await;
    let access = walk
        .call("gong_list_call_access", json!({"calls": [call]}))
        .await;
    assert!(access["calls"][0]["users"].is_null(), "{access}");

    // Deals, accounts, scorecards.
    walk.call("gong_list_deals", json!({"limit": 5})).await;
    walk.call("gong_get_deal", json!({"deal": deal.crm_id}))
        .await;
    walk.call("gong_get_account", json!({"account": account}))
        .await;
    walk.call("gong_list_scorecards", json!({})).await;
    walk.call("gong_list_answered_scorecards", json!({"from": "120d"}))
        .await;

    // Statistics.
    let window = json!({"from": "2026-02-01", "to": "2026-03-01"});
    walk.call("gong_get_activity_stats", window.clone()).await;
    let mut weekly = window.clone();
    weekly["period"] = "week".into();
    walk.call("gong_get_activity_stats", weekly).await;
    walk.call("gong_list_daily_activity", window.clone()).await;
    walk.call("gong_get_interaction_stats", window).await;
    walk.call(
        "gong_get_coaching",
        json!({"manager": "Maria Keller", "workspace": "Sales", "from": "60d"}),
    )
    .await;

    // Settings, library, logs, and the tools that cost credits.
    walk.call("gong_list_trackers", json!({})).await;
    let folders = walk
        .call("gong_list_library_folders", json!({"workspace": "Sales"}))
        .await;
    walk.call(
        "gong_list_library_calls",
        json!({"folder": text(&folders, "/folders/0/id")}),
    )
    .await;
    walk.call(
        "gong_list_audit_logs",
        json!({"log": "user_call_play", "from": "30d"}),
    )
    .await;
    walk.call("gong_list_briefs", json!({})).await;
    assert_eq!(
        walk.gong.credits_spent(),
        0,
        "nothing has cost credits so far"
    );
    walk.call(
        "gong_ask_account",
        json!({"crm_account": account, "question": "What blocks them?", "workspace": "Sales"}),
    )
    .await;
    walk.call(
        "gong_ask_deal",
        json!({"crm_deal": deal.crm_id, "question": "Who decides?", "workspace": "Sales"}),
    )
    .await;
    walk.call(
        "gong_generate_brief",
        json!({"brief": "Deal review", "crm_entity": deal.crm_id, "entity_type": "deal", "workspace": "Sales"}),
    )
    .await;
    assert!(walk.gong.credits_spent() > 0, "these do");

    engage(&mut walk, &flow, &seller.email, &free).await;
    walk.call("gong_list_tasks", json!({"user": task_owner}))
        .await;
    walk.call(
        "gong_update_task",
        json!({"task": task.id.to_string(), "user": task_owner, "status": "done"}),
    )
    .await;
    permissions(&mut walk).await;
    crm(&mut walk).await;
    partners(&mut walk, &seller.email, &contact.email).await;

    // At the end, as it takes the person's calls away.
    let email = json!({"email": contact.email});
    walk.call("gong_find_personal_data", email.clone()).await;
    walk.call("gong_find_personal_data", json!({"phone": contact.phone}))
        .await;
    walk.call(
        "gong_erase_personal_data",
        json!({"email": contact.email, "confirm": contact.email}),
    )
    .await;
    let phone = acme_phone(&walk);
    walk.call(
        "gong_erase_personal_data",
        json!({"phone": phone, "confirm": phone}),
    )
    .await;

    settle(&walk);
}

/// The name that Acme has in the invented company.
fn acme_name() -> &'static str {
    "Acme Corp"
}

fn company_user(walk: &Walk, nth: usize) -> String {
    walk.gong
        .company()
        .users()
        .iter()
        .filter(|user| user.active && !user.avatar)
        .nth(nth)
        .expect("users")
        .id
        .clone()
}

/// The phone number of another contact than the one that was erased by e-mail.
fn acme_phone(walk: &Walk) -> String {
    let people = &walk.gong.company().accounts()[0].people;
    people[1].phone.clone()
}

/// Prospects into flows and out again.
async fn engage(walk: &mut Walk, flow: &str, owner: &str, prospect: &str) {
    walk.call("gong_list_flows", json!({"owner": owner})).await;
    walk.call("gong_list_flow_folders", json!({"owner": owner}))
        .await;
    walk.call("gong_get_flow_steps", json!({"flows": [flow]}))
        .await;
    let assigned = walk
        .call(
            "gong_assign_flow",
            json!({
                "flow": flow, "owner": owner, "prospects": [prospect, "003000000NOBODYAAA"],
                "override_cool_off": true, "allow_unattended_email": true,
            }),
        )
        .await;
    let done = |item: &&Value| item["done"] == true;
    let items = assigned["items"].as_array().expect("items");
    assert_eq!(items.iter().filter(done).count(), 1, "{assigned}");
    let flows = walk
        .call("gong_list_prospect_flows", json!({"prospects": [prospect]}))
        .await;
    let instance = text(&flows, "/flows/0/instance_id").to_owned();
    walk.call(
        "gong_unassign_flow_instances",
        json!({"instances": [instance]}),
    )
    .await;
    let bulk = walk
        .call(
            "gong_bulk_assign_flow",
            json!({
                "flow": flow, "owner": owner, "allow_unattended_email": true,
                "people": [{"crm_id": prospect}, {"first_name": "Lea", "last_name": "Brandt", "email": "lea@brandt.example"}],
            }),
        )
        .await;
    let id = text(&bulk, "/id").to_owned();
    for _ in 0..3 {
        walk.call("gong_get_bulk_assignment", json!({"id": id}))
            .await;
    }
    walk.call(
        "gong_unassign_prospect",
        json!({"prospect": prospect, "all_flows": true}),
    )
    .await;
    let flows = walk
        .call("gong_list_prospect_flows", json!({"prospects": [prospect]}))
        .await;
    assert_eq!(flows["without_flow"], json!([prospect]));
}

/// A profile is made, changed in one place, and keeps the rest.
async fn permissions(walk: &mut Walk) {
    walk.call("gong_list_permission_profiles", json!({})).await;
    let created = walk
        .call(
            "gong_create_permission_profile",
            json!({
                "name": "Partners", "workspace": "Sales", "access": ["calls own", "deals none"],
                "allow": ["downloadCallMedia", "scoreCalls"],
            }),
        )
        .await;
    let profile = text(&created, "/id").to_owned();
    let read = json!({"profile": profile});
    let before = walk.call("gong_get_permission_profile", read.clone()).await;
    walk.call(
        "gong_update_permission_profile",
        json!({"profile": profile, "deny": ["scoreCalls"]}),
    )
    .await;
    let after = walk.call("gong_get_permission_profile", read.clone()).await;
    assert_eq!(after["allowed"], json!(["downloadCallMedia"]), "{after}");
    assert_eq!(after["access"], before["access"], "the rest stays");
    walk.call("gong_list_permission_profile_users", read).await;
}

/// A CRM of one's own, from its registration to its end.
async fn crm(walk: &mut Walk) {
    let owner = company_user(walk, 0);
    walk.call(
        "gong_register_crm_integration",
        json!({"name": "House CRM", "owner": owner}),
    )
    .await;
    walk.call("gong_list_crm_integrations", json!({})).await;
    let fields = json!([{"name": "stage", "label": "Stage", "field_type": "string"}]);
    walk.call(
        "gong_upload_crm_schema",
        json!({"object_type": "deal", "fields": fields}),
    )
    .await;
    walk.call("gong_list_crm_schema", json!({"object_type": "deal"}))
        .await;
    let objects = json!({"objectId": "D1", "modifiedDate": "2026-03-01T09:00:00Z", "name": "Deal one",
        "status": "OPEN", "url": "https://crm.acme.example/D1", "accountId": "A1", "ownerId": "U1",
        "createdDate": "2026-02-01T09:00:00Z", "closeDate": "2026-06-30", "stage": "S1"});
    let uploaded = walk
        .call(
            "gong_upload_crm_objects",
            json!({"object_type": "deal", "objects": objects.to_string()}),
        )
        .await;
    walk.call(
        "gong_get_crm_request_status",
        json!({"client_request_id": text(&uploaded, "/id")}),
    )
    .await;
    walk.call(
        "gong_get_crm_objects",
        json!({"object_type": "deal", "ids": ["D1"]}),
    )
    .await;
    walk.call(
        "gong_delete_crm_integration",
        json!({"confirm": "House CRM"}),
    )
    .await;
}

/// What partners report, meetings, and targets.
async fn partners(walk: &mut Walk, organizer: &str, contact: &str) {
    walk.call(
        "gong_add_digital_interaction",
        json!({
            "event_id": "ev-1", "timestamp": "2026-03-15T09:00:00Z", "event_type": "page viewed",
            "title": "Pricing", "person": contact,
        }),
    )
    .await;
    for (event, action) in [
        ("viewed", None),
        ("shared", None),
        ("action", Some("Signed")),
    ] {
        let mut arguments = json!({
            "event": event, "system": "portal", "timestamp": "2026-03-15T09:00:00Z",
            "event_id": format!("e-{event}"), "content_id": "c1", "url": "https://portal.example/c1",
            "title": "Proposal", "people": [contact],
        });
        if event == "shared" {
            arguments["sharer"] = organizer.into();
        }
        if let Some(action) = action {
            arguments["action"] = action.into();
        }
        walk.call("gong_report_engagement", arguments).await;
    }
    walk.call(
        "gong_set_integration_origins",
        json!({"origins": ["dialer https://dialer.acme.example"]}),
    )
    .await;

    walk.call("gong_get_meeting_status", json!({"users": [organizer]}))
        .await;
    let meeting = json!({
        "start": "2026-03-20T09:00:00Z", "end": "2026-03-20T09:30:00Z", "organizer": organizer,
        "invitees": [contact], "title": "Kick-off",
    });
    let created = walk.call("gong_create_meeting", meeting.clone()).await;
    let id = text(&created, "/id").to_owned();
    let mut moved = meeting;
    moved["meeting"] = id.clone().into();
    moved["end"] = "2026-03-20T10:00:00Z".into();
    walk.call("gong_update_meeting", moved).await;
    walk.call(
        "gong_delete_meeting",
        json!({"meeting": id, "organizer": organizer}),
    )
    .await;

    let targets = walk
        .call("gong_list_targets", json!({"workspace": "Sales"}))
        .await;
    let target = text(&targets, "/targets/0/id");
    let csv = format!(
        "Team member identifier,Is Team,Period,Value,Currency\n{organizer},No,Q1 FY2026,100000,USD\n"
    );
    walk.call(
        "gong_upload_target_assignments",
        json!({"target": target, "csv": csv, "workspace": "Sales"}),
    )
    .await;
}

/// Nothing is left out, and nothing was said that Gong's document does not have.
fn settle(walk: &Walk) {
    let sent = walk.sent();
    let operations = operations();
    let mut missing: Vec<&String> = operations
        .iter()
        .filter(|operation| !sent.iter().any(|sent| is_of(sent, operation)))
        .collect();
    missing.retain(|operation| NOT_SENT.iter().all(|(known, _)| known != operation));
    assert!(missing.is_empty(), "never sent: {missing:?}");
    let uncalled: Vec<&String> = walk
        .effects
        .keys()
        .filter(|tool| !walk.called.contains(*tool))
        .collect();
    assert!(uncalled.is_empty(), "never called: {uncalled:?}");
    assert_eq!(walk.gong.violations(), Vec::<String>::new());
    eprintln!(
        "{} of {} operations sent by {} tools in {} requests, of which {} were checked against Gong's OpenAPI document",
        operations.len() - NOT_SENT.len(),
        operations.len(),
        walk.called.len(),
        walk.gong.requests().len(),
        walk.gong.checked_requests(),
    );
}
