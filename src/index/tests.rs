//! The index against a generated company: equal to a full scan, how many requests and bytes it
//! takes, and what happens when something breaks.

use serde_json::{Value, json};

use crate::{
    index::segment,
    testing::{
        company::{Company, Size},
        dice::Dice,
    },
};

mod counts;
mod equal;
mod faults;
mod names;
mod privacy;
mod races;

/// Small enough for a full scan by one call.
const SMALL: Size = Size {
    calls: 900,
    days: 60,
    accounts: 40,
    outsiders: 150,
    users: 9,
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
        5 => {
            let host = dice.below(size.users);
            filters["host"] = match dice.one_in(2) {
                true => Company::user_id(host).into(),
                false => Company::user(host).into(),
            };
        }
        6 => filters["scope"] = ["external", "internal"][dice.below(2)].into(),
        _ => filters["min_minutes"] = (10 * dice.below(6)).into(),
    }
    match dice.below(7) {
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
        5 => {
            let words = ["price", "renewal", "demo legal", "security"];
            filters["query"] = words[dice.below(4)].into();
            filters["limit"] = [1, 20, 100][dice.below(3)].into();
            ("gong_search_transcripts", filters)
        }
        _ => {
            let stage = ["Proposal", "closed", "Discovery"][dice.below(3)];
            let mut filters = json!({ "stage": stage, "from": from, "limit": 200 });
            if dice.one_in(3) {
                filters["owner"] = Company::user(dice.below(size.users)).into();
            }
            ("gong_list_deals", filters)
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
        // Only the index can say which names there are.
        scan.remove("alike");
        scan.remove("stopped");
        scan.remove("read_back_to");
        // Of a private call the index does not know host and workspace.
        scan.remove("left_out_private");
        scan.remove("hint");
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
