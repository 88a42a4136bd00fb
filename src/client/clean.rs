//! Texts in Gong's JSON that outsiders wrote, or that something on the way cut: without letters that
//! nobody sees, and readable as JSON whatever is in them.

use memchr::{memchr2_iter, memchr3_iter};

use crate::prelude::*;

/// Whether there is an escape with a number or an invisible letter in it. Almost no answer has any.
pub(super) fn may_need_cleaning(json: &str) -> bool {
    let bytes = json.as_bytes();
    // The first bytes of invisible letters.
    let mut found = memchr3_iter(b'\\', 0xe2, 0xf3, bytes).chain(memchr2_iter(0xd8, 0xef, bytes));
    found.any(|at| match bytes[at] {
        b'\\' => bytes.get(at + 1) == Some(&b'u'),
        _ => json
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .is_some_and(is_invisible),
    })
}

/// The JSON without invisible letters, as they are and as escapes, with U+FFFD for half of a surrogate
/// pair and a space for a control character that is not escaped.
pub(super) fn cleaned(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    let (mut rest, mut before) = (json, ' ');
    while let Some(letter) = rest.chars().next() {
        let (letter, length) = match rest.as_bytes() {
            [b'\\', b'u', ..] => match escaped(rest) {
                Some(escaped) => escaped,
                // The parser says what is wrong.
                None => (letter, 1),
            },
            // What is escaped begins no escape itself.
            [b'\\', next, ..] if next.is_ascii() => (*next as char, 2),
            _ => (letter, letter.len_utf8()),
        };
        let (written, after) = rest.split_at(length);
        rest = after;
        if is_invisible(letter) && !joins(letter, before) {
            continue;
        }
        match letter {
            '\u{fffd}' => clean.push(letter),
            _ if written.len() == 1 && letter.is_control() => clean.push(' '),
            _ => clean.push_str(written),
        }
        before = letter;
    }
    clean
}

/// The letter of an escape such as `\u00e9`, and the length of the escape.
fn escaped(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        let digits = digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then_some(digits)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [Some(unit(0)?), unit(6)];
    let letter = char::decode_utf16(units.into_iter().flatten()).next()?;
    Some(letter.map_or(('\u{fffd}', 6), |letter| (letter, 6 * letter.len_utf16())))
}

/// Letters that change how others look or that only a machine reads: marks and overrides of direction,
/// spaces without width, joiners, selectors of variants, tags.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a letter that is invisible by itself is needed after another: joiners between letters of
/// scripts that join and in emoji, and one selector of a variant.
fn joins(letter: char, before: char) -> bool {
    match letter {
        '\u{200c}' | '\u{200d}' => {
            before >= '\u{590}' && !matches!(before, '\u{200b}'..='\u{206f}')
        }
        // Keys such as 1️⃣ are a digit with a selector.
        '\u{fe0e}' | '\u{fe0f}' => {
            matches!(before, '0'..='9' | '#' | '*' | '\u{a0}'..) && !is_invisible(before)
        }
        '\u{fe00}'..='\u{fe0d}' => before >= '\u{2190}' && !is_invisible(before),
        '\u{e0100}'..='\u{e01ef}' => {
            matches!(before, '\u{2e80}'..='\u{fdff}' | '\u{20000}'..='\u{3ffff}')
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{cleaned, may_need_cleaning};
    use crate::{client::json::read_json, prelude::*};

    fn title(json: &str) -> String {
        read_json::<Vec<String>>(json.as_bytes())
            .expect(json)
            .remove(0)
    }

    #[test]
    fn half_of_a_surrogate_pair_costs_one_letter() {
        for (json, read) in [
            (r#"["a \ud83d b"]"#, "a \u{fffd} b"),
            (r#"["a \ude00"]"#, "a \u{fffd}"),
            (r#"["\ud83d\ud83d\ude00"]"#, "\u{fffd}\u{1f600}"),
            (r#"["\ud83d\n"]"#, "\u{fffd}\n"),
            (r#"["\ud83d\ude00 \u00e9 \u0026"]"#, "\u{1f600} é &"),
            (r#"["C:\\ud83d \"\\\" x"]"#, "C:\\ud83d \"\\\" x"),
        ] {
            assert_eq!(title(json), read, "{json}");
        }
        assert!(read_json::<Vec<String>>(br#"["\u12"]"#).is_err());
    }

    #[test]
    fn control_characters_that_are_not_escaped_are_spaces() {
        assert_eq!(title("[\"a\u{0}b\u{1b}c\nd\"]"), "a b c d");
    }

    #[test]
    fn letters_that_nobody_sees_are_dropped() {
        for hidden in [
            "\u{200b}",
            "\u{200e}",
            "\u{202e}",
            "\u{2066}",
            "\u{2060}",
            "\u{feff}",
            "\u{61c}",
            "\u{e0041}",
            "\u{e007f}",
            "\u{200d}",
            "\u{200c}",
            "\u{fe01}\u{fe02}",
            "\u{e0101}",
            "\u{fe0f}",
        ] {
            let mut units = [0; 2];
            let escapes: String = hidden
                .chars()
                .flat_map(|letter| letter.encode_utf16(&mut units).to_vec())
                .map(|unit| format!("\\u{unit:04X}"))
                .collect();
            for written in [hidden, &escapes] {
                let read = title(&format!("[\"Ren ewal {written}Q3\"]"));
                assert_eq!(read, "Ren ewal Q3", "{escapes}");
            }
        }
        assert_eq!(title("[\"pay\u{200b}\u{200d}pal\"]"), "paypal");
    }

    #[test]
    fn what_scripts_and_emoji_need_stays() {
        for text in [
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{2764}\u{fe0f}\u{200d}\u{1f525}",
            "1\u{fe0f}\u{20e3}",
            "葛\u{e0100}",
            "“quoted” – Café, Müller…",
        ] {
            assert_eq!(title(&format!("[\"{text}\"]")), text);
            assert_eq!(cleaned(text), text);
        }
        assert!(!may_need_cleaning(
            "{\"a\": \"“quoted” – Café, Müller… \\n\"}"
        ));
    }
}
