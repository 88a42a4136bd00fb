//! Requests are held to the operations that their tool states.

use sandbox::{Limits, Sandbox, SandboxError};
use xtask::component::Artefact;

use crate::support::{bytes, options, run_for, sandbox, stand_in};
use crate::wat::altered;

/// A component that describes its tools as ours does, one of which reads a user instead.
#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_sends_what_it_does_not_state_is_stopped_and_nothing_is_sent() {
    let gong = stand_in(options()).await;
    let component = altered(
        &bytes(Artefact::GongMcp),
        "/v2/workspaces",
        "/v2/users/1234",
    );
    let other = Sandbox::load(&component, Limits::default()).unwrap();
    let (ours, theirs) = (sandbox().list_tools().await, other.list_tools().await);
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_ne!(sandbox().digest(), other.digest());

    let run = run_for(&gong);
    let stopped = other.call_tool(&run, "gong_list_workspaces", "{}").await;
    let stopped = stopped.expect_err("it is stopped");
    let undeclared = SandboxError::UndeclaredOperation("GET /v2/users/…".to_owned());
    assert_eq!(stopped.error, undeclared);
    assert_eq!(stopped.usage.requests, 1);
    let read = other.read_resource(&run, "gong://workspaces").await;
    assert_eq!(read.unwrap_err().error, undeclared);
    assert!(gong.requests().is_empty(), "{:?}", gong.requests());
    assert_eq!(gong.connections(), 0);

    // Of the same component, a tool that keeps to what it states.
    let users = other.call_tool(&run, "gong_list_users", r#"{"limit": 1}"#);
    assert!(!users.await.unwrap().is_error);
    let ours = sandbox();
    let workspaces = ours.call_tool(&run, "gong_list_workspaces", "{}");
    assert!(!workspaces.await.unwrap().is_error);
    assert_eq!(gong.requests().len(), 2);
}
