//! A company's day: 200 people who ask 20 questions each.

use serde_json::{Value, json};

use crate::{
    testing::{
        company::{Company, NOW, Size},
        dice::Dice,
    },
    time::DAY,
};

/// Requests that Gong answers in a day.
const LIMIT: usize = 10_000;
/// When the schedule fills and refreshes the index, in seconds.
const SCHEDULE: i64 = 15 * 60;
/// The first hour in which people ask, and the one after the last.
const HOURS: (i64, i64) = (8, 18);
/// Calls of a day.
const CALLS: i64 = 167;

/// The kinds of questions, and how many of a hundred each is.
const KINDS: [(&str, usize); 6] = [
    ("account", 40),
    ("search", 20),
    ("digest", 15),
    ("transcript", 10),
    ("count", 10),
    ("deals", 5),
];

/// What questions of one kind took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// How many there were.
    pub questions: usize,
    /// How many of them had an answer that covers the whole range.
    pub complete: usize,
    /// How many had no answer.
    pub refused: usize,
    /// Requests to Gong.
    pub requests: usize,
}

/// What a day took.
#[derive(Debug, Default)]
pub struct CompanyDay {
    /// By kind of question.
    pub asked: Vec<(&'static str, Asked)>,
    /// Requests of the schedule.
    pub scheduled: usize,
    /// Requests in all.
    pub requests: usize,
}

/// Runs the day of a company with 30,000 calls in 180 days, and with an index that is full when the
/// day begins, or without one. Gong refuses what is beyond 10,000 requests.
#[must_use]
pub fn company_day(questions: usize, indexed: bool) -> CompanyDay {
    let size = Size::ORDINARY;
    let company = Company::new(size);
    company.indexed.set(indexed);
    let mut dice = Dice::new(11);
    let midnight = NOW - NOW.rem_euclid(DAY) + DAY;
    for call in 0..2 * CALLS {
        let at = NOW + call * DAY / CALLS;
        let made = Company::made(&mut dice, size, at);
        company.calls.borrow_mut().push(made);
    }
    let sync = |at: i64| {
        company.now.set(at);
        // What it is refused is in the count of its requests.
        let _ = company.ask("gong_sync_calls", &json!({ "from": "180d" }));
    };
    if indexed {
        // As it is when the schedule has gone on for a while.
        for _ in 0..12 {
            sync(NOW);
        }
        for hour in 1..24 {
            sync((NOW + hour * 3_600).min(midnight - 60));
        }
    }
    company.requests.borrow_mut().clear();
    company.refuses_from.set(LIMIT);

    let mut day = CompanyDay {
        asked: KINDS.map(|(kind, _)| (kind, Asked::default())).into(),
        ..CompanyDay::default()
    };
    let (first, last) = (midnight + HOURS.0 * 3_600, midnight + HOURS.1 * 3_600);
    let every = ((last - first) / questions.max(1) as i64).max(1);
    let mut next = (midnight, first);
    let mut left = questions;
    while left > 0 || next.0 < midnight + DAY {
        if next.0 <= next.1 || left == 0 {
            if indexed {
                let before = company.requests.borrow().len();
                sync(next.0);
                day.scheduled += company.requests.borrow().len() - before;
            }
            next.0 += SCHEDULE;
            continue;
        }
        company.now.set(next.1);
        next.1 += every;
        left -= 1;
        let kind = kind(dice.below(100));
        let (tool, arguments) = question(kind, &company, &mut dice);
        let before = company.requests.borrow().len();
        let answer = company.ask(tool, &arguments);
        let (_, asked) = &mut day.asked[kind];
        asked.questions += 1;
        asked.requests += company.requests.borrow().len() - before;
        match answer {
            Ok((_, answer)) => asked.complete += usize::from(is_complete(&answer)),
            Err(_) => asked.refused += 1,
        }
        // Texts of 10,000 requests are nobody's concern.
        company
            .requests
            .borrow_mut()
            .iter_mut()
            .for_each(String::clear);
    }
    day.requests = company.requests.borrow().len();
    day
}

fn kind(mut of_hundred: usize) -> usize {
    for (kind, (_, share)) in KINDS.iter().enumerate() {
        if of_hundred < *share {
            return kind;
        }
        of_hundred -= share;
    }
    KINDS.len() - 1
}

fn question(kind: usize, company: &Company, dice: &mut Dice) -> (&'static str, Value) {
    let account = account(company, dice);
    let call = |dice: &mut Dice| {
        // Most look at calls of the last weeks that are not private.
        let calls = company.calls.borrow();
        loop {
            let back = dice.below(2_000);
            let index = calls.len() - 1 - back;
            if calls[index].at < company.now.get() && !calls[index].private {
                return Company::id(index);
            }
        }
    };
    match KINDS[kind].0 {
        "account" => match dice.one_in(2) {
            true => (
                "gong_get_account",
                json!({ "account": Company::account_id(account) }),
            ),
            false => (
                "gong_get_account",
                json!({ "account": Company::domain(account) }),
            ),
        },
        "search" => {
            let filter = match dice.below(3) {
                0 => json!({ "account": Company::domain(account), "from": "180d" }),
                1 => {
                    json!({ "participant": company.email(dice.below(company.size.outsiders)), "from": "180d" })
                }
                _ => json!({ "title": "pricing", "from": "90d" }),
            };
            ("gong_search_calls", filter)
        }
        "digest" => ("gong_get_call", json!({ "call": call(dice) })),
        "transcript" => ("gong_get_transcript", json!({ "call": call(dice) })),
        "count" => (
            "gong_count_calls",
            json!({ "by": ["host", "week"], "from": "90d" }),
        ),
        _ => ("gong_list_deals", json!({ "from": "90d" })),
    }
}

/// An account that has calls.
fn account(company: &Company, dice: &mut Dice) -> usize {
    let calls = company.calls.borrow();
    loop {
        let call = &calls[dice.below(company.size.calls)];
        if let Some(account) = call.account.filter(|_| !call.private) {
            return account;
        }
    }
}

/// Whether nothing of the range was left out; an answer of one call has no range.
fn is_complete(answer: &Value) -> bool {
    let scan = &answer["scan"];
    // A full page of a search ends where the page does.
    scan["missing_requests"].is_null()
        && (scan["stopped"].is_null() || !answer["resume"].is_null() && answer["calls"].is_array())
}
