//! Instants, held as seconds since 1970: as Gong writes them, as arguments have them, and as answers
//! show them (UTC, to the minute).

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
};

mod into_call;
mod range;

pub(crate) use into_call::{into_call, into_call_seconds, parse_into_call};
pub(crate) use range::{Range, company_date, company_dates, week_of};

/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;

/// An RFC 3339 instant with any offset.
pub(crate) fn parse_instant(text: &str) -> Option<i64> {
    text.parse().ok().map(Timestamp::as_second)
}

/// The midnight in UTC at which a date such as `2026-11-01` begins.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    let date = text.parse().ok().filter(|_| text.len() == 10)?;
    midnight(date)
}

fn midnight(date: Date) -> Option<i64> {
    let midnight = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    Some(midnight.as_second())
}

/// The year 1970 for years that jiff does not have, before -9999 or after 9999: no calls are there.
fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn clock(seconds: i64) -> DateTime {
    Offset::UTC.to_datetime(timestamp(seconds))
}

/// The form in requests to Gong: `2026-11-01T09:00:00Z`.
pub(crate) fn to_rfc3339(seconds: i64) -> String {
    timestamp(seconds).to_string()
}

/// The form in answers: `2026-11-01T09:00Z`.
pub(crate) fn to_display(seconds: i64) -> String {
    let at = clock(seconds);
    format!("{}T{:02}:{:02}Z", at.date(), at.hour(), at.minute())
}

/// The day in UTC: `2026-11-01`.
pub(crate) fn to_date(seconds: i64) -> String {
    clock(seconds).date().to_string()
}

/// Gong's text in the form of answers; unchanged if it is not an instant.
pub(crate) fn display_or_same(text: &str) -> String {
    parse_instant(text).map_or_else(|| text.to_owned(), to_display)
}

/// An argument that has to be an instant, where a date or a span such as `7d` makes no sense.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn instant_argument(argument: &str, text: &str) -> Result<i64, Error> {
    parse_instant(text.trim()).ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not an instant with zone.", shortened(text)),
            "\"2026-11-01T09:00+01:00\" or \"2026-11-01T08:00Z\".",
        )
    })
}

/// A displayed instant in a table whose heading says UTC: `2026-11-01 09:00`.
pub(crate) fn in_table(shown: &str) -> String {
    shown.trim_end_matches('Z').replace('T', " ")
}

/// Displayed instants for the rows of a table: with the year only in rows where it changes.
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

#[cfg(test)]
mod tests {
    use super::{in_rows, in_table, instant_argument, parse_instant, to_display};

    #[test]
    fn an_instant_has_date_time_and_zone() {
        let at = |text| instant_argument("start", text).map(to_display);
        assert_eq!(
            at(" 2026-11-01T09:00+01:00 ").expect("instant"),
            "2026-11-01T08:00Z"
        );
        for wrong in ["", "30", "7d", "2026-11-01", "2026-11-01T09:00"] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn gong_writes_offsets_and_microseconds() {
        assert_eq!(
            parse_instant("2023-10-17T21:21:31+02:00"),
            Some(1_697_570_491)
        );
        assert_eq!(
            parse_instant("2023-10-17T19:21:31.123456Z"),
            Some(1_697_570_491)
        );
        assert_eq!(parse_instant("yesterday"), None);
    }

    #[test]
    fn rows_show_the_year_where_it_changes() {
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
