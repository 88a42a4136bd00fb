//! The sentences of a call that match, with what was said around them.

use crate::{
    gong::{
        calls::{Call, Party},
        id::Id,
        transcripts::Monologue,
    },
    prelude::*,
    text::one_line,
    time,
    tools::search_transcripts::query::Query,
    wit::{
        calls::Affiliation,
        transcripts::{Quote, Speakers},
    },
};

/// Quotes that one call gives at most: an answer is about many calls, and
/// `gong_get_transcript` has the rest.
const MOST_OF_A_CALL: usize = 5;
/// Characters of a matching sentence, and of one beside it. Gong's sentences have
/// some 100; where speech is not parted, thousands.
const SENTENCE: usize = 500;
const BESIDE: usize = 160;

/// What a call's transcript has of what is looked for.
pub(super) struct Found {
    pub(super) quotes: Vec<Quote>,
    /// Matches beyond these.
    pub(super) more: u32,
}

#[derive(Clone, Copy)]
struct Said<'m> {
    at: u64,
    speaker: Option<&'m Id>,
    text: &'m str,
}

/// Looks through a transcript.
pub(super) fn find(call: &Call, monologues: &[Monologue], query: &Query, whose: Speakers) -> Found {
    let said: Vec<Said<'_>> = monologues
        .iter()
        .flat_map(|monologue| {
            let sentences = monologue.sentences.iter().flatten();
            sentences.map(|sentence| Said {
                at: sentence.start.unwrap_or(0),
                speaker: monologue.speaker_id.as_ref(),
                text: sentence.text.as_deref().unwrap_or_default(),
            })
        })
        .filter(|said| !said.text.trim().is_empty())
        .collect();
    let is_asked = |speaker| {
        let affiliation = || party(call, speaker).map_or(Affiliation::Unknown, Party::affiliation);
        match whose {
            Speakers::All => true,
            Speakers::External => affiliation() == Affiliation::External,
            Speakers::Internal => affiliation() == Affiliation::Internal,
        }
    };
    let mut folded = String::new();
    let hits: Vec<usize> = said
        .iter()
        .enumerate()
        .filter(|(_, said)| query.is_in(said.text, &mut folded) && is_asked(said.speaker))
        .map(|(index, _)| index)
        .collect();
    let (shown, rest) = hits.split_at(hits.len().min(MOST_OF_A_CALL));
    // What a quote shows, the next one does not show again.
    let mut next = 0;
    let mut quotes = Vec::new();
    for &hit in shown {
        let this = &said[hit];
        let beside = |other: &Said<'_>, text: String| {
            if other.speaker == this.speaker {
                text
            } else {
                format!("{}: {text}", name(call, other.speaker))
            }
        };
        let before = hit
            .checked_sub(1)
            .filter(|&before| before >= next)
            .map(|before| beside(&said[before], end_of(said[before].text)));
        let after = said
            .get(hit + 1)
            .filter(|_| !shown.contains(&(hit + 1)))
            .map(|after| beside(after, start_of(after.text, BESIDE)));
        next = hit + 1 + usize::from(after.is_some());
        let party = party(call, this.speaker);
        quotes.push(Quote {
            at: time::into_call(this.at),
            speaker: name(call, this.speaker),
            affiliation: party.map_or(Affiliation::Unknown, Party::affiliation),
            title: party
                .and_then(|party| party.title.as_deref())
                .map(one_line)
                .filter(|title| !title.is_empty()),
            before,
            text: start_of(this.text, SENTENCE),
            after,
        });
    }
    let more = rest.len() as u32;
    Found { quotes, more }
}

fn party<'c>(call: &'c Call, speaker: Option<&Id>) -> Option<&'c Party> {
    call.parties()
        .find(|party| speaker.is_some() && party.speaker_id.as_ref() == speaker)
}

fn name(call: &Call, speaker: Option<&Id>) -> String {
    party(call, speaker)
        .and_then(Party::name)
        .unwrap_or_else(|| "unknown speaker".to_owned())
}

fn start_of(text: &str, most: usize) -> String {
    let text = one_line(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn end_of(text: &str) -> String {
    let text = one_line(text);
    match text.char_indices().nth_back(BESIDE) {
        Some((start, cut)) => format!("…{}", &text[start + cut.len_utf8()..]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::query::Query, Found, end_of, find, start_of};
    use crate::{
        gong::{calls::Call, transcripts::Monologue},
        wit::transcripts::Speakers,
    };

    fn found(query: &str, whose: Speakers) -> Found {
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
            whose,
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
    fn customers_are_told_from_the_company_and_from_the_unknown() {
        let customers = found("price", Speakers::External);
        assert_eq!(customers.quotes.len(), 1);
        assert_eq!(
            customers.quotes[0].before.as_deref(),
            Some("Ann Li: So."),
            "what is around may be anybody's"
        );
        assert_eq!(found("price", Speakers::Internal).quotes.len(), 2);
    }

    #[test]
    fn long_sentences_are_cut_at_characters() {
        assert_eq!(start_of("äöü", 2), "äö…");
        assert_eq!(start_of("äöü", 3), "äöü");
        let long = "ü".repeat(super::BESIDE + 1);
        assert_eq!(end_of(&long).chars().count(), super::BESIDE + 1);
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
        assert_eq!((found.quotes.len(), found.more), (5, 3));
    }
}
