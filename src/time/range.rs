//! Ranges of time in arguments: instants, dates, spans before now, calendar periods.

use core::str::FromStr;
use jiff::{
    Span,
    civil::{Date, DateTime, ISOWeekDate, Weekday},
    tz::Offset,
};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
    time::{
        DAY, beginning, clock, instant, normal_form::normal_form, parse_date, parse_instant,
        timestamp, to_display,
    },
};

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
    /// period in `from` without `to` is the whole period, up to now; a day or a period in `to` ends the
    /// range with its end.
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
            (None, Some(from)) if from.is_calendar_period => from.end.min(now),
            (None, _) => now,
        };
        let from = match from {
            Some(from) => from.start,
            None => days_before(to, default_days).unwrap_or(to),
        };
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
                "\"7d\", or \"2026-11-01\" with to \"2026-11-07\".",
            ))
        }
    }
}

/// The value of one argument: a moment, a day, or a calendar period.
#[derive(Clone, Copy)]
struct Period {
    start: i64,
    /// Exclusive; the same as the start for a moment.
    end: i64,
    /// Whether it is meant as a whole where only the start of a range is named. A day is not: from a
    /// day on means until now.
    is_calendar_period: bool,
}

impl Period {
    fn moment(at: i64) -> Self {
        Self {
            start: at,
            end: at,
            is_calendar_period: false,
        }
    }

    fn of(days: Days) -> Option<Self> {
        Some(Self {
            start: beginning(days.first)?,
            end: beginning(days.end)?,
            is_calendar_period: days.is_calendar_period,
        })
    }
}

/// An instant, a date, a span before `now`, or a calendar period, in the local zone.
fn moment(argument: &str, text: &str, now: i64) -> Result<Period, Error> {
    let form = normal_form(text);
    let at = match form.as_str() {
        "now" => Some(now),
        form => match span(form) {
            Some(Length::Hours(hours)) => Some(now - hours * 3600),
            Some(Length::Days(days)) => days_before(now, days),
            None => parse_local_instant(form),
        },
    };
    let days = || Period::of(days(&form, clock(now).date())?);
    at.map(Period::moment).or_else(days).ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not an instant, a date, a span or a period.", shortened(text)),
            "\"2026-11-01T09:00Z\", \"2026-11-01\" (as to, that day is included), \"7d\" (also 24h, 2w) before now, or \
             \"last week\", \"this quarter\", \"2026-Q3\", \"2026-11\", \"2026-W45\".",
        )
    })
}

/// An instant with its zone, or a date and a time of day in the local zone.
fn parse_local_instant(text: &str) -> Option<i64> {
    // Without a time it is a day; with a zone's name, that zone would be ignored.
    let is_local = text.contains(':') && !text.contains('[');
    let local = || text.parse::<DateTime>().ok().filter(|_| is_local);
    parse_instant(text).or_else(|| instant(local()?))
}

/// The same time of day so many days before.
fn days_before(at: i64, days: i64) -> Option<i64> {
    let at = clock(at);
    let before = at.date().checked_sub(Span::new().days(days)).ok()?;
    instant(before.to_datetime(at.time()))
}

/// The dates of a request for Gong's statistics, `from` inclusive and `to` exclusive, in the company's
/// zone: from dates, spans of days before today, or calendar periods. Today is that of the local zone, as
/// the company's is not known before Gong's answer. Gong accepts no end after today.
///
/// # Errors
/// `bad-argument`, also for an empty range.
pub(crate) fn company_dates(
    from: Option<&str>,
    to: Option<&str>,
    default_days: i64,
    now: i64,
) -> Result<(String, String), Error> {
    let today = clock(now).date();
    let from = from
        .map(|text| company_days("from", text, today))
        .transpose()?;
    let to = match (to, &from) {
        (Some(text), _) => company_days("to", text, today)?.end,
        (None, Some(from)) if from.is_calendar_period => from.end,
        (None, _) => today,
    }
    .min(today);
    let from = match from {
        Some(from) => from.first,
        None => to.saturating_sub(Span::new().days(default_days)),
    };
    if from < to {
        return Ok((from.to_string(), to.to_string()));
    }
    Err(bad_argument(
        "from",
        &format!(
            "{from} is not before {to}, the end of the range; Gong's statistics end with yesterday.",
        ),
        "\"30d\", or \"2026-11-01\" with to \"2026-11-07\".",
    ))
}

