//! The gateway as a resource server alone: access tokens of the company's provider.

use fake_gong::FakeGong;
use gateway::store::KillSwitch;
use serde_json::{Value, json};

use super::agent::{Agent, Answer};
use super::company::Company;
use super::provider::{CLIENT_ID, Fault, Signed};
use crate::support::{Setup, Tenant};

fn tenants(gong: &FakeGong, issuer: &str, more: &str) -> [(&'static str, Tenant); 2] {
    ["acme", "globex"].map(|tenant| {
        let more = if tenant == "acme" { more } else { "" };
        let lines = format!(
            "[tenants.{tenant}.profiles.everything]\nusers = []\n\
             toolsets = [\"read-only\", \"component:meetings\"]\n\
             [tenants.{tenant}.resource_server]\nissuer = \"{issuer}\"\n{more}\n\
             [tenants.{tenant}.resource_server.groups.sales]\nprofiles = [\"readers\"]\n\
             [tenants.{tenant}.resource_server.groups.ops]\nprofiles = [\"everything\"]"
        );
        (tenant, Tenant::at(gong).with(&lines))
    })
}

impl Company {
    async fn resource_server(more: &str) -> Self {
        Self::start_tenants(Setup::default(), more, tenants).await
    }

    fn bearer(&self, claims: &Value) -> String {
        self.signed(claims, Signed::AsAccessToken)
    }

    fn signed(&self, claims: &Value, how: Signed) -> String {
        let mut all = json!({ "groups": ["sales"], "scope": "openid tools:read" });
        for (name, value) in claims.as_object().expect("an object") {
            all[name] = value.clone();
        }
        self.provider.access_token(&self.resource(), &all, how)
    }

    async fn list(&self, token: &str) -> Answer {
        self.mcp_at("/t/acme/mcp", token, "tools/list", json!({}))
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_provider_calls_tools_as_the_person() {
    let company = Company::resource_server("").await;
    let refused = company.list("").await;
    assert_eq!(refused.status, 401);
    let metadata = company.url("/.well-known/oauth-protected-resource/t/acme/mcp");
    assert_eq!(
        refused.header("www-authenticate"),
        format!("Bearer resource_metadata=\"{metadata}\", scope=\"tools:read\"")
    );
    let said = Agent::new().get(&metadata).await.json();
    assert_eq!(said["resource"], company.resource());
    assert_eq!(
        said["authorization_servers"],
        json!([company.provider.issuer()])
    );
    assert_eq!(said["scopes_supported"], json!(["tools:read"]));
    // The gateway itself signs nobody in.
    for path in [
        "/.well-known/oauth-authorization-server/t/acme",
        "/t/acme/oauth/authorize",
        "/t/acme/oauth/callback",
    ] {
        assert_eq!(
            Agent::new().get(&company.url(path)).await.status,
            404,
            "{path}"
        );
    }
    let token = company.bearer(&json!({}));
    let answer = company
        .call(&token, "gong_list_workspaces", json!({}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let row = company.gateway.audit().await.pop().expect("a row");
    assert_eq!(row.user, "mia@acme.example");
    assert_eq!(row.client_id.as_deref(), Some("an-ai-client"));
    assert!(row.sign_in.expect("an id").starts_with("jwt-"));
    // She appears among the people once, however many tokens she has.
    company.list(&company.bearer(&json!({ "jti": "2" }))).await;
    assert_eq!(company.acts("sign-in").await.len(), 1);
    // Static tokens keep a path of their own.
    let token = company.gateway.token("acme/mia");
    for (path, status) in [
        ("/t/acme/token/mcp", 200),
        ("/mcp", 200),
        ("/t/acme/mcp", 401),
    ] {
        let answer = company.mcp_at(path, &token, "tools/list", json!({})).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_of_the_provider_say_what_a_client_may() {
    let scopes =
        "scopes = { \"gong.read\" = [\"read\"], \"gong.all\" = [\"read\", \"destructive\"] }";
    let company = Company::resource_server(scopes).await;
    let refused = company.list("").await;
    assert!(
        refused
            .header("www-authenticate")
            .ends_with("scope=\"gong.read\"")
    );
    let delete = json!({ "meeting": "1", "dry_run": true });
    for claims in [
        json!({ "groups": ["ops"], "scope": "gong.read" }),
        json!({ "groups": ["ops"], "scope": null, "scp": ["gong.read", "other"] }),
        // A name of ours is none of the provider's.
        json!({ "groups": ["ops"], "scope": "gong.read tools:destructive" }),
    ] {
        let token = company.bearer(&claims);
        let refused = company
            .call(&token, "gong_delete_meeting", delete.clone())
            .await;
        assert_eq!(refused.status, 403, "{}", refused.text);
        let challenge = refused.header("www-authenticate");
        assert!(
            challenge.contains("error=\"insufficient_scope\""),
            "{challenge}"
        );
        assert!(
            challenge.contains("scope=\"gong.all gong.read\""),
            "{challenge}"
        );
    }
    let token = company.bearer(&json!({ "groups": ["ops"], "scope": null, "scp": "gong.all" }));
    let answer = company
        .call(&token, "gong_delete_meeting", delete.clone())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // Without any scope nothing is called, and a scope gives nothing that the groups do not.
    let token = company.bearer(&json!({ "scope": null }));
    let refused = company
        .call(&token, "gong_list_workspaces", json!({}))
        .await;
    assert_eq!(refused.status, 403);
    let token = company.bearer(&json!({ "scope": "gong.all" }));
    let answer = company.call(&token, "gong_delete_meeting", delete).await;
    assert!(answer.text.contains("is in no toolset"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_not_the_providers_for_this_gateway_are_refused() {
    let mut company = Company::resource_server("").await;
    let now = jiff::Timestamp::now().as_second();
    let mut wrong = vec![
        ("no JWT", "x.y.z".to_owned()),
        (
            "a token of the gateway's form",
            gateway::config::FreshToken::generate()
                .token
                .reveal()
                .to_owned(),
        ),
    ];
    for (what, how) in [
        ("alg none", Signed::ByNobody),
        ("HS256 with the public key", Signed::ByPublicKey),
        ("a foreign key", Signed::ByOtherKey),
        ("an unknown kid", Signed::ByUnknownKey),
        ("another type", Signed::AsOtherType),
    ] {
        wrong.push((what, company.signed(&json!({}), how)));
    }
    for (what, claims) in [
        ("a foreign issuer", json!({ "iss": "https://evil.example" })),
        ("no issuer", json!({ "iss": null })),
        (
            "an issuer that looks alike",
            json!({ "iss": format!("{}/", company.provider.issuer()) }),
        ),
        (
            "a foreign audience",
            json!({ "aud": "https://elsewhere.example/mcp" }),
        ),
        (
            "the other tenant",
            json!({ "aud": company.url("/t/globex/mcp") }),
        ),
        ("an ID token", json!({ "aud": CLIENT_ID })),
        (
            "an audience that looks alike",
            json!({ "aud": format!("{}/", company.resource()) }),
        ),
        ("no audience", json!({ "aud": null })),
        ("no end", json!({ "exp": null })),
        ("for later", json!({ "nbf": now + 120 })),
        ("a malformed nbf", json!({ "nbf": "0" })),
        ("nobody", json!({ "sub": null })),
        ("an empty subject", json!({ "sub": "" })),
    ] {
        wrong.push((what, company.bearer(&claims)));
    }
    // What was signed is altered: another's groups under the signature.
    let right = company.bearer(&json!({}));
    let other = company.bearer(&json!({ "groups": ["ops"] }));
    let part = |token: &str, n: usize| token.split('.').nth(n).expect("a part").to_owned();
    let mixed = [part(&right, 0), part(&other, 1), part(&right, 2)].join(".");
    wrong.push(("another's claims", mixed));
    for (what, token) in &wrong {
        let refused = company.list(token).await;
        assert_eq!(refused.status, 401, "{what}");
        let challenge = refused.header("www-authenticate");
        assert!(
            challenge.starts_with("Bearer error=\"invalid_token\""),
            "{what}: {challenge}"
        );
        assert!(!refused.text.contains(&**token), "{what}");
    }
    let ended = company
        .list(&company.bearer(&json!({ "exp": now - 61 })))
        .await;
    assert_eq!(ended.status, 401);
    for right in [
        right,
        company.signed(&json!({}), Signed::Right),
        company.bearer(&json!({ "aud": ["https://elsewhere.example", company.resource()] })),
        company.bearer(&json!({ "exp": now - 30, "nbf": now + 30 })),
    ] {
        assert_eq!(
            company.list(&right).await.status,
            200,
            "clocks may differ by a minute"
        );
    }
    let elsewhere = company
        .mcp_at(
            "/t/globex/mcp",
            &company.bearer(&json!({})),
            "tools/list",
            json!({}),
        )
        .await;
    assert_eq!(elsewhere.status, 401);
    // Nobody of these has become known, and wrong tokens are counted where ended ones are not.
    assert_eq!(company.acts("sign-in").await.len(), 1);
    // They are written when the gateway stops, if not before.
    company.gateway.stop().await;
    company.gateway.run().await;
    let refused = company.acts("token-refused").await;
    let detail = refused[0].detail.as_deref().expect("a number");
    let wrong = format!("{}", wrong.len() + 1);
    assert!(detail.contains(&wrong), "{detail}, not {wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_algorithms_of_the_setting_are_taken() {
    let company = Company::resource_server("algorithms = [\"RS256\", \"PS256\"]").await;
    assert_eq!(company.list(&company.bearer(&json!({}))).await.status, 401);
    let company =
        Company::resource_server("algorithms = [\"ES256\"]\naudience = \"api://gong\"").await;
    assert_eq!(company.list(&company.bearer(&json!({}))).await.status, 401);
    let found = gateway::serve::check(&company.gateway.config()).await;
    let note = &found.expect("a check").notes[0];
    assert!(
        note.contains("for the audience api://gong; AI clients connect to"),
        "{note}"
    );
    let token = company.bearer(&json!({ "aud": "api://gong" }));
    assert_eq!(company.list(&token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_and_an_outage_keeps_those_that_are_known() {
    let company = Company::resource_server("").await;
    company.provider.fault(Fault::Down);
    let first = company.list(&company.bearer(&json!({}))).await;
    assert_eq!(first.status, 503, "no key is known yet");
    // What failed is tried again after a minute.
    let company = Company::resource_server("").await;
    assert_eq!(company.list(&company.bearer(&json!({}))).await.status, 200);
    let asked = company.provider.requests("keys");
    company.provider.fault(Fault::Down);
    let other = company.bearer(&json!({ "jti": "another one" }));
    assert_eq!(company.list(&other).await.status, 200);
    company.provider.fault(Fault::None);
    company.provider.rotate_keys();
    let rotated = company.bearer(&json!({}));
    assert_eq!(company.list(&rotated).await.status, 200);
    assert_eq!(company.provider.requests("keys"), asked + 1);
    // Whoever makes up keys does not make the gateway ask again and again.
    for n in 0..5 {
        let token = company.signed(&json!({ "jti": n }), Signed::ByUnknownKey);
        assert_eq!(company.list(&token).await.status, 401);
    }
    assert_eq!(company.provider.requests("keys"), asked + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_switches_decide_with_the_next_token() {
    let company = Company::resource_server("allowed_domains = [\"acme.example\"]").await;
    let claims = |groups: &[&str]| json!({ "groups": groups, "email_verified": true });
    let reader = company.bearer(&claims(&["sales"]));
    let tools = company.tools(&reader).await;
    let all = company.tools(&company.bearer(&claims(&["ops"]))).await;
    assert!(all > tools);
    assert_eq!(
        company.tools(&reader).await,
        all,
        "what is newest counts for all of them"
    );
    assert_eq!(
        company
            .tools(&company.bearer(&claims(&["sales", "x"])))
            .await,
        tools
    );
    for (claims, why) in [
        (
            json!({ "sub": "2", "groups": ["x"], "email_verified": true }),
            "No group",
        ),
        (
            json!({ "sub": "3", "groups": null, "email_verified": true }),
            "No group",
        ),
        (
            json!({ "sub": "4", "email": "mia@evil.example", "email_verified": true }),
            "evil.example",
        ),
        (
            json!({ "sub": "5" }),
            "does not say that this address is proven",
        ),
        (
            json!({ "sub": "6", "groups": null, "hasgroups": true, "email_verified": true }),
            "more groups",
        ),
    ] {
        let refused = company.list(&company.bearer(&claims)).await;
        assert_eq!(refused.status, 403, "{claims}");
        assert!(refused.text.contains(why), "{}", refused.text);
    }
    assert_eq!(
        company.acts("sign-in").await.len(),
        1,
        "they are not stored"
    );
    let mia = KillSwitch::User("acme".to_owned(), "mia@acme.example".to_owned());
    company.switch(mia, false).await;
    let fresh = company.bearer(&json!({ "jti": "2", "email_verified": true }));
    for token in [&fresh, &reader] {
        assert_eq!(company.tools(token).await, 0, "from the next request on");
    }
}
