//! Clients: their documents, their registrations, and where they are answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::get;
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::agent::{Agent, query};
use super::company::{Company, REDIRECT, Tokens};
use crate::http::certificate;
use crate::support::{Folder, Setup};

/// Serves what clients publish of themselves, by HTTPS.
struct Publisher {
    address: SocketAddr,
    ca: Folder,
    /// How often the good document was read.
    reads: Arc<AtomicU32>,
}

impl Publisher {
    async fn start() -> Self {
        let (certificate, key) = certificate();
        let ca = Folder::new();
        std::fs::write(ca.0.join("ca.pem"), &certificate).expect("it is written");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("set");
        let address = listener.local_addr().expect("it has an address");
        let reads = Arc::new(AtomicU32::new(0));
        let document = move |path: &str, changes: Value| {
            let mut document = json!({
                "client_id": format!("https://localhost:{}{path}", address.port()),
                "client_name": "A <b>published</b> client",
                "redirect_uris": ["http://localhost/callback", "https://client.example/callback"],
                "token_endpoint_auth_method": "none",
            });
            for (name, value) in changes.as_object().expect("an object") {
                document[name] = value.clone();
            }
            document.to_string()
        };
        let counted = Arc::clone(&reads);
        let good = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let text = document("/client.json", json!({}));
            async move { ([(header::CACHE_CONTROL, "max-age=600")], text) }
        };
        let large = "x".repeat(10 << 20);
        let app = Router::new()
            .route("/client.json", get(good))
            .route("/other-id.json", get(document("/client.json", json!({}))))
            .route(
                "/secret.json",
                get(document("/secret.json", json!({"client_secret": "s"}))),
            )
            .route(
                "/evil.json",
                get(document(
                    "/evil.json",
                    json!({"redirect_uris": ["javascript://x/y"]}),
                )),
            )
            .route(
                "/large.json",
                get(document("/large.json", json!({"client_name": large}))),
            )
            .route("/none.json", get("<html>"))
            .route(
                "/moved.json",
                get(async || {
                    let to = [(header::LOCATION, "/client.json")];
                    (StatusCode::FOUND, to).into_response()
                }),
            );
        let tls = axum_server::tls_rustls::RustlsConfig::from_pem(certificate.into(), key.into());
        let tls = tls.await.expect("a certificate");
        let server = axum_server::from_tcp_rustls(listener, tls).expect("it listens");
        tokio::spawn(async move { server.serve(app.into_make_service()).await });
        Self { address, ca, reads }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    async fn company(&self) -> Company {
        let setup = Setup {
            top: format!("ca = {:?}\n", self.ca.0.join("ca.pem")),
            ..Setup::default()
        };
        Company::start_as(setup, "clients = { hosts = [\"localhost\"] }").await
    }
}

