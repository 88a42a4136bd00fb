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

impl Query {
    /// Parses words, `"quoted phrases"`, and OR between alternatives.
    ///
    /// # Errors
    /// `bad-argument` if a quote is not closed or an alternative has no word.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        const EXAMPLE: &str = "\"security review\" OR SOC2 OR pricing discount.";
        let mut alternatives = alloc::vec![Vec::new()];
        for (index, part) in text.split(['"', '“', '”', '„']).enumerate() {
            let last = alternatives.len() - 1;
            if index % 2 == 1 {
                alternatives[last].extend(needle(part, true));
                continue;
            }
            for word in part.split_whitespace() {
                match word {
                    "OR" | "|" => alternatives.push(Vec::new()),
                    // The default between words.
                    "AND" => {}
                    word => {
                        let last = alternatives.len() - 1;
                        alternatives[last].extend(needle(word, false));
                    }
                }
            }
        }
        let problem = if text.matches(['"', '“', '”', '„']).count() % 2 == 1 {
            "a quoted phrase does not end."
        } else if alternatives.iter().any(Vec::is_empty) {
            match alternatives.len() {
                1 => "there is no word in it.",
                _ => "there is no word on one side of OR.",
            }
        } else {
            return Ok(Self { alternatives });
        };
        Err(bad_argument("query", problem, EXAMPLE))
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
mod tests {
    use super::Query;
    use crate::prelude::*;

    fn has(query: &str, sentence: &str) -> bool {
        Query::parse(query)
            .expect(query)
            .is_in(sentence, &mut String::new())
    }

    #[test]
    fn a_sentence_has_words_that_begin_with_each_word() {
        assert!(has("price", "What are your PRICES?"));
        assert!(has("discount price", "A price, and then a discount."));
        assert!(!has("discount price", "A price."));
        assert!(!has("rice", "A price."), "not inside a word");
        assert!(has("don't", "We don’t know."), "either apostrophe");
        assert!(has("e-mail", "Send an e-mails list"));
        assert!(has("x AND y", "y x"));
    }

    #[test]
    fn quoted_phrases_are_exact() {
        assert!(has("\"security review\"", "The security, review: done."));
        assert!(!has("\"security review\"", "A review of security."));
        assert!(
            !has("\"security review\"", "security reviews"),
            "whole words"
        );
        assert!(!has("\"AI\"", "We aim for it."));
        assert!(has("“too expensive” Acme", "Acme is too expensive"));
    }

    #[test]
    fn one_alternative_is_enough() {
        assert!(has(
            "\"SOC 2\" OR iso 27001",
            "We have ISO 27001 and no other."
        ));
        assert!(has("\"SOC 2\" OR iso 27001", "Is it soc 2?"));
        assert!(!has("\"SOC 2\" OR iso 27001", "We have ISO 9001."));
        assert!(has("or", "This or that"), "in lower case it is a word");
    }

    #[test]
    fn accents_and_scripts_without_blanks() {
        assert!(has("resume", "Ihr Résumé"));
        assert!(has("Übergang", "der ubergang"));
        assert!(has("cafe", "cafe\u{0301}"));
        assert!(has("価格", "この価格は高い"));
        assert!(!has("価格", "値段"));
    }

    #[test]
    fn queries_without_a_word_are_refused() {
        for wrong in ["", "  ", "?!", "\"\"", "\"open", "price OR", "OR price"] {
            assert!(Query::parse(wrong).is_err(), "{wrong}");
        }
    }
}
