//! Each hole that others had, tried.

use http::{Method, StatusCode};
use serde_json::json;

use super::agent::{Agent, form, hidden_request, origin, query};
use super::company::{CHALLENGE, Company, REDIRECT, Tokens, VERIFIER};
use super::provider::Fault;
use crate::support::Setup;

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_code_is_worth_nothing_and_a_used_one_ends_the_sign_in() {
    let company = Company::start().await;
    let (client, thief) = (company.register().await, company.register().await);
    let code = company.code(&client, "tools:read").await;
    let usual = [
        ("grant_type", "authorization_code"),
        ("client_id", &*client),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let other_verifier = "x".repeat(43);
    for (name, value, error) in [
        ("client_id", &*thief, "invalid_grant"),
        (
            "redirect_uri",
            "http://localhost:5151/other",
            "invalid_grant",
        ),
        ("code_verifier", &other_verifier, "invalid_grant"),
        ("code_verifier", "", "invalid_request"),
        ("code_verifier", "short", "invalid_request"),
        ("code", VERIFIER, "invalid_grant"),
        ("grant_type", "client_credentials", "unsupported_grant_type"),
        (
            "resource",
            "https://elsewhere.example/mcp",
            "invalid_target",
        ),
    ] {
        let kept = usual.into_iter().filter(|(one, _)| *one != name);
        let fields: Vec<_> = kept.chain([(name, value)]).collect();
        let refused = company.token(&fields).await;
        assert_eq!(refused.error(), error, "{name} {value}");
    }
    let refused = company.token_at("globex", &usual).await;
    assert_eq!(refused.error(), "invalid_grant", "another tenant");
    // What others have tried does not keep the client from its tokens.
    let tokens = Tokens::of(&client, &company.token(&usual).await);
    assert_eq!(company.status(&tokens.access).await, 200);
    let again = company.token(&usual).await;
    assert_eq!(again.error(), "invalid_grant");
    assert_eq!(company.status(&tokens.access).await, 401);
    let refused = company.refresh(&client, &tokens.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
    let ended = company.acts("sign-in-ended").await;
    let why = ended[0].detail.as_deref().expect("why");
    assert!(why.starts_with("a code was used twice"), "{why}");
    // A code lasts a minute.
    let code = company.code(&client, "tools:read").await;
    company
        .change_state("UPDATE sign_in_codes SET expires_at = expires_at - 60 * 1000")
        .await;
    assert_eq!(
        company.redeem(&client, &code).await.error(),
        "invalid_grant"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_its_own_clients() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    let thief = company.register().await;
    assert_eq!(
        company.refresh(&thief, &mia.refresh).await.error(),
        "invalid_grant"
    );
    assert_eq!(
        company.refresh(&mia.client, &mia.access).await.error(),
        "invalid_grant"
    );
    let elsewhere = company
        .token_at(
            "globex",
            &[
                ("grant_type", "refresh_token"),
                ("client_id", &mia.client),
                ("refresh_token", &mia.refresh),
            ],
        )
        .await;
    assert_eq!(elsewhere.error(), "invalid_grant");
    // A refresh token opens no tools, and whoever only knows the client revokes nothing.
    assert_eq!(company.status(&mia.refresh).await, 401);
    let revoke = company.url("/t/acme/oauth/revoke");
    let other = [("token", &*mia.refresh), ("client_id", &*thief)];
    assert_eq!(Agent::new().post(&revoke, &other).await.status, 200);
    let revoke = company.url("/t/globex/oauth/revoke");
    assert_eq!(
        Agent::new()
            .post(&revoke, &[("token", &mia.refresh)])
            .await
            .status,
        200
    );
    assert_eq!(company.status(&mia.access).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_for_one_tenant_and_one_resource() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    for path in ["/t/globex/mcp", "/mcp", "/t/globex/token/mcp"] {
        let answer = company
            .mcp_at(path, &mia.access, "tools/list", json!({}))
            .await;
        assert_eq!(answer.status, 401, "{path}");
    }
    // A token that was issued while the gateway had another address.
    company
        .change_state("UPDATE sign_in_grants SET resource = 'https://old.example/t/acme/mcp'")
        .await;
    assert_eq!(company.status(&mia.access).await, 401);
    let authorize = company.authorize_with(
        &mia.client,
        "tools:read",
        &[("resource", "https://elsewhere.example/mcp")],
    );
    let refused = query(&Agent::new().get(&authorize).await.location());
    assert_eq!(refused["error"], "invalid_target");
    // Without one, tokens are for the only resource that there is.
    let authorize = company.authorize_with(&mia.client, "", &[("resource", ""), ("scope", "")]);
    let code = query(&Agent::new().walk(&authorize, &[]).await)["code"].clone();
    let tokens = Tokens::of(&mia.client, &company.redeem(&mia.client, &code).await);
    assert_eq!(tokens.scope, "tools:read");
    assert_eq!(company.status(&tokens.access).await, 200);
    for nonsense in ["gg_nonsense", "", "eyJhbGciOiJub25lIn0.e30."] {
        assert_eq!(company.status(nonsense).await, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_that_consents_is_the_one_that_comes_back() {
    let company = Company::start().await;
    let client = company.register().await;
    let authorize = company.authorize(&client, "tools:read");
    // The attacker consents, and sends the victim the provider's address.
    let (mut attacker, mut victim) = (Agent::new(), Agent::new());
    let page = attacker.consent_page(&authorize).await;
    let to_provider = attacker.allow(&authorize, &page, &[]).await.location();
    let back = victim.get(&to_provider).await.location();
    let refused = victim.get(&back).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("another browser"), "{}", refused.text);
    // That has ended it for the attacker too.
    let refused = attacker.get(&back).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    // A state is good once.
    let page = attacker.consent_page(&authorize).await;
    let to_provider = attacker.allow(&authorize, &page, &[]).await.location();
    let back = attacker.get(&to_provider).await.location();
    let cookies = attacker.cookies.clone();
    let answered = attacker.get(&back).await.location();
    assert!(answered.starts_with(REDIRECT), "{answered}");
    attacker.cookies = cookies;
    assert_eq!(attacker.get(&back).await.status, StatusCode::BAD_REQUEST);
    // Nor does another tenant take it.
    let page = attacker.consent_page(&authorize).await;
    let to_provider = attacker.allow(&authorize, &page, &[]).await.location();
    let back = attacker.get(&to_provider).await.location();
    let elsewhere = back.replace("/t/acme/", "/t/globex/");
    assert_eq!(
        attacker.get(&elsewhere).await.status,
        StatusCode::BAD_REQUEST
    );
    let made_up = company.url("/t/acme/oauth/callback?code=x&state=gg_made-up");
    assert_eq!(attacker.get(&made_up).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_is_asked_for_each_time_and_given_by_the_page_alone() {
    let company = Company::start().await;
    let client = company.register().await;
    let authorize = company.authorize(&client, "tools:read");
    let mut agent = Agent::new();
    let first = agent.consent_page(&authorize).await;
    agent.walk(&authorize, &[]).await;
    let again = agent.consent_page(&authorize).await;
    assert!(
        again.text.contains("Allow “A client of the tests”"),
        "{}",
        again.text
    );
    for answer in [&first, &again] {
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(
            answer
                .header("set-cookie")
                .contains("HttpOnly; SameSite=Strict")
        );
        assert!(!answer.text.contains("<script"));
        for said in [
            "any program can give itself this name",
            "any program here can pretend to be this client",
            "<strong>this computer</strong>",
            "30 days at most, and 7 days while it is not used",
            "Remove or overwrite data for good",
        ] {
            assert!(answer.text.contains(said), "{said}: {}", answer.text);
        }
    }
    // A form of another site, of another browser, altered, or posted without an origin.
    let address = authorize.split('?').next().expect("an address").to_owned();
    let request = hidden_request(&again.text);
    let fields = [
        ("request", &*request),
        ("decision", "allow"),
        ("allow", "read"),
    ];
    let content = ("content-type", "application/x-www-form-urlencoded");
    for headers in [
        &[content, ("origin", "https://evil.example")][..],
        &[content, ("origin", "null")],
        &[content, ("sec-fetch-site", "cross-site")],
        &[content],
    ] {
        let refused = agent
            .send(Method::POST, &address, headers, form(&fields))
            .await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(
        Agent::new().post(&address, &fields).await.status,
        StatusCode::FORBIDDEN
    );
    let altered = format!("x{}", &request[1..]);
    let refused = agent
        .post(&address, &[("request", &altered), ("decision", "allow")])
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let elsewhere = address.replace("/t/acme/", "/t/globex/");
    assert_eq!(
        agent.post(&elsewhere, &fields).await.status,
        StatusCode::FORBIDDEN
    );
    // A session that somebody has set before is not taken over: the cookie after consent is new.
    let cookie = (origin(&address), "gong-sign-in-0000000000000000".to_owned());
    agent.cookies.insert(cookie, "known".to_owned());
    let to_provider = agent.post(&address, &fields).await;
    assert!(!to_provider.header("set-cookie").contains("known"));
    // Nothing ticked is nothing allowed; and whoever does not allow it says so to the client.
    let nothing = [("request", &*request), ("decision", "allow")];
    let page = agent.post(&address, &nothing).await;
    assert!(page.text.contains("Tick at least one"), "{}", page.text);
    let denied = agent
        .post(&address, &[("request", &request), ("decision", "deny")])
        .await;
    let denied = query(&denied.location());
    assert_eq!(
        (&*denied["error"], &*denied["iss"]),
        ("access_denied", &*company.url("/t/acme"))
    );
    assert_eq!(denied["state"], "the-client's-state");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_tokens_that_are_not_the_providers_for_this_sign_in_are_refused() {
    let mut company = Company::start().await;
    let client = company.register().await;
    for (fault, why) in [
        (Fault::OtherNonce, "nonce"),
        (Fault::OtherIssuer, "issuer"),
        (Fault::OtherAudience, "audience"),
        (Fault::Expired, "Expired"),
        (Fault::AlgNone, "no signature"),
        (Fault::HmacWithPublicKey, "alg"),
        (Fault::ForeignKey, "ignature"),
        (Fault::OtherIssInAnswer, "provider"),
        (Fault::OtherAtUserInfo, "somebody else"),
    ] {
        company.provider.fault(fault);
        let mut agent = Agent::new();
        let answered = agent
            .walk(&company.authorize(&client, "tools:read"), &[])
            .await;
        let answer = query(&answered);
        assert_eq!(answer["error"], "access_denied", "{fault:?}");
        let detail = &answer["error_description"];
        assert!(
            detail.to_lowercase().contains(&why.to_lowercase()),
            "{fault:?}: {detail}"
        );
    }
    company.provider.fault(Fault::None);
    company.code(&client, "tools:read").await;
    assert_eq!(company.acts("sign-in").await.len(), 1);
    // At a refresh they confirm nothing, and end nothing.
    let mia = company.sign_in("tools:read").await;
    for fault in [
        Fault::OtherAudience,
        Fault::AlgNone,
        Fault::HmacWithPublicKey,
    ] {
        company.provider.fault(fault);
        company.provider.person("mia", &["ops"]);
        let before = company.tools(&mia.access).await;
        company.refresh(&mia.client, &mia.refresh).await;
        assert_eq!(company.tools(&mia.access).await, before, "{fault:?}");
    }
    // Nobody was identified, so each address has one row, however often it tries.
    company.gateway.stop().await;
    company.gateway.run().await;
    let counted = company.acts("sign-in-refused").await;
    assert_eq!(counted.len(), 1);
    let detail = counted[0].detail.as_deref().expect("a detail");
    assert_eq!(detail, "within a minute: 9 with a wrong token");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_who_the_provider_says_and_not_their_address() {
    let company = Company::start().await;
    let first = company.sign_in("tools:read").await;
    company.provider.claims(
        "another-mia",
        json!({ "email": "Mia@acme.example", "groups": ["ops"] }),
    );
    let second = company.sign_in("tools:read").await;
    assert!(company.tools(&second.access).await > company.tools(&first.access).await);
    let names: Vec<String> = company
        .acts("sign-in")
        .await
        .into_iter()
        .map(|act| act.actor)
        .collect();
    assert_eq!(names, ["mia@acme.example", "mia@acme.example (2)"]);
    // A subject that is the name of a declared user is not that user.
    company
        .provider
        .claims("noa", json!({ "sub": "noa", "groups": ["sales"] }));
    company.sign_in("tools:read").await;
    let last = company.acts("sign-in").await.pop().expect("an act");
    assert_eq!(last.actor, "sub:noa");
    // Who is in no group has no access, and the client learns why.
    company.provider.person("eve", &["another-group"]);
    let client = company.register().await;
    let answered = Agent::new()
        .walk(&company.authorize(&client, "tools:read"), &[])
        .await;
    let answer = query(&answered);
    assert_eq!(answer["error"], "access_denied");
    assert!(
        answer["error_description"].contains("no group"),
        "{answered}"
    );
    let refused = company.acts("sign-in-refused").await.pop().expect("an act");
    assert_eq!(refused.actor, "eve@acme.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whole_requests_with_pkce_begin() {
    let company = Company::start().await;
    let client = company.register().await;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none", "interaction_required"),
    ] {
        let authorize = company.authorize_with(&client, "tools:read", &[(name, value)]);
        let refused = Agent::new().get(&authorize).await.location();
        assert!(refused.starts_with(REDIRECT), "{refused}");
        let refused = query(&refused);
        assert_eq!(refused["error"], error, "{name}={value}");
        assert_eq!(refused["iss"], company.url("/t/acme"));
    }
    let twice = format!(
        "{}&code_challenge={CHALLENGE}",
        company.authorize(&client, "")
    );
    let refused = query(&Agent::new().get(&twice).await.location());
    assert_eq!(refused["error"], "invalid_request");
    // Prompts and scopes of others are no reason to refuse.
    let authorize = company.authorize_with(
        &client,
        "openid offline_access tools:read mcp",
        &[("prompt", "consent")],
    );
    Agent::new().consent_page(&authorize).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_another_host_are_not_answered_with_pages() {
    let company = Company::start_as(Setup::default(), "").await;
    let client = company.register().await;
    let authorize = company.authorize(&client, "tools:read");
    let host = [("host", "rebound.example")];
    let refused = Agent::new()
        .send(Method::GET, &authorize, &host, String::new())
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
