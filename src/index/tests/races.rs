//! Calls that write at the same time, and calls that are killed.

use serde_json::json;

use crate::{
    index::{
        freshness::{HOUR, WEEK},
        tests::{SMALL, compare, fill},
    },
    testing::company::{Company, NOW, Size},
    time::DAY,
};

/// The current week's object.
fn newest_week() -> String {
    format!("calls-{}", NOW.div_euclid(WEEK))
}

/// A company whose index was filled nine hours ago, with calls that came since.
fn with_news() -> Company {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    let now = NOW + 9 * HOUR;
    company.now.set(now);
    let mut late = company.calls.borrow()[SMALL.calls - 1].clone();
    for minutes in [30 * 60, 150, 60] {
        late.at = now - minutes * 60;
        late.private = false;
        late.title = format!("Late {minutes}");
        company.calls.borrow_mut().push(late.clone());
    }
    company
}

fn refresh(company: &Company, from: &str) {
    let arguments = json!({ "from": from });
    company
        .ask("gong_sync_calls", &arguments)
        .expect("an answer");
}

/// Two calls read the week, and both write it: the first one's work is not lost, and what each has read
/// last is there.
#[test]
fn who_loses_the_race_merges() {
    let company = with_news();
    let before = company.objects.borrow().clone();
    // The other one reads all that is due.
    refresh(&company, "60d");
    let theirs = company.objects.borrow()[&newest_week()].0.clone();
    // We began from the same and read the last hours; just before our PUT the object is theirs.
    *company.objects.borrow_mut() = before;
    company
        .others_write
        .borrow_mut()
        .push((newest_week(), theirs));
    let requests = company.requests.borrow().len();
    refresh(&company, "2h");
    assert!(company.others_write.borrow().is_empty(), "it came to a PUT");
    let read = company.requests.borrow().len() - requests;
    assert!(read <= 2, "{read}: only the last hours were read");
    // Of 30 hours ago is what the other one has read.
    let (requests, text, answer) = company.count(
        "gong_search_calls",
        &json!({ "title": "late", "from": "36h" }),
    );
    assert!(requests <= 2, "{requests} {text}");
    assert_eq!(answer["calls"].as_array().map(Vec::len), Some(3), "{text}");
    compare(&company, 10, 21);
}

/// Others write before each PUT, so that it never comes to ours: the answer is right and says why
/// nothing was kept.
#[test]
fn who_always_loses_answers_all_the_same() {
    let company = with_news();
    let theirs = company.objects.borrow()[&newest_week()].0.clone();
    let always = core::iter::repeat_n((newest_week(), theirs), 40);
    company.others_write.borrow_mut().extend(always);
    let (_, text, answer) = company.count(
        "gong_search_calls",
        &json!({ "title": "late", "from": "3h" }),
    );
    assert_eq!(answer["calls"].as_array().map(Vec::len), Some(2), "{text}");
    assert!(
        text.contains("others write the index at the same time"),
        "{text}"
    );
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

/// A call that is killed before any of its exchanges leaves an index that is right and can be filled.
#[test]
fn killed_at_any_point_nothing_is_wrong_and_nothing_is_lost() {
    let size = Size {
        calls: 260,
        days: 20,
        ..SMALL
    };
    for filled in [false, true] {
        for point in 0.. {
            let company = Company::new(size);
            if filled {
                fill(&company, "20d");
                company.now.set(NOW + 9 * HOUR);
            }
            let begin = company.exchanges.get();
            company.killed_at.set(begin + point);
            // What it would have answered nobody sees.
            let _ = company.ask("gong_sync_calls", &json!({ "from": "20d" }));
            let is_over = company.exchanges.get() < begin + point;
            company.killed_at.set(usize::MAX);
            let arguments = json!({ "by": ["scope"], "from": "19d" });
            let (_, text, with) = company.count("gong_count_calls", &arguments);
            if !text.starts_with("Not complete") {
                company.indexed.set(false);
                let (_, _, without) = company.count("gong_count_calls", &arguments);
                assert_eq!(with["total"], without["total"], "{point}: {text}");
                company.indexed.set(true);
            }
            // Its lease has ended.
            company.now.set(company.now.get() + 160);
            compare(&company, 2, point as u64);
            fill(&company, "20d");
            for name in ["fill", "newest"] {
                // Given back, or of the killed call and at its end.
                let objects = company.objects.borrow();
                let until = objects.get(name).map(|(bytes, _)| bytes.as_slice());
                let until = until.map(|text| core::str::from_utf8(text).expect("a number"));
                let until = until.map(|until| until.parse::<i64>().expect("a number"));
                assert!(
                    until.is_none_or(|until| until < company.now.get()),
                    "{name}"
                );
            }
            compare(&company, 2, 100 + point as u64);
            if is_over {
                assert!(point >= 9, "{point} exchanges");
                break;
            }
        }
    }
}

/// A call that is killed in the middle of its reading has kept all but its last pages.
#[test]
fn what_a_killed_call_has_read_is_kept() {
    let company = Company::new(Size {
        calls: 3_000,
        days: 20,
        ..SMALL
    });
    let pages = 25;
    company.killed_at.set(company.exchanges.get() + 10 + pages);
    let _ = company.ask("gong_sync_calls", &json!({ "from": "20d" }));
    company.killed_at.set(usize::MAX);
    company.now.set(company.now.get() + 160);
    let before = company.requests.borrow().len();
    let rest = fill(&company, "20d");
    assert!(before >= 20, "{before} pages were read");
    assert!(rest + before <= 30 + 12, "{before} pages, then {rest}");
    compare(&company, 10, 41);
}

/// The clock jumps between any two exchanges of a call.
#[test]
fn a_clock_that_jumps_within_a_call_makes_nothing_wrong() {
    for jump in [-DAY, -HOUR, -1, 90, HOUR, DAY] {
        let company = Company::new(SMALL);
        fill(&company, "60d");
        company.now.set(NOW + 9 * HOUR);
        company.jump.set(jump);
        refresh(&company, "60d");
        company.jump.set(0);
        company.now.set(NOW + 10 * HOUR);
        compare(&company, 6, 31);
        fill(&company, "60d");
        compare(&company, 6, 32);
    }
}
