//! Filling and refreshing on purpose, and what there is.

use alloc::collections::BTreeMap;

use crate::{
    error::Error,
    index::{answer::Index, coverage::Rest, freshness::HOUR},
    prelude::*,
    time,
};

/// Pages that refreshing on purpose reads at most, after filling.
const PAGES: u32 = 40;

/// What the index has of a range.
pub(crate) struct Coverage {
    /// How old it is.
    pub(crate) statement: String,
    /// Everything from here on is covered.
    pub(crate) from: i64,
    /// About how many requests are missing.
    pub(crate) missing: Option<u32>,
    /// Whether something is older than it should be.
    pub(crate) is_old: bool,
    /// Calls in the weeks of the range, private ones included.
    pub(crate) calls: u32,
    /// Bytes of those weeks.
    pub(crate) bytes: usize,
    /// Per cent of the hours of each month that are covered.
    pub(crate) months: Vec<(String, u32)>,
}

impl Index<'_, '_> {
    /// Fills what is missing and refreshes what is due, within the limits of a call.
    ///
    /// # Errors
    /// Whatever a request to Gong fails with, if nothing is covered; a store that fails.
    pub(crate) fn sync(&mut self) -> Result<Coverage, Error> {
        let reach = self.reach(true)?;
        if let Some(fault) = self.store.fault() {
            return Err(Error::unreachable(format!(
                "The index can not be kept: its store {fault}. Whoever runs the gateway can check GONG_INDEX_URL."
            )));
        }
        let is_old = match reach.rest {
            Rest::Nothing => self.refresh_old(PAGES.saturating_sub(self.pages())),
            Rest::Live | Rest::Stop(_) => true,
        };
        let mut months: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        for hour in self.hours() {
            let month = time::to_date(hour).chars().take(7).collect();
            let (all, covered) = months.entry(month).or_default();
            *all += 1;
            // The hour that has just begun has nothing yet.
            let begun = hour > self.gong.now - HOUR;
            *covered += u32::from(begun || self.is_usable(hour));
        }
        let from = self.covered_from();
        Ok(Coverage {
            statement: self.statement(from),
            from,
            missing: self.missing().filter(|_| from > self.range.from),
            is_old,
            calls: self.weeks.values().map(|week| week.calls).sum(),
            bytes: self.weeks.values().map(|week| week.size).sum(),
            months: months
                .into_iter()
                .map(|(month, (all, covered))| (month, covered * 100 / all))
                .collect(),
        })
    }
}
