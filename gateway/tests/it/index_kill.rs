//! `kill -9` while objects are being written to disk, many times.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sandbox::objects::{
    Condition, FolderStore, ObjectKey, ObjectName, ObjectStore, Seal, StoreClock, StoreLimits,
};

use crate::killed::{killed_after, say};
use crate::support::Folder;

const WRITER: &str = "GATEWAY_TEST_INDEX_WRITER";
const ROUNDS: u64 = 30;
const OBJECTS: u64 = 3;

fn open(folder: &Path) -> FolderStore {
    let seal = Seal::Encrypted {
        key: Box::new(ObjectKey::derive(&[7; 32], &["acme"])),
        previous: None,
    };
    let limits = StoreLimits {
        max_bytes: 64 << 20,
        max_age: Duration::from_secs(3600),
    };
    FolderStore::open(folder, seal, limits, StoreClock::default()).expect("it opens")
}

fn name(number: u64) -> ObjectName {
    ObjectName::new(&format!("calls-{number}")).expect("a name")
}

/// An object whose bytes all say which one it is.
fn contents(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(20_000)
}

/// Which one an object is; a mixture panics.
fn number_of(bytes: &[u8]) -> u64 {
    let number = u64::from_be_bytes(bytes[..8].try_into().expect("8 bytes"));
    assert!(bytes == contents(number), "half of one and half of another");
    number
}

/// Not a test, but the process that writes until it is killed.
#[test]
fn write_until_killed() {
    let Some(folder) = std::env::var_os(WRITER) else {
        return;
    };
    let store = open(Path::new(&folder));
    say("open");
    for number in 1.. {
        let place = number % OBJECTS;
        let bytes = contents(number).into();
        let written = store.put(&name(place), bytes, &Condition::None);
        written.expect("it can be written");
        say(format_args!("{place} {number}"));
    }
}

#[test]
fn a_kill_at_any_moment_leaves_the_object_before_or_the_one_after() {
    let folder = Folder::new();
    let path = folder.0.join("index");
    let mut rounds_with_objects = 0;
    for round in 0..ROUNDS {
        let pause = Duration::from_millis(3 + 17 * round % 60);
        let lines = killed_after(pause, "index_kill::write_until_killed", WRITER, &path);
        let mut said: BTreeMap<u64, u64> = BTreeMap::new();
        for line in lines {
            if let Some((place, number)) = line.split_once(' ')
                && let (Ok(place), Ok(number)) = (place.parse(), number.parse())
            {
                said.insert(place, number);
            }
        }
        // The dead hold no lock, and what they left half is removed.
        let store = open(&path);
        store.tidy().expect("it can be tidied");
        for (place, number) in &said {
            let object = store.get(&name(*place)).expect("it can be read");
            let found = number_of(&object.expect("it is there").bytes);
            // One more may have been written and not said.
            assert!(
                found == *number || found == number + OBJECTS,
                "round {round}: {place} is {found}, and {number} was said"
            );
        }
        rounds_with_objects += u64::from(!said.is_empty());
        let files = std::fs::read_dir(&path).expect("a folder");
        for file in files {
            let file = file.expect("a file").file_name();
            let file = file.to_string_lossy();
            assert!(
                file.ends_with(".object") || file == "objects.lock",
                "{file} is left"
            );
        }
    }
    assert!(rounds_with_objects > ROUNDS / 2, "{rounds_with_objects}");
}
