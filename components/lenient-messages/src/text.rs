//! Text that is valid where JSON's grammar leaves it to be invalid: UTF-8, and surrogates in pairs.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::ops::Range;

/// The message as text. Invalid bytes and surrogates without the other half become U+FFFD; a byte
/// order mark goes.
pub(crate) fn mend(message: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(message);
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Cow::Owned(text) => Cow::Owned(text),
    };
    let lone = lone_surrogates(text.as_bytes());
    if lone.is_empty() {
        return text;
    }
    let mut text = text.into_owned();
    for escape in lone {
        // As long as what it replaces, so the places of the others stay.
        text.replace_range(escape, "\\ufffd");
    }
    Cow::Owned(text)
}

/// Where the escapes `\ud800` to `\udfff` are that are no half of a pair.
fn lone_surrogates(text: &[u8]) -> Vec<Range<usize>> {
    let mut lone = Vec::new();
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| position(rest, b'\\')) {
        let escape = at + next;
        at = match code_unit(text, escape) {
            Some(0xd800..=0xdbff)
                if matches!(code_unit(text, escape + 6), Some(0xdc00..=0xdfff)) =>
            {
                escape + 12
            }
            Some(0xd800..=0xdfff) => {
                lone.push(escape..escape + 6);
                escape + 6
            }
            Some(_) => escape + 6,
            None => escape + 2,
        };
    }
    lone
}

fn position(text: &[u8], byte: u8) -> Option<usize> {
    text.iter().position(|other| *other == byte)
}

/// The code unit of the escape, `\u` and four digits, that begins here.
fn code_unit(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| {
        Some(unit * 16 + char::from(*digit).to_digit(16)?)
    })
}
