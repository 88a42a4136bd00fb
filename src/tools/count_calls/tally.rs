//! Counting: rows of one or two keys, sorted, and what is beyond the limit summed.

use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};
use core::cmp::Reverse;

use crate::{
    gong::{
        calls::{Call, one_line},
        content::outcome_name,
        instant,
    },
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
        for (keys, tally) in &self.rows {
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
        rows.sort_by_cached_key(|(keys, tally)| {
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
    let lower = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
    let one = match by {
        CountBy::Host => meta.primary_user_id.as_ref().map(|id| id.0.clone()),
        CountBy::Account => call.account().map(|account| account.id().to_owned()),
        CountBy::Day => began(instant::day),
        CountBy::Week => began(instant::week),
        CountBy::Month => began(|at| instant::day(at).chars().take(7).collect()),
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
mod tests {
    use super::{Counted, Counts};
    use crate::{gong::calls::Call, wit::calls::CountBy};
    use std::collections::BTreeMap;

    fn counts(by: &[CountBy], limit: usize) -> Counts {
        let mut counted = Counted::default();
        for json in [
            r#"{"metaData":{"started":"2026-11-23T10:00:00Z","duration":61,"scope":"External","primaryUserId":"10001"},
                "content":{"trackers":[{"name":"Price","count":2},{"name":"Legal","count":1},{"name":"Silent","count":0}]}}"#,
            r#"{"metaData":{"started":"2026-11-22T10:00:00Z","duration":600,"scope":"Internal","primaryUserId":"10001"}}"#,
            r#"{"metaData":{"started":"2026-11-02T10:00:00Z","duration":120,"scope":"External","primaryUserId":10002},
                "content":{"trackers":[{"name":"Legal","count":null}]}}"#,
            r#"{"metaData":{"started":null,"duration":null,"primaryUserId":null}}"#,
        ] {
            counted.add(&serde_json::from_str::<Call>(json).expect("call"), by);
        }
        counted.shown(
            by,
            limit,
            &BTreeMap::from([("10001".into(), "Ann Li".into())]),
        )
    }

    fn rows(counts: &Counts) -> Vec<(String, u32, u32)> {
        counts
            .rows
            .iter()
            .map(|row| (row.of.join("/"), row.calls, row.minutes))
            .collect()
    }

    #[test]
    fn hosts_by_calls_and_ids_where_there_is_no_name() {
        let all = counts(&[CountBy::Host], 10);
        assert_eq!(
            rows(&all),
            [
                ("Ann Li".into(), 2, 12),
                ("10002".into(), 1, 2),
                ("no host".into(), 1, 0)
            ]
        );
        assert_eq!(
            (
                all.total.calls,
                all.total.minutes,
                all.total.average,
                all.total.longest,
                all.total.external
            ),
            (4, 14, 4, 10, 2)
        );
        assert!(!all.overlap && all.others.is_none());
    }

    #[test]
    fn what_is_beyond_the_limit_still_adds_up() {
        let cut = counts(&[CountBy::Host], 1);
        let others = cut.others.expect("others");
        assert_eq!((cut.other_rows, others.calls, others.minutes), (2, 2, 2));
        assert_eq!(cut.rows[0].calls + others.calls, cut.total.calls);
    }

    #[test]
    fn weeks_begin_on_monday_and_come_newest_first() {
        assert_eq!(
            rows(&counts(&[CountBy::Week], 10)),
            [
                ("2026-11-23".into(), 1, 2),
                ("2026-11-16".into(), 1, 10),
                ("2026-11-02".into(), 1, 2),
                ("unknown time".into(), 1, 0)
            ]
        );
        assert_eq!(rows(&counts(&[CountBy::Month], 10))[0].0, "2026-11");
    }

    #[test]
    fn a_call_is_in_the_row_of_each_tracker_that_fired() {
        let all = counts(&[CountBy::Tracker], 10);
        assert_eq!(
            rows(&all),
            [
                ("Legal".into(), 2, 4),
                ("Price".into(), 1, 2),
                ("no tracker".into(), 2, 10)
            ]
        );
        assert!(all.overlap);
        assert_eq!(all.total.calls, 4);
    }

    #[test]
    fn of_two_keys_the_first_stays_together() {
        assert_eq!(
            rows(&counts(&[CountBy::Host, CountBy::Week], 10)),
            [
                ("Ann Li/2026-11-23".into(), 1, 2),
                ("Ann Li/2026-11-16".into(), 1, 10),
                ("10002/2026-11-02".into(), 1, 2),
                ("no host/unknown time".into(), 1, 0),
            ]
        );
    }
}
