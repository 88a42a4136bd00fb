//! The Gregorian calendar, and RFC 3339 instants of any offset. Days are counted from
//! 1970-01-01, seconds from its midnight, UTC. By hand, because a library of dates and zones
//! was a tenth of the component; a test compares it with one.

use alloc::{format, string::String};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Days from 0000-03-01 to 1970-01-01.
const SINCE_YEAR_0: i64 = 719_468;
/// From 0000-01-01 on, and to a day before the year 10000 in every zone.
const SECONDS: core::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_207_200;

/// A date, and the time of day in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    pub(super) second: i64,
}

/// What the clock shows at an instant, UTC; 1970 for one outside the years 0 to 9999.
pub(super) fn clock(seconds: i64) -> Civil {
    let seconds = if SECONDS.contains(&seconds) {
        seconds
    } else {
        0
    };
    // Years that begin in March end with the day that not all of them have. An era is 400 years.
    let days = seconds.div_euclid(DAY) + SINCE_YEAR_0;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    Civil {
        year: era * 400 + year + i64::from(month >= 10),
        month: (month + 2) % 12 + 1,
        day: day - (153 * month + 2) / 5 + 1,
        second: seconds.rem_euclid(DAY),
    }
}

/// The first day of a month; months count on beyond the year.
pub(super) fn first_of(year: i64, month: i64) -> i64 {
    let months = year * 12 + month - 3;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 - SINCE_YEAR_0
}

/// The day of a date, if there is such a date.
pub(super) fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let first = first_of(year, month);
    let last = first_of(year, month + 1) - 1;
    ((0..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day))
        .then(|| first + day - 1)
        .filter(|day| *day <= last)
}

