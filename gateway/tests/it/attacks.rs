//! What one user, or somebody without a token, does to the others: nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use fake_gong::Fault;
use gateway::serve::RELOAD_INTERVAL;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::Command;

use crate::http::{INITIALIZE, LIST, one_tenant, post, send, status};
use crate::support::{Setup, Tenant, TestGateway, options, params, stand_in, succeed, until};

/// Headers of an MCP request of a user.
fn headers(bearer: &str) -> [(&str, &str); 1] {
    [("authorization", bearer)]
}

fn bearer(gateway: &TestGateway, who: &str) -> String {
    format!("Bearer {}", gateway.token(who))
}

/// The JSON-RPC message of an answer, whether it is JSON or the last event of a stream.
fn message(answer: &str) -> Value {
    let lines = answer
        .lines()
        .map(|line| line.strip_prefix("data: ").unwrap_or(line));
    let mut messages = lines
        .filter_map(|line| serde_json::from_str(line).ok())
        // The sizes of chunks are numbers, which are JSON too.
        .filter(Value::is_object);
    let last = messages.next_back();
    last.unwrap_or_else(|| panic!("no message in {answer}"))
}

fn request(method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

/// As much of a name as a small request holds: comparing it with all names would take seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_name_is_refused_before_anything_looks_at_it() {
    let (_gong, gateway) = one_tenant().await;
    let address = gateway.server().address;
    let bearer = bearer(&gateway, "acme/mia");
    let name = "gong_get_call".repeat(4000);
    for (method, params) in [
        ("tools/call", json!({"name": name, "arguments": {}})),
        ("prompts/get", json!({"name": name})),
        ("resources/read", json!({"uri": format!("gong://{name}")})),
    ] {
        let answer = post(address, &headers(&bearer), &request(method, params)).await;
        let error = message(&answer)["error"].clone();
        assert_eq!(error["code"], -32602, "{method}: {error}");
        let text = error["message"].as_str().unwrap();
        assert!(text.contains("none has more than 128"), "{text}");
        assert!(answer.len() < 1000, "{method} repeats the name");
    }
    assert_eq!(gateway.audit().await, []);
    let denied = json!({"name": "gong_x".repeat(21), "arguments": {}});
    post(address, &headers(&bearer), &request("tools/call", denied)).await;
    let row = gateway.audit().await.pop().unwrap();
    assert!(row.tool.len() <= 128, "{}", row.tool);
    assert!(row.reason.unwrap().len() <= 500);
}

/// A gateway with more lines at the top of its configuration and in `[listen]`.
async fn bounded(top: &str, listen: &str, tenants: &[(&str, Tenant)]) -> TestGateway {
    let setup = Setup {
        top: top.to_owned(),
        listen: listen.to_owned(),
        ..Setup::default()
    };
    TestGateway::start_with(setup, tenants).await
}

/// A connection from one of loopback's many addresses.
async fn connect_from(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(to).await
}

/// Opens connections that send half a request line and wait.
async fn half_requests(from: Ipv4Addr, to: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for _ in 0..count {
        let mut stream = connect_from(from, to).await.unwrap();
        // One that was closed at once may fail here.
        let _ = stream.write_all(b"GET /heal").await;
        open.push(stream);
    }
    open
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut byte)).await;
    matches!(read, Ok(Ok(0) | Err(_)))
}

