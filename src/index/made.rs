//! An index made of calls without reading them from Gong: for tests and benches.

use alloc::collections::BTreeMap;

use crate::{
    gong::calls::Call,
    index::{
        freshness::HOUR,
        pack::Builder,
        segment,
        week::{name, week_of},
    },
    prelude::*,
};

/// The objects that have these calls and say that everything up to `now` was read then. Calls are
/// sorted by time, so that one week at a time is in memory.
pub(crate) fn objects(
    calls: impl Iterator<Item = (i64, Call)>,
    now: i64,
    authority: &str,
    access_key: &str,
) -> BTreeMap<String, Vec<u8>> {
    let company = segment::company(authority, access_key);
    let mut objects = BTreeMap::new();
    let mut builder: Option<(i64, Builder)> = None;
    let mut finish = |week: i64, mut builder: Builder| {
        for (place, hour) in builder.hours.iter_mut().enumerate() {
            if week + place as i64 * HOUR <= now {
                *hour = now;
            }
        }
        objects.insert(name(week), builder.finish(company));
    };
    for (at, call) in calls {
        let week = week_of(at);
        builder = match builder.take() {
            Some((known, made)) if known == week => Some((week, made)),
            before => {
                if let Some((week, made)) = before {
                    finish(week, made);
                }
                Some((week, Builder::new(week)))
            }
        };
        if let Some((_, builder)) = &mut builder {
            builder.add(at, &call);
        }
    }
    if let Some((week, made)) = builder {
        finish(week, made);
    }
    objects
}
