//! Objects in files of a folder.
//!
//! A file is written beside its place, synced and renamed, so that a process that dies leaves the
//! object before or the one after. Writers hold the lock of a file in the folder, which the kernel
//! releases when a process ends in any way: several processes may use one folder.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::seal::{self, HEADER, Opened};
use super::{
    Condition, Object, ObjectName, ObjectStore, Seal, StoreClock, StoreFault, StoreLimits,
    StoreUsage, Version, random,
};

/// The ends of the names of files: of objects, and of those that are being written.
const OBJECT: &str = ".object";
const NEW: &str = ".new";
const LOCK: &str = "objects.lock";

/// Bytes that a file takes at least: a block of common file systems.
const BLOCK: u64 = 4096;

/// Keeps objects in files of one folder, which nobody else can read.
#[derive(Debug)]
pub struct FolderStore {
    folder: PathBuf,
    seal: Seal,
    clock: StoreClock,
    limits: Mutex<StoreLimits>,
}

impl FolderStore {
    /// Uses a folder, which is made if it is missing. Nothing in it is changed before
    /// [`tidy`](ObjectStore::tidy).
    ///
    /// # Errors
    ///
    /// It can not be made or read, or others than its owner have access to it.
    pub fn open(
        folder: &Path,
        seal: Seal,
        limits: StoreLimits,
        clock: StoreClock,
    ) -> Result<Self, StoreFault> {
        let failed = |error| failed(folder, &error);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        let mode = fs::metadata(folder).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(StoreFault::Failed(format!(
                "{}: others than its owner have access to it; take that away, such as by chmod 700, \
                 or name a new folder",
                folder.display()
            )));
        }
        let store = Self {
            folder: folder.to_owned(),
            seal,
            clock,
            limits: Mutex::new(limits),
        };
        store.files()?;
        Ok(store)
    }

    /// Removes a folder with all objects in it, which need no key for that. Files that are no
    /// store's stay, and with them the folder. Returns whether it was a store's folder.
    ///
    /// # Errors
    ///
    /// A file can not be removed.
    pub fn remove(folder: &Path) -> Result<bool, StoreFault> {
        if !folder.join(LOCK).exists() {
            return Ok(false);
        }
        clear(folder)?;
        remove(&folder.join(LOCK))?;
        match fs::remove_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => {
                Err(failed(folder, &error))
            }
            _ => Ok(true),
        }
    }

    fn limits(&self) -> StoreLimits {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps other writers out until it is dropped.
    fn lock(&self) -> Result<File, StoreFault> {
        let path = self.folder.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .and_then(|file| file.lock().map(|()| file));
        lock.map_err(|error| failed(&path, &error))
    }

    fn path(&self, name: &ObjectName) -> PathBuf {
        let file_name = self.seal.file_name(name);
        self.folder.join(file_name + OBJECT)
    }

    /// The objects' files with their sizes.
    fn files(&self) -> Result<Vec<(PathBuf, u64)>, StoreFault> {
        let failed = |error| failed(&self.folder, &error);
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.path().to_string_lossy().ends_with(OBJECT) {
                match entry.metadata() {
                    Ok(file) if file.is_file() => files.push((entry.path(), size(file.len()))),
                    // Another process may have removed it.
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(failed(error));
                    }
                    _ => {}
                }
            }
        }
        Ok(files)
    }

    /// Reads a file; none if it is missing, damaged or too old.
    fn read(&self, path: &Path) -> Result<Option<Opened>, StoreFault> {
        let file = match fs::read(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(path, &error)),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let opened = self
            .seal
            .open(name.strip_suffix(OBJECT).unwrap_or(&name), file);
        Ok(opened.filter(|opened| self.clock.is_fresh(opened.written, self.limits())))
    }

    /// The object's version. Files of a key before the present one are found by [`Self::tidy`] only.
    fn version(&self, path: &Path) -> Result<Option<Version>, StoreFault> {
        Ok(self.read(path)?.map(|opened| opened.object.version))
    }

    fn write(&self, path: &Path, contents: &[u8]) -> Result<(), StoreFault> {
        let mut number = [0; 8];
        random(&mut number)?;
        let number = u64::from_be_bytes(number);
        let new = self.folder.join(format!("{number:016x}{NEW}"));
        let written = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| {
                file.write_all(contents)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&new, path));
        if let Err(error) = written {
            let _ = fs::remove_file(&new);
            return Err(failed(path, &error));
        }
        self.sync()
    }

    /// Makes renames and removals last.
    fn sync(&self) -> Result<(), StoreFault> {
        let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| failed(&self.folder, &error))
    }

    /// Removes the files that are too old. Returns what is left.
    fn remove_old(&self) -> Result<Vec<(PathBuf, u64)>, StoreFault> {
        let mut left = Vec::new();
        for (path, size) in self.files()? {
            let written = head(&path).and_then(|head| seal::header(&head));
            match written {
                Some((_, written)) if self.clock.is_fresh(written, self.limits()) => {
                    left.push((path, size));
                }
                _ => remove(&path)?,
            }
        }
        Ok(left)
    }
}

