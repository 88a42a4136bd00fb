//! Objects in the store, and one writer at a time.
//!
//! Each object is one value, so that reading takes no turn. Writers take turns
//! ([`shared_store::queue`]), because `wasi:keyvalue@0.2.0-draft` has no compare-and-swap: whose turn
//! it is compares the version, writes the object with its own ticket as the new version, and then the
//! [`Directory`], which ends the turn. So
//!
//! - a version is never given twice, and of two writers who have seen the same version the second
//!   finds another;
//! - a writer that dies after the object and before the directory leaves an object that is newer than
//!   the directory says, which is as good; who is next goes on without it;
//! - a reading in a turn that is older than the directory says is late, and is repeated.
//!
//! All this holds while nothing that a writer has begun takes longer than [`HOLDER_TIMEOUT`] / 2.
//!
//! A counter that is not there yet is not safe on every host: wasmCloud's, in NATS, gives two at once
//! the same number. So numbers count only once there is a directory, and whoever finds none
//! ([`Objects::begin`]) lets as much time pass as a writer may take before making one.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::cell::Cell;

use shared_store::{
    host::{Host, StoreError},
    queue::{Fault, HOLDER_TIMEOUT, Queue, Record as _, Turn},
};

use crate::{
    directory::{Change, Directory},
    precondition::Preconditions,
    settings::Settings,
};

/// How long one request may take, in milliseconds: as long as two writers who vanished are waited for,
/// and some more.
const DEADLINE: u64 = 8_000;
/// After so many milliseconds a reading is no longer late: the store has lost the object.
const LATE: u64 = 500;
/// How long a deletion is remembered, in milliseconds.
const DELETION_KEPT: u64 = 60 * 60 * 1_000;
/// How many objects that are too old are deleted in one turn.
const MAX_DELETIONS: usize = 4;
/// The longest name. Stores allow keys of 255 bytes and more.
const MAX_NAME: usize = 200;
/// What a value begins with: how the rest is to be read.
const FORMAT: u8 = 1;

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Another one at each change.
    pub version: u64,
    /// When it was written, in milliseconds since 1970.
    pub written: u64,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Object {
    fn parse(value: &[u8]) -> Option<Self> {
        let (&FORMAT, rest) = value.split_first()? else {
            return None;
        };
        let (version, rest) = rest.split_first_chunk()?;
        let (written, bytes) = rest.split_first_chunk()?;
        Some(Self {
            version: u64::from_be_bytes(*version),
            written: u64::from_be_bytes(*written),
            bytes: bytes.to_owned(),
        })
    }
}

fn value(version: u64, written: u64, bytes: &[u8]) -> Vec<u8> {
    let (version, written) = (version.to_be_bytes(), written.to_be_bytes());
    [&[FORMAT], &version[..], &written, bytes].concat()
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The object is new, in this version.
    Created(u64),
    /// It was there before, and has this version now.
    Replaced(u64),
    /// It was there, and is no more.
    Deleted,
    /// There was nothing to delete.
    NotThere,
    /// The precondition does not hold.
    Refused,
    /// There are too many objects.
    Full,
}

/// The name of an object, from a path, in characters that all stores allow in keys. None if it is too
/// long.
#[must_use]
pub fn name(path: &str) -> Option<String> {
    let mut name = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'_' => name.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => name.push(char::from(byte)),
            byte => name += &format!("={byte:02x}"),
        }
    }
    (name.len() <= MAX_NAME).then_some(name)
}

/// The objects, for one request.
pub struct Objects<'a, H> {
    host: &'a H,
    settings: &'a Settings,
    queue: Queue<'a, H>,
}

impl<'a, H: Host> Objects<'a, H> {
    /// The objects in the store of the host's.
    pub fn new(host: &'a H, settings: &'a Settings) -> Self {
        Self {
            host,
            settings,
            queue: Queue {
                host,
                tickets_key: "object-store/tickets".to_owned(),
                record_key: "object-store/directory".to_owned(),
                deadline: host.elapsed() + DEADLINE,
                max_missing: 2,
                slowest_read: Cell::new(0),
            },
        }
    }

