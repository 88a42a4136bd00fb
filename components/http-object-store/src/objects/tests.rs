use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use shared_store::{
    queue::Record as _,
    testing::{FakeHost, Keys, NOON, SharedHost},
};

use super::*;

const TICKETS: &str = "object-store/tickets";
const DIRECTORY: &str = "object-store/directory";
const DAY: u64 = 24 * 60 * 60 * 1_000;

fn settings() -> Settings {
    Settings::read(&[]).unwrap()
}

/// What a host has whose store was used before.
fn begun() -> FakeHost {
    FakeHost::with(&[(TICKETS, "1"), (DIRECTORY, "1\n")])
}

fn any() -> Preconditions {
    Preconditions::default()
}

fn is(version: u64) -> Preconditions {
    Preconditions {
        if_match: Some(format!("\"{version}\"")),
        ..any()
    }
}

fn absent() -> Preconditions {
    Preconditions {
        if_none_match: Some("*".to_owned()),
        ..any()
    }
}

fn put(
    host: &impl Host,
    name: &str,
    preconditions: &Preconditions,
    bytes: &[u8],
) -> Result<Changed, String> {
    Objects::new(host, &settings()).change(name, preconditions, Some(bytes))
}

fn delete(host: &impl Host, name: &str, preconditions: &Preconditions) -> Result<Changed, String> {
    Objects::new(host, &settings()).change(name, preconditions, None)
}

/// Version and bytes.
fn get(host: &impl Host, name: &str) -> Result<Option<(u64, Vec<u8>)>, String> {
    let object = Objects::new(host, &settings()).get(name)?;
    Ok(object.map(|object| (object.version, object.bytes)))
}

fn directory(host: &FakeHost) -> Directory {
    Directory::parse(&host.keys.borrow()[DIRECTORY]).unwrap()
}

#[test]
fn versions_are_compared_and_never_given_twice() {
    let host = begun();
    assert_eq!(get(&host, "/a"), Ok(None));
    assert_eq!(put(&host, "/a", &is(1), b"no"), Ok(Changed::Refused));
    assert_eq!(put(&host, "/a", &absent(), b"one"), Ok(Changed::Created(2)));
    assert_eq!(get(&host, "/a"), Ok(Some((2, b"one".to_vec()))));
    assert_eq!(put(&host, "/a", &absent(), b"no"), Ok(Changed::Refused));
    assert_eq!(put(&host, "/a", &is(2), b"two"), Ok(Changed::Replaced(3)));
    assert_eq!(put(&host, "/a", &is(2), b"no"), Ok(Changed::Refused));
    assert_eq!(put(&host, "/a", &any(), b""), Ok(Changed::Replaced(4)));
    assert_eq!(get(&host, "/a"), Ok(Some((4, Vec::new()))));
    assert_eq!(delete(&host, "/a", &is(3)), Ok(Changed::Refused));
    assert_eq!(delete(&host, "/a", &is(4)), Ok(Changed::Deleted));
    assert_eq!(get(&host, "/a"), Ok(None));
    assert_eq!(delete(&host, "/a", &any()), Ok(Changed::NotThere));
    assert_eq!(put(&host, "/a", &absent(), b""), Ok(Changed::Created(7)));
    assert_eq!(host.now.get(), NOON, "nobody waits");
}

#[test]
fn the_first_writer_lets_time_pass() {
    let host = FakeHost::new();
    assert_eq!(get(&host, "/a"), Ok(None));
    assert_eq!(host.now.get(), NOON, "reading needs no directory");
    assert_eq!(put(&host, "/a", &absent(), b"one"), Ok(Changed::Created(2)));
    assert_eq!(host.now.get(), NOON + HOLDER_TIMEOUT * 5 / 4);
    // The directory is lost: objects stay, and are younger than the counter.
    host.keys.borrow_mut().remove(DIRECTORY);
    assert_eq!(put(&host, "/a", &is(2), b"two"), Ok(Changed::Replaced(4)));
}

#[test]
fn what_is_too_old_is_absent_and_deleted() {
    let host = begun();
    put(&host, "/a", &any(), b"a").unwrap();
    put(&host, "/b", &any(), b"b").unwrap();
    host.sleep(30 * DAY);
    assert!(get(&host, "/a").unwrap().is_some(), "not older than that");
    host.sleep(1);
    assert_eq!(put(&host, "/a", &is(2), b""), Ok(Changed::Refused));
    assert_eq!(get(&host, "/a"), Ok(None));
    let keys: Vec<String> = host.keys.borrow().keys().cloned().collect();
    assert_eq!(keys, [DIRECTORY, TICKETS], "the other as well");
    assert_eq!(put(&host, "/a", &absent(), b"a"), Ok(Changed::Created(5)));

    // A clock that was wrong has written this.
    host.now.set(NOON);
    assert_eq!(get(&host, "/a"), Ok(None));
    assert!(!host.keys.borrow().contains_key("object-store/objects/a"));
    host.sleep(60 * 60 * 1_000);
    put(&host, "/c", &any(), b"c").unwrap();
    let names: Vec<String> = directory(&host).changes.into_keys().collect();
    assert_eq!(names, ["/c"], "deletions are forgotten");
}

