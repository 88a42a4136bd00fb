//! Kill switches of clients and users, and sign-ins that are revoked: from the next request on, and for
//! streams that are open.

use std::time::{Duration, Instant};

use fake_gong::Fault;
use gateway::store::KillSwitch;
use gateway::store::sign_in::ConnectionFilter;
use http::Method;
use serde_json::json;
use tokio::task::JoinHandle;

use super::agent::Agent;
use super::company::{Company, Tokens};
use crate::support::{ada, fail, succeed, until};

/// How long a stream may go on after it was stopped: it looks every second.
const SOON: Duration = Duration::from_secs(4);

impl Company {
    /// Switches something off or on.
    pub(crate) async fn switch(&self, switch: KillSwitch, on: bool) {
        let done = self.in_store(move |store| store.switch(&ada(), &switch, on, "an incident"));
        assert!(done.await.expect("it is switched"));
    }

    async fn revoke(&self, filter: ConnectionFilter) -> usize {
        let now = jiff::Timestamp::now();
        let revoked =
            self.in_store(move |store| store.revoke_connections(&ada(), "acme", &filter, now));
        revoked.await.expect("it is revoked")
    }

    /// Opens the stream of an older client. Its end ends the task.
    fn old_stream(&self, path: &str, token: &str) -> JoinHandle<u16> {
        let (url, bearer) = (self.url(path), format!("Bearer {token}"));
        tokio::spawn(async move {
            let headers = [
                ("accept", "text/event-stream"),
                ("mcp-protocol-version", "2025-06-18"),
                ("authorization", &*bearer),
            ];
            let mut agent = Agent::new();
            let answer = agent.send(Method::GET, &url, &headers, String::new());
            answer.await.status.as_u16()
        })
    }

    /// Opens the stream of a newer client.
    fn new_stream(&self, path: &str, token: &str) -> JoinHandle<u16> {
        let (url, bearer) = (self.url(path), format!("Bearer {token}"));
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
            "params": {
                "notifications": { "toolsListChanged": true },
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                    "io.modelcontextprotocol/clientInfo": { "name": "raw", "version": "0" },
                },
            },
        });
        tokio::spawn(async move {
            let headers = [
                ("content-type", "application/json"),
                ("accept", "application/json, text/event-stream"),
                ("mcp-protocol-version", "2026-07-28"),
                ("mcp-method", "subscriptions/listen"),
                ("authorization", &*bearer),
            ];
            let mut agent = Agent::new();
            let answer = agent.send(Method::POST, &url, &headers, body.to_string());
            answer.await.status.as_u16()
        })
    }
}

/// Both kinds of stream of a token, open for a while.
async fn streams(company: &Company, path: &str, token: &str) -> [JoinHandle<u16>; 2] {
    let streams = [
        company.old_stream(path, token),
        company.new_stream(path, token),
    ];
    tokio::time::sleep(Duration::from_millis(1500)).await;
    for stream in &streams {
        assert!(!stream.is_finished(), "it is open");
    }
    streams
}

/// Waits for the ends of streams.
async fn end(streams: [JoinHandle<u16>; 2]) {
    for stream in streams {
        let status = tokio::time::timeout(SOON, stream).await;
        assert_eq!(status.expect("it ends").expect("it is answered"), 200);
    }
}

