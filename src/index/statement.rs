//! What an answer says of the index: how old it is, and what did not work.

use crate::{
    index::{
        answer::Index,
        freshness::{HOUR, NEWEST},
    },
    prelude::*,
    time::{self, DAY},
};

impl Index<'_, '_> {
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
}

/// `09:14 today`, `yesterday 18:00`, `2026-09-02 18:00`.
fn clock(at: i64, now: i64) -> String {
    let shown = time::in_table(&time::to_display(at));
    let minute = shown.split(' ').next_back().unwrap_or_default();
    match time::day_of(now) - time::day_of(at) {
        0 => format!("{minute} today"),
        1 => format!("yesterday {minute}"),
        _ => shown,
    }
}
