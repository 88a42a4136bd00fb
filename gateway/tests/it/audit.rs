//! The audit says what happened, also where nobody knows.

use std::time::Duration;

use fake_gong::Fault;
use gateway::store::CallResult;
use rmcp::model::{CallToolRequest, ReadResourceRequestParams};
use rmcp::service::PeerRequestOptions;
use serde_json::json;

use crate::support::{Tenant, TestGateway, fail, options, params, stand_in, until};

/// A tenant whose users may also change meetings.
fn with_meetings(gong: &fake_gong::FakeGong) -> Tenant {
    Tenant {
        toolsets: vec!["read-only", "component:meetings"],
        ..Tenant::at(gong)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_sent_and_cancelled_is_not_known() {
    let gong = stand_in(options()).await;
    gong.fault("/v2/meetings", Fault::Slow(Duration::from_secs(30)), None);
    let gateway = TestGateway::start(&[("acme", with_meetings(&gong))]).await;
    let client = gateway.client("acme/mia").await;
    let request = CallToolRequest::new(params("gong_delete_meeting", json!({"meeting": "123"})));
    let handle = client
        .send_cancellable_request(request.into(), PeerRequestOptions::no_options())
        .await
        .unwrap();
    until("Gong has it", async || gong.requests().len() == 1).await;
    handle.cancel(None).await.unwrap();
    until("it has ended", async || {
        let rows = gateway.audit().await;
        rows.iter().any(|row| row.result != CallResult::Started)
    })
    .await;
    let row = gateway.audit().await.pop().unwrap();
    assert_eq!(row.result, CallResult::Unknown, "{row:?}");
    assert_eq!(row.code.as_deref(), Some("cancelled"));
    let reason = row.reason.unwrap();
    assert!(reason.contains("Gong may have made the change"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_reached_nobody_is_an_error_and_one_without_an_answer_is_not_known() {
    let gong = stand_in(options()).await;
    let nobody = Tenant {
        gong: "http://127.0.0.1:1".to_owned(),
        ..with_meetings(&gong)
    };
    // Accepts connections, reads, and hangs up.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = Tenant {
        gong: format!("http://{}", listener.local_addr().unwrap()),
        ..with_meetings(&gong)
    };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await;
        }
    });
    let gateway = TestGateway::start(&[("nobody", nobody), ("silent", silent)]).await;
    for (user, result) in [
        ("nobody/mia", CallResult::Error),
        ("silent/mia", CallResult::Unknown),
    ] {
        let client = gateway.client(user).await;
        let text = fail(&client, "gong_delete_meeting", json!({"meeting": "123"})).await;
        let row = gateway.audit().await.pop().unwrap();
        assert_eq!(row.result, result, "{row:?}");
        let warned = text.contains("Gong may have made the change");
        assert_eq!(warned, result == CallResult::Unknown, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resources_row_has_its_bytes_and_ids() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let client = gateway.client("acme/mia").await;
    let uri = client.list_all_resources().await.unwrap()[0].uri.clone();
    let read = client.read_resource(ReadResourceRequestParams::new(uri));
    assert!(!read.await.unwrap().contents.is_empty());
    let row = gateway.audit().await.pop().unwrap();
    assert_eq!(row.result, CallResult::Success);
    assert!(row.bytes > Some(100), "{row:?}");
    assert!(!row.gong_request_ids.is_empty(), "{row:?}");
}
