//! The registry of AI clients: what is known of them, and what becomes of those that nobody uses.

use std::collections::BTreeSet;

use gateway::store::sign_in::{
    ClientChange, ClientKind, ClientState, RegisteredClient, Registration,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::agent::Agent;
use super::company::{Company, REDIRECT, Tokens};
use crate::support::{ada, fail, succeed, until};

/// A day, in the state file.
const DAY: i64 = 24 * 60 * 60 * 1000;

impl Company {
    /// The clients of acme.
    pub(crate) async fn registry(&self) -> Vec<RegisteredClient> {
        self.in_store(|store| store.registry("acme").expect("clients"))
            .await
    }

    async fn client(&self, id: &str) -> Option<RegisteredClient> {
        let all = self.registry().await;
        all.into_iter().find(|row| row.client.id == id)
    }

    /// Changes a client as an administrator does.
    async fn change_client(&self, id: &str, change: ClientChange) {
        let id = id.to_owned();
        let changed = self.in_store(move |store| store.change_client(&ada(), "acme", &id, &change));
        changed.await.expect("it is changed");
    }

    /// Makes all clients idle for longer, and settles what becomes of them.
    async fn idle_for(&self, millis: i64) {
        let sql = format!("UPDATE sign_in_clients SET last_used_at = last_used_at - {millis}");
        self.change_state(&sql).await;
        self.settle().await;
    }

    async fn settle(&self) {
        let config = &self.gateway.server().gateway.tenants.live().config;
        let idle = config.tenants["acme"].clients.idle;
        let now = Timestamp::now();
        let settled = self.in_store(move |store| store.settle_idle_clients("acme", idle, now));
        settled.await.expect("they are settled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_known_with_its_owner_its_hosts_and_its_use() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    let evil =
        json!({ "client_name": "Evil\u{202e}", "redirect_uris": ["https://evil.example/cb"] });
    for _ in 0..2 {
        let refused = company.register_at("acme", &evil).await;
        assert_eq!(refused.error(), "invalid_redirect_uri");
    }
    let other = company.authorize_with("https://evil.example/client.json", "", &[]);
    assert_eq!(Agent::new().get(&other).await.status, 400);
    // A program with a token of the configuration.
    let program = company.gateway.client("acme/noa").await;
    succeed(&program, "gong_list_workspaces", json!({})).await;
    let token = |row: &RegisteredClient| row.client.registration == Registration::Token;
    until("uses and refusals are written", async || {
        let refused = company.in_store(|store| store.refused_clients("acme"));
        let refused = refused.await.expect("a list").len() == 2;
        refused && company.registry().await.iter().any(token)
    })
    .await;
    let known = company.client(&mia.client).await.expect("it is there");
    let client = &known.client;
    assert_eq!(client.registration, Registration::Dynamic);
    assert_eq!(client.kind, ClientKind::Personal);
    assert_eq!(client.owner.as_deref(), Some("mia@acme.example"));
    assert_eq!(client.publisher, None);
    assert_eq!(known.connections, 1);
    assert!(known.redirect_hosts.contains("this computer"));
    assert!(client.first_used_at.is_some() && client.state == ClientState::Active);
    let program = company.registry().await.into_iter().find(token);
    let program = program.expect("it is there").client;
    assert!(program.id.starts_with("token:noa:"), "{}", program.id);
    assert_eq!(program.owner.as_deref(), Some("noa"));
    assert_eq!(program.kind, ClientKind::Personal);
    let refused = company.in_store(|store| store.refused_clients("acme"));
    let mut refused = refused.await.expect("a list");
    refused.sort_by_key(|one| one.registration);
    assert_eq!(refused[0].name, "https://evil.example/client.json");
    assert!(refused[0].reason.contains("not admitted here"));
    assert_eq!((&*refused[1].name, refused[1].count), ("Evil", 2));
    assert!(
        refused[1].reason.contains("evil.example is not admitted"),
        "{}",
        refused[1].reason
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_two_people_is_shared_unless_it_must_not_be() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    company.provider.person("olga", &["sales"]);
    let code = company.code(&mia.client, "tools:read").await;
    let olga = Tokens::of(&mia.client, &company.redeem(&mia.client, &code).await);
    let shared = company.client(&mia.client).await.expect("it is there");
    assert_eq!(
        (shared.client.kind, shared.client.owner, shared.connections),
        (ClientKind::Shared, None, 2)
    );
    let only = ClientChange {
        kind: Some(ClientKind::Personal),
        owner: Some("mia@acme.example".to_owned()),
        idle: None,
    };
    company.change_client(&mia.client, only).await;
    assert_eq!(company.status(&olga.access).await, 200, "she is signed in");
    let authorize = company.authorize(&mia.client, "tools:read");
    let answered = Agent::new().walk(&authorize, &[]).await;
    assert!(answered.contains("error=access_denied"), "{answered}");
    assert!(answered.contains("another+person"), "{answered}");
    company.provider.person("mia", &["sales"]);
    company.code(&mia.client, "tools:read").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_idle_is_hidden_then_closed_then_deleted() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    let state = async || {
        let client = company.client(&mia.client).await;
        client.map(|row| row.client.state)
    };
    company.idle_for(DAY - 60_000).await;
    assert_eq!(state().await, Some(ClientState::Active));
    company.idle_for(60_000).await;
    assert_eq!(state().await, Some(ClientState::Hidden));
    // Hidden is not closed, and a use brings it back.
    assert_eq!(company.status(&mia.access).await, 200);
    until("the use is written", async || {
        state().await == Some(ClientState::Active)
    })
    .await;
    company.idle_for(7 * DAY + 60_000).await;
    assert_eq!(state().await, Some(ClientState::Closed));
    assert_eq!(company.status(&mia.access).await, 401);
    let refused = company.refresh(&mia.client, &mia.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
    let ended = company.acts("sign-in-ended").await.pop().expect("an act");
    let why = ended.detail.expect("why");
    assert!(why.starts_with("nobody has used the client"), "{why}");
    let closed = company.acts("client-closed").await.pop().expect("an act");
    assert_eq!(closed.subject.as_deref(), Some(&*mia.client));
    // Whoever signs in anew uses it again.
    let code = company.code(&mia.client, "tools:read").await;
    let again = Tokens::of(&mia.client, &company.redeem(&mia.client, &code).await);
    assert_eq!(state().await, Some(ClientState::Active));
    // An administrator may give a client longer.
    let longer = ClientChange {
        idle: Some(gateway::store::sign_in::IdleOverride {
            closed: Some(SignedDuration::from_hours(60 * 24).unsigned_abs()),
            ..Default::default()
        }),
        ..ClientChange::default()
    };
    company.change_client(&mia.client, longer).await;
    company.idle_for(8 * DAY).await;
    assert_eq!(state().await, Some(ClientState::Hidden));
    assert_eq!(company.status(&again.access).await, 200);
    until("the use is written", async || {
        state().await == Some(ClientState::Active)
    })
    .await;
    company.idle_for(91 * DAY).await;
    assert_eq!(state().await, None);
    assert_eq!(company.status(&again.access).await, 401);
    assert_eq!(company.acts("client-deleted").await.len(), 1);
    let authorize = company.authorize_with(&mia.client, "", &[("redirect_uri", REDIRECT)]);
    let page = Agent::new().get(&authorize).await;
    assert!(page.text.contains("let it register anew"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenants_own_times_hold() {
    let company = Company::start_as(
        crate::support::Setup::default(),
        "[tenants.acme.clients]\nhidden_after = \"1h\"\nclosed_after = \"2h\"",
    )
    .await;
    let mia = company.sign_in("tools:read").await;
    company.idle_for(2 * 60 * 60 * 1000).await;
    let client = company.client(&mia.client).await.expect("it is there");
    assert_eq!(client.client.state, ClientState::Closed);
    assert_eq!(company.status(&mia.access).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_that_may_not_call_are_told_so_and_see_nothing() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    let all = company.tools(&mia.access).await;
    let allow = async |tool: Option<&'static str>, kinds: &[ClientKind]| {
        let kinds: BTreeSet<ClientKind> = kinds.iter().copied().collect();
        let allowed =
            company.in_store(move |store| store.allow_kinds(&ada(), "acme", tool, &kinds));
        allowed.await.expect("it is set");
    };
    let workspaces = "gong_list_workspaces";
    allow(Some(workspaces), &[ClientKind::Shared]).await;
    assert_eq!(company.tools(&mia.access).await, all - 1);
    let call = || company.call(&mia.access, workspaces, json!({}));
    let text = call().await.text;
    assert!(
        text.contains("may be called by AI clients of kind shared only, and this one is personal"),
        "{text}"
    );
    let row = company.gateway.audit().await.pop().expect("a row");
    assert_eq!(row.code.as_deref(), Some("client-kind"));
    // As a shared client it may, from the next call on.
    let shared = ClientChange {
        kind: Some(ClientKind::Shared),
        ..ClientChange::default()
    };
    company.change_client(&mia.client, shared).await;
    assert_eq!(company.tools(&mia.access).await, all);
    assert!(!call().await.text.contains("may be called by"));
    // Of the tenant as a whole, also for programs with tokens of the configuration.
    allow(None, &[ClientKind::Shared, ClientKind::Service]).await;
    assert_eq!(company.tools(&mia.access).await, all);
    let noa = company.gateway.client("acme/noa").await;
    assert!(noa.list_all_tools().await.expect("a list").is_empty());
    let text = fail(&noa, workspaces, json!({})).await;
    assert!(
        text.contains("Tools of acme may be called by AI clients of kind shared, service only"),
        "{text}"
    );
    let program = async || {
        let all = company.registry().await.into_iter();
        let mut ids = all.map(|row| row.client.id);
        ids.find(|id| id.starts_with("token:noa:"))
    };
    until("the program is known", async || program().await.is_some()).await;
    let service = ClientChange {
        kind: Some(ClientKind::Service),
        ..ClientChange::default()
    };
    let id = program().await.expect("it is known");
    company.change_client(&id, service).await;
    // The tool itself is for shared ones only.
    assert_eq!(noa.list_all_tools().await.expect("a list").len(), all - 1);
    allow(None, ClientKind::ALL).await;
    allow(Some(workspaces), ClientKind::ALL).await;
    succeed(&noa, workspaces, json!({})).await;
    let acts = company.acts("allow-kinds").await;
    assert_eq!(acts[0].subject.as_deref(), Some(workspaces));
    assert_eq!(acts[1].detail.as_deref(), Some("shared, service"));
}
