//! Answers of Gong with very long lists: every read tool stays below what clients cut, and what one
//! answer has no room for comes with the token, each item once.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{bodies, bounds::outgrown, call, fixtures};
use crate::testing::{replay::Fixture, tool_definitions::definition};

/// Bytes of a list that is made long: more than an answer has room for.
const LONG: usize = 180_000;
/// Lists of one thing, which people, Gong or its AI keep short, by a part of their JSON pointer.
const SHORT: [(&str, &str); 24] = [
    ("find_personal_data", "/matchingPhoneNumbers"),
    ("find_personal_data", "/emailAddresses"),
    // gong_bulk_assign_flow takes 50 people.
    ("get_bulk_assignment", "/results"),
    ("get_call", "/content/callOutcome"),
    ("get_call", "/content/highlights"),
    ("get_call", "/content/keyPoints"),
    ("get_call", "/content/outline"),
    ("get_call", "/content/topics"),
    ("get_call", "/context"),
    ("get_call", "/interactionStats"),
    ("get_call", "/publicComments"),
    ("get_coaching", "/coachingData"),
    ("get_crm_objects", "/crmObjectsMap/"),
    // Gong lists at most 20.
    ("get_crm_request_status", "/errors"),
    ("get_permission_profile", "Ids"),
    ("get_user", "/user/"),
    ("list_answered_scorecards", "/answers"),
    ("list_call_access", "/callAccessList"),
    // Gong lets a company have one.
    ("list_crm_integrations", "/integrations"),
    ("list_crm_schema", "/orderedValueList"),
    ("list_daily_activity", "/userDailyActivityStats/0/"),
    ("list_tasks", "/actions"),
    ("list_trackers", "/languageKeywords"),
    ("summarize_calls", "/context"),
];

fn is_short(tool: &str, list: &str) -> bool {
    let is_of_scorecards = list.contains("/scorecards") && list != "/scorecards"
        || tool == "gong_list_answered_scorecards" && list == "/scorecards";
    let is_short = |(of, part): &(&str, &str)| tool.ends_with(of) && list.contains(part);
    is_of_scorecards || SHORT.iter().any(is_short)
}

/// Every list in `value` that has something in it, by its JSON pointer; of the items of a list only
/// those in the first.
fn lists(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            if let Some(first) = items.first() {
                found.push(at.to_owned());
                lists(first, &format!("{at}/0"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                lists(member, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// The body with one of its lists repeated until it is long.
fn lengthened(body: &Value, list: &str) -> String {
    let mut body = body.clone();
    let items = body.pointer_mut(list).and_then(Value::as_array_mut);
    let items = items.expect("a list");
    let times = LONG / json!(items).to_string().len();
    let long = items.iter().cycle().take(items.len() * times);
    *items = long.cloned().collect();
    body.to_string()
}

/// How many of the items that `matched` counts an answer shows or leaves out.
fn shown(answer: &Value) -> usize {
    let flow_steps = |flow: &Value| flow["steps"].as_array().map_or(1, Vec::len);
    let members = answer.as_object().into_iter().flatten();
    let of = |(name, list): (&String, &Value)| {
        let list = list.as_array().filter(|_| name != "columns")?;
        Some(match name.as_str() {
            "flows" => list.iter().map(flow_steps).sum(),
            _ => list.len(),
        })
    };
    // Of reviews it is known only for those of a page.
    let private = answer["left_out_private"].as_u64();
    let private = private
        .filter(|_| answer["answered"].is_array())
        .unwrap_or(0) as usize;
    members.filter_map(of).max().unwrap_or_default() + private
}

/// Reads a list to its end; what is wrong with an answer on the way.
fn read_to_the_end(tool: &str, fixture: &Fixture, bodies: &[String]) -> Option<String> {
    let (mut arguments, mut all, mut answers) = (fixture.arguments.clone(), 0, 0);
    loop {
        let result = call(tool, fixture, &arguments, bodies);
        if let Some(outgrown) = outgrown(&result) {
            return Some(outgrown);
        }
        let structured = result.structured.filter(|_| !result.is_error)?;
        let answer: Value = serde_json::from_str(&structured).expect("JSON");
        let matched = answer["matched"].as_u64()?;
        all += shown(&answer);
        answers += 1;
        match answer["resume"].as_str() {
            Some(token) if token.contains("#after-") => arguments = json!({ "resume": token }),
            _ if answers == 1 || all == matched as usize => return None,
            _ => return Some(format!("{all} of {matched} in {answers} answers")),
        }
    }
}

#[test]
fn no_answer_is_longer_than_clients_show() {
    let (mut wrong, mut done) = (Vec::new(), BTreeSet::new());
    for (tool, name, fixture) in fixtures() {
        let begins = fixture.arguments["resume"].is_null();
        if fixture.structured.is_none() || !begins || definition(&tool)["effect"] != "read" {
            continue;
        }
        let arguments: Vec<&String> = fixture
            .arguments
            .as_object()
            .into_iter()
            .flat_map(|all| all.keys())
            .collect();
        let bodies = bodies(&fixture);
        for (number, body) in bodies.iter().enumerate() {
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            let mut found = Vec::new();
            lists(&body, "", &mut found);
            for list in found {
                let case = format!("{tool} {list} {arguments:?}");
                if is_short(&tool, &list) || !done.insert(case) {
                    continue;
                }
                let mut bodies = bodies.clone();
                bodies[number] = lengthened(&body, &list);
                let problem = read_to_the_end(&tool, &fixture, &bodies);
                wrong.extend(problem.map(|problem| format!("{name} {list}: {problem}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(done.len() > 200, "{}", done.len());
}
