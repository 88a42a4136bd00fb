//! Secrets of tenants and users appear nowhere: not in logs at the most verbose level, errors,
//! metrics, the audit, the state file, or debug output.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fake_gong::Fault;
use gateway::store::{AuditFilter, Store};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::{Tenant, TestGateway, call, lifecycles, options, stand_in, until};

const KEY: &str = "STANDINACCESSKEY";
const SECRET: &str = "stand-in-access-key-secret";

/// Everything that must not appear.
fn secrets(gateway: &TestGateway) -> Vec<String> {
    let tokens = gateway
        .tokens
        .values()
        .map(|one| one.token.reveal().to_owned());
    let pair = STANDARD.encode(format!("{KEY}:{SECRET}"));
    tokens
        .chain([KEY.to_owned(), SECRET.to_owned(), pair])
        .collect()
}

fn assert_none(secrets: &[String], place: &str, text: &[u8]) {
    for (index, secret) in secrets.iter().enumerate() {
        let found = text
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        // A failing test does not print it either.
        assert!(!found, "secret {index} is in {place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_the_gateway_writes_or_answers_holds_a_secret() {
    let gong = stand_in(options()).await;
    // A gateway in this process writes the files, and another process serves them.
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let secrets = secrets(&gateway);
    let debug = format!(
        "{:?} {:?} {:?}",
        gateway.server(),
        gateway.server().gateway.tenants.live(),
        gateway.tokens
    );
    assert_none(&secrets, "the debug output", debug.as_bytes());
    gateway.stop().await;

    let mut process = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["--log", "json", "serve", "--config"])
        .arg(gateway.config())
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut log = Vec::new();
    let address = loop {
        let line = lines.next_line().await.unwrap().expect("it starts");
        let found = line.split_once("serving MCP at http://");
        let address = found.map(|(_, rest)| rest.split_once("/mcp").unwrap().0.to_owned());
        log.push(line);
        if let Some(address) = address {
            break address;
        }
    };
    let reading = tokio::spawn(async move {
        while let Some(line) = lines.next_line().await.unwrap() {
            log.push(line);
        }
        log
    });

    // Calls that succeed, that fail in every way, and that are denied.
    let mut answers = String::new();
    for lifecycle in lifecycles() {
        let client = gateway.client_at(&address, "acme/mia", lifecycle).await;
        for fault in [
            None,
            Some(Fault::Status(401, "Unauthorized".to_owned(), None)),
            Some(Fault::Cut),
            Some(Fault::NotJson),
            Some(Fault::Redirect("https://evil.example/".to_owned())),
        ] {
            if let Some(fault) = fault {
                gong.fault("/v2/workspaces", fault, Some(1));
            }
            let answer = call(&client, "gong_list_workspaces", json!({})).await;
            answers.push_str(&format!("{answer:?}"));
        }
        let unknown = call(&client, "gong_no_such_tool", json!({})).await;
        answers.push_str(&format!("{unknown:?}"));
        client.cancel().await.unwrap();
    }
    for token in [
        "gg_wrong".to_owned(),
        gateway.token("acme/mia"),
        gateway.token("admin"),
    ] {
        answers.push_str(&raw(&address, "/metrics", &token).await);
        answers.push_str(&raw(&address, "/mcp", &token).await);
        answers.push_str(&raw(&address, "/readyz", &token).await);
    }
    assert!(
        answers.contains("gong_gateway_tool_calls_total"),
        "metrics were read"
    );
    // A broken secret, and a configuration with an error and a plain secret.
    gateway.write_secrets(KEY, "\u{7f}");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    gateway.write(&[(
        "acme",
        Tenant::at(&gong).with(&format!("access_key = \"{SECRET}\"")),
    )]);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    answers.push_str(&check(&gateway).await);

    let pid = process.id().unwrap().to_string();
    let kill = format!("kill -TERM {pid}");
    let signalled = Command::new("sh").args(["-c", &kill]).status().await;
    let signalled = signalled.unwrap();
    assert!(signalled.success());
    let ended = tokio::time::timeout(Duration::from_secs(20), process.wait()).await;
    assert!(ended.expect("it ends in order").unwrap().success());
    let log = reading.await.unwrap().join("\n");
    assert!(
        log.contains("\"level\":\"TRACE\""),
        "the log is at its loudest"
    );
    assert!(
        log.contains("no credentials for Gong"),
        "the broken secret was complained about"
    );
    assert!(
        log.contains("the one before stays in force"),
        "and the broken file"
    );
    for (place, text) in [("an answer", &answers), ("the log", &log)] {
        assert_none(&secrets, place, text.as_bytes());
    }
    for_each_call_the_log_says_whose_it_is(&log);

    let store = Store::open(&gateway.folder.0.join("gateway.db")).unwrap();
    let filter = AuditFilter {
        limit: Some(1000),
        ..Default::default()
    };
    let rows = tokio::task::spawn_blocking(move || store.query_audit(&filter)).await;
    let rows = format!("{:?}", rows.unwrap().unwrap());
    assert!(rows.contains("gong_no_such_tool"), "{rows}");
    assert_none(&secrets, "the audit", rows.as_bytes());
    for file in std::fs::read_dir(&gateway.folder.0).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // SQLite deletes its own files with the last connection.
        if name.starts_with("gateway.db")
            && let Ok(bytes) = std::fs::read(&path)
        {
            assert_none(&secrets, &name, &bytes);
        }
    }
    let state = std::fs::read(gateway.folder.0.join("gateway.db")).unwrap();
    assert_none(&secrets, "the state file", &state);
}

