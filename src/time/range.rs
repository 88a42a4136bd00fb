//! Ranges of time in arguments: instants, dates, spans before now, calendar periods.

use core::str::FromStr;
use jiff::{
    Span,
    civil::{Date, ISOWeekDate, Weekday},
};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
    time::{DAY, clock, midnight, parse_date, parse_instant, to_date, to_display},
};

const HOUR: i64 = 3600;

/// A half-open range of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// Inclusive.
    pub(crate) from: i64,
    /// Exclusive.
    pub(crate) to: i64,
}

impl Range {
    /// From the arguments `from` and `to`; without them the `default_days` before `now`. A calendar
    /// period in `from` without `to` is the whole period, up to now.
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
                    to_display(from),
                    to_display(to)
                ),
                "\"7d\", or \"2026-11-01\" with to \"2026-11-08\".",
            ))
        }
    }
}

/// The value of one argument: a moment, or a calendar period, which has its own end.
#[derive(Clone, Copy)]
struct Period {
    start: i64,
    /// Exclusive; the same as the start for a moment.
    end: i64,
}

impl Period {
    fn moment(at: i64) -> Self {
        Self { start: at, end: at }
    }
}

/// An instant, a date (midnight UTC), a span before `now`, or a calendar period (UTC).
fn moment(argument: &str, text: &str, now: i64) -> Result<Period, Error> {
    let text = text.trim();
    let period = match text {
        "now" => Some(Period::moment(now)),
        "today" => Some(Period::moment(now - now.rem_euclid(DAY))),
        "yesterday" => Some(Period::moment(now - now.rem_euclid(DAY) - DAY)),
        _ => span(text)
            .map(|seconds| now - seconds)
            .or_else(|| parse_instant(text))
            .or_else(|| parse_date(text))
            .map(Period::moment)
            .or_else(|| calendar_period(text, clock(now).date())),
    };
    period.ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not an instant with zone, a date, a span or a period.", shortened(text)),
            "\"2026-11-01T09:00Z\", \"2026-11-01\" (midnight UTC), \"7d\" (also 24h, 2w) before now, or \"last week\", \
             \"this quarter\", \"2026-Q3\", \"2026-11\", \"2026-W45\".",
        )
    })
}

/// The dates of a request for Gong's statistics, `from` inclusive and `to` exclusive, in the company's
/// zone: from dates, spans of days before today, or calendar periods. Today is UTC's, as the zone is
/// not known before Gong's answer. Gong accepts no end after today.
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
        return Ok((to_date(from), to_date(to)));
    }
    Err(bad_argument(
        "from",
        &format!(
            "{} is not before {}, the end of the range; Gong's statistics end with yesterday.",
            to_date(from),
            to_date(to)
        ),
        "\"30d\", or \"2026-11-01\" with to \"2026-11-08\".",
    ))
}

