//! HTTP: tokens, sessions, hosts, health, metrics, TLS, and shutdown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fake_gong::Fault;
use gateway::config::FreshToken;
use gateway::store::CallResult;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{
    Setup, Tenant, TestGateway, call, lifecycles, options, stand_in, succeed, text, until,
};

pub(crate) const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}"#;
const CALL: &str = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"gong_list_workspaces","arguments":{}}}"#;
pub(crate) const LIST: &str = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#;

/// Sends a request and reads its answer. Of a stream it reads what comes within two seconds.
pub(crate) async fn send(
    address: SocketAddr,
    head: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("{head} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        request.push_str(&format!("host: {address}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    let read = reader.read_to_end(&mut answer);
    let read = tokio::time::timeout(Duration::from_secs(2), read);
    // A server that refuses a request may close the connection before all of it is written.
    let (_, _) = tokio::join!(writer.write_all(request.as_bytes()), read);
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) async fn post(address: SocketAddr, headers: &[(&str, &str)], body: &str) -> String {
    let mut all = vec![
        ("accept", "application/json, text/event-stream"),
        ("content-type", "application/json"),
    ];
    all.extend_from_slice(headers);
    send(address, "POST /mcp", &all, body).await
}

pub(crate) fn status(answer: &str) -> u16 {
    let code = answer.split(' ').nth(1).unwrap_or_default();
    code.parse().unwrap_or_else(|_| panic!("{answer}"))
}

pub(crate) async fn one_tenant() -> (fake_gong::FakeGong, TestGateway) {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    (gong, gateway)
}

/// An old and a new token during a rotation, and one whose time is over.
#[tokio::test(flavor = "multi_thread")]
async fn two_tokens_are_accepted_and_an_expired_one_is_not() {
    let gong = stand_in(options()).await;
    let [old, new, past] = [(); 3].map(|()| FreshToken::generate());
    let tenant = Tenant::at(&gong)
        .with(&format!(
            "users.zoe.tokens = [{{ hash = \"{}\", expires = 2999-12-31 }}, {{ hash = \"{}\" }}]",
            old.hash, new.hash
        ))
        .with(&format!(
            "users.pat = {{ token = \"{}\", expires = \"2026-01-31T12:00:00Z\" }}",
            past.hash
        ));
    let gateway = TestGateway::start(&[("acme", tenant)]).await;
    let address = gateway.server().address;
    for (token, expected) in [(&old, 200), (&new, 200), (&past, 401)] {
        let bearer = format!("Bearer {}", token.token.reveal());
        let answer = post(address, &[("authorization", &bearer)], INITIALIZE).await;
        assert_eq!(status(&answer), expected, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_known_token_nobody_comes_in() {
    let (_gong, gateway) = one_tenant().await;
    let address = gateway.server().address;
    let none = post(address, &[], INITIALIZE).await;
    assert_eq!(status(&none), 401);
    assert!(
        none.to_lowercase().contains("www-authenticate: bearer"),
        "{none}"
    );
    let admin = format!("Bearer {}", gateway.token("admin"));
    let basic = format!("Basic {}", gateway.token("acme/mia"));
    for wrong in ["Bearer gg_wrong", &basic, &admin] {
        let answer = post(address, &[("authorization", wrong)], INITIALIZE).await;
        let without_date = |text: &str| {
            let lines = text.lines().filter(|line| !line.starts_with("date:"));
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(without_date(&answer), without_date(&none));
    }
    let right = format!("Bearer {}", gateway.token("acme/mia"));
    let answer = post(address, &[("authorization", &right)], INITIALIZE).await;
    assert_eq!(status(&answer), 200);
}

/// Older clients send a session id with every request. It is a label: the gateway keeps nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_id_holds_what_the_client_said_and_stands_in_nobodys_way() {
    let (_gong, gateway) = one_tenant().await;
    let address = gateway.server().address;
    let bearer = format!("Bearer {}", gateway.token("acme/mia"));
    let begun = post(address, &[("authorization", &bearer)], INITIALIZE).await;
    let session = begun
        .lines()
        .find_map(|line| line.strip_prefix("mcp-session-id: "))
        .unwrap_or_else(|| panic!("{begun}"))
        .to_owned();
    let with = async |method: &str, session: &str, body: &str| {
        let headers = [
            ("authorization", &*bearer),
            ("mcp-session-id", session),
            ("accept", "application/json, text/event-stream"),
            ("content-type", "application/json"),
        ];
        status(&send(address, &format!("{method} /mcp"), &headers, body).await)
    };
    let unknown = CALL.replace("gong_list_workspaces", "gong_nothing");
    for (method, session, body, expected) in [
        ("POST", &*session, LIST, 200),
        ("POST", &*session, &*unknown, 200),
        ("GET", &*session, "", 200),
        ("DELETE", &*session, "", 202),
        ("POST", &*session, LIST, 200),
        ("POST", "of-another-gateway", LIST, 200),
    ] {
        assert_eq!(
            with(method, session, body).await,
            expected,
            "{method} {session}"
        );
    }
    let row = gateway.audit().await.pop().unwrap();
    assert_eq!(row.client.as_deref(), Some("raw"));
    assert_eq!(row.client_version.as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_and_origins_are_checked() {
    let gong = stand_in(options()).await;
    let setup = Setup {
        listen: "hosts = [\"gong.acme.example\"]\norigins = [\"https://chat.acme.example\"]\n"
            .to_owned(),
        ..Setup::default()
    };
    let gateway = TestGateway::start_with(setup, &[("acme", Tenant::at(&gong))]).await;
    let address = gateway.server().address;
    let bearer = format!("Bearer {}", gateway.token("acme/mia"));
    let with = async |name: &str, value: &str| {
        let headers = [("authorization", &*bearer), (name, value)];
        status(&post(address, &headers, INITIALIZE).await)
    };
    assert_eq!(with("host", "gong.acme.example").await, 200);
    assert_eq!(with("host", "evil.example").await, 403);
    assert_eq!(with("origin", "https://chat.acme.example").await, 200);
    assert_eq!(with("origin", "https://evil.example").await, 403);
}

/// What a browser sends and reads for a page of another origin.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_allowed_origin_reaches_mcp_from_a_browser() {
    let gong = stand_in(options()).await;
    let setup = Setup {
        listen: "origins = [\"https://chat.acme.example\"]\n".to_owned(),
        ..Setup::default()
    };
    let gateway = TestGateway::start_with(setup, &[("acme", Tenant::at(&gong))]).await;
    let address = gateway.server().address;
    let preflight = async |origin: &str| {
        let headers = "authorization,content-type,last-event-id,mcp-method,mcp-param-id,mcp-protocol-version,mcp-session-id";
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", headers),
        ];
        let answer = send(address, "OPTIONS /mcp", &headers, "").await;
        answer.to_lowercase()
    };
    let allowed = "access-control-allow-origin: https://chat.acme.example\r\n";
    let answer = preflight("https://chat.acme.example").await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains(allowed), "{answer}");
    assert!(
        answer.contains("access-control-allow-methods: get,post,delete\r\n"),
        "{answer}"
    );
    for header in [
        "authorization",
        "last-event-id",
        "mcp-param-id",
        "mcp-session-id",
    ] {
        let line = answer
            .lines()
            .find_map(|line| line.strip_prefix("access-control-allow-headers: "));
        let named = line
            .unwrap_or_default()
            .split(',')
            .any(|one| one.trim() == header);
        assert!(named, "{header}: {answer}");
    }
    let other = preflight("https://evil.example").await;
    assert!(!other.contains("access-control-allow-origin"), "{other}");

    let bearer = format!("Bearer {}", gateway.token("acme/mia"));
    let origin = ("origin", "https://chat.acme.example");
    for (token, expected) in [
        (Some(&*bearer), 200),
        (Some("Bearer gg_wrong"), 401),
        (None, 401),
    ] {
        let mut headers = vec![origin];
        headers.extend(token.map(|token| ("authorization", token)));
        let answer = post(address, &headers, INITIALIZE).await.to_lowercase();
        assert_eq!(status(&answer), expected, "{answer}");
        assert!(answer.contains(allowed), "{answer}");
        let exposed = answer
            .lines()
            .find_map(|line| line.strip_prefix("access-control-expose-headers: "));
        for header in ["mcp-session-id", "www-authenticate"] {
            assert!(exposed.is_some_and(|all| all.contains(header)), "{answer}");
        }
    }
    // A page of another origin reads nothing, and does nothing.
    let headers = [
        ("origin", "https://evil.example"),
        ("authorization", &*bearer),
    ];
    let answer = post(address, &headers, INITIALIZE).await.to_lowercase();
    assert_eq!(status(&answer), 403);
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_large_is_refused() {
    let (_gong, gateway) = one_tenant().await;
    let bearer = format!("Bearer {}", gateway.token("acme/mia"));
    let body = format!("{{\"padding\":\"{}\"}}", "x".repeat(13 << 20));
    let answer = post(
        gateway.server().address,
        &[("authorization", &bearer)],
        &body,
    )
    .await;
    assert_eq!(status(&answer), 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_readiness_and_metrics() {
    let (_gong, gateway) = one_tenant().await;
    let address = gateway.server().address;
    assert_eq!(status(&send(address, "GET /healthz", &[], "").await), 200);
    let ready = send(address, "GET /readyz", &[], "").await;
    assert_eq!(status(&ready), 200);
    assert!(ready.contains(r#"{"ready":true,"reasons":[]}"#), "{ready}");

    let client = gateway.client("acme/mia").await;
    succeed(&client, "gong_list_workspaces", json!({})).await;
    let _ = call(&client, "gong_no_such_tool", json!({})).await;
    assert_eq!(status(&send(address, "GET /metrics", &[], "").await), 401);
    let mia = format!("Bearer {}", gateway.token("acme/mia"));
    let answer = send(address, "GET /metrics", &[("authorization", &mia)], "").await;
    assert_eq!(status(&answer), 401);
    let ada = format!("Bearer {}", gateway.token("admin"));
    let metrics = send(address, "GET /metrics", &[("authorization", &ada)], "").await;
    assert_eq!(status(&metrics), 200);
    for line in [
        r#"gong_gateway_tool_calls_total{tenant="acme",tool="gong_list_workspaces",result="success"} 1"#,
        r#"gong_gateway_tool_calls_total{tenant="acme",tool="unknown",result="denied"} 1"#,
        r#"gong_gateway_gong_requests_total{tenant="acme",status="200"} 1"#,
        r#"gong_gateway_quota_left{tenant="acme"} 9999"#,
        r#"gong_gateway_denials_total{tenant="acme",reason="unknown-tool"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains("no_such_tool"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_finishes_what_runs_and_takes_nothing_new() {
    for lifecycle in lifecycles() {
        let (gong, mut gateway) = one_tenant().await;
        gong.fault("/v2/workspaces", Fault::Slow(Duration::from_secs(1)), None);
        let client = gateway.client_with("acme/mia", lifecycle, ()).await;
        let other = gateway.client("acme/noa").await;
        let running =
            tokio::spawn(async move { call(&client, "gong_list_workspaces", json!({})).await });
        let live = gateway.server().gateway.tenants.live();
        let acme = live.tenant("acme").unwrap();
        until("it runs", async || acme.gauges().running == 1).await;
        let store = gateway.server().gateway.store.clone();
        let server = gateway.server.take().unwrap();
        let start = Instant::now();
        let ending = tokio::spawn(server.shut_down(Duration::from_secs(10)));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(call(&other, "gong_list_users", json!({})).await.is_err());
        let answer = running.await.unwrap().expect("it is answered");
        assert_eq!(answer.is_error, Some(false), "{}", text(&answer));
        ending.await.unwrap().unwrap();
        assert!(
            start.elapsed() < Duration::from_secs(6),
            "{:?}",
            start.elapsed()
        );
        // Leased requests that were not sent are given back.
        let today = jiff::tz::Offset::UTC
            .to_datetime(jiff::Timestamp::now())
            .date();
        let quota = tokio::task::spawn_blocking(move || store.quota("acme", today));
        assert_eq!(quota.await.unwrap().unwrap().used, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_longer_than_the_drain_is_interrupted_and_in_the_audit() {
    let (gong, mut gateway) = one_tenant().await;
    gong.fault("/v2/workspaces", Fault::Slow(Duration::from_secs(30)), None);
    let client = gateway.client("acme/mia").await;
    let running =
        tokio::spawn(async move { call(&client, "gong_list_workspaces", json!({})).await });
    let live = gateway.server().gateway.tenants.live();
    let acme = live.tenant("acme").unwrap();
    until("it runs", async || acme.gauges().running == 1).await;
    let server = gateway.server.take().unwrap();
    let ended = server.shut_down(Duration::from_millis(200)).await;
    ended.unwrap();
    let answer = running.await.unwrap().expect("it is answered");
    assert!(text(&answer).contains("was shut down"), "{}", text(&answer));
    gateway.run().await;
    let row = gateway.audit().await.pop().unwrap();
    assert_eq!(row.result, CallResult::Interrupted);
    assert_eq!(row.code.as_deref(), Some("shutdown"));
}

/// A self-signed certificate for `localhost` and its key, in PEM.
pub(crate) fn certificate() -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// Sends a request over TLS, trusting only one certificate.
async fn ask_over_tls(address: SocketAddr, certificate: &str) -> Result<String, String> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let mut roots = rustls::RootCertStore::empty();
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    roots.add(der).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .enable_http1()
        .build();
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build::<_, http_body_util::Empty<bytes::Bytes>>(connector);
    let uri = format!("https://localhost:{}/readyz", address.port());
    let response = client.get(uri.parse().unwrap()).await;
    let response = response.map_err(|error| format!("{error:?}"))?;
    let body = http_body_util::BodyExt::collect(response.into_body()).await;
    Ok(String::from_utf8(body.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_with_a_certificate_that_is_renewed() {
    let gong = stand_in(options()).await;
    let (first, first_key) = certificate();
    let (second, second_key) = certificate();
    let files = crate::support::Folder::new();
    let write = |certificate: &str, key: &str| {
        std::fs::write(files.0.join("chain.pem"), certificate).unwrap();
        std::fs::write(files.0.join("key.pem"), key).unwrap();
    };
    write(&first, &first_key);
    let setup = Setup {
        listen: format!(
            "tls = {{ certificate = {:?}, key = {:?} }}\n",
            files.0.join("chain.pem"),
            files.0.join("key.pem")
        ),
        ..Setup::default()
    };
    let gateway = TestGateway::start_with(setup, &[("acme", Tenant::at(&gong))]).await;
    let address = gateway.server().address;
    let ready: Value = serde_json::from_str(&ask_over_tls(address, &first).await.unwrap()).unwrap();
    assert_eq!(ready["ready"], true);
    assert!(ask_over_tls(address, &second).await.is_err());
    write(&second, &second_key);
    until("the second certificate is served", async || {
        ask_over_tls(address, &second).await.is_ok()
    })
    .await;
    assert!(ask_over_tls(address, &first).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_its_connection_to_the_next_one() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let address = gateway.server().address;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = |length: usize| {
        format!("POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n")
    };
    let answer = async |stream: &mut TcpStream| {
        let mut bytes = [0; 4096];
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut bytes)).await;
        let read = read.expect("in time").unwrap_or(0);
        String::from_utf8_lossy(&bytes[..read]).into_owned()
    };
    // As clients write: the head, and a moment later the body.
    for _ in 0..3 {
        stream.write_all(head(LIST.len()).as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.write_all(LIST.as_bytes()).await.unwrap();
        let refused = answer(&mut stream).await;
        assert_eq!(status(&refused), 401);
        assert!(!refused.contains("connection: close"), "{refused}");
    }
    // One that never comes, and one that is too long, do not hold the connection.
    let start = Instant::now();
    stream.write_all(head(10).as_bytes()).await.unwrap();
    let refused = answer(&mut stream).await;
    assert_eq!(status(&refused), 401);
    assert!(refused.contains("connection: close"), "{refused}");
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_eq!(answer(&mut stream).await, "", "it is closed");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head(1 << 20).as_bytes()).await.unwrap();
    let long = vec![b' '; 100 << 10];
    stream.write_all(&long).await.unwrap();
    let refused = answer(&mut stream).await;
    assert_eq!(status(&refused), 401);
    assert!(refused.contains("connection: close"), "{refused}");
}
