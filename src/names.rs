//! Finding one of several things by its name, and errors with the choices where that fails.

use alloc::borrow::Cow;

use crate::{
    error::{Error, bad_argument},
    gong::{crm_id, id::is_id},
    prelude::*,
    text::{fold_case, shortened, website_domain},
};

/// How many choices an error lists.
const CHOICES: usize = 12;

/// How a name has to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fit {
    /// The whole name: in a tool that changes something, as nothing is sent because of a guess.
    Whole,
    /// Or some words of it, if only one candidate has them.
    #[default]
    Words,
}

/// What people and models write for one thing as answers show it, `Acme (0015e00001AbCdE)` or
/// `Jo Ray <jo.ray@acme.com>`: the id or address in it. Anything else as it is.
pub(crate) fn handle(text: &str) -> &str {
    let text = text.trim();
    let within = |open, close| text.strip_suffix(close)?.rsplit_once(open);
    let Some((_, handle)) = within('(', ')').or_else(|| within('<', '>')) else {
        return text;
    };
    let handle = handle.split(',').next().unwrap_or_default().trim();
    match is_id(handle) || crm_id::is_crm_id(handle) || handle.contains('@') {
        true => handle,
        false => text,
    }
}

/// As [`handle`], of an account, which has a website too: its domain.
pub(crate) fn account_handle(text: &str) -> Cow<'_, str> {
    let text = crm_id::in_argument(handle(text));
    let is_website = text.contains("://")
        || text
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("www."));
    // The path of a link can have an id of the CRM.
    let is_bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let is_bare = is_bare.trim_end_matches('/').split('/').count() == 1;
    match website_domain(text).filter(|_| is_website && is_bare) {
        Some(domain) => domain,
        None => text.into(),
    }
}

/// The one candidate that has exactly this name; else, if words are enough, the only one whose name
/// has all its words.
///
/// # Errors
/// The candidates that the name fits or is similar to; empty if there are none.
pub(crate) fn choose<'c, T>(
    fit: Fit,
    candidates: &'c [T],
    name: impl Fn(&T) -> String,
    query: &str,
) -> Result<&'c T, Vec<&'c T>> {
    let query = fold_case(query.trim());
    let exact: Vec<&T> = candidates
        .iter()
        .filter(|one| fold_case(name(one).trim()) == query)
        .collect();
    if let [one] = exact[..] {
        return Ok(one);
    }
    if !exact.is_empty() {
        return Err(exact);
    }
    let partial: Vec<&T> = candidates
        .iter()
        .filter(|one| has_words(&name(one), &query))
        .collect();
    match partial[..] {
        [one] if fit == Fit::Words => Ok(one),
        [] => Err(candidates
            .iter()
            .filter(|one| is_similar(&name(one), &query))
            .collect()),
        _ => Err(partial),
    }
}

/// All candidates, the similar ones first.
pub(crate) fn near_first<'c, T>(all: &'c [T], near: Vec<&'c T>) -> Vec<&'c T> {
    let far = all
        .iter()
        .filter(|one| !near.iter().any(|other| core::ptr::eq(*one, *other)));
    near.iter().copied().chain(far).collect()
}

/// The error for a name that fits none, or several. `what` is what the name should name, `all` how
/// many were read, `lister` the tool that lists them. A choice has two texts: as the error shows it,
/// and the argument that selects it.
pub(crate) fn unknown(
    argument: &str,
    what: &str,
    query: &str,
    choices: impl Iterator<Item = (String, String)>,
    all: usize,
    lister: &str,
) -> Error {
    let query = shortened(query);
    let (labels, handles): (Vec<String>, Vec<String>) = choices.unzip();
    let (shown, more) = first_choices(&labels);
    match handles.first() {
        None => bad_argument(
            argument,
            &format!("no {what} is called “{query}” ({all} read)."),
            &format!("a name or id that {lister} lists."),
        ),
        Some(handle) => bad_argument(
            argument,
            &format!("“{query}” is not exactly one {what}. Choices: {shown}{more}."),
            &format!("\"{handle}\", or another from {lister}."),
        ),
    }
}

/// As many choices as an error lists, and how many more there are.
fn first_choices(labels: &[String]) -> (String, String) {
    let (shown, rest) = labels.split_at(labels.len().min(CHOICES));
    let more = match rest.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (shown.join("; "), more)
}

/// The error for an argument that was left out though there are several choices.
pub(crate) fn several(argument: &str, choices: impl Iterator<Item = String>) -> Error {
    let choices: Vec<String> = choices.collect();
    let example = choices.first().cloned().unwrap_or_default();
    let (shown, more) = first_choices(&choices);
    bad_argument(
        argument,
        &format!(
            "it is needed, as there are {}: {shown}{more}.",
            choices.len()
        ),
        &format!("\"{}\".", example.split(" (").next().unwrap_or_default()),
    )
}

/// Whether a query (in lower case) is this id, or has words of this name.
pub(crate) fn is_meant(query: &str, id: &str, name: &str) -> bool {
    (!id.is_empty() && id.eq_ignore_ascii_case(query)) || has_words(name, query)
}

/// Whether a letter or digit is part of a word, or a sign that is within addresses.
fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '@' || c == '.'
}

/// The words of a query, without the signs between them: `Q&A` has two.
pub(crate) fn words(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|c| !is_in_word(c));
    words.filter(|word| word.contains(char::is_alphanumeric))
}

