//! What holds for the answers of all tools, whatever Gong sends: over all fixtures, and over fixtures
//! whose answers of Gong are damaged at random. `GONG_TOOLS_ROUNDS` says how often each is damaged; by
//! default it takes seconds.

use serde_json::{Value, json};
use std::{cell::Cell, collections::BTreeMap, fs, panic::AssertUnwindSafe};

use crate::{
    bindings::mcp::exports::gong::tools::mcp_tools::ToolResult,
    client::request::{Host, Request, Response},
    error::Error,
    mcp::call_tool,
    testing::{
        dice::Dice,
        replay::{Fixture, NOW, cases, read},
        tool_definitions::definition,
    },
    time,
    tools::TOOLS,
};

mod bounds;
mod long;

/// Answers with these bodies in their order, whatever is asked.
struct Bodies<'f> {
    fixture: &'f Fixture,
    bodies: &'f [String],
    sent: Cell<usize>,
    elapsed: Cell<u64>,
}

impl Host for Bodies<'_> {
    fn send(&self, _: &Request<'_>) -> Result<Response, Error> {
        let index = self.sent.replace(self.sent.get() + 1);
        self.elapsed.set(self.elapsed.get() + 100);
        let (Some(body), Some(exchange)) =
            (self.bodies.get(index), self.fixture.exchanges.get(index))
        else {
            return Err(Error::unreachable("there is no further response".into()));
        };
        Ok(Response {
            encoding: None,
            status: exchange.response.status,
            retry_after: exchange
                .response
                .headers
                .get("retry-after")
                .and_then(|seconds| seconds.parse().ok()),
            location: None,
            etag: None,
            body: body.as_bytes().to_vec(),
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

fn call(tool: &str, fixture: &Fixture, arguments: &Value, bodies: &[String]) -> ToolResult {
    let host = Bodies {
        fixture,
        bodies,
        sent: Cell::default(),
        elapsed: Cell::default(),
    };
    call_tool(&host, tool, &arguments.to_string())
}

/// All fixtures, with the names of their tools and files.
fn fixtures() -> Vec<(String, String, Fixture)> {
    let mut all = Vec::new();
    for (tool, path) in cases() {
        let json = fs::read_to_string(&path).expect("a fixture");
        let file = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        for fixture in read(&path, &json) {
            all.push((tool.clone(), format!("{tool}/{file}"), fixture));
        }
    }
    all
}

fn bodies(fixture: &Fixture) -> Vec<String> {
    let exchanges = fixture.exchanges.iter();
    exchanges.map(|exchange| exchange.response.body()).collect()
}

fn validators() -> BTreeMap<&'static str, jsonschema::Validator> {
    let validator = |tool: &str| jsonschema::draft202012::new(&definition(tool)["outputSchema"]);
    let tools = TOOLS.iter();
    tools
        .map(|tool| (tool.name, validator(tool.name).expect("a schema is valid")))
        .collect()
}

/// What is wrong with a result.
fn broken(validator: &jsonschema::Validator, result: &ToolResult) -> Option<String> {
    if result.is_error {
        return result
            .text
            .is_empty()
            .then(|| "an error without a text".to_owned());
    }
    let structured = result.structured.as_deref().unwrap_or_default();
    let structured: Value = serde_json::from_str(structured).expect("JSON");
    let error = validator.iter_errors(&structured).next()?;
    Some(format!("{error} at {}", error.instance_path()))
}

#[test]
fn every_answer_fits_its_output_schema() {
    let validators = validators();
    let broken: Vec<String> = fixtures()
        .iter()
        .filter_map(|(tool, name, fixture)| {
            let result = call(tool, fixture, &fixture.arguments, &bodies(fixture));
            Some(format!(
                "{name}: {}",
                broken(&validators[tool.as_str()], &result)?
            ))
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Gong documents no member as always there and sends null for what is empty.
#[test]
fn damaged_answers_of_gong_keep_the_contract() {
    let rounds = std::env::var("GONG_TOOLS_ROUNDS").ok();
    let rounds: u64 = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(8);
    let validators = validators();
    let (mut wrong, mut answers) = (Vec::new(), 0);
    for (number, (tool, name, fixture)) in fixtures().iter().enumerate() {
        for round in 0..rounds {
            let mut dice = Dice::new(number as u64 * 1_000_003 + round);
            let damaged: Vec<String> = bodies(fixture)
                .iter()
                .map(|body| damage(&mut dice, body))
                .collect();
            let run = || call(tool, fixture, &fixture.arguments, &damaged);
            let problem = match std::panic::catch_unwind(AssertUnwindSafe(run)) {
                Err(_) => Some("it panics".to_owned()),
                Ok(result) => {
                    answers += usize::from(!result.is_error);
                    broken(&validators[tool.as_str()], &result)
                }
            };
            wrong.extend(problem.map(|problem| format!("{name}, round {round}: {problem}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(answers > 50 * rounds as usize, "only {answers} answers");
}

/// A body with one to four values removed, emptied or of another type.
fn damage(dice: &mut Dice, body: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    for _ in 0..=dice.below(4) {
        let mut at = &mut value;
        // From the outside inwards, until the dice stop at something.
        loop {
            let size = match at {
                Value::Object(members) => members.len(),
                Value::Array(items) => items.len(),
                _ => 0,
            };
            if size == 0 {
                *at = odd(dice);
                break;
            }
            let index = dice.below(size);
            let stop = dice.one_in(4);
            let removes = dice.one_in(3);
            at = match at {
                Value::Object(members) => {
                    let key = members.keys().nth(index).expect("a key").clone();
                    if stop && removes {
                        members.remove(&key);
                        break;
                    }
                    &mut members[&key]
                }
                Value::Array(items) => &mut items[index],
                _ => unreachable!("it has something in it"),
            };
            if stop {
                *at = odd(dice);
                break;
            }
        }
    }
    value.to_string()
}

fn odd(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0..=3 => Value::Null,
        4 => "".into(),
        5 => json!([]),
        6 => json!({}),
        7 => [
            json!(4_294_967_296_u64),
            json!(-1),
            json!(0.5),
            json!(1e300),
        ][dice.below(4)]
        .clone(),
        8 => "x|y\n\u{202e}".into(),
        _ => dice.one_in(2).into(),
    }
}

/// Each token in an answer names its tool, so that it is refused elsewhere.
#[test]
fn every_token_names_its_tool() {
    let mut tokens = 0;
    for (tool, name, fixture) in fixtures() {
        let short = tool.trim_start_matches("gong_");
        let structured = fixture.structured.unwrap_or_default();
        for member in ["resume", "more_rows"] {
            if let Some(token) = structured[member].as_str() {
                tokens += 1;
                let rest = token
                    .strip_prefix(short)
                    .unwrap_or_else(|| panic!("{name}: {token}"));
                assert!(
                    rest.starts_with(['?', '#']) && rest.contains('#'),
                    "{name}: {token}"
                );
            }
        }
    }
    assert!(tokens >= 15, "{tokens}");
}
