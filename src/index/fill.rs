//! Reading calls from Gong into the index.

use alloc::collections::BTreeMap;
use serde_json::json;

use crate::{
    client::{pages::Paged, request::Precondition},
    error::Error,
    gong::calls::{Call, CallsBody, ContentSelector, EXTENSIVE, ExtensivePage, Filter},
    index::{
        answer::Index,
        erase::Erased,
        freshness::{CLOCK_SKEW, HOUR, HOURS, WEEK},
        lease::Lease,
        pack::Builder,
        segment,
        store::Written,
        view::View,
        week::{Week, hour_of, name, week_of},
    },
    prelude::*,
    time,
};

/// Pages that one call reads at most: 4,000 calls, as a scan does without an index.
const MOST_PAGES: u32 = 40;
/// After this time, in ms, no further page is read: clients and gateways give up after 60 s.
const MOST_MS: u64 = 40_000;
/// Calls on a page of Gong's.
const PAGE: u32 = 100;
/// After so many pages what was read is kept, so that a call that is ended early loses little.
const KEPT_PAGES: u32 = 10;
/// How often writing an object is tried that others write too.
const TRIES: u32 = 4;

/// What came of filling.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Something was read and can be used.
    Some,
    /// The call has read as much as it may.
    Enough,
    /// Another call reads now.
    Busy,
    /// The store failed.
    Fault,
}

/// Calls that were read: all of them from `from` to `to`.
struct Read {
    calls: Vec<(i64, Call)>,
    from: i64,
    to: i64,
}

impl Index<'_, '_> {
    /// Reads the nearest missing hours before this second, as many as a call may.
    pub(super) fn fill_before(&mut self, end: i64) -> Result<Filled, Error> {
        let left = MOST_PAGES.saturating_sub(self.pages);
        if left == 0 || self.gong.elapsed_ms() > MOST_MS {
            return Ok(Filled::Enough);
        }
        let last = hour_of(end - 1);
        let mut hours = self.hours_in(left);
        let in_week = ((last - week_of(last)) / HOUR + 1) as usize;
        if hours >= in_week {
            // Whole weeks leave fewer pages half empty.
            hours = in_week + (hours - in_week) / HOURS * HOURS;
            if self.density().is_none() {
                hours = in_week.max(24);
            }
        } else if left < MOST_PAGES / 2 {
            return Ok(Filled::Enough);
        }
        let missing = self
            .hours()
            .skip_while(|hour| *hour > last)
            .take(hours.max(1));
        let from = missing
            .take_while(|hour| !self.is_usable(*hour))
            .last()
            .unwrap_or(last);
        self.read_again("fill", from, last + HOUR)
    }

    /// Reads these hours and keeps them.
    ///
    /// # Errors
    /// Whatever Gong fails with, after keeping what was read before.
    pub(super) fn read_again(
        &mut self,
        lease: &'static str,
        from: i64,
        to: i64,
    ) -> Result<Filled, Error> {
        let now = self.gong.clock();
        let lease = match Lease::take(&self.store, lease, now) {
            Ok(Some(lease)) => lease,
            Ok(None) => return Ok(Filled::Busy),
            Err(_) => return Ok(Filled::Fault),
        };
        let (gong, pages) = (self.gong, self.pages);
        let mut reader = Reader { gong, pages };
        let filled = reader.read(from, to.min(now.max(from + 1)), to, |read| {
            self.keep(&read, now);
        });
        self.pages = reader.pages;
        lease.give_back(&self.store);
        filled
    }

    /// Keeps what was read.
    fn keep(&mut self, read: &Read, stamp: i64) {
        let mut weeks: BTreeMap<i64, Vec<&(i64, Call)>> = BTreeMap::new();
        let mut week = week_of(read.from);
        while week < read.to {
            if !self.weeks.contains_key(&week) {
                self.load(week);
            }
            weeks.insert(week, Vec::new());
            week += WEEK;
        }
        for call in &read.calls {
            if let Some(calls) = weeks.get_mut(&week_of(call.0)) {
                calls.push(call);
            }
        }
        for (week, calls) in weeks {
            let hours = (read.from.max(week), read.to.min(week + WEEK));
            self.keep_week(week, &calls, hours, stamp);
        }
    }

    fn keep_week(&mut self, week: i64, calls: &[&(i64, Call)], hours: (i64, i64), stamp: i64) {
        let mut erased = Erased::default();
        for _ in 0..TRIES {
            // Each time anew: an erasure says whom it erases before it goes through the weeks.
            erased = Erased::read(&self.store).unwrap_or(erased);
            let known = &self.weeks[&week];
            let bytes = self.merged(week, known, calls, hours, stamp, &erased);
            let if_ = match &known.etag {
                Some(etag) => Precondition::Unchanged(etag),
                None => Precondition::Absent,
            };
            match self.store.put(&name(week), &bytes, if_) {
                Ok(Written::Changed) => {
                    self.load(week);
                    if self.weeks[&week].etag.is_none() {
                        // Emptied, or too small for all weeks: only this answer has it.
                        self.weeks.insert(week, Week::of(bytes, None, self.company));
                        return;
                    }
                }
                Ok(Written::Done(etag)) => {
                    let kept = Week::of(bytes, etag, self.company);
                    self.weeks.insert(week, kept);
                    return self.forget();
                }
                Err(_) => {
                    // This answer has what was read, though the next one will not.
                    self.weeks.insert(week, Week::of(bytes, None, self.company));
                    return;
                }
            }
        }
        let bytes = self.merged(week, &self.weeks[&week], calls, hours, stamp, &erased);
        self.weeks.insert(week, Week::of(bytes, None, self.company));
        self.note = Some("others write the index at the same time".into());
    }

