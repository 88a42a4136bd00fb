//! Days of the calendar in arguments, each in its normal form: days, calendar periods, spans before now.

use core::str::FromStr;
use jiff::{
    Span,
    civil::{Date, ISOWeekDate, Weekday},
};

use crate::{
    prelude::*,
    time::{clock, parse_date},
};

/// Days of the calendar.
pub(super) struct Days {
    pub(super) first: Date,
    /// The day after the last.
    pub(super) end: Date,
    pub(super) is_calendar_period: bool,
}

impl Days {
    pub(super) fn one(date: Date) -> Option<Self> {
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
pub(super) fn days(text: &str, today: Date) -> Option<Days> {
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
pub(super) enum Length {
    Hours(i64),
    /// Days of the calendar: some have 23 or 25 hours.
    Days(i64),
}

/// `7d`, `24h`, `2w`.
pub(super) fn span(text: &str) -> Option<Length> {
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
