//! Finding one of several things by its name, and errors with the choices where that fails.

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::{fold_case, shortened},
};

/// How many choices an error lists.
const CHOICES: usize = 12;

/// The one candidate that has exactly this name; else the only one whose name has all its words.
///
/// # Errors
/// The candidates that the name fits or is similar to; empty if there are none.
pub(crate) fn choose<'c, T>(
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
        [one] => Ok(one),
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
            &format!("“{query}” is not exactly one {what}. Choices: {shown}{more}.",),
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

/// Whether each word of `query` (in lower case) is the beginning of a word of `name`.
pub(crate) fn has_words(name: &str, query: &str) -> bool {
    let mut words = query.split_whitespace().peekable();
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
            word.iter().all(|byte| is_within(*byte))
                && (0..name.len()).any(|at| (at == 0 || !is_within(name[at - 1])) && begins(at))
        });
    }
    let name = fold_case(name);
    words.all(|word| {
        name.split(|c: char| !c.is_alphanumeric() && c != '@' && c != '.')
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
    use super::{has_words, is_meant};

    #[test]
    fn a_query_is_an_id_or_words() {
        assert!(is_meant("100", "100", "Discovery") && is_meant("disc", "100", "Discovery"));
        assert!(!is_meant("10", "100", "Discovery") && !is_meant("", "", "Discovery"));
    }

    #[test]
    fn words_begin_words() {
        assert!(has_words("Acme Corp – Security review", "sec acme"));
        assert!(!has_words("Acme Corp", "me"));
        assert!(!has_words("Acme Corp", "  "));
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