    /// The object; none if there is none, or it is too old.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub fn get(&self, name: &str) -> Result<Option<Object>, String> {
        let read = self.read(name).map_err(|fault| self.explain(fault))?;
        let Some(object) = read else {
            return Ok(None);
        };
        if !self.is_expired(object.written) {
            return Ok(Some(object));
        }
        // Deletes it at once, if it can: it is as absent whether or not that succeeds.
        let _ = self.in_turn(|turn, directory| {
            if let Some(object) = self.read_current(directory, name)? {
                directory.changes.insert(
                    name.to_owned(),
                    Change {
                        ticket: object.version,
                        at: object.written,
                        is_deletion: false,
                    },
                );
            }
            Ok(turn.is_valid(self.host).then_some(()))
        });
        Ok(None)
    }

    /// Writes the object, or deletes it where there are no bytes.
    ///
    /// # Errors
    ///
    /// The store fails, or is too slow. Whether the object was changed is then not known.
    pub fn change(
        &self,
        name: &str,
        preconditions: &Preconditions,
        bytes: Option<&[u8]>,
    ) -> Result<Changed, String> {
        self.try_change(name, preconditions, bytes)
            .map_err(|fault| self.explain(fault))
    }

    fn try_change(
        &self,
        name: &str,
        preconditions: &Preconditions,
        bytes: Option<&[u8]>,
    ) -> Result<Changed, Fault> {
        // Most of what is refused needs no turn.
        if !preconditions.hold(self.version(self.read(name)?)) {
            return Ok(Changed::Refused);
        }
        self.in_turn(|turn, directory| {
            let version = self.version(self.read_current(directory, name)?);
            if !preconditions.hold(version) {
                return Ok(Some(Changed::Refused));
            }
            let change = Change {
                ticket: turn.ticket,
                at: self.host.now(),
                is_deletion: bytes.is_none(),
            };
            let changed = match (bytes, version) {
                (None, None) => return Ok(Some(Changed::NotThere)),
                (None, Some(_)) => Changed::Deleted,
                (Some(_), None) => Changed::Created(turn.ticket),
                (Some(_), Some(_)) => Changed::Replaced(turn.ticket),
            };
            let before = directory.changes.insert(name.to_owned(), change);
            if before.is_none() && directory.to_bytes().len() > self.settings.max_bytes {
                directory.changes.remove(name);
                return Ok(Some(Changed::Full));
            }
            let key = key(name);
            let done = match bytes {
                Some(bytes) => {
                    let value = value(turn.ticket, change.at, bytes);
                    self.while_valid(turn, || self.host.set(&key, &value))
                }
                None => self.while_valid(turn, || self.host.delete(&key)),
            };
            Ok(done?.then_some(changed))
        })
    }

    /// Takes a turn, does something in it, and writes the directory. Does so again where it was too
    /// late to do anything.
    fn in_turn<T>(
        &self,
        act: impl Fn(&Turn<Directory>, &mut Directory) -> Result<Option<T>, Fault>,
    ) -> Result<T, Fault> {
        loop {
            let turn = match self.queue.read::<Directory>()? {
                Some(_) => self.queue.draw()?,
                None => self.begin()?,
            };
            if let Some(mut turn) = turn {
                let mut directory = turn.record.take().unwrap_or_default();
                directory.served = turn.ticket;
                if let Some(done) = act(&turn, &mut directory)? {
                    self.delete_expired(&turn, &mut directory)?;
                    // Without the directory the next writer waits, and the object is as it is.
                    if !self.queue.serve(&turn, &directory)? {
                        return Err(Fault::Deadline);
                    }
                    return Ok(done);
                }
            }
            self.queue.check_deadline()?;
        }
    }

    /// Takes the first turn, by which there is a directory.
    fn begin(&self) -> Result<Option<Turn<Directory>>, Fault> {
        let draw = || self.host.increment(&self.queue.tickets_key);
        self.queue.with_retries(draw)?;
        self.host.sleep(HOLDER_TIMEOUT);
        let turn = Turn::<Directory>::now(self.host, self.queue.with_retries(draw)?);
        if self.queue.read::<Directory>()?.is_none() {
            self.queue.claim(&turn)?;
            if self.queue.read::<Directory>()?.is_none() {
                return Err(Fault::Forgets);
            }
        }
        self.queue.wait(turn.ticket, turn.since)
    }

    /// Does something unless it is too late for that; returns whether it was done.
    fn while_valid(
        &self,
        turn: &Turn<Directory>,
        operation: impl Fn() -> Result<(), StoreError>,
    ) -> Result<bool, Fault> {
        self.queue.with_retries(|| {
            if !turn.is_valid(self.host) {
                return Ok(false);
            }
            operation().map(|()| true)
        })
    }

    /// Deletes objects that are too old, and forgets old deletions.
    fn delete_expired(
        &self,
        turn: &Turn<Directory>,
        directory: &mut Directory,
    ) -> Result<(), Fault> {
        let now = self.host.now();
        directory
            .changes
            .retain(|_, change| !change.is_deletion || now.abs_diff(change.at) < DELETION_KEPT);
        let expired = directory.changes.iter_mut();
        let expired =
            expired.filter(|(_, change)| !change.is_deletion && self.is_expired(change.at));
        for (name, change) in expired.take(MAX_DELETIONS) {
            let key = key(name);
            if self.while_valid(turn, || self.host.delete(&key))? {
                *change = Change {
                    ticket: turn.ticket,
                    at: now,
                    is_deletion: true,
                };
            }
        }
        Ok(())
    }

    /// The object as the last writer left it.
    fn read_current(&self, directory: &Directory, name: &str) -> Result<Option<Object>, Fault> {
        let begin = self.host.elapsed();
        loop {
            let object = self.read(name)?;
            let version = object.as_ref().map(|object| object.version);
            if !directory.is_stale(name, version) || self.host.elapsed() - begin > LATE {
                return Ok(object);
            }
            self.host.sleep(20);
        }
    }

    fn read(&self, name: &str) -> Result<Option<Object>, Fault> {
        let key = key(name);
        match self.queue.with_retries(|| self.host.get(&key))? {
            None => Ok(None),
            Some(value) => Object::parse(&value).map(Some).ok_or(Fault::NotARecord),
        }
    }

    /// None of an object that is too old.
    fn version(&self, object: Option<Object>) -> Option<u64> {
        let object = object.filter(|object| !self.is_expired(object.written));
        object.map(|object| object.version)
    }

    /// Also whatever is that far in the future: a wrong clock wrote it.
    fn is_expired(&self, written: u64) -> bool {
        self.host.now().abs_diff(written) > self.settings.max_age
    }

    fn explain(&self, fault: Fault) -> String {
        let bucket = &self.settings.bucket;
        match fault {
            Fault::Store(StoreError::NoSuchStore) => format!(
                "The host has no key-value store {bucket:?}. Set OBJECT_STORE_BUCKET to one that it has, such as default."
            ),
            Fault::Store(StoreError::AccessDenied) => format!(
                "The host does not let this component use the key-value store {bucket:?} (OBJECT_STORE_BUCKET). Allow it in the host's manifest, such as key_value_stores = [\"default\"] for Spin."
            ),
            Fault::Store(StoreError::Other) => format!(
                "The key-value store {bucket:?} (OBJECT_STORE_BUCKET) fails. The host's log says why; see that the store runs and can be reached, and try again."
            ),
            Fault::NotARecord => format!(
                "The key-value store {bucket:?} (OBJECT_STORE_BUCKET) holds something else than objects below object-store/. Name a store of its own in OBJECT_STORE_BUCKET, or delete these keys."
            ),
            Fault::Forgets => format!(
                "The key-value store {bucket:?} (OBJECT_STORE_BUCKET) forgets what was written as soon as it is opened again, as wasmtime's own does. Use a host whose store is shared, such as one in Redis."
            ),
            Fault::Deadline => format!(
                "The host or the key-value store {bucket:?} (OBJECT_STORE_BUCKET) is too slow. Try again."
            ),
        }
    }
}

fn key(name: &str) -> String {
    format!("object-store/objects{name}")
}

#[cfg(test)]
mod tests;
