//! Counting calls of a segment without making each of them.

use crate::{prelude::*, time};

/// A span of time that calls are counted by.
#[derive(Clone, Copy)]
pub(crate) enum Period {
    /// A day.
    Day,
    /// A week from Monday.
    Week,
}

impl Period {
    /// The number of the period in which a second is.
    pub(super) fn number(self, at: i64) -> i64 {
        let day = time::day_of(at);
        match self {
            Self::Day => day,
            // 1970 began on a Thursday.
            Self::Week => (day + 3).div_euclid(7),
        }
    }
}

/// What calls have in common, so that a count needs only one of them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Alike {
    /// Begun in the same period.
    pub(crate) period: Option<Period>,
    pub(crate) host: bool,
    /// Workspace, direction, scope, language and outcome.
    pub(crate) kind: bool,
    /// The first account, as it is now.
    pub(crate) account: bool,
    pub(crate) trackers: bool,
}

/// What calls that are alike have in one segment.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Group {
    pub(super) period: i64,
    pub(super) host: u32,
    pub(super) kind: u32,
    pub(super) account: Option<usize>,
    pub(super) trackers: Vec<u32>,
}

/// Sums over calls.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) calls: u32,
    pub(crate) minutes: u32,
    /// Minutes of the longest.
    pub(crate) longest: u32,
    /// Calls with somebody from outside.
    pub(crate) external: u32,
}

impl Sum {
    /// Of one call.
    pub(crate) fn of(minutes: u32, is_external: bool) -> Self {
        Self {
            calls: 1,
            minutes,
            longest: minutes,
            external: u32::from(is_external),
        }
    }

    /// Adds others.
    pub(crate) fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.minutes += other.minutes;
        self.longest = self.longest.max(other.longest);
        self.external += other.external;
    }
}
