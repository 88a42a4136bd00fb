//! Instants: what callers may write, what Gong writes, and what answers show
//! (UTC, to the minute). Seconds since 1970 inside.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use crate::{
    error::{Error, bad_argument},
    list::ToList as _,
};
use calendar::{clock, first_of, iso_week, monday};

mod calendar;

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
    /// The arguments `from` and `to`; without them the `default_days` before `now`. A
    /// calendar period in `from` alone is that period, as far as it has gone.
    ///
    /// # Errors
    /// `bad-argument`, also for an empty range.
    pub(crate) fn from_arguments(
        from: Option<&str>,
        to: Option<&str>,
        default_days: i64,
        now: i64,
    ) -> Result<Self, Error> {
        let from = from.map(|text| moment("from", text, now)).transpose()?;
        let to = match (to, &from) {
            (Some(text), _) => moment("to", text, now)?.end,
            (None, Some(from)) if from.end > from.start => from.end.min(now),
            (None, _) => now,
        };
        let from = from.map_or(to - default_days * DAY, |from| from.start);
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

/// What an argument says of time: a moment, or a calendar period with an end of its own.
#[derive(Clone, Copy)]
struct Said {
    start: i64,
    /// Exclusive; the start itself for a moment.
    end: i64,
}

impl Said {
    fn moment(at: i64) -> Self {
        Self { start: at, end: at }
    }
}

/// An instant, a date (midnight UTC), a span before `now`, or a calendar period (UTC).
fn moment(argument: &str, text: &str, now: i64) -> Result<Said, Error> {
    let text = text.trim();
    let said = match text {
        "now" => Some(Said::moment(now)),
        "today" => Some(Said::moment(now - now.rem_euclid(DAY))),
        "yesterday" => Some(Said::moment(now - now.rem_euclid(DAY) - DAY)),
        _ => span(text)
            .map(|seconds| now - seconds)
            .or_else(|| seconds(text))
            .or_else(|| midnight(text))
            .map(Said::moment)
            .or_else(|| period(text, now.div_euclid(DAY))),
    };
    said.ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not an instant with zone, a date, a span or a period.", shortened(text)),
            "\"2026-11-01T09:00Z\", \"2026-11-01\" (midnight UTC), \"7d\" (also 24h, 2w) before now, or \"last week\", \
             \"this quarter\", \"2026-Q3\", \"2026-11\", \"2026-W45\".",
        )
    })
}

/// Dates of Gong's statistics, in the company's zone, from inclusive, to exclusive:
/// dates, spans of days before today, or calendar periods (by UTC's today, as Gong does
/// not tell the zone beforehand). Gong's end is today at the latest.
///
/// # Errors
/// `bad-argument`, also for an empty range.
pub(crate) fn company_dates(
    from: Option<&str>,
    to: Option<&str>,
    default_days: i64,
    now: i64,
) -> Result<(String, String), Error> {
    let today = now - now.rem_euclid(DAY);
    let from = from.map(|text| date("from", text, now)).transpose()?;
    let to = match (to, &from) {
        (Some(text), _) => date("to", text, now)?.end,
        (None, Some(from)) if from.end > from.start => from.end,
        (None, _) => today,
    }
    .min(today);
    let from = from.map_or(to - default_days * DAY, |from| from.start);
    if from < to {
        return Ok((day(from), day(to)));
    }
    Err(bad_argument(
        "from",
        &format!(
            "{} is not before {}, the end of the range; Gong's statistics end with yesterday.",
            day(from),
            day(to)
        ),
        "\"30d\", or \"2026-11-01\" with to \"2026-11-08\".",
    ))
}

fn date(argument: &str, text: &str, now: i64) -> Result<Said, Error> {
    let text = text.trim();
    let said = match text {
        "today" => Some(Said::moment(now - now.rem_euclid(DAY))),
        "yesterday" => Some(Said::moment(now - now.rem_euclid(DAY) - DAY)),
        _ => span(text)
            .filter(|seconds| seconds % DAY == 0)
            .map(|seconds| now - now.rem_euclid(DAY) - seconds)
            .or_else(|| midnight(text))
            .map(Said::moment)
            .or_else(|| period(text, now.div_euclid(DAY))),
    };
    said.ok_or_else(|| {
        bad_argument(
            argument,
            &format!(
                "“{}” is not a date, a span of days or a period.",
                shortened(text)
            ),
            "\"2026-11-01\", \"30d\", \"last week\" or \"2026-Q3\".",
        )
    })
}

