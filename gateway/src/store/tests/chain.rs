//! The audit's chain: what was done to rows is found, and retention keeps it whole.

use super::super::audit::retention::promise;
use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Calls of this many days ago, one of them a change. Returns their ids.
fn calls(store: &Store, days: u32) -> Vec<i64> {
    let audit = store.audit_writer();
    let at = Timestamp::now() - days * DAY;
    let past = |mut call: FinishedCall| {
        call.start.at = at;
        call
    };
    let change = past(row(None, "mia", "grant", CallResult::Success));
    let id = audit.begin(change.start.clone()).wait().unwrap();
    for user in ["tom", "pat"] {
        let read = past(row(None, user, "search", CallResult::Success));
        audit.finish(read).wait().unwrap();
    }
    let id = Some(id);
    audit.finish(FinishedCall { id, ..change }).wait().unwrap();
    let filter = AuditFilter {
        kind: Some(RowKind::Call),
        limit: Some(3),
        ..AuditFilter::default()
    };
    let mut ids: Vec<i64> = store
        .query_audit(&filter)
        .unwrap()
        .iter()
        .map(AuditRow::id)
        .collect();
    ids.sort_unstable();
    ids
}

/// A copy of the file on which somebody ran `sql`.
fn tampered(folder: &Folder, store: &Store, sql: &str) -> Store {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let copy = folder.0.join(format!("copy-{count}.db"));
    let into = copy.display().to_string();
    let connection = store.connect().unwrap();
    connection.execute("VACUUM INTO ?", [into]).unwrap();
    Connection::open(&copy).unwrap().execute_batch(sql).unwrap();
    Store::open(&copy).unwrap()
}

#[test]
fn what_was_done_to_a_row_is_found_and_named() {
    let folder = Folder::new();
    let store = store(&folder);
    let ids = calls(&store, 0);
    let [change, first, second] = ids[..] else {
        panic!("{ids:?}")
    };
    store
        .switch(&ada(), &KillSwitch::Everything, false, "test")
        .unwrap();
    let report = store.verify_audit(None).unwrap();
    assert_eq!(report.fault, None);
    assert_eq!(report.unchained, 0);
    // The change has two links, and each other row has one.
    let rows = store.query_audit(&AuditFilter::default()).unwrap();
    assert_eq!(report.links, rows.len() as u64 + 1);
    assert_eq!(store.verify_audit(Some(report.head)).unwrap(), report);

    let columns = "at, kind, tenant, actor, via, via_version, what, result, request_id";
    let copied =
        format!("INSERT INTO audit ({columns}) SELECT {columns} FROM audit WHERE id = {first};");
    let last = rows[0].id();
    use Tampering::{Altered, Inserted, Removed};
    for (sql, what, row) in [
        (
            format!("UPDATE audit SET actor = 'nobody' WHERE id = {first}"),
            Altered,
            Some(first),
        ),
        (
            format!("UPDATE audit SET result = 'denied' WHERE id = {change}"),
            Altered,
            Some(change),
        ),
        (
            format!("DELETE FROM audit WHERE id = {second}"),
            Removed,
            Some(second),
        ),
        (
            format!(
                "DELETE FROM audit WHERE id = {second}; DELETE FROM audit_chain WHERE row = {second}"
            ),
            Removed,
            None,
        ),
        (
            format!(
                "DELETE FROM audit WHERE id = {last}; DELETE FROM audit_chain WHERE row = {last}"
            ),
            Removed,
            None,
        ),
        (copied.clone(), Inserted, Some(last + 1)),
        (
            format!(
                "{copied} UPDATE audit_chain SET seq = -seq
                 WHERE seq > (SELECT seq FROM audit_chain WHERE row = {first});
                 UPDATE audit_chain SET seq = 1 - seq WHERE seq < 0;
                 UPDATE audit_ends SET head_seq = head_seq + 1;
                 INSERT INTO audit_chain SELECT 1 + max(seq), {last} + 1, 'final', zeroblob(32)
                 FROM audit_chain WHERE row = {first}"
            ),
            Inserted,
            Some(last + 1),
        ),
    ] {
        let fault = tampered(&folder, &store, &sql).verify_audit(None).unwrap();
        let fault = fault.fault.unwrap_or_else(|| panic!("{sql}"));
        assert_eq!((fault.what, fault.row), (what, row), "{sql}: {fault:?}");
    }
}

