//! Service accounts: made, rotated and revoked while a gateway serves.

use std::process::Stdio;

use gateway::store::KillSwitch;
use gateway::store::accounts::{NewServiceToken, ServiceAccount};
use gateway::store::sign_in::ClientKind;
use http::Method;
use rmcp::ClientServiceExt as _;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::sign_in::agent::{Agent, Answer};
use crate::support::{
    Client, Tenant, TestGateway, ada, discover, fail, options, stand_in, succeed, until,
};

/// Runs a command of an administrator, and returns what it prints, or its error.
async fn admin(gateway: &TestGateway, arguments: &[&str]) -> Result<Value, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args([
            "admin", "--json", "--as", "ada", "--tenant", "acme", "--config",
        ])
        .arg(gateway.config())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("it runs");
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).expect("JSON")),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Makes an account, or another token for it, and returns the token.
async fn token(gateway: &TestGateway, arguments: &[&str]) -> String {
    let printed = admin(gateway, arguments).await.expect("it is made");
    printed["token"].as_str().expect("a token").to_owned()
}

async fn status(gateway: &TestGateway, path: &str, token: &str) -> u16 {
    list(gateway, path, token).await.status.as_u16()
}

async fn list(gateway: &TestGateway, path: &str, token: &str) -> Answer {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
    let bearer = format!("Bearer {token}");
    let headers = [
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2025-06-18"),
        ("authorization", &*bearer),
    ];
    let mut agent = Agent::new();
    let url = gateway.url(path);
    agent
        .send(Method::POST, &url, &headers, body.to_string())
        .await
}

async fn client(gateway: &TestGateway, token: &str) -> Client {
    let config = StreamableHttpClientTransportConfig::with_uri(gateway.url("/mcp"))
        .auth_header(token.to_owned());
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = ().serve_with_lifecycle(transport, discover()).await;
    client.expect("the client connects")
}

async fn accounts(gateway: &TestGateway) -> Vec<ServiceAccount> {
    let store = gateway.server().gateway.store.clone();
    let read = tokio::task::spawn_blocking(move || store.accounts("acme"));
    read.await.expect("it ends").expect("accounts")
}

async fn change_state(gateway: &TestGateway, sql: &str) {
    let path = gateway.folder.0.join("gateway.db");
    let sql = format!("{sql}; UPDATE meta SET governance = governance + 1;");
    let changed = tokio::task::spawn_blocking(move || {
        let file = rusqlite::Connection::open(path).expect("the state file");
        file.busy_timeout(std::time::Duration::from_secs(5))
            .expect("set");
        file.execute_batch(&sql).expect("it is changed");
    });
    changed.await.expect("it ends");
}