/// A date of Gong's statistics, as [`company_dates`]; of a period its start.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn company_date(argument: &str, text: &str, now: i64) -> Result<String, Error> {
    date(argument, text, now).map(|said| day(said.start))
}

/// A calendar period: `this week`, `last quarter`, `2026-W45`, `2026-11`, `2026-Q3`, `Q3`
/// (the last one that has begun), `2026`. Weeks begin on Monday, as Gong's.
fn period(text: &str, today: i64) -> Option<Said> {
    let text = text.to_ascii_lowercase().replace(['_', ' '], "-");
    let (unit, start) = match text.split_once('-') {
        Some(("this", unit)) => (unit, start_of(unit, today)?),
        Some(("last", unit)) => (unit, start_of(unit, start_of(unit, today)? - 1)?),
        Some((year, part)) if year.len() == 4 => {
            let year = year.parse().ok()?;
            if let Some(week) = part.strip_prefix('w') {
                ("week", iso_week(year, week.parse().ok()?)?)
            } else if let Some(quarter) = part.strip_prefix('q') {
                ("quarter", quarter_start(year, quarter.parse().ok()?)?)
            } else if part.len() == 2 {
                ("month", calendar::day_of(year, part.parse().ok()?, 1)?)
            } else {
                return None;
            }
        }
        None if text.len() == 2 && text.starts_with('q') => {
            let quarter = text[1..].parse().ok()?;
            let year = clock(today * DAY).year;
            let this_year = quarter_start(year, quarter)?;
            match this_year <= today {
                true => ("quarter", this_year),
                false => ("quarter", quarter_start(year - 1, quarter)?),
            }
        }
        None if text.len() == 4 => ("year", calendar::day_of(text.parse().ok()?, 1, 1)?),
        _ => return None,
    };
    Some(Said {
        start: start * DAY,
        end: end_of(unit, start)? * DAY,
    })
}

/// The day that a day's week, month, quarter or year begins with.
fn start_of(unit: &str, day: i64) -> Option<i64> {
    let date = clock(day * DAY);
    match unit {
        "week" => Some(monday(day)),
        "month" => Some(first_of(date.year, date.month)),
        "quarter" => quarter_start(date.year, (date.month - 1) / 3 + 1),
        "year" => Some(first_of(date.year, 1)),
        _ => None,
    }
}

/// The day after what begins with a day.
fn end_of(unit: &str, start: i64) -> Option<i64> {
    let date = clock(start * DAY);
    match unit {
        "week" => Some(start + 7),
        "month" => Some(first_of(date.year, date.month + 1)),
        "quarter" => Some(first_of(date.year, date.month + 3)),
        "year" => Some(first_of(date.year, date.month + 12)),
        _ => None,
    }
}

fn quarter_start(year: i64, quarter: i64) -> Option<i64> {
    let month = (1..=4).contains(&quarter).then(|| quarter * 3 - 2)?;
    calendar::day_of(year, month, 1)
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

/// The midnight, UTC, that a date begins with: `2026-11-01`.
pub(crate) fn midnight(text: &str) -> Option<i64> {
    calendar::parse_date(text).map(|day| day * DAY)
}

/// The Monday of the week of an instant, UTC: `2026-11-23`.
pub(crate) fn week(seconds: i64) -> String {
    day(monday(seconds.div_euclid(DAY)) * DAY)
}

/// An RFC 3339 instant of any offset, as Gong writes them.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    calendar::parse_instant(text)
}

/// As Gong is asked: `2026-11-01T09:00:00Z`.
pub(crate) fn asked(seconds: i64) -> String {
    format!("{}:{:02}Z", to_the_minute(seconds), seconds.rem_euclid(60))
}

/// As answers show it: `2026-11-01T09:00Z`.
pub(crate) fn shown(seconds: i64) -> String {
    format!("{}Z", to_the_minute(seconds))
}