#[test]
fn a_chain_that_was_made_anew_does_not_fit_a_noted_link() {
    let folder = Folder::new();
    let store = store(&folder);
    calls(&store, 0);
    let noted = store.verify_audit(None).unwrap().head;
    // The same calls without the first: a chain that is right in itself.
    let other = Folder::new();
    let rewritten = super::store(&other);
    calls(&rewritten, 1);
    assert_eq!(rewritten.verify_audit(None).unwrap().fault, None);
    let fault = rewritten.verify_audit(Some(noted)).unwrap().fault.unwrap();
    assert_eq!(fault.what, Tampering::Rewritten);
    assert_eq!(noted.to_string().parse(), Ok(noted));
}

#[test]
fn old_rows_go_unfinished_ones_stay_and_the_rest_can_be_checked() {
    let folder = Folder::new();
    let store = Store::open(&folder.file()).unwrap();
    calls(&store, 3);
    calls(&store, 2);
    let mut unfinished = start("mia", "grant");
    unfinished.at = Timestamp::now() - 2 * DAY;
    let begun = store.audit_writer().begin(unfinished).wait().unwrap();
    calls(&store, 2);
    assert_eq!(
        store.prune(DAY, Timestamp::now()),
        Ok(6),
        "up to the one that is unfinished"
    );
    let report = store.verify_audit(None).unwrap();
    assert_eq!(report.fault, None);
    assert_eq!(report.anchor.seq, 8, "of three calls with a change each");
    let end = row(Some(begun), "mia", "grant", CallResult::Success);
    store.audit_writer().finish(end).wait().unwrap();
    assert_eq!(store.prune(DAY, Timestamp::now()), Ok(4));
    let report = store.verify_audit(None).unwrap();
    assert_eq!((report.fault, report.anchor), (None, report.head));
    let ids = calls(&store, 0);
    assert_eq!(store.prune(DAY, Timestamp::now()), Ok(0));
    let fault = tampered(
        &folder,
        &store,
        &format!("DELETE FROM audit WHERE id = {}", ids[1]),
    );
    assert!(fault.verify_audit(None).unwrap().fault.is_some());
}

#[test]
fn a_lower_keep_does_not_shorten_what_was_promised() {
    let folder = Folder::new();
    let store = Store::open(&folder.file()).unwrap();
    calls(&store, 20);
    let keep = |days: u32| {
        store
            .write(|transaction| promise(transaction, days * DAY))
            .unwrap()
    };
    assert_eq!(keep(10), None);
    calls(&store, 8);
    assert_eq!(keep(5), Some(10 * DAY));
    calls(&store, 7);
    // The first ones were promised nothing. The second ones were promised 10 days, and the
    // third ones come after them.
    assert_eq!(store.prune(5 * DAY, Timestamp::now()), Ok(3));
    assert_eq!(store.prune(5 * DAY, Timestamp::now()), Ok(0));
    let report = store.verify_audit(None).unwrap();
    assert_eq!((report.fault, report.links), (None, 8));
}

#[test]
fn retention_waits_for_rows_that_are_being_pushed() {
    let folder = Folder::new();
    let store = Store::open(&folder.file()).unwrap();
    calls(&store, 3);
    assert_eq!(store.push_to(Some("file a")), Ok(0));
    assert_eq!(store.prune(DAY, Timestamp::now()), Ok(0));
    let (rows, behind) = store.rows_after(0, 2).unwrap();
    assert_eq!((rows.len(), behind), (2, 4));
    store.pushed("file a", rows[1].link.seq).unwrap();
    let (rest, _) = store.rows_after(rows[1].link.seq, 500).unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(store.prune(DAY, Timestamp::now()), Ok(2));
    // A new destination gets what there is, and without one retention goes on.
    assert_eq!(store.push_to(Some("file b")), Ok(3));
    assert_eq!(store.push_to(None), Ok(3));
    assert_eq!(store.prune(DAY, Timestamp::now()), Ok(1));
}

#[test]
fn rows_from_before_the_chain_are_counted_and_pruned() {
    let folder = Folder::new();
    let mut older = Connection::open(folder.file()).unwrap();
    migrate(&mut older, &folder.file(), &SCHEMA[..4]).unwrap();
    let old = Timestamp::now() - 3 * DAY;
    older
        .execute(
            "INSERT INTO audit (at, kind, tenant, actor, what, result)
             VALUES (?, 'call', 'acme', 'mia', 'search', 'success')",
            [millis(old)],
        )
        .unwrap();
    drop(older);
    let store = store(&folder);
    let report = store.verify_audit(None).unwrap();
    assert_eq!((report.fault, report.unchained), (None, 1));
    assert_eq!(store.prune(4 * DAY, Timestamp::now()), Ok(0));
    // Since the update they are promised 90 days, as all others.
    assert_eq!(store.prune(2 * DAY, Timestamp::now()), Ok(0));
}
