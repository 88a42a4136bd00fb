//! Ranges of time in arguments: instants, dates, spans before now, calendar periods.

use jiff::{Span, civil::DateTime};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
    time::{beginning, clock, instant, normal_form::normal_form, parse_instant, to_display},
};

mod company;
mod days;

pub(crate) use company::{CompanyRange, company_dates};
pub(crate) use days::week_of;
use days::{Days, Length, days, span};

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

#[cfg(test)]
mod tests;
