//! Times into a call, such as `12:30`.

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
    time::normal_form::{seconds, unquoted},
};

/// A time into a call: `4:05`, `1:02:03`.
pub(crate) fn into_call(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// The same from Gong's seconds, a JSON number with a fraction.
pub(crate) fn into_call_seconds(seconds: f64) -> String {
    into_call((seconds.max(0.0) * 1000.0) as u64)
}

/// An argument that is a time into a call, in milliseconds: `12:30`, `1:02:03.5`, `90s`, `1m30s`, or a
/// number of seconds.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn parse_into_call(argument: &str, text: &str) -> Result<u64, Error> {
    let digits = |text: &str| -> Option<u64> {
        let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| text.parse().ok()).flatten()
    };
    let parsed = || -> Option<u64> {
        if let Some(seconds) = seconds(text) {
            return u64::try_from(seconds).ok()?.checked_mul(1000);
        }
        let text = unquoted(text);
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let parts: Vec<u64> = whole
            .split(':')
            .map(|part| digits(part).filter(|_| part.len() <= 5))
            .collect::<Option<_>>()?;
        // “12.30” could also be minutes and seconds.
        if parts.len() > 3 || (parts.len() == 1 && text.contains('.')) {
            return None;
        }
        let seconds = parts.iter().fold(0, |total, part| total * 60 + part);
        let milliseconds = match fraction.len() {
            0 => 0,
            len @ 1..=3 => digits(fraction)? * [100, 10, 1][len - 1],
            _ => return None,
        };
        Some(seconds * 1000 + milliseconds)
    };
    parsed().ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not a time into the call.", shortened(text)),
            "\"12:30\", \"1:02:30\" or \"90s\".",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{into_call, into_call_seconds, parse_into_call};

    #[test]
    fn times_into_a_call() {
        assert_eq!(into_call(0), "0:00");
        assert_eq!(into_call(245_900), "4:05");
        assert_eq!(into_call(3_723_000), "1:02:03");
        assert_eq!(into_call_seconds(-1.0), "0:00");
        assert_eq!(parse_into_call("from", "4:05.25").expect("time"), 245_250);
        assert_eq!(parse_into_call("from", "1:02:03").expect("time"), 3_723_000);
        for (text, seconds) in [
            ("0", 0),
            ("90", 90),
            ("90s", 90),
            ("1m30s", 90),
            ("\"1:30\"", 90),
            ("5 minutes", 300),
        ] {
            let parsed = parse_into_call("from", text).expect(text);
            assert_eq!(parsed, seconds * 1000, "{text}");
        }
        for wrong in [
            "",
            "12.30",
            "7x",
            "-90s",
            "1:2:3:4",
            "a:b",
            "1:",
            "1:00.0001",
            "99999999999:00",
            "1:1:1:1:1:1:1:1:1:1:1:1:1:1",
            "+1:00",
        ] {
            assert!(parse_into_call("from", wrong).is_err(), "{wrong}");
        }
    }
}