/// Every log line of a call has the request id, the tenant, the user and the tool.
fn for_each_call_the_log_says_whose_it_is(log: &str) {
    let mut answered = 0;
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("lines are JSON");
        let message = line["message"].as_str().unwrap_or_default();
        if !message.starts_with("answered in") {
            continue;
        }
        answered += 1;
        let spans = line["spans"].as_array().unwrap();
        let call = spans.iter().find(|span| span["name"] == "call").unwrap();
        assert_eq!(call["tenant"], "acme");
        assert_eq!(call["user"], "mia");
        assert!(call["tool"].as_str().unwrap().starts_with("gong_"));
        assert_eq!(call["request_id"].as_str().unwrap().len(), 36);
    }
    assert_eq!(answered, 12);
}

async fn raw(address: &str, path: &str, token: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         accept: text/event-stream\r\nconnection: close\r\n\r\n"
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(2), read).await;
    answer
}

/// What `gong-gateway check` prints about the broken file.
async fn check(gateway: &TestGateway) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["check", "--config"])
        .arg(gateway.config())
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("gateway.toml:") && said.contains("access_key"),
        "{said}"
    );
    said
}

/// After a process was killed, the next one can serve from the state file at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_was_killed_is_followed_by_another() {
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    gateway.stop().await;
    let serve = || {
        Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
            .args(["serve", "--config"])
            .arg(gateway.config())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    };
    let mut first = serve();
    let mut lines = BufReader::new(first.stderr.take().unwrap()).lines();
    let serving = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("serving MCP at") {
                return;
            }
        }
        panic!("it ended");
    };
    let serving = tokio::time::timeout(Duration::from_secs(20), serving).await;
    serving.expect("it starts");
    // Two can not serve at once.
    let second = tokio::time::timeout(Duration::from_secs(20), serve().wait_with_output());
    let second = second.await.expect("it ends").unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    let pid = first.id().unwrap().to_string();
    assert!(!second.status.success() && said.contains(&pid), "{said}");
    first.kill().await.unwrap();

    gateway.run().await;
    let client = gateway.client("acme/mia").await;
    let start = std::time::Instant::now();
    let answer = call(&client, "gong_list_workspaces", json!({}))
        .await
        .unwrap();
    assert_eq!(answer.is_error, Some(false));
    // What the killed one had just sent is not known, so the first second counts as used up.
    assert!(
        start.elapsed() > Duration::from_millis(500),
        "{:?}",
        start.elapsed()
    );
    until("it is in the audit", async || {
        gateway.audit().await.len() == 1
    })
    .await;
}
