//! The router, request by request.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::{self, Body};
use axum::http::{HeaderMap, Method, Request};
use sandbox::Tool;
use sandbox::{Annotations, Classification, Effect};
use tower::ServiceExt as _;

use super::*;
use crate::config::TokenHash;
use crate::store::{AuditFilter, AuditRow, CallResult, CallRow, CallStart, State as ToolState};

const HOST: &str = "gateway.example";
const ORIGIN: &str = "https://gateway.example";

/// What an outsider writes who hopes for a careless page.
const HOSTILE: &str =
    "</td><script>alert(1)</script><img src=x onerror=alert(1)>\" onmouseover=\"alert(1)";

/// An administrator's page with two tenants, and a folder that goes with it.
struct Gateway {
    app: Router,
    store: Store,
    config: Arc<ArcSwap<Config>>,
    folder: PathBuf,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn tool(name: &str, effect: Effect, description: &str) -> Tool {
    let classification = match effect {
        Effect::Read | Effect::MeteredRead => vec![Classification::Read],
        Effect::Write | Effect::Outreach => vec![Classification::Write],
        Effect::Destructive => vec![Classification::Destructive, Classification::Dangerous],
    };
    Tool {
        name: name.to_owned(),
        title: format!("Title of {name}"),
        description: description.to_owned(),
        input_schema: r#"{"type":"object","properties":{"call":{"type":"string"}}}"#.to_owned(),
        output_schema: r#"{"type":"object"}"#.to_owned(),
        toolset: "calls".to_owned(),
        effect,
        scopes: vec!["api:calls:read:basic".to_owned()],
        annotations: Annotations {
            read_only_hint: effect == Effect::Read,
            destructive_hint: effect == Effect::Destructive,
            idempotent_hint: true,
            open_world_hint: true,
        },
        default: true,
        classification,
        operations: vec!["GET /v2/calls".to_owned()],
    }
}

fn tools() -> Vec<Tool> {
    vec![
        tool("gong_erase_person", Effect::Destructive, "Erases a person."),
        tool("gong_grant_access", Effect::Write, HOSTILE),
        tool(
            "gong_list_calls",
            Effect::Read,
            "Lists calls. And says more about it.",
        ),
    ]
}

fn toml(ada: &str) -> String {
    let mut toml = format!(
        "state = \"gateway.db\"\n\
         [listen]\nhosts = [\"{HOST}\"]\n\
         [admins.ada]\ntoken = \"{}\"\n\
         [admins.bo]\ntoken = \"{}\"\ntenants = [\"acme\"]\n",
        TokenHash::of(ada),
        TokenHash::of("bo's token")
    );
    for tenant in ["acme", "globex"] {
        write!(
            toml,
            "[tenants.{tenant}]\ngong = \"https://{tenant}.api.gong.io\"\n\
             credentials = {{ access_key = \"env:KEY\", access_key_secret = \"env:SECRET\" }}\n\
             [tenants.{tenant}.users.mia]\ntoken = \"{}\"\n\
             [tenants.{tenant}.toolsets]\nfixed = [\"gong_list_calls\"]\n\
             [tenants.{tenant}.profiles.analysts]\ntoolsets = [\"read-only\"]\nusers = [\"mia\"]\n",
            TokenHash::of(tenant)
        )
        .unwrap();
    }
    toml
}

fn config(ada: &str) -> Config {
    Config::parse("gateway.toml", &toml(ada), Path::new("")).unwrap()
}

impl Gateway {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("gateway-page-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let store = Store::open(&folder.join("gateway.db")).unwrap();
        let config = config("ada's token");
        store.declare(&config).unwrap();
        store.discover(&tools()).unwrap();
        let config = Arc::new(ArcSwap::from_pointee(config));
        let quota = store.clone();
        let state = PageState::new(
            store.clone(),
            Arc::new(Governance::new(&store).unwrap()),
            Arc::clone(&config),
            move |tenant| quota.quota(tenant, "2026-11-24".parse().unwrap()),
        );
        Self {
            app: Router::new().nest("/admin", router(state)),
            store,
            config,
            folder,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn signed_in(&self, token: &str) -> Browser<'_> {
        let mut browser = Browser {
            gateway: self,
            cookies: Vec::new(),
            csrf: String::new(),
        };
        let answer = browser.post("/sign-in", &[("token", token)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let page = browser.get("").await;
        let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap();
        browser.csrf = csrf.split('"').next().unwrap().to_owned();
        browser
    }

    fn state_of(&self, tenant: &str, tool: &str) -> ToolState {
        self.store.tool(tenant, tool).unwrap().tool.state
    }

    fn acts(&self) -> Vec<String> {
        let rows = self.store.query_audit(&AuditFilter::default()).unwrap();
        rows.into_iter()
            .filter_map(|row| match row {
                AuditRow::Act(act) if act.via == "page" => Some(format!(
                    "{} {} {} {}",
                    act.actor,
                    act.act,
                    act.tenant.unwrap_or_default(),
                    act.subject.unwrap_or_default()
                )),
                _ => None,
            })
            .collect()
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Keeps cookies, as browsers do.
struct Browser<'g> {
    gateway: &'g Gateway,
    cookies: Vec<(String, String)>,
    csrf: String,
}

impl Browser<'_> {
    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(format!("/admin{path}"))
            .header("host", HOST)
            .header("cookie", cookies.join("; "))
    }

    async fn send(&mut self, request: Request<Body>) -> Answer {
        let answer = self.gateway.send(request).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(one, _)| one != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Posts what the page itself would.
    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let fields = [&[("csrf", &*csrf)], fields].concat();
        self.post_raw(path, &fields, &[("origin", ORIGIN)]).await
    }

    async fn post_raw(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.extend_pairs(fields).finish();
        let mut request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(form.into()).unwrap()).await
    }
}

#[tokio::test]
async fn a_token_opens_a_session_and_nothing_else_does() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let cookie = browser.cookies[0].1.clone();
    assert!(
        browser
            .get("")
            .await
            .text
            .contains("Signed in as</span> ada")
    );
    for path in [
        "",
        "/t/acme/tools",
        "/audit",
        "/audit.jsonl",
        "/t/acme/users/mia",
    ] {
        let stranger = Request::get(format!("/admin{path}")).header("host", HOST);
        let answer = gateway.send(stranger.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("location"), "/admin/sign-in", "{path}");
        assert_eq!(answer.text, "");
    }
    // Neither does a cookie that somebody made up, nor the hash in the store.
    let hash = TokenHash::of(&cookie).to_string();
    for made_up in ["x", "", &"A".repeat(43), &hash] {
        browser.cookies[0].1 = made_up.to_owned();
        let answer = browser.get("").await;
        assert_eq!(answer.header("location"), "/admin/sign-in");
    }
    browser.cookies = vec![("gong-gateway-admin".to_owned(), cookie.clone())];
    assert_eq!(browser.get("/sign-in").await.header("location"), "/admin");
    browser.post("/sign-out", &[]).await;
    assert!(browser.cookies.is_empty());
    browser.cookies = vec![("gong-gateway-admin".to_owned(), cookie)];
    assert_eq!(browser.get("").await.header("location"), "/admin/sign-in");
    assert_eq!(gateway.acts(), ["ada sign-out  ", "ada sign-in  "]);
}

#[tokio::test]
async fn the_cookie_is_of_this_page_alone() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let enter = |origin| [("origin", origin)];
    let fields = [("token", "ada's token")];
    let answer = browser.post_raw("/sign-in", &fields, &enter(ORIGIN)).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.ends_with("; Path=/admin; Max-Age=28800; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
    let plain = enter("http://gateway.example");
    let answer = browser.post_raw("/sign-in", &fields, &plain).await;
    assert!(answer.header("set-cookie").ends_with("SameSite=Strict"));
}

#[tokio::test]
async fn a_session_ends_with_the_administrators_token_and_entry() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let renewed = config("ada's new token");
    gateway.store.declare(&renewed).unwrap();
    gateway.config.store(Arc::new(renewed));
    assert_eq!(browser.get("").await.header("location"), "/admin/sign-in");

