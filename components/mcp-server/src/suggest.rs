//! Names that resemble a misspelt one.

use alloc::{string::String, vec::Vec};

use lenient_messages::is_same_by_words;

/// At most three of the names, the most similar first.
pub(crate) fn similar<'a>(name: &str, names: &'a [String]) -> Vec<&'a str> {
    let mut similar: Vec<(usize, &str)> = names
        .iter()
        .map(|other| match is_same_by_words(name, other) {
            true => (0, &**other),
            false => (edit_distance(name, other), &**other),
        })
        .filter(|(edits, other)| *edits <= other.len().min(name.len()) / 4)
        .collect();
    similar.sort_unstable();
    similar.into_iter().take(3).map(|(_, name)| name).collect()
}

/// The Levenshtein distance. The crates that have it need std.
fn edit_distance(one: &str, other: &str) -> usize {
    // No tool's name is longer, and the time grows with the product of the lengths.
    if one.len() > 256 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = core::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.chars().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::edit_distance;

    #[test]
    fn edits_are_counted() {
        for (one, other, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("list_cals", "list_calls", 1),
            ("über", "uber", 1),
        ] {
            assert_eq!(edit_distance(one, other), count, "{one} {other}");
            assert_eq!(edit_distance(other, one), count, "{other} {one}");
        }
        assert_eq!(edit_distance(&"x".repeat(257), "x"), usize::MAX);
    }
}
