//! How much of a range the index covers, and what to read from Gong so that it covers enough.

use crate::{
    error::Error,
    index::{
        answer::Index,
        fill::Filled,
        freshness::{HOUR, HOURS, NEWEST, is_due, is_soon_due, is_usable},
        week::{Week, hour_of, week_of},
    },
    prelude::*,
    time::DAY,
};

/// Pages that a question spends at most on what is a little old.
const PAGES_FOR_OLD: u32 = 6;
/// How far back the newest hours are read together with what is missing before them.
const CATCH_UP: i64 = 2 * DAY;
/// How often, a second apart, a question waits for another call that reads the first calls.
const WAITS: u32 = 5;
/// How old a call may be to have begun after the newest reading.
const JUST_BEGUN: i64 = HOUR;

/// What of a range the index covers, from its end back.
pub(crate) struct Reach {
    /// Everything from here to the end of the range is covered.
    pub(crate) from: i64,
    /// What to do about the rest.
    pub(crate) rest: Rest,
}

/// What to do about the part of a range that the index does not cover.
pub(crate) enum Rest {
    /// There is none.
    Nothing,
    /// Read it as without an index.
    Live,
    /// End the answer there, for this reason.
    Stop(String),
}

impl Index<'_, '_> {
    /// Refreshes the newest hours, and fills what is missing if the question will read most of the
    /// range (`most`), within the limits of a call.
    ///
    /// # Errors
    /// Whatever a request to Gong fails with, if nothing is covered without it.
    pub(crate) fn reach(&mut self, most: bool) -> Result<Reach, Error> {
        if self.store.fault().is_some() {
            return Ok(self.live());
        }
        self.refresh_newest()?;
        let mut waits = 0;
        loop {
            let from = self.covered_from();
            if from <= self.range.from {
                if !core::mem::replace(&mut self.is_refreshed, true) {
                    self.refresh_old(PAGES_FOR_OLD);
                }
                return Ok(Reach {
                    from: self.range.from,
                    rest: Rest::Nothing,
                });
            }
            if !most {
                return Ok(Reach {
                    from,
                    rest: Rest::Live,
                });
            }
            let stop = |why: &str| {
                Ok(Reach {
                    from,
                    rest: Rest::Stop(why.into()),
                })
            };
            match self.fill_before(from) {
                Ok(Filled::Some) => {}
                Ok(Filled::Enough) => return stop("the index is still being filled"),
                Ok(Filled::Busy) if from < self.range.to => {
                    return stop("another call is filling the index");
                }
                Ok(Filled::Busy) if waits < WAITS => {
                    waits += 1;
                    self.gong.pause(1_000);
                    self.load(week_of(self.range.to - 1));
                }
                Ok(Filled::Busy) => return Ok(self.live()),
                Ok(Filled::Fault) => {
                    return Ok(Reach {
                        from,
                        rest: Rest::Live,
                    });
                }
                Err(error) if from < self.range.to => return stop(error.text()),
                Err(error) => return Err(error),
            }
        }
    }

    fn live(&self) -> Reach {
        Reach {
            from: self.range.to,
            rest: Rest::Live,
        }
    }

    /// Reads the newest hours again if they are due.
    fn refresh_newest(&mut self) -> Result<(), Error> {
        let now = self.gong.now;
        if self.range.to < now - NEWEST {
            return Ok(());
        }
        let due = |index: &Self, hour: &i64| index.is_due(*hour);
        let newest = self.hours().take_while(|hour| *hour > now - NEWEST - HOUR);
        let Some(oldest_due) = newest.filter(|hour| due(self, hour)).last() else {
            return Ok(());
        };
        let before = self.hours().skip_while(|hour| *hour >= oldest_due);
        let from = before
            .take_while(|hour| due(self, hour))
            .last()
            .unwrap_or(oldest_due);
        let is_gap = self
            .hours()
            .take_while(|hour| *hour >= from)
            .all(|hour| !self.is_usable(hour));
        if is_gap && from < now - CATCH_UP {
            // Most of the range is missing: that is no matter of the newest hours.
            return Ok(());
        }
        let from = from.max(hour_of(now - CATCH_UP));
        match self.read_again("newest", from, hour_of(now) + HOUR) {
            Err(error) if self.covered_from() >= self.range.to => Err(error),
            Err(error) => {
                self.note = Some(error.into_text());
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Reads what is due again, the nearest first, with at most this many pages. Returns whether
    /// something that is due is left.
    pub(super) fn refresh_old(&mut self, most: u32) -> bool {
        let end = self.pages + most;
        loop {
            let Some(last) = self.hours().find(|hour| self.is_due(*hour)) else {
                return false;
            };
            let pages = end.saturating_sub(self.pages);
            let hours = self.hours_in(pages);
            if pages == 0 || hours == 0 {
                return true;
            }
            let now = self.gong.now;
            let due = self.hours().skip_while(|hour| *hour > last);
            let from = due
                .take(hours)
                .take_while(|hour| is_soon_due(self.stamp(*hour), *hour, now))
                .last();
            match self.read_again("fill", from.unwrap_or(last), last + HOUR) {
                Ok(Filled::Some) => {}
                Ok(_) => return true,
                Err(error) => {
                    self.note = Some(error.into_text());
                    return true;
                }
            }
        }
    }

    /// Everything from here to the end of the range is covered.
    pub(super) fn covered_from(&self) -> i64 {
        let mut covered = None;
        for hour in self.hours() {
            if self.is_usable(hour) {
                covered = Some(hour);
            } else if covered.is_some() || hour < self.gong.now - JUST_BEGUN {
                break;
            }
        }
        covered.map_or(self.range.to, |hour| hour.max(self.range.from))
    }

    pub(super) fn is_usable(&self, hour: i64) -> bool {
        is_usable(self.stamp(hour), hour, self.gong.now, self.patience)
    }

    pub(super) fn is_due(&self, hour: i64) -> bool {
        is_due(self.stamp(hour), hour, self.gong.now, self.patience)
    }

    /// The hours of the range, newest first.
    pub(super) fn hours(&self) -> impl Iterator<Item = i64> + use<> {
        let (first, last) = (hour_of(self.range.from), hour_of(self.range.to - 1));
        (0..=(last - first) / HOUR).map(move |back| last - back * HOUR)
    }

    /// Calls in an hour, as far as is known.
    pub(super) fn density(&self) -> Option<f64> {
        let read = |week: &Week| week.hours.iter().filter(|stamp| **stamp > 0).count();
        let hours: usize = self.weeks.values().map(read).sum();
        let calls: u32 = self.weeks.values().map(|week| week.calls).sum();
        (hours >= 24).then(|| f64::from(calls) / hours as f64)
    }

    /// Hours that fit into this many pages.
    pub(super) fn hours_in(&self, pages: u32) -> usize {
        let Some(density) = self.density() else {
            return HOURS;
        };
        let hours = (f64::from(pages) * 100.0 - 20.0) / density.max(0.001);
        (hours.max(0.0) as usize).min(60 * HOURS)
    }

    /// About how many requests are missing until the range is covered.
    pub(crate) fn missing(&self) -> Option<u32> {
        let missing = self.hours().filter(|hour| !self.is_usable(*hour)).count();
        let density = self.density();
        let requests = density.map_or(1, |density| (missing as f64 * density / 100.0) as u32);
        (missing > 0).then(|| requests.max(1))
    }

    /// How many pages were read.
    pub(crate) fn pages(&self) -> u32 {
        self.pages
    }
}
