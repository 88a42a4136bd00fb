//! Texts of others, made safe to store, log and show.

/// The text without control characters, and with `most` characters of it at most. `…` stands for
/// the rest.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    let mut rest = text.chars();
    let mut kept: String = rest
        .by_ref()
        .take(most)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if rest.next().is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_text_is_cut_by_characters_and_has_no_control_characters() {
        assert_eq!(cut("gong", 4), "gong");
        assert_eq!(cut("göng\n", 3), "gön…");
        assert_eq!(cut("a\u{1b}[2J\n", 9), "a\u{fffd}[2J\u{fffd}");
    }
}
