//! Sends requests to the router. This module has what the tests share.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::body::{self, Body};
use axum::http::{HeaderMap, Method, Request};
use jiff::Timestamp;
use sandbox::Tool;
use sandbox::{Annotations, Classification, Effect};
use tower::ServiceExt as _;

use super::*;
use crate::clock::SteadyClock;
use crate::config::{Config, TokenHash, test_hash, test_token};
use crate::failed_tokens::FailedTokens;
use crate::governance::Governance;
use crate::store::{
    AuditFilter, AuditRow, CallResult, FinishedCall, ReviewState, StartedCall, Store, UserRequests,
};

mod accounts;
mod clients;
mod index;
mod protection;
mod sets_and_audit;
mod sign_in;
mod tools;

/// The SHA-256 of an invented component.
const DIGEST: &str = "c0ffee0000000000000000000000000000000000000000000000000000000001";
const HOST: &str = "gateway.example";
const ORIGIN: &str = "https://gateway.example";

/// A text that would do harm in a page that does not escape it.
const HOSTILE: &str =
    "</td><script>alert(1)</script><img src=x onerror=alert(1)>\" onmouseover=\"alert(1)";

/// An administrator's page with two tenants, and its folder.
struct Gateway {
    app: Router,
    store: Store,
    config: Arc<ArcSwap<Config>>,
    failed_tokens: FailedTokens,
    folder: PathBuf,
    clock: Arc<SteadyClock>,
    /// What the clock reads: the wall clock, and the monotonic time.
    time: Arc<Mutex<(Timestamp, Duration)>>,
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
        test_hash(ada),
        test_hash("bo's token")
    );
    for tenant in ["acme", "globex"] {
        write!(
            toml,
            "[tenants.{tenant}]\ngong = \"https://{tenant}.api.gong.io\"\n\
             credentials = {{ access_key = \"env:KEY\", access_key_secret = \"env:SECRET\" }}\n\
             [tenants.{tenant}.users.mia]\ntoken = \"{}\"\n\
             [tenants.{tenant}.toolsets]\nfixed = [\"gong_list_calls\"]\n\
             [tenants.{tenant}.profiles.analysts]\ntoolsets = [\"read-only\"]\nusers = [\"mia\"]\n",
            test_hash(&format!("{tenant}'s mia"))
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
        store.discover(&tools(), DIGEST).unwrap();
        let config = Arc::new(ArcSwap::from_pointee(config));
        let quota = store.clone();
        let time = Arc::new(Mutex::new((Timestamp::now(), Duration::ZERO)));
        let (wall, elapsed) = (Arc::clone(&time), Arc::clone(&time));
        let clock = Arc::new(SteadyClock::of(
            move || wall.lock().unwrap().0,
            move || elapsed.lock().unwrap().1,
            None,
        ));
        let state = PageState::new(
            store.clone(),
            Arc::new(Governance::new(&store).unwrap()),
            Arc::clone(&config),
            move |tenant| quota.quota(tenant, "2026-11-24".parse().unwrap()),
            Arc::clone(&clock),
        );
        let failed_tokens = FailedTokens::default();
        let state = state.count_failed_tokens(failed_tokens.clone());
        Self {
            app: Router::new().nest("/admin", router(state)),
            failed_tokens,
            store,
            config,
            folder,
            clock,
            time,
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

    /// Signs in with the token of this name.
    async fn signed_in(&self, token: &str) -> Browser<'_> {
        let mut browser = Browser {
            gateway: self,
            cookies: Vec::new(),
            csrf: String::new(),
        };
        let token = test_token(token);
        let answer = browser.post("/sign-in", &[("token", &token)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let page = browser.get("").await;
        let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap();
        browser.csrf = csrf.split('"').next().unwrap().to_owned();
        browser
    }

    fn state_of(&self, tenant: &str, tool: &str) -> ReviewState {
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

    /// Submits a form as the page itself would.
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
