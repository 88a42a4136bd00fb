//! Only one process serves from a state file, because the limiter of requests to Gong lives in
//! its memory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::{Store, StoreError, refused};

/// [`Store::served_by`] holds the lock for a moment, so taking it is tried this often.
const TRIES: u32 = 30;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// The lock of a state file, which the kernel releases when the process ends in any way.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock of a state file, which need not exist.
    ///
    /// # Errors
    ///
    /// Another process serves from this file; the error, which is [`StoreError::Refused`], has its
    /// process id. Or the lock file beside the state file can not be created.
    pub fn take(state: &Path) -> Result<Self, StoreError> {
        let path = lock_path(state);
        let failed = |error| cannot_lock(&path, error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let mut tries = 0;
        let locked = loop {
            match file.try_lock() {
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    thread::sleep(BETWEEN_TRIES);
                }
                tried => break tried,
            }
        };
        match locked {
            Ok(()) => Ok(Self { file, path }),
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                let who = match pid.trim() {
                    "" => "another process".to_owned(),
                    pid => format!("process {pid}"),
                };
                refused(format_args!(
                    "{who} serves from {} already; stop it first, or give this gateway a state file of its own",
                    state.display()
                ))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// Keeps other processes from serving from the same file until it is dropped.
#[derive(Debug)]
pub struct ServeLock {
    locked: File,
    /// Whether the last process ended without [`ServeLock::finish`].
    pub after_crash: bool,
    /// Calls that the last process began and did not finish. They are `interrupted` now.
    pub interrupted: usize,
}

impl ServeLock {
    /// Records an orderly end, and releases the lock.
    ///
    /// # Errors
    ///
    /// The lock file can not be written. The next process then assumes a crash.
    pub fn finish(self) -> Result<(), StoreError> {
        self.locked
            .set_len(0)
            .map_err(|error| StoreError::Failed(format!("cannot write the lock file: {error}")))
    }
}

impl Store {
    /// Takes the lock and serves with it.
    ///
    /// # Errors
    ///
    /// As of [`FileLock::take`] and [`Store::serve_with`].
    pub fn lock_for_serving(&self) -> Result<ServeLock, StoreError> {
        self.serve_with(FileLock::take(self.path())?)
    }

    /// Writes this process into the lock file, and marks the calls that the last process left
    /// unfinished.
    ///
    /// # Errors
    ///
    /// The state file or the lock file can not be written.
    pub fn serve_with(&self, lock: FileLock) -> Result<ServeLock, StoreError> {
        let FileLock { mut file, path } = lock;
        let failed = |error| cannot_lock(&path, error);
        // `finish` removes the process id, so one that is still there is of a crashed process.
        let after_crash = file.metadata().map_err(failed)?.len() > 0;
        let pid = std::process::id().to_string();
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(pid.as_bytes()))
            .map_err(failed)?;
        Ok(ServeLock {
            locked: file,
            after_crash,
            interrupted: self.interrupt_unfinished()?,
        })
    }

    /// The id of the process that serves from this file now.
    ///
    /// # Errors
    ///
    /// The lock file exists and can not be read.
    pub fn served_by(&self) -> Result<Option<String>, StoreError> {
        let path = lock_path(self.path());
        let failed = |error: std::io::Error| {
            StoreError::Failed(format!("cannot read {}: {error}", path.display()))
        };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).map_err(failed)?;
                Ok(Some(pid.trim().to_owned()))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

fn cannot_lock(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::Failed(format!("cannot lock {}: {error}", path.display()))
}

fn lock_path(state: &Path) -> PathBuf {
    beside(state, ".lock")
}

/// The path with something after its end.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
