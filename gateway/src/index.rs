//! The place where the component keeps its index of a tenant: private to the tenant, bounded, and
//! emptied when it must be. What is in it is the component's; nothing here looks at it.
//!
//! It is emptied when the tenant is removed or is at another Gong or has another access key, when
//! an administrator says so, and when a kill switch stops the tenant. On disk it is encrypted with
//! a key that is derived for this tenant, this Gong and this access key, so that of another one
//! nothing can be read even where nothing was emptied.
//!
//! | module | concern |
//! |---|---|
//! | `call_index` | the index, for one call |
//! | `watch` | carries out what administrators order, and reports how much is kept |

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use ring::digest::{SHA256, digest};
use sandbox::objects::{
    FolderStore, MemoryStore, ObjectKey, ObjectStore, Seal, StoreClock, StoreFault, StoreLimits,
    StoreUsage,
};

use crate::clock::SteadyClock;
use crate::config::{Config, Files, IndexConfig, IndexPlace, SecretRef, TenantConfig};

mod call_index;
pub(crate) mod watch;

pub(crate) use call_index::CallIndex;

/// Where the component finds it. Requests to this origin never leave the process.
pub const URL: &str = "http://index.internal/";

/// The index of one tenant.
pub struct TenantIndex {
    store: Box<dyn ObjectStore>,
    made_of: MadeOf,
    /// A kill switch stops the tenant: a call that still runs must not fill what was emptied.
    is_off: AtomicBool,
    /// Another index has taken its place.
    is_replaced: AtomicBool,
    usage: Mutex<StoreUsage>,
    filling: Mutex<Filling>,
}

/// What an index was made of. Of something else it is another index.
#[derive(PartialEq, Eq)]
struct MadeOf {
    /// Whose it is: tenant, Gong and access key.
    owner: [String; 3],
    /// The folder and the hashes of the keys of one on disk.
    disk: Option<(PathBuf, Vec<u8>)>,
}

/// Requests to Gong of users' calls that have written to the index too, on a day.
#[derive(Clone, Copy, Debug, Default)]
struct Filling {
    day: Option<Date>,
    requests: u32,
}

impl fmt::Debug for TenantIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantIndex")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// The index of a tenant by its configuration, or `before` if that is still the one. None where the
/// tenant has none. If it can not be used, the log says why, and it stays what it was, as long as it
/// is the same tenant's at the same Gong.
pub(crate) fn of(
    tenant: &str,
    settings: &TenantConfig,
    config: &Config,
    files: &mut Files,
    clock: &StoreClock,
    before: Option<&Arc<TenantIndex>>,
) -> Option<Arc<TenantIndex>> {
    let on_disk = match settings.index.keep {
        IndexPlace::Off => return None,
        IndexPlace::Memory => false,
        IndexPlace::Disk { .. } => true,
    };
    let before = before.filter(|before| {
        before.made_of.owner[1] == settings.gong && before.made_of.disk.is_some() == on_disk
    });
    let Ok(access_key) = settings.credentials.access_key.resolve(files) else {
        // The log has it: calls have no credentials either.
        return before.cloned();
    };
    let owner = [tenant, &settings.gong, access_key.reveal()].map(str::to_owned);
    let before = before.filter(|before| before.made_of.owner == owner);
    match open(owner, settings, config, files, clock, before) {
        Ok(index) => Some(index),
        Err(error) => {
            tracing::error!(
                tenant,
                "the index can not be kept as it is configured: {error:#}"
            );
            before.cloned()
        }
    }
}

