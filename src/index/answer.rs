//! The index for one question: what it covers of a range, and its calls newest first.

use alloc::{borrow::Cow, collections::BTreeMap};
use core::ops::ControlFlow;

use crate::{
    client::Gong,
    error::Error,
    gong::{
        calls::{Call, Party},
        crm_object::CrmObject,
    },
    index::{
        fill::Filled,
        freshness::{HOUR, HOURS, NEWEST, Patience, WEEK, is_due, is_soon_due, is_usable},
        query::{Find, Finder, Parts},
        segment,
        store::Store,
        view::View,
    },
    prelude::*,
    time::{self, DAY, Range},
};

/// Bytes of segments that are held; beyond these they are read from the store again.
const HELD_BYTES: usize = 20 << 20;
/// Pages that a question spends at most on what is a little old.
const PAGES_FOR_OLD: u32 = 6;
/// How far back the newest hours are read together with what is missing before them.
const CATCH_UP: i64 = 2 * DAY;
/// How often, a second apart, a question waits for another call that reads the first calls.
const WAITS: u32 = 5;
/// How old a call may be to have begun after the newest reading.
const JUST_BEGUN: i64 = HOUR;

/// A week, as far as it is known.
pub(super) struct Week {
    /// None if there is nothing, or if it is to be read from the store again.
    pub(super) bytes: Option<Vec<u8>>,
    /// None if the store has nothing.
    pub(super) etag: Option<String>,
    /// When each hour was last read; 0 is never.
    pub(super) hours: [i64; HOURS],
    /// Calls in it, private ones included.
    pub(super) calls: u32,
    /// Its bytes, whether they are held or not.
    pub(super) size: usize,
}

impl Week {
    /// None for what is not readable.
    pub(super) fn of(bytes: Vec<u8>, etag: Option<String>, company: u32) -> Self {
        match segment::read_head(&bytes, company) {
            Some(head) => Self {
                hours: head.hours(),
                calls: head.calls,
                size: bytes.len(),
                bytes: Some(bytes),
                etag,
            },
            None => Self {
                bytes: None,
                etag,
                hours: [0; HOURS],
                calls: 0,
                size: 0,
            },
        }
    }
}

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

/// The index for one question.
pub(crate) struct Index<'g, 'w> {
    pub(super) gong: &'g Gong<'w>,
    pub(super) store: Store<'g, 'w>,
    pub(super) company: u32,
    pub(super) range: Range,
    pub(super) patience: Patience,
    pub(super) weeks: BTreeMap<i64, Week>,
    /// Pages read from Gong so far.
    pub(super) pages: u32,
    /// What did not work.
    pub(super) note: Option<String>,
}

/// The hour in which a second is.
pub(super) fn hour_of(at: i64) -> i64 {
    at - at.rem_euclid(HOUR)
}

/// The week in which a second is.
pub(super) fn week_of(at: i64) -> i64 {
    at - at.rem_euclid(WEEK)
}

impl<'g, 'w> Index<'g, 'w> {
    /// Opens the index for a range; none without `GONG_INDEX_URL`, for a live question, and where
    /// private calls are allowed, as the index has nothing of those but ids.
    pub(crate) fn open(
        gong: &'g Gong<'w>,
        range: Range,
        patience: Option<Patience>,
    ) -> Option<Self> {
        let patience = patience.filter(|_| !gong.settings.private_calls)?;
        let mut index = Self {
            gong,
            store: Store::of(gong)?,
            company: segment::company_of(gong),
            range,
            patience,
            weeks: BTreeMap::new(),
            pages: 0,
            note: None,
        };
        let mut week = week_of(range.from);
        while week < range.to && index.store.fault().is_none() {
            index.load(week);
            week += WEEK;
        }
        Some(index)
    }

    /// Reads a week from the store.
    pub(super) fn load(&mut self, week: i64) {
        let read = match self.store.get(&name(week)) {
            Ok(Some(object)) => Week::of(object.bytes, Some(object.etag), self.company),
            _ => Week::of(Vec::new(), None, self.company),
        };
        self.weeks.insert(week, read);
        self.forget();
    }

