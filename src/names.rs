//! Which one a name means, of several that have names; and the choices where it means none or many.

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::fold_case,
};

/// Choices that an error lists.
const CHOICES: usize = 12;

/// The one candidate with this name: exactly, else as the only one that has all
/// its words. Otherwise those that come near.
///
/// # Errors
/// The candidates to choose from; empty if none comes near.
pub(crate) fn choose<'c, T>(
    candidates: &'c [T],
    name: impl Fn(&T) -> String,
    wanted: &str,
) -> Result<&'c T, Vec<&'c T>> {
    let wanted = fold_case(wanted.trim());
    let exact: Vec<&T> = candidates
        .iter()
        .filter(|one| fold_case(name(one).trim()) == wanted)
        .collect();
    if let [one] = exact[..] {
        return Ok(one);
    }
    if !exact.is_empty() {
        return Err(exact);
    }
    let partial: Vec<&T> = candidates
        .iter()
        .filter(|one| has_words(&name(one), &wanted))
        .collect();
    match partial[..] {
        [one] => Ok(one),
        [] => Err(candidates
            .iter()
            .filter(|one| comes_near(&name(one), &wanted))
            .collect()),
        _ => Err(partial),
    }
}

/// All candidates, those that come near first.
pub(crate) fn near_first<'c, T>(all: &'c [T], near: Vec<&'c T>) -> Vec<&'c T> {
    let far = all
        .iter()
        .filter(|one| !near.iter().any(|other| core::ptr::eq(*one, *other)));
    near.iter().copied().chain(far).collect()
}

/// The error for a name that means nobody, or several. A choice is how it is
/// shown, and what to write to mean it.
pub(crate) fn unknown(
    argument: &str,
    what: &str,
    wanted: &str,
    choices: impl Iterator<Item = (String, String)>,
    all: usize,
    lister: &str,
) -> Error {
    let wanted = crate::text::shortened(wanted);
    let choices: Vec<(String, String)> = choices.collect();
    let shown: Vec<&str> = choices
        .iter()
        .take(CHOICES)
        .map(|(label, _)| label.as_str())
        .collect();
    let more = match choices.len().saturating_sub(CHOICES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match choices.first() {
        None => bad_argument(
            argument,
            &format!("no {what} is called “{wanted}” ({all} read)."),
            &format!("a name or id that {lister} lists."),
        ),
        Some((_, handle)) => bad_argument(
            argument,
            &format!(
                "“{wanted}” is not exactly one {what}. Choices: {}{more}.",
                shown.join("; ")
            ),
            &format!("\"{handle}\", or another from {lister}."),
        ),
    }
}

/// The error for an argument left out where several could be meant.
pub(crate) fn several(argument: &str, choices: impl Iterator<Item = String>) -> Error {
    let choices: Vec<String> = choices.collect();
    let example = choices.first().cloned().unwrap_or_default();
    bad_argument(
        argument,
        &format!(
            "it is needed, as there are {}: {}.",
            choices.len(),
            choices.join("; ")
        ),
        &format!("\"{}\".", example.split(" (").next().unwrap_or_default()),
    )
}

/// Whether each word of `wanted` (lower case) begins a word of `name`.
pub(crate) fn has_words(name: &str, wanted: &str) -> bool {
    let name = fold_case(name);
    let mut words = wanted.split_whitespace().peekable();
    words.peek().is_some()
        && words.all(|word| {
            name.split(|c: char| !c.is_alphanumeric() && c != '@' && c != '.')
                .any(|part| part.starts_with(word))
        })
}

fn comes_near(name: &str, wanted: &str) -> bool {
    wanted.split_whitespace().any(|word| {
        let beginning: String = word.chars().take(3).collect();
        has_words(name, &beginning)
    })
}

#[cfg(test)]
mod tests {
    use super::has_words;

    #[test]
    fn words_begin_words() {
        assert!(has_words("Acme Corp – Security review", "sec acme"));
        assert!(!has_words("Acme Corp", "me"));
        assert!(!has_words("Acme Corp", "  "));
    }
}
