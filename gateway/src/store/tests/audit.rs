//! The audit and the quota.

use super::*;

#[test]
fn the_audit_cannot_be_avoided_by_decisions_and_holds_calls_and_acts() {
    let folder = Folder::new();
    let store = store(&folder);
    let audit = store.audit_writer();
    let id = audit.begin(start("mia", "grant")).wait().unwrap();
    audit
        .finish(row(Some(id), "mia", "grant", CallResult::Success))
        .wait()
        .unwrap();
    let mut denied = row(None, "tom", "search", CallResult::Denied);
    denied.code = Some(DenialCode::NoProfile.as_str().to_owned());
    denied.reason = Some("No profile.".to_owned());
    audit.finish(denied).wait().unwrap();
    audit
        .finish(row(None, "mia", "search", CallResult::Error))
        .wait()
        .unwrap();
    store
        .review(&ada(), "acme", &names(&["search"]), Decision::Approve)
        .unwrap();

    let query = |filter: AuditFilter| store.query_audit(&filter).unwrap();
    let calls = query(AuditFilter {
        kind: Some(RowKind::Call),
        ..AuditFilter::default()
    });
    assert_eq!(calls.len(), 3, "begin and finish are one row");
    let of = |filter: AuditFilter| query(filter).len();
    let tool = Some("search".to_owned());
    assert_eq!(
        of(AuditFilter {
            tool,
            ..AuditFilter::default()
        }),
        3,
        "an act on it, too"
    );
    let user = Some("mia".to_owned());
    assert_eq!(
        of(AuditFilter {
            user: user.clone(),
            ..AuditFilter::default()
        }),
        2
    );
    let result = Some(CallResult::Denied);
    let AuditRow::Call(call) = &query(AuditFilter {
        result,
        ..AuditFilter::default()
    })[0] else {
        panic!()
    };
    assert_eq!(call.code.as_deref(), Some("no-profile"));
    assert_eq!(
        (call.latency_ms, call.gong_requests, call.bytes),
        (Some(12), Some(2), Some(3_000))
    );
    assert_eq!(call.gong_request_ids, ["g1", "g2"]);
    // The audit's times are whole milliseconds.
    let since = Some(Timestamp::now() + Duration::from_millis(1));
    assert_eq!(
        of(AuditFilter {
            since,
            ..AuditFilter::default()
        }),
        0
    );
    assert_eq!(
        of(AuditFilter {
            until: since,
            user,
            ..AuditFilter::default()
        }),
        2
    );
    let tenant = Some("globex".to_owned());
    let globex = query(AuditFilter {
        tenant,
        ..AuditFilter::default()
    });
    assert!(globex.iter().all(|row| matches!(row, AuditRow::Act(_))));

    // Pages follow each other without a gap, and the export has the same rows in reverse.
    let all = query(AuditFilter {
        limit: Some(1_000),
        ..AuditFilter::default()
    });
    let mut paged = Vec::new();
    while paged.len() < all.len() {
        let before = paged.last().map(AuditRow::id);
        paged.extend(query(AuditFilter {
            limit: Some(2),
            before,
            ..AuditFilter::default()
        }));
    }
    assert_eq!(paged, all);
    let mut out = Vec::new();
    let count = store
        .export_audit(&AuditFilter::default(), &mut out)
        .unwrap();
    let lines: Vec<AuditRow> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(count as usize, all.len());
    assert!(lines.iter().rev().eq(&all));

    let used = store.tools("acme").unwrap();
    let search = used.last().unwrap();
    assert_eq!(
        (search.calls_30d, search.last_used.is_some()),
        (1, true),
        "denied ones do not count"
    );
    assert_eq!(used[0].calls_30d, 0);
}