    /// Holds no more than [`HELD_BYTES`]; what the store does not have is kept.
    pub(super) fn forget(&mut self) {
        let size = |week: &Week| week.bytes.as_ref().map_or(0, Vec::len);
        let mut held: usize = self.weeks.values().map(size).sum();
        for week in self.weeks.values_mut() {
            if held <= HELD_BYTES {
                break;
            }
            if week.etag.is_some() {
                held -= size(week);
                week.bytes = None;
            }
        }
    }

    /// When an hour was last read; 0 is never.
    pub(super) fn stamp(&self, hour: i64) -> i64 {
        let week = week_of(hour);
        let hours = self.weeks.get(&week).map(|week| &week.hours);
        hours.map_or(0, |hours| hours[((hour - week) / HOUR) as usize])
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

    /// Refreshes the newest hours, and fills what is missing if the question will read most of the
    /// range (`selective`), within the limits of a call.
    ///
    /// # Errors
    /// Whatever a request to Gong fails with, if nothing is covered without it.
    pub(crate) fn reach(&mut self, selective: bool) -> Result<Reach, Error> {
        if self.store.fault().is_some() {
            return Ok(self.live());
        }
        self.refresh_newest()?;
        let mut waits = 0;
        loop {
            let from = self.covered_from();
            if from <= self.range.from {
                self.refresh_old(PAGES_FOR_OLD);
                return Ok(Reach {
                    from: self.range.from,
                    rest: Rest::Nothing,
                });
            }
            if !selective {
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

    /// About how many requests the part of the range takes that is not covered.
    pub(super) fn missing_requests(&self) -> u32 {
        let missing = self.hours().filter(|hour| !self.is_usable(*hour)).count();
        let Some(density) = self.density().filter(|_| missing > 0) else {
            return u32::from(missing > 0);
        };
        ((missing as f64 * density / 100.0) as u32).max(1)
    }

    /// The bytes of a week, from the store if they are not held.
    pub(super) fn bytes(&self, week: i64) -> Option<Cow<'_, [u8]>> {
        let known = self.weeks.get(&week)?;
        if let Some(bytes) = &known.bytes {
            return Some(Cow::Borrowed(bytes));
        }
        known.etag.as_ref()?;
        let object = self.store.get(&name(week)).ok()??;
        segment::read_head(&object.bytes, self.company)?;
        Some(Cow::Owned(object.bytes))
    }

    /// Calls `visit` with each week within these seconds, newest first.
    fn views(&self, from: i64, to: i64, mut visit: impl FnMut(&View<'_>) -> ControlFlow<()>) {
        for week in self
            .weeks
            .range(week_of(from)..to)
            .rev()
            .map(|(week, _)| *week)
        {
            let Some(bytes) = self.bytes(week) else {
                continue;
            };
            let unpacked = segment::unpack(&bytes);
            drop(bytes);
            let Some(packed) = unpacked.as_deref().and_then(segment::read) else {
                continue;
            };
            if visit(&View::new(week, packed)).is_break() {
                return;
            }
        }
    }

    /// Calls `visit` with each call from `from` to the end of the range that has what `find` says,
    /// newest first; before it, with how many calls were read up to it, private ones included, and how
    /// many were private. Returns both numbers for the whole, or up to the call at which `visit` broke.
    pub(crate) fn walk(
        &self,
        from: i64,
        find: &Find<'_>,
        parts: Parts,
        mut visit: impl FnMut(i64, Call, (u32, u32)) -> ControlFlow<()>,
    ) -> (u32, u32) {
        // Private calls have no workspace and no host here.
        let counts_private = find.workspace.is_none() && find.hosts.is_empty();
        let to = self.range.to;
        let (mut read, mut private) = (0, 0);
        self.views(from, to, |view| {
            let finder = Finder::new(view, find);
            let private_since = |at: i64| match counts_private {
                true => view.private(at, to),
                false => 0,
            };
            let mut here = 0;
            for row in view.rows(from, to).rev() {
                if !finder.is_in_scope(row) {
                    continue;
                }
                here += 1;
                if !finder.fits(row) {
                    continue;
                }
                let at = view.at(row);
                let hidden = private_since(at);
                let so_far = (read + here + hidden, private + hidden);
                if visit(at, view.call(row, parts), so_far).is_break() {
                    (read, private) = so_far;
                    return ControlFlow::Break(());
                }
            }
            let hidden = private_since(from);
            (read, private) = (read + here + hidden, private + hidden);
            ControlFlow::Continue(())
        });
        (read, private)
    }

    /// Calls `visit` with each user on calls from `from` to the end of the range, the newest call
    /// first; with most users several times.
    pub(crate) fn users(&self, from: i64, mut visit: impl FnMut(&Party)) {
        let to = self.range.to;
        self.views(from, to, |view| {
            let mut seen = alloc::vec![false; view.packed.people.len()];
            for row in view.rows(from, to).rev() {
                for (person, _) in view.people(row) {
                    let known = &view.packed.people[person];
                    if known.user != 0 && !core::mem::replace(&mut seen[person], true) {
                        visit(&view.party(known, true));
                    }
                }
            }
            ControlFlow::Continue(())
        });
    }

    /// Calls `visit` with each CRM object on calls from `from` to the end of the range and when its
    /// newest call in a week began, that call first; with most objects several times.
    pub(crate) fn objects(&self, from: i64, mut visit: impl FnMut(&CrmObject, i64)) {
        let to = self.range.to;
        self.views(from, to, |view| {
            let mut seen = alloc::vec![false; view.packed.objects.len()];
            for row in view.rows(from, to).rev() {
                for object in view.objects(row) {
                    if !core::mem::replace(&mut seen[object], true) {
                        visit(&view.object(&view.packed.objects[object]), view.at(row));
                    }
                }
            }
            ControlFlow::Continue(())
        });
    }

    /// What an answer stands on that uses the index from `from` on.
    pub(crate) fn statement(&self, from: i64) -> String {
        let now = self.gong.now;
        if let Some(fault) = self.store.fault().filter(|_| from >= self.range.to) {
            return format!("index not used: its store {fault}; all is live");
        }
        let stamps = |younger: i64, older: i64| {
            let hours = self.hours().take_while(move |hour| *hour + HOUR > from);
            hours
                .filter(move |hour| (younger..older).contains(&(now - hour)))
                .map(|hour| self.stamp(hour))
                .filter(|stamp| *stamp > 0)
        };
        let mut text = match stamps(i64::MIN, NEWEST + HOUR).max() {
            Some(newest) => format!("index: all calls to {}", clock(newest, now)),
            None if from >= self.range.to => "index: empty, all is live".to_owned(),
            None => "index:".to_owned(),
        };
        for (younger, older, name) in [(NEWEST + HOUR, DAY, "4 h"), (DAY, i64::MAX, "24 h")] {
            if let Some(oldest) = stamps(younger, older).min() {
                let separator = if text.ends_with(':') { " " } else { "; " };
                let as_of = clock(oldest, now);
                text.push_str(&format!("{separator}older than {name} as of {as_of}"));
            }
        }
        let fault = self.store.fault().map(|fault| format!("its store {fault}"));
        for why in self.note.iter().chain(&fault) {
            text.push_str(&format!("; {}", why.trim_end_matches('.')));
        }
        text
    }

    /// How many pages were read.
    pub(crate) fn pages(&self) -> u32 {
        self.pages
    }

    /// About how many requests are missing until the range is covered.
    pub(crate) fn missing(&self) -> Option<u32> {
        Some(self.missing_requests()).filter(|missing| *missing > 0)
    }
}

/// The name of a week's object.
pub(super) fn name(week: i64) -> String {
    format!("calls-{}", week / WEEK)
}

/// `09:14 today`, `yesterday 18:00`, `2026-09-02 18:00`; UTC.
fn clock(at: i64, now: i64) -> String {
    let shown = time::in_table(&time::to_display(at));
    let minute = shown.split(' ').next_back().unwrap_or_default();
    let days = (now - now.rem_euclid(DAY)) - (at - at.rem_euclid(DAY));
    match days {
        0 => format!("{minute} today"),
        DAY => format!("yesterday {minute}"),
        _ => shown,
    }
}
