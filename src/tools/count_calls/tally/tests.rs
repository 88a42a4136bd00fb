use alloc::collections::BTreeMap;

use crate::{
    gong::calls::Call,
    tools::count_calls::tally::{Counter, Counts},
    wit::calls::CountBy,
};

fn counts(by: &[CountBy], limit: usize) -> Counts {
    let mut counter = Counter::default();
    for json in [
        r#"{"metaData":{"started":"2026-11-23T10:00:00Z","duration":61,"scope":"External","primaryUserId":"10001"},
            "content":{"trackers":[{"name":"Price","count":2},{"name":"Legal","count":1},{"name":"Silent","count":0}]}}"#,
        r#"{"metaData":{"started":"2026-11-22T10:00:00Z","duration":600,"scope":"Internal","primaryUserId":"10001"}}"#,
        r#"{"metaData":{"started":"2026-11-02T10:00:00Z","duration":120,"scope":"External","primaryUserId":10002},
            "content":{"trackers":[{"name":"Legal","count":null}]}}"#,
        r#"{"metaData":{"started":null,"duration":null,"primaryUserId":null}}"#,
    ] {
        counter.add(&serde_json::from_str::<Call>(json).expect("call"), by, None);
    }
    counter.into_counts(
        by,
        0..limit,
        &BTreeMap::from([("10001".into(), "Ann Li".into())]),
    )
}

fn rows(counts: &Counts) -> Vec<(String, u32, u32)> {
    counts
        .rows
        .iter()
        .map(|row| (row.0.join("/"), row.1, row.2))
        .collect()
}

#[test]
fn names_that_several_share_have_their_ids_and_an_account_is_one_in_both_forms_of_its_id() {
    let mut counter = Counter::default();
    for id in [
        "0015e00000AbCdEAAV",
        "0015e00000AbCdE",
        "0015e00000XyZ01AAB",
    ] {
        let account = format!(
            r#"{{"metaData":{{"duration":60}},"context":[{{"objects":[{{"objectType":"Account","objectId":"{id}",
                "fields":[{{"name":"Name","value":"Acme"}}]}}]}}]}}"#
        );
        let call: Call = serde_json::from_str(&account).expect("call");
        counter.add(&call, &[CountBy::Account], None);
    }
    let names = counter.accounts.clone();
    let counts = counter.into_counts(&[CountBy::Account], 0..9, &names);
    assert_eq!(
        rows(&counts),
        [
            ("Acme (0015e00000AbCdE)".into(), 2, 2),
            ("Acme (0015e00000XyZ01)".into(), 1, 1)
        ]
    );
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
    assert_eq!(cut.rows[0].1 + others.calls, cut.total.calls);
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
