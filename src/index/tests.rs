//! The index against a generated company: equal to a full scan, how many requests and bytes it
//! takes, and what happens when something breaks.

use serde_json::{Value, json};

use crate::{
    index::{
        freshness::{HOUR, WEEK},
        segment,
    },
    testing::company::{Company, Dice, Fault, NOW, Size},
    time::{self, DAY},
};

/// Small enough for a full scan by one call.
const SMALL: Size = Size {
    calls: 900,
    days: 60,
    accounts: 40,
    outsiders: 150,
    users: 9,
};
/// An ordinary customer of Gong's.
const LARGE: Size = Size {
    calls: 30_000,
    days: 180,
    accounts: 5_000,
    outsiders: 40_000,
    users: 100,
};

/// Fills the index over this range; returns how many requests it took.
fn fill(company: &Company, from: &str) -> usize {
    let before = company.requests.borrow().len();
    for _ in 0..30 {
        let (_, answer) = company
            .ask("gong_sync_calls", &json!({ "from": from }))
            .expect("an answer");
        if answer["missing_requests"].is_null() {
            return company.requests.borrow().len() - before;
        }
    }
    panic!("the index is never full");
}

/// Whether a text is anywhere in what is kept.
fn has_text(company: &Company, text: &str) -> bool {
    let objects = company.objects.borrow();
    let segments = objects
        .iter()
        .filter(|(name, _)| name.starts_with("calls-"));
    let mut unpacked = segments.map(|(_, (bytes, _))| segment::unpack(bytes).expect("readable"));
    unpacked.any(|bytes| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    })
}

/// A question as people ask it.
fn question(dice: &mut Dice, company: &Company) -> (&'static str, Value) {
    let size = company.size;
    let account = dice.below(size.accounts);
    let name = company.account_names.borrow()[account].clone();
    let account = match dice.below(3) {
        0 => name,
        1 => Company::account_id(account),
        _ => Company::domain(account),
    };
    let from = ["5d", "20d", "59d", "last week"][dice.below(4)];
    let mut filters = json!({ "from": from });
    let outsider = dice.below(size.outsiders);
    match dice.below(8) {
        0 | 1 => filters["account"] = account.clone().into(),
        2 => filters["participant"] = company.email(outsider).into(),
        3 => filters["participant"] = Company::outsider(outsider).into(),
        4 => filters["title"] = ["demo", "security rev", "weekly"][dice.below(3)].into(),
        5 => filters["host"] = Company::user_id(dice.below(size.users)).into(),
        6 => filters["scope"] = ["external", "internal"][dice.below(2)].into(),
        _ => filters["min_minutes"] = (10 * dice.below(6)).into(),
    }
    match dice.below(6) {
        0 | 1 => {
            filters["people"] = dice.one_in(2).into();
            filters["limit"] = [1, 20, 50, 200][dice.below(4)].into();
            ("gong_search_calls", filters)
        }
        2 => {
            const BY: [&str; 8] = [
                "host", "account", "week", "day", "scope", "tracker", "outcome", "language",
            ];
            let by = dice.below(8);
            filters["by"] = json!([BY[by], BY[(by + 1 + dice.below(7)) % 8]]);
            filters["limit"] = 200.into();
            ("gong_count_calls", filters)
        }
        3 => (
            "gong_get_account",
            json!({ "account": account, "from": from, "limit": 50 }),
        ),
        4 => (
            "gong_get_deal",
            json!({ "deal": Company::deal_id(dice.below(size.accounts)), "from": from }),
        ),
        _ => {
            let stage = ["Proposal", "closed", "Discovery"][dice.below(3)];
            (
                "gong_list_deals",
                json!({ "stage": stage, "from": from, "limit": 200 }),
            )
        }
    }
}

/// An answer without what differs by design: how it was found, and what a count calls calls.
fn comparable(answer: Result<(String, Value), String>) -> Result<Value, String> {
    // An error quotes how many calls were read and how old they are.
    let (_, mut answer) = answer.map_err(|error| error.chars().take(20).collect::<String>())?;
    let members = answer.as_object_mut().expect("an object");
    for member in ["requests", "resume"] {
        members.remove(member);
    }
    for longest in answer["longest_calls"].as_array_mut().into_iter().flatten() {
        longest.as_object_mut().expect("an object").remove("title");
        longest.as_object_mut().expect("an object").remove("id");
    }
    if let Some(scan) = answer["scan"].as_object_mut() {
        scan.remove("index");
        scan.remove("stopped");
        scan.remove("read_back_to");
        // Of a private call the index does not know host and workspace.
        scan.remove("left_out_private");
    }
    Ok(answer)
}