    let mut browser = gateway.signed_in("ada's new token").await;
    let mut gone = config("ada's new token");
    gone.admins.remove("ada");
    gateway.config.store(Arc::new(gone));
    assert_eq!(browser.get("").await.header("location"), "/admin/sign-in");
}

#[tokio::test(start_paused = true)]
async fn failed_sign_ins_are_slow_limited_and_in_the_audit_without_the_token() {
    let gateway = Gateway::new();
    let mut browser = Browser {
        gateway: &gateway,
        cookies: Vec::new(),
        csrf: String::new(),
    };
    let start = tokio::time::Instant::now();
    for _ in 0..10 {
        let answer = browser.post("/sign-in", &[("token", "gg_wrong")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text.contains("No administrator has this token."));
        assert!(!answer.text.contains("gg_wrong"));
    }
    assert!(start.elapsed().as_secs() >= 10);
    let answer = browser.post("/sign-in", &[("token", "ada's token")]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=60).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
    let acts = gateway.acts();
    assert_eq!(acts, vec!["unknown sign-in-refused  "; 10]);
    let mut lines = Vec::new();
    gateway
        .store
        .export_audit(&AuditFilter::default(), &mut lines)
        .unwrap();
    assert!(!String::from_utf8(lines).unwrap().contains("gg_wrong"));
}

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
            ToolState::Pending
        );
    }
    let rebound = Request::get("/admin").header("host", "evil.example");
    let answer = gateway.send(rebound.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
    let answer = ada.post_raw(path, &fields(&own), &good).await;
    assert_eq!(answer.header("location"), "/admin/t/acme/tools");
    assert_eq!(
        gateway.state_of("acme", "gong_list_calls"),
        ToolState::Approved
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
        ToolState::Approved
    );

    // The audit: nothing of the other tenant, nothing of all.
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
async fn several_tools_are_decided_on_at_once_and_grave_ones_twice() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let page = browser.get("/t/acme/tools?state=pending").await.text;
    let keys: BTreeSet<&str> = page
        .split("name=\"tool\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| key.contains('@')), "{keys:?}");
    let fields: Vec<(&str, &str)> = keys
        .iter()
        .map(|key| ("shown", *key))
        .chain([
            ("all", "yes"),
            ("decision", "approve"),
            ("back", "?state=pending"),
        ])
        .collect();
    let asked = browser.post("/t/acme/tools", &fields).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.text.contains("Approve these 3 tools?"));
    assert_eq!(
        gateway.state_of("acme", "gong_list_calls"),
        ToolState::Pending
    );
    let mut confirmed: Vec<(&str, &str)> = keys.iter().map(|key| ("tool", *key)).collect();
    confirmed.extend([
        ("confirmed", "yes"),
        ("decision", "approve"),
        ("back", "?state=pending"),
    ]);
    let done = browser.post("/t/acme/tools", &confirmed).await;
    assert_eq!(done.header("location"), "/admin/t/acme/tools?state=pending");
    let told = browser.get("/t/acme/tools?state=pending").await.text;
    assert!(told.contains("Approved: gong_erase_person, gong_grant_access, gong_list_calls."));
    assert!(
        !browser
            .get("/t/acme/tools")
            .await
            .text
            .contains("Approved: ")
    );
    assert_eq!(
        gateway.state_of("acme", "gong_erase_person"),
        ToolState::Approved
    );
    assert_eq!(
        gateway.state_of("globex", "gong_erase_person"),
        ToolState::Pending
    );
    let acts = gateway.acts();
    assert!(
        acts.contains(&"ada approve acme gong_erase_person".to_owned()),
        "{acts:?}"
    );
}

