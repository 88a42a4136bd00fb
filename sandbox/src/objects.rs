//! Objects that a component keeps from one call to the next, at an origin inside the process.
//!
//! A component sends GET, PUT and DELETE to such an origin as to any server
//! ([`Outbound::with_objects`](crate::Outbound::with_objects)). The requests never leave the
//! process, and the host does not look into the objects: it bounds their size and age, and removes
//! them.
//!
//! | module | holds |
//! |---|---|
//! | `http` | requests and answers: ETags and preconditions (RFC 9110) |
//! | [`MemoryStore`] | objects in memory |
//! | [`FolderStore`] | objects in files of a folder |
//! | [`Seal`] | what such a file has: the object with a checksum, or encrypted |

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use ring::rand::{SecureRandom as _, SystemRandom};

mod folder;
pub(crate) mod http;
mod memory;
mod seal;
#[cfg(test)]
mod tests;

pub use folder::FolderStore;
pub use memory::MemoryStore;
pub use seal::{ObjectKey, Seal};

/// How far the clock may have been ahead when an object was written.
const MOST_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps objects. All methods may block, and each is atomic: calls run beside each other.
pub trait ObjectStore: Send + Sync + fmt::Debug {
    /// An object; none if there is none, or if it is damaged or too old.
    ///
    /// # Errors
    ///
    /// The store can not be read.
    fn get(&self, name: &ObjectName) -> Result<Option<Object>, StoreFault>;

    /// Writes an object as a whole, if `condition` holds for the one that is there, and returns its
    /// new version. After a fault the one that was there is unchanged.
    ///
    /// # Errors
    ///
    /// The condition does not hold, the store is full, or it can not be written.
    fn put(
        &self,
        name: &ObjectName,
        bytes: Bytes,
        condition: &Condition,
    ) -> Result<Version, StoreFault>;

    /// Deletes an object, if `condition` holds for it. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// The condition does not hold, or the store can not be written.
    fn delete(&self, name: &ObjectName, condition: &Condition) -> Result<bool, StoreFault>;

    /// What is kept.
    ///
    /// # Errors
    ///
    /// The store can not be read.
    fn usage(&self) -> Result<StoreUsage, StoreFault>;

    /// Removes every object.
    ///
    /// # Errors
    ///
    /// The store can not be written.
    fn clear(&self) -> Result<(), StoreFault>;

    /// Removes what is too old, and what is of no use any more. Hosts call it when they start and
    /// regularly: an object that is too old is never returned, but stays until then.
    ///
    /// # Errors
    ///
    /// The store can not be written.
    fn tidy(&self) -> Result<(), StoreFault>;

    /// Changes the limits. What is kept beyond them stays until it is too old.
    fn set_limits(&self, limits: StoreLimits);
}

/// How much a store keeps, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// Bytes of all objects, with some for each object's name.
    pub max_bytes: u64,
    /// The age at which an object is gone, counted from when it was written.
    pub max_age: Duration,
}

/// What a store keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreUsage {
    /// Bytes, as they count towards [`StoreLimits::max_bytes`].
    pub bytes: u64,
    /// How many objects.
    pub objects: u64,
    /// When the object was written that was not written for longest.
    pub oldest: Option<SystemTime>,
    /// When an object was last written.
    pub youngest: Option<SystemTime>,
}

impl StoreUsage {
    fn add(&mut self, bytes: u64, written: Option<SystemTime>) {
        self.bytes += bytes;
        self.objects += 1;
        if let Some(written) = written {
            self.oldest = Some(self.oldest.map_or(written, |oldest| oldest.min(written)));
            self.youngest = self.youngest.max(Some(written));
        }
    }
}

/// An object as it was written at one moment.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its contents.
    pub bytes: Bytes,
    /// Which of the object's versions this is.
    pub version: Version,
}

/// A version of an object: random, so that no two have the same, whatever happened to the store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Version(pub(crate) [u8; Version::BYTES]);

impl Version {
    pub(crate) const BYTES: usize = 16;

    fn new() -> Result<Self, StoreFault> {
        let mut bytes = [0; Self::BYTES];
        random(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What must hold for the object that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// There is no object of the name: `If-None-Match: *`.
    Absent,
    /// There is one: `If-Match: *`.
    Present,
    /// It is of this version: `If-Match` with an ETag. `None` is an ETag that no version has.
    Is(Option<Version>),
}

impl Condition {
    fn check(self, current: Option<Version>) -> Result<(), StoreFault> {
        let holds = match self {
            Self::None => true,
            Self::Absent => current.is_none(),
            Self::Present => current.is_some(),
            Self::Is(version) => version.is_some() && version == current,
        };
        if holds {
            Ok(())
        } else {
            Err(StoreFault::Precondition)
        }
    }
}

/// Why a store did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// The condition does not hold.
    Precondition,
    /// There is no room within [`StoreLimits::max_bytes`], or none on the disk.
    Full,
    /// The host has closed the store for this call.
    Closed,
    /// The store can not be read or written. The text says why, for the host's log.
    Failed(String),
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Precondition => f.write_str("the object is another one by now"),
            Self::Full => f.write_str("the store is full"),
            Self::Closed => f.write_str("the store is closed"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for StoreFault {}

/// The name of an object: 1 to 128 ASCII letters, digits, dashes, dots and underscores, of which
/// the first is no dot. So it is the name of a file too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(String);

impl ObjectName {
    const LONGEST: usize = 128;

    /// Takes a name; none if it is no valid one.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let valid = (1..=Self::LONGEST).contains(&name.len())
            && name.bytes().all(fits)
            && !name.starts_with('.');
        valid.then(|| Self(name.to_owned()))
    }

    /// The name as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The wall clock by which objects become too old.
#[derive(Clone)]
pub struct StoreClock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl StoreClock {
    /// A clock that is read by this function.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Whether something that was written then is not too old. What a clock has written that was
    /// far ahead would stay for too long, and counts as too old.
    fn is_fresh(&self, written: SystemTime, limits: StoreLimits) -> bool {
        match self.now().duration_since(written) {
            Ok(age) => age < limits.max_age,
            Err(ahead) => ahead.duration() < MOST_AHEAD,
        }
    }

    fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl Default for StoreClock {
    /// The system's clock.
    fn default() -> Self {
        Self::new(SystemTime::now)
    }
}

impl fmt::Debug for StoreClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreClock")
    }
}

fn random(bytes: &mut [u8]) -> Result<(), StoreFault> {
    let filled = SystemRandom::new().fill(bytes);
    filled.map_err(|_| StoreFault::Failed("the system has no random numbers".to_owned()))
}
