//! The requests of one UTC day.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// How many of a day's requests are leased and sent.
#[derive(Debug)]
pub(super) struct DayBudget {
    /// The day, counted from 1970.
    pub(super) day: i64,
    /// Leased and not sent.
    pub(super) in_hand: u32,
    /// Leased from the ledger, by this process or earlier ones.
    pub(super) leased: u32,
    /// The ledger has no more.
    pub(super) used_up: bool,
}

impl DayBudget {
    pub(super) fn new(day: i64) -> Self {
        Self {
            day,
            in_hand: 0,
            leased: 0,
            used_up: false,
        }
    }
}

pub(super) fn day_number(time: Timestamp) -> i64 {
    time.as_second().div_euclid(86_400)
}

pub(super) fn date(day_number: i64) -> Date {
    let midnight = Timestamp::from_second(day_number * 86_400).unwrap_or_default();
    Offset::UTC.to_datetime(midnight).date()
}

/// The inverse of [`date`].
pub(super) fn number(date: Date) -> i64 {
    let midnight = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
    day_number(midnight.unwrap_or_default())
}

pub(super) fn until_midnight(time: Timestamp) -> Duration {
    let over = time.as_second().rem_euclid(86_400);
    Duration::from_secs(u64::try_from(86_400 - over).unwrap_or(0))
}
