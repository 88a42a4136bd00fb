//! Searches over many calls return each match exactly once, whatever stops them.

use serde_json::{Value, json};

use crate::{mcp::call_tool, testing::many_calls::ManyCalls};

fn structured_answer(gong: &ManyCalls, arguments: &Value) -> Value {
    let result = call_tool(gong, "gong_search_transcripts", &arguments.to_string());
    assert!(!result.is_error, "{}", result.text);
    serde_json::from_str(&result.structured.expect("structure")).expect("JSON")
}

fn found(answer: &Value) -> impl Iterator<Item = String> {
    let calls = answer["calls"].as_array().into_iter().flatten();
    calls.map(|call| call["call_id"].as_str().expect("an id").to_owned())
}

/// The calls to be found, newest first.
fn expected(calls: usize) -> Vec<String> {
    let mut expected: Vec<String> = (0..calls)
        .filter(|call| ManyCalls::says_price(*call) && !ManyCalls::is_private(*call))
        .map(ManyCalls::id)
        .collect();
    expected.reverse();
    expected
}

/// Searches until no token comes back: what all answers found, and how many answers there were.
fn search_all(gong: &ManyCalls, limit: u32) -> (Vec<String>, u32) {
    let mut arguments = json!({ "query": "price", "from": "30d", "limit": limit });
    let mut all = Vec::new();
    for answers in 1..1000 {
        let answer = structured_answer(gong, &arguments);
        assert!(found(&answer).count() <= limit as usize);
        all.extend(found(&answer));
        if answer["resume"].is_null() {
            return (all, answers);
        }
        arguments = json!({ "query": "price", "limit": limit, "resume": answer["resume"] });
    }
    panic!("it does not end");
}

#[test]
fn a_limit_anywhere_loses_and_repeats_nothing() {
    for limit in [1, 7, 100] {
        let gong = ManyCalls::of(200);
        assert_eq!(search_all(&gong, limit).0, expected(200), "limit {limit}");
        let heard = gong.transcripts_read.borrow();
        let private = (0..200)
            .filter(|call| ManyCalls::is_private(*call))
            .map(ManyCalls::id);
        assert!(
            private.into_iter().all(|id| !heard.contains(&id)),
            "private calls are not asked for"
        );
    }
}

#[test]
fn all_calls_that_say_it_come_before_some_quotes() {
    let gong = ManyCalls::of(200);
    let counted = |arguments: &Value| {
        let answer = structured_answer(&gong, arguments);
        let calls = answer["calls"].as_array().expect("calls").clone();
        let quotes = calls
            .iter()
            .map(|call| call["quotes"].as_array().map_or(0, Vec::len));
        (calls.len(), quotes.collect::<Vec<_>>())
    };
    let all = expected(200).len();
    assert!(all > 20, "{all}");
    let usual = json!({ "query": "price", "from": "30d", "limit": 100 });
    let (calls, quotes) = counted(&usual);
    assert_eq!(calls, all);
    assert!(quotes[..20].iter().all(|count| *count == 1), "{quotes:?}");
    assert_eq!(quotes.iter().sum::<usize>(), 20);
    let each = json!({ "query": "price", "from": "30d", "limit": 100, "quotes": 1 });
    let (calls, quotes) = counted(&each);
    assert_eq!((calls, quotes.iter().sum::<usize>()), (all, all));
    let many = json!({ "query": "price", "quotes": 6 });
    let refused = call_tool(&gong, "gong_search_transcripts", &many.to_string());
    assert!(refused.text.contains("`quotes`"), "{}", refused.text);
}

#[test]
fn a_rate_limit_anywhere_loses_nothing() {
    for refused in 2..20 {
        let gong = ManyCalls::of(600);
        gong.refuses_from.set(refused);
        let arguments = json!({ "query": "price", "from": "30d", "limit": 100 });
        let first = call_tool(&gong, "gong_search_transcripts", &arguments.to_string());
        gong.refuses_from.set(u32::MAX);
        let Some(structured) = first.structured else {
            assert!(first.is_error);
            continue;
        };
        let first: Value = serde_json::from_str(&structured).expect("JSON");
        let mut all: Vec<String> = found(&first).collect();
        let mut resume = first["resume"].clone();
        while !resume.is_null() {
            let next = structured_answer(
                &gong,
                &json!({ "query": "price", "limit": 100, "resume": resume }),
            );
            all.extend(found(&next));
            resume = next["resume"].clone();
        }
        assert_eq!(all, expected(600), "refused at request {refused}");
    }
}

#[test]
fn many_calls_take_few_requests() {
    let gong = ManyCalls::of(2_500);
    let arguments = json!({ "query": "unicorn", "from": "30d" });
    let first = structured_answer(&gong, &arguments);
    let second = structured_answer(
        &gong,
        &json!({ "query": "unicorn", "resume": first["resume"] }),
    );
    assert!(second["resume"].is_null());
    let read = |answer: &Value| answer["scan"]["read"].as_u64().expect("a number");
    assert_eq!(read(&first) + read(&second), 2_500);
    assert!(gong.requests.get() <= 70, "{}", gong.requests.get());
}