/// One such date as the start of a range.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn company_start(argument: &str, text: &str, now: i64) -> Result<String, Error> {
    let days = company_days(argument, text, clock(now).date())?;
    Ok(days.first.to_string())
}

/// One such date as the end of a range: the day after it; none where that is after today, as such a range
/// is not over.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn company_end(argument: &str, text: &str, now: i64) -> Result<Option<String>, Error> {
    let today = clock(now).date();
    let end = company_days(argument, text, today)?.end;
    Ok((end <= today).then(|| end.to_string()))
}

fn company_days(argument: &str, text: &str, today: Date) -> Result<Days, Error> {
    let form = normal_form(text);
    let at = parse_local_instant(&form);
    let found = match (span(&form), at) {
        (Some(Length::Days(before)), _) => {
            let day = today.checked_sub(Span::new().days(before)).ok();
            day.and_then(Days::one)
        }
        (Some(Length::Hours(_)), _) => None,
        (None, Some(at)) => midnight(at).map(|first| Days {
            first,
            // As the end of a range an instant is not included: this is the end of the day before.
            end: first,
            is_calendar_period: false,
        }),
        (None, None) if form == "now" => Days::one(today),
        (None, None) => days(&form, today),
    };
    found.ok_or_else(|| {
        let problem = match at {
            Some(_) => "is a time within a day, and Gong has these by the day",
            None => "is not a date, a span of days or a period",
        };
        bad_argument(
            argument,
            &format!("“{}” {problem}.", shortened(text)),
            "\"2026-11-01\", \"30d\", \"last week\" or \"2026-Q3\".",
        )
    })
}

/// The day that begins with an instant, in UTC or in the local zone.
fn midnight(at: i64) -> Option<Date> {
    let day = clock(at).date();
    if beginning(day) == Some(at) {
        return Some(day);
    }
    (at % DAY == 0).then(|| Offset::UTC.to_datetime(timestamp(at)).date())
}

/// Days of the calendar.
struct Days {
    first: Date,
    /// The day after the last.
    end: Date,
    is_calendar_period: bool,
}

impl Days {
    fn one(date: Date) -> Option<Self> {
        Some(Self {
            first: date,
            end: date.tomorrow().ok()?,
            is_calendar_period: false,
        })
    }
}

/// A day (`today`, `yesterday`, `2026-11-01`) or a calendar period: `this-week`, `last-quarter`,
/// `2026-w45`, `2026-11`, `2026-q3`, `q3` (the latest that has begun), `2026`; all in their normal form.
/// Weeks begin on Monday, as they do in Gong.
fn days(text: &str, today: Date) -> Option<Days> {
    let day = match text {
        "today" => Some(today),
        "yesterday" => Some(today.yesterday().ok()?),
        _ => parse_date(text),
    };
    if let Some(day) = day {
        return Days::one(day);
    }
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
            let start = Date::new(number(text)?, 1, 1).ok()?;
            (start, end_of("year", start)?)
        }
        _ => return None,
    };
    Some(Days {
        first,
        end,
        is_calendar_period: true,
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

/// How long before now.
enum Length {
    Hours(i64),
    /// Days of the calendar: some have 23 or 25 hours.
    Days(i64),
}

/// `7d`, `24h`, `2w`.
fn span(text: &str) -> Option<Length> {
    let unit = text.chars().last()?;
    let count = &text[..text.len() - unit.len_utf8()];
    // A sign has two meanings: before now, and after it.
    let count: i64 = count
        .parse()
        .ok()
        .filter(|_| !count.starts_with('+'))
        .filter(|count| (1..=5000).contains(count))?;
    match unit {
        'h' => Some(Length::Hours(count)),
        'd' => Some(Length::Days(count)),
        'w' => Some(Length::Days(count * 7)),
        _ => None,
    }
}

/// The Monday of an instant's week: `2026-11-23`.
pub(crate) fn week_of(seconds: i64) -> String {
    let monday = start_of("week", clock(seconds).date());
    monday.map_or_else(String::new, |monday| monday.to_string())
}

#[cfg(test)]
mod tests;
