use super::{super::query::Query, MAX_CONTEXT, Matches, end_of, find, start_of};
use crate::{
    gong::{calls::Call, transcripts::Monologue},
    wit::transcripts::Speakers,
};

fn found(query: &str, searched: Speakers) -> Matches {
    let call: Call = serde_json::from_str(
        r#"{"metaData":{"id":"1"},"parties":[{"speakerId":"a","name":"Ann Li","affiliation":"Internal"},
        {"speakerId":"b","name":"Bo Ray","affiliation":"External","title":"CFO"}]}"#,
    )
    .expect("call");
    let monologues: Vec<Monologue> = serde_json::from_str(
        r#"[{"speakerId":"a","sentences":[{"start":0,"text":"The price is one."},{"start":2000,"text":" "},{"start":3000,"text":"The price\nis two."},{"start":4000,"text":"So."}]},
        {"speakerId":"b","sentences":[{"start":65000,"text":"Which price?"},{"start":66000,"text":"Hm."}]},
        {"speakerId":null,"sentences":[{"start":70000,"text":"Price."}]}]"#,
    )
    .expect("transcript");
    find(
        &call,
        &monologues,
        &Query::parse(query).expect("query"),
        searched,
    )
}

#[test]
fn no_sentence_is_shown_twice() {
    let all = found("price", Speakers::All);
    let shown: Vec<_> = all
        .quotes
        .iter()
        .map(|quote| {
            (
                quote.at.as_str(),
                quote.before.as_deref(),
                quote.text.as_str(),
                quote.after.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("0:00", None, "The price is one.", None),
            ("0:03", None, "The price is two.", Some("So.")),
            ("1:05", None, "Which price?", Some("Hm.")),
            ("1:10", None, "Price.", None),
        ]
    );
}

#[test]
fn only_sentences_of_the_searched_speakers_match() {
    let customers = found("price", Speakers::External);
    assert_eq!(customers.quotes.len(), 1);
    assert_eq!(
        customers.quotes[0].before.as_deref(),
        Some("Ann Li: So."),
        "the context may be anybody's"
    );
    assert_eq!(found("price", Speakers::Internal).quotes.len(), 2);
}

#[test]
fn long_sentences_are_cut_at_characters() {
    assert_eq!(start_of("äöü", 2), "äö…");
    assert_eq!(start_of("äöü", 3), "äöü");
    let long = "ü".repeat(MAX_CONTEXT + 1);
    assert_eq!(end_of(&long).chars().count(), MAX_CONTEXT + 1);
    assert!(end_of(&long).starts_with("…ü"));
}

#[test]
fn further_matches_are_counted() {
    let call = Call::default();
    let monologues: Vec<Monologue> = serde_json::from_str(&format!(
        "[{{\"sentences\":[{}]}}]",
        ["{\"text\":\"price\"}"; 8].join(",")
    ))
    .expect("transcript");
    let found = find(
        &call,
        &monologues,
        &Query::parse("price").expect("query"),
        Speakers::All,
    );
    assert_eq!((found.quotes.len(), found.all), (5, 8));
}
