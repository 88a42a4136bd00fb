//! A company whose people sign in: a provider, a stand-in for Gong, and a gateway with two tenants.

use std::net::SocketAddr;

use fake_gong::FakeGong;
use gateway::store::{AuditFilter, AuditRow, AuditedAct, Store};
use http::Method;
use serde_json::{Value, json};

use super::agent::{Agent, Answer, form, query};
use super::provider::{CLIENT_ID, Provider};
use crate::support::{Setup, Tenant, TestGateway, options, stand_in};

/// Where the tests' clients are answered.
pub(crate) const REDIRECT: &str = "http://localhost:5151/callback";

/// A PKCE verifier, and its challenge.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Company {
    pub(crate) provider: Provider,
    pub(crate) gateway: TestGateway,
    /// The gateway's origin.
    pub(crate) base: String,
    pub(crate) gong: FakeGong,
    setup: String,
}

/// The tokens of a client.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) client: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) scope: String,
}

impl Company {
    /// A company where `sales` may read, and `ops` may do everything.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// As [`start`](Self::start), with more lines of `[tenants.acme.sign_in]`.
    pub(crate) async fn start_with(more: &str) -> Self {
        Self::start_as(Setup::default(), more).await
    }

    pub(crate) async fn start_as(setup: Setup, more: &str) -> Self {
        Self::start_behind(setup, more, |address| format!("http://{address}")).await
    }

    /// As the others, behind something that makes an origin of the gateway's address.
    pub(crate) async fn start_behind(
        setup: Setup,
        more: &str,
        front: impl FnOnce(SocketAddr) -> String,
    ) -> Self {
        Self::start_whole(setup, more, tenants, front).await
    }

