//! The state file itself: permissions, migrations, the serving lock.

use std::os::unix::fs::PermissionsExt as _;

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
    let message = Store::open(&folder.file()).unwrap_err().to_string();
    assert!(message.ends_with("is no state file of gong-gateway; name another, or a new one"));
    let other = folder.0.join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let message = Store::open(&other).unwrap_err().to_string();
    assert!(message.contains("another program's database"), "{message}");
    let newer = folder.0.join("newer.db");
    drop(Store::open(&newer).unwrap());
    Connection::open(&newer)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let message = Store::open(&newer).unwrap_err().to_string();
    let known = format!("schema 99; this one knows {}", SCHEMA.len());
    assert!(message.contains(&known), "{message}");
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
fn sign_ins_stay_when_the_registry_is_made_anew() {
    let folder = Folder::new();
    let mut older = Connection::open(folder.file()).unwrap();
    older.pragma_update(None, "foreign_keys", true).unwrap();
    migrate(&mut older, &folder.file(), &SCHEMA[..10]).unwrap();
    older
        .execute_batch(
            "INSERT INTO tenants (name, gong, review, metered, requests_per_second, requests_per_day)
             VALUES ('acme', 'https://acme.api.gong.io', 'pending', 0, 3, 10000);
             INSERT INTO switches VALUES ('acme', 'search', 'wrong dates', 'ada', 0);
             INSERT INTO sign_in_users (id, tenant, issuer, subject, name, groups, first_at, last_at)
             VALUES (7, 'acme', 'i', 's', 'mia@acme.example', '[]', 0, 0);
             INSERT INTO sign_in_clients (tenant, id, registration, kind, name, redirect_uris, owner,
             registered_at) VALUES ('acme', 'c', 'dynamic', 'personal', 'C', '[]', 7, 0);
             INSERT INTO sign_in_grants (id, tenant, client, user, resource, scopes, begun_at, used_at,
             confirmed_at, ends_at) VALUES ('g', 'acme', 'c', 7, 'r', 'tools:read', 0, 0, 0, 9);
             INSERT INTO sign_in_tokens VALUES ('h', 'g', 'access', 'tools:read', 9, NULL);",
        )
        .unwrap();
    drop(older);
    let store = Store::open(&folder.file()).unwrap();
    assert_eq!(store.integrity().unwrap(), [""; 0]);
    let client = store.sign_in_client("acme", "c").unwrap().unwrap();
    assert_eq!(client.owner.as_deref(), Some("mia@acme.example"));
    let all = crate::store::sign_in::ConnectionFilter::default();
    let connections = store.connections("acme", &all, Timestamp::UNIX_EPOCH);
    assert_eq!(connections.unwrap()[0].id, "g");
    let switch = &store.switches().unwrap()[0].switch;
    let tool = KillSwitch::Tool("acme".to_owned(), "search".to_owned());
    assert_eq!(*switch, tool);
    let tokens = "SELECT count(*) FROM sign_in_tokens";
    let file = store.connect().unwrap();
    let tokens: i64 = file.query_row(tokens, [], |row| row.get(0)).unwrap();
    assert_eq!(tokens, 1);
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
    let message = sentence(elsewhere.lock_for_serving());
    assert!(
        message.contains(&format!("process {pid} serves")),
        "{message}"
    );
    assert_eq!(elsewhere.served_by().unwrap(), Some(pid));
    drop(serving);
    assert_eq!(elsewhere.served_by().unwrap(), None);
    elsewhere.lock_for_serving().unwrap();
}

#[test]
fn a_file_without_room_fails_the_heartbeat_until_there_is_some() {
    let folder = Folder::new();
    let store = store(&folder);
    let now = Timestamp::now();
    store.heartbeat(now).unwrap();
    assert_eq!(store.last_write().failed, None);
    assert_eq!(store.last_heartbeat(), Ok(Some(timestamp(millis(now)))));
    let room = |pages: i64| {
        let limit = store.with_connection(|connection| {
            connection.pragma_update(None, "max_page_count", pages)?;
            // The room that earlier heartbeats left is taken by others.
            Ok(connection.execute_batch(
                "CREATE TABLE IF NOT EXISTS filler (x BLOB);
                 INSERT INTO filler VALUES (zeroblob(4096))",
            )?)
        });
        limit.is_ok()
    };
    let all = 1 << 30;
    while room(1) {}
    let error = store.heartbeat(now).unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(store.last_write().failed, Some(error));
    // The end of a call proves less.
    assert!(room(all));
    store
        .audit_writer()
        .begin(start("mia", "search"))
        .wait()
        .unwrap();
    assert!(store.last_write().failed.is_some());
    store.heartbeat(now).unwrap();
    assert_eq!(store.last_write().failed, None);
}

