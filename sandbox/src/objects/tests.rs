//! What both stores do alike. The modules have what is of one of them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use super::*;

mod http;
mod in_folder;

/// A folder of its own, deleted when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sandbox-objects-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|end| end == "object"));
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A clock that tests set, in seconds since 1970.
#[derive(Clone, Default)]
struct TestClock(Arc<AtomicU64>);

impl TestClock {
    fn at(seconds: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seconds)))
    }

    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    fn clock(&self) -> StoreClock {
        let seconds = Arc::clone(&self.0);
        StoreClock::new(move || moment(seconds.load(Ordering::Relaxed)))
    }
}

fn moment(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

const NOON: u64 = 1_800_000_000;
const DAY: u64 = 86_400;

fn limits() -> StoreLimits {
    StoreLimits {
        max_bytes: 64 << 10,
        max_age: Duration::from_secs(30 * DAY),
    }
}

fn key(digit: u8, place: &[&str]) -> Box<ObjectKey> {
    Box::new(ObjectKey::derive(&[digit; 32], place))
}

fn encrypted(folder: &Path, digit: u8, previous: Option<u8>, clock: &TestClock) -> FolderStore {
    let place = ["acme", "https://acme.api.gong.io"];
    let seal = Seal::Encrypted {
        key: key(digit, &place),
        previous: previous.map(|digit| key(digit, &place)),
    };
    FolderStore::open(folder, seal, limits(), clock.clock()).unwrap()
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn put(store: &dyn ObjectStore, object: &str, bytes: &[u8]) -> Result<Version, StoreFault> {
    store.put(
        &name(object),
        Bytes::copy_from_slice(bytes),
        &Condition::None,
    )
}

fn get(store: &dyn ObjectStore, object: &str) -> Option<Vec<u8>> {
    let found = store.get(&name(object)).unwrap();
    found.map(|object| object.bytes.to_vec())
}

/// Runs a test with each store.
fn with_each(test: impl Fn(&dyn ObjectStore, &TestClock)) {
    let clock = TestClock::at(NOON);
    test(&MemoryStore::new(limits(), clock.clock()), &clock);

    let (folder, clock) = (Folder::new(), TestClock::at(NOON));
    let plain = FolderStore::open(&folder.0, Seal::Plain, limits(), clock.clock());
    test(&plain.unwrap(), &clock);

    let (folder, clock) = (Folder::new(), TestClock::at(NOON));
    test(&encrypted(&folder.0, 1, None, &clock), &clock);
}

#[test]
fn objects_are_read_as_they_were_written() {
    with_each(|store, _| {
        assert_eq!(get(store, "calls-2950"), None);
        let first = put(store, "calls-2950", b"one").unwrap();
        let second = put(store, "calls-2950", b"two").unwrap();
        assert_ne!(first, second);
        put(store, "erased", b"").unwrap();
        let object = store.get(&name("calls-2950")).unwrap().unwrap();
        assert_eq!((&object.bytes[..], object.version), (&b"two"[..], second));
        assert_eq!(get(store, "erased").as_deref(), Some(&b""[..]));
        assert!(store.delete(&name("erased"), &Condition::None).unwrap());
        assert!(!store.delete(&name("erased"), &Condition::None).unwrap());
        store.clear().unwrap();
        assert_eq!(get(store, "calls-2950"), None);
        assert_eq!(store.usage().unwrap(), StoreUsage::default());
    });
}

#[test]
fn conditions_decide() {
    with_each(|store, _| {
        let lease = name("lease");
        let put = |condition| store.put(&lease, Bytes::from_static(b"x"), &condition);
        let refused = Err(StoreFault::Precondition);
        assert_eq!(put(Condition::Present), refused);
        assert_eq!(put(Condition::Is(None)), refused);
        let first = put(Condition::Absent).unwrap();
        assert_eq!(put(Condition::Absent), refused);
        let second = put(Condition::Is(Some(first))).unwrap();
        assert_eq!(put(Condition::Is(Some(first))), refused);
        let delete = |condition| store.delete(&lease, &condition);
        assert_eq!(
            delete(Condition::Is(Some(first))),
            Err(StoreFault::Precondition)
        );
        assert_eq!(delete(Condition::Is(Some(second))), Ok(true));
        assert_eq!(
            delete(Condition::Is(Some(second))),
            Err(StoreFault::Precondition)
        );
    });
}

/// Of many who write at once under the same condition exactly one wins.
#[test]
fn conditions_are_atomic() {
    with_each(|store, _| {
        for round in 0..20 {
            let condition = match round {
                0 => Condition::Absent,
                _ => {
                    let current = store.get(&name("lease")).unwrap().unwrap();
                    Condition::Is(Some(current.version))
                }
            };
            let won: usize = std::thread::scope(|scope| {
                let tries: Vec<_> = (0..8)
                    .map(|_| scope.spawn(|| store.put(&name("lease"), Bytes::new(), &condition)))
                    .collect();
                let ended = tries.into_iter().map(|one| one.join().unwrap());
                ended.filter(Result::is_ok).count()
            });
            assert_eq!(won, 1, "round {round}");
        }
    });
}

#[test]
fn a_full_store_takes_nothing_more_and_keeps_what_it_has() {
    with_each(|store, clock| {
        let block = vec![7; 13 << 10];
        for object in ["a", "b", "c", "d"] {
            put(store, object, &block).unwrap();
        }
        assert_eq!(put(store, "e", &block), Err(StoreFault::Full));
        assert_eq!(
            put(store, "a", &vec![7; 64 << 10]),
            Err(StoreFault::Full),
            "nor more in the place of another"
        );
        assert_eq!(get(store, "a"), Some(block.clone()));
        assert_eq!(get(store, "e"), None);
        put(store, "a", &block).unwrap();
        let usage = store.usage().unwrap();
        assert_eq!(usage.objects, 4);
        assert!(
            (48 << 10..=64 << 10).contains(&usage.bytes),
            "{}",
            usage.bytes
        );
        // Objects that are too old make room.
        clock.set(NOON + 30 * DAY);
        put(store, "e", &block).unwrap();
        assert_eq!(store.usage().unwrap().objects, 1);
    });
}

/// Even objects without contents take room, so there can not be any number of them.
#[test]
fn many_small_objects_fill_a_store() {
    with_each(|store, _| {
        let fitted = (0..1000)
            .take_while(|n| put(store, &format!("n{n}"), b"").is_ok())
            .count();
        assert!((10..300).contains(&fitted), "{fitted}");
    });
}

#[test]
fn objects_are_gone_when_they_are_too_old() {
    with_each(|store, clock| {
        put(store, "a", b"a").unwrap();
        clock.set(NOON + 20 * DAY);
        put(store, "b", b"b").unwrap();
        let usage = store.usage().unwrap();
        assert_eq!(usage.oldest, Some(moment(NOON)));
        assert_eq!(usage.youngest, Some(moment(NOON + 20 * DAY)));

        clock.set(NOON + 30 * DAY - 1);
        assert_eq!(get(store, "a").as_deref(), Some(&b"a"[..]));
        clock.set(NOON + 30 * DAY);
        assert_eq!(get(store, "a"), None);
        assert_eq!(get(store, "b").as_deref(), Some(&b"b"[..]));
        assert_eq!(store.usage().unwrap().objects, 2, "until it is tidied");
        store.tidy().unwrap();
        assert_eq!(store.usage().unwrap().objects, 1);

        // What has no version any more can be made anew.
        let again = store.put(&name("a"), Bytes::new(), &Condition::Absent);
        assert!(again.is_ok());
        // A clock that was far ahead does not make objects last.
        clock.set(NOON);
        assert_eq!(get(store, "b"), None);

        store.set_limits(StoreLimits {
            max_age: Duration::from_secs(DAY),
            ..limits()
        });
        put(store, "c", b"c").unwrap();
        clock.set(NOON + DAY);
        assert_eq!(get(store, "c"), None);
    });
}

#[test]
fn names_are_those_of_files() {
    for good in ["a", "calls-2950", "a.b_c", &"x".repeat(128)] {
        assert!(ObjectName::new(good).is_some(), "{good}");
    }
    for bad in [
        "",
        ".",
        "..",
        ".hidden",
        "a/b",
        "a b",
        "ä",
        "a\0",
        &"x".repeat(129),
    ] {
        assert!(ObjectName::new(bad).is_none(), "{bad}");
    }
}
