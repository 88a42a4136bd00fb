//! A company's day beside the same without an index: 30,000 calls in 180 days, 4,000 questions of
//! 200 people, and Gong's 10,000 requests. `cargo bench -p gong-tools --bench company_day`; another
//! number of questions after `--`.

#![expect(clippy::print_stdout, reason = "the table")]

use gong_tools::bench_api::{CompanyDay, company_day};

/// Requests that the day may take with an index.
const MOST: usize = 8_000;

fn main() {
    let questions = std::env::args().find_map(|text| text.parse().ok());
    let questions = questions.unwrap_or(4_000);
    let indexed = company_day(questions, true);
    print("with an index", &indexed);
    print("without", &company_day(questions, false));
    assert!(
        indexed.requests <= MOST,
        "the day takes more than {MOST} requests"
    );
    let refused: usize = indexed.asked.iter().map(|(_, asked)| asked.refused).sum();
    assert_eq!(refused, 0, "questions without an answer");
}

fn print(name: &str, day: &CompanyDay) {
    println!(
        "{name}: {} requests, {} of them on the schedule",
        day.requests, day.scheduled
    );
    for (kind, asked) in &day.asked {
        println!(
            "  {kind:10} {:5} questions, {:5} complete, {:5} without an answer, {:6} requests",
            asked.questions, asked.complete, asked.refused, asked.requests
        );
    }
}
