//! The audit says what happened, also where nobody knows.

use std::time::Duration;

use fake_gong::Fault;
use gateway::store::{AuditFilter, AuditRow, CallResult, Store};
use jiff::Timestamp;
use rmcp::model::{CallToolRequest, ReadResourceRequestParams};
use rmcp::service::PeerRequestOptions;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{
    Folder, Tenant, TestGateway, fail, options, params, stand_in, succeed, until,
};

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
async fn a_change_to_which_only_something_on_the_way_answers_is_not_known() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", with_meetings(&gong))]).await;
    let client = gateway.client("acme/mia").await;
    for (status, result) in [
        (504, CallResult::Unknown),
        (502, CallResult::Unknown),
        (408, CallResult::Unknown),
        (400, CallResult::Error),
    ] {
        let fault = Fault::Status(status, "No.".to_owned(), None);
        gong.fault("/v2/meetings", fault, None);
        fail(&client, "gong_delete_meeting", json!({"meeting": "123"})).await;
        let row = gateway.audit().await.pop().unwrap();
        assert_eq!(row.result, result, "{status}: {row:?}");
        gong.clear_faults();
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

#[test]
fn the_command_line_names_the_operating_systems_user_and_checks_the_chain() {
    let folder = Folder::new();
    drop(crate::store::store(&folder));
    let run = |arguments: &[&str]| {
        let output = crate::store::admin(&folder, arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), text)
    };
    run(&[
        "--tenant",
        "acme",
        "disable",
        "erase_data",
        "--as",
        "anybody",
    ]);
    let (_, acts) = run(&["audit", "--acts", "--user", "anybody", "--jsonl"]);
    let act: serde_json::Value = serde_json::from_str(acts.trim()).unwrap();
    let user = gateway::os_user::current();
    assert_eq!(
        (&act["actor"], &act["os_user"]),
        (&json!("anybody"), &json!(user))
    );

    let (whole, text) = run(&["audit", "verify"]);
    assert!(whole, "{text}");
    let noted = text.trim().rsplit(' ').next().unwrap().to_owned();
    let (whole, text) = run(&["audit", "verify", "--noted", &noted]);
    assert!(whole, "{text}");
    let file = rusqlite::Connection::open(folder.0.join("gateway.db")).unwrap();
    let id = act["id"].as_i64().unwrap();
    let changed = file.execute(
        "UPDATE audit SET actor = 'somebody else' WHERE id = ?",
        [id],
    );
    assert_eq!(changed, Ok(1));
    let (whole, text) = run(&["audit", "verify"]);
    assert!(!whole);
    assert!(text.contains(&format!("row {id} was altered")), "{text}");
    let (_, json) = run(&["--json", "audit", "verify"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["fault"]["row"], json!(id));
}

/// Sends a request and returns its connection, from which nothing is read.
async fn send(gateway: &TestGateway, head: &str, headers: &str, body: &str) -> TcpStream {
    let address = gateway.server().address;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn head_of(stream: &mut TcpStream) -> String {
    let mut head = vec![0; 2_000];
    let length = stream.read(&mut head).await.unwrap();
    String::from_utf8_lossy(&head[..length]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_leave_one_row_for_an_address() {
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    for headers in ["authorization: Bearer gg_wrong\r\n"; 3]
        .into_iter()
        .chain([""])
    {
        let mut stream = send(&gateway, "POST /mcp", headers, "").await;
        assert!(head_of(&mut stream).await.contains("401"));
    }
    gateway.stop().await;
    let store = Store::open(&gateway.folder.0.join("gateway.db")).unwrap();
    let filter = AuditFilter {
        user: Some("unknown".to_owned()),
        ..AuditFilter::default()
    };
    let rows = store.query_audit(&filter).unwrap();
    let [AuditRow::Act(act)] = &rows[..] else {
        panic!("{rows:?}")
    };
    assert_eq!((&*act.via, &*act.act), ("mcp", "token-refused"));
    assert_eq!(act.subject.as_deref(), Some("127.0.0.1"));
    let detail = act.detail.as_deref().unwrap();
    assert_eq!(
        detail,
        "within a minute: 3 with a wrong token, 1 without one"
    );
}

/// More slow downloads than there are threads that may block.
#[test]
fn calls_run_while_nobody_reads_the_downloads() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(6)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let gong = stand_in(options()).await;
        let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
        let audit = gateway.server().gateway.store.audit_writer();
        let rows = (0..40_000).map(|n| {
            let call = crate::store::call(&format!("r-{n}"), "gong_search_calls", Timestamp::now());
            audit.finish(call)
        });
        for row in rows.collect::<Vec<_>>() {
            row.await.unwrap();
        }
        let form = format!("name=ada&token={}", gateway.token("admin"));
        let origin = format!("origin: http://{}\r\n", gateway.server().address);
        let headers = format!("{origin}content-type: application/x-www-form-urlencoded\r\n");
        let mut signed_in = send(&gateway, "POST /admin/sign-in", &headers, &form).await;
        let head = head_of(&mut signed_in).await;
        let cookie = head
            .split("set-cookie: ")
            .nth(1)
            .unwrap_or_else(|| panic!("{head}"));
        let cookie = format!("cookie: {}\r\n", cookie.split(';').next().unwrap());
        let mut slow = Vec::new();
        for _ in 0..12 {
            slow.push(send(&gateway, "GET /admin/audit.jsonl", &cookie, "").await);
        }
        // They are answered as far as the sockets' buffers go.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let called = async {
            let client = gateway.client("acme/mia").await;
            succeed(&client, "gong_list_workspaces", json!({})).await
        };
        let called = tokio::time::timeout(Duration::from_secs(20), called).await;
        assert!(called.is_ok(), "a call runs");
        for stream in &mut slow {
            assert!(head_of(stream).await.starts_with("HTTP/1.1 200"));
        }
    });
}