impl ObjectStore for FolderStore {
    fn get(&self, name: &ObjectName) -> Result<Option<Object>, StoreFault> {
        let opened = self.read(&self.path(name))?;
        Ok(opened.map(|opened| opened.object))
    }

    fn put(
        &self,
        name: &ObjectName,
        bytes: Bytes,
        condition: &Condition,
    ) -> Result<Version, StoreFault> {
        let path = self.path(name);
        let _lock = self.lock()?;
        condition.check(self.version(&path)?)?;
        let object = Object {
            bytes,
            version: Version::new()?,
        };
        let contents = self.seal.seal(name, &object, self.clock.now())?;
        let limits = self.limits();
        let fits = |files: &[(PathBuf, u64)]| {
            let others = files.iter().filter(|(other, _)| *other != path);
            let others: u64 = others.map(|(_, size)| size).sum();
            others + size(contents.len() as u64) <= limits.max_bytes
        };
        if !fits(&self.files()?) && !fits(&self.remove_old()?) {
            return Err(StoreFault::Full);
        }
        self.write(&path, &contents)?;
        Ok(object.version)
    }

    fn delete(&self, name: &ObjectName, condition: &Condition) -> Result<bool, StoreFault> {
        let path = self.path(name);
        let _lock = self.lock()?;
        let current = self.version(&path)?;
        condition.check(current)?;
        remove(&path)?;
        self.sync()?;
        Ok(current.is_some())
    }

    fn usage(&self) -> Result<StoreUsage, StoreFault> {
        let mut usage = StoreUsage::default();
        for (path, size) in self.files()? {
            let written = head(&path).and_then(|head| seal::header(&head));
            usage.add(size, written.map(|(_, written)| written));
        }
        Ok(usage)
    }

    fn clear(&self) -> Result<(), StoreFault> {
        let _lock = self.lock()?;
        clear(&self.folder)
    }

    fn tidy(&self) -> Result<(), StoreFault> {
        let _lock = self.lock()?;
        let failed_at = |error| failed(&self.folder, &error);
        for entry in fs::read_dir(&self.folder).map_err(failed_at)? {
            let path = entry.map_err(failed_at)?.path();
            if path.to_string_lossy().ends_with(NEW) {
                // Nobody writes it: this process holds the lock.
                remove(&path)?;
            }
        }
        for (path, _) in self.files()? {
            match self.read(&path)? {
                Some(opened) if opened.outdated => {
                    let now = self.path(&opened.name);
                    // One that was written since then with the present key is newer.
                    if self.version(&now)?.is_none() {
                        let contents =
                            self.seal
                                .seal(&opened.name, &opened.object, opened.written)?;
                        self.write(&now, &contents)?;
                    }
                    remove(&path)?;
                }
                Some(_) => {}
                None => remove(&path)?,
            }
        }
        self.sync()
    }

    fn set_limits(&self, limits: StoreLimits) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = limits;
    }
}

/// Removes all files of a store. The lock stays: who waits for it would hold another one.
fn clear(folder: &Path) -> Result<(), StoreFault> {
    let failed_at = |error| failed(folder, &error);
    for entry in fs::read_dir(folder).map_err(failed_at)? {
        let entry = entry.map_err(failed_at)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(OBJECT) || name.ends_with(NEW) {
            remove(&entry.path())?;
        }
    }
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(failed_at)
}

/// How many bytes a file of this length takes.
fn size(length: u64) -> u64 {
    length.div_ceil(BLOCK).max(1) * BLOCK
}

/// The beginning of a file.
fn head(path: &Path) -> Option<[u8; HEADER]> {
    let mut head = [0; HEADER];
    File::open(path).ok()?.read_exact(&mut head).ok()?;
    Some(head)
}

fn remove(path: &Path) -> Result<(), StoreFault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, &error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: &io::Error) -> StoreFault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreFault::Full,
        _ => StoreFault::Failed(format!("{}: {error}", path.display())),
    }
}
