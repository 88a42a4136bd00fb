//! From the 401 to a tool's answer.

use rmcp::ClientServiceExt as _;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationManager, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::json;

use super::agent::{Agent, query, ticked};
use super::company::{Company, REDIRECT, Tokens};
use crate::support::{Client, discover, succeed};

/// rmcp's own client, after somebody has signed in with it.
pub(crate) async fn rmcp_client(company: &Company, agent: &mut Agent) -> Client {
    let manager = rmcp_signs_in(company, agent).await;
    connect(company, manager).await
}

async fn rmcp_signs_in(company: &Company, agent: &mut Agent) -> AuthorizationManager {
    // The way of a client that gets 401.
    let refused = company
        .mcp_at("/t/acme/mcp", "", "tools/list", json!({}))
        .await;
    assert_eq!(refused.status, 401);
    let challenge = refused.header("www-authenticate").to_owned();
    let mut state = OAuthState::new(&*company.resource(), None)
        .await
        .expect("a state");
    let request = AuthorizationRequest::new(REDIRECT)
        .with_client_name("rmcp")
        .with_challenge(challenge);
    state.start_authorization(request).await.expect("it begins");
    let url = state.get_authorization_url().await.expect("an address");
    let answered = agent.walk(&url, &[]).await;
    state.handle_callback_url(&answered).await.expect("a token");
    state
        .into_authorization_manager()
        .expect("it is authorized")
}

