//! What is taken, what is refused, and with which words.

use serde_json::{Value, json};

use super::{Error, fit_arguments, schema};
use crate::tools;

mod every_tool;
mod examples;
mod fuzz;

/// The arguments as the tool gets them.
fn fit(tool: &str, arguments: &Value) -> Result<Value, Error> {
    fit_text(tool, &arguments.to_string())
}

fn fit_text(tool: &str, json: &str) -> Result<Value, Error> {
    let definition = tools::definition(tool);
    fit_arguments(json, &schema(definition), definition.reads)
}

#[track_caller]
fn assert_same(tool: &str, sent: &Value, meant: &Value) {
    let sent = fit(tool, sent).unwrap_or_else(|error| panic!("{sent}: {}", error.text()));
    let meant = fit(tool, meant).unwrap_or_else(|error| panic!("{meant}: {}", error.text()));
    assert_eq!(sent, meant, "{tool}");
}

#[track_caller]
fn refusal(tool: &str, sent: &Value) -> String {
    match fit(tool, sent) {
        Ok(taken) => panic!("{tool} takes {sent} as {taken}"),
        Err(error) => error.into_text(),
    }
}

#[test]
fn wrong_arguments_are_named_with_an_example() {
    for (tool, sent, text) in [
        (
            "gong_search_calls",
            json!({"limit": "many"}),
            "Argument `limit`: a whole number is expected. Example: {\"limit\": 20}.",
        ),
        (
            "gong_search_calls",
            json!({"scope": "outside"}),
            "Argument `scope`: one of internal, external, unknown is expected. Example: {\"scope\": \"internal\"}.",
        ),
        (
            "gong_get_call",
            json!({}),
            "Argument `call`: it is required. Example: {\"call\": \"7782342274025937895\"}.",
        ),
        (
            "gong_get_transcript",
            json!({"call": "1", "limit": -1}),
            "Argument `limit`: a whole number is expected. Example: {\"call\": \"7782342274025937895\", \"limit\": 20}.",
        ),
        (
            "gong_search_calls",
            json!({"account": 12345678901234567u64}),
            "Argument `account`: a text is expected, in quotation marks: a number of more than 15 digits loses some. \
             Example: {\"account\": \"Acme\"}.",
        ),
        (
            "gong_get_flow_steps",
            json!({"flows": "Renewal, short"}),
            "Argument `flows`: a list is expected: this text can be one item with a comma in it, or several. \
             Example: {\"flows\": [\"7782342274025937895\"]}.",
        ),
        (
            "gong_bulk_assign_flow",
            json!({"flow": "1", "owner": "a", "people": [{"mail": "b"}]}),
            "Argument `people[0].mail`: there is no such member here; it has: crm_id, first_name, last_name, email, \
             job_title, linkedin_url, company, account_crm_id. Did you mean `email`? Example: {\"flow\": \
             \"7782342274025937895\", \"owner\": \"jo.ray@acme.com\", \"people\": [{\"email\": \"jo.ray@acme.com\"}]}.",
        ),
    ] {
        assert_eq!(refusal(tool, &sent), text);
    }
    let start = |sent: Value, start: &str| {
        let text = refusal("gong_search_calls", &sent);
        assert!(text.starts_with(start), "{text}");
    };
    start(
        json!({"max_calls": 20}),
        "Argument `max_calls`: this tool has no such argument; it has: account, ",
    );
    start(
        json!([1]),
        "Argument `arguments`: not a JSON object. Example: {}.",
    );
    start(
        json!({"limit": 99_999_999_999_u64}),
        "Argument `limit`: a whole number",
    );
    let text = refusal("gong_get_call", &json!({"call": "1", "include": ["all"]}));
    assert!(
        text.starts_with("Argument `include`: a list of which each is one of people, outline, "),
        "{text}"
    );
    let text = fit_text("gong_get_call", "{")
        .expect_err("no JSON")
        .into_text();
    assert!(
        text.starts_with("Argument `arguments`: not JSON: "),
        "{text}"
    );
    assert!(
        text.ends_with("Example: {\"call\": \"7782342274025937895\"}."),
        "{text}"
    );
}

