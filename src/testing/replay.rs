//! Replays the fixtures, `tests/fixtures/gong-…/*.json`: each has a tool's arguments, the exchanges with
//! Gong in their order, and the text and structure of the result. `bad-arguments.json` is a list of
//! fixtures whose arguments are refused before anything is sent. Bodies of responses that several
//! fixtures share are in `tests/shared-bodies/`. `BLESS=1` rewrites requests and results, never
//! responses. `tests/it/replay.rs` and `tests/it/typed_replay.rs` replay the same files through the
//! built components.

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    client::request::{Host, Request, Response},
    error::Error,
    mcp::call_tool,
    settings::Scheme,
    testing::tool_definitions::definition,
    time,
};

mod faults;

/// The sandbox's clock where a fixture does not set it.
pub(super) const NOW: &str = "2026-11-23T12:00:00Z";

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixture {
    /// What the case shows, in a sentence.
    pub(super) about: String,
    /// The sandbox's clock; [`NOW`] without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) now: Option<String>,
    /// Settings beyond base URL and key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) settings: BTreeMap<String, String>,
    pub(super) arguments: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) exchanges: Vec<Exchange>,
    /// The text for a model, line by line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) text: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) structured: Option<Value>,
    /// The error instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    request: ApiRequest,
    pub(super) response: ApiResponse,
}

#[derive(Deserialize, Serialize, Default, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiRequest {
    method: String,
    path: String,
    /// JSON; a body of another content type as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiResponse {
    pub(super) status: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<String, String>,
    /// Unparsed, as no number type holds ids of 20 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
    /// The name of a file in `tests/shared-bodies/` instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared_body: Option<String>,
}

impl ApiResponse {
    pub(super) fn body(&self) -> String {
        match (&self.body, &self.shared_body) {
            (Some(body), None) => body.get().to_owned(),
            (None, Some(name)) => {
                let file = shared_bodies().join(format!("{name}.json"));
                fs::read_to_string(file).unwrap_or_else(|error| panic!("{name}: {error}"))
            }
            _ => panic!("a response has a body or a shared_body"),
        }
    }
}

/// Answers requests with the responses of a fixture, in order, and records the requests.
struct FixtureHost<'f> {
    fixture: &'f Fixture,
    requests: RefCell<Vec<ApiRequest>>,
    elapsed: Cell<u64>,
}

impl Host for FixtureHost<'_> {
    fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        assert_eq!(
            (request.scheme, request.authority),
            (Scheme::Https, "acme.api.gong.io")
        );
        assert_eq!(request.timeout_seconds, 30);
        assert_eq!(request.authorization, Some("Basic a2V5OnNlY3JldA=="));
        let mut requests = self.requests.borrow_mut();
        requests.push(ApiRequest {
            method: request.method.name().into(),
            path: request.path.into(),
            body: request.body.map(|(content_type, body)| match content_type {
                "application/json" => serde_json::from_slice(body).expect("a JSON body"),
                _ => String::from_utf8_lossy(body).into(),
            }),
        });
        self.elapsed.set(self.elapsed.get() + 100);
        let Some(exchange) = self.fixture.exchanges.get(requests.len() - 1) else {
            return Err(Error::unreachable(
                "the fixture has no further response".into(),
            ));
        };
        let header = |name: &str| exchange.response.headers.get(name).cloned();
        Ok(Response {
            status: exchange.response.status,
            retry_after: header("retry-after"),
            location: header("location"),
            body: exchange.response.body().into(),
            ..Response::default()
        })
    }

    fn now(&self) -> i64 {
        let now = self.fixture.now.as_deref().unwrap_or(NOW);
        time::parse_instant(now).expect("an instant")
    }

    fn elapsed_ms(&self) -> u64 {
        self.elapsed.get()
    }

    fn pause(&self, milliseconds: u64) {
        self.elapsed.set(self.elapsed.get() + milliseconds);
    }

    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "GONG_BASE_URL" => Some("https://acme.api.gong.io".into()),
            "GONG_ACCESS_KEY" => Some("key".into()),
            "GONG_ACCESS_KEY_SECRET" => Some("secret".into()),
            other => self.fixture.settings.get(other).cloned(),
        }
    }
}

pub(super) fn cases() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let list = |folder: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<_> = fs::read_dir(folder)
            .expect("fixtures")
            .map(|entry| entry.expect("entry").path())
            .collect();
        paths.sort();
        paths
    };
    list(&root)
        .into_iter()
        .flat_map(|folder| {
            let tool = folder
                .file_name()
                .expect("name")
                .to_str()
                .expect("UTF-8")
                .replace('-', "_");
            list(&folder)
                .into_iter()
                .map(move |path| (tool.clone(), path))
        })
        .collect()
}

/// Whether a file is a list of fixtures whose arguments are refused before anything is sent.
pub(super) fn is_table(path: &Path) -> bool {
    path.ends_with("bad-arguments.json")
}

/// Whether the arguments are refused before anything is sent.
fn is_refused_at_once(fixture: &Fixture) -> bool {
    let error = fixture.error.as_deref().unwrap_or_default();
    fixture.exchanges.is_empty() && error.starts_with("Argument `")
}

/// The fixtures in a file: one, or those of a table.
pub(super) fn read(path: &Path, json: &str) -> Vec<Fixture> {
    let fixtures = match is_table(path) {
        true => serde_json::from_str(json),
        false => serde_json::from_str(json).map(|one| vec![one]),
    };
    fixtures.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shared_bodies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shared-bodies")
}

