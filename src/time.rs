//! Instants, held as seconds since 1970: as Gong writes them, as arguments have them, and as answers
//! show them (in the local zone, to the minute).

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
mod normal_form;
mod range;
mod zone;

pub(crate) use into_call::{into_call, into_call_seconds, parse_into_call};
pub(crate) use normal_form::seconds as length_in_seconds;
use normal_form::unquoted;
pub(crate) use range::{CompanyRange, Range, company_dates, week_of};
use zone::local;
pub(crate) use zone::{local_name, named as zone_named, set_local as set_zone};

/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;

/// An RFC 3339 instant with any offset.
pub(crate) fn parse_instant(text: &str) -> Option<i64> {
    text.parse().ok().map(Timestamp::as_second)
}

/// A date such as `2026-11-01`.
fn parse_date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == 10)
}

/// The number of a date such as `2026-11-01`, in days since 1970.
pub(crate) fn day_number(date: &str) -> Option<i64> {
    let midnight = Offset::UTC
        .to_timestamp(parse_date(date)?.at(0, 0, 0, 0))
        .ok()?;
    Some(midnight.as_second() / DAY)
}

/// The number of the day on which an instant is, in days since 1970.
pub(crate) fn day_of(seconds: i64) -> i64 {
    let offset = local().to_offset(timestamp(seconds)).seconds();
    (seconds + i64::from(offset)).div_euclid(DAY)
}

/// When a day begins: at midnight, or where the clocks are put forward then, after that.
fn beginning(date: Date) -> Option<i64> {
    instant(date.at(0, 0, 0, 0))
}

/// The date before one such as `2026-11-01`.
pub(crate) fn day_before(date: &str) -> Option<String> {
    Some(parse_date(date)?.yesterday().ok()?.to_string())
}

/// The year 1970 for years that jiff does not have, before -9999 or after 9999: no calls are there.
fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// What a clock in the local zone shows.
fn clock(seconds: i64) -> DateTime {
    local().to_datetime(timestamp(seconds))
}

/// When it shows this: the first time of two, and where the clocks are put forward, after that. Less
/// code than jiff's date times with a zone, which would add 14 kB to the component.
fn instant(clock: DateTime) -> Option<i64> {
    local().to_timestamp(clock).ok().map(Timestamp::as_second)
}

/// The form in requests to Gong: `2026-11-01T09:00:00Z`.
pub(crate) fn to_rfc3339(seconds: i64) -> String {
    timestamp(seconds).to_string()
}

/// The form in answers: `2026-11-01T09:00Z`, or with an offset where the local zone is another.
pub(crate) fn to_display(seconds: i64) -> String {
    let at = clock(seconds);
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    format!("{date}T{hour:02}:{minute:02}{}", offset(seconds))
}

/// The same with seconds.
pub(crate) fn to_display_with_seconds(seconds: i64) -> String {
    let at = clock(seconds);
    format!("{}T{}{}", at.date(), at.time(), offset(seconds))
}

fn offset(seconds: i64) -> String {
    let zone = local();
    match zone.iana_name() {
        Some("UTC") | None => "Z".to_owned(),
        _ => {
            let minutes = zone.to_offset(timestamp(seconds)).seconds() / 60;
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        }
    }
}

/// The day: `2026-11-01`.
pub(crate) fn to_date(seconds: i64) -> String {
    clock(seconds).date().to_string()
}

/// Gong's text in the form of answers; unchanged if it is not an instant.
pub(crate) fn display_or_same(text: &str) -> String {
    parse_instant(text).map_or_else(|| text.to_owned(), to_display)
}

/// An argument that has to be an instant, where a date or a span such as `7d` makes no sense. It needs
/// its zone: these are written to Gong, and a meeting in the wrong one is at the wrong hour.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn instant_argument(argument: &str, text: &str) -> Result<i64, Error> {
    parse_instant(unquoted(text)).ok_or_else(|| {
        bad_argument(
            argument,
            &format!("“{}” is not an instant with zone.", shortened(text)),
            "\"2026-11-01T09:00+01:00\" or \"2026-11-01T08:00Z\".",
        )
    })
}

