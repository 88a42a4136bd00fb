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
