//! Counting: rows of one or two keys, sorted, and what is beyond the limit summed.

use alloc::collections::{BTreeMap, BTreeSet};
use core::cmp::Reverse;

use crate::{
    domain::call_content::outcome_name,
    gong::calls::Call,
    prelude::*,
    text::{fold_case, one_line},
    time,
    wit::calls::{CallCount, CountBy},
};

/// What is added up.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) calls: u32,
    minutes: u32,
    longest: u32,
    external: u32,
}

impl Tally {
    fn of(call: &Call) -> Self {
        let meta = &call.meta_data;
        let external = meta
            .scope
            .as_deref()
            .is_some_and(|scope| scope.eq_ignore_ascii_case("External"));
        Self {
            calls: 1,
            minutes: meta.minutes(),
            longest: meta.minutes(),
            external: external.into(),
        }
    }

    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.minutes += other.minutes;
        self.longest = self.longest.max(other.longest);
        self.external += other.external;
    }

    fn shown(self, of: Vec<String>) -> CallCount {
        CallCount {
            of,
            calls: self.calls,
            minutes: self.minutes,
            average: (self.minutes + self.calls / 2)
                .checked_div(self.calls)
                .unwrap_or(0),
            longest: self.longest,
            external: self.external,
        }
    }
}

/// Calls counted so far.
#[derive(Default)]
pub(super) struct Counted {
    /// By keys: ids or words; empty where a call has none.
    rows: BTreeMap<Vec<String>, Tally>,
    /// Every call once.
    pub(super) total: Tally,
    /// A call was in several rows.
    overlap: bool,
    /// Names of the accounts among the keys, by id.
    pub(super) accounts: BTreeMap<String, String>,
}

/// What is told of them.
pub(super) struct Counts {
    pub(super) rows: Vec<CallCount>,
    pub(super) others: Option<CallCount>,
    pub(super) other_rows: u32,
    pub(super) total: CallCount,
    pub(super) overlap: bool,
}

impl Counted {
    /// Counts a call in each of its rows.
    pub(super) fn add(&mut self, call: &Call, by: &[CountBy]) {
        let one = Tally::of(call);
        self.total.add(one);
        let mut rows: Vec<Vec<String>> = alloc::vec![Vec::new()];
        for what in by {
            let keys = keys(call, *what);
            rows = rows
                .iter()
                .flat_map(|row| {
                    keys.iter().map(|key| {
                        let mut row = row.clone();
                        row.push(key.clone());
                        row
                    })
                })
                .collect();
        }
        self.overlap |= rows.len() > 1;
        for row in rows {
            self.rows.entry(row).or_default().add(one);
        }
        if by.contains(&CountBy::Account)
            && let Some(account) = call.account()
            && let Some(name) = account.name()
        {
            self.accounts.insert(account.id().to_owned(), name);
        }
    }

    /// Sorted rows with names: periods newest first, all else by calls, those of the
    /// first key together.
    pub(super) fn shown(
        self,
        by: &[CountBy],
        limit: usize,
        names: &BTreeMap<String, String>,
    ) -> Counts {
        let mut of_first: BTreeMap<String, u32> = BTreeMap::new();
        for (keys, tally) in self.rows.iter() {
            *of_first
                .entry(keys.first().cloned().unwrap_or_default())
                .or_default() += tally.calls;
        }
        let mut rows: Vec<(Vec<String>, Tally)> = self.rows.into_iter().collect();
        let place = |keys: &[String], index: usize, calls: u32| {
            let key = keys.get(index).cloned().unwrap_or_default();
            match by.get(index) {
                Some(CountBy::Day | CountBy::Week | CountBy::Month) => {
                    (false, Reverse(0), Reverse(key), String::new())
                }
                // Those without such a thing last, however many.
                _ => (key.is_empty(), Reverse(calls), Reverse(String::new()), key),
            }
        };
        rows.sort_by_key(|(keys, tally)| {
            let first = keys.first().and_then(|key| of_first.get(key));
            (
                place(keys, 0, first.copied().unwrap_or(0)),
                place(keys, 1, tally.calls),
            )
        });
        let beyond = rows.split_off(rows.len().min(limit));
        let mut others = Tally::default();
        beyond.iter().for_each(|(_, tally)| others.add(*tally));
        Counts {
            rows: rows
                .into_iter()
                .map(|(keys, tally)| tally.shown(labels(keys, by, names)))
                .collect(),
            others: (!beyond.is_empty()).then(|| others.shown(Vec::new())),
            other_rows: beyond.len() as u32,
            total: self.total.shown(Vec::new()),
            overlap: self.overlap,
        }
    }
}

/// The keys in one place of the rows.
pub(super) fn key_names(counted: &Counted, place: usize) -> impl Iterator<Item = String> {
    counted
        .rows
        .keys()
        .filter_map(move |keys| keys.get(place).cloned())
}

/// What a call counts for: several only of trackers; an empty key where it has none.
fn keys(call: &Call, by: CountBy) -> Vec<String> {
    let meta = &call.meta_data;
    let began = |part: fn(i64) -> String| meta.began().map(part);
    let lower = |text: &Option<String>| text.as_deref().map(fold_case);
    let one = match by {
        CountBy::Host => meta.primary_user_id.as_ref().map(|id| id.0.clone()),
        CountBy::Account => call.account().map(|account| account.id().to_owned()),
        CountBy::Day => began(time::to_date),
        CountBy::Week => began(time::week_of),
        CountBy::Month => began(|at| time::to_date(at).chars().take(7).collect()),
        CountBy::Scope => lower(&meta.scope),
        CountBy::Direction => lower(&meta.direction),
        CountBy::Language => lower(&meta.language),
        CountBy::Workspace => meta.workspace_id.as_ref().map(|id| id.0.clone()),
        CountBy::Outcome => call
            .content
            .as_ref()
            .and_then(|content| content.call_outcome.as_ref())
            .and_then(outcome_name),
        CountBy::Tracker => {
            let fired: BTreeSet<String> = call
                .content
                .iter()
                .flat_map(|content| content.trackers.iter().flatten())
                .filter(|tracker| tracker.count.unwrap_or(1) > 0)
                .filter_map(|tracker| tracker.name.as_deref())
                .map(one_line)
                .collect();
            if !fired.is_empty() {
                return fired.into_iter().collect();
            }
            None
        }
    };
    alloc::vec![one.unwrap_or_default()]
}

fn labels(keys: Vec<String>, by: &[CountBy], names: &BTreeMap<String, String>) -> Vec<String> {
    keys.into_iter()
        .zip(by)
        .map(|(key, by)| {
            if key.is_empty() {
                return none(*by).to_owned();
            }
            match by {
                CountBy::Host | CountBy::Account | CountBy::Workspace => {
                    names.get(&key).cloned().unwrap_or(key)
                }
                _ => key,
            }
        })
        .collect()
}

/// The row of calls that have no such thing.
fn none(by: CountBy) -> &'static str {
    match by {
        CountBy::Host => "no host",
        CountBy::Account => "no CRM account",
        CountBy::Day | CountBy::Week | CountBy::Month => "unknown time",
        CountBy::Scope | CountBy::Direction | CountBy::Language => "unknown",
        CountBy::Workspace => "no workspace",
        CountBy::Outcome => "no outcome",
        CountBy::Tracker => "no tracker",
    }
}

#[cfg(test)]
mod tests;
