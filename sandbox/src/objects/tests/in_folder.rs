//! What only stores in folders have: damage, keys, permissions.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn has(file: &[u8], text: &str) -> bool {
    file.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn nobody_else_can_read_the_files() {
    let folder = Folder::new();
    let open = || FolderStore::open(&folder.0, Seal::Plain, limits(), StoreClock::default());
    let store = open().unwrap();
    put(&store, "a", b"a").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    for entry in std::fs::read_dir(&folder.0).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o750)).unwrap();
    let refused = open().unwrap_err().to_string();
    assert!(refused.contains("chmod 700"), "{refused}");
}

#[test]
fn encrypted_files_show_neither_names_nor_contents() {
    let (folder, clock) = (Folder::new(), TestClock::at(NOON));
    let store = encrypted(&folder.0, 1, None, &clock);
    put(&store, "calls-2950", b"Ada Lovelace, ada@acme.example").unwrap();
    put(&store, "calls-2951", b"Ada Lovelace, ada@acme.example").unwrap();
    let [one, other] = &folder.files()[..] else {
        panic!("two files");
    };
    let read = |path| std::fs::read(path).unwrap();
    for path in [one, other] {
        assert!(!path.to_string_lossy().contains("295"), "{path:?}");
        assert!(!has(&read(path), "Lovelace") && !has(&read(path), "calls"));
    }
    // The same contents are other bytes each time.
    assert_ne!(read(one)[44..], read(other)[44..]);
    let shown = format!("{store:?} {:?}", key(1, &["acme"]));
    assert!(
        shown.contains("ObjectKey(…)") && !shown.contains("[1, 1"),
        "{shown}"
    );
}

/// Each byte is changed, and the file is cut at each length, empty, and replaced by another one.
#[test]
fn a_damaged_file_is_as_absent_and_can_be_replaced() {
    let (folder, clock) = (Folder::new(), TestClock::at(NOON));
    let plain = FolderStore::open(&folder.0, Seal::Plain, limits(), clock.clock()).unwrap();
    let other = Folder::new();
    let sealed = encrypted(&other.0, 1, None, &clock);
    for (store, folder) in [(&plain as &dyn ObjectStore, &folder), (&sealed, &other)] {
        put(store, "a", b"contents").unwrap();
        let path = &folder.files()[0];
        let whole = std::fs::read(path).unwrap();
        let mut damaged: Vec<Vec<u8>> = (0..whole.len()).map(|end| whole[..end].to_vec()).collect();
        for place in 0..whole.len() {
            let mut file = whole.clone();
            file[place] ^= 0x10;
            damaged.push(file);
        }
        damaged.push(b"of another program, and long enough to have a header and more".to_vec());
        for file in damaged {
            std::fs::write(path, &file).unwrap();
            assert_eq!(get(store, "a"), None, "{file:?}");
        }
        assert!(
            store
                .put(&name("a"), Bytes::from_static(b"new"), &Condition::Absent)
                .is_ok()
        );
        assert_eq!(get(store, "a").as_deref(), Some(&b"new"[..]));
        std::fs::write(path, b"").unwrap();
        store.tidy().unwrap();
        assert!(folder.files().is_empty());
    }
}

#[test]
fn a_file_under_another_name_or_of_another_place_is_not_opened() {
    let (folder, clock) = (Folder::new(), TestClock::at(NOON));
    let store = encrypted(&folder.0, 1, None, &clock);
    put(&store, "a", b"of a").unwrap();
    let a = folder.files().remove(0);
    put(&store, "b", b"of b").unwrap();
    let b = folder.files().into_iter().find(|path| *path != a).unwrap();
    std::fs::copy(&a, &b).unwrap();
    assert_eq!(get(&store, "b"), None);
    assert_eq!(get(&store, "a").as_deref(), Some(&b"of a"[..]));

    for place in [
        &["globex", "https://acme.api.gong.io"][..],
        &["acme", "https://eu.api.gong.io"],
        &["acmeh", "ttps://acme.api.gong.io"],
    ] {
        let seal = Seal::Encrypted {
            key: key(1, place),
            previous: None,
        };
        let file_name = a.file_stem().unwrap().to_str().unwrap();
        let opened = seal.open(file_name, std::fs::read(&a).unwrap());
        assert!(opened.is_none(), "{place:?}");
        let elsewhere = FolderStore::open(&folder.0, seal, limits(), clock.clock()).unwrap();
        assert_eq!(get(&elsewhere, "a"), None);
    }
}

#[test]
fn a_key_is_replaced_without_loss() {
    let (folder, clock) = (Folder::new(), TestClock::at(NOON));
    let before = encrypted(&folder.0, 1, None, &clock);
    let version = put(&before, "a", b"a").unwrap();
    put(&before, "b", b"b").unwrap();

    clock.set(NOON + DAY);
    let both = encrypted(&folder.0, 2, Some(1), &clock);
    // Written with the new key while the old file is still there: it is the newer one.
    put(&both, "b", b"newer").unwrap();
    both.tidy().unwrap();
    for store in [both, encrypted(&folder.0, 2, None, &clock)] {
        let a = store.get(&name("a")).unwrap().unwrap();
        assert_eq!((&a.bytes[..], a.version), (&b"a"[..], version));
        assert_eq!(get(&store, "b").as_deref(), Some(&b"newer"[..]));
        let usage = store.usage().unwrap();
        assert_eq!(usage.objects, 2);
        assert_eq!(usage.oldest, Some(moment(NOON)), "it keeps its age");
    }
    assert_eq!(get(&encrypted(&folder.0, 1, None, &clock), "a"), None);
    // With neither key nothing is opened, and what nobody can open is removed.
    encrypted(&folder.0, 3, None, &clock).tidy().unwrap();
    assert!(folder.files().is_empty());
}

/// What a process leaves that dies while it writes.
#[test]
fn remains_are_tidied() {
    let (folder, clock) = (Folder::new(), TestClock::at(NOON));
    let store = encrypted(&folder.0, 1, None, &clock);
    put(&store, "a", b"a").unwrap();
    let half = folder.0.join("00000000deadbeef.new");
    std::fs::write(&half, b"half").unwrap();
    std::fs::write(folder.0.join("notes.txt"), b"of somebody").unwrap();
    store.tidy().unwrap();
    assert!(!half.exists());
    assert_eq!(get(&store, "a").as_deref(), Some(&b"a"[..]));
    drop(store);
    assert_eq!(FolderStore::remove(&folder.0), Ok(true));
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().collect();
    assert_eq!(left.len(), 1, "what is no store's stays: {left:?}");
    assert_eq!(FolderStore::remove(&folder.0), Ok(false));
    std::fs::remove_file(folder.0.join("notes.txt")).unwrap();

    put(&encrypted(&folder.0, 1, None, &clock), "a", b"a").unwrap();
    assert_eq!(FolderStore::remove(&folder.0), Ok(true));
    assert!(!folder.0.exists());
}

#[test]
fn a_folder_that_is_gone_is_a_failure_and_no_panic() {
    let (folder, clock) = (Folder::new(), TestClock::at(NOON));
    let store = encrypted(&folder.0, 1, None, &clock);
    std::fs::remove_dir_all(&folder.0).unwrap();
    assert!(matches!(put(&store, "a", b"a"), Err(StoreFault::Failed(_))));
    assert!(matches!(store.usage(), Err(StoreFault::Failed(_))));
    assert_eq!(get(&store, "a"), None);
}