#[test]
fn every_fixture_is_replayed_as_written() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for (tool, path) in cases() {
        let name = format!(
            "{tool}/{}",
            path.file_name().expect("name").to_string_lossy()
        );
        let written = fs::read_to_string(&path).expect("fixture");
        let mut fixtures = read(&path, &written);
        for fixture in &mut fixtures {
            let name = match is_table(&path) {
                true => format!("{name} “{}”", fixture.about),
                false => name.clone(),
            };
            let host = FixtureHost {
                fixture,
                requests: RefCell::default(),
                elapsed: Cell::new(0),
            };
            let result = call_tool(&host, &tool, &fixture.arguments.to_string());
            let requests = host.requests.into_inner();
            let unsent = fixture.exchanges.len().saturating_sub(requests.len());
            if unsent > 0 {
                wrong.push(format!("{name}: {unsent} requests were never sent"));
            }
            if requests.len() > fixture.exchanges.len() {
                wrong.push(format!("{name}: no response to {:?}", requests.last()));
                continue;
            }
            let references = references(&fixture.exchanges[..requests.len()]);
            if result.references != references {
                wrong.push(format!(
                    "{name}: references {:?}, in the answers {references:?}",
                    result.references
                ));
            }
            for request in &requests {
                if !operations(&tool)
                    .iter()
                    .any(|operation| is_of(request, operation))
                {
                    wrong.push(format!(
                        "{name}: {} {} is none of the operations that the WIT states",
                        request.method, request.path
                    ));
                }
            }
            for (exchange, request) in fixture.exchanges.iter_mut().zip(requests) {
                if exchange.request != request && !bless {
                    wrong.push(format!(
                        "{name}: sent {request:?}\n  written {:?}",
                        exchange.request
                    ));
                }
                exchange.request = request;
            }
            let structured = result
                .structured
                .map(|json| serde_json::from_str(&json).expect("JSON"));
            let (text, error) = match result.is_error {
                true => (Vec::new(), Some(result.text)),
                false => (result.text.lines().map(str::to_owned).collect(), None),
            };
            if !bless
                && (text != fixture.text
                    || structured != fixture.structured
                    || error != fixture.error)
            {
                wrong.push(format!(
                    "{name}: the result is\n{}\n{structured:?}\n{error:?}",
                    text.join("\n")
                ));
            }
            (fixture.text, fixture.structured, fixture.error) = (text, structured, error);
            if is_table(&path) != is_refused_at_once(fixture) {
                wrong.push(format!(
                    "{name}: bad-arguments.json has what is refused at once, and only that"
                ));
            }
        }
        if bless {
            let blessed = match is_table(&path) {
                true => serde_json::to_string_pretty(&fixtures),
                false => serde_json::to_string_pretty(&fixtures[0]),
            };
            let blessed = blessed.expect("JSON") + "\n";
            if blessed != written {
                fs::write(&path, blessed).expect("fixture is written");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Gong's request ids in these responses, the last 20.
fn references(exchanges: &[Exchange]) -> Vec<String> {
    let mut references: Vec<String> = exchanges
        .iter()
        .filter_map(|exchange| {
            let body: Value = serde_json::from_str(&exchange.response.body()).ok()?;
            Some(body["requestId"].as_str()?.to_owned())
        })
        .collect();
    references.split_off(references.len().saturating_sub(20))
}

/// The operations that a tool's definition states.
fn operations(tool: &str) -> Vec<String> {
    serde_json::from_value(definition(tool)["operations"].clone()).expect("a list of texts")
}

/// Whether a request is for this operation, whose path may have placeholders.
fn is_of(request: &ApiRequest, operation: &str) -> bool {
    let path = request.path.split('?').next().unwrap_or_default();
    let Some((method, pattern)) = operation.split_once(' ') else {
        return false;
    };
    let (real, pattern): (Vec<&str>, Vec<&str>) =
        (path.split('/').collect(), pattern.split('/').collect());
    request.method == method
        && real.len() == pattern.len()
        && real
            .iter()
            .zip(&pattern)
            .all(|(real, pattern)| real == pattern || pattern.starts_with('{'))
}

#[test]
fn every_tool_has_a_fixture() {
    let cases = cases();
    for tool in crate::tools::TOOLS {
        assert!(
            cases.iter().any(|(name, _)| name == tool.name),
            "{} has no fixture",
            tool.name
        );
    }
}

#[test]
fn fixtures_are_as_many_as_they_were_and_share_bodies() {
    let (mut count, mut used) = (0, BTreeMap::<String, usize>::new());
    for (_, path) in cases() {
        let json = fs::read_to_string(&path).expect("fixture");
        for fixture in read(&path, &json) {
            count += 1;
            for exchange in fixture.exchanges {
                if let Some(name) = exchange.response.shared_body {
                    *used.entry(name).or_default() += 1;
                }
            }
        }
    }
    assert!(count >= 305, "only {count} fixtures");
    for file in fs::read_dir(shared_bodies()).expect("shared bodies") {
        let file = file.expect("entry").path();
        let name = file.file_stem().expect("name").to_string_lossy();
        let uses = used.get(&*name).copied().unwrap_or_default();
        assert!(uses >= 2, "tests/shared-bodies/{name}.json: {uses} uses");
    }
}
