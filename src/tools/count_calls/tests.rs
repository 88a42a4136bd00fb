//! Counting thousands of calls.

use serde_json::{Value, json};

use crate::{mcp::call_tool, testing::many_calls::ManyCalls};

fn structured_answer(gong: &ManyCalls, arguments: &Value) -> Value {
    let result = call_tool(gong, "gong_count_calls", &arguments.to_string());
    assert!(!result.is_error, "{}", result.text);
    serde_json::from_str(&result.structured.expect("structure")).expect("JSON")
}

fn calls(count: &Value) -> u64 {
    count["calls"].as_u64().unwrap_or(0)
}

#[test]
fn rows_and_others_add_up_to_every_call_once() {
    let gong = ManyCalls::of(2_500);
    let answer = structured_answer(
        &gong,
        &json!({ "by": ["host", "day"], "from": "30d", "limit": 10 }),
    );
    let private = (0..2_500)
        .filter(|call| ManyCalls::is_private(*call))
        .count() as u64;
    let rows = answer["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 10);
    assert_eq!(calls(&answer["total"]), 2_500 - private);
    assert_eq!(
        rows.iter().filter_map(|row| row[1].as_u64()).sum::<u64>() + calls(&answer["others"]),
        calls(&answer["total"])
    );
    assert_eq!(answer["scan"]["left_out_private"], private);
    assert!(answer["resume"].is_null());
    let (mut seen, mut token) = (rows.len() as u64, answer["more_rows"].clone());
    while token.is_string() {
        let next = structured_answer(&gong, &json!({ "resume": token, "limit": 100 }));
        assert_eq!(next["total"], answer["total"]);
        seen += next["rows"].as_array().expect("rows").len() as u64;
        token = next["more_rows"].clone();
    }
    assert_eq!(
        Some(seen),
        answer["other_rows"].as_u64().map(|others| others + 10)
    );
    gong.requests.set(0);
    let _ = structured_answer(&gong, &json!({ "by": ["host", "day"], "from": "30d" }));
    assert!(gong.requests.get() <= 35, "{}", gong.requests.get());
}

#[test]
fn a_fault_on_any_page_costs_nothing_that_was_read() {
    let gong = ManyCalls::of(2_500);
    let private = (0..2_500).filter(|call| ManyCalls::is_private(*call));
    let open = 2_500 - private.count() as u64;
    let mut gaps = 0;
    // Without the pages of the first window there is no answer.
    for refused in 6..26 {
        gong.requests.set(0);
        gong.refuses_from.set(refused);
        let first = structured_answer(&gong, &json!({ "by": ["scope"], "from": "30d" }));
        gong.refuses_from.set(u32::MAX);
        let resume = json!({ "by": ["scope"], "resume": first["resume"] });
        let rest = structured_answer(&gong, &resume);
        assert!(rest["resume"].is_null());
        assert_eq!(
            calls(&first["total"]) + calls(&rest["total"]),
            open,
            "{refused}"
        );
        assert!(
            gong.requests.get() <= 34,
            "{refused}: {}",
            gong.requests.get()
        );
        gaps += u32::from(first["scan"]["read_up_to"].is_string());
    }
    assert!(gaps > 15, "{gaps}");
}

#[test]
fn slow_pages_end_in_what_was_read_before_50_s_and_the_rest_follows() {
    let gong = ManyCalls::of(900);
    let private = (0..900).filter(|call| ManyCalls::is_private(*call)).count() as u64;
    for takes_ms in [2_000, 9_000, 14_000, 20_000] {
        gong.takes_ms.set(takes_ms);
        let mut arguments = json!({ "by": ["scope"], "from": "30d" });
        let mut counted = 0;
        for answers in 1.. {
            assert!(answers < 20, "{takes_ms}");
            let began = gong.clock.get();
            let answer = structured_answer(&gong, &arguments);
            let took = gong.clock.get() - began;
            assert!(took < 50_000, "{took} of {takes_ms}");
            counted += calls(&answer["total"]);
            if answer["resume"].is_null() {
                break;
            }
            arguments = json!({ "by": ["scope"], "resume": answer["resume"] });
        }
        assert_eq!(counted, 900 - private, "{takes_ms}");
    }
}
