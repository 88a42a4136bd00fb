//! The weeks that a question has read, and reading them from the store.

use alloc::borrow::Cow;
use core::cell::OnceCell;

use crate::{
    index::{
        answer::Index,
        freshness::{HOUR, HOURS, WEEK},
        segment,
    },
    prelude::*,
};

/// Bytes of segments that are held; beyond these they are read from the store again.
const HELD_BYTES: usize = 20 << 20;
/// Bytes of segments up to which they are held unpacked too, about three times as many: most answers
/// go through them twice.
const HELD_UNPACKED: usize = 12 << 20;

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
    unpacked: OnceCell<Vec<u8>>,
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
                unpacked: OnceCell::new(),
            },
            None => Self {
                bytes: None,
                etag,
                hours: [0; HOURS],
                calls: 0,
                size: 0,
                unpacked: OnceCell::new(),
            },
        }
    }
}

/// The hour in which a second is.
pub(super) fn hour_of(at: i64) -> i64 {
    at - at.rem_euclid(HOUR)
}

/// The week in which a second is.
pub(super) fn week_of(at: i64) -> i64 {
    at - at.rem_euclid(WEEK)
}

/// The name of a week's object.
pub(super) fn name(week: i64) -> String {
    format!("calls-{}", week / WEEK)
}

impl Index<'_, '_> {
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

    /// What the calls of a week take unpacked.
    pub(super) fn unpacked(&self, week: i64) -> Option<Cow<'_, [u8]>> {
        let known = self.weeks.get(&week)?;
        if let Some(unpacked) = known.unpacked.get() {
            return Some(Cow::Borrowed(unpacked));
        }
        let unpacked = segment::unpack(&self.bytes(week)?)?;
        let all: usize = self.weeks.values().map(|week| week.size).sum();
        Some(match all <= HELD_UNPACKED {
            true => Cow::Borrowed(known.unpacked.get_or_init(|| unpacked)),
            false => Cow::Owned(unpacked),
        })
    }

    /// When an hour was last read; 0 is never.
    pub(super) fn stamp(&self, hour: i64) -> i64 {
        let week = week_of(hour);
        let hours = self.weeks.get(&week).map(|week| &week.hours);
        hours.map_or(0, |hours| hours[((hour - week) / HOUR) as usize])
    }
}
