//! One `serve` per state file: the limiter of Gong's requests lives in the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::{Store, StoreError, refused};

/// How long to wait for one who looks, and how often.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS: u32 = 30;

/// Keeps others from serving from the same file, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Serving {
    locked: File,
    /// Whether the last process did not come to an orderly end: see [`Serving::finish`].
    pub after_crash: bool,
    /// Calls that the last process had begun and not finished: they are `interrupted` now.
    pub interrupted: usize,
}

impl Serving {
    /// Notes that serving came to an orderly end, and lets others serve.
    ///
    /// # Errors
    ///
    /// The lock file can not be written; the next one believes that there was a crash.
    pub fn finish(self) -> Result<(), StoreError> {
        self.locked
            .set_len(0)
            .map_err(|error| StoreError::Failed(format!("cannot write the lock file: {error}")))
    }
}

impl Store {
    /// Takes the serving lock, which the kernel frees however a process ends, and marks the
    /// calls that the last process left unfinished.
    ///
    /// # Errors
    ///
    /// Another process serves from this file: the error names its process id. Or the lock
    /// file beside the state file can not be made.
    pub fn lock_for_serving(&self) -> Result<Serving, StoreError> {
        let path = self.lock_path();
        let failed = |error: std::io::Error| {
            StoreError::Failed(format!("cannot lock {}: {error}", path.display()))
        };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        // Who only looks whether somebody serves holds the lock, too, for a moment.
        let mut tries = 0;
        let locked = loop {
            match file.try_lock() {
                Err(TryLockError::WouldBlock) if tries < LOOKS => {
                    tries += 1;
                    thread::sleep(LOOK);
                }
                tried => break tried,
            }
        };
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                let who = match pid.trim() {
                    "" => "another process".to_owned(),
                    pid => format!("process {pid}"),
                };
                return refused(format_args!(
                    "{who} serves from {} already; stop it first, or give this gateway a state file of its own",
                    self.path().display()
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // A process id that nobody took away is a crashed process's.
        let after_crash = file.metadata().map_err(failed)?.len() > 0;
        let pid = std::process::id().to_string();
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(pid.as_bytes()))
            .map_err(failed)?;
        Ok(Serving {
            locked: file,
            after_crash,
            interrupted: self.interrupt()?,
        })
    }

    /// The process that serves from this file now, if one does.
    ///
    /// # Errors
    ///
    /// The lock file is there and can not be read.
    pub fn served_by(&self) -> Result<Option<String>, StoreError> {
        let path = self.lock_path();
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

    fn lock_path(&self) -> PathBuf {
        let mut path = self.path().as_os_str().to_owned();
        path.push(".lock");
        path.into()
    }
}