/// Asks the same with and without the index; returns how many questions had an answer.
fn compare(company: &Company, questions: usize, seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let mut answered = 0;
    for number in 0..questions {
        let (tool, arguments) = question(&mut dice, company);
        let answers = [true, false].map(|indexed| {
            company.indexed.set(indexed);
            company.ask(tool, &arguments)
        });
        // Without host and workspace of private calls, and with a call or two more than are shown, the
        // index may have read other numbers.
        let is_stopped = |answer: &Result<(String, Value), String>| {
            answer
                .as_ref()
                .is_ok_and(|(_, answer)| !answer["scan"]["stopped"].is_null())
        };
        let same_read = arguments.get("host").is_none() && !answers.iter().any(is_stopped);
        let mut answers = answers.map(comparable);
        if !same_read {
            for answer in answers.iter_mut().flatten() {
                answer["scan"]
                    .as_object_mut()
                    .expect("a scan")
                    .remove("read");
            }
        }
        company.indexed.set(true);
        let [with, without] = answers;
        answered += usize::from(with.is_ok());
        assert_eq!(with, without, "question {number}: {tool} {arguments}");
    }
    answered
}

#[test]
fn answers_are_those_of_a_full_scan_before_and_after_changes() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    assert!(compare(&company, 160, 1) > 120);
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
    assert!(compare(&company, 160, 3) > 120);
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
    let index_of = |id: &str| {
        (0..SMALL.calls)
            .find(|call| Company::id(*call) == id)
            .expect("a call")
    };
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
#[expect(
    clippy::print_stdout,
    reason = "with --nocapture it prints what was measured"
)]
fn thirty_thousand_calls_take_few_requests_and_bytes() {
    let company = Company::new(LARGE);
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
    let bytes = company.kept() / LARGE.calls;
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
    let company = Company::new(LARGE);
    fill(&company, "180d");
    // As many calls come in a day as before.
    let mut dice = Dice::new(5);
    for call in 0..3 * 167 {
        let made = Company::made(&mut dice, LARGE, NOW + call * DAY / 167);
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

#[test]
fn a_store_that_fails_leaves_the_answer_as_without_an_index() {
    for fault in [
        Fault::Unreachable,
        Fault::Slow,
        Fault::Failing,
        Fault::Full,
        Fault::WithoutEtags,
    ] {
        for filled in [false, true] {
            let company = Company::new(SMALL);
            if filled {
                fill(&company, "60d");
            }
            company.fault.set(fault);
            compare(&company, 12, 9);
            let (_, text, _) = company.count(
                "gong_count_calls",
                &json!({ "by": ["scope"], "from": "59d" }),
            );
            if fault != Fault::Full || !filled {
                assert!(text.contains("its store "), "{fault:?}: {text}");
            }
        }
    }
}

#[test]
fn damage_and_another_version_are_as_if_absent() {
    let damages: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes.truncate(40),
        |bytes| bytes.clear(),
        |bytes| bytes[0] += 1,
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
        },
        |bytes| bytes[3] ^= 1,
    ];
    let company = Company::new(SMALL);
    for damage in damages {
        fill(&company, "60d");
        for (name, (bytes, _)) in company.objects.borrow_mut().iter_mut() {
            if name.starts_with("calls-") {
                damage(bytes);
            }
        }
        compare(&company, 6, 11);
    }
}

