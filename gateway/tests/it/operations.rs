//! What an operator expects: readiness that is true, a check that finds everything, and a loud word
//! about settings that are for tests.

use std::path::Path;
use std::process::{Output, Stdio};

use gateway::config::Config;
use gateway::store::Store;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::http::{certificate, send, status};
use crate::support::{Folder, Tenant, TestGateway, options, stand_in, until};

/// A gateway in a process of its own, and where it listens.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: std::net::SocketAddr,
    /// What it logged until it served.
    pub(crate) log: String,
    _lines: Lines<BufReader<ChildStderr>>,
}

/// Starts one and waits until it serves. Writes beyond a limit of its files are errors, as on a full
/// disk, and no signal.
pub(crate) async fn serve(config: &Path, more: &[&str]) -> Process {
    let mut child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["serve", "--config"])
        .arg(config)
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it can be started");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let mut log = String::new();
    loop {
        let line = lines.next_line().await.expect("a line");
        let line = line.unwrap_or_else(|| panic!("it does not serve:\n{log}"));
        log.push_str(&line);
        log.push('\n');
        if let Some((_, rest)) = line.split_once("serving MCP at http://") {
            let address = rest.split_once("/mcp").expect("an address").0;
            return Process {
                child,
                address: address.parse().expect("an address"),
                log,
                _lines: lines,
            };
        }
    }
}

/// The files that the process writes can not grow, as on a full disk.
#[tokio::test(flavor = "multi_thread")]
async fn readiness_ends_when_nothing_can_be_written_and_returns() {
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    gateway.stop().await;
    let process = serve(&gateway.config(), &[]).await;
    let ready = async || send(process.address, "GET /readyz", &[], "").await;
    assert_eq!(status(&ready().await), 200);
    let pid = Pid::from_raw(process.child.id().expect("it runs") as i32);
    let limit_files_to = |bytes: Option<u64>| {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(pid, Resource::Fsize, limit).expect("the limit can be set");
    };
    limit_files_to(Some(0));
    until("it is not ready", async || status(&ready().await) == 503).await;
    let answer = ready().await;
    assert!(
        answer.contains("the state file can not be written"),
        "{answer}"
    );
    assert!(!answer.contains("gateway.db"), "{answer}");
    // It lives, so that nothing restarts it in vain.
    let healthy = send(process.address, "GET /healthz", &[], "").await;
    assert_eq!(status(&healthy), 200);
    limit_files_to(None);
    until("it is ready again", async || status(&ready().await) == 200).await;
}

async fn check(config: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["check", "--config"])
        .arg(config)
        .output()
        .await
        .expect("it runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn check_finds_all_that_serve_would_refuse_at_once() {
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    gateway.stop().await;
    let output = check(&gateway.config()).await;
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success(), "{said}");
    assert!(said.contains("warning: stand_in = true"), "{said}");

    let folder = Folder::new();
    let (certificate, _) = certificate();
    let (_, other_key) = self::certificate();
    let file = |name: &str, text: &str| std::fs::write(folder.0.join(name), text).expect("written");
    file("chain.pem", &certificate);
    file("key.pem", &other_key);
    file("ca.pem", "no certificate");
    file("broken.wasm", "no component");
    file(
        "gateway.db",
        "no database, and long enough to be looked at as one",
    );
    file(
        "gateway.toml",
        "ca = \"ca.pem\"\ncomponent = \"broken.wasm\"\nno_such_key = 1\n\
         [listen]\naddress = \"203.0.113.1:8443\"\ntls = { certificate = \"chain.pem\", key = \"key.pem\" }\n\
         [tenants.acme]\ngong = \"https://acme.api.gong.io\"\n\
         credentials = { access_key = \"file:none\", access_key_secret = \"file:none\" }\n",
    );
    let output = check(&folder.0.join("gateway.toml")).await;
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).expect("text");
    for complaint in [
        "no_such_key: there is no such key",
        "state: ",
        "is no state file of gong-gateway",
        "component: cannot load",
        "ca: cannot trust",
        "listen.address: cannot listen on 203.0.113.1:8443",
        "listen.tls: cannot serve HTTPS",
        "tenants.acme.credentials: file:",
    ] {
        assert!(said.contains(complaint), "{complaint} is not in\n{said}");
    }
    // Files that are not there.
    for name in ["chain.pem", "key.pem", "ca.pem", "broken.wasm"] {
        std::fs::remove_file(folder.0.join(name)).expect("removed");
    }
    let output = check(&folder.0.join("gateway.toml")).await;
    let said = String::from_utf8(output.stderr).expect("text");
    for name in ["chain.pem", "key.pem", "ca.pem", "broken.wasm"] {
        let complaint = format!("cannot read {}", folder.0.join(name).display());
        assert!(said.contains(&complaint), "{complaint} is not in\n{said}");
    }
}

/// `check` leaves a state file as it is, older ones included: the running gateway may be older.
#[tokio::test(flavor = "multi_thread")]
async fn check_changes_nothing() {
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    gateway.stop().await;
    let state = Config::load(&gateway.config())
        .expect("a configuration")
        .state;
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", state.display()));
    }
    assert!(check(&gateway.config()).await.status.success());
    assert!(!state.exists());
    drop(Store::open(&state).expect("it opens"));
    let older = rusqlite::Connection::open(&state).expect("it opens");
    older.pragma_update(None, "user_version", 1).expect("set");
    drop(older);
    assert!(check(&gateway.config()).await.status.success());
    let file = rusqlite::Connection::open(&state).expect("it opens");
    let version: u32 = file
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("a version");
    assert_eq!(version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stand_ins_are_loud_in_the_log() {
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    gateway.stop().await;
    let process = serve(&gateway.config(), &[]).await;
    let loud = process
        .log
        .lines()
        .any(|line| line.contains("WARN") && line.contains("stand_in = true"));
    assert!(loud, "{}", process.log);
}

/// A second gateway on one state file is refused, or stands by until the first one is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stands_by_takes_over_when_the_first_dies_or_ends() {
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    gateway.stop().await;
    let config = gateway.config();
    let mut active = serve(&config, &[]).await;
    let refused = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["serve", "--config"])
        .arg(&config)
        .output()
        .await
        .expect("it runs");
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).expect("text");
    let pid = active.child.id().expect("it runs");
    assert!(
        said.contains(&format!("process {pid} serves from")),
        "{said}"
    );

    for signal in ["KILL", "TERM"] {
        let next = config.clone();
        let mut standing_by = tokio::spawn(async move { serve(&next, &["--wait"]).await });
        let early = tokio::time::timeout(std::time::Duration::from_secs(2), &mut standing_by);
        assert!(early.await.is_err(), "both serve");
        let pid = active.child.id().expect("it runs").to_string();
        let kill = format!("kill -s {signal} {pid}");
        let kill = Command::new("sh").args(["-c", &kill]).status();
        assert!(kill.await.expect("it runs").success());
        active = tokio::time::timeout(std::time::Duration::from_secs(30), standing_by)
            .await
            .expect("it takes over")
            .expect("it serves");
        assert!(active.log.contains("standing by"), "{}", active.log);
        let client = gateway
            .client_at(
                &active.address.to_string(),
                "acme/mia",
                crate::support::discover(),
            )
            .await;
        crate::support::succeed(&client, "gong_list_workspaces", serde_json::json!({})).await;
    }
}