#[test]
fn any_change_deletes_what_is_too_old() {
    let host = begun();
    for number in 0..6 {
        put(&host, &format!("/{number}"), &any(), b"old").unwrap();
    }
    host.sleep(31 * DAY);
    put(&host, "/new", &any(), b"").unwrap();
    assert_eq!(host.keys.borrow().len(), 2 + 6 - MAX_DELETIONS + 1);
    delete(&host, "/none", &any()).unwrap();
    assert_eq!(host.keys.borrow().len(), 2 + 1);
}

#[test]
fn a_writer_that_died_is_waited_for_and_its_object_is_as_good() {
    // After its ticket.
    let host = FakeHost::with(&[(TICKETS, "2"), (DIRECTORY, "1\n")]);
    assert_eq!(put(&host, "/a", &any(), b""), Ok(Changed::Created(3)));
    let waited = host.now.get() - NOON;
    assert!((2_000..2_200).contains(&waited), "{waited}");

    // After its object.
    let host = begun();
    put(&host, "/a", &any(), b"one").unwrap();
    let before = host.keys.borrow()[DIRECTORY].clone();
    put(&host, "/a", &any(), b"two").unwrap();
    host.keys.borrow_mut().insert(DIRECTORY.to_owned(), before);
    assert_eq!(get(&host, "/a"), Ok(Some((3, b"two".to_vec()))));
    assert_eq!(put(&host, "/a", &is(2), b""), Ok(Changed::Refused));
    assert_eq!(put(&host, "/a", &is(3), b""), Ok(Changed::Replaced(4)));

    // More than two at once.
    let host = FakeHost::with(&[(TICKETS, "9"), (DIRECTORY, "1\n")]);
    assert_eq!(put(&host, "/a", &any(), b""), Ok(Changed::Created(10)));
    assert!(host.now.get() - NOON < 5_300);
}

#[test]
fn a_slow_store_is_given_up() {
    let host = begun();
    host.round_trip.set(600);
    let error = put(&host, "/a", &any(), b"").unwrap_err();
    assert!(
        error.contains("\"default\" (OBJECT_STORE_BUCKET) is too slow"),
        "{error}"
    );
    assert_eq!(host.keys.borrow().get("object-store/objects/a"), None);
    assert!(host.now.get() - NOON < DEADLINE + 3_000);
}

#[test]
fn faults_of_the_store_are_named() {
    let refused = |failure, times: usize| {
        let host = begun();
        host.failures.borrow_mut().extend([failure].repeat(times));
        put(&host, "/a", &any(), b"")
    };
    for (failure, said) in [
        (StoreError::NoSuchStore, "no key-value store \"default\""),
        (StoreError::AccessDenied, "does not let this component use"),
    ] {
        let error = refused(failure, 1).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(refused(StoreError::Other, 7), Ok(Changed::Created(2)));
    let error = refused(StoreError::Other, 8).unwrap_err();
    assert!(error.contains("(OBJECT_STORE_BUCKET) fails"), "{error}");

    let host = FakeHost {
        forgets: true,
        ..FakeHost::new()
    };
    let error = put(&host, "/a", &any(), b"").unwrap_err();
    assert!(error.contains("forgets"), "{error}");

    for (key, value) in [(DIRECTORY, "turns"), ("object-store/objects/a", "text")] {
        let host = begun();
        host.keys.borrow_mut().insert(key.into(), value.into());
        let error = put(&host, "/a", &any(), b"").unwrap_err();
        assert!(error.contains("holds something else"), "{error}");
    }
}

#[test]
fn there_are_not_more_objects_than_one_value_can_list() {
    let few = Settings {
        max_bytes: 100,
        ..settings()
    };
    let host = begun();
    let put = |name: &str| Objects::new(&host, &few).change(name, &any(), Some(b""));
    let listed = (0..9).map(|number| put(&format!("/{number}")).unwrap());
    let listed = listed.take_while(|one| *one != Changed::Full).count();
    assert!((2..8).contains(&listed), "{listed}");
    assert_eq!(host.keys.borrow().len(), 2 + listed);
    assert!(matches!(put("/0"), Ok(Changed::Replaced(_))));
}

#[test]
fn names_are_safe_in_keys_and_differ_where_paths_do() {
    let paths = [
        "/a", "/A", "/a.b", "/a=2eb", "/a b", "/ä", "/a?b", "/a/../b", "/",
    ];
    let names: Vec<String> = paths.iter().map(|path| name(path).unwrap()).collect();
    for one in &names {
        let good = |c: char| c.is_ascii_alphanumeric() || "/_=-".contains(c);
        assert!(one.chars().all(good), "{one}");
        assert_eq!(names.iter().filter(|other| *other == one).count(), 1);
    }
    assert_eq!(name(&"x".repeat(MAX_NAME + 1)), None);
}

/// A store whose counters begin as in NATS under wasmCloud, whose reads may be late, and some of whose
/// users vanish.
struct Rough<'a> {
    shared: SharedHost<'a>,
    /// What late reads of an object return.
    before: &'a Mutex<Keys>,
    uses: &'a AtomicU64,
    /// Its last use of the store, if it vanishes.
    last: Option<u64>,
}

