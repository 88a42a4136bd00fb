//! Names that stand in many rows of a table: written out once above it.

use alloc::collections::BTreeMap;

use crate::{prelude::*, text::one_line};

/// Bytes that the initials have to save, so that a short table has the names themselves.
const WORTH_IT: usize = 500;

/// What stands for each name in the rows, and the names written out for a line above them; none where
/// that is hardly shorter.
pub(crate) fn initials<'n>(
    names: impl Iterator<Item = &'n str> + Clone,
) -> Option<(BTreeMap<&'n str, String>, Vec<String>)> {
    let mut short: BTreeMap<&str, String> = BTreeMap::new();
    let mut written_out = Vec::new();
    for name in names.clone() {
        if short.contains_key(name) {
            continue;
        }
        let first = initials_of(name);
        let taken = |text: &String| short.values().any(|other| other == text);
        let mut text = first.clone();
        let mut number = 2;
        while taken(&text) {
            text = format!("{first}{number}");
            number += 1;
        }
        written_out.push(format!("{text} {}", one_line(name)));
        short.insert(name, text);
    }
    let above: usize = written_out.iter().map(|text| text.len() + 2).sum();
    let in_rows: usize = names.clone().map(|name| short[name].len()).sum();
    let whole: usize = names.map(str::len).sum();
    (above + in_rows + WORTH_IT <= whole).then_some((short, written_out))
}

/// The first letters of the first three words; `?` for a name without letters.
fn initials_of(name: &str) -> String {
    let words = name.split_whitespace().take(3);
    let letters = words.filter_map(|word| word.chars().find(|c| c.is_alphabetic()));
    let text: String = letters.collect();
    if text.is_empty() { "?".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn names_of_many_rows_stand_above_them_once() {
        let names = ["Lucia Romero", "Jonas Weber", "Lukas Reiter", "山田", "24"];
        let rows: Vec<&str> = names.into_iter().cycle().take(200).collect();
        let (short, above) = initials(rows.iter().copied()).expect("shorter");
        assert_eq!(
            above,
            [
                "LR Lucia Romero",
                "JW Jonas Weber",
                "LR2 Lukas Reiter",
                "山 山田",
                "? 24"
            ]
        );
        assert_eq!(short["Lukas Reiter"], "LR2");
        assert!(
            initials(names.into_iter()).is_none(),
            "longer for five rows"
        );
        assert!(initials(core::iter::empty()).is_none());
    }
}