/// Writers go on meanwhile, and every backup has whole transactions only.
#[test]
fn a_backup_under_load_is_of_one_moment() {
    let folder = Folder::new();
    let store = store(&folder);
    let pair = |transaction: &Transaction<'_>| {
        for _ in 0..2 {
            transaction.execute("INSERT INTO pairs (x) VALUES (zeroblob(2000))", [])?;
        }
        Ok(())
    };
    let pairs = |store: &Store| {
        let sql = "SELECT count(*) FROM pairs";
        store.read(|connection| Ok(connection.query_row(sql, [], |row| row.get::<_, u32>(0))?))
    };
    store
        .write(|transaction| Ok(transaction.execute_batch("CREATE TABLE pairs (x BLOB)")?))
        .unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    store.write(pair).unwrap();
                }
            });
        }
        let mut last = 0;
        for n in 0..10 {
            let to = folder.0.join(format!("backup-{n}.db"));
            let before = pairs(&store).unwrap();
            store.back_up(&to).unwrap();
            let after = pairs(&store).unwrap();
            let mode = fs::metadata(&to).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let copy = Store::open(&to).unwrap();
            assert_eq!(copy.integrity(), Ok(Vec::new()));
            let held = pairs(&copy).unwrap();
            assert!(held.is_multiple_of(2) && (before..=after).contains(&held));
            last = held.max(last);
        }
        stop.store(true, Ordering::Relaxed);
        assert!(last > 0, "the writers wrote meanwhile");
    });
    let twice = store.back_up(&folder.0.join("backup-0.db")).unwrap_err();
    assert!(
        twice
            .to_string()
            .ends_with("exists already; name a new file")
    );
}

#[test]
fn a_backup_is_restored_over_a_damaged_file_and_not_under_a_gateway() {
    let folder = Folder::new();
    let store = store(&folder);
    let everything = KillSwitch::Everything;
    let ada = Actor::new("ada", Via::CommandLine);
    store
        .switch(&ada, &everything, false, "maintenance")
        .unwrap();
    let backup = folder.0.join("backup.db");
    store.back_up(&backup).unwrap();
    store.switch(&ada, &everything, true, "").unwrap();
    let restore = |from: &Path| backup::restore(&folder.file(), from);
    let serving = store.lock_for_serving().unwrap();
    let refused = restore(&backup).unwrap_err().to_string();
    assert!(refused.contains("serves from"), "{refused}");
    assert_eq!(store.switches(), Ok(Vec::new()));
    serving.finish().unwrap();
    drop(store);

    let restored = restore(&backup).unwrap();
    let now = Store::open(&folder.file()).unwrap();
    assert_eq!(now.switches().unwrap()[0].reason, "maintenance");
    let before = Store::open(&restored.before.unwrap()).unwrap();
    assert_eq!(before.switches(), Ok(Vec::new()));
    drop(now);

    // Damaged: pages in the middle are overwritten, or it is gone.
    let mut bytes = fs::read(folder.file()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x5a);
    fs::write(folder.file(), &bytes).unwrap();
    fs::write(folder.0.join("damaged.db"), &bytes).unwrap();
    let refused = restore(&folder.0.join("damaged.db"))
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("damaged") || refused.contains("malformed"),
        "{refused}"
    );
    restore(&backup).unwrap();
    fs::remove_file(folder.file()).unwrap();
    assert_eq!(restore(&backup).unwrap().before, None);
    let now = Store::open(&folder.file()).unwrap();
    assert_eq!(now.integrity(), Ok(Vec::new()));
    assert_eq!(now.switches().unwrap()[0].reason, "maintenance");
}
