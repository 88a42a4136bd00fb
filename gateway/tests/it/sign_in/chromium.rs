//! The consent page in headless Chromium: without scripts, to the client's answer, and not in a frame.

use std::path::Path;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::Html;
use axum::routing::get;

use super::agent::query;
use super::company::{Company, Tokens};
use crate::page::browser;
use crate::support::until;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_consents_in_a_browser_and_nobody_frames_the_page() {
    let Some(browser) = browser().await else {
        return;
    };
    let company = Company::start().await;
    let client = company.register().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    // The client's own port, and another site.
    let redirect = format!("http://localhost:{}/callback", address.port());
    let authorize = company.authorize_with(&client, "tools:read", &[("redirect_uri", &redirect)]);
    let framing = format!(
        "<title>another site</title><iframe src=\"{}\"></iframe>",
        authorize.replace('&', "&amp;")
    );
    let app = Router::new()
        .route(
            "/callback",
            get(async |RawQuery(query): RawQuery| format!("answered {}", query.is_some())),
        )
        .route("/framing", get(move || async move { Html(framing) }));
    tokio::spawn(async move { axum::serve(listener, app).await });

    browser.scripts(false).await;
    for (name, width, dark) in [("phone", 360, true), ("desk", 1280, false)] {
        browser.window(width, 900, dark).await;
        browser.open(&authorize).await;
        let picture = format!("consent-{name}.png");
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(picture);
        browser.picture(&picture).await;
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(browser.value(fits).await, true, "{name}");
    }
    let text = browser.text().await;
    assert!(text.contains("Allow “A client of the tests”"), "{text}");
    assert_eq!(browser.console_errors().await, [""; 0]);
    // By the provider, which asks nobody, and back to the client.
    browser.click("button[value=allow]").await;
    until("the client is answered", async || {
        browser.path().await.starts_with("/callback?code=")
    })
    .await;
    let answer = query(&browser.path().await);
    let redeemed = company
        .token(&[
            ("grant_type", "authorization_code"),
            ("client_id", &client),
            ("code", &answer["code"]),
            ("redirect_uri", &redirect),
            ("code_verifier", super::company::VERIFIER),
        ])
        .await;
    Tokens::of(&client, &redeemed);
    let errors = browser.console_errors().await;
    let of_policy = errors
        .iter()
        .filter(|error| error.contains("Content Security"));
    assert_eq!(of_policy.count(), 0, "{errors:?}");

    browser.scripts(true).await;
    browser
        .open(&format!("http://127.0.0.1:{}/framing", address.port()))
        .await;
    until("the frame is refused", async || {
        let errors = browser.console_errors().await;
        errors.iter().any(|error| error.contains("frame-ancestors"))
    })
    .await;
    browser.quit().await;
}
