//! Texts of users and of outsiders: on one line, folded for comparing, cut for quoting.

use crate::prelude::*;

/// In lower case for comparing, the two small sigmas of Greek as one: which of them a word has
/// depends on where the letter stands.
pub(crate) fn fold_case(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ")
}

/// Without line breaks and other control characters, trimmed: titles and names
/// are written by outsiders and must not break a line of an answer.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let mut line = String::with_capacity(text.len());
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The first 40 characters, for quoting an argument in an error.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{fold_case, one_line};

    #[test]
    fn greek_words_are_found_however_they_are_written() {
        assert_eq!(
            fold_case("ΟΔΥΣΣΕΥΣ Élan"),
            fold_case("Οδυσσεύς élan").replace('ύ', "υ")
        );
        assert_eq!(fold_case("İstanbul"), "i\u{307}stanbul");
    }

    #[test]
    fn titles_cannot_break_lines() {
        assert_eq!(one_line(" a\n\u{0}b\u{1b}[31m\tc "), "a b [31m c");
        assert_eq!(one_line("plain"), "plain");
        assert_eq!(one_line(" \n"), "");
    }
}
