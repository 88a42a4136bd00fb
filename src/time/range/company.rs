//! Dates for Gong's statistics, which are by the day, in the company's zone.

use jiff::{Span, civil::Date, tz::Offset};

use super::{
    days::{Days, Length, days, span},
    parse_local_instant,
};
use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
    time::{DAY, beginning, clock, normal_form::normal_form, timestamp},
};

/// Days in the company's zone.
pub(crate) struct CompanyRange {
    first: Date,
    /// Exclusive; none while the range is not over.
    end: Option<Date>,
}

impl CompanyRange {
    /// From dates, spans of days before today, or calendar periods in two arguments, such as `from` and
    /// `to`. Today is that of the local zone, as the company's is not known before Gong's answer.
    ///
    /// # Errors
    /// `bad-argument`, also for an empty range.
    pub(crate) fn from_arguments(
        [from_name, to_name]: [&str; 2],
        [from, to]: [Option<&str>; 2],
        default_days: i64,
        now: i64,
    ) -> Result<Self, Error> {
        let today = clock(now).date();
        let days =
            |name, text: Option<&str>| text.map(|text| company_days(name, text, today)).transpose();
        let (from, to) = (days(from_name, from)?, days(to_name, to)?);
        let end = match (&to, &from) {
            (Some(to), _) => Some(to.end),
            (None, Some(from)) if from.is_calendar_period => Some(from.end),
            (None, _) => None,
        };
        let end = end.filter(|end| *end <= today);
        let first = match from {
            Some(from) => from.first,
            None => {
                let end = end.unwrap_or(today);
                end.saturating_sub(Span::new().days(default_days))
            }
        };
        match end {
            Some(end) if end <= first => Err(empty([from_name, to_name], first, end, "")),
            end => Ok(Self { first, end }),
        }
    }

    /// The first day.
    pub(crate) fn from(&self) -> String {
        self.first.to_string()
    }

    /// The day after the last one; none while the range is not over.
    pub(crate) fn to(&self) -> Option<String> {
        self.end.map(|end| end.to_string())
    }

    /// `2026-11-01 to 2026-11-07`, both included.
    pub(crate) fn shown(&self) -> String {
        match self.end.map(|end| end.saturating_sub(Span::new().days(1))) {
            Some(last) => format!("{} to {last}", self.first),
            None => format!("{} on", self.first),
        }
    }
}

/// The dates of a request for Gong's statistics, `from` inclusive and `to` exclusive. Gong accepts no end
/// after today.
///
/// # Errors
/// `bad-argument`, also for an empty range.
pub(crate) fn company_dates(
    from: Option<&str>,
    to: Option<&str>,
    default_days: i64,
    now: i64,
) -> Result<(String, String), Error> {
    let range = CompanyRange::from_arguments(["from", "to"], [from, to], default_days, now)?;
    let today = clock(now).date();
    let end = range.end.unwrap_or(today);
    if range.first < end {
        return Ok((range.from(), end.to_string()));
    }
    let why = "; Gong's statistics end with yesterday";
    Err(empty(["from", "to"], range.first, end, why))
}

fn empty([from, to]: [&str; 2], first: Date, end: Date, why: &str) -> Error {
    bad_argument(
        from,
        &format!("{first} is not before {end}, the end of the range{why}."),
        &format!("\"30d\", or \"2026-11-01\" with {to} \"2026-11-07\"."),
    )
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