    /// A week with these calls instead of those that it had in these hours, except in hours that
    /// somebody else has read since.
    fn merged(
        &self,
        week: i64,
        known: &Week,
        calls: &[&(i64, Call)],
        (from, to): (i64, i64),
        stamp: i64,
        erased: &Erased,
    ) -> Vec<u8> {
        let place = |at: i64| ((hour_of(at) - week) / HOUR) as usize;
        // Another clock may be a little ahead, but not more.
        let is_newer = |known: i64| (stamp + 1..=stamp + CLOCK_SKEW).contains(&known);
        let is_replaced =
            |at: i64| (from..to).contains(&hour_of(at)) && !is_newer(known.hours[place(at)]);
        let mut builder = Builder::new(week);
        builder.hours = known.hours;
        builder.erased = erased.clone();
        let old = self.unpacked(week);
        if let Some(packed) = old.as_deref().and_then(segment::read) {
            View::new(week, packed).copy(&mut builder, |at| !is_replaced(at));
        }
        for (at, call) in calls.iter().filter(|(at, _)| is_replaced(*at)) {
            builder.add(*at, call);
        }
        let mut hour = from;
        while hour < to {
            if is_replaced(hour) {
                builder.hours[place(hour)] = stamp;
            }
            hour += HOUR;
        }
        builder.finish(self.company)
    }
}

/// Calls of a window that were read and not yet kept.
#[derive(Default)]
struct Unkept {
    calls: Vec<(i64, Call)>,
    /// Where they begin; none for the begin of the window.
    from: Option<i64>,
    pages: u32,
}

impl Unkept {
    /// Keeps the hours that are complete: Gong's pages are oldest first, so those before the hour of the
    /// last call are.
    fn keep(&mut self, from: i64, keep: &mut impl FnMut(Read)) {
        let from = self.from.unwrap_or(from);
        let to = self.calls.last().map_or(from, |(at, _)| hour_of(*at));
        self.pages = 0;
        if to > from {
            let calls = core::mem::take(&mut self.calls);
            let (calls, rest) = calls.into_iter().partition(|(at, _)| *at < to);
            (self.calls, self.from) = (rest, Some(to));
            keep(Read { calls, from, to });
        }
    }
}

/// Reads windows of time.
struct Reader<'g, 'w> {
    gong: &'g crate::client::Gong<'w>,
    pages: u32,
}

impl Reader<'_, '_> {
    /// Reads the calls from `from` to `to`, which is `whole` unless that is later than now, and calls
    /// `keep` with what is complete, every few pages and whatever ends it. [`Filled::Enough`] if there
    /// are more than a call may read.
    fn read(
        &mut self,
        mut from: i64,
        to: i64,
        whole: i64,
        mut keep: impl FnMut(Read),
    ) -> Result<Filled, Error> {
        let (mut unkept, mut cursor) = (Unkept::default(), None::<String>);
        let mut first = true;
        loop {
            let left = MOST_PAGES.saturating_sub(self.pages);
            if left == 0 || self.gong.elapsed_ms() > MOST_MS {
                unkept.keep(from, &mut keep);
                return Ok(match first {
                    true => Filled::Enough,
                    false => Filled::Some,
                });
            }
            self.pages += 1;
            let read = self.page(from, to, cursor.as_deref());
            let (records, page) = read.inspect_err(|_| unkept.keep(from, &mut keep))?;
            let records = records.unwrap_or_default();
            let total = records.total_records.unwrap_or(0);
            if first && total.div_ceil(PAGE) > left && whole - from > HOUR {
                // The newest of them come first next time.
                let fitting = (to - from) * i64::from((left - 1) * PAGE) / i64::from(total);
                let narrower = hour_of(to - fitting.max(1)).max(from + HOUR);
                if left == 1 {
                    return Ok(Filled::Enough);
                }
                from = narrower;
                continue;
            }
            first = false;
            for mut call in page {
                call.slim();
                for tracker in call
                    .content
                    .iter_mut()
                    .flat_map(|content| content.trackers.iter_mut().flatten())
                {
                    (tracker.occurrences, tracker.phrases) = (None, None);
                }
                // Where Gong says no time, it sorts by what it does not say.
                let at = call.meta_data.began().unwrap_or(from);
                if (from..whole).contains(&at) {
                    unkept.calls.push((at, call));
                }
            }
            unkept.pages += 1;
            match records.cursor {
                None => {
                    keep(Read {
                        from: unkept.from.unwrap_or(from),
                        to: whole,
                        calls: unkept.calls,
                    });
                    return Ok(Filled::Some);
                }
                Some(next) if cursor.as_ref() == Some(&next) => {
                    return Err(Error::unexpected_answer(
                        "Gong repeats the same page cursor; try a shorter range.".into(),
                    ));
                }
                next => cursor = next,
            }
            if unkept.pages >= KEPT_PAGES {
                unkept.keep(from, &mut keep);
            }
        }
    }

    fn page(
        &self,
        from: i64,
        to: i64,
        cursor: Option<&str>,
    ) -> Result<(Option<crate::client::pages::Records>, Vec<Call>), Error> {
        let selector = ContentSelector {
            context: Some("Extended"),
            context_timing: &["Now", "TimeOfCall"],
            exposed_fields: Some(json!({
                "parties": true,
                "content": { "trackers": true, "callOutcome": true },
            })),
        };
        let body = CallsBody {
            cursor,
            filter: Filter {
                from_date_time: Some(time::to_rfc3339(from)),
                to_date_time: Some(time::to_rfc3339(to)),
                ..Filter::default()
            },
            content_selector: Some(&selector),
        };
        let page: ExtensivePage = self.gong.post_list(EXTENSIVE, &body)?;
        Ok(page.into_page())
    }
}
