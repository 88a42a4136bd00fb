//! Instants: what callers may write, what Gong writes, and what answers show
//! (UTC, to the minute). Seconds since 1970 inside.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};

use crate::error::{Error, bad_argument};

const HOUR: i64 = 3600;
/// Seconds of a day.
pub(crate) const DAY: i64 = 24 * HOUR;

/// A half-open range of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// Inclusive.
    pub(crate) from: i64,
    /// Exclusive.
    pub(crate) to: i64,
}

impl Range {
    /// The arguments `from` and `to`; without them the `default_days` before `now`.
    ///
    /// # Errors
    /// `bad-argument`, also for an empty range.
    pub(crate) fn from_arguments(
        from: Option<&str>,
        to: Option<&str>,
        default_days: i64,
        now: i64,
    ) -> Result<Self, Error> {
        let to = to.map_or(Ok(now), |text| moment("to", text, now))?;
        let from = from.map_or(Ok(to - default_days * DAY), |text| {
            moment("from", text, now)
        })?;
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(bad_argument(
                "from",
                &format!(
                    "{} is not before {}, the end of the range.",
                    shown(from),
                    shown(to)
                ),
                "\"7d\", or \"2026-11-01\" with to \"2026-11-08\".",
            ))
        }
    }
}

/// An instant, a date (midnight UTC), or a span before `now`.
fn moment(argument: &str, text: &str, now: i64) -> Result<i64, Error> {
    let text = text.trim();
    let seconds = match text {
        "now" => Some(now),
        "today" => Some(now - now.rem_euclid(DAY)),
        "yesterday" => Some(now - now.rem_euclid(DAY) - DAY),
        _ => span(text)
            .map(|seconds| now - seconds)
            .or_else(|| seconds(text))
            .or_else(|| midnight(text)),
    };
    seconds.ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not an instant with zone, a date or a span.", shortened(text)),
            "\"2026-11-01T09:00Z\", \"2026-11-01\" (midnight UTC), or \"7d\" (also 24h, 2w) before now.",
        )
    })
}

/// A date of Gong's statistics, in the company's zone: a date, or a span of
/// days before today (UTC's today, as Gong does not tell the zone beforehand).
///
/// # Errors
/// `bad-argument`.
pub(crate) fn company_date(argument: &str, text: &str, now: i64) -> Result<String, Error> {
    let text = text.trim();
    let date = match text {
        "today" => Some(now),
        "yesterday" => Some(now - DAY),
        _ => span(text)
            .filter(|seconds| seconds % DAY == 0)
            .map(|seconds| now - seconds)
            .or_else(|| midnight(text)),
    };
    date.map(day).ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not a date nor a span of days.", shortened(text)),
            "\"2026-11-01\" or \"30d\".",
        )
    })
}

/// `7d`, `24h`, `2w`: seconds.
fn span(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let count: i64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .ok()
        .filter(|count| (1..=5000).contains(count))?;
    match unit {
        'h' => Some(count * HOUR),
        'd' => Some(count * DAY),
        'w' => Some(count * 7 * DAY),
        _ => None,
    }
}

fn midnight(text: &str) -> Option<i64> {
    let date: Date = text.parse().ok().filter(|_| text.len() == 10)?;
    Some(
        Offset::UTC
            .to_timestamp(date.at(0, 0, 0, 0))
            .ok()?
            .as_second(),
    )
}

/// An RFC 3339 instant of any offset, as Gong writes them.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

fn clock(seconds: i64) -> DateTime {
    Offset::UTC.to_datetime(Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// As Gong is asked: `2026-11-01T09:00:00Z`.
pub(crate) fn asked(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

/// As answers show it: `2026-11-01T09:00Z`.
pub(crate) fn shown(seconds: i64) -> String {
    let at = clock(seconds);
    format!("{}T{:02}:{:02}Z", at.date(), at.hour(), at.minute())
}

/// The UTC day: `2026-11-01`.
pub(crate) fn day(seconds: i64) -> String {
    clock(seconds).date().to_string()
}

/// Gong's instant as answers show it; as Gong wrote it where it is none.
pub(crate) fn shown_from(text: &str) -> String {
    seconds(text).map_or_else(|| text.to_owned(), shown)
}

/// What a shown instant becomes in a table whose heading says UTC: `2026-11-01 09:00`.
pub(crate) fn in_table(shown: &str) -> String {
    shown.trim_end_matches('Z').replace('T', " ")
}

/// Shown instants for the rows of a table, newest first: the year only where it changes.
pub(crate) fn in_rows<'s>(shown: impl Iterator<Item = &'s str>) -> Vec<String> {
    let mut year = None;
    let mut row = |shown: &'s str| {
        let at = in_table(shown);
        match (shown.get(..4), at.get(5..)) {
            (this, Some(rest)) if this.is_some() && this == year => rest.to_owned(),
            (this, _) => {
                year = this;
                at
            }
        }
    };
    shown.map(&mut row).collect()
}

/// Time into a call: `4:05`, `1:02:03`.
pub(crate) fn into_call(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// Gong's seconds into a call, a JSON number with fractions.
pub(crate) fn into_call_seconds(seconds: f64) -> String {
    into_call((seconds.max(0.0) * 1000.0) as u64)
}

/// An argument that is a time into a call, in milliseconds.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn parse_into_call(argument: &str, text: &str) -> Result<u64, Error> {
    let parsed = || -> Option<u64> {
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let mut total: u64 = 0;
        let mut parts = 0;
        for part in whole.split(':') {
            if part.is_empty() || part.len() > 5 || !part.bytes().all(|byte| byte.is_ascii_digit())
            {
                return None;
            }
            total = total * 60 + part.parse::<u64>().ok()?;
            parts += 1;
        }
        let milliseconds = match fraction.len() {
            0 => 0,
            len @ 1..=3 if fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
                fraction.parse::<u64>().ok()? * [100, 10, 1][len - 1]
            }
            _ => return None,
        };
        (2..=3)
            .contains(&parts)
            .then_some(total * 1000 + milliseconds)
    };
    parsed().ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not a time into the call.", shortened(text)),
            "\"12:30\" or \"1:02:30\".",
        )
    })
}