/// The Monday of a day's week.
pub(super) fn monday(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

/// The Monday of a week of ISO 8601, whose first has the fourth of January.
pub(super) fn iso_week(year: i64, week: i64) -> Option<i64> {
    let first = |year: i64| monday(first_of(year, 1) + 3);
    let monday = first(year) + (week - 1) * 7;
    ((0..=9999).contains(&year) && week >= 1 && monday < first(year + 1)).then_some(monday)
}

/// `2026-11-01`.
pub(super) fn date(at: Civil) -> String {
    format!("{:04}-{:02}-{:02}", at.year, at.month, at.day)
}

/// The day of a date written `2026-11-01`.
pub(super) fn parse_date(text: &str) -> Option<i64> {
    let mut rest = Rest(text.as_bytes());
    let day = rest.date()?;
    (rest.0.is_empty() && text.len() == 10).then_some(day)
}

/// An instant of RFC 3339, also in ISO 8601's shorter ways to write it: without seconds or
/// without separators. A leap second is the one before it.
pub(super) fn parse_instant(text: &str) -> Option<i64> {
    let mut rest = Rest(text.as_bytes());
    let day = rest.date()?;
    (rest.eat(b'T') || rest.eat(b't') || rest.eat(b' ')).then_some(())?;
    let time = rest.time(23, true)?;
    let offset = if rest.eat(b'Z') || rest.eat(b'z') {
        0
    } else if rest.eat(b'+') {
        rest.time(25, false)?
    } else {
        rest.eat(b'-').then_some(())?;
        -rest.time(25, false)?
    };
    // RFC 9557: the zone's name, after the offset that counts.
    let named = matches!(rest.0, [b'[', .., b']']);
    let seconds = day * DAY + time - offset;
    ((rest.0.is_empty() || named) && SECONDS.contains(&seconds)).then_some(seconds)
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn eat(&mut self, byte: u8) -> bool {
        match self.0 {
            [first, rest @ ..] if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// A number of so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let mut number = 0;
        for _ in 0..digits {
            let [digit @ b'0'..=b'9', rest @ ..] = self.0 else {
                return None;
            };
            number = number * 10 + i64::from(digit - b'0');
            self.0 = rest;
        }
        Some(number)
    }

    fn date(&mut self) -> Option<i64> {
        let year = self.number(4)?;
        let dashes = self.eat(b'-');
        let month = self.number(2)?;
        (self.eat(b'-') == dashes).then_some(())?;
        day_of(year, month, self.number(2)?)
    }

    /// Seconds of `09`, `09:00`, `09:00:00`, `0900` or `090000`, and a fraction that is dropped.
    fn time(&mut self, most_hours: i64, fraction: bool) -> Option<i64> {
        let hours = self.number(2).filter(|hours| *hours <= most_hours)?;
        let colons = self.eat(b':');
        let (mut minutes, mut seconds) = (0, 0);
        if colons || self.0.first().is_some_and(u8::is_ascii_digit) {
            minutes = self.number(2).filter(|minutes| *minutes <= 59)?;
            if self.eat(b':') || !colons && self.0.first().is_some_and(u8::is_ascii_digit) {
                let most = if fraction { 60 } else { 59 };
                seconds = self.number(2).filter(|seconds| *seconds <= most)?.min(59);
                if fraction && (self.eat(b'.') || self.eat(b',')) {
                    let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit());
                    let digits = digits.count();
                    (1..=9).contains(&digits).then_some(())?;
                    self.0 = &self.0[digits..];
                }
            }
        }
        Some(hours * 3600 + minutes * 60 + seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, clock, date, iso_week, monday, parse_date, parse_instant};
    use jiff::{
        Timestamp,
        civil::{Date, ISOWeekDate, Weekday},
        tz::Offset,
    };

    #[test]
    fn days_are_those_of_a_library() {
        let mut day = Date::new(0, 1, 1).expect("a date");
        let mut number = parse_date("0000-01-01").expect("a date");
        while day < Date::new(9999, 12, 30).expect("a date") {
            let at = clock(number * DAY + 3661);
            assert_eq!((date(at), at.second), (day.to_string(), 3661));
            assert_eq!(parse_date(&day.to_string()), Some(number));
            let since = i64::from(day.weekday().to_monday_zero_offset());
            assert_eq!(monday(number), number - since);
            (day, number) = (day.tomorrow().expect("a date"), number + 1);
        }
    }

    #[test]
    fn weeks_are_those_of_a_library() {
        for year in 1..9999 {
            for week in [0, 1, 2, 52, 53, 54] {
                let theirs = ISOWeekDate::new(year, week, Weekday::Monday).ok();
                let ours = iso_week(year.into(), week.into()).map(|day| date(clock(day * DAY)));
                assert_eq!(
                    ours,
                    theirs.map(|week| week.date().to_string()),
                    "{year} {week}"
                );
            }
        }
    }

    #[test]
    fn instants_are_those_of_a_library() {
        for text in [
            "2026-11-01T09:00:00Z",
            "2026-11-01t09:00z",
            "2026-11-01 09:00:59.123456789+05:30",
            "2026-11-01T09:00:60-08:00",
            "2024-02-29T23:59:59,5-0830",
            "2026-11-01T09Z",
            "20261101T090059Z",
            "20261101T0900-08",
            "2026-11-01T09:00+25:59",
            "2026-11-01T09:00+01:00[Europe/Paris]",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2026-11-01",
            "2026-11-01T09:00",
            "2026-11-01T09:00:00 Z",
            "2026-11-01T24:00Z",
            "2026-11-01T09:60Z",
            "2026-11-01T09:00:61Z",
            "2026-11-01T09:00:00.Z",
            "2026-11-01T09:00:00.1234567890Z",
            "2026-11-01T09:00+26:00",
            "2026-11-01T09:00+01:60",
            "2026-02-29T00:00Z",
            "2026-13-01T00:00Z",
            "2026-00-01T00:00Z",
            "2026-01-00T00:00Z",
            "2026-1101T00:00Z",
            "202611-01T00:00Z",
            "26-11-01T00:00Z",
            "2026-11-01T+9:00Z",
            "２026-11-01T00:00Z",
            "",
            "Z",
        ] {
            let theirs = text.parse::<Timestamp>().ok().map(Timestamp::as_second);
            assert_eq!(parse_instant(text), theirs, "{text}");
        }
        let mut seconds = -60_000_000_000;
        while seconds < 250_000_000_000 {
            let at = Timestamp::from_second(seconds).expect("an instant");
            assert_eq!(parse_instant(&at.to_string()), Some(seconds));
            let there = at.display_with_offset(Offset::constant(-7)).to_string();
            assert_eq!(parse_instant(&there), Some(seconds));
            seconds += 999_999_937;
        }
    }
}
