//! Instants as Gong writes and reads them.
//!
//! Gong answers with the company's offset, e.g. `2026-10-17T21:21:31+02:00`, and sometimes
//! with microseconds; it reads an offset or `Z`. Statistics take days in the company's zone.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// The name of the company's time zone, as the statistics answer it.
pub(crate) const ZONE_NAME: &str = "Europe/Berlin";

/// The company's time zone: Central Europe, summer time included, written out so that no
/// time zone database is needed.
pub(crate) fn company_zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a POSIX time zone as jiff documents it")
}

/// `2026-10-17T21:21:31+02:00`.
pub(crate) fn to_rfc3339(instant: Timestamp, zone: &TimeZone) -> String {
    instant
        .to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
}

/// `2026-10-17T21:21:31.482913+02:00`.
pub(crate) fn to_rfc3339_micros(instant: Timestamp, zone: &TimeZone) -> String {
    instant
        .to_zoned_datetime(zone.clone())
        .strftime("%Y-%m-%dT%H:%M:%S.%6f%:z")
        .to_string()
}

/// Reads an instant with an offset or `Z`; a date alone or a time without an offset is none.
pub(crate) fn parse_instant(text: &str) -> Option<Timestamp> {
    // jiff also takes a blank for the T, which is what a `+` in a query turns into.
    (text.as_bytes().get(10) == Some(&b'T') && !text.contains(' '))
        .then(|| text.parse().ok())
        .flatten()
}

/// Reads `YYYY-MM-DD` and nothing else.
pub(crate) fn parse_day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_and_winter_have_their_offsets() {
        let zone = company_zone();
        let at = |text: &str| to_rfc3339(text.parse().unwrap(), &zone);
        assert_eq!(at("2026-10-17T19:21:31Z"), "2026-10-17T21:21:31+02:00");
        assert_eq!(at("2026-12-01T19:21:31Z"), "2026-12-01T20:21:31+01:00");
        let precise: Timestamp = "2026-10-17T19:21:31.482913Z".parse().unwrap();
        assert_eq!(
            to_rfc3339_micros(precise, &zone),
            "2026-10-17T21:21:31.482913+02:00"
        );
    }

    #[test]
    fn an_instant_needs_an_offset() {
        assert!(parse_instant("2026-10-17T21:21:31+02:00").is_some());
        assert!(parse_instant("2026-10-17T21:21:31Z").is_some());
        assert!(parse_instant("2026-10-17T21:21:31").is_none());
        assert!(parse_instant("2026-10-17").is_none());
        assert!(parse_instant("2026-10-17T21:21:31 02:00").is_none());
        assert!(parse_day("2026-10-17").is_some());
        assert!(parse_day("2026-10-17T21:21:31Z").is_none());
    }
}
