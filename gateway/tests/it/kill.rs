//! `kill -9` while everything is being written, many times.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use gateway::store::{
    Actor, AuditFilter, AuditRow, CallResult, Decision, KillSwitch, ReviewState, RowKind, Store,
    Via,
};
use jiff::Timestamp;

use crate::killed::{killed_after, say};
use crate::store::{DAY, call, store};
use crate::support::Folder;

const WRITER: &str = "GATEWAY_TEST_WRITER";
const ROUNDS: u64 = 40;
const LIMIT: u32 = 4_000;

/// Not a test, but the process that writes until it is killed.
#[test]
fn write_until_killed() {
    let Some(path) = std::env::var_os(WRITER) else {
        return;
    };
    let store = Store::open(Path::new(&path)).expect("it opens");
    let serving = store.lock_for_serving().expect("nobody else serves");
    say("open");
    let process = std::process::id();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let audit = store.audit_writer();
            scope.spawn(move || {
                for n in 0.. {
                    let id = format!("{process}-{thread}-{n}");
                    let mut row = call(&id, "grant_access", Timestamp::now());
                    let begun = audit.begin(row.start.clone()).wait().expect("begun");
                    say(format_args!("begun {id}"));
                    row.id = Some(begun);
                    audit.finish(row).wait().expect("finished");
                    say(format_args!("finished {id}"));
                }
            });
        }
        scope.spawn(|| {
            loop {
                let granted = store.lease("acme", DAY, 7, LIMIT).expect("a lease");
                say(format_args!("leased {granted}"));
            }
        });
        scope.spawn(|| {
            let actor = Actor::new("ada", Via::Page);
            let names = ["search_calls".to_owned()];
            let everything = KillSwitch::Everything;
            loop {
                for decision in [Decision::Approve, Decision::Disable, Decision::Pending] {
                    let changed = store
                        .review(&actor, "acme", &names, decision)
                        .expect("a review");
                    if !changed.is_empty() {
                        say(format_args!("decided {}", decision.act()));
                    }
                }
                for on in [false, true] {
                    store
                        .switch(&actor, &everything, on, "test")
                        .expect("a switch");
                }
            }
        });
    });
    drop(serving);
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_said_to_be_written() {
    let folder = Folder::new();
    let path = folder.0.join("gateway.db");
    let store = store(&folder);
    let mut begun = BTreeSet::new();
    let mut finished = BTreeSet::new();
    let mut leased = 0;
    let mut decided: BTreeMap<String, u64> = BTreeMap::new();
    let mut interrupted = 0;
    for round in 0..ROUNDS {
        let pause = Duration::from_millis(5 + 37 * round % 110);
        let said = killed_after(pause, "kill::write_until_killed", WRITER, &path);
        for line in said {
            match line.split_once(' ') {
                Some(("begun", id)) => drop(begun.insert(id.to_owned())),
                Some(("finished", id)) => drop(finished.insert(id.to_owned())),
                Some(("leased", granted)) => leased += granted.parse::<u32>().expect("a number"),
                Some(("decided", act)) => *decided.entry(act.to_owned()).or_default() += 1,
                _ => panic!("round {round}: {line}"),
            }
        }

        let file = rusqlite::Connection::open(&path).expect("it opens");
        let check: String = file
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .expect("it can be checked");
        assert_eq!(check, "ok", "round {round}");
        let quota = store.quota("acme", DAY).expect("a quota");
        assert!(
            (leased..=LIMIT).contains(&quota.used),
            "{leased} of {}",
            quota.used
        );

        // Unfinished calls of the killed process are interrupted when the next one starts.
        let serving = store.lock_for_serving().expect("the dead hold no lock");
        interrupted += serving.interrupted;
        drop(serving);
        let filter = AuditFilter {
            kind: Some(RowKind::Call),
            limit: Some(usize::MAX >> 1),
            ..AuditFilter::default()
        };
        let mut rows = BTreeMap::new();
        for row in store.query_audit(&filter).expect("it can be read") {
            let AuditRow::Call(call) = row else { continue };
            let id = call.request_id.expect("calls have one");
            assert!(
                rows.insert(id, call.result).is_none(),
                "one row for each call"
            );
        }
        for id in &finished {
            assert_eq!(
                rows.get(id),
                Some(&CallResult::Success),
                "round {round}: {id}"
            );
        }
        for id in &begun {
            assert!(rows.contains_key(id), "round {round}: {id}");
        }
        let ended = [CallResult::Success, CallResult::Interrupted];
        assert!(rows.values().all(|result| ended.contains(result)));
        let cut_off = rows
            .values()
            .filter(|result| **result == CallResult::Interrupted);
        assert_eq!(cut_off.count(), interrupted, "each was marked once");
    }
    assert!(finished.len() > 20, "the rounds wrote: {}", finished.len());
    assert!(interrupted > 0, "some were cut off");
    assert!(leased > 0);

    // An act and its effect are in one transaction, and each process reported all but its last.
    let filter = AuditFilter {
        kind: Some(RowKind::Act),
        tool: Some("search_calls".to_owned()),
        limit: Some(usize::MAX >> 1),
        ..AuditFilter::default()
    };
    let acts = store.query_audit(&filter).expect("it can be read");
    let mut written: BTreeMap<String, u64> = BTreeMap::new();
    let mut last = None;
    for row in acts.into_iter().rev() {
        let AuditRow::Act(act) = row else { continue };
        *written.entry(act.act.clone()).or_default() += 1;
        last = Some(act.act);
    }
    for (act, said) in &decided {
        let written = written.get(act).copied().unwrap_or_default();
        assert!(
            (*said..=said + ROUNDS).contains(&written),
            "{act}: {said}, {written}"
        );
    }
    let state = match last.as_deref() {
        Some("approve") => ReviewState::Approved,
        Some("disable") => ReviewState::Disabled,
        _ => ReviewState::Pending,
    };
    assert_eq!(
        store
            .tool("acme", "search_calls")
            .expect("it is there")
            .tool
            .state,
        state
    );

    // Exactly the rest of the day's requests can still be leased.
    loop {
        let granted = store.lease("acme", DAY, 64, LIMIT).expect("a lease");
        leased += granted;
        if granted == 0 {
            break;
        }
    }
    assert!(leased <= LIMIT, "{leased}");
    assert_eq!(store.quota("acme", DAY).expect("a quota").used, LIMIT);
}