/// Field notes: "the error's example does not fit".
#[test]
fn the_example_of_an_argument_is_of_its_own_tool() {
    assert_eq!(
        refusal("gong_search_calls", &json!({"people": "yes"})),
        "Argument `people`: true or false is expected, without quotation marks. Example: {\"people\": true}."
    );
}

/// Field notes: "filters nobody meant", as clients send them whose schemas have no optional arguments.
#[test]
fn optional_arguments_of_reads_are_absent_in_every_spelling() {
    let tool = "gong_search_calls";
    for absent in [
        json!(null),
        json!(""),
        json!("  "),
        json!("null"),
        json!("None"),
        json!("undefined"),
        json!("NIL"),
        json!([]),
        json!([null, ""]),
    ] {
        for name in ["account", "scope", "people", "limit", "max_age", "resume"] {
            assert_same(
                tool,
                &json!({"title": "x", name: absent}),
                &json!({"title": "x"}),
            );
        }
        assert_same(
            "gong_get_call",
            &json!({"call": "1", "include": absent}),
            &json!({"call": "1"}),
        );
    }
    for zero in [json!(0), json!(0.0), json!("0"), json!("0.0")] {
        assert_same(
            tool,
            &json!({"limit": zero, "min_minutes": zero}),
            &json!({}),
        );
    }
    assert_same(
        "gong_get_call",
        &json!({"call": "1", "include": ["outline", "", null, "none"]}),
        &json!({"call": "1", "include": ["outline"]}),
    );
    assert_same(
        "gong_get_call",
        &json!({"call": "1", "include": {}}),
        &json!({"call": "1"}),
    );
    // Where they mean something they stay.
    assert_eq!(
        fit(tool, &json!({"max_age": "0"})).expect("live")["max_age"],
        "0"
    );
    assert_eq!(
        fit(tool, &json!({"max_age": 0})).expect("live")["max_age"],
        "0"
    );
    assert_eq!(
        fit(tool, &json!({"people": false})).expect("no")["people"],
        false
    );
    let query = json!({"query": "none"});
    assert_eq!(
        fit("gong_search_transcripts", &query).expect("words")["query"],
        "none"
    );
    for other in [json!("nothing"), json!("n/a"), json!("-")] {
        assert_eq!(
            fit(tool, &json!({"account": other})).expect("a name")["account"],
            other
        );
    }
}