#[tokio::test]
async fn a_tool_that_changed_since_it_was_shown_is_not_approved() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let page = browser.get("/t/acme/tools/gong_list_calls").await.text;
    let key = page.split("name=\"tool\" value=\"").nth(1).unwrap();
    let key = key.split('"').next().unwrap().to_owned();
    let fields = [("tool", &*key), ("from", "tool"), ("decision", "approve")];
    let done = browser.post("/t/acme/tools", &fields).await;
    assert_eq!(
        done.header("location"),
        "/admin/t/acme/tools/gong_list_calls"
    );

    let mut changed = tools();
    changed[2].description = "Lists calls. Then mails them.".to_owned();
    gateway.store.discover(&changed).unwrap();
    let answer = browser.post("/t/acme/tools", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text.contains("has changed meanwhile"),
        "{}",
        answer.text
    );
    assert_eq!(
        gateway.state_of("acme", "gong_list_calls"),
        ToolState::Pending
    );
    let page = browser.get("/t/acme/tools/gong_list_calls").await.text;
    assert!(
        page.contains("<del>− Lists calls. And says more about it.</del>"),
        "{page}"
    );
    assert!(page.contains("<ins>+ Lists calls. Then mails them.</ins>"));
}

#[tokio::test]
async fn tools_are_filtered_and_sorted() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let mut names = async |query: &str| {
        let page = browser.get(&format!("/t/acme/tools{query}")).await.text;
        let names = page.split("class=\"tool-name\"").skip(1);
        let names = names.map(|rest| rest.split(['>', '<']).nth(1).unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    let all = "gong_erase_person gong_grant_access gong_list_calls";
    assert_eq!(names("").await, all);
    assert_eq!(names("?sort=nonsense&effect=").await, all);
    assert_eq!(
        names("?sort=-name").await,
        "gong_list_calls gong_grant_access gong_erase_person"
    );
    assert_eq!(
        names("?sort=effect").await,
        "gong_list_calls gong_grant_access gong_erase_person"
    );
    assert_eq!(
        names("?classification=DANGEROUS").await,
        "gong_erase_person"
    );
    assert_eq!(names("?text=CALLS+more").await, "gong_list_calls");
    assert_eq!(
        names("?effect=write&state=pending&toolset=calls").await,
        "gong_grant_access"
    );
    assert_eq!(names("?state=approved").await, "");
}

#[tokio::test]
async fn classes_are_set_and_given_back() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let path = "/t/acme/tools/gong_grant_access/classify";
    let classes = || {
        let row = gateway
            .store
            .tool("acme", "gong_grant_access")
            .unwrap()
            .tool;
        let classes = row.classification.iter().map(|class| class.as_str());
        (row.classified, classes.collect::<Vec<_>>().join(" "))
    };
    browser
        .post(
            path,
            &[
                ("kind", "WRITE"),
                ("class", "SENSITIVE"),
                ("class", "DANGEROUS"),
            ],
        )
        .await;
    assert_eq!(classes(), (true, "WRITE SENSITIVE DANGEROUS".to_owned()));
    for bad in [&[("kind", "READ")][..], &[], &[("kind", "HARMLESS")]] {
        let answer = browser.post(path, bad).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad:?}");
    }
    assert!(classes().0);
    browser
        .post(path, &[("kind", "WRITE"), ("own", "yes")])
        .await;
    assert_eq!(classes(), (false, "WRITE".to_owned()));
}