/// The text of the page that refuses a request which is answered to nobody.
async fn refused(company: &Company, client: &str, redirect: &str) -> String {
    let authorize = company.authorize_with(client, "tools:read", &[("redirect_uri", redirect)]);
    let answer = Agent::new().get(&authorize).await;
    assert!(
        answer.status.is_client_error(),
        "{client} {redirect}: {}",
        answer.status
    );
    assert!(answer.headers.get(header::LOCATION).is_none());
    answer.text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_known_by_its_document() {
    let publisher = Publisher::start().await;
    let company = publisher.company().await;
    let id = publisher.url("/client.json");
    // The port on the person's machine is the client's to choose.
    let authorize = company.authorize(&id, "tools:read");
    let mut agent = Agent::new();
    let page = agent.consent_page(&authorize).await;
    assert!(
        page.text
            .contains("A &#60;b&#62;published&#60;/b&#62; client"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("<dd><strong>localhost</strong></dd>"),
        "{}",
        page.text
    );
    let code = query(&agent.walk(&authorize, &[]).await)["code"].clone();
    let tokens = Tokens::of(&id, &company.redeem(&id, &code).await);
    assert_eq!(company.status(&tokens.access).await, 200);
    assert_eq!(
        publisher.reads.load(Ordering::Relaxed),
        1,
        "it is remembered"
    );
    let web = company.authorize_with(
        &id,
        "tools:read",
        &[("redirect_uri", "https://client.example/callback")],
    );
    let page = agent.consent_page(&web).await;
    assert!(page.text.contains("<strong>client.example</strong>"));
    assert!(!page.text.contains("can pretend to be this client"));
    for redirect in [
        "https://client.example/callback/x",
        "http://localhost/other",
        "https://client.example.evil.example/callback",
    ] {
        let text = refused(&company, &id, redirect).await;
        assert!(
            text.contains("has not registered this redirect URI"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_can_not_be_trusted_make_no_client() {
    let publisher = Publisher::start().await;
    let company = publisher.company().await;
    for (path, why) in [
        ("/other-id.json", "of another client id"),
        ("/secret.json", "can not have a client secret"),
        ("/evil.json", "no redirect URI"),
        ("/large.json", "more than 5120 bytes"),
        ("/none.json", "no JSON"),
        ("/moved.json", "answered 302"),
        ("/missing.json", "answered 404"),
    ] {
        let text = refused(&company, &publisher.url(path), REDIRECT).await;
        assert!(text.contains(why), "{path}: {text}");
    }
    // A host that is not admitted is not asked, nor is an address.
    for id in [
        "https://evil.example/client.json",
        "https://127.0.0.1/client.json",
        "https://169.254.169.254/x",
        "http://localhost/client.json",
    ] {
        refused(&company, id, REDIRECT).await;
    }
    // Whoever has the gateway read in vain, has it do so ten times a minute.
    for _ in 0..5 {
        refused(&company, &publisher.url("/missing.json"), REDIRECT).await;
    }
    let text = refused(&company, &publisher.url("/missing.json"), REDIRECT).await;
    assert!(text.contains("Too many clients"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_never_asked_for_a_document() {
    let publisher = Publisher::start().await;
    let company = Company::start_with("clients = { hosts = [\"*\"] }").await;
    // Not trusting its certificate, the gateway does not read it; and of addresses none.
    for id in [
        &*publisher.url("/client.json"),
        "https://10.0.0.1/client.json",
        "https://[::1]/client.json",
        "https://0x7f000001/client.json",
        "https://127.1/client.json",
    ] {
        refused(&company, id, REDIRECT).await;
    }
    assert_eq!(publisher.reads.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_at_a_redirect_uri_that_is_not_registered() {
    let company = Company::start().await;
    let client = company.register().await;
    for redirect in [
        "https://evil.example/callback",
        "http://localhost:5151/callback#fragment",
        "http://localhost:5151/callback/more",
        "http://localhost:5151/callback?more",
        "http://localhost.evil.example:5151/callback",
        "http://127.0.0.1:5151/callback",
        "https://localhost:5151/callback",
        "http://user@localhost:5151/callback",
        "JaVaScript://localhost/callback",
        "",
    ] {
        refused(&company, &client, redirect).await;
    }
    // Another port on the person's machine is the same client.
    let authorize = company.authorize_with(
        &client,
        "",
        &[("redirect_uri", "http://localhost:49999/callback")],
    );
    Agent::new().consent_page(&authorize).await;
    refused(&company, "a-client-that-nobody-knows", REDIRECT).await;
    // A client of one tenant is none of another.
    let elsewhere = company
        .authorize(&client, "")
        .replace("/t/acme/", "/t/globex/");
    assert!(Agent::new().get(&elsewhere).await.status.is_client_error());
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_are_few_small_and_end() {
    let company = Company::start().await;
    let register = |metadata: Value| {
        let company = &company;
        async move { company.register_at("acme", &metadata).await }
    };
    let good = json!({ "client_name": "One", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "client_secret_post" });
    let answer = register(good.clone()).await;
    assert_eq!(answer.status, 201);
    let client = answer.json();
    assert_eq!(client["token_endpoint_auth_method"], "none");
    assert!(client.get("client_secret").is_none());
    let evil = json!({ "redirect_uris": ["https://evil.example/callback"] });
    assert_eq!(register(evil).await.error(), "invalid_redirect_uri");
    let large = json!({ "redirect_uris": [REDIRECT], "client_name": "x".repeat(20 << 10) });
    assert_eq!(register(large).await.error(), "invalid_client_metadata");
    // 10,000 of them: ten a minute are heard.
    let mut slow = 0;
    for _ in 0..10_000 {
        let answer = register(good.clone()).await;
        if answer.status == 429 {
            slow += 1;
            assert_eq!(answer.error(), "slow_down");
            assert!(!answer.header("retry-after").is_empty());
        }
        if slow == 20 {
            break;
        }
    }
    let store = company.gateway.server().gateway.store.clone();
    let count = async || {
        let store = store.clone();
        let clients = tokio::task::spawn_blocking(move || store.sign_in_clients("acme")).await;
        clients.expect("it ends").expect("clients").len()
    };
    assert_eq!(count().await, 8, "ten attempts, of which two were refused");
    // One that nobody uses within an hour is gone.
    company
        .change_state("UPDATE sign_in_clients SET registered_at = registered_at - 61 * 60 * 1000")
        .await;
    let prune = store.clone();
    let now = jiff::Timestamp::now();
    let pruned = tokio::task::spawn_blocking(move || prune.prune_sign_ins(now)).await;
    pruned.expect("it ends").expect("it is pruned");
    assert_eq!(count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_dcr_nobody_registers() {
    let company = Company::start_with("clients = { dcr = false }").await;
    let url = company.url("/.well-known/oauth-authorization-server/t/acme");
    let metadata = Agent::new().get(&url).await;
    assert!(metadata.json().get("registration_endpoint").is_none());
    assert_eq!(metadata.header("access-control-allow-origin"), "*");
    let answer = company
        .register_at("acme", &json!({ "redirect_uris": [REDIRECT] }))
        .await;
    assert_eq!(answer.status, 404);
    let resource = company.url("/.well-known/oauth-protected-resource/t/acme/mcp");
    let metadata = Agent::new().get(&resource).await.json();
    assert_eq!(metadata["resource"], company.resource());
    let nobody = company.url("/.well-known/oauth-protected-resource/t/nobody/mcp");
    assert_eq!(Agent::new().get(&nobody).await.status, 404);
}