/// Field notes: "whole numbers as `20.0` or `"20"`, booleans as `"true"`, lists as JSON text or a bare value,
/// enum values in capitals".
#[test]
fn types_are_taken_where_one_meaning_is_left() {
    let tool = "gong_search_calls";
    for twenty in [
        json!(20.0),
        json!("20"),
        json!("20.0"),
        json!(" 2e1 "),
        json!([20]),
    ] {
        assert_same(tool, &json!({"limit": twenty}), &json!({"limit": 20}));
    }
    for other in [
        json!(20.5),
        json!(-1),
        json!("twenty"),
        json!("1,000"),
        json!("NaN"),
        json!("inf"),
        json!(true),
        json!([20, 30]),
        json!({"value": 20}),
        json!(4_294_967_296.0),
        json!(-0.5),
    ] {
        refusal(tool, &json!({"limit": other}));
    }
    for yes in [json!("true"), json!("True"), json!(" TRUE "), json!([true])] {
        assert_same(tool, &json!({"people": yes}), &json!({"people": true}));
    }
    assert_same(tool, &json!({"people": "FALSE"}), &json!({"people": false}));
    for other in [json!("yes"), json!(1), json!("1"), json!("on")] {
        refusal(tool, &json!({"people": other}));
    }
    for external in [
        json!("External"),
        json!("EXTERNAL"),
        json!(" external "),
        json!(["external"]),
    ] {
        assert_same(
            tool,
            &json!({"scope": external}),
            &json!({"scope": "external"}),
        );
    }
    let log = |log: &str| json!({"log": log});
    for written in ["accessLog", "ACCESS-LOG", "Access log"] {
        assert_same("gong_list_audit_logs", &log(written), &log("access_log"));
    }
    let parts = |include: Value| json!({"call": "1", "include": include});
    for outline in [
        json!("outline"),
        json!("Outline"),
        json!("[\"outline\"]"),
        json!(["OUTLINE"]),
        json!("outline,"),
    ] {
        assert_same("gong_get_call", &parts(outline), &parts(json!(["outline"])));
    }
    let text = refusal("gong_get_call", &parts(json!("outline, all")));
    assert!(
        text.contains("a list of which each is one of people, outline"),
        "{text}"
    );
    for both in [
        json!("outline, people"),
        json!("[\"outline\", \"people\"]"),
        json!("outline|PEOPLE"),
    ] {
        assert_same(
            "gong_get_call",
            &parts(both),
            &parts(json!(["outline", "people"])),
        );
    }
    let calls = |calls: Value| json!({"calls": calls});
    for two in [
        json!("7782, 7783"),
        json!("7782\n7783"),
        json!("[\"7782\", 7783]"),
        json!([7782, "7783"]),
    ] {
        assert_same(
            "gong_summarize_calls",
            &calls(two),
            &calls(json!(["7782", "7783"])),
        );
    }
    assert_same(
        "gong_summarize_calls",
        &calls(json!(7782)),
        &calls(json!(["7782"])),
    );
    let users = |users: Value| json!({"users": users});
    assert_same(
        "gong_list_daily_activity",
        &users(json!("a@b.com; c@d.com")),
        &users(json!(["a@b.com", "c@d.com"])),
    );
    assert_same(
        "gong_list_daily_activity",
        &users(json!("Jo Ray")),
        &users(json!(["Jo Ray"])),
    );
    for two_meanings in [
        "Ray, Jo",
        "a@b.com, Jo Ray",
        "Jo Ray <a@b.com>, c@d.com",
        "7782, ",
        "7782 7783, 1",
    ] {
        refusal("gong_list_daily_activity", &users(json!(two_meanings)));
    }
    assert_same(
        tool,
        &json!({"account": 2026, "title": ["x"]}),
        &json!({"account": "2026", "title": "x"}),
    );
    for other in [
        json!(9_007_199_254_740_993_u64),
        json!(1.5),
        json!(true),
        json!(["a", "b"]),
        json!({"name": "a"}),
    ] {
        refusal(tool, &json!({"account": other}));
    }
}

/// Field notes: "clients that add arguments".
#[test]
fn what_clients_add_is_dropped_from_reads_and_refused_by_writes() {
    let n8n = json!({"toolCallId": "call_1", "sessionId": "a", "action": "sendMessage", "chatInput": "hi",
        "tool": "gong_search_calls", "title": "x", "account": null});
    assert_same("gong_search_calls", &n8n, &json!({"title": "x"}));
    assert_same(
        "gong_list_workspaces",
        &json!({"tool_call_id": "a", "random_string": "b"}),
        &json!({}),
    );
    // What looks like a misspelt argument is none of them.
    for (tool, misspelt, meant) in [
        ("gong_search_calls", "Acount", "account"),
        ("gong_search_calls", "minMinutes", "min_minutes"),
        ("gong_search_calls", "max-age", "max_age"),
        ("gong_get_transcript", "Calls", "call"),
    ] {
        let text = refusal(tool, &json!({"call": "1", misspelt: "x"}));
        if tool == "gong_get_transcript" {
            assert!(text.contains(&format!("Did you mean `{meant}`?")), "{text}");
        }
    }
    let text = refusal("gong_search_calls", &json!({"Acount": "Acme"}));
    assert!(
        text.contains("Did you mean `account`? Example: {\"account\": \"Acme\"}."),
        "{text}"
    );
    refusal("gong_search_calls", &json!({"filters": {}}));
    // An argument of that name is one, and a change takes nothing that it does not know.
    let report = json!({"event": "content_viewed", "system": "s", "timestamp": "t", "action": "a"});
    let taken = fit("gong_report_engagement", &report);
    if let Ok(taken) = taken {
        assert_eq!(taken["action"], "a");
    }
    for extra in [
        "toolCallId",
        "sessionId",
        "action",
        "chatInput",
        "tool",
        "_meta",
    ] {
        let mut update = json!({"task": "1", "user": "jo@acme.com", "status": "done"});
        update[extra] = json!("x");
        let text = refusal("gong_update_task", &update);
        assert!(
            text.starts_with(&format!(
                "Argument `{extra}`: this tool has no such argument"
            )),
            "{text}"
        );
    }
}