#[test]
fn a_dead_holder_of_the_lease_and_a_clock_that_jumps_do_no_harm() {
    let company = Company::new(SMALL);
    let lease = |until: i64| (until.to_string().into_bytes(), 1);
    // Somebody holds the lease: there is nothing yet, so the answer is live.
    company
        .objects
        .borrow_mut()
        .insert("fill".into(), lease(NOW + 60));
    compare(&company, 4, 12);
    let held = company.objects.borrow().len();
    assert!(held <= 3, "only the newest hours: {held}");
    // The holder died; or its clock was years ahead.
    for until in [NOW - 1, NOW + 10 * 365 * DAY] {
        company.objects.borrow_mut().clear();
        company
            .objects
            .borrow_mut()
            .insert("fill".into(), lease(until));
        fill(&company, "60d");
        assert!(!company.objects.borrow().contains_key("fill"), "given back");
    }
    for jump in [-3 * 365 * DAY, -DAY, -2 * HOUR, 20 * DAY, 400 * DAY] {
        company.now.set(NOW + jump);
        compare(&company, 6, 13);
        company.now.set(NOW);
        compare(&company, 3, 14);
    }
}

#[test]
fn two_fill_at_once_and_nothing_is_lost() {
    let company = Company::new(SMALL);
    fill(&company, "30d");
    // Another call wrote a week since: with its ETag changed, ours merges.
    let week = NOW - NOW.rem_euclid(WEEK);
    let name = format!("calls-{}", week / WEEK);
    company.now.set(NOW + 1_200);
    let old = company.objects.borrow()[&name].clone();
    company
        .ask("gong_sync_calls", &json!({ "from": "10d" }))
        .expect("an answer");
    let new = company.objects.borrow()[&name].clone();
    assert_ne!(old.1, new.1, "it was written");
    compare(&company, 10, 15);
}

#[test]
fn private_calls_are_kept_as_ids_only() {
    let company = Company::new(Size {
        calls: 60,
        days: 20,
        ..SMALL
    });
    for (number, call) in company.calls.borrow_mut().iter_mut().enumerate() {
        call.private = number % 2 == 0;
        call.title = format!("{}{number}", if call.private { "Secret" } else { "Open" });
    }
    fill(&company, "20d");
    let kept: Vec<u8> = company
        .objects
        .borrow()
        .values()
        .flat_map(|(bytes, _)| bytes.clone())
        .collect();
    let has = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("Open") && !has("Secret"));
    // Where private calls are allowed, the index is not used.
    company
        .settings
        .borrow_mut()
        .insert("GONG_PRIVATE_CALLS", "allow".into());
    let (_, text, answer) = company.count("gong_search_calls", &json!({ "title": "secret" }));
    assert!(!text.contains("index"), "{text}");
    assert_eq!(answer["calls"].as_array().map(Vec::len), Some(30));
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
fn gongs_limit_ends_filling_and_the_answer_says_so() {
    let company = Company::new(SMALL);
    company.refuses_from.set(3);
    let arguments = json!({ "by": ["scope"], "from": "59d" });
    let (_, text, answer) = company.count("gong_count_calls", &arguments);
    assert!(text.starts_with("Not complete: "), "{text}");
    assert!(answer["resume"].is_string());
    company.refuses_from.set(usize::MAX);
    company.now.set(NOW + 100);
    let (_, text, _) = company.count("gong_count_calls", &arguments);
    assert!(!text.contains("Not complete"), "{text}");
    assert!(
        time::parse_instant(answer["scan"]["read_back_to"].as_str().expect("a time")).is_some()
    );
}

#[test]
fn who_is_erased_leaves_every_week_before_gong_is_told() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    let email = company.email(3);
    let person = Company::outsider(3);
    let has = |text: &str| has_text(&company, text);
    assert!(has(&person));
    let erase = |company: &Company| {
        let arguments = json!({ "email": email, "confirm": email });
        company.ask("gong_erase_personal_data", &arguments)
    };
    // A store that fails: nothing is sent to Gong.
    company.fault.set(Fault::Failing);
    let before = company.requests.borrow().len();
    let error = erase(&company).expect_err("the store fails");
    assert!(error.contains("may still be in the index"), "{error}");
    assert_eq!(company.requests.borrow().len(), before);
    company.fault.set(Fault::None);
    let (text, _) = erase(&company).expect("erased");
    assert!(text.contains("no longer in the index of calls"), "{text}");
    assert!(!has(&person));
    // Gong takes hours, and the person stays out though Gong still sends it.
    company.now.set(NOW + 9 * DAY);
    fill(&company, "60d");
    fill(&company, "60d");
    assert!(!has(&person));
}
