//! A store that fails, damage, Gong's limit, and clocks.

use serde_json::json;

use crate::{
    index::{
        freshness::HOUR,
        tests::{SMALL, compare, fill},
    },
    testing::company::{Company, Fault, NOW},
    time::{self, DAY},
};

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