/// Field notes: "guards of writes take true and false only".
#[test]
fn changes_take_no_guess() {
    let erase = |name: &str, value: Value| {
        let mut erase = json!({"email": "a@b.com", "confirm": "a@b.com"});
        erase[name] = value;
        erase
    };
    for other in [
        json!("true"),
        json!("false"),
        json!(1),
        json!(0),
        json!(""),
        json!("null"),
        json!([true]),
    ] {
        refusal("gong_erase_personal_data", &erase("dry_run", other.clone()));
        let assign =
            json!({"flow": "1", "owner": "a", "prospects": ["b"], "allow_unattended_email": other});
        refusal("gong_assign_flow", &assign);
        let unassign = json!({"prospect": "1", "all_flows": other});
        refusal("gong_unassign_prospect", &unassign);
    }
    for other in [json!(["a@b.com"]), json!(5), json!(true)] {
        refusal("gong_erase_personal_data", &erase("confirm", other));
    }
    // An empty text can mean that a field becomes empty.
    let cleared = json!({"profile": "1", "description": ""});
    let taken = fit("gong_update_permission_profile", &cleared).expect("an empty text");
    assert_eq!(taken["description"], "");
    let cleared = json!({"profile": "1", "description": "none"});
    let taken = fit("gong_update_permission_profile", &cleared).expect("a text");
    assert_eq!(taken["description"], "none");
    for absent in [json!(""), json!("none"), json!(0)] {
        refusal(
            "gong_update_task",
            &json!({"task": "1", "user": "a", "status": absent}),
        );
    }
    // What has one meaning is taken here too.
    assert_same(
        "gong_update_task",
        &json!({"task": 1, "user": "a", "status": "Done", "due": null, "dry_run": true}),
        &json!({"task": "1", "user": "a", "status": "done", "dry_run": true}),
    );
}

/// Field notes: "arguments as JSON text, `""` or `[]`".
#[test]
fn arguments_are_unwrapped() {
    let tool = "gong_search_calls";
    let meant = json!({"from": "7d"});
    assert_same(tool, &json!(meant.to_string()), &meant);
    assert_same(tool, &json!({"arguments": meant}), &meant);
    for empty in [
        "", " ", "null", "\"\"", "\" \"", "[]", "\"[]\"", "\"null\"", "{}", "\"{}\"",
    ] {
        let taken =
            fit_text(tool, empty).unwrap_or_else(|error| panic!("{empty}: {}", error.text()));
        assert_eq!(taken, fit(tool, &json!({})).expect("none"), "{empty}");
    }
    for other in [
        json!(5),
        json!("7d"),
        json!([{}]),
        json!({"arguments": 5}),
        json!({"arguments": "7d"}),
    ] {
        let text = refusal(tool, &other);
        assert!(
            text.starts_with("Argument `arguments`: not a JSON object."),
            "{text}"
        );
    }
    let text = refusal("gong_update_task", &json!({"arguments": {"task": "1"}}));
    assert!(
        text.starts_with("Argument `arguments`: this tool has no such argument"),
        "{text}"
    );
}

#[test]
fn the_last_of_duplicate_arguments_counts() {
    let taken = fit_text("gong_search_calls", r#"{"limit": 1, "limit": 2}"#).expect("valid");
    assert_eq!(taken["limit"], 2);
}