#[tokio::test]
async fn switches_need_a_reason_and_are_told() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let answer = browser
        .post("/t/acme/switch", &[("to", "off"), ("reason", " ")])
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (path, back) in [
        ("/switch", ""),
        ("/t/acme/switch", "/t/acme/quota"),
        (
            "/t/acme/tools/gong_list_calls/switch",
            "/t/acme/tools/gong_list_calls",
        ),
    ] {
        let off = browser
            .post(path, &[("to", "off"), ("reason", "wrong dates")])
            .await;
        assert_eq!(off.header("location"), format!("/admin{back}"));
        let page = browser.get(back).await.text;
        assert!(page.contains("Switched off: "), "{path}");
        assert!(
            page.contains("wrong dates") && page.contains("Switch on again"),
            "{path}"
        );
    }
    assert_eq!(gateway.store.switches().unwrap().len(), 3);
    let on = [("to", "on"), ("reason", "fixed")];
    browser.post("/switch", &on).await;
    browser.post("/t/acme/switch", &on).await;
    assert_eq!(gateway.store.switches().unwrap().len(), 1);
}

#[tokio::test]
async fn toolsets_and_profiles_are_made_changed_and_deleted() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let bad = browser
        .post(
            "/t/acme/toolsets",
            &[("name", "My Tools"), ("tool", "gong_list_calls")],
        )
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        bad.text.contains("my-tools") && bad.text.contains("value=\"My Tools\""),
        "{}",
        bad.text
    );
    assert!(bad.text.contains("value=\"gong_list_calls\" checked"));
    let made = browser
        .post(
            "/t/acme/toolsets",
            &[("name", "sales"), ("tool", "gong_list_calls")],
        )
        .await;
    assert_eq!(made.header("location"), "/admin/t/acme/toolsets");
    let twice = browser
        .post(
            "/t/acme/toolsets",
            &[("name", "sales"), ("tool", "gong_erase_person")],
        )
        .await;
    assert!(twice.text.contains("there already"), "{}", twice.text);
    let fields = [("name", "sellers"), ("toolset", "sales"), ("user", "mia")];
    browser.post("/t/acme/profiles", &fields).await;
    let profiles = gateway.store.profiles("acme").unwrap();
    assert_eq!(
        profiles.iter().map(|row| &*row.name).collect::<Vec<_>>(),
        ["analysts", "sellers"]
    );
    let page = browser.get("/t/acme/users/mia").await.text;
    assert!(
        page.contains("sellers") && page.contains("pending-review"),
        "{page}"
    );

    // What the file or nobody declares is shown and not changed.
    let page = browser.get("/t/acme/toolsets/one/fixed").await.text;
    assert!(page.contains("tenants.acme.toolsets.fixed") && !page.contains("name=\"was\""));
    let page = browser
        .get("/t/acme/toolsets/one/component%3Acalls")
        .await
        .text;
    assert!(
        page.contains("automatic") && !page.contains("name=\"was\""),
        "{page}"
    );
    let refused = browser
        .post(
            "/t/acme/toolsets",
            &[("was", "fixed"), ("tool", "gong_erase_person")],
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    let sure = |name| [("name", name), ("sure", "yes")];
    let used = browser
        .post("/t/acme/toolsets/delete", &sure("sales"))
        .await;
    assert!(used.text.contains("sellers"), "{}", used.text);
    assert_eq!(
        browser
            .post("/t/acme/profiles/delete", &[("name", "sellers")])
            .await
            .status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    browser
        .post("/t/acme/profiles/delete", &sure("sellers"))
        .await;
    browser
        .post("/t/acme/toolsets/delete", &sure("sales"))
        .await;
    assert!(
        gateway
            .store
            .toolsets("acme")
            .unwrap()
            .iter()
            .all(|row| row.name != "sales")
    );
}

fn call(n: u32, user: &str, result: CallResult) -> CallRow {
    CallRow {
        id: None,
        start: CallStart {
            at: jiff::Timestamp::now(),
            request_id: format!("request-{n}"),
            tenant: "acme".to_owned(),
            user: user.to_owned(),
            client: Some("Claude".to_owned()),
            client_version: Some("1.2".to_owned()),
            tool: "gong_list_calls".to_owned(),
        },
        result,
        code: None,
        reason: None,
        latency: std::time::Duration::from_millis(120),
        gong_requests: 2,
        bytes: 4_096,
        gong_request_ids: Vec::new(),
    }
}

#[tokio::test]
async fn the_audit_is_paged_filtered_and_downloaded() {
    let gateway = Gateway::new();
    let audit = gateway.store.audit();
    for n in 0..150 {
        let denied = n % 10 == 0;
        let result = if denied {
            CallResult::Denied
        } else {
            CallResult::Success
        };
        audit
            .finish(call(n, if denied { "noa" } else { "mia" }, result))
            .await
            .unwrap();
    }
    let mut browser = gateway.signed_in("ada's token").await;
    let first = browser.get("/audit?kind=call&tenant=acme").await.text;
    assert_eq!(first.matches("request-").count(), 100);
    let older = first
        .split("rel=\"next\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let older = older.replace("&#38;", "&").replace("&amp;", "&");
    let second = browser.get(&format!("/audit{older}")).await.text;
    assert_eq!(second.matches("request-").count(), 50);
    assert!(second.contains("request-0<") && !second.contains("rel=\"next\""));
    let denied = browser.get("/audit?user=noa&result=denied").await.text;
    assert_eq!(denied.matches("request-").count(), 15);
    for bad in ["since=yesterday", "before=x", "kind=tea", "result=fine"] {
        let answer = browser.get(&format!("/audit?{bad}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
    }
    let empty = browser.get("/audit?until=2020-01-01T00%3A00").await.text;
    assert!(empty.contains("Nothing is recorded"));
    let file = browser.get("/audit.jsonl?kind=call").await;
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"audit.jsonl\""
    );
    let lines: Vec<AuditRow> = file
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 150);

    // The same calls as a chart, and at a glance.
    let chart = browser.get("/t/acme/quota").await.text;
    assert!(
        chart.contains("300 requests to Gong by 150 calls"),
        "{chart}"
    );
    assert_eq!(chart.matches("<rect class=\"area\"").count(), 24);
    let days = browser.get("/t/acme/quota?span=days").await.text;
    assert_eq!(days.matches("<rect class=\"area\"").count(), 30);
    let row = browser.get("").await.text;
    assert!(
        row.contains("data-label=\"Calls today\" class=\"number\">150<"),
        "{row}"
    );
    assert!(row.contains(">15, 0<"));
}

#[tokio::test]
async fn a_form_has_a_size() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let answer = browser
        .post("/t/acme/tools", &[("tool", &"x".repeat(FORM))])
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_counts_agree_with_the_tools() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    for (tool, decision) in [
        ("gong_list_calls", "approve"),
        ("gong_grant_access", "disable"),
    ] {
        let fields = [("tool", tool), ("decision", decision)];
        browser.post("/t/acme/tools", &fields).await;
    }
    let mut changed = tools();
    changed[2].title = "Another".to_owned();
    gateway.store.discover(&changed[1..]).unwrap();
    let summary = &gateway.store.summaries(jiff::Timestamp::now()).unwrap()["acme"];
    for state in ToolState::ALL {
        let tools = gateway.store.tools("acme").unwrap();
        let count = tools.iter().filter(|tool| tool.state == state).count();
        let counted = summary.tools.get(&state).copied().unwrap_or(0);
        assert_eq!(counted, count as u64, "{state}");
    }
    assert_eq!(summary.tools.len(), 3);
}
