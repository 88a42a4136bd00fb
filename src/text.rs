//! Texts that people wrote: on one line, folded for comparing, shortened.

use alloc::borrow::Cow;

use crate::prelude::*;

/// In lower case, for comparing. Greek has two small sigmas, of which one is only at the end of a
/// word; they become one.
pub(crate) fn fold_case(text: &str) -> String {
    folded(text).into_owned()
}

/// As [`fold_case`], without a copy of what is so already: most addresses and websites are.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    match text.is_ascii() {
        true if text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            text.to_ascii_lowercase().into()
        }
        true => text.into(),
        false => text.to_lowercase().replace('ς', "σ").into(),
    }
}

/// Without line breaks and other control characters, trimmed: outsiders write titles and names, and
/// these must not break a line of an answer.
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

/// About as many tokens as a model counts: four letters of Latin script, else a character.
pub(crate) fn tokens(text: &str) -> usize {
    let wide = text.chars().filter(|c| *c >= '\u{2e80}').count();
    let narrow = text.chars().filter(|c| *c < '\u{2e80}').map(char::len_utf8);
    wide + narrow.sum::<usize>() / 4
}

/// The domain of a website, in lower case: `https://www.Acme.com/en` is at `acme.com`.
pub(crate) fn website_domain(website: &str) -> Option<Cow<'_, str>> {
    let website = website.trim();
    let rest = website.split_once("://").map_or(website, |(_, rest)| rest);
    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
    let without_www = host
        .get(4..)
        .filter(|_| host[..4].eq_ignore_ascii_case("www."));
    let host = without_www.unwrap_or(host);
    (!host.is_empty()).then(|| folded(host))
}

/// A number by which texts are known again (FNV-1a).
pub(crate) fn fingerprint(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        // 0xff is in no UTF-8 text, so it marks where a part ends.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    hash
}

/// The first 40 characters, for quoting an argument in an error.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The text, cut between words where it is longer than `most` characters.
pub(crate) fn cut_at_word(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else {
        return text.to_owned();
    };
    let short = &text[..end];
    let end = short.rfind(' ').unwrap_or(end);
    let mut cut = short[..end].trim_end_matches([',', ';', ' ']).to_owned();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::{cut_at_word, fold_case, one_line, website_domain};

    #[test]
    fn greek_words_are_found_however_they_are_written() {
        assert_eq!(
            fold_case("ΟΔΥΣΣΕΥΣ Élan"),
            fold_case("Οδυσσεύς élan").replace('ύ', "υ")
        );
        assert_eq!(fold_case("İstanbul"), "i\u{307}stanbul");
    }

    #[test]
    fn websites_have_a_domain() {
        let domain = |website| website_domain(website).map(|domain| domain.into_owned());
        assert_eq!(
            domain(" https://www.Acme.example/de?x").as_deref(),
            Some("acme.example")
        );
        assert_eq!(domain("acme.example:80").as_deref(), Some("acme.example"));
        assert_eq!(domain(""), None);
    }

    #[test]
    fn titles_cannot_break_lines() {
        assert_eq!(one_line(" a\n\u{0}b\u{1b}[31m\tc "), "a b [31m c");
        assert_eq!(one_line("plain"), "plain");
        assert_eq!(one_line(" \n"), "");
    }

    #[test]
    fn texts_are_cut_at_words() {
        assert_eq!(cut_at_word("ab cd", 5), "ab cd");
        assert_eq!(cut_at_word("ab, cdé", 6), "ab…");
        assert_eq!(cut_at_word("abcdefg", 3), "abc…");
    }
}
