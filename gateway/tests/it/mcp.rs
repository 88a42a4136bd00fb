//! Governance end to end, as MCP clients see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gateway::call::REQUEST_ID;
use gateway::config::Profile;
use gateway::store::{CallResult, Decision, KillSwitch};
use rmcp::model::{ErrorCode, ReadResourceRequestParams};
use rmcp::service::NotificationContext;
use rmcp::{ClientHandler, ClientLifecycleMode, RoleClient, ServiceError};
use serde_json::json;

use crate::support::{
    Tenant, TestGateway, ada, call, fail, lifecycles, options, stand_in, succeed, until,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_approved_and_given_is_seen_and_called() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    for lifecycle in lifecycles() {
        let client = gateway.client_with("acme/mia", lifecycle, ()).await;
        let tools = client.list_all_tools().await.unwrap();
        assert!(tools.len() > 30, "{}", tools.len());
        assert!(
            tools
                .iter()
                .all(|tool| tool.annotations.as_ref().unwrap().read_only_hint == Some(true))
        );
        let result = succeed(&client, "gong_search_calls", json!({"limit": 2})).await;
        let calls = result.structured_content.as_ref().unwrap()["calls"].as_array();
        assert_eq!(calls.unwrap().len(), 2);
        let request_id = result.meta.unwrap().0[REQUEST_ID]
            .as_str()
            .unwrap()
            .to_owned();

        let row = gateway.audit().await.pop().unwrap();
        assert_eq!(row.request_id, Some(request_id));
        assert_eq!((&*row.tenant, &*row.user), ("acme", "mia"));
        assert_eq!(row.tool, "gong_search_calls");
        assert_eq!(row.result, CallResult::Success);
        assert_eq!(row.client.as_deref(), Some("rmcp"));
        assert!(row.client_version.is_some());
        assert!(row.gong_requests >= Some(1), "{row:?}");
        assert!(row.bytes > Some(100), "{row:?}");
        assert!(!row.gong_request_ids.is_empty());
        client.cancel().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_flow_from_discovery_to_a_call() {
    let gong = stand_in(options()).await;
    let tenant = Tenant {
        review: "pending",
        toolsets: Vec::new(),
        ..Tenant::at(&gong)
    };
    let gateway = TestGateway::start(&[("acme", tenant.clone()), ("globex", tenant)]).await;
    let client = gateway.client("acme/mia").await;
    let listed = async || {
        let tools = client.list_all_tools().await.unwrap();
        tools
            .into_iter()
            .map(|tool| tool.name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [""; 0]);
    let text = fail(&client, "gong_list_users", json!({})).await;
    assert!(
        text.contains("has not been reviewed yet") && text.contains("administrator"),
        "{text}"
    );

    gateway
        .review(
            "acme",
            &["gong_list_users", "gong_list_workspaces"],
            Decision::Approve,
        )
        .await;
    let text = fail(&client, "gong_list_users", json!({})).await;
    assert!(text.contains("no access profile"), "{text}");
    assert_eq!(listed().await, [""; 0]);

    let store = gateway.server().gateway.store.clone();
    let granted = tokio::task::spawn_blocking(move || {
        store.put_toolset(
            &ada(),
            "acme",
            "people",
            &["gong_list_users".to_owned()].into(),
        )?;
        let profile = Profile {
            toolsets: ["people".to_owned()].into(),
            users: ["mia".to_owned()].into(),
        };
        store.put_profile(&ada(), "acme", "staff", &profile)
    });
    granted.await.unwrap().unwrap();
    assert_eq!(listed().await, ["gong_list_users"]);
    succeed(&client, "gong_list_users", json!({"limit": 1})).await;
    let text = fail(&client, "gong_list_workspaces", json!({})).await;
    assert!(text.contains("in no toolset of user mia's"), "{text}");

    // Another user and another tenant have none of these tools.
    for who in ["acme/noa", "globex/mia"] {
        let other = gateway.client(who).await;
        assert!(other.list_all_tools().await.unwrap().is_empty(), "{who}");
        fail(&other, "gong_list_users", json!({})).await;
    }

    // A kill switch and its reason.
    let switch = async |on: bool| {
        let store = gateway.server().gateway.store.clone();
        let done = tokio::task::spawn_blocking(move || {
            store.switch(
                &ada(),
                &KillSwitch::Tenant("acme".to_owned()),
                on,
                "an incident",
            )
        });
        done.await.unwrap().unwrap();
    };
    switch(false).await;
    let text = fail(&client, "gong_list_users", json!({})).await;
    assert!(text.contains("an incident"), "{text}");
    assert_eq!(listed().await, [""; 0]);
    switch(true).await;
    succeed(&client, "gong_list_users", json!({"limit": 1})).await;

    let audit: Vec<(String, CallResult, Option<String>)> = gateway
        .audit()
        .await
        .into_iter()
        .map(|row| (format!("{}/{}", row.tenant, row.user), row.result, row.code))
        .collect();
    let denied =
        |who: &str, code: &str| (who.to_owned(), CallResult::Denied, Some(code.to_owned()));
    let success = ("acme/mia".to_owned(), CallResult::Success, None);
    assert_eq!(
        audit,
        [
            denied("acme/mia", "pending-review"),
            denied("acme/mia", "no-profile"),
            success.clone(),
            denied("acme/mia", "not-in-profile"),
            denied("acme/noa", "no-profile"),
            denied("globex/mia", "pending-review"),
            denied("acme/mia", "switched-off-tenant"),
            success,
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_tool_is_a_protocol_error_and_in_the_audit() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let client = gateway.client("acme/mia").await;
    let error = call(&client, "gong_search_call", json!({}))
        .await
        .unwrap_err();
    let ServiceError::McpError(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
    assert!(
        error.message.contains("gong_search_calls"),
        "{}",
        error.message
    );
    let rows = gateway.audit().await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].code.as_deref(), Some("unknown-tool"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_governed_and_audited_as_its_tool() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let client = gateway.client("acme/mia").await;
    let resources = client.list_all_resources().await.unwrap();
    let uri = resources[0].uri.clone();
    let read = client
        .read_resource(ReadResourceRequestParams::new(uri.clone()))
        .await;
    assert!(!read.unwrap().contents.is_empty());
    let row = gateway.audit().await.pop().unwrap();
    assert_eq!(row.result, CallResult::Success);
    assert!(row.gong_requests >= Some(1));
    assert!(!client.list_all_prompts().await.unwrap().is_empty());

    gateway
        .review("acme", &[&row.tool], Decision::Disable)
        .await;
    let left = client.list_all_resources().await.unwrap();
    assert!(left.iter().all(|one| one.uri != uri));
    let denied = client
        .read_resource(ReadResourceRequestParams::new(uri))
        .await;
    let error = denied.unwrap_err().to_string();
    assert!(error.contains("is disabled for acme"), "{error}");

    let unknown = client
        .read_resource(ReadResourceRequestParams::new("gong://secrets"))
        .await;
    let Err(ServiceError::McpError(error)) = unknown else {
        panic!("{unknown:?}");
    };
    assert_eq!(error.data, Some(json!({"uri": "gong://secrets"})));
}

#[tokio::test(flavor = "multi_thread")]
async fn instructions_speak_of_what_the_user_sees() {
    let gong = stand_in(options()).await;
    let nothing = Tenant {
        toolsets: Vec::new(),
        ..Tenant::at(&gong)
    };
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong)), ("globex", nothing)]).await;
    for lifecycle in lifecycles() {
        let client = gateway.client_with("acme/mia", lifecycle.clone(), ()).await;
        let info = client.peer_info().unwrap();
        assert_eq!(info.server_info.as_ref().unwrap().name, "gong-gateway");
        assert!(
            info.instructions
                .as_ref()
                .unwrap()
                .contains("gong_search_calls")
        );
        let client = gateway.client_with("globex/mia", lifecycle, ()).await;
        let info = client.peer_info().unwrap();
        assert!(
            info.instructions
                .as_ref()
                .unwrap()
                .contains("administrator")
        );
    }
}

/// A client that counts notifications of changed tools.
#[derive(Clone, Debug, Default)]
struct Counter(Arc<AtomicUsize>);

impl ClientHandler for Counter {
    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_hear_that_their_tools_have_changed() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let counter = Counter::default();
    let initialize = ClientLifecycleMode::Initialize;
    let client = gateway
        .client_with("acme/mia", initialize, counter.clone())
        .await;
    // The gateway watches from the beginning of the session.
    tokio::time::sleep(Duration::from_millis(300)).await;
    gateway
        .review("acme", &["gong_list_users"], Decision::Disable)
        .await;
    until("it is heard", async || {
        counter.0.load(Ordering::Relaxed) == 1
    })
    .await;
    let tools = client.list_all_tools().await.unwrap();
    assert!(tools.iter().all(|tool| tool.name != "gong_list_users"));
}

/// By `_meta`, which names the request itself, or else by the header; nonsense is ignored.
#[tokio::test(flavor = "multi_thread")]
async fn the_clients_trace_is_in_the_audit() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let address = gateway.server().address;
    let bearer = format!("Bearer {}", gateway.token("acme/mia"));
    let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let meta = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}"#;
    let post = async |headers: &[(&str, &str)], body: &str| {
        let mut all = vec![
            ("accept", "application/json, text/event-stream"),
            ("content-type", "application/json"),
            ("authorization", &bearer),
        ];
        all.extend_from_slice(headers);
        crate::http::send(address, "POST /mcp", &all, body).await
    };
    let begun = post(&[], initialize).await;
    let session = begun
        .lines()
        .find_map(|line| line.strip_prefix("mcp-session-id: "))
        .unwrap_or_else(|| panic!("{begun}"));
    for (headers, in_meta) in [
        (vec![], None),
        (vec![("traceparent", header)], None),
        (vec![("traceparent", header)], Some(meta)),
        (vec![("traceparent", "00-nonsense")], Some("nonsense")),
    ] {
        let body = json!({
            "jsonrpc": "2.0", "id": 2, "method": "tools/call",
            "params": {
                "name": "gong_list_workspaces", "arguments": {},
                "_meta": in_meta.map_or(json!({}), |meta| json!({ "traceparent": meta })),
            },
        });
        let mut all = vec![("mcp-session-id", session)];
        all.extend(headers);
        let before = gateway.audit().await.len();
        post(&all, &body.to_string()).await;
        until("it is in the audit", async || {
            gateway.audit().await.len() > before
        })
        .await;
    }
    let rows = gateway.audit().await;
    let traces: Vec<_> = rows.iter().map(|row| row.trace_id.as_deref()).collect();
    assert_eq!(
        traces,
        [
            None,
            Some("0af7651916cd43dd8448eb211c80319c"),
            Some("4bf92f3577b34da6a3ce929d0e0e4736"),
            None
        ]
    );
}