impl Rough<'_> {
    fn used(&self) -> u64 {
        let uses = self.uses.fetch_add(1, Ordering::Relaxed);
        assert!(self.last.is_none_or(|last| uses < last), "vanished");
        uses
    }
}

impl Host for Rough<'_> {
    fn increment(&self, key: &str) -> Result<u64, StoreError> {
        self.used();
        let old = self.shared.get(key)?;
        std::thread::yield_now();
        if old.is_none() {
            // As many as see no counter make one each.
            std::thread::sleep(std::time::Duration::from_millis(50));
            self.shared.set(key, b"1")?;
            return Ok(1);
        }
        self.shared.increment(key)
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if self.used().is_multiple_of(3) {
            let before = self.before.lock().unwrap();
            if let Some(value) = before.get(key) {
                return Ok(Some(value.clone()));
            }
        }
        self.shared.get(key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.used();
        if let Some(old) = self.shared.get(key)? {
            self.before.lock().unwrap().insert(key.to_owned(), old);
        }
        self.shared.set(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.used();
        self.shared.delete(key)
    }

    fn now(&self) -> u64 {
        self.shared.now()
    }

    fn elapsed(&self) -> u64 {
        self.shared.elapsed()
    }

    fn sleep(&self, milliseconds: u64) {
        self.shared.sleep(milliseconds);
    }
}

fn number(bytes: &[u8]) -> u64 {
    str::from_utf8(bytes).unwrap().parse().unwrap()
}

const WRITERS: u64 = 8;
const ADDED_EACH: u64 = 4;

/// Each success adds one to the number that the object holds, so a lost one would be missing.
#[test]
fn of_many_writers_none_overwrites_what_it_has_not_seen() {
    let (keys, before) = (Mutex::default(), Mutex::default());
    let start = Instant::now();
    let vanished = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (keys, before, vanished) = (&keys, &before, &vanished);
            scope.spawn(move || {
                let uses = AtomicU64::new(writer);
                let host = |last| Rough {
                    shared: SharedHost {
                        keys,
                        start,
                        ahead: writer * 50,
                    },
                    before,
                    uses: &uses,
                    last,
                };
                let mut left = ADDED_EACH;
                // One of them vanishes twice, in the middle of a change.
                let mut deaths = vec![6, 7];
                while left > 0 {
                    let may_die = writer == 0 && left <= deaths.len() as u64;
                    let death = if may_die { deaths.last() } else { None };
                    let host = host(death.map(|after| uses.load(Ordering::Relaxed) + after));
                    let add = AssertUnwindSafe(|| {
                        let seen = get(&host, "/number").unwrap();
                        let (preconditions, next) = match &seen {
                            None => (absent(), 1),
                            Some((version, bytes)) => (is(*version), number(bytes) + 1),
                        };
                        let next = next.to_string();
                        match put(&host, "/number", &preconditions, next.as_bytes()) {
                            Ok(Changed::Created(_) | Changed::Replaced(_)) => 1,
                            Ok(Changed::Refused) => 0,
                            other => panic!("{other:?}"),
                        }
                    });
                    match catch_unwind(add) {
                        Ok(added) => left -= added,
                        Err(_) if death.is_some() => {
                            deaths.pop();
                            vanished.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(panic) => resume_unwind(panic),
                    }
                }
            });
        }
    });
    let host = SharedHost {
        keys: &keys,
        start,
        ahead: 0,
    };
    let (_, bytes) = get(&host, "/number").unwrap().unwrap();
    // Who vanished may have written, and could not count it.
    let vanished = vanished.into_inner();
    let added = WRITERS * ADDED_EACH;
    let range = added..=added + vanished;
    assert!(range.contains(&number(&bytes)), "{bytes:?} {range:?}");
    assert_eq!(vanished, 2);
}
