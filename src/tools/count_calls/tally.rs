//! Counts calls in rows of one or two keys, sorts the rows, and sums those beyond the limit.

use alloc::collections::{BTreeMap, BTreeSet};
use core::{cmp::Reverse, ops::Range};

use crate::{
    domain::call_content::outcome_name,
    gong::{calls::Call, crm_object::CrmObject},
    index::Sum,
    prelude::*,
    text::{fold_case, one_line},
    time,
    wit::calls::{CallCount, CountBy, CountRow},
};

/// What a count says of its calls.
fn into_count(sum: Sum) -> CallCount {
    CallCount {
        calls: sum.calls,
        minutes: sum.minutes,
        average: (sum.minutes + sum.calls / 2)
            .checked_div(sum.calls)
            .unwrap_or(0),
        longest: sum.longest,
        external: sum.external,
    }
}

/// The row of a count.
fn into_row(sum: Sum, of: Vec<String>) -> CountRow {
    let count = into_count(sum);
    (
        of,
        count.calls,
        count.minutes,
        count.average,
        count.longest,
        count.external,
    )
}

/// The calls counted so far.
#[derive(Default)]
pub(super) struct Counter {
    /// By keys, which are ids or words; a key is empty for calls that have none.
    rows: BTreeMap<Vec<String>, Sum>,
    /// Each call once.
    pub(super) total: Sum,
    /// Whether a call was counted in several rows.
    overlap: bool,
    /// Names of the accounts among the keys, by id.
    pub(super) accounts: BTreeMap<String, String>,
}

/// The result of counting.
pub(super) struct Counts {
    pub(super) rows: Vec<CountRow>,
    pub(super) others: Option<CallCount>,
    pub(super) other_rows: u32,
    pub(super) total: CallCount,
    pub(super) overlap: bool,
}

impl Counter {
    /// Counts a call in each of its rows; or all calls that are like it, with these sums.
    pub(super) fn add(&mut self, call: &Call, by: &[CountBy], sum: Option<Sum>) {
        let meta = &call.meta_data;
        let sum = sum.unwrap_or_else(|| Sum::of(meta.minutes(), meta.is_external()));
        self.total.add(sum);
        let mut rows: Vec<Vec<String>> = alloc::vec![Vec::new()];
        for by in by {
            let keys = keys(call, *by);
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
            self.rows.entry(row).or_default().add(sum);
        }
        if by.contains(&CountBy::Account)
            && let Some(key) = call.account_key()
            && let Some(name) = call.account().and_then(CrmObject::name)
        {
            // The newest call comes first.
            self.accounts.entry(key).or_insert(name);
        }
    }

    /// The keys at one index of the rows.
    pub(super) fn keys(&self, index: usize) -> impl Iterator<Item = String> {
        let rows = self.rows.keys();
        rows.filter_map(move |keys| keys.get(index).cloned())
    }

    /// Sorted rows with names: periods newest first, everything else by number of calls, rows
    /// with the same first key together, and of them those in `shown`.
    pub(super) fn into_counts(
        self,
        by: &[CountBy],
        shown: Range<usize>,
        names: &BTreeMap<String, String>,
    ) -> Counts {
        let mut calls_of_first: BTreeMap<String, u32> = BTreeMap::new();
        for (keys, sum) in &self.rows {
            let first = keys.first().cloned().unwrap_or_default();
            *calls_of_first.entry(first).or_default() += sum.calls;
        }
        let mut rows: Vec<(Vec<String>, Sum)> = self.rows.into_iter().collect();
        let order = |keys: &[String], index: usize, calls: u32| {
            let key = keys.get(index).cloned().unwrap_or_default();
            match by.get(index) {
                Some(CountBy::Day | CountBy::Week | CountBy::Month) => {
                    (false, Reverse(0), Reverse(key), String::new())
                }
                // Calls without the key come last, however many they are.
                _ => (key.is_empty(), Reverse(calls), Reverse(String::new()), key),
            }
        };
        rows.sort_by_key(|(keys, sum)| {
            let first = keys.first().and_then(|key| calls_of_first.get(key));
            (
                order(keys, 0, first.copied().unwrap_or(0)),
                order(keys, 1, sum.calls),
            )
        });
        let mut seen = BTreeSet::new();
        let shared = names.values().filter(|name| !seen.insert(*name));
        let shared: BTreeSet<&String> = shared.collect();
        let beyond = rows.split_off(rows.len().min(shown.end));
        let mut others = Sum::default();
        beyond.iter().for_each(|(_, sum)| others.add(*sum));
        Counts {
            rows: rows
                .into_iter()
                .skip(shown.start)
                .map(|(keys, sum)| into_row(sum, labels(keys, by, names, &shared)))
                .collect(),
            others: (!beyond.is_empty()).then(|| into_count(others)),
            other_rows: beyond.len() as u32,
            total: into_count(self.total),
            overlap: self.overlap,
        }
    }
}

/// The keys of a call: several only for trackers, an empty one if it has none.
fn keys(call: &Call, by: CountBy) -> Vec<String> {
    let meta = &call.meta_data;
    let began = |part: fn(i64) -> String| meta.began().map(part);
    let lower = |text: &Option<String>| text.as_deref().map(fold_case);
    let key = match by {
        CountBy::Host => meta.primary_user_id.as_ref().map(|id| id.0.clone()),
        CountBy::Account => call.account_key(),
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
    alloc::vec![key.unwrap_or_default()]
}

/// What a row is of; beside a name that others share is the id.
fn labels(
    keys: Vec<String>,
    by: &[CountBy],
    names: &BTreeMap<String, String>,
    shared: &BTreeSet<&String>,
) -> Vec<String> {
    keys.into_iter()
        .zip(by)
        .map(|(key, by)| {
            if key.is_empty() {
                return without_key(*by).to_owned();
            }
            match by {
                CountBy::Host | CountBy::Account | CountBy::Workspace => match names.get(&key) {
                    Some(name) if shared.contains(name) => format!("{name} ({key})"),
                    Some(name) => name.clone(),
                    None => key,
                },
                _ => key,
            }
        })
        .collect()
}

/// The label of the row for calls without the key.
fn without_key(by: CountBy) -> &'static str {
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
