//! The state file itself: permissions, migrations, the serving lock.

use super::*;

#[test]
fn the_file_is_its_owners_only() {
    let folder = Folder::new();
    fs::write(folder.file(), "").unwrap();
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o644)).unwrap();
    let store = store(&folder);
    let _lock = store.lock_for_serving().unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(&folder.0).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert_eq!(seen, 4, "the file, -wal, -shm and .lock");
}

#[test]
fn what_is_no_state_file_is_told_apart() {
    let folder = Folder::new();
    fs::write(
        folder.file(),
        "not a database, and long enough to be looked at as one",
    )
    .unwrap();
    let told = Store::open(&folder.file()).unwrap_err().to_string();
    assert!(told.ends_with("is no state file of gong-gateway; name another, or a new one"));
    let other = folder.0.join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let told = Store::open(&other).unwrap_err().to_string();
    assert!(told.contains("another program's database"), "{told}");
    let newer = folder.0.join("newer.db");
    drop(Store::open(&newer).unwrap());
    Connection::open(&newer)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let told = Store::open(&newer).unwrap_err().to_string();
    let known = format!("schema 99; this one knows {}", SCHEMA.len());
    assert!(told.contains(&known), "{told}");
    let nowhere = folder.0.join("no/such/folder/gateway.db");
    assert!(Store::open(&nowhere).is_err());
}

#[test]
fn an_older_file_keeps_what_it_holds() {
    let folder = Folder::new();
    let mut older = Connection::open(folder.file()).unwrap();
    migrate(&mut older, &folder.file(), &SCHEMA[..1]).unwrap();
    older
        .execute_batch(
            "INSERT INTO switches VALUES ('', '', 'maintenance', 'ada', 0);
             INSERT INTO tenants (name, gong, review, metered, requests_per_second, requests_per_day)
             VALUES ('acme', 'https://acme.api.gong.io', 'pending', 0, 3, 10000);",
        )
        .unwrap();
    drop(older);
    let store = Store::open(&folder.file()).unwrap();
    assert_eq!(store.switches().unwrap()[0].reason, "maintenance");
    assert_eq!(store.tenants().unwrap()[0].name, "acme");
    store
        .audit_writer()
        .begin(start("mia", "search"))
        .wait()
        .unwrap();
    assert_eq!(
        store.lease("acme", jiff::civil::date(2026, 11, 24), 5, 10),
        Ok(5)
    );
}

#[test]
fn what_a_dead_process_left_is_interrupted_and_only_one_serves() {
    let folder = Folder::new();
    let store = store(&folder);
    store
        .audit_writer()
        .begin(start("mia", "grant"))
        .wait()
        .unwrap();
    let serving = store.lock_for_serving().unwrap();
    assert_eq!(serving.interrupted, 1);
    let filter = AuditFilter {
        result: Some(CallResult::Interrupted),
        ..AuditFilter::default()
    };
    assert_eq!(store.query_audit(&filter).unwrap().len(), 1);
    let elsewhere = Store::open(&folder.file()).unwrap();
    let pid = std::process::id().to_string();
    let told = sentence(elsewhere.lock_for_serving());
    assert!(told.contains(&format!("process {pid} serves")), "{told}");
    assert_eq!(elsewhere.served_by().unwrap(), Some(pid));
    drop(serving);
    assert_eq!(elsewhere.served_by().unwrap(), None);
    elsewhere.lock_for_serving().unwrap();
}
