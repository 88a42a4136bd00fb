//! The query of a search: words, quoted phrases, alternatives.

use crate::{
    error::{Error, bad_argument},
    prelude::*,
};

/// A sentence matches if it matches one of the alternatives.
pub(super) struct Query {
    /// Pieces of folded text, all of which a sentence must contain. A blank in them is the
    /// beginning or end of a word.
    alternatives: Vec<Vec<String>>,
}

/// What a query consists of.
enum Piece<'q> {
    Word(&'q str),
    Phrase(&'q str),
    Or,
}

impl Query {
    /// Parses words, `"quoted phrases"`, and OR between alternatives.
    ///
    /// # Errors
    /// `bad-argument` if a quote is not closed, an alternative has no word, or a word is to be left out.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        const EXAMPLE: &str = "\"security review\" OR SOC2 OR pricing discount.";
        let pieces = pieces(text).map_err(|problem| bad_argument("query", problem, EXAMPLE))?;
        let mut alternatives = alloc::vec![Vec::new()];
        for piece in &pieces {
            let last = alternatives.len() - 1;
            match piece {
                Piece::Or => alternatives.push(Vec::new()),
                // By itself it is a word.
                Piece::Word(or) if or.eq_ignore_ascii_case("or") && pieces.len() > 1 => {
                    alternatives.push(Vec::new());
                }
                // The default between words.
                Piece::Word("AND") => {}
                Piece::Word(word) => alternatives[last].extend(needle(word, false)),
                Piece::Phrase(phrase) => alternatives[last].extend(needle(phrase, true)),
            }
        }
        if alternatives.iter().any(Vec::is_empty) {
            let problem = match alternatives.len() {
                1 => "there is no word in it.",
                _ => "there is no word on one side of OR.",
            };
            return Err(bad_argument("query", problem, EXAMPLE));
        }
        Ok(Self { alternatives })
    }

    /// Whether a sentence matches. `folded` is a buffer that spares an allocation per sentence.
    pub(super) fn is_in(&self, sentence: &str, folded: &mut String) -> bool {
        fold(sentence, folded);
        self.alternatives.iter().any(|needles| {
            needles
                .iter()
                .all(|needle| folded.contains(needle.as_str()))
        })
    }
}

/// The pieces of a query, or what is wrong with it.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let piece;
        (piece, rest) = if first == '|' {
            (Piece::Or, after.trim_start_matches('|'))
        } else if is_double_quote(first) {
            let phrase = after.split_once(is_double_quote);
            let (phrase, after) = phrase.ok_or("a quoted phrase does not end.")?;
            (Piece::Phrase(phrase), after)
        } else if let Some((phrase, after)) = single_quoted(rest) {
            (Piece::Phrase(phrase), after)
        } else {
            let end = rest.find(|c| ends_word(c) || is_double_quote(c));
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            let before = text[..text.len() - rest.len()].chars().next_back();
            if word == "NOT" || (before.is_none_or(ends_word) && is_minus(rest)) {
                return Err(
                    "this search has no NOT: it finds what is said, and leaves out nothing.",
                );
            }
            (Piece::Word(word), after)
        };
        pieces.push(piece);
        rest = rest.trim_start();
    }
    Ok(pieces)
}

/// The phrase in single quotation marks at the beginning, and what follows it. In the middle of a word
/// such a mark is an apostrophe.
fn single_quoted(text: &str) -> Option<(&str, &str)> {
    let is_quote = |c| matches!(c, '\'' | '‘' | '’' | '‚');
    let after = text.strip_prefix(is_quote)?;
    let ends = after.match_indices(is_quote);
    let mut ends = ends.map(|(at, mark)| (&after[..at], &after[at + mark.len()..]));
    ends.find(|(_, rest)| rest.chars().next().is_none_or(ends_word))
}

/// Whether a text begins with a minus before something to leave out; with a blank behind, it is a dash.
fn is_minus(text: &str) -> bool {
    let excluded = text.strip_prefix('-').and_then(|rest| rest.chars().next());
    excluded.is_some_and(|c| c.is_alphanumeric() || is_double_quote(c) || c == '\'')
}

fn is_double_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„')
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || c == '|'
}

/// The text to search for: a beginning of a word, or with `exact` whole words. Thai, Chinese and
/// Japanese have no blanks between words, so their text may be anywhere.
fn needle(text: &str, exact: bool) -> Option<String> {
    let mut folded = String::new();
    fold(text, &mut folded);
    let words = folded.trim();
    if words.is_empty() {
        None
    } else if words.contains(|c| matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{2E80}'..='\u{9FFF}')) {
        Some(words.to_owned())
    } else if exact {
        Some(folded)
    } else {
        Some(format!(" {words}"))
    }
}

/// Writes `text` into `folded` in lower case, without accents, with one blank around every word.
fn fold(text: &str, folded: &mut String) {
    folded.clear();
    folded.push(' ');
    for c in text.chars() {
        if c.is_alphanumeric() {
            folded.extend(c.to_lowercase().map(plain));
        } else if !matches!(c, '\u{0300}'..='\u{036F}') && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    if !folded.ends_with(' ') {
        folded.push(' ');
    }
}

/// The letter under the accent, in the alphabets of Western and Central Europe.
fn plain(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'į' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests;