const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_for_each_address_and_in_all() {
    let gong = stand_in(options()).await;
    let listen = "connections = 30\nconnections_per_address = 20\nrequest_timeout = \"60s\"\n";
    let gateway = bounded("", listen, &[("acme", Tenant::at(&gong))]).await;
    let address = gateway.server().address;
    let metrics = gateway.server().gateway.metrics.clone();
    let refused = |line: &str| {
        let line = format!("gong_gateway_connections_refused_total{{bound={line}");
        metrics.text().contains(&line)
    };
    let mut open = half_requests(ATTACKER, address, 25).await;
    until(
        "what is beyond the bound of an address is refused",
        async || refused(r#""address"} 5"#),
    )
    .await;
    // Which of them, depends on the order in which the tasks of the server ran.
    let mut closed = 0;
    for stream in &mut open {
        let read = stream.read_u8();
        let read = tokio::time::timeout(Duration::from_millis(200), read).await;
        closed += usize::from(read.is_ok());
    }
    assert_eq!(closed, 5);
    // Another address has connections, until there are as many as may be in all.
    let others = half_requests(Ipv4Addr::new(127, 0, 0, 67), address, 11).await;
    until("what is beyond the bound in all is refused", async || {
        refused(r#""all"} 1"#)
    })
    .await;
    drop(open);
    drop(others);
    until("the places are free again", async || {
        let answer = send(address, "GET /healthz", &[], "").await;
        answer.starts_with("HTTP/1.1 200")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_does_not_come_ends_its_connection() {
    let gong = stand_in(options()).await;
    let listen = "request_timeout = \"500ms\"\n";
    let gateway = bounded("", listen, &[("acme", Tenant::at(&gong))]).await;
    for waiting in &mut half_requests(ATTACKER, gateway.server().address, 20).await {
        assert!(is_closed(waiting).await);
    }
}

/// With a limit of 1,024 open files, 1,100 connections leave descriptors for the state file, the
/// configuration and Gong.
#[tokio::test(flavor = "multi_thread")]
async fn connections_leave_file_descriptors_for_the_gateway_itself() {
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    gateway.stop().await;
    let mut process = Command::new("sh")
        .args(["-c", "ulimit -n 1024; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["serve", "--config"])
        .arg(gateway.config())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let address: SocketAddr = loop {
        let line = lines.next_line().await.unwrap().expect("it serves");
        if let Some((_, address)) = line.split_once("serving MCP at ") {
            let address = address.trim_start_matches("http://");
            break address.split('/').next().unwrap().parse().unwrap();
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let mut open = Vec::new();
    for host in 66..71 {
        open.extend(half_requests(Ipv4Addr::new(127, 0, 0, host), address, 220).await);
    }
    // All places for connections are taken, and what is read with descriptors goes on: a changed
    // configuration, whose metrics token then works once the connections have ended.
    let descriptors = format!("/proc/{}/fd", process.id().unwrap());
    let used = std::fs::read_dir(descriptors).unwrap().count();
    assert!((768..900).contains(&used), "{used}");
    gateway.write(&[("acme", Tenant::at(&gong)), ("globex", Tenant::at(&gong))]);
    tokio::time::sleep(RELOAD_INTERVAL * 3).await;
    drop(open);
    until("a user of the new configuration is let in", async || {
        let bearer = bearer(&gateway, "globex/mia");
        post(address, &headers(&bearer), INITIALIZE)
            .await
            .starts_with("HTTP/1.1 200")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let gong = stand_in(options()).await;
    let listen = "body_timeout = \"500ms\"\n";
    let gateway = bounded("", listen, &[("acme", Tenant::at(&gong))]).await;
    let address = gateway.server().address;
    let bearer = bearer(&gateway, "acme/mia");
    for head in [
        format!(
            "POST /mcp HTTP/1.1\r\nauthorization: {bearer}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream"
        ),
        format!(
            "POST /admin/sign-in HTTP/1.1\r\norigin: http://{address}\r\ncontent-type: application/x-www-form-urlencoded"
        ),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("{head}\r\nhost: {address}\r\ncontent-length: 100\r\n\r\n{{");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut answer));
        read.await.expect("it is answered").unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408");
    }
}

/// A call with arguments of so many bytes.
fn large_call(tool: &str, bytes: usize) -> String {
    let media = "A".repeat(bytes);
    let arguments = json!({"call": "1", "media": media, "file_name": "a.mp3", "dry_run": true});
    request("tools/call", json!({"name": tool, "arguments": arguments}))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_call_that_uploads_has_a_large_body() {
    let gong = stand_in(options()).await;
    let mut tenant = Tenant::at(&gong);
    tenant.toolsets.push("component:calls");
    let reader = Tenant::at(&gong);
    let top = "[limits.user]\nbytes = \"12 MiB\"\n";
    let gateway = bounded(top, "", &[("acme", tenant), ("globex", reader)]).await;
    let address = gateway.server().address;
    let (uploader, reader) = (bearer(&gateway, "acme/mia"), bearer(&gateway, "globex/mia"));
    let large = 2 << 20;
    let upload = large_call("gong_upload_call_media", large);
    let padded = request("initialize", json!({"padding": "x".repeat(large)}));
    for (who, body, expected) in [
        (&uploader, &upload, 200),
        (&uploader, &large_call("gong_list_users", large), 413),
        (&uploader, &padded, 413),
        (&reader, &upload, 413),
        (
            &uploader,
            &large_call("gong_upload_call_media", 12 << 20),
            429,
        ),
    ] {
        let answer = post(address, &headers(who), body).await;
        assert_eq!(
            status(&answer),
            expected,
            "{}",
            &answer[..answer.len().min(500)]
        );
    }
    let refused = gateway.server().gateway.metrics.text();
    let line = r#"gong_gateway_user_refused_total{tenant="acme",bound="bytes"} 1"#;
    assert!(refused.contains(line), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_requests_at_a_time_are_bounded_and_another_user_is_served() {
    let gong = stand_in(options()).await;
    gong.fault("/v2/workspaces", Fault::Slow(Duration::from_secs(30)), None);
    let top = "[limits.user]\nrequests = 2\nstreams = 1\n";
    let gateway = bounded(top, "", &[("acme", Tenant::at(&gong))]).await;
    let address = gateway.server().address;
    let [mia, noa] = ["acme/mia", "acme/noa"].map(|who| bearer(&gateway, who));
    let call = request(
        "tools/call",
        json!({"name": "gong_list_workspaces", "arguments": {}}),
    );
    let mut slow = Vec::new();
    for _ in 0..2 {
        let (bearer, call) = (mia.clone(), call.clone());
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nhost: {address}\r\nauthorization: {bearer}\r\n\
             content-type: application/json\r\naccept: application/json, text/event-stream\r\n\
             content-length: {}\r\n\r\n{call}",
            call.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let live = gateway.server().gateway.tenants.live();
    let acme = live.tenant("acme").unwrap();
    until("both run", async || acme.gauges().running == 2).await;
    let answer = post(address, &headers(&mia), LIST).await;
    assert_eq!(status(&answer), 429, "{answer}");
    assert!(answer.contains("retry-after: 1"), "{answer}");
    let error = message(&answer)["error"].clone();
    assert_eq!(error["code"], -32000);
    let text = error["message"].as_str().unwrap();
    assert!(
        text.starts_with("This user has 2 requests in progress"),
        "{text}"
    );
    assert_eq!(status(&post(address, &headers(&noa), LIST).await), 200);
    // The connections are closed, and the calls end with them.
    drop(slow);
    until("mia is served again", async || {
        status(&post(address, &headers(&mia), LIST).await) == 200
    })
    .await;

    let listen = [("authorization", &*mia), ("accept", "text/event-stream")];
    let mut first = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /mcp HTTP/1.1\r\nhost: {address}\r\nauthorization: {mia}\r\naccept: text/event-stream\r\n\r\n"
    );
    first.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let second = send(address, "GET /mcp", &listen, "").await;
    assert!(second.contains("listens on 1 streams"), "{second}");
    drop(first);
    let metrics = gateway.server().gateway.metrics.text();
    let line = r#"gong_gateway_user_refused_total{tenant="acme",bound="requests"} "#;
    assert!(metrics.contains(line), "{metrics}");
}

/// Denied calls, of which each is a row in the audit, come no faster than others.
#[tokio::test(flavor = "multi_thread")]
async fn a_users_requests_a_second_are_bounded() {
    let gong = stand_in(options()).await;
    let top = "[limits.user]\nrequests_per_second = 1\n";
    let gateway = bounded(top, "", &[("acme", Tenant::at(&gong))]).await;
    let address = gateway.server().address;
    let bearer = bearer(&gateway, "acme/mia");
    let denied = request(
        "tools/call",
        json!({"name": "gong_nothing", "arguments": {}}),
    );
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let (bearer, denied) = (bearer.clone(), denied.clone());
        attempts.spawn(async move { post(address, &headers(&bearer), &denied).await });
    }
    let answers = attempts.join_all().await;
    let answered = answers
        .iter()
        .filter(|answer| status(answer) == 200)
        .count();
    let refused = answers
        .iter()
        .filter(|answer| answer.contains("more than 1 requests a second"));
    assert_eq!(refused.count(), 30 - answered);
    assert!((2..15).contains(&answered), "{answered}");
    assert_eq!(gateway.audit().await.len(), answered);
}

/// Connecting again and again leaves nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_watchers_do_not_pile_up() {
    let (_gong, gateway) = one_tenant().await;
    let address = gateway.server().address;
    let bearer = bearer(&gateway, "acme/mia");
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    post(address, &headers(&bearer), INITIALIZE).await;
    let before = tasks();
    for _ in 0..40 {
        let begun = post(address, &headers(&bearer), INITIALIZE).await;
        let session = begun
            .lines()
            .find_map(|line| line.strip_prefix("mcp-session-id: "));
        let with_session = [
            ("authorization", &*bearer),
            ("mcp-session-id", session.unwrap()),
        ];
        let notice = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert_eq!(status(&post(address, &with_session, notice).await), 202);
    }
    until("all tasks have ended", async || tasks() <= before + 5).await;
}

/// Tenants whose calls wait for Gong leave the others their share of the instances.
#[tokio::test(flavor = "multi_thread")]
async fn busy_tenants_do_not_stop_another() {
    let (slow, fast) = (stand_in(options()).await, stand_in(options()).await);
    slow.fault("/v2/workspaces", Fault::Slow(Duration::from_secs(30)), None);
    let busy = || Tenant::at(&slow).with("requests_per_second = 100");
    let tenants = [
        ("acme", busy()),
        ("globex", busy()),
        ("initech", busy()),
        ("hooli", Tenant::at(&fast)),
    ];
    let gateway = bounded("[limits]\ninstances = 8\n", "", &tenants).await;
    let mut calls = tokio::task::JoinSet::new();
    let mut clients = Vec::new();
    for tenant in ["acme", "globex", "initech"] {
        let client = gateway.client(&format!("{tenant}/mia")).await;
        for _ in 0..8 {
            let peer = client.peer().clone();
            calls.spawn(async move {
                let _ = peer
                    .call_tool(params("gong_list_workspaces", json!({})))
                    .await;
            });
        }
        clients.push(client);
    }
    let places = &gateway.server().gateway.places;
    until("all instances but one share are taken", async || {
        places.counts() == (7, 17)
    })
    .await;
    let client = gateway.client("hooli/mia").await;
    succeed(&client, "gong_list_workspaces", json!({})).await;
    assert_eq!(places.counts(), (7, 17), "the others still wait");
    gateway.server().gateway.update_gauges();
    let metrics = gateway.server().gateway.metrics.text();
    for line in [
        "gong_gateway_place_line 17",
        "gong_gateway_place_wait_seconds_count",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    calls.abort_all();
}
