//! The pages of AI clients and of sign-ins.

use super::*;
use crate::sign_in::Scopes;
use crate::store::sign_in::{
    Begun, ClientKind, ClientRefusal, ClientRow, ClientUses, NewCode, NewGrant, Person,
    Registration, UsedClient,
};

const SIGN_IN: &str = r#"
[tenants.acme.sign_in]
issuer = "https://login.acme.example"
client_id = "gong-gateway"
client_secret = "env:A"
key = "env:B"
profiles = ["analysts"]
"#;

/// The client that registered itself.
const ID: &str = "0197-client";

impl Gateway {
    /// A gateway to whose acme people sign in, and somebody has, with a client of a hostile name.
    fn with_sign_in() -> Self {
        let gateway = Self::new();
        let text = toml("ada's token").replace(
            "[listen]\n",
            "[listen]\npublic_url = \"https://gateway.example\"\n",
        );
        let config = Config::parse("gateway.toml", &(text + SIGN_IN), Path::new("")).unwrap();
        gateway.store.declare(&config).unwrap();
        gateway.config.store(Arc::new(config));
        let now = Timestamp::now();
        let (dynamic, personal) = (Registration::Dynamic, ClientKind::Personal);
        let client = ClientRow {
            redirect_uris: vec!["https://client.example/cb".to_owned()],
            ..ClientRow::new(ID, dynamic, personal, HOSTILE, now)
        };
        gateway.store.register_client("acme", &client).unwrap();
        for n in 0..2 {
            gateway.sign_in(&format!("sign-in-{n}"), &client, now);
        }
        let mut uses = ClientUses::default();
        let program = UsedClient::Program {
            id: "token:mia:robot".to_owned(),
            name: "robot".to_owned(),
            user: "mia".to_owned(),
            kind: personal,
        };
        uses.used.insert(("acme".to_owned(), program), now);
        let refusal = ClientRefusal {
            registration: dynamic,
            name: HOSTILE.to_owned(),
            reason: "evil.example is not admitted here".to_owned(),
        };
        uses.refused.insert(("acme".to_owned(), refusal), (3, now));
        gateway.store.store_client_uses(&uses).unwrap();
        gateway
    }

    fn sign_in(&self, id: &str, client: &ClientRow, now: Timestamp) {
        let new = NewGrant {
            id: id.to_owned(),
            tenant: "acme".to_owned(),
            client: client.clone(),
            person: Person {
                issuer: "https://login.acme.example".to_owned(),
                subject: "olga".to_owned(),
                email: Some("olga@acme.example".to_owned()),
                groups: BTreeSet::new(),
            },
            resource: "https://gateway.example/t/acme/mcp".to_owned(),
            scopes: Scopes::first(),
            ends_at: now + Duration::from_secs(3600),
            provider_token: None,
            code: NewCode {
                hash: TokenHash::of(id),
                redirect_uri: "https://client.example/cb".to_owned(),
                challenge: String::new(),
                expires_at: now,
            },
        };
        let begun = self.store.begin_sign_in(&new, now).unwrap();
        assert_eq!(begun, Begun::Yes);
    }
}