    /// A gateway with the tenants that are made of a Gong, an issuer and `more`.
    pub(crate) async fn start_tenants(
        setup: Setup,
        more: &str,
        tenants: fn(&FakeGong, &str, &str) -> [(&'static str, Tenant); 2],
    ) -> Self {
        Self::start_whole(setup, more, tenants, |address| format!("http://{address}")).await
    }

    async fn start_whole(
        mut setup: Setup,
        more: &str,
        tenants: fn(&FakeGong, &str, &str) -> [(&'static str, Tenant); 2],
        front: impl FnOnce(SocketAddr) -> String,
    ) -> Self {
        let (gong, provider) = (stand_in(options()).await, Provider::start().await);
        provider.person("mia", &["sales"]);
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address: SocketAddr = free.local_addr().expect("it has an address");
        drop(free);
        let base = front(address);
        setup.address = Some(address);
        setup.top = setup.top.replace("{issuer}", &provider.issuer());
        setup.listen.push_str(&format!("public_url = \"{base}\"\n"));
        let tenants = tenants(&gong, &provider.issuer(), more);
        let gateway = TestGateway::start_with(setup, &tenants).await;
        Self {
            provider,
            gateway,
            base,
            gong,
            setup: more.to_owned(),
        }
    }

    /// Writes the configuration anew, with acme's sign-in at another issuer.
    pub(crate) fn write_with_issuer(&mut self, issuer: &str) {
        let tenants = tenants(&self.gong, issuer, &self.setup);
        self.gateway.write(&tenants);
    }

    /// Writes the configuration anew, with other lines at the top.
    pub(crate) fn rewrite_with_top(&mut self, top: &str) {
        top.clone_into(&mut self.gateway.setup.top);
        let issuer = self.provider.issuer();
        self.write_with_issuer(&issuer);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn resource(&self) -> String {
        self.url("/t/acme/mcp")
    }

    /// A client that registers itself.
    pub(crate) async fn register(&self) -> String {
        let metadata = json!({
            "client_name": "A client of the tests",
            "redirect_uris": [REDIRECT],
        });
        let answer = self.register_at("acme", &metadata).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["client_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    pub(crate) async fn register_at(&self, tenant: &str, metadata: &Value) -> Answer {
        let url = self.url(&format!("/t/{tenant}/oauth/register"));
        let headers = [("content-type", "application/json")];
        let body = metadata.to_string();
        Agent::new().send(Method::POST, &url, &headers, body).await
    }

    /// The address at which a client has somebody sign in.
    pub(crate) fn authorize(&self, client: &str, scope: &str) -> String {
        self.authorize_with(client, scope, &[])
    }

    /// The same with other parameters. An empty one is left out.
    pub(crate) fn authorize_with(
        &self,
        client: &str,
        scope: &str,
        others: &[(&str, &str)],
    ) -> String {
        let resource = self.resource();
        let usual = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", "the-client's-state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("resource", &resource),
        ];
        let kept = usual
            .into_iter()
            .filter(|(name, _)| others.iter().all(|(other, _)| other != name));
        let others = others
            .iter()
            .copied()
            .filter(|(_, value)| !value.is_empty());
        let fields: Vec<(&str, &str)> = kept.chain(others).collect();
        self.url(&format!("/t/acme/oauth/authorize?{}", form(&fields)))
    }

    /// Asks the token endpoint of acme.
    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.token_at("acme", fields).await
    }

    pub(crate) async fn token_at(&self, tenant: &str, fields: &[(&str, &str)]) -> Answer {
        let url = self.url(&format!("/t/{tenant}/oauth/token"));
        Agent::new().post(&url, fields).await
    }

    pub(crate) async fn redeem(&self, client: &str, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str) -> Answer {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
        ])
        .await
    }

    /// The code that a client gets when whoever is at the keyboard signs in.
    pub(crate) async fn code(&self, client: &str, scope: &str) -> String {
        let answered = Agent::new().walk(&self.authorize(client, scope), &[]).await;
        let answer = query(&answered);
        assert_eq!(answer["state"], "the-client's-state");
        assert_eq!(answer["iss"], self.url("/t/acme"));
        answer
            .get("code")
            .unwrap_or_else(|| panic!("no code: {answered}"))
            .clone()
    }

    /// Whoever is at the keyboard signs in with a new client.
    pub(crate) async fn sign_in(&self, scope: &str) -> Tokens {
        let client = self.register().await;
        let code = self.code(&client, scope).await;
        let answer = self.redeem(&client, &code).await;
        Tokens::of(&client, &answer)
    }

    /// Calls a method of MCP at an endpoint with a token.
    pub(crate) async fn mcp_at(
        &self,
        path: &str,
        token: &str,
        method: &str,
        params: Value,
    ) -> Answer {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let bearer = format!("Bearer {token}");
        let mut headers = vec![
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
            ("mcp-protocol-version", "2025-06-18"),
        ];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        let url = self.url(path);
        Agent::new()
            .send(Method::POST, &url, &headers, body.to_string())
            .await
    }

    /// How many tools a token shows.
    pub(crate) async fn tools(&self, token: &str) -> usize {
        let answer = self
            .mcp_at("/t/acme/mcp", token, "tools/list", json!({}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text.matches("\"inputSchema\"").count()
    }

    /// Calls a tool with a token.
    pub(crate) async fn call(&self, token: &str, tool: &str, arguments: Value) -> Answer {
        let params = json!({ "name": tool, "arguments": arguments });
        self.mcp_at("/t/acme/mcp", token, "tools/call", params)
            .await
    }

    /// The status with which a token is answered at acme's endpoint.
    pub(crate) async fn status(&self, token: &str) -> u16 {
        let answer = self
            .mcp_at("/t/acme/mcp", token, "tools/list", json!({}))
            .await;
        answer.status.as_u16()
    }

    /// Changes the state file as time would, and has the gateway read it anew.
    pub(crate) async fn change_state(&self, sql: &str) {
        let path = self.gateway.folder.0.join("gateway.db");
        let sql = format!("{sql}; UPDATE meta SET governance = governance + 1;");
        let changed = tokio::task::spawn_blocking(move || {
            let file = rusqlite::Connection::open(path).expect("the state file");
            file.busy_timeout(std::time::Duration::from_secs(5))
                .expect("set");
            file.execute_batch(&sql).expect("it is changed");
        });
        changed.await.expect("it ends");
    }

    /// Runs `work` on the gateway's store.
    pub(crate) async fn in_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> T {
        let store = self.gateway.server().gateway.store.clone();
        let done = tokio::task::spawn_blocking(move || work(&store));
        done.await.expect("it ends")
    }

    /// The acts of a name in the audit, oldest first.
    pub(crate) async fn acts(&self, act: &str) -> Vec<AuditedAct> {
        let store = self.gateway.server().gateway.store.clone();
        let filter = AuditFilter {
            limit: Some(1000),
            ..Default::default()
        };
        let rows = tokio::task::spawn_blocking(move || store.query_audit(&filter)).await;
        let rows = rows.expect("it ends").expect("the audit is read");
        let acts = rows.into_iter().filter_map(|row| match row {
            AuditRow::Act(one) if one.act == act => Some(one),
            _ => None,
        });
        let mut acts: Vec<AuditedAct> = acts.collect();
        acts.reverse();
        acts
    }
}

impl Tokens {
    pub(crate) fn of(client: &str, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.json();
        let text = |name: &str| body[name].as_str().expect(name).to_owned();
        assert_eq!(body["token_type"], "Bearer");
        Self {
            client: client.to_owned(),
            access: text("access_token"),
            refresh: text("refresh_token"),
            scope: text("scope"),
        }
    }
}

fn tenants(gong: &FakeGong, issuer: &str, more: &str) -> [(&'static str, Tenant); 2] {
    let sign_in = |tenant: &str, issuer: &str, more: &str| {
        format!(
            "[tenants.{tenant}.profiles.everything]\nusers = []\n\
             toolsets = [\"read-only\", \"component:meetings\", \"component:settings\", \"component:privacy\"]\n\
             [tenants.{tenant}.sign_in]\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT_ID}\"\n\
             client_secret = \"file:access-key-secret\"\nkey = \"file:index-key\"\n{more}\n\
             [tenants.{tenant}.sign_in.groups.sales]\nprofiles = [\"readers\"]\n\
             [tenants.{tenant}.sign_in.groups.ops]\nprofiles = [\"everything\"]\nadministrator = true"
        )
    };
    ["acme", "globex"].map(|tenant| {
        let more = if tenant == "acme" { more } else { "" };
        let issuer = sign_in(tenant, issuer, more);
        (tenant, Tenant::at(gong).with(&issuer))
    })
}
