//! Quotes: the sentences of a call that match a query, with those before and after.

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
        transcripts::{CallQuotes, Quote, Speakers},
    },
};

/// The most quotes from one call: an answer is about many calls, and `gong_get_transcript` has the
/// rest.
pub(super) const MAX_QUOTES: usize = 5;
/// Quotes in an answer if no number for a call is requested.
const USUAL: usize = 20;
/// The most quotes in an answer.
const MOST: usize = 100;
/// The most bytes of quotes in an answer: clients cut longer ones.
const MAX_BYTES: usize = 45_000;
/// The most characters of a matching sentence. Gong's sentences have about 100; speech without
/// pauses can be one of thousands.
const MAX_SENTENCE: usize = 500;
/// The most characters of a sentence before or after one.
const MAX_CONTEXT: usize = 160;

/// The matches in a call.
pub(super) struct Matches {
    pub(super) quotes: Vec<Quote>,
    /// How many matches there are, quoted or not.
    pub(super) all: u32,
}

/// Leaves as many quotes of each call as are requested; else so many that an answer has the usual
/// number, one or more of each call. The newest calls come first, and the last ones may have none.
pub(super) fn share(calls: &mut [CallQuotes], requested: Option<usize>) {
    let (each, mut left) = match requested {
        Some(each) => (each, MOST),
        None => (USUAL.div_ceil(calls.len().max(1)), USUAL),
    };
    let mut bytes = 0;
    for call in calls {
        call.quotes.truncate(each.min(left));
        call.quotes.retain(|quote| {
            bytes += length(quote);
            bytes <= MAX_BYTES
        });
        left -= call.quotes.len();
    }
}

/// Bytes of a quote's words.
fn length(quote: &Quote) -> usize {
    let around = [&quote.before, &quote.after];
    quote.text.len() + around.into_iter().flatten().map(String::len).sum::<usize>()
}

#[derive(Clone, Copy)]
struct Sentence<'m> {
    at: u64,
    speaker: Option<&'m Id>,
    text: &'m str,
}

/// Searches a transcript, in sentences of the speakers in `searched`.
pub(super) fn find(
    call: &Call,
    monologues: &[Monologue],
    query: &Query,
    searched: Speakers,
) -> Matches {
    let sentences: Vec<Sentence<'_>> = monologues
        .iter()
        .flat_map(|monologue| {
            let sentences = monologue.sentences.iter().flatten();
            sentences.map(|sentence| Sentence {
                at: sentence.start.unwrap_or(0),
                speaker: monologue.speaker_id.as_ref(),
                text: sentence.text.as_deref().unwrap_or_default(),
            })
        })
        .filter(|sentence| !sentence.text.trim().is_empty())
        .collect();
    let is_searched = |speaker| {
        let affiliation = || party(call, speaker).map_or(Affiliation::Unknown, Party::affiliation);
        match searched {
            Speakers::All => true,
            Speakers::External => affiliation() == Affiliation::External,
            Speakers::Internal => affiliation() == Affiliation::Internal,
        }
    };
    let mut folded = String::new();
    let hits: Vec<usize> = sentences
        .iter()
        .enumerate()
        .filter(|(_, sentence)| {
            query.is_in(sentence.text, &mut folded) && is_searched(sentence.speaker)
        })
        .map(|(index, _)| index)
        .collect();
    let shown = &hits[..hits.len().min(MAX_QUOTES)];
    // The first sentence that no quote has shown yet.
    let mut next = 0;
    let mut quotes = Vec::new();
    for &hit in shown {
        let this = &sentences[hit];
        let with_speaker = |other: &Sentence<'_>, text: String| {
            if other.speaker == this.speaker {
                text
            } else {
                format!("{}: {text}", name(call, other.speaker))
            }
        };
        let before = hit
            .checked_sub(1)
            .filter(|&before| before >= next)
            .map(|before| &sentences[before])
            .map(|before| with_speaker(before, end_of(before.text)));
        let after = sentences
            .get(hit + 1)
            .filter(|_| !shown.contains(&(hit + 1)))
            .map(|after| with_speaker(after, start_of(after.text, MAX_CONTEXT)));
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
            text: start_of(this.text, MAX_SENTENCE),
            after,
        });
    }
    let all = hits.len() as u32;
    Matches { quotes, all }
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
    match text.char_indices().nth_back(MAX_CONTEXT) {
        Some((start, cut)) => format!("…{}", &text[start + cut.len_utf8()..]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