fn date(argument: &str, text: &str, now: i64) -> Result<Period, Error> {
    let text = text.trim();
    let period = match text {
        "today" => Some(Period::moment(now - now.rem_euclid(DAY))),
        "yesterday" => Some(Period::moment(now - now.rem_euclid(DAY) - DAY)),
        _ => span(text)
            .filter(|seconds| seconds % DAY == 0)
            .map(|seconds| now - now.rem_euclid(DAY) - seconds)
            .or_else(|| parse_date(text))
            .map(Period::moment)
            .or_else(|| calendar_period(text, clock(now).date())),
    };
    period.ok_or_else(|| {
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

/// One such date, as in [`company_dates`]; of a period the start.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn company_date(argument: &str, text: &str, now: i64) -> Result<String, Error> {
    date(argument, text, now).map(|period| to_date(period.start))
}

/// A calendar period: `this week`, `last quarter`, `2026-W45`, `2026-11`, `2026-Q3`, `Q3` (the latest
/// that has begun), `2026`. Weeks begin on Monday, as they do in Gong.
fn calendar_period(text: &str, today: Date) -> Option<Period> {
    let text = text.to_ascii_lowercase().replace(['_', ' '], "-");
    let (first, end) = match text.split_once('-') {
        Some((which @ ("this" | "last"), unit)) => {
            let start = start_of(unit, today)?;
            let start = match which {
                "last" => start_of(unit, start.yesterday().ok()?)?,
                _ => start,
            };
            (start, end_of(unit, start)?)
        }
        Some((year, part)) if year.len() == 4 => {
            let year: i16 = number(year)?;
            if let Some(week) = part.strip_prefix('w') {
                let monday = ISOWeekDate::new(year, number(week)?, Weekday::Monday).ok()?;
                (monday.date(), end_of("week", monday.date())?)
            } else if let Some(quarter) = part.strip_prefix('q') {
                let start = quarter_start(year, number(quarter)?)?;
                (start, end_of("quarter", start)?)
            } else if part.len() == 2 {
                let start = Date::new(year, number(part)?, 1).ok()?;
                (start, end_of("month", start)?)
            } else {
                return None;
            }
        }
        None if text.len() == 2 && text.starts_with('q') => {
            let quarter: i8 = number(&text[1..])?;
            let this_year = quarter_start(today.year(), quarter)?;
            let start = match this_year <= today {
                true => this_year,
                false => quarter_start(today.year().checked_sub(1)?, quarter)?,
            };
            (start, end_of("quarter", start)?)
        }
        None if text.len() == 4 => {
            let start = Date::new(number(&text)?, 1, 1).ok()?;
            (start, end_of("year", start)?)
        }
        _ => return None,
    };
    Some(Period {
        start: midnight(first)?,
        end: midnight(end)?,
    })
}

/// A number of digits only: `parse` alone would accept a sign.
fn number<T: FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn start_of(unit: &str, date: Date) -> Option<Date> {
    match unit {
        "week" => date
            .checked_sub(Span::new().days(date.weekday().to_monday_zero_offset()))
            .ok(),
        "month" => Some(date.first_of_month()),
        "quarter" => quarter_start(date.year(), (date.month() - 1) / 3 + 1),
        "year" => Some(date.first_of_year()),
        _ => None,
    }
}

fn end_of(unit: &str, start: Date) -> Option<Date> {
    let length = match unit {
        "week" => Span::new().days(7),
        "month" => Span::new().months(1),
        "quarter" => Span::new().months(3),
        "year" => Span::new().months(12),
        _ => return None,
    };
    start.checked_add(length).ok()
}

fn quarter_start(year: i16, quarter: i8) -> Option<Date> {
    let month = (1..=4).contains(&quarter).then(|| quarter * 3 - 2)?;
    Date::new(year, month, 1).ok()
}

/// `7d`, `24h`, `2w`: seconds.
fn span(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let count = &text[..text.len() - unit.len_utf8()];
    // A sign has two meanings: before now, and after it.
    let count: i64 = count
        .parse()
        .ok()
        .filter(|_| !count.starts_with('+'))
        .filter(|count| (1..=5000).contains(count))?;
    match unit {
        'h' => Some(count * HOUR),
        'd' => Some(count * DAY),
        'w' => Some(count * 7 * DAY),
        _ => None,
    }
}

/// The Monday of an instant's week, in UTC: `2026-11-23`.
pub(crate) fn week_of(seconds: i64) -> String {
    let monday = start_of("week", clock(seconds).date());
    monday.map_or_else(String::new, |monday| monday.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Range, company_date, company_dates, moment, week_of};
    use crate::{prelude::*, time::to_display};

    /// 2026-11-23T12:30:00Z
    const NOW: i64 = 1_795_437_000;

    #[test]
    fn arguments_are_instants_dates_and_spans() {
        let at = |text| to_display(moment("from", text, NOW).expect(text).start);
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
            "+7d",
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
            format!("{} {}", to_display(range.from), to_display(range.to))
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
            "2026-W4294967297",
            "2026-W+5",
            "2026-+1",
            "2026-1",
            "q",
            "99999",
            "last fortnight",
        ] {
            assert!(moment("from", wrong, NOW).is_err(), "{wrong}");
        }
        assert_eq!(week_of(NOW), "2026-11-23");
    }

    #[test]
    fn statistics_end_with_yesterday() {
        let dates = |from, to| company_dates(from, to, 30, NOW);
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
    fn a_range_is_not_empty() {
        let range = Range::from_arguments(None, None, 30, NOW).expect("default");
        assert_eq!(
            (to_display(range.from), to_display(range.to)),
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
}