fn to_the_minute(seconds: i64) -> String {
    let minute = clock(seconds).second / 60;
    format!("{}T{:02}:{:02}", day(seconds), minute / 60, minute % 60)
}

/// An argument that is an instant and nothing else: what is to be at that time bears no guessing.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn exact(argument: &str, text: &str) -> Result<i64, Error> {
    seconds(text.trim()).ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not an instant with zone.", shortened(text)),
            "\"2026-11-01T09:00+01:00\" or \"2026-11-01T08:00Z\".",
        )
    })
}

/// The UTC day: `2026-11-01`.
pub(crate) fn day(seconds: i64) -> String {
    calendar::date(clock(seconds))
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
    shown.map(&mut row).list()
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
        let at = |text| shown(moment("from", text, NOW).expect(text).start);
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
    fn calendar_periods_have_an_end_of_their_own() {
        let range = |from, to| {
            let range = Range::from_arguments(Some(from), to, 30, NOW).expect(from);
            format!("{} {}", shown(range.from), shown(range.to))
        };
        assert_eq!(
            range("last week", None),
            "2026-11-16T00:00Z 2026-11-23T00:00Z"
        );
        assert_eq!(
            range("this week", None),
            "2026-11-23T00:00Z 2026-11-23T12:30Z"
        );
        assert_eq!(
            range("last_month", None),
            "2026-10-01T00:00Z 2026-11-01T00:00Z"
        );
        assert_eq!(
            range("last quarter", None),
            "2026-07-01T00:00Z 2026-10-01T00:00Z"
        );
        assert_eq!(range("Q1", None), "2026-01-01T00:00Z 2026-04-01T00:00Z");
        assert_eq!(
            range("2025-Q4", Some("2026-Q1")),
            "2025-10-01T00:00Z 2026-04-01T00:00Z"
        );
        assert_eq!(
            range("2026-W01", None),
            "2025-12-29T00:00Z 2026-01-05T00:00Z"
        );
        assert_eq!(
            range("2026-02", None),
            "2026-02-01T00:00Z 2026-03-01T00:00Z"
        );
        assert_eq!(
            range("this year", None),
            "2026-01-01T00:00Z 2026-11-23T12:30Z"
        );
        assert_eq!(range("2025", None), "2025-01-01T00:00Z 2026-01-01T00:00Z");
        assert_eq!(
            range("2026-11-02", Some("2026-11-04")),
            "2026-11-02T00:00Z 2026-11-04T00:00Z"
        );
        for wrong in [
            "next week",
            "last",
            "Q5",
            "2026-Q0",
            "2026-W60",
            "2026-1",
            "q",
            "99999",
            "last fortnight",
        ] {
            assert!(moment("from", wrong, NOW).is_err(), "{wrong}");
        }
        assert_eq!(super::week(NOW), "2026-11-23");
    }

    #[test]
    fn statistics_end_with_yesterday() {
        let dates = |from, to| super::company_dates(from, to, 30, NOW);
        let text = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        assert_eq!(
            dates(None, None).expect("default"),
            text("2026-10-24", "2026-11-23")
        );
        assert_eq!(
            dates(Some("last week"), None).expect("a week"),
            text("2026-11-16", "2026-11-23")
        );
        assert_eq!(
            dates(Some("this month"), None).expect("a month"),
            text("2026-11-01", "2026-11-23")
        );
        assert_eq!(
            dates(Some("7d"), Some("2099")).expect("a span"),
            text("2026-11-16", "2026-11-23")
        );
        assert!(dates(Some("today"), None).is_err());
        assert!(dates(Some("5h"), None).is_err());
    }

    #[test]
    fn what_is_to_be_has_an_exact_time() {
        let at = |text| super::exact("start", text).map(shown);
        assert_eq!(
            at(" 2026-11-01T09:00+01:00 ").expect("instant"),
            "2026-11-01T08:00Z"
        );
        for wrong in ["", "30", "7d", "2026-11-01", "2026-11-01T09:00"] {
            assert!(at(wrong).is_err(), "{wrong}");
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
            error.text(),
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