async fn list_workspaces(company: &Company, tokens: &Tokens) -> String {
    let call = company.call(&tokens.access, "gong_list_workspaces", json!({}));
    call.await.text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_switched_off_is_stopped_with_the_reason() {
    let company = Company::start().await;
    let (mia, other) = (
        company.sign_in("tools:read").await,
        company.sign_in("tools:read").await,
    );
    let open = streams(&company, "/t/acme/mcp", &mia.access).await;
    let others = company.old_stream("/t/acme/mcp", &other.access);
    let switch = KillSwitch::Client("acme".to_owned(), mia.client.clone());
    company.switch(switch.clone(), false).await;
    let text = list_workspaces(&company, &mia).await;
    assert!(
        text.contains("This AI client is switched off since") && text.contains("an incident"),
        "{text}"
    );
    end(open).await;
    assert!(!others.is_finished(), "the person's other client goes on");
    assert!(
        !list_workspaces(&company, &other)
            .await
            .contains("switched off")
    );
    assert_eq!(company.tools(&mia.access).await, 0);
    let row = company.gateway.audit().await.into_iter();
    let denied = row.filter(|row| row.code.as_deref() == Some("switched-off-client"));
    assert_eq!(denied.count(), 1);
    // It gets no tokens, for a code or a refresh, and keeps what it has for later.
    let refused = company.refresh(&mia.client, &mia.refresh).await;
    assert_eq!(
        (refused.status.as_u16(), &*refused.error()),
        (403, "access_denied")
    );
    let page = Agent::new()
        .get(&company.authorize(&mia.client, "tools:read"))
        .await;
    assert!(
        page.text.contains("switched this client off"),
        "{}",
        page.text
    );
    company.switch(switch, true).await;
    assert!(
        !list_workspaces(&company, &mia)
            .await
            .contains("switched off")
    );
    Tokens::of(
        &mia.client,
        &company.refresh(&mia.client, &mia.refresh).await,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_switched_off_is_stopped_everywhere() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    let open = streams(&company, "/t/acme/mcp", &mia.access).await;
    let switch = KillSwitch::User("acme".to_owned(), "mia@acme.example".to_owned());
    company.switch(switch.clone(), false).await;
    let text = list_workspaces(&company, &mia).await;
    assert!(
        text.contains("User mia@acme.example is switched off"),
        "{text}"
    );
    end(open).await;
    // With a new client as well.
    let client = company.register().await;
    let authorize = company.authorize(&client, "tools:read");
    let answered = Agent::new().walk(&authorize, &[]).await;
    assert!(answered.contains("error=access_denied"), "{answered}");
    assert!(answered.contains("switched+this+user+off"), "{answered}");
    company.switch(switch, true).await;
    assert_eq!(company.status(&mia.access).await, 200);
    // A user of the configuration, whose programs can be stopped one by one.
    let noa = company.gateway.client("acme/noa").await;
    succeed(&noa, "gong_list_workspaces", json!({})).await;
    let user = KillSwitch::User("acme".to_owned(), "noa".to_owned());
    company.switch(user.clone(), false).await;
    let text = fail(&noa, "gong_list_workspaces", json!({})).await;
    assert!(text.contains("User noa is switched off"), "{text}");
    company.switch(user, true).await;
    let program = async || {
        let all = company.registry().await;
        let ids = all.into_iter().map(|row| row.client.id);
        ids.into_iter().find(|id| id.starts_with("token:noa:"))
    };
    until("the program is known", async || program().await.is_some()).await;
    let id = program().await.expect("it is known");
    company
        .switch(KillSwitch::Client("acme".to_owned(), id), false)
        .await;
    let text = fail(&noa, "gong_list_workspaces", json!({})).await;
    assert!(text.contains("This AI client is switched off"), "{text}");
    let token = company.gateway.token("acme/noa");
    let answer = company
        .mcp_at(
            "/mcp",
            &token,
            "tools/call",
            json!({"name": "gong_list_workspaces", "arguments": {}}),
        )
        .await;
    assert!(!answer.text.contains("switched off"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_ends_one_sign_in_those_of_a_client_or_all() {
    let company = Company::start().await;
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(company.sign_in("tools:read").await);
    }
    let connections = company.in_store(|store| {
        let now = jiff::Timestamp::now();
        store.connections("acme", &ConnectionFilter::default(), now)
    });
    let connections = connections.await.expect("a list");
    assert_eq!(connections.len(), 4);
    let status = async |n: usize| company.status(&all[n].access).await;
    let open = streams(&company, "/t/acme/mcp", &all[0].access).await;
    let first = connections.iter().find(|one| one.client == all[0].client);
    let one = ConnectionFilter {
        id: Some(first.expect("it is there").id.clone()),
        ..Default::default()
    };
    assert_eq!(company.revoke(one.clone()).await, 1);
    assert_eq!((status(0).await, status(1).await), (401, 200));
    end(open).await;
    let twice = company.in_store(move |store| {
        store.revoke_connections(&ada(), "acme", &one, jiff::Timestamp::now())
    });
    assert!(
        twice
            .await
            .expect_err("it has ended")
            .to_string()
            .contains("goes on")
    );
    let client = ConnectionFilter {
        client: Some(all[1].client.clone()),
        ..Default::default()
    };
    assert_eq!(company.revoke(client).await, 1);
    assert_eq!((status(1).await, status(2).await), (401, 200));
    let refused = company.refresh(&all[1].client, &all[1].refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
    assert_eq!(company.revoke(ConnectionFilter::default()).await, 2);
    assert_eq!((status(2).await, status(3).await), (401, 401));
    let acts = company.acts("revoke").await;
    let subjects: Vec<_> = acts.iter().filter_map(|act| act.subject.clone()).collect();
    assert!(subjects[0].starts_with("connection ") && subjects[1].starts_with("client "));
    assert_eq!(subjects[2], "all");
    assert_eq!(acts[2].actor, "ada");
    // Tokens of the configuration are no sign-ins.
    let token = company.gateway.token("acme/mia");
    let answer = company
        .mcp_at("/mcp", &token, "tools/list", json!({}))
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_runs_ends_with_its_user() {
    let company = Company::start().await;
    company
        .gong
        .fault("/v2/workspaces", Fault::Slow(Duration::from_secs(30)), None);
    let mia = company.sign_in("tools:read").await;
    let user = KillSwitch::User("acme".to_owned(), "mia@acme.example".to_owned());
    let call = list_workspaces(&company, &mia);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        company.switch(user, false).await;
        Instant::now()
    };
    let (text, switched) = tokio::join!(
        async {
            let text = call.await;
            (text, Instant::now())
        },
        stop
    );
    assert!(text.0.contains("is switched off"), "{}", text.0);
    assert!(text.1 - switched < SOON);
    let row = company.gateway.audit().await.pop().expect("a row");
    assert_eq!(row.code.as_deref(), Some("switched-off-user"));
}