/// Whether each word of `query` (in lower case) is the beginning of a word of `name`.
pub(crate) fn has_words(name: &str, query: &str) -> bool {
    let mut words = words(query).peekable();
    if words.peek().is_none() {
        return false;
    }
    if name.is_ascii() {
        // As below, without a copy: the index compares tens of thousands of names for one answer.
        let is_within = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'@' || byte == b'.';
        let name = name.as_bytes();
        return words.all(|word| {
            let word = word.as_bytes();
            let begins = |at: usize| {
                let begin = name[at..].get(..word.len());
                begin.is_some_and(|begin| begin.eq_ignore_ascii_case(word))
            };
            (0..name.len()).any(|at| (at == 0 || !is_within(name[at - 1])) && begins(at))
        });
    }
    let name = fold_case(name);
    words.all(|word| {
        name.split(|c| !is_in_word(c))
            .any(|part| part.starts_with(word))
    })
}

/// Whether a word of `name` begins with the same three letters as one of `query`.
fn is_similar(name: &str, query: &str) -> bool {
    query.split_whitespace().any(|word| {
        let beginning: String = word.chars().take(3).collect();
        has_words(name, &beginning)
    })
}

/// The most letters with which a word of `name` and one of `query` (in lower case) both begin.
pub(crate) fn likeness(name: &str, query: &str) -> usize {
    let words = name.split(|c: char| !c.is_alphanumeric());
    let common = |word: &str, other: &str| {
        let pairs = word.chars().zip(other.chars());
        pairs
            .take_while(|(one, other)| one.to_lowercase().eq(other.to_lowercase()))
            .count()
    };
    words
        .flat_map(|word| {
            query
                .split_whitespace()
                .map(move |other| common(word, other))
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Fit, account_handle, choose, handle, has_words, is_meant};
    use crate::text::fold_case;

    #[test]
    fn a_query_is_an_id_or_words() {
        assert!(is_meant("100", "100", "Discovery") && is_meant("disc", "100", "Discovery"));
        assert!(!is_meant("10", "100", "Discovery") && !is_meant("", "", "Discovery"));
    }

    #[test]
    fn what_changes_something_needs_the_whole_name() {
        let names = ["Dana Ortiz", "Daniel Okafor"];
        let chosen = |fit, query| choose(fit, &names, |name| (*name).to_owned(), query);
        assert_eq!(chosen(Fit::Words, "dani"), Ok(&names[1]));
        assert_eq!(chosen(Fit::Whole, "dani"), Err([&names[1]].into()));
        assert_eq!(chosen(Fit::Whole, " daniel okafor "), Ok(&names[1]));
        assert!(chosen(Fit::Words, "dan").is_err());
    }

    #[test]
    fn an_id_or_address_behind_a_name_is_what_counts() {
        for (text, found) in [
            ("Acme Corp (0015g00000pkzuVIQA)", "0015g00000pkzuVIQA"),
            (
                "Acme (0015g00000pkzuVIQA, last call 2026-11-20)",
                "0015g00000pkzuVIQA",
            ),
            ("Jo Ray <jo.ray@acme.com> ", "jo.ray@acme.com"),
            ("Jo Ray (8082597906688127730)", "8082597906688127730"),
            ("Jo Ray (jo.ray@acme.com)", "jo.ray@acme.com"),
            ("Acme (US)", "Acme (US)"),
            (" Acme ", "Acme"),
        ] {
            assert_eq!(handle(text), found);
        }
        for (text, found) in [
            ("https://www.Acme.com/", "acme.com"),
            ("www.acme.com", "acme.com"),
            ("Acme (0015g00000pkzuVIQA)", "0015g00000pkzuVIQA"),
            (
                "https://acme.example/lightning/r/Account/0015g00000pkzuVIQA/view",
                "0015g00000pkzuVIQA",
            ),
            (
                "https://acme.example/page/home?ws=%2Fr%2FAccount%2F0015g00000pkzuVIQA%2Fview",
                "0015g00000pkzuVIQA",
            ),
            (
                "https://app.hubspot.example/contacts/5/record/0-2/17",
                "https://app.hubspot.example/contacts/5/record/0-2/17",
            ),
            (" Acme ", "Acme"),
        ] {
            assert_eq!(account_handle(text), found);
        }
    }

    #[test]
    fn words_begin_words() {
        assert!(has_words("Acme Corp – Security review", "sec acme"));
        assert!(!has_words("Acme Corp", "me"));
        assert!(!has_words("Acme Corp", "  ") && !has_words("Acme – Corp", "–"));
        for name in [
            "Acme Corp – Security Q&A",
            "Mid-Market",
            "Sales onboarding / Great calls",
            "O'Brien, Anne-Marie",
            "Marlow & Finch",
            "Müller & Söhne: Kick-off",
        ] {
            assert!(has_words(name, &fold_case(name)), "{name}");
        }
        // A name with and without letters beyond ASCII is compared alike.
        for (name, other) in [
            ("Acme: Kick-off", "Acmé: Kick-off"),
            ("JO@ACME.com", "JO@ACME.com é"),
        ] {
            for query in [
                "kick", "kick-off", "off kick", "jo@acme", "acme.com", "ick", "com",
            ] {
                assert_eq!(has_words(name, query), has_words(other, query), "{query}");
            }
        }
    }
}