#[tokio::test]
async fn clients_are_listed_with_what_is_known_and_refusals_with_the_reason() {
    let gateway = Gateway::with_sign_in();
    let mut browser = gateway.signed_in("ada's token").await;
    let page = browser.get("/t/acme/clients").await.text;
    assert!(!page.contains("<script>"), "{page}");
    for text in [
        "its registration",
        "client.example",
        "olga@acme.example",
        "robot",
        "its own word, with a token of gateway.toml",
        "evil.example is not admitted here",
        "Yes, end 2 sign-ins",
        "hidden after 1 day, its sign-ins end after 7 days, and it is deleted after 90 days",
    ] {
        assert!(page.contains(text), "{text} is not in\n{page}");
    }
    let idle = gateway.config.load().tenants["acme"].clients.idle;
    let later = Timestamp::now() + 2 * Duration::from_secs(24 * 60 * 60);
    gateway
        .store
        .settle_idle_clients("acme", idle, later)
        .unwrap();
    let page = browser.get("/t/acme/clients").await.text;
    assert!(page.contains("2 idle") && !page.contains("robot"), "{page}");
    let page = browser.get("/t/acme/clients?all=yes").await.text;
    assert!(page.contains("robot") && page.contains("hidden"), "{page}");
    // Of other tenants nothing is shown.
    let mut bo = gateway.signed_in("bo's token").await;
    assert_eq!(
        bo.get("/t/globex/clients").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_client_is_changed_stopped_and_removed() {
    let gateway = Gateway::with_sign_in();
    let mut browser = gateway.signed_in("ada's token").await;
    let one = format!("/t/acme/clients/one?id={ID}");
    let page = browser.get(&one).await.text;
    assert!(page.contains("olga@acme.example") && page.contains("Kill switch: this client"));
    assert_eq!(
        browser.get("/t/acme/clients/one?id=none").await.status,
        StatusCode::NOT_FOUND
    );
    let change = format!("/t/acme/clients/change?id={ID}");
    let client = || gateway.store.sign_in_client("acme", ID).unwrap().unwrap();
    for (fields, why) in [
        (vec![("owner", "nobody")], "no user"),
        (vec![("closed", "0")], "no number of days"),
        (
            vec![("hidden", "9"), ("closed", "8")],
            "no later than closed",
        ),
        (
            vec![("kind", "private")],
            "known are personal, shared, service",
        ),
    ] {
        let answer = browser.post(&change, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(answer.text.contains(why), "{}", answer.text);
    }
    let fields = [("kind", "personal"), ("owner", "mia"), ("closed", "30")];
    let answer = browser.post(&change, &fields).await;
    assert_eq!(answer.header("location"), format!("/admin{one}"));
    assert_eq!(client().owner.as_deref(), Some("mia"));
    assert_eq!(
        client().idle.closed,
        Some(30 * Duration::from_secs(24 * 60 * 60))
    );
    assert!(!client().kind_set, "the form has it without being asked");
    browser.post(&change, &[("kind", "shared")]).await;
    assert!(client().kind_set && client().kind == ClientKind::Shared);
    assert_eq!(client().idle.closed, None);

    let switch = format!("/t/acme/clients/switch?id={ID}");
    browser
        .post(&switch, &[("to", "off"), ("reason", "stolen")])
        .await;
    let page = browser.get(&one).await.text;
    assert!(
        page.contains("stolen") && page.contains("Switch on again"),
        "{page}"
    );
    browser
        .post(&switch, &[("to", "on"), ("reason", "found")])
        .await;
    assert!(gateway.store.switches().unwrap().is_empty());

    let remove = format!("/t/acme/clients/remove?id={ID}");
    let unsure = browser.post(&remove, &[]).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.post(&remove, &[("sure", "yes")]).await;
    assert!(gateway.store.sign_in_client("acme", ID).unwrap().is_none());
    let client = format!("client {ID}");
    assert_eq!(
        gateway.acts(),
        [
            &*format!("ada remove-client acme {ID}"),
            &*format!("ada switch-on acme {client}"),
            &*format!("ada switch-off acme {client}"),
            &*format!("ada change-client acme {ID}"),
            &*format!("ada change-client acme {ID}"),
            "ada sign-in  ",
        ]
    );
}

#[tokio::test]
async fn sign_ins_end_one_by_one_or_all_and_users_are_stopped() {
    let gateway = Gateway::with_sign_in();
    let mut browser = gateway.signed_in("ada's token").await;
    let user = "/t/acme/users/olga%40acme.example";
    let page = browser.get(user).await.text;
    assert_eq!(page.matches("name=\"connection\"").count(), 2, "{page}");
    let fields = [
        ("connection", "sign-in-0"),
        ("back", "https://evil.example/"),
    ];
    let answer = browser.post("/t/acme/clients/revoke", &fields).await;
    assert_eq!(answer.header("location"), "/admin/t/acme/clients");
    let page = browser.get(user).await.text;
    assert_eq!(page.matches("name=\"connection\"").count(), 1);
    let unsure = browser.post("/t/acme/clients/revoke", &[]).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    let all = browser
        .post("/t/acme/clients/revoke", &[("sure", "yes")])
        .await;
    assert_eq!(all.status, StatusCode::SEE_OTHER);
    assert!(browser.get(user).await.text.contains("None goes on."));
    let switch = format!("{user}/switch");
    browser
        .post(&switch, &[("to", "off"), ("reason", "lost laptop")])
        .await;
    let page = browser.get(user).await.text;
    assert!(
        page.contains("lost laptop") && page.contains("switched-off-user"),
        "{page}"
    );
    // Bo manages acme only.
    let mut bo = gateway.signed_in("bo's token").await;
    let answer = bo
        .post("/t/globex/clients/revoke", &[("sure", "yes")])
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn kinds_are_ticked_for_the_tenant_and_for_a_tool() {
    let gateway = Gateway::with_sign_in();
    let mut browser = gateway.signed_in("ada's token").await;
    let fields = [("kind", "personal"), ("kind", "shared")];
    let answer = browser.post("/t/acme/clients/kinds", &fields).await;
    assert_eq!(answer.header("location"), "/admin/t/acme/clients");
    let page = browser.get("/t/acme/clients").await.text;
    assert_eq!(page.matches("name=\"kind\"").count(), 3);
    assert!(
        page.contains("value=\"shared\" checked") && !page.contains("value=\"service\" checked")
    );
    let tool = "/t/acme/tools/gong_list_calls";
    browser
        .post(&format!("{tool}/kinds"), &[("kind", "service")])
        .await;
    let page = browser.get(tool).await.text;
    assert!(
        page.contains("value=\"service\" checked") && !page.contains("value=\"shared\" checked")
    );
    let allowed = gateway.store.allowed_kinds("acme").unwrap();
    assert_eq!(
        allowed.tools["gong_list_calls"],
        [ClientKind::Service].into()
    );
    let none = browser.post(&format!("{tool}/kinds"), &[]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text.contains("use the kill switch"), "{}", none.text);
    let elsewhere = browser.post("/t/globex/tools/nothing/kinds", &fields).await;
    assert_eq!(elsewhere.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn people_are_shown_with_their_last_sign_in_and_removed() {
    let gateway = Gateway::with_sign_in();
    let mut browser = gateway.signed_in("ada's token").await;
    let page = browser.get("/t/acme/users").await.text;
    let today = Timestamp::now().strftime("%F").to_string();
    assert!(
        page.contains("olga@acme.example") && page.contains(&today),
        "{page}"
    );
    let user = "/t/acme/users/olga%40acme.example";
    let page = browser.get(user).await.text;
    assert!(page.contains("<dt>Signed in</dt>") && page.contains("none that gateway.toml names"));
    assert!(
        !browser
            .get("/t/acme/users/mia")
            .await
            .text
            .contains("<dt>Signed in</dt>")
    );
    let remove = format!("{user}/remove");
    let unsure = browser.post(&remove, &[]).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = browser.post(&remove, &[("sure", "yes")]).await;
    assert_eq!(answer.header("location"), "/admin/t/acme/users");
    assert!(gateway.store.signed_in_users("acme").unwrap().is_empty());
    let declared = browser
        .post("/t/acme/users/mia/remove", &[("sure", "yes")])
        .await;
    assert_eq!(declared.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_audit_shows_sign_in_and_client_and_is_filtered_by_client() {
    let gateway = Gateway::with_sign_in();
    for (user, client, sign_in) in [
        ("olga@acme.example", Some(ID), Some("sign-in-0")),
        ("mia", None, None),
    ] {
        let row = FinishedCall {
            id: None,
            start: StartedCall {
                at: Timestamp::now(),
                request_id: format!("request of {user}"),
                trace_id: None,
                tenant: "acme".to_owned(),
                user: user.to_owned(),
                client: Some("robot".to_owned()),
                client_version: None,
                sign_in: sign_in.map(str::to_owned),
                client_id: client.map(str::to_owned),
                owner: None,
                tool: "gong_list_calls".to_owned(),
            },
            result: CallResult::Success,
            code: None,
            reason: None,
            latency: Duration::ZERO,
            gong_requests: 0,
            bytes: 0,
            gong_request_ids: Vec::new(),
        };
        let written = gateway.store.audit_writer().finish(row);
        written.await.unwrap();
    }
    let mut browser = gateway.signed_in("ada's token").await;
    let page = browser.get("/audit").await.text;
    assert!(
        page.contains(&format!("client {ID}")) && page.contains("sign-in sign-in-0"),
        "{page}"
    );
    let page = browser.get(&format!("/audit?client={ID}")).await.text;
    assert!(
        page.contains("request of olga") && !page.contains("request of mia"),
        "{page}"
    );
    assert!(page.contains(&format!("name=\"client\" value=\"{ID}\"")));
    // A program with a token is found by its name and its user.
    let one = browser
        .get("/t/acme/clients/one?id=token%3Amia%3Arobot")
        .await
        .text;
    assert!(one.contains("client=robot&#38;user=mia"), "{one}");
    let page = browser.get("/audit?client=robot&user=mia").await.text;
    assert!(
        page.contains("request of mia") && !page.contains("request of olga"),
        "{page}"
    );
}
