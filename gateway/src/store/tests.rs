//! What the tests of the store share.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sandbox::Tool;
use sandbox::{Annotations, Classification, Effect as ToolEffect};

use super::*;
use crate::clock::SteadyClock;
use crate::config::{Config, Files, FreshToken, Profile, Review, TokenHash, test_hash};
use crate::governance::{DenialCode, Governance};

mod access;
mod audit;
mod chain;
mod declared;
mod file;
mod index;
mod review;
mod sign_in;

/// A folder of its own, deleted when dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "gateway-store-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("gateway.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn tool(name: &str, toolset: &str, effect: ToolEffect, classes: &[Classification]) -> Tool {
    Tool {
        name: name.to_owned(),
        title: name.to_uppercase(),
        description: format!("Does {name}."),
        input_schema: r#"{"type":"object"}"#.to_owned(),
        output_schema: r#"{"type":"object"}"#.to_owned(),
        toolset: toolset.to_owned(),
        effect,
        scopes: vec!["api:x:read".to_owned()],
        annotations: Annotations {
            read_only_hint: true,
            destructive_hint: false,
            idempotent_hint: true,
            open_world_hint: true,
        },
        default: true,
        classification: classes.to_vec(),
        operations: vec!["GET /v2/x".to_owned()],
    }
}

/// The SHA-256 of an invented component.
const DIGEST: &str = "c0ffee0000000000000000000000000000000000000000000000000000000001";

pub(crate) fn tools() -> Vec<Tool> {
    use Classification as C;
    vec![
        tool(
            "ask",
            "ai",
            ToolEffect::MeteredRead,
            &[C::Read, C::Sensitive],
        ),
        tool(
            "erase",
            "privacy",
            ToolEffect::Destructive,
            &[C::Destructive],
        ),
        tool("grant", "calls", ToolEffect::Write, &[C::Write]),
        tool(
            "search",
            "calls",
            ToolEffect::Read,
            &[C::Read, C::Sensitive],
        ),
    ]
}

fn config(more: &str) -> Config {
    let token = |n: &str| test_hash(n).to_string();
    let text = format!(
        r#"
[admins.ada]
token = "{}"
[tenants.acme]
gong = "https://acme.api.gong.io"
credentials = {{ access_key = "env:A", access_key_secret = "env:B" }}
users.mia.token = "{}"
users.tom.token = "{}"
{more}
[tenants.globex]
gong = "https://globex.api.gong.io"
credentials = {{ access_key = "env:A", access_key_secret = "env:B" }}
users.pat.token = "{}"
"#,
        token("ada"),
        token("mia"),
        token("tom"),
        token("pat")
    );
    Config::parse("gateway.toml", &text, Path::new("")).unwrap()
}

fn ada() -> Actor {
    Actor::new("ada", Via::Page)
}

/// Two tenants, discovered, everything pending.
fn store(folder: &Folder) -> Store {
    let store = Store::open(&folder.file()).unwrap();
    store.declare(&config("")).unwrap();
    store.discover(&tools(), DIGEST).unwrap();
    store
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn states(store: &Store) -> String {
    let tools = store.tools("acme").unwrap();
    let states: Vec<String> = tools
        .iter()
        .map(|tool| format!("{} {}", tool.name, tool.state))
        .collect();
    states.join(", ")
}

fn sentence<T: std::fmt::Debug>(refused: Result<T, StoreError>) -> String {
    match refused.unwrap_err() {
        StoreError::Refused(sentence) => sentence,
        StoreError::Failed(why) => panic!("{why}"),
    }
}

fn start(user: &str, tool: &str) -> StartedCall {
    StartedCall {
        at: Timestamp::now(),
        request_id: "r-1".to_owned(),
        trace_id: None,
        tenant: "acme".to_owned(),
        user: user.to_owned(),
        client: Some("claude".to_owned()),
        client_version: Some("1.0".to_owned()),
        sign_in: None,
        client_id: None,
        owner: None,
        tool: tool.to_owned(),
    }
}

fn row(id: Option<CallId>, user: &str, tool: &str, result: CallResult) -> FinishedCall {
    FinishedCall {
        id,
        start: start(user, tool),
        result,
        code: None,
        reason: None,
        latency: Duration::from_millis(12),
        gong_requests: 2,
        bytes: 3_000,
        gong_request_ids: names(&["g1", "g2"]),
    }
}