/// A displayed instant in a table whose heading says the zone: `2026-11-01 09:00`.
pub(crate) fn in_table(shown: &str) -> String {
    let zoned = shown.len().checked_sub("+00:00".len());
    let offset = zoned.filter(|at| {
        shown
            .as_bytes()
            .get(*at)
            .is_some_and(|sign| b"+-".contains(sign))
    });
    let offset = offset.filter(|at| *at > "2026-11-01".len());
    shown[..offset.unwrap_or(shown.len())]
        .trim_end_matches('Z')
        .replace('T', " ")
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
    use super::{
        day_before, day_number, day_of, in_rows, in_table, instant_argument, parse_instant,
        set_zone, to_date, to_display, to_display_with_seconds, zone_named,
    };
    use crate::prelude::*;

    #[test]
    fn an_instant_has_date_time_and_zone() {
        let at = |text| instant_argument("start", text).map(to_display);
        assert_eq!(
            at(" 2026-11-01T09:00+01:00 ").expect("instant"),
            "2026-11-01T08:00Z"
        );
        assert!(at("\"2026-11-01T09:00Z\"").is_ok());
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
    fn times_are_shown_in_the_zone_with_its_offset_at_that_time() {
        let shown = |zone, instant| {
            set_zone(zone_named(zone).expect(zone));
            let at = parse_instant(instant).expect(instant);
            (to_display(at), to_date(at))
        };
        for (zone, instant, time, date) in [
            (
                "UTC",
                "2026-11-01T09:00:30Z",
                "2026-11-01T09:00Z",
                "2026-11-01",
            ),
            // Evening in Denver is the next day in UTC.
            (
                "America/Denver",
                "2026-11-24T02:00:00Z",
                "2026-11-23T19:00-07:00",
                "2026-11-23",
            ),
            // The clocks go back at 08:00 UTC, and forward at 09:00 UTC.
            (
                "America/Denver",
                "2026-11-01T07:59:00Z",
                "2026-11-01T01:59-06:00",
                "2026-11-01",
            ),
            (
                "America/Denver",
                "2026-11-01T08:00:00Z",
                "2026-11-01T01:00-07:00",
                "2026-11-01",
            ),
            (
                "America/Denver",
                "2026-03-08T08:59:00Z",
                "2026-03-08T01:59-07:00",
                "2026-03-08",
            ),
            (
                "America/Denver",
                "2026-03-08T09:00:00Z",
                "2026-03-08T03:00-06:00",
                "2026-03-08",
            ),
            (
                "Asia/Kolkata",
                "2026-11-23T18:29:00Z",
                "2026-11-23T23:59+05:30",
                "2026-11-23",
            ),
            (
                "Asia/Kolkata",
                "2026-11-23T18:30:00Z",
                "2026-11-24T00:00+05:30",
                "2026-11-24",
            ),
            (
                "Asia/Kathmandu",
                "2026-11-23T18:15:00Z",
                "2026-11-24T00:00+05:45",
                "2026-11-24",
            ),
            (
                "America/St_Johns",
                "2026-11-24T03:29:00Z",
                "2026-11-23T23:59-03:30",
                "2026-11-23",
            ),
            // Half an hour of daylight saving.
            (
                "Australia/Lord_Howe",
                "2026-10-03T15:30:00Z",
                "2026-10-04T02:30+11:00",
                "2026-10-04",
            ),
            (
                "Europe/London",
                "2026-12-01T00:00:00Z",
                "2026-12-01T00:00+00:00",
                "2026-12-01",
            ),
        ] {
            assert_eq!(
                shown(zone, instant),
                (time.to_owned(), date.to_owned()),
                "{instant}"
            );
            let at = parse_instant(instant).expect(instant);
            assert_eq!(parse_instant(time), Some(at - at.rem_euclid(60)));
            assert_eq!(Some(day_of(at)), day_number(date));
            assert_eq!(in_table(time).len(), "2026-11-01 09:00".len(), "{time}");
        }
        let at = parse_instant("2026-11-24T02:00:30Z").expect("an instant");
        set_zone(zone_named("America/Denver").expect("a zone"));
        assert_eq!(to_display_with_seconds(at), "2026-11-23T19:00:30-07:00");
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        set_zone(zone_named("America/Denver").expect("a zone"));
        assert_eq!(day_before("2026-03-01").as_deref(), Some("2026-02-28"));
        assert_eq!(day_before("soon"), None);
        // A day of 25 hours is one day.
        let days = |date| day_number(date).expect(date);
        assert_eq!(days("2026-11-02") - days("2026-11-01"), 1);
        assert_eq!(days("2026-03-09") - days("2026-03-08"), 1);
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
