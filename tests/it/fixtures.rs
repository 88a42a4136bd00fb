//! `tests/fixtures/gong-…/*.json`: what a tool is called with, the exchanges with Gong that follow,
//! and its answer; `bad-arguments.json` is a table of arguments that are refused before anything is
//! sent. `src/testing/replay.rs` replays them natively and says what the members mean.

use std::collections::BTreeMap;

use fake_gong::{Exchange, Scripted};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::support::workspace;

/// One call of a tool.
pub(crate) struct Fixture {
    /// Such as `gong_get_call`.
    pub(crate) tool: String,
    /// Such as `gong_get_call/private-call`; of a row of a table what it is about.
    pub(crate) name: String,
    /// Whether it is a row of a table of bad arguments.
    pub(crate) bad_arguments: bool,
    /// What the component's clock shows.
    pub(crate) now: jiff::Timestamp,
    /// Settings beyond base URL and key.
    settings: BTreeMap<String, String>,
    pub(crate) arguments: Value,
    exchanges: Vec<Exchange>,
    /// The answer for a model; empty on an error.
    pub(crate) text: String,
    /// The same as JSON.
    pub(crate) structured: Option<Value>,
    /// The error instead.
    pub(crate) error: Option<String>,
}

impl Fixture {
    /// A server that plays Gong's part of it.
    pub(crate) async fn gong(&self) -> Scripted {
        let gong = Scripted::start(self.exchanges.clone()).await;
        gong.expect("a port is free")
    }

    /// The component's environment, with that server as Gong.
    pub(crate) fn variables(&self, gong: &Scripted) -> Vec<(String, String)> {
        let mut variables: Vec<(String, String)> = [
            ("GONG_BASE_URL", gong.base_url()),
            ("GONG_ACCESS_KEY", "key".to_owned()),
            ("GONG_ACCESS_KEY_SECRET", "secret".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        variables.extend(self.settings.clone());
        variables
    }

    /// What was requested otherwise than the fixture says, or without the access key.
    pub(crate) fn difference(&self, gong: Scripted) -> Option<String> {
        let requests = match gong.finish() {
            Ok(requests) => requests,
            Err(difference) => return Some(difference),
        };
        let basic = (
            "authorization".to_owned(),
            "Basic a2V5OnNlY3JldA==".to_owned(),
        );
        let without_key = requests
            .iter()
            .find(|request| !request.headers.contains(&basic))?;
        Some(format!("a request without the access key: {without_key:?}"))
    }
}

/// All fixtures, sorted by name.
pub(crate) fn fixtures() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for folder in std::fs::read_dir(workspace().join("tests/fixtures")).expect("fixtures") {
        let folder = folder.expect("a folder").path();
        let tool = folder.file_name().expect("a name").to_string_lossy();
        let tool = tool.replace('-', "_");
        for file in std::fs::read_dir(&folder).expect("files") {
            let file = file.expect("a file").path();
            let case = file.file_stem().expect("a name").to_string_lossy();
            let json = std::fs::read_to_string(&file).expect("a text");
            fixtures.extend(read(&tool, &case, &json));
        }
    }
    fixtures.sort_by(|one, other| one.name.cmp(&other.name));
    fixtures
}

/// The fixtures in a file: one, or the rows of a table.
fn read(tool: &str, case: &str, json: &str) -> Vec<Fixture> {
    let bad_arguments = case == "bad-arguments";
    let in_file: serde_json::Result<Vec<FixtureInFile>> = match bad_arguments {
        true => serde_json::from_str(json),
        false => serde_json::from_str(json).map(|one| vec![one]),
    };
    let in_file = in_file.unwrap_or_else(|error| panic!("{tool}/{case}: {error}"));
    let fixture = |one: FixtureInFile| Fixture {
        tool: tool.to_owned(),
        name: match bad_arguments {
            true => format!("{tool}: {}", one.about),
            false => format!("{tool}/{case}"),
        },
        bad_arguments,
        now: one
            .now
            .as_deref()
            .unwrap_or(NOW)
            .parse()
            .expect("an instant"),
        settings: one.settings,
        arguments: one.arguments,
        exchanges: one.exchanges.into_iter().map(Exchange::from).collect(),
        text: one.text.join("\n"),
        structured: one.structured,
        error: one.error,
    };
    in_file.into_iter().map(fixture).collect()
}

/// What the component's clock shows where a fixture does not set it.
const NOW: &str = "2026-11-23T12:00:00Z";

#[derive(Deserialize)]
struct FixtureInFile {
    about: String,
    now: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    arguments: Value,
    #[serde(default)]
    exchanges: Vec<ExchangeInFile>,
    #[serde(default)]
    text: Vec<String>,
    structured: Option<Value>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct ExchangeInFile {
    request: RequestInFile,
    response: ResponseInFile,
}

#[derive(Deserialize)]
struct RequestInFile {
    method: String,
    path: String,
    body: Option<Value>,
}

#[derive(Deserialize)]
struct ResponseInFile {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Raw, as ids of 20 digits do not survive a number type.
    body: Option<Box<RawValue>>,
    /// The name of a file in `tests/shared-bodies/` instead.
    shared_body: Option<String>,
}

impl ResponseInFile {
    fn body(&self) -> String {
        match (&self.body, &self.shared_body) {
            (Some(body), None) => body.get().to_owned(),
            (None, Some(name)) => {
                let file = workspace().join(format!("tests/shared-bodies/{name}.json"));
                std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{name}: {error}"))
            }
            _ => panic!("a response has a body or a shared_body"),
        }
    }
}

impl From<ExchangeInFile> for Exchange {
    fn from(written: ExchangeInFile) -> Self {
        let (path, query) = match written.request.path.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (written.request.path, None),
        };
        Self {
            method: written.request.method,
            path,
            query,
            body: written.request.body,
            status: written.response.status,
            answer: written.response.body(),
            headers: written.response.headers.into_iter().collect(),
        }
    }
}