/// The first 40 characters, for quoting an argument in an error.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{
        Range, company_date, in_rows, in_table, into_call, into_call_seconds, moment,
        parse_into_call, seconds, shown,
    };

    /// 2026-11-23T12:30:00Z
    const NOW: i64 = 1_795_437_000;

    #[test]
    fn callers_write_instants_dates_and_spans() {
        let at = |text| shown(moment("from", text, NOW).expect(text));
        assert_eq!(at("2026-11-01T09:00Z"), "2026-11-01T09:00Z");
        assert_eq!(at("2026-11-01T09:00:30+02:00"), "2026-11-01T07:00Z");
        assert_eq!(at("2026-11-01"), "2026-11-01T00:00Z");
        assert_eq!(at("7d"), "2026-11-16T12:30Z");
        assert_eq!(at("24h"), "2026-11-22T12:30Z");
        assert_eq!(at("2w"), "2026-11-09T12:30Z");
        assert_eq!(at("today"), "2026-11-23T00:00Z");
        assert_eq!(at("yesterday"), "2026-11-22T00:00Z");
        for wrong in [
            "",
            "soon",
            "2026-13-01",
            "2026-11-01T09:00",
            "0d",
            "-3d",
            "7m",
            "9999999999999999d",
            "äöü",
            "d",
        ] {
            assert!(moment("from", wrong, NOW).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_is_not_empty() {
        let range = Range::from_arguments(None, None, 30, NOW).expect("default");
        assert_eq!(
            (shown(range.from), shown(range.to)),
            ("2026-10-24T12:30Z".into(), "2026-11-23T12:30Z".into())
        );
        let error = Range::from_arguments(Some("2026-11-02"), Some("2026-11-01"), 30, NOW)
            .expect_err("backwards");
        assert_eq!(
            crate::error::text(&error),
            "Argument `from`: 2026-11-02T00:00Z is not before 2026-11-01T00:00Z, the end of the range. Example: \
             \"7d\", or \"2026-11-01\" with to \"2026-11-08\"."
        );
    }

    #[test]
    fn statistics_take_dates() {
        assert_eq!(
            company_date("from", "30d", NOW).expect("span"),
            "2026-10-24"
        );
        assert_eq!(
            company_date("from", "2026-11-01", NOW).expect("date"),
            "2026-11-01"
        );
        assert!(company_date("from", "5h", NOW).is_err());
        assert!(company_date("from", "2026-11-01T00:00Z", NOW).is_err());
    }

    #[test]
    fn gong_writes_offsets_and_microseconds() {
        assert_eq!(seconds("2023-10-17T21:21:31+02:00"), Some(1_697_570_491));
        assert_eq!(seconds("2023-10-17T19:21:31.123456Z"), Some(1_697_570_491));
        assert_eq!(seconds("yesterday"), None);
    }

    #[test]
    fn times_into_a_call() {
        assert_eq!(into_call(0), "0:00");
        assert_eq!(into_call(245_900), "4:05");
        assert_eq!(into_call(3_723_000), "1:02:03");
        assert_eq!(into_call_seconds(-1.0), "0:00");
        assert_eq!(parse_into_call("from", "4:05.25").expect("time"), 245_250);
        assert_eq!(parse_into_call("from", "1:02:03").expect("time"), 3_723_000);
        for wrong in [
            "",
            "12",
            "1:2:3:4",
            "a:b",
            "1:",
            "1:00.0001",
            "99999999999:00",
        ] {
            assert!(parse_into_call("from", wrong).is_err(), "{wrong}");
        }
        assert_eq!(in_table("2026-11-01T09:00Z"), "2026-11-01 09:00");
        assert_eq!(
            in_rows(
                [
                    "2026-01-02T09:00Z",
                    "2026-01-01T10:00Z",
                    "2025-12-31T11:00Z",
                    "unknown"
                ]
                .into_iter()
            ),
            [
                "2026-01-02 09:00",
                "01-01 10:00",
                "2025-12-31 11:00",
                "unknown"
            ]
        );
    }
}
