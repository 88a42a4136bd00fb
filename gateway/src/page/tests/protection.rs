//! What protects the page: forged forms, other tenants, hostile texts, headers.

use super::*;

#[tokio::test]
async fn a_form_of_another_session_or_site_changes_nothing() {
    let gateway = Gateway::new();
    let mut ada = gateway.signed_in("ada's token").await;
    let other = gateway.signed_in("bo's token").await.csrf;
    let own = ada.csrf.clone();
    let path = "/t/acme/tools";
    let fields = |csrf| {
        [
            ("csrf", csrf),
            ("tool", "gong_list_calls"),
            ("decision", "approve"),
        ]
    };
    let good = [("origin", ORIGIN)];
    for (csrf, headers) in [
        (&*other, &good[..]),
        ("", &good),
        ("x", &good),
        (&own, &[]),
        (&own, &[("origin", "null")]),
        (&own, &[("origin", "https://evil.example")]),
        (
            &own,
            &[("origin", ORIGIN), ("sec-fetch-site", "cross-site")],
        ),
        (&own, &[("sec-fetch-site", "same-site")]),
    ] {
        let answer = ada.post_raw(path, &fields(csrf), headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{csrf} {headers:?}");
        assert_eq!(
            gateway.state_of("acme", "gong_list_calls"),
            ReviewState::Pending
        );
    }
    let rebound = Request::get("/admin").header("host", "evil.example");
    let answer = gateway.send(rebound.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
    let answer = ada.post_raw(path, &fields(&own), &good).await;
    assert_eq!(answer.header("location"), "/admin/t/acme/tools");
    assert_eq!(
        gateway.state_of("acme", "gong_list_calls"),
        ReviewState::Approved
    );
}

#[tokio::test]
async fn an_administrator_of_one_tenant_sees_and_changes_no_other() {
    let gateway = Gateway::new();
    let mut ada = gateway.signed_in("ada's token").await;
    ada.post(
        "/t/globex/tools",
        &[("tool", "gong_list_calls"), ("decision", "approve")],
    )
    .await;
    let mut bo = gateway.signed_in("bo's token").await;
    let page = bo.get("").await.text;
    assert!(page.contains("acme") && !page.contains("globex"));
    assert!(!page.contains("action=\"/admin/switch\""));
    let unknown = bo.get("/t/initech/tools").await.text;
    for path in [
        "tools",
        "tools/gong_list_calls",
        "toolsets",
        "profiles",
        "users",
        "quota",
    ] {
        let answer = bo.get(&format!("/t/globex/{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.text.replace("globex", "initech"), unknown, "{path}");
    }
    let reason = [
        ("to", "off"),
        ("reason", "x"),
        ("tool", "gong_list_calls"),
        ("decision", "disable"),
    ];
    for path in [
        "/t/globex/tools",
        "/t/globex/tools/gong_list_calls/classify",
        "/t/globex/tools/gong_list_calls/switch",
        "/t/globex/toolsets",
        "/t/globex/toolsets/delete",
        "/t/globex/profiles",
        "/t/globex/profiles/delete",
        "/t/globex/switch",
    ] {
        assert_eq!(
            bo.post(path, &reason).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let answer = bo.post("/switch", &reason).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(gateway.store.switches().unwrap().is_empty());
    assert_eq!(
        gateway.state_of("globex", "gong_list_calls"),
        ReviewState::Approved
    );

    // The audit shows neither the other tenant nor acts that concern all.
    assert!(ada.get("/audit").await.text.contains("globex"));
    for path in ["/audit", "/audit.jsonl", "/audit?tenant=acme"] {
        let text = bo.get(path).await.text;
        assert!(
            !text.contains("globex") && !text.contains("sign-in"),
            "{path}: {text}"
        );
    }
    assert_eq!(
        bo.get("/audit?tenant=globex").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_outsiders_write_is_shown_as_text() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    browser
        .post("/t/acme/switch", &[("to", "off"), ("reason", HOSTILE)])
        .await;
    browser
        .post(
            "/t/acme/tools/gong_grant_access/switch",
            &[("to", "off"), ("reason", HOSTILE)],
        )
        .await;
    let query: String = form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    for path in [
        "",
        "/audit",
        "/t/acme/tools",
        "/t/acme/tools/gong_grant_access",
        "/t/acme/users/mia",
        "/t/acme/quota",
        &format!("/t/acme/tools?text={query}&state={query}&sort={query}"),
        &format!("/audit?user={query}&tool={query}"),
        &format!("/audit?since={query}"),
        &format!("/t/{query}/tools"),
        &format!("/t/acme/tools/{query}"),
        &format!("/t/acme/toolsets/one/{query}"),
    ] {
        let page = browser.get(path).await.text;
        assert!(page.contains("<!doctype html>"), "{path}");
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{path}: {page}"
        );
        assert!(!page.contains("\" onmouseover"), "{path}: {page}");
    }
    let page = browser.get("/t/acme/tools/gong_grant_access").await.text;
    assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
}

#[tokio::test]
async fn every_answer_is_protected() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let mut answers = Vec::new();
    for path in [
        "",
        "/sign-in",
        "/t/acme/tools",
        "/nowhere",
        "/audit.jsonl",
        "/style.css?v=1",
    ] {
        answers.push((path, browser.get(path).await));
    }
    answers.push(("refused", browser.post_raw("/sign-in", &[], &[]).await));
    answers.push(("not so", browser.get("/sign-out").await));
    for (path, answer) in answers {
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; \
             base-uri 'none'",
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        let kept = path.starts_with("/style.css");
        assert_eq!(answer.header("cache-control") != "no-store", kept, "{path}");
    }
}

#[tokio::test]
async fn no_page_has_what_the_policy_forbids() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    for path in [
        "",
        "/audit",
        "/t/acme/tools",
        "/t/acme/tools/gong_list_calls",
        "/t/acme/toolsets",
        "/t/acme/toolsets/new",
        "/t/acme/toolsets/one/fixed",
        "/t/acme/profiles/one/analysts",
        "/t/acme/users",
        "/t/acme/users/mia",
        "/t/acme/quota",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for forbidden in [
            " style=",
            "<script",
            " onclick",
            "javascript:",
            "<style",
            "http://",
            "https://cdn",
        ] {
            assert!(!page.text.contains(forbidden), "{path}: {forbidden}");
        }
    }
}

#[tokio::test]
async fn a_form_has_a_size() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let answer = browser
        .post("/t/acme/tools", &[("tool", &"x".repeat(MAX_FORM))])
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
