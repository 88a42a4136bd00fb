//! What the replicas share beside the counter: the last ticket served and the requests of this day.

use alloc::{string::ToString, vec::Vec};

use shared_store::queue::Record;

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const DAY: u64 = 24 * 60 * 60 * SECOND;

/// The requests that began, or will begin at a given time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// The last ticket served.
    pub(crate) served: u64,
    /// The day, counted from 1970.
    pub(crate) day: u64,
    /// How many requests that day has.
    pub(crate) day_count: u64,
    /// When the last requests begin, in milliseconds since 1970, the earliest first.
    pub(crate) begins: Vec<u64>,
}

impl Schedule {
    /// When one more may begin at the earliest.
    pub(crate) fn next_free(&self, limit: usize, window: u64) -> u64 {
        let last = self.begins.last().copied().unwrap_or_default();
        let before = self.begins.len().checked_sub(limit);
        let first = before.map(|index| self.begins[index]);
        first.map_or(last, |first| last.max(first + window))
    }

    /// Adds the begin of one more request, and drops those that no longer matter.
    pub(crate) fn add_begin(&mut self, at: u64, limit: usize) {
        let last = self.begins.last().copied().unwrap_or_default();
        self.begins.push(at.max(last));
        let more = self.begins.len().saturating_sub(limit);
        self.begins.drain(..more);
    }

    /// How many requests the day of that moment has, or a later day if that was counted already, as
    /// by a replica whose clock is ahead.
    pub(crate) fn requests_on_day(&self, at: u64) -> u64 {
        if at / DAY > self.day {
            0
        } else {
            self.day_count
        }
    }

    /// Counts one more request for the day of that moment.
    pub(crate) fn count_request(&mut self, at: u64) {
        self.day_count = self.requests_on_day(at) + 1;
        self.day = self.day.max(at / DAY);
    }
}

/// Numbers that are separated by blanks.
impl Record for Schedule {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?;
        let numbers = text.split(' ').map(|word| word.parse().ok());
        let [served, day, day_count, begins @ ..] = &numbers.collect::<Option<Vec<u64>>>()?[..]
        else {
            return None;
        };
        Some(Self {
            served: *served,
            day: *day,
            day_count: *day_count,
            begins: begins.to_vec(),
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    fn served(&self) -> u64 {
        self.served
    }

    fn set_served(&mut self, ticket: u64) {
        self.served = ticket;
    }
}

impl core::fmt::Display for Schedule {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} {} {}", self.served, self.day, self.day_count)?;
        self.begins.iter().try_for_each(|at| write!(f, " {at}"))
    }
}
