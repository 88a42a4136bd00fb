//! The values that are taken, and those that are not.

use serde_json::{Value, json};

use super::{assert_same, fit, refusal};

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
