//! The fixture conversations once more, through the built component and over real sockets: what
//! the native tests say of the code, this says of the artefact.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fake_gong::{Exchange, Scripted};
use sandbox::Env;
use sandbox::Run;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::support::{outbound, output_validator, sandbox, workspace};

#[derive(Deserialize)]
struct Conversation {
    now: String,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    arguments: Value,
    exchanges: Vec<Written>,
    #[serde(default)]
    text: Vec<String>,
    structured: Option<Value>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    request: Asked,
    response: Answer,
}

#[derive(Deserialize)]
struct Asked {
    method: String,
    path: String,
    body: Option<Value>,
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Box<RawValue>,
}

fn cases() -> Vec<(String, PathBuf)> {
    let mut cases = Vec::new();
    for folder in std::fs::read_dir(workspace().join("tests/fixtures")).expect("fixtures") {
        let folder = folder.expect("a folder").path();
        let name = folder.file_name().expect("a name").to_string_lossy();
        let tool = name.replace('-', "_");
        for case in std::fs::read_dir(&folder).expect("cases") {
            cases.push((tool.clone(), case.expect("a case").path()));
        }
    }
    cases.sort();
    cases
}

impl From<Written> for Exchange {
    fn from(written: Written) -> Self {
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
            headers: written.response.headers.into_iter().collect(),
            answer: written.response.body.get().to_owned(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_conversation_goes_the_same_through_the_component() {
    let cases = cases();
    assert!(cases.len() >= 16, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for (tool, path) in cases {
        let name = format!("{tool}/{}", path.file_name().expect("a name").display());
        let json = std::fs::read_to_string(&path).expect("a fixture");
        let case: Conversation = serde_json::from_str(&json).expect("a conversation");
        let exchanges: Vec<Exchange> = case.exchanges.into_iter().map(Exchange::from).collect();
        let gong = Scripted::start(exchanges).await.expect("it starts");
        let mut env = Env::from_iter([
            ("GONG_BASE_URL", gong.base_url().as_str()),
            ("GONG_ACCESS_KEY", "key"),
            ("GONG_ACCESS_KEY_SECRET", "secret"),
        ]);
        for (setting, value) in &case.settings {
            env.set(setting, value);
        }
        let now: jiff::Timestamp = case.now.parse().expect("an instant");
        let run = Run {
            env,
            outbound: outbound(&gong.base_url(), None),
            now: Some(now.try_into().expect("it is representable")),
            gate: None,
        };
        let arguments = case.arguments.to_string();
        let result = sandbox()
            .call_tool(&run, &tool, &arguments)
            .await
            .expect("no limit breaks");
        match gong.finish() {
            Ok(seen) => {
                for request in seen {
                    let basic = (
                        "authorization".to_owned(),
                        "Basic a2V5OnNlY3JldA==".to_owned(),
                    );
                    assert!(
                        request.headers.contains(&basic),
                        "{name}: {:?}",
                        request.headers
                    );
                }
            }
            Err(difference) => wrong.push(format!("{name}: {difference}")),
        }
        let structured: Option<Value> = result
            .structured
            .as_ref()
            .map(|json| serde_json::from_str(json.get()).expect("JSON"));
        let expected = case.error.unwrap_or_else(|| case.text.join("\n"));
        if result.text.trim_end_matches('\n') != expected || structured != case.structured {
            wrong.push(format!("{name}: {}\n{structured:?}", result.text));
        }
        if let Some(structured) = &structured
            && let Some(error) = output_validator(&tool).await.iter_errors(structured).next()
        {
            wrong.push(format!("{name}: {error} at {}", error.instance_path()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
