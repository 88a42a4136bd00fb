//! How many requests and bytes the index takes at an ordinary customer of Gong's.

use serde_json::{Value, json};

use crate::{
    index::tests::fill,
    testing::{
        company::{Company, NOW, Size},
        dice::Dice,
    },
    time::DAY,
};

#[test]
#[expect(
    clippy::print_stdout,
    reason = "with --nocapture it prints what was measured"
)]
fn thirty_thousand_calls_take_few_requests_and_bytes() {
    let company = Company::new(Size::ORDINARY);
    // A question in the middle is answered with what is there.
    let account = json!({ "account": Company::account_id(17) });
    let newest = company
        .calls
        .borrow()
        .iter()
        .rev()
        .find_map(|call| call.account.filter(|_| !call.private));
    let newest = Company::account_id(newest.expect("an account"));
    let (first, text, answer) = company.count("gong_get_account", &json!({ "account": newest }));
    assert!(first <= 41, "{first}");
    assert!(
        text.starts_with("Not complete: the index is being filled and has all calls from 2026-"),
        "{text}"
    );
    let missing = answer["scan"]["missing_requests"]
        .as_u64()
        .expect("a number");
    assert!((240..300).contains(&missing), "{missing}");
    let filled = first + fill(&company, "180d");
    println!("first fill: {filled} requests");
    assert!(filled <= 320, "{filled}");
    let bytes = company.kept() / Size::ORDINARY.calls;
    println!("{bytes} bytes a call");
    assert!(bytes <= 200, "{bytes}");
    // All newest hours are due.
    company.now.set(NOW + 700);
    let asked = |tool: &str, arguments: Value, most: usize| {
        company.now.set(company.now.get() + 350);
        let (requests, text, answer) = company.count(tool, &arguments);
        println!("{tool}: {requests} requests");
        assert!(requests <= most, "{tool}: {requests}\n{text}");
        assert!(
            answer["scan"]["stopped"].is_null() || tool == "gong_search_calls",
            "{text}"
        );
        text
    };
    let text = asked("gong_get_account", account, 3);
    assert!(text.contains("; index: all calls to 1"), "{text}");
    assert!(text.contains(" today; older than 24 h as of "), "{text}");
    asked(
        "gong_get_account",
        json!({ "account": Company::domain(401) }),
        3,
    );
    for filter in [
        json!({ "account": Company::domain(17), "from": "180d" }),
        json!({ "participant": company.email(5), "from": "180d" }),
        json!({ "title": "pricing", "from": "180d" }),
    ] {
        asked("gong_search_calls", filter, 2);
    }
    asked(
        "gong_count_calls",
        json!({ "by": ["host", "week"], "from": "180d" }),
        1,
    );
    asked("gong_list_deals", json!({ "from": "90d" }), 3);
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "with --nocapture it prints what was measured"
)]
fn a_steady_day_takes_few_requests() {
    let company = Company::new(Size::ORDINARY);
    fill(&company, "180d");
    // As many calls come in a day as before.
    let mut dice = Dice::new(5);
    for call in 0..3 * 167 {
        let made = Company::made(&mut dice, Size::ORDINARY, NOW + call * DAY / 167);
        company.calls.borrow_mut().push(made);
    }
    let sync = |minutes: i64| {
        company.now.set(NOW + minutes * 60);
        let before = company.requests.borrow().len();
        company
            .ask("gong_sync_calls", &json!({}))
            .expect("an answer");
        company.requests.borrow().len() - before
    };
    // The first day each hour, so that everything has its usual age; then each eleven minutes.
    for hour in 1..=24 {
        sync(hour * 60);
    }
    let day: usize = (1..=131).map(|turn| sync((24 * 60) + 11 * turn)).sum();
    println!("a steady day: {day} requests");
    assert!(day <= 400, "{day}");
}

/// Without an index the pages that are read of a range are nearly full: 25 would be the least, and the
/// page of this account, which has 500 calls, reads the details of 300 of them.
#[test]
#[expect(
    clippy::print_stdout,
    reason = "with --nocapture it prints what was measured"
)]
fn without_an_index_few_pages_are_read_beyond_the_least() {
    let company = Company::new(Size {
        calls: 2_500,
        accounts: 5,
        outsiders: 400,
        ..Size::ORDINARY
    });
    company.indexed.set(false);
    let account = Company::account_id(1);
    for (tool, arguments, most) in [
        ("gong_get_account", json!({ "account": account }), 28),
        (
            "gong_count_calls",
            json!({ "by": ["host", "week"], "from": "180d" }),
            27,
        ),
        (
            "gong_search_calls",
            json!({ "account": account, "from": "180d", "limit": 200 }),
            14,
        ),
    ] {
        let (requests, text, _) = company.count(tool, &arguments);
        println!("{tool}: {requests} requests");
        assert!(requests <= most, "{tool}: {requests}\n{text}");
    }
}
