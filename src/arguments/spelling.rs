//! Names and enum values that are written with other capitals and separators, or with a mistake.

use crate::prelude::*;

/// Without capitals and separators.
fn plain(name: &str) -> Vec<char> {
    let letters = name.trim().chars();
    letters
        .filter(|c| !matches!(c, '_' | '-' | ' ' | '.'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether two names differ in capitals and separators only.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// The only option that is the same.
pub(super) fn option<'o>(text: &str, options: &[&'o str]) -> Option<&'o str> {
    let mut same = options.iter().filter(|option| is_same(option, text));
    match (same.next(), same.next()) {
        (Some(option), None) => Some(option),
        _ => None,
    }
}

/// The name that this one is a misspelling of, it seems: a quarter of its letters at most differ.
pub(super) fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    // No argument's name is half as long, and comparing takes the product of the lengths.
    if name.len() > 64 {
        return None;
    }
    let name = plain(name);
    let distances = known.iter().map(|known| {
        let known_letters = plain(known);
        let most = name.len().min(known_letters.len()) / 4;
        (edits(&name, &known_letters), most, *known)
    });
    let near = distances.filter(|(edits, most, _)| edits <= most);
    near.min_by_key(|(edits, ..)| *edits)
        .map(|(.., known)| known)
}

/// The Levenshtein distance. The crates that have it need std.
fn edits(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = core::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}
