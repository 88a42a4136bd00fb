//! What holds for the answers of all tools, whatever Gong sends: over all fixtures, and over fixtures
//! whose answers of Gong are damaged at random. `GONG_TOOLS_ROUNDS` says how often each is damaged; by
//! default it takes seconds.

use serde_json::{Map, Value, json};
use std::{cell::Cell, collections::BTreeMap, fs, panic::AssertUnwindSafe};

use crate::{
    bindings::mcp::exports::gong::tools::mcp_tools::ToolResult,
    client::request::{Host, Request, Response},
    error::Error,
    mcp::call_tool,
    testing::{
        company::{Company, Size},
        dice::Dice,
        replay::{Fixture, NOW, cases, read},
        tool_definitions::definition,
    },
    time,
    tools::TOOLS,
};

/// Most bytes of an answer, text and structure together: C1's output size guard.
const MOST_BYTES: usize = 131_072;
/// Most tokens of an answer in one form: clients cut longer ones.
const MOST_TOKENS: usize = 25_000;

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

/// The same of long answers about a whole company.
#[test]
fn long_structures_stay_near_their_text() {
    let company = Company::new(Size {
        calls: 500,
        days: 90,
        accounts: 5,
        outsiders: 60,
        users: 40,
    });
    company.indexed.set(false);
    let account = company.account_names.borrow()[0].clone();
    let mut long = Vec::new();
    for (tool, arguments) in [
        ("gong_get_account", json!({ "account": account })),
        (
            "gong_get_account",
            json!({ "account": Company::account_id(1), "limit": 50 }),
        ),
        ("gong_list_deals", json!({ "from": "60d" })),
        (
            "gong_search_calls",
            json!({ "account": account, "limit": 100 }),
        ),
        (
            "gong_count_calls",
            json!({ "by": ["host", "week"], "limit": 200 }),
        ),
        ("gong_count_calls", json!({ "by": ["account"] })),
        ("gong_list_users", json!({ "limit": 100 })),
    ] {
        let result = call_tool(&company, tool, &arguments.to_string());
        is_within_bounds(tool, &result);
        let structured = result
            .structured
            .unwrap_or_else(|| panic!("{tool}: {}", result.text));
        let (text, bytes) = (result.text.len(), structured.len());
        if text > 1_000 && bytes * 10 > text * 17 {
            let structured: Map<String, Value> = serde_json::from_str(&structured).expect("JSON");
            let parts = structured
                .iter()
                .map(|(name, part)| format!("{name} {}", part.to_string().len()));
            let parts: Vec<String> = parts.collect();
            long.push(format!(
                "{tool} {arguments}: {bytes} bytes of structure ({}), {text} of text",
                parts.join(", ")
            ));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// A model is shown either form, and pays for both where a client shows both.
#[test]
fn the_structured_form_is_little_longer_than_the_text() {
    let mut long = Vec::new();
    for (_, name, fixture) in fixtures() {
        let text = fixture.text.join("\n").len();
        let Some(structured) = fixture.structured.filter(|_| text > 2_000) else {
            continue;
        };
        let structured = structured.to_string().len();
        if structured * 10 > text * 17 {
            long.push(format!(
                "{name}: {structured} bytes of structure, {text} of text"
            ));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// About what a model counts: four letters of Latin script a token, else a character.
fn tokens(text: &str) -> usize {
    let wide = text.chars().filter(|c| *c >= '\u{2e80}').count();
    let narrow = text.chars().filter(|c| *c < '\u{2e80}').map(char::len_utf8);
    wide + narrow.sum::<usize>() / 4
}

fn is_within_bounds(name: &str, result: &ToolResult) {
    let structured = result.structured.as_deref().unwrap_or_default();
    let bytes = result.text.len() + structured.len();
    assert!(bytes <= MOST_BYTES, "{name}: {bytes} bytes");
    for form in [result.text.as_str(), structured] {
        let tokens = tokens(form);
        assert!(tokens <= MOST_TOKENS, "{name}: {tokens} tokens");
    }
}

/// Values of these members are replaced, at any depth, as C1's redaction of fields does it.
fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match is_personal(name) {
                true => (name.clone(), "***REDACTED***".into()),
                false => (name.clone(), redacted(value)),
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(redacted).collect(),
        other => other.clone(),
    }
}

fn is_personal(name: &str) -> bool {
    ["name", "email", "phone"].contains(&name)
}

/// The members of a schema, at any depth.
fn members<'s>(schema: &'s Value, visit: &mut dyn FnMut(&'s str, &'s Value)) {
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        visit(name, member);
        members(member, visit);
    }
    for inner in [&schema["items"], &schema["additionalProperties"]] {
        if inner.is_object() {
            members(inner, visit);
        }
    }
    for inner in schema["prefixItems"].as_array().into_iter().flatten() {
        members(inner, visit);
    }
}

/// The hooks of ConductorOne's gateway: redaction of fields by name, `limit` of at most 100, and
/// answers of at most 128 KiB.
#[test]
fn hooks_of_a_gateway_leave_calls_and_answers_whole() {
    let validators = validators();
    for (tool, name, fixture) in &fixtures() {
        let validator = &validators[tool.as_str()];
        let result = call(tool, fixture, &fixture.arguments, &bodies(fixture));
        is_within_bounds(name, &result);
        if let Some(structured) = &result.structured {
            let structured = redacted(&serde_json::from_str(structured).expect("JSON"));
            assert!(validator.is_valid(&structured), "{name}: {structured}");
        }
        if fixture.structured.is_none()
            || definition(tool)["inputSchema"]["properties"]["limit"].is_null()
        {
            continue;
        }
        let mut capped = fixture.arguments.clone();
        capped["limit"] = capped["limit"].as_u64().unwrap_or(100).min(100).into();
        let result = call(tool, fixture, &capped, &bodies(fixture));
        // Of tools whose most rows are fewer, more than 100 were refused anyway.
        let takes_fewer = result
            .text
            .starts_with("Argument `limit`: 100 is not from 1 to ");
        assert!(!result.is_error || takes_fewer, "{name}: {}", result.text);
    }
    for tool in TOOLS {
        let definition = definition(tool.name);
        members(&definition["outputSchema"], &mut |name, member| {
            let is_free = ["format", "pattern", "enum"]
                .iter()
                .all(|word| member[word].is_null());
            assert!(
                !is_personal(name) || (is_free && member["type"] == "string"),
                "{}: {name} {member}",
                tool.name
            );
        });
        members(&definition["inputSchema"], &mut |name, member| {
            let is_capped = ["limit", "page_size", "count", "max_results"].contains(&name);
            assert!(
                !is_capped || name == "limit",
                "{}: {name} {member}",
                tool.name
            );
        });
    }
    // A recording gets to Gong without its bytes in the arguments, which a guard may refuse.
    let create = definition("gong_create_call");
    assert_eq!(
        create["inputSchema"]["properties"]["download_media_url"]["type"],
        "string"
    );
}

/// Two hours of somebody who speaks Japanese without a break, read to the end.
#[test]
fn a_long_call_in_japanese_comes_in_pages_that_clients_show_whole() {
    let sentence = "来期の予算についてですが、導入の時期と費用をもう一度確認させてください。";
    let sentences: Vec<Value> = (0..1_200)
        .map(|number| json!({"start": number * 6_000, "end": number * 6_000 + 5_000, "text": format!("{number}{sentence}")}))
        .collect();
    let call_json = json!({"calls": [{"metaData": {"id": "77", "title": "定例会議", "started": "2026-11-20T10:00:00Z", "duration": 7200,
        "url": "https://us-48.app.gong.io/call?id=77"}, "parties": [{"speakerId": "1", "name": "佐藤 健", "affiliation": "External"}]}]});
    let transcript = json!({"callTranscripts": [{"callId": "77", "transcript": [{"speakerId": "1", "topic": null, "sentences": sentences}]}]});
    let fixture: Fixture =
        serde_json::from_value(json!({"about": "", "arguments": {}, "exchanges": [
        {"request": {"method": "POST", "path": "/"}, "response": {"status": 200, "body": {}}},
        {"request": {"method": "POST", "path": "/"}, "response": {"status": 200, "body": {}}}]}))
        .expect("a fixture");
    let bodies = [call_json.to_string(), transcript.to_string()];
    for bytes in [20_000, 60_000] {
        let (mut arguments, mut all, mut pages) =
            (json!({"call": "77", "bytes": bytes}), String::new(), 0);
        loop {
            let result = call("gong_get_transcript", &fixture, &arguments, &bodies);
            assert!(!result.is_error, "{}", result.text);
            is_within_bounds("transcript", &result);
            pages += 1;
            let answer: Value =
                serde_json::from_str(&result.structured.expect("structure")).expect("JSON");
            for turn in answer["turns"].as_array().expect("turns") {
                all.push_str(turn["text"].as_str().expect("a text"));
                all.push(' ');
            }
            match answer["resume"].as_str() {
                Some(token) => arguments = json!({"resume": token, "bytes": bytes}),
                None => break,
            }
        }
        let spoken: String = (0..1_200)
            .map(|number| format!("{number}{sentence} "))
            .collect();
        assert!(all == spoken && (3..=8).contains(&pages), "{pages} pages");
    }
}

/// Long sentences that match on many calls: an answer ends before clients cut it, and says how to go on.
#[test]
fn quotes_in_japanese_are_no_more_than_clients_show() {
    let speech =
        "来期の予算についてですが、導入の時期と費用をもう一度確認させてください".repeat(12);
    let sentences: Vec<Value> = (0..40)
        .map(|number| json!({"start": number * 6_000, "end": number * 6_000 + 5_000, "text": format!("budget {number} {speech}。")}))
        .collect();
    let call_of = |number: i64| {
        let id = (7_000 + number).to_string();
        let started = time::to_rfc3339(time::parse_instant(NOW).expect("now") - number * 600 - 60);
        json!({"metaData": {"id": id, "title": "定例会議", "started": started, "duration": 300},
            "parties": [{"speakerId": "1", "name": "佐藤 健", "affiliation": "External"}]})
    };
    let transcript_of = |number: i64| json!({"callId": (7_000 + number).to_string(), "transcript": [{"speakerId": "1", "sentences": sentences}]});
    let calls: Vec<Value> = (0..30).map(call_of).collect();
    let transcripts: Vec<Value> = (0..30).map(transcript_of).collect();
    let exchange = json!({"request": {"method": "POST", "path": "/"}, "response": {"status": 200, "body": {}}});
    let fixture = json!({"about": "", "arguments": {}, "exchanges": [exchange, exchange]});
    let fixture: Fixture = serde_json::from_value(fixture).expect("a fixture");
    let bodies = [
        json!({"records": {"totalRecords": 30}, "calls": calls}).to_string(),
        json!({"callTranscripts": transcripts}).to_string(),
    ];
    let arguments = json!({"query": "budget", "from": "1d", "limit": 100});
    let result = call("gong_search_transcripts", &fixture, &arguments, &bodies);
    assert!(!result.is_error, "{}", result.text);
    is_within_bounds("search", &result);
    let answer: Value = serde_json::from_str(&result.structured.expect("structure")).expect("JSON");
    let shown = answer["calls"].as_array().expect("calls").len();
    assert!((2..30).contains(&shown), "{shown} calls");
    assert!(answer["resume"].is_string());
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