#[test]
fn the_day_is_never_overspent() {
    let folder = Folder::new();
    let store = store(&folder);
    let day = jiff::civil::date(2026, 11, 24);
    assert_eq!(store.lease("acme", day, 6, 10), Ok(6));
    assert_eq!(store.lease("acme", day, 6, 10), Ok(4));
    assert_eq!(store.lease("acme", day, 6, 10), Ok(0));
    store.give_back("acme", day, 3).unwrap();
    assert_eq!(store.lease("acme", day, 6, 10), Ok(3));
    // A smaller limit counts at once. Other days and other tenants have their own count.
    assert_eq!(store.lease("acme", day, 1, 5), Ok(0));
    assert_eq!(store.lease("acme", day.tomorrow().unwrap(), 6, 10), Ok(6));
    assert_eq!(store.lease("globex", day, 6, 10), Ok(6));
    let quota = store.quota("acme", day).unwrap();
    assert_eq!((quota.used, quota.limit, quota.left), (10, 10_000, 9_990));
    let days = store
        .quota_days("acme", day.tomorrow().unwrap(), 3)
        .unwrap();
    let used: Vec<u32> = days.iter().map(|(_, used)| *used).collect();
    assert_eq!(used, [0, 10, 6]);
    assert!(sentence(store.quota("acne", day)).contains("did you mean acme?"));

    assert_eq!(store.blocked_until("acme"), Ok(None));
    let later = Timestamp::now() + Duration::from_secs(60);
    store.block("acme", later).unwrap();
    store
        .block("acme", later - Duration::from_secs(30))
        .unwrap();
    let until = store.blocked_until("acme").unwrap().unwrap();
    assert!(until >= later && until < later + Duration::from_millis(2));
    store
        .block("globex", Timestamp::now() - Duration::from_secs(1))
        .unwrap();
    assert_eq!(store.blocked_until("globex"), Ok(None));
}

/// The wall clock jumps ten years ahead and back.
#[test]
fn no_row_goes_because_the_clock_jumped() {
    let folder = Folder::new();
    let store = Store::open(&folder.file()).unwrap();
    let audit = store.audit_writer();
    let began = Timestamp::now();
    let day = Duration::from_secs(24 * 3600);
    let time = Arc::new(Mutex::new((began, Duration::ZERO)));
    let (wall, elapsed) = (Arc::clone(&time), Arc::clone(&time));
    let clock = SteadyClock::of(move || lock(&wall).0, move || lock(&elapsed).1, None);
    let set = |wall, elapsed| {
        *lock(&time) = (wall, elapsed);
        clock.observe();
    };
    let finish = |at| {
        let mut row = row(None, "mia", "search", CallResult::Success);
        row.start.at = at;
        audit.finish(row).wait().unwrap();
    };
    finish(began);
    set(began + 3660 * day, Duration::from_secs(60));
    finish(began + 3660 * day);
    assert_eq!(store.prune(day, clock.earliest()), Ok(0));
    // Neither is it when the gateway began in the wrong year.
    let restarted = SteadyClock::of(move || began + 3660 * day, || Duration::ZERO, Some(began));
    assert_eq!(store.prune(day, restarted.earliest()), Ok(0));
    set(began + Duration::from_secs(120), Duration::from_secs(120));
    assert_eq!(store.prune(day, clock.earliest()), Ok(0));
    // And it goes when its time has come.
    set(began + day, day);
    set(began + 2 * day, 2 * day);
    store.prune(day, clock.earliest()).unwrap();
    let filter = AuditFilter {
        kind: Some(RowKind::Call),
        ..AuditFilter::default()
    };
    let left = store.query_audit(&filter).unwrap();
    assert_eq!(left.len(), 1, "the row of the wrong year stays");
}

#[test]
fn many_calls_share_commits_and_all_arrive() {
    let folder = Folder::new();
    let store = store(&folder);
    let audit = store.audit_writer();
    let waiting: Vec<PendingCommit> = (0..2_000)
        .map(|_| audit.finish(row(None, "mia", "search", CallResult::Success)))
        .collect();
    for committed in waiting {
        committed.wait().unwrap();
    }
    assert_eq!(store.tools("acme").unwrap()[3].calls_30d, 2_000);
}