const CREATE: [&str; 8] = [
    "accounts",
    "create",
    "reports",
    "--owner",
    "mia",
    "--profile",
    "readers",
    "--ends=90d",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_account_calls_with_its_profiles_and_the_audit_names_its_owner() {
    let gong = stand_in(options()).await;
    let mut gateway =
        TestGateway::start(&[("acme", Tenant::at(&gong)), ("globex", Tenant::at(&gong))]).await;
    let token = token(&gateway, &CREATE).await;
    let reports = client(&gateway, &token).await;
    let mia = gateway.client("acme/mia").await;
    assert_eq!(
        reports.list_all_tools().await.expect("tools").len(),
        mia.list_all_tools().await.expect("tools").len()
    );
    succeed(&reports, "gong_list_workspaces", json!({})).await;
    let row = gateway.audit().await.pop().expect("a row");
    assert_eq!((&*row.tenant, &*row.user), ("acme", "service:reports"));
    assert_eq!(row.owner.as_deref(), Some("mia"));
    assert_eq!(row.client_id.as_deref(), Some("service:reports"));
    assert_eq!(row.sign_in, None);
    // Only its hash is kept.
    let store = gateway.server().gateway.store.clone();
    let whole = tokio::task::spawn_blocking(move || store.verify_audit(None));
    assert_eq!(
        whole.await.expect("it ends").expect("it is read").fault,
        None
    );
    until("its use is written", async || {
        accounts(&gateway).await[0].last_used_at.is_some()
    })
    .await;
    let known = accounts(&gateway).await;
    assert_eq!(
        (&*known[0].name, known[0].owner.as_deref()),
        ("reports", Some("mia"))
    );
    assert!(!known[0].owner_gone && known[0].tokens.len() == 1);
    // It is a client of kind service.
    let store = gateway.server().gateway.store.clone();
    let kinds = tokio::task::spawn_blocking(move || {
        let personal = [ClientKind::Personal].into();
        store.allow_kinds(&ada(), "acme", None, &personal)
    });
    kinds.await.expect("it ends").expect("set");
    let text = fail(&reports, "gong_list_workspaces", json!({})).await;
    assert!(
        text.contains("of kind personal only, and this one is service"),
        "{text}"
    );
    let clients = admin(&gateway, &["clients"]).await.expect("clients");
    let account = clients.as_array().expect("a list").iter();
    let account = account.clone().find(|one| one["registration"] == "account");
    assert_eq!(account.expect("it is there")["kind"], "service");
    gateway.stop().await;
    let files = std::fs::read_dir(&gateway.folder.0).expect("a folder");
    for file in files.flatten().map(|file| file.path()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let has = bytes
            .windows(token.len())
            .any(|part| part == token.as_bytes());
        assert!(!has, "{}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tokens_are_for_rotation_and_each_ends() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let first = token(&gateway, &CREATE).await;
    let rotate = ["accounts", "rotate", "reports", "--ends=30d"];
    let second = token(&gateway, &rotate).await;
    for token in [&first, &second] {
        assert_eq!(status(&gateway, "/mcp", token).await, 200);
    }
    let refused = admin(&gateway, &rotate).await.expect_err("two are enough");
    let ids: Vec<String> = accounts(&gateway).await[0]
        .tokens
        .iter()
        .map(|token| token.id.clone())
        .collect();
    let older = format!("accounts revoke reports --token {}", ids[0]);
    assert!(refused.contains(&older), "{refused}");
    // A stream of the token that is revoked ends, and the other one goes on.
    let (url, bearer) = (gateway.url("/mcp"), format!("Bearer {first}"));
    let stream = tokio::spawn(async move {
        let headers = [
            ("accept", "text/event-stream"),
            ("mcp-protocol-version", "2025-06-18"),
            ("authorization", &*bearer),
        ];
        let mut agent = Agent::new();
        agent
            .send(Method::GET, &url, &headers, String::new())
            .await
            .status
    });
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert!(!stream.is_finished());
    let revoke = ["accounts", "revoke", "reports", "--token", &ids[0]];
    assert_eq!(
        admin(&gateway, &revoke).await.expect("it is revoked")["revoked"],
        1
    );
    let ended = tokio::time::timeout(std::time::Duration::from_secs(4), stream).await;
    assert_eq!(ended.expect("it ends").expect("it is answered"), 200);
    assert_eq!(status(&gateway, "/mcp", &first).await, 401);
    assert_eq!(status(&gateway, "/mcp", &second).await, 200);
    let third = token(&gateway, &rotate).await;
    // One that has ended opens nothing, and makes room.
    change_state(
        &gateway,
        "UPDATE service_tokens SET ends_at = created_at + 1",
    )
    .await;
    for token in [&second, &third] {
        assert_eq!(status(&gateway, "/mcp", token).await, 401);
    }
    let fourth = token(&gateway, &rotate).await;
    assert_eq!(status(&gateway, "/mcp", &fourth).await, 200);
    assert_eq!(accounts(&gateway).await[0].tokens.len(), 1);
    admin(&gateway, &["accounts", "remove", "reports"])
        .await
        .expect("it is removed");
    assert_eq!(status(&gateway, "/mcp", &fourth).await, 401);
    assert!(accounts(&gateway).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_must_have_is_said() {
    let gong = stand_in(options()).await;
    let acme = Tenant::at(&gong).with("clients = { longest_service_token = \"30 days\" }");
    let gateway = TestGateway::start(&[("acme", acme)]).await;
    for (arguments, why) in [
        (
            &[
                "create",
                "reports",
                "--owner",
                "mia",
                "--profile",
                "readers",
            ][..],
            "--ends",
        ),
        (
            &["create", "reports", "--profile", "readers", "--ends", "9d"],
            "--owner",
        ),
        (
            &[
                "create",
                "reports",
                "--owner",
                "nobody",
                "--profile",
                "readers",
                "--ends",
                "9d",
            ],
            "there is no user \"nobody\"",
        ),
        (
            &[
                "create",
                "reports",
                "--owner",
                "mia",
                "--profile",
                "raeders",
                "--ends",
                "9d",
            ],
            "did you mean readers?",
        ),
        (
            &[
                "create",
                "Re ports",
                "--owner",
                "mia",
                "--profile",
                "readers",
                "--ends",
                "9d",
            ],
            "such as re-ports",
        ),
        (
            &[
                "create",
                "reports",
                "--owner",
                "mia",
                "--profile",
                "readers",
                "--ends",
                "31d",
            ],
            "30 days from now at the latest",
        ),
        (
            &[
                "create",
                "reports",
                "--owner",
                "mia",
                "--profile",
                "readers",
                "--ends",
                "2020-01-01",
            ],
            "from now on",
        ),
        (
            &[
                "create",
                "reports",
                "--owner",
                "mia",
                "--profile",
                "readers",
                "--ends",
                "soon",
            ],
            "such as 2027-03-31",
        ),
        (
            &["rotate", "reports", "--ends", "9d"],
            "there is no service account \"reports\"",
        ),
    ] {
        let refused = admin(&gateway, &[&["accounts"], arguments].concat()).await;
        let refused = refused.expect_err("it is refused");
        assert!(refused.contains(why), "{arguments:?}: {refused}");
    }
    let create = [
        "accounts",
        "create",
        "reports",
        "--owner",
        "mia",
        "--profile",
        "readers",
        "--ends",
        "30d",
    ];
    token(&gateway, &create).await;
    let twice = admin(&gateway, &create).await.expect_err("it is there");
    assert!(twice.contains("accounts rotate reports"), "{twice}");
    let of_an_account = ["accounts", "set", "reports", "--owner", "service:reports"];
    let refused = admin(&gateway, &of_an_account)
        .await
        .expect_err("it is none");
    assert!(refused.contains("a person answers"), "{refused}");
    let client = ["clients", "remove", "service:reports"];
    let refused = admin(&gateway, &client).await.expect_err("it is none");
    assert!(refused.contains("accounts remove reports"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_a_last_token_and_switches_stop_an_account() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let long = token(&gateway, &CREATE).await;
    let warnings = async || {
        let found = gateway::serve::check(&gateway.config())
            .await
            .expect("a check");
        assert_eq!(found.errors, [""; 0]);
        let all = found.warnings.into_iter();
        all.filter(|one| one.contains("service account"))
            .collect::<Vec<_>>()
    };
    assert!(warnings().await.is_empty());
    change_state(
        &gateway,
        "UPDATE service_tokens SET ends_at = ends_at - 77 * 86400000",
    )
    .await;
    let found = warnings().await;
    assert!(
        found[0].contains("service account reports of tenant acme: its token")
            && found[0].contains("accounts rotate reports --ends 90d"),
        "{found:?}"
    );
    let store = gateway.server().gateway.store.clone();
    let rotated = tokio::task::spawn_blocking(move || {
        let now = jiff::Timestamp::now();
        let new = NewServiceToken {
            hash: gateway::config::FreshToken::generate().hash,
            ends_at: now + std::time::Duration::from_secs(40 * 86_400),
            longest: std::time::Duration::from_secs(365 * 86_400),
        };
        store.rotate_account(&ada(), "acme", "reports", new, now)
    });
    rotated.await.expect("it ends").expect("it is rotated");
    assert!(warnings().await.is_empty(), "another one lasts longer");
    // The kill switch of its owner is none of its own; the list says that the owner is off.
    let switch = async |switch: KillSwitch| {
        let store = gateway.server().gateway.store.clone();
        let done = tokio::task::spawn_blocking(move || store.switch(&ada(), &switch, false, "x"));
        done.await.expect("it ends").expect("it is switched");
    };
    let reports = client(&gateway, &long).await;
    switch(KillSwitch::User("acme".to_owned(), "mia".to_owned())).await;
    succeed(&reports, "gong_list_workspaces", json!({})).await;
    assert!(accounts(&gateway).await[0].owner_gone);
    switch(KillSwitch::User(
        "acme".to_owned(),
        "service:reports".to_owned(),
    ))
    .await;
    let text = fail(&reports, "gong_list_workspaces", json!({})).await;
    assert!(
        text.contains("User service:reports is switched off"),
        "{text}"
    );
    let explained = admin(
        &gateway,
        &["explain", "--user", "service:reports", "gong_get_call"],
    )
    .await;
    assert_eq!(explained.expect("a list")[0]["code"], "switched-off-user");
}
