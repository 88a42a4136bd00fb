//! Answers with the index are those of a full scan.

use serde_json::{Value, json};

use crate::{
    index::{
        freshness::HOUR,
        tests::{SMALL, compare, fill},
    },
    testing::{
        company::{Company, NOW},
        dice::Dice,
    },
    time::DAY,
};

#[test]
fn answers_are_those_of_a_full_scan_before_and_after_changes() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    assert!(compare(&company, 250, 1) > 180);
    // Half an hour later, and everything changes that can change.
    company.now.set(NOW + 9 * DAY);
    let mut dice = Dice::new(2);
    for _ in 0..60 {
        let at = NOW - 20 * DAY + dice.below(29 * DAY as usize) as i64;
        let call = Company::made(&mut dice, SMALL, at);
        company.calls.borrow_mut().push(call);
    }
    for call in company.calls.borrow_mut().iter_mut() {
        match dice.below(20) {
            0 => call.deleted = true,
            1 => call.private = !call.private,
            2 => call.title = format!("Renamed {}", call.title),
            3 => call.account = Some(dice.below(SMALL.accounts)),
            _ => {}
        }
    }
    for account in 0..SMALL.accounts {
        if dice.one_in(3) {
            company.account_names.borrow_mut()[account] = format!("Renamed{account} Group");
            company.stages.borrow_mut()[account] = dice.below(5);
        }
    }
    // Everything is older than a week, so refreshing on purpose reads all.
    fill(&company, "60d");
    fill(&company, "60d");
    assert!(compare(&company, 250, 3) > 180);
}

#[test]
fn a_call_that_is_gone_or_private_since_a_minute_is_not_shown() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    let title = "weekly";
    let ids = |answer: &Value| -> Vec<String> {
        let calls = answer["calls"].as_array().cloned().unwrap_or_default();
        calls
            .iter()
            .map(|call| call["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let arguments = json!({ "title": title, "from": "40d", "limit": 30 });
    let (_, _, before) = company.count("gong_search_calls", &arguments);
    let before = ids(&before);
    let index_of = |id: &str| Company::index_of(id).expect("a call");
    company.calls.borrow_mut()[index_of(&before[0])].deleted = true;
    company.calls.borrow_mut()[index_of(&before[1])].private = true;
    company.calls.borrow_mut()[index_of(&before[2])].title = "Another".into();
    let (requests, text, after) = company.count("gong_search_calls", &arguments);
    let after = ids(&after);
    assert_eq!(requests, 1, "{text}");
    assert_eq!(after[..27], before[3..]);
    assert_eq!(after.len(), 30, "those that are gone are made up for");
    assert!(text.contains("details live"), "{text}");
}

#[test]
fn max_age_reads_again_and_0_is_live() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    company.now.set(NOW + 5 * HOUR);
    let count = |age: &str| {
        let arguments = json!({ "by": ["scope"], "from": "20d", "max_age": age });
        let (requests, text, _) = company.count("gong_count_calls", &arguments);
        (requests, text)
    };
    let (requests, text) = count("6h");
    assert!(
        requests <= 1 && text.contains("index: "),
        "{requests} {text}"
    );
    let (requests, text) = count("0");
    assert!(
        requests >= 3 && !text.contains("index"),
        "{requests} {text}"
    );
    let (requests, text) = count("10m");
    assert!(
        requests >= 3 && text.contains("index: all calls to"),
        "{requests} {text}"
    );
    let (requests, _) = count("10m");
    assert_eq!(requests, 0);
}

#[test]
fn unknown_names_are_answered_with_those_that_the_company_has() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    let name = company.account_names.borrow()[3].clone();
    let near: String = name.chars().take(3).collect::<String>() + "xxx";
    let error = company
        .ask(
            "gong_get_account",
            &json!({ "account": near, "from": "59d" }),
        )
        .expect_err("no such account");
    assert!(
        error.contains(&name) && error.contains("Like it: "),
        "{error}"
    );
}

#[test]
fn days_of_another_zone_are_counted_as_by_a_full_scan() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    let counted = |zone: &str, by: &str, index: bool| {
        let settings = &company.settings;
        settings.borrow_mut().insert("GONG_TIME_ZONE", zone.into());
        let mut arguments =
            json!({ "by": [by], "from": "2026-11-01", "to": "yesterday", "limit": 200 });
        if !index {
            arguments["max_age"] = "0".into();
        }
        let (_, text, answer) = company.count("gong_count_calls", &arguments);
        assert_eq!(text.contains("index: "), index, "{text}");
        answer["rows"].clone()
    };
    for by in ["day", "week", "month"] {
        for zone in [
            "UTC",
            "Asia/Kolkata",
            "America/Denver",
            "Pacific/Kiritimati",
        ] {
            let full = counted(zone, by, false);
            assert_eq!(counted(zone, by, true), full, "{by} {zone}");
            let is_other = full != counted("UTC", by, true);
            assert!(by != "day" || is_other == (zone != "UTC"), "{zone}");
        }
    }
}
