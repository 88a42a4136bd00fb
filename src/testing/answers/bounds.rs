//! How long answers are, in both forms, and what a gateway's hooks may do to them.

use serde_json::{Map, Value, json};

use super::{bodies, call, fixtures, validators};
use crate::{
    bindings::mcp::exports::gong::tools::mcp_tools::ToolResult,
    mcp::call_tool,
    testing::{
        company::{Company, Size},
        many_calls::ManyCalls,
        replay::{Fixture, NOW},
        tool_definitions::definition,
    },
    text::tokens,
    time,
    tools::TOOLS,
};

/// Most bytes of an answer, text and structure together: C1's output size guard.
const MOST_BYTES: usize = 131_072;
/// Most tokens of an answer in one form: clients cut longer ones.
const MOST_TOKENS: usize = 25_000;

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

/// What of a result is longer than clients and gateways take.
pub(super) fn outgrown(result: &ToolResult) -> Option<String> {
    let structured = result.structured.as_deref().unwrap_or_default();
    let bytes = result.text.len() + structured.len();
    let forms = [result.text.as_str(), structured];
    let tokens = forms.into_iter().map(tokens).max().unwrap_or_default();
    (bytes > MOST_BYTES || tokens > MOST_TOKENS).then(|| format!("{bytes} bytes, {tokens} tokens"))
}

fn is_within_bounds(name: &str, result: &ToolResult) {
    let outgrown = outgrown(result);
    assert!(outgrown.is_none(), "{name}: {outgrown:?}");
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

/// Long sentences that match on many calls: all calls are there, and fewer quotes than clients cut.
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
    let arguments = json!({"query": "budget", "from": "1d", "limit": 100, "quotes": 5});
    let result = call("gong_search_transcripts", &fixture, &arguments, &bodies);
    assert!(!result.is_error, "{}", result.text);
    is_within_bounds("search", &result);
    let answer: Value = serde_json::from_str(&result.structured.expect("structure")).expect("JSON");
    let calls = answer["calls"].as_array().expect("calls");
    let quoted = calls
        .iter()
        .filter(|call| call["quotes"].is_array())
        .count();
    assert!(
        calls.len() == 30 && (2..30).contains(&quoted),
        "{quoted} calls"
    );
}

/// Rows with long titles: fewer come at a time than the limit allows, and all in the end.
#[test]
fn long_titles_in_japanese_are_no_more_than_clients_show() {
    let gong = ManyCalls::of(350);
    gong.title
        .set("来期の予算についてですが、導入の時期と費用をもう一度確認させてください。導入の時期と費用を確認させてください。");
    let (mut arguments, mut ids, mut answers) =
        (json!({"from": "31d", "limit": 500}), Vec::new(), 0);
    loop {
        let result = call_tool(&gong, "gong_search_calls", &arguments.to_string());
        assert!(!result.is_error, "{}", result.text);
        for form in [&result.text, result.structured.as_ref().expect("structure")] {
            assert!(tokens(form) <= MOST_TOKENS, "{} tokens", tokens(form));
        }
        let structured = result.structured.expect("structure");
        let answer: Value = serde_json::from_str(&structured).expect("JSON");
        for call in answer["calls"].as_array().expect("calls") {
            ids.push(call["id"].as_str().expect("an id").to_owned());
        }
        answers += 1;
        match answer["resume"].as_str() {
            Some(token) => arguments = json!({"limit": 500, "resume": token}),
            None => break,
        }
    }
    ids.sort();
    ids.dedup();
    let open = (0..350).filter(|call| !ManyCalls::is_private(*call));
    let open: Vec<String> = open.map(ManyCalls::id).collect();
    assert!(
        ids == open && answers == 2,
        "{} calls in {answers}",
        ids.len()
    );
}

/// What is beyond the limit comes with the token, each deal once, with an index and without.
#[test]
fn a_list_of_deals_that_is_cut_goes_on_to_its_end() {
    let company = Company::new(Size {
        calls: 120,
        days: 40,
        accounts: 9,
        outsiders: 20,
        users: 8,
    });
    for indexed in [false, true] {
        company.indexed.set(indexed);
        let ids = |answer: &Value| -> Vec<String> {
            let deals = answer["deals"].as_array().expect("deals").iter();
            deals
                .map(|deal| deal["id"].as_str().expect("an id").to_owned())
                .collect()
        };
        let whole = json!({ "from": "30d", "limit": 200 });
        let (_, whole) = company.ask("gong_list_deals", &whole).expect("an answer");
        let (mut arguments, mut pieces) = (json!({ "from": "30d", "limit": 4 }), Vec::new());
        loop {
            let (_, piece) = company
                .ask("gong_list_deals", &arguments)
                .expect("an answer");
            pieces.extend(ids(&piece));
            match piece["resume"].as_str() {
                Some(token) => arguments = json!({ "resume": token, "limit": 4 }),
                None => break,
            }
            assert!(pieces.len() < 100, "it never ends");
        }
        assert!(pieces.len() > 4, "{pieces:?}");
        assert_eq!(pieces, ids(&whole), "indexed: {indexed}");
    }
}
