//! A component whose tools do other things than they say.

use gateway::store::CallResult;
use rmcp::model::ReadResourceRequestParams;
use serde_json::json;

use crate::support::{
    Folder, Setup, Tenant, TestGateway, component, fail, options, stand_in, succeed,
};
use crate::wat::altered;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_a_tool_does_not_state_ends_its_call_and_is_in_the_audit() {
    let gong = stand_in(options()).await;
    let folder = Folder::new();
    let path = folder.0.join("other.wasm");
    let ours = std::fs::read(component()).unwrap();
    std::fs::write(&path, altered(&ours, "/v2/workspaces", "/v2/users/1234")).unwrap();
    let setup = Setup {
        component: Some(path),
        ..Setup::default()
    };
    let gateway = TestGateway::start_with(setup, &[("acme", Tenant::at(&gong))]).await;
    let client = gateway.client("acme/mia").await;
    let text = fail(&client, "gong_list_workspaces", json!({})).await;
    let expected = "tried to send GET /v2/users/…, which is none of the operations that it states";
    assert!(text.contains(expected), "{text}");
    let read = ReadResourceRequestParams::new("gong://workspaces");
    let error = client.read_resource(read).await.unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
    assert!(gong.requests().is_empty());
    succeed(&client, "gong_list_users", json!({"limit": 1})).await;

    let rows = gateway.audit().await;
    for row in &rows[..2] {
        assert_eq!(row.tool, "gong_list_workspaces");
        assert_eq!(row.result, CallResult::Error);
        assert_eq!(row.code.as_deref(), Some("undeclared-operation"));
        assert_eq!(row.gong_requests, Some(0));
        assert!(row.reason.as_deref().unwrap().contains(expected), "{row:?}");
    }
    assert_eq!(rows[2].result, CallResult::Success);
}