async fn connect(company: &Company, manager: AuthorizationManager) -> Client {
    let http = AuthClient::new(reqwest::Client::new(), manager);
    let config = StreamableHttpClientTransportConfig::with_uri(company.resource());
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let client = ().serve_with_lifecycle(transport, discover()).await;
    client.expect("the client connects")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_signs_in_and_calls_a_tool_as_the_person() {
    let company = Company::start().await;
    let client = rmcp_client(&company, &mut Agent::new()).await;
    let tools = client.list_all_tools().await.expect("tools");
    assert!(tools.len() > 20, "{}", tools.len());
    succeed(&client, "gong_list_workspaces", json!({})).await;
    // The provider was asked once for each step, with a PKCE challenge, a nonce and the registered
    // address.
    let asked = company.provider.authorizations().pop().expect("one");
    assert_eq!(asked["redirect_uri"], company.url("/t/acme/oauth/callback"));
    assert_eq!(asked["scope"], "openid profile email offline_access");
    assert!(asked["nonce"].len() > 40 && asked["state"].len() > 40);
    assert_eq!(company.provider.requests("token"), 1);
    // The audit names the person, the client and the sign-in.
    let row = company.gateway.audit().await.pop().expect("a row");
    assert_eq!(row.user, "mia@acme.example");
    let sign_in = row.sign_in.expect("a sign-in");
    let act = company.acts("sign-in").await.pop().expect("an act");
    assert_eq!(
        (&*act.actor, act.subject.as_deref()),
        ("mia@acme.example", Some("rmcp"))
    );
    assert!(act.detail.expect("detail").starts_with(&sign_in));
    let store = company.gateway.server().gateway.store.clone();
    let clients = tokio::task::spawn_blocking(move || store.sign_in_clients("acme")).await;
    let clients = clients.expect("it ends").expect("clients");
    assert_eq!(row.client_id.as_deref(), Some(&*clients[0].id));
    assert!(clients[0].owner.is_some() && clients[0].last_used_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_beyond_the_consent_leads_to_another_consent() {
    let company = Company::start().await;
    company.provider.person("olga", &["ops"]);
    let mut agent = Agent::new();
    let reader = company.sign_in("tools:read").await;
    assert_eq!(reader.scope, "tools:read");
    // All tools are shown that the profile has.
    let shown = company.tools(&reader.access).await;
    let delete = json!({ "meeting": "1", "dry_run": true });
    let refused = company
        .call(&reader.access, "gong_delete_meeting", delete.clone())
        .await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    let challenge = refused.header("www-authenticate");
    assert!(
        challenge.contains("error=\"insufficient_scope\""),
        "{challenge}"
    );
    assert!(
        challenge.contains("scope=\"tools:read tools:destructive\""),
        "{challenge}"
    );
    let denied = company.gateway.audit().await.pop().expect("a row");
    assert_eq!(denied.code.as_deref(), Some("insufficient-scope"));
    assert_eq!(
        (&*denied.tool, &*denied.user),
        ("gong_delete_meeting", "olga@acme.example")
    );
    // The client asks for more; the page has it ticked.
    let authorize = company.authorize(&reader.client, "tools:read tools:destructive");
    let page = agent.consent_page(&authorize).await;
    assert_eq!(ticked(&page.text), ["read", "destructive"]);
    let code = query(&agent.walk(&authorize, &[]).await)["code"].clone();
    let more = Tokens::of(&reader.client, &company.redeem(&reader.client, &code).await);
    assert_eq!(more.scope, "tools:read tools:destructive");
    let answer = company
        .call(&more.access, "gong_delete_meeting", delete)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let row = company.gateway.audit().await.pop().expect("a row");
    assert_ne!(row.code.as_deref(), Some("insufficient-scope"));
    assert_eq!(company.tools(&more.access).await, shown);
    // The person may also tick more than the client asked for.
    let authorize = company.authorize(&reader.client, "tools:read");
    let code = query(&agent.walk(&authorize, &["write"]).await)["code"].clone();
    let ticked = Tokens::of(&reader.client, &company.redeem(&reader.client, &code).await);
    assert_eq!(ticked.scope, "tools:read tools:write");
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_does_not_give_what_the_profile_does_not() {
    let company = Company::start().await;
    let all = "tools:read tools:metered-read tools:write tools:outreach tools:destructive";
    let mia = company.sign_in(all).await;
    assert_eq!(mia.scope, all);
    let answer = company
        .call(&mia.access, "gong_delete_meeting", json!({}))
        .await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .text
            .contains("is in no toolset of user mia@acme.example"),
        "{}",
        answer.text
    );
    // Nor is she asked for a consent that would not help.
    let reader = company.sign_in("tools:read").await;
    let answer = company
        .call(&reader.access, "gong_delete_meeting", json!({}))
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn static_tokens_have_a_path_of_their_own() {
    let company = Company::start().await;
    let token = company.gateway.token("acme/mia");
    let list = || json!({});
    for path in ["/mcp", "/t/acme/token/mcp"] {
        let answer = company.mcp_at(path, &token, "tools/list", list()).await;
        assert_eq!(answer.status, 200, "{path}");
        let refused = company.mcp_at(path, "", "tools/list", list()).await;
        assert_eq!(refused.status, 401);
        assert_eq!(
            refused.header("www-authenticate"),
            "Bearer realm=\"gong-gateway\""
        );
        // A client that looks for a sign-in there finds none.
        for well_known in [
            "oauth-protected-resource",
            "oauth-authorization-server",
            "openid-configuration",
        ] {
            for url in [
                format!("/.well-known/{well_known}{path}"),
                format!("/.well-known/{well_known}"),
            ] {
                assert_eq!(
                    Agent::new().get(&company.url(&url)).await.status,
                    404,
                    "{url}"
                );
            }
        }
    }
    // Each token is for its own path and tenant.
    let signed_in = company.sign_in("tools:read").await.access;
    for (path, token) in [
        ("/t/acme/mcp", &token),
        ("/mcp", &signed_in),
        ("/t/acme/token/mcp", &signed_in),
        ("/t/globex/token/mcp", &token),
    ] {
        let answer = company.mcp_at(path, token, "tools/list", list()).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    for path in [
        "/t/acme/other",
        "/t/acme/token",
        "/t/nobody/mcp",
        "/t/acme/mcp/",
    ] {
        let answer = company.mcp_at(path, &signed_in, "tools/list", list()).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let client = company.gateway.client("acme/mia").await;
    succeed(&client, "gong_list_workspaces", json!({})).await;
    let row = company.gateway.audit().await.pop().expect("a row");
    assert_eq!((&*row.user, row.sign_in), ("mia", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_refreshes_by_itself_and_revokes() {
    let company = Company::start().await;
    let manager = rmcp_signs_in(&company, &mut Agent::new()).await;
    let before = manager.get_access_token().await.expect("a token");
    manager.refresh_token().await.expect("another");
    let after = manager.get_access_token().await.expect("a token");
    assert_ne!(before, after);
    assert_eq!(
        company.provider.requests("token"),
        2,
        "the provider is asked anew"
    );
    assert_eq!(company.status(&after).await, 200);
    let revoke = company.url("/t/acme/oauth/revoke");
    let answer = Agent::new().post(&revoke, &[("token", &after)]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(company.status(&after).await, 401);
    assert_eq!(
        company.status(&before).await,
        401,
        "the sign-in has ended as a whole"
    );
    assert!(manager.refresh_token().await.is_err());
    let ended = company.acts("sign-in-ended").await;
    assert!(
        ended[0]
            .detail
            .as_deref()
            .expect("why")
            .starts_with("revoked by the client")
    );
    for unknown in ["nonsense", "gg_AAAA"] {
        let answer = Agent::new().post(&revoke, &[("token", unknown)]).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_prints_the_address_to_register_and_what_is_wrong() {
    let company = Company::start().await;
    let config = company.gateway.config();
    let found = gateway::serve::check(&config).await.expect("a check");
    assert_eq!(found.errors, [""; 0]);
    let (base, issuer) = (&company.base, company.provider.issuer());
    assert_eq!(
        found.notes[0],
        format!(
            "tenants.acme.sign_in: register the redirect address {base}/t/acme/oauth/callback, \
             and for the administrator's page {base}/admin/oauth/callback/acme, at {issuer}; \
             AI clients connect to {base}/t/acme/mcp, and those with static tokens to \
             {base}/t/acme/token/mcp"
        )
    );
    let key = company.gateway.folder.0.join("index-key");
    std::fs::write(key, "too short").expect("it is written");
    let found = gateway::serve::check(&config).await.expect("a check");
    let errors = found.errors.join("\n");
    assert!(
        errors.contains("tenants.acme.sign_in: key: file:"),
        "{errors}"
    );
    assert!(
        errors.contains("64 hexadecimal digits are expected"),
        "{errors}"
    );
    assert!(!errors.contains("too short"), "{errors}");
}
