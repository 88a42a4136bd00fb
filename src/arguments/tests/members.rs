//! The arguments as a whole, those that clients add, and those that guard a change.

use serde_json::{Value, json};

use super::{assert_same, fit, fit_text, refusal};
use crate::prelude::*;

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
    for wrapped in [
        json!({"arguments": meant}),
        json!({"arguments": meant.to_string()}),
        json!({"name": tool, "arguments": meant}),
        json!({"input": meant}),
        json!({"kwargs": {"params": meant}}),
        json!([meant]),
        json!(format!("```json\n{meant}\n```")),
    ] {
        assert_same(tool, &wrapped, &meant);
    }
    assert_same(tool, &json!({"arguments": null}), &json!({}));
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
        json!([{}, {}]),
        json!({"arguments": 5}),
        json!({"arguments": "7d"}),
    ] {
        let text = refusal(tool, &other);
        assert!(
            text.starts_with("Argument `arguments`: not a JSON object."),
            "{text}"
        );
    }
    let update = json!({"task": "1", "user": "jo@acme.com", "status": "done"});
    for guess in [
        json!([update]),
        json!({"input": update}),
        json!({"arguments": update.to_string()}),
    ] {
        refusal("gong_update_task", &guess);
    }
    // What is absent in a read says nothing in a change, and what it does not know is no argument.
    let mut unknown = update.clone();
    unknown["dryRun"] = Value::Null;
    refusal("gong_update_task", &unknown);
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