fn open(
    owner: [String; 3],
    settings: &TenantConfig,
    config: &Config,
    files: &mut Files,
    clock: &StoreClock,
    before: Option<&Arc<TenantIndex>>,
) -> anyhow::Result<Arc<TenantIndex>> {
    let keys = match &settings.index.keep {
        IndexPlace::Disk { key, previous_key } => {
            let previous = previous_key.as_ref().map(|key| secret(key, files));
            Some((secret(key, files)?, previous.transpose()?))
        }
        IndexPlace::Off | IndexPlace::Memory => None,
    };
    let folder = config.index.join(&owner[0]);
    let made_of = MadeOf {
        disk: keys.as_ref().map(|(key, previous)| {
            let secrets = [&key[..], previous.as_ref().map_or(&[][..], |key| &key[..])].concat();
            (folder.clone(), digest(&SHA256, &secrets).as_ref().to_vec())
        }),
        owner,
    };
    if let Some(before) = before.filter(|before| before.made_of == made_of) {
        return Ok(Arc::clone(before));
    }
    let limits = limits(&settings.index);
    let store: Box<dyn ObjectStore> = match keys {
        None => Box::new(MemoryStore::new(limits, clock.clone())),
        Some((key, previous)) => {
            let owner: Vec<&str> = made_of.owner.iter().map(String::as_str).collect();
            let seal = Seal::Encrypted {
                key: Box::new(ObjectKey::derive(&key, &owner)),
                previous: previous.map(|key| Box::new(ObjectKey::derive(&key, &owner))),
            };
            make_private(&folder)?;
            Box::new(FolderStore::open(&folder, seal, limits, clock.clone())?)
        }
    };
    Ok(Arc::new(TenantIndex {
        store,
        made_of,
        is_off: AtomicBool::new(before.is_some_and(|before| before.is_off())),
        is_replaced: AtomicBool::new(false),
        usage: Mutex::default(),
        filling: Mutex::new(before.map_or_else(Filling::default, |before| before.counted())),
    }))
}

pub(crate) fn limits(config: &IndexConfig) -> StoreLimits {
    StoreLimits {
        max_bytes: config.max_bytes,
        max_age: config.max_age,
    }
}

/// Takes away the access of others to a tenant's folder, which volumes may give to a group.
fn make_private(folder: &Path) -> anyhow::Result<()> {
    if let Ok(metadata) = folder.metadata()
        && metadata.permissions().mode() & 0o077 != 0
    {
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(folder, private)
            .with_context(|| format!("cannot make {} private", folder.display()))?;
    }
    Ok(())
}

/// The key of an index on disk.
///
/// # Errors
///
/// It can not be read, or is none. The error does not quote it.
pub(crate) fn secret(reference: &SecretRef, files: &mut Files) -> anyhow::Result<[u8; 32]> {
    let text = reference.resolve(files)?;
    let decoded = data_encoding::HEXLOWER_PERMISSIVE.decode(text.reveal().as_bytes());
    let decoded = decoded.ok().and_then(|bytes| bytes.try_into().ok());
    let key: [u8; 32] = decoded.ok_or_else(|| {
        anyhow!(
            "{reference}: 64 hexadecimal digits are expected, such as `openssl rand -hex 32` prints"
        )
    })?;
    ensure!(
        key.iter().any(|byte| *byte != key[0]),
        "{reference}: this key can be guessed; `openssl rand -hex 32` prints another"
    );
    Ok(key)
}

/// Removes a tenant's index from the disk, if it is there, while no gateway serves. It needs no key.
///
/// # Errors
///
/// A file can not be removed.
pub fn remove_from_disk(config: &Config, tenant: &str) -> Result<(), StoreFault> {
    if config.tenants.contains_key(tenant) {
        FolderStore::remove(&config.index.join(tenant))?;
    }
    Ok(())
}

/// Removes what is in the folder of indexes and belongs to no tenant that keeps its index there.
pub(crate) fn remove_strangers(config: &Config) {
    let Ok(entries) = std::fs::read_dir(&config.index) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let settings = config.tenants.get(&name);
        let keeps = |tenant: &TenantConfig| matches!(tenant.index.keep, IndexPlace::Disk { .. });
        if settings.is_some_and(keeps) || !entry.path().is_dir() {
            continue;
        }
        match FolderStore::remove(&entry.path()) {
            Ok(false) => {}
            Ok(true) => tracing::info!(tenant = name, "removed an index that is kept no more"),
            Err(fault) => tracing::error!(tenant = name, "cannot remove an index: {fault}"),
        }
    }
}

impl TenantIndex {
    /// Whether two are of the same tenant, Gong and access key, in the same place.
    fn continues(&self, before: &Self) -> bool {
        let folder = |made_of: &MadeOf| made_of.disk.as_ref().map(|(folder, _)| folder.clone());
        self.made_of.owner == before.made_of.owner
            && folder(&self.made_of) == folder(&before.made_of)
    }

    /// Ends this index for another one, or for none, and empties it unless the other one goes on
    /// with what it has. Calls that still run can not use it any more.
    pub(crate) fn replace(&self, by: Option<&Arc<Self>>) {
        self.is_replaced.store(true, Ordering::Release);
        if by.is_none_or(|next| !next.continues(self))
            && let Err(fault) = self.store.clear()
        {
            tracing::error!(
                tenant = self.tenant(),
                "the index before can not be removed: {fault}"
            );
        }
    }

    fn tenant(&self) -> &str {
        &self.made_of.owner[0]
    }

    /// Keeps to these limits from now on.
    pub(crate) fn set_limits(&self, limits: StoreLimits) {
        self.store.set_limits(limits);
    }

    /// Removes what is too old or can not be read any more, and writes anew what an earlier key has
    /// encrypted. Blocks.
    pub(crate) fn tidy(&self) {
        if let Err(fault) = self.store.tidy() {
            tracing::error!(
                tenant = self.tenant(),
                "the index can not be tidied: {fault}"
            );
        }
    }

    /// Empties it. Blocks.
    ///
    /// # Errors
    ///
    /// It can not be emptied.
    pub(crate) fn clear(&self) -> Result<(), StoreFault> {
        self.store.clear()
    }

    /// Whether a kill switch stops its tenant.
    fn is_off(&self) -> bool {
        self.is_off.load(Ordering::Acquire)
    }

    fn set_off(&self, off: bool) {
        self.is_off.store(off, Ordering::Release);
    }

    fn check(&self) -> Result<(), StoreFault> {
        if self.is_off() || self.is_replaced.load(Ordering::Acquire) {
            return Err(StoreFault::Closed);
        }
        Ok(())
    }

    /// What was kept when it was last looked at.
    #[must_use]
    pub fn last_usage(&self) -> StoreUsage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what is kept. Blocks.
    pub fn look(&self) -> StoreUsage {
        match self.store.usage() {
            Ok(usage) => {
                *self.usage.lock().unwrap_or_else(PoisonError::into_inner) = usage;
                usage
            }
            Err(fault) => {
                tracing::debug!(tenant = self.tenant(), "the index can not be read: {fault}");
                self.last_usage()
            }
        }
    }

    /// Counts the requests of a user's call that has written to it.
    pub(crate) fn count_filling(&self, requests: u32) {
        let today = today();
        let mut filling = self.filling.lock().unwrap_or_else(PoisonError::into_inner);
        if filling.day != Some(today) {
            *filling = Filling {
                day: Some(today),
                requests: 0,
            };
        }
        filling.requests += requests;
    }

    fn counted(&self) -> Filling {
        *self.filling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests of users' calls that have written to it today.
    fn filling(&self) -> u32 {
        let filling = self.counted();
        match filling.day {
            Some(day) if day == today() => filling.requests,
            _ => 0,
        }
    }
}

fn today() -> Date {
    Offset::UTC.to_datetime(Timestamp::now()).date()
}

/// The clock by which indexes become too old: a jump of the wall clock empties none.
pub(crate) fn clock(clock: Arc<SteadyClock>) -> StoreClock {
    StoreClock::new(move || {
        let since = clock.now().duration_since(Timestamp::UNIX_EPOCH);
        UNIX_EPOCH + Duration::try_from(since).unwrap_or_default()
    })
}

/// A time of the store.
fn moment(at: Option<SystemTime>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::try_from(at).ok())
}
