//! What a file of a store has: an object with a checksum, or encrypted.
//!
//! ```text
//! plain      magic | version | written | SHA-256 | contents
//! encrypted  magic | version | written | nonce   | AES-256-GCM of (length of the name, name, contents)
//! ```
//!
//! An encrypted file is named by an HMAC of the object's name. Its name and everything before the
//! nonce are authenticated too, and the key is derived for one place: a file that is altered, cut,
//! renamed, of another place or under another key is not opened.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce};
use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use ring::hmac::{self, HMAC_SHA256};

use super::{Object, ObjectName, StoreFault, Version, random};

const PLAIN: &[u8; 8] = b"object 1";
const ENCRYPTED: &[u8; 8] = b"sealed 1";
const MAGIC: usize = 8;

/// Bytes of the part that both forms have: magic, version and time.
pub(super) const HEADER: usize = MAGIC + Version::BYTES + 8;

/// How objects are written to files.
#[derive(Debug)]
pub enum Seal {
    /// As they are, with a checksum, in files that have their names.
    Plain,
    /// Encrypted with `key`. Files that `previous` opens are written anew with `key`.
    Encrypted {
        /// The key of new files.
        key: Box<ObjectKey>,
        /// The key before it.
        previous: Option<Box<ObjectKey>>,
    },
}

/// The keys of one place, which are derived from a secret.
pub struct ObjectKey {
    contents: LessSafeKey,
    names: hmac::Key,
}

impl ObjectKey {
    /// Derives the keys of a place (HKDF-SHA256). `place` says all that must be the same for a file
    /// to be opened again, such as whose it is.
    #[must_use]
    pub fn derive(secret: &[u8; 32], place: &[&str]) -> Self {
        let secret = Salt::new(HKDF_SHA256, b"objects of a sandbox").extract(secret);
        let place: Vec<u8> = place
            .iter()
            .flat_map(|part| [&(part.len() as u64).to_be_bytes(), part.as_bytes()].concat())
            .collect();
        Self {
            contents: LessSafeKey::new(expand(&secret, b"contents", &place, &AES_256_GCM)),
            names: expand(&secret, b"names", &place, HMAC_SHA256),
        }
    }

    fn file_name(&self, name: &ObjectName) -> String {
        let tag = hmac::sign(&self.names, name.as_str().as_bytes());
        tag.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn seal(
        &self,
        header: &[u8],
        name: &ObjectName,
        contents: &[u8],
    ) -> Result<Vec<u8>, StoreFault> {
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce)?;
        let aad = Aad::from([header, self.file_name(name).as_bytes()].concat());
        let length = u8::try_from(name.as_str().len()).expect("names are short");
        let mut text = [&[length], name.as_str().as_bytes(), contents].concat();
        let nonce_of_it = Nonce::assume_unique_for_key(nonce);
        self.contents
            .seal_in_place_append_tag(nonce_of_it, aad, &mut text)
            .map_err(|_| StoreFault::Failed("the object is too large to encrypt".to_owned()))?;
        Ok([header, &nonce, &text].concat())
    }

    fn open(&self, file_name: &str, mut file: Vec<u8>) -> Option<(ObjectName, Bytes)> {
        let nonce = file.get(HEADER..HEADER + NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let aad = Aad::from([&file[..HEADER], file_name.as_bytes()].concat());
        let sealed = &mut file[HEADER + NONCE_LEN..];
        let length = self.contents.open_in_place(nonce, aad, sealed).ok()?.len();
        file.truncate(HEADER + NONCE_LEN + length);
        let text = Bytes::from(file).slice(HEADER + NONCE_LEN..);
        let end = 1 + usize::from(*text.first()?);
        let name = std::str::from_utf8(text.get(1..end)?).ok()?;
        Some((ObjectName::new(name)?, text.slice(end..)))
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectKey(…)")
    }
}

fn expand<L: ring::hkdf::KeyType, K: for<'a> From<ring::hkdf::Okm<'a, L>>>(
    secret: &Prk,
    purpose: &[u8],
    place: &[u8],
    length: L,
) -> K {
    let info = [purpose, place];
    let key = secret.expand(&info, length);
    key.expect("these keys are short enough for HKDF").into()
}

/// What a file has.
pub(super) struct Opened {
    pub(super) name: ObjectName,
    pub(super) object: Object,
    pub(super) written: SystemTime,
    /// Whether it is to be written anew, with the present key.
    pub(super) outdated: bool,
}

impl Seal {
    /// The name of an object's file.
    pub(super) fn file_name(&self, name: &ObjectName) -> String {
        match self {
            Self::Plain => name.as_str().to_owned(),
            Self::Encrypted { key, .. } => key.file_name(name),
        }
    }

    /// The contents of an object's file.
    pub(super) fn seal(
        &self,
        name: &ObjectName,
        object: &Object,
        written: SystemTime,
    ) -> Result<Vec<u8>, StoreFault> {
        let magic = match self {
            Self::Plain => PLAIN,
            Self::Encrypted { .. } => ENCRYPTED,
        };
        let written = written.duration_since(UNIX_EPOCH).unwrap_or_default();
        let written = u64::try_from(written.as_millis()).unwrap_or(u64::MAX);
        let header = [&magic[..], &object.version.0, &written.to_be_bytes()].concat();
        match self {
            Self::Plain => {
                let sum = checksum(&header, name, &object.bytes);
                Ok([&header[..], &sum, &object.bytes].concat())
            }
            Self::Encrypted { key, .. } => key.seal(&header, name, &object.bytes),
        }
    }

    /// Reads a file; none if it is damaged or not one of this place.
    pub(super) fn open(&self, file_name: &str, file: Vec<u8>) -> Option<Opened> {
        let (version, written) = header(&file)?;
        let is = |magic: &[u8]| file.starts_with(magic);
        let (name, bytes, outdated) = match self {
            Self::Plain if is(PLAIN) => {
                let name = ObjectName::new(file_name)?;
                let sum = file.get(HEADER..HEADER + SHA256_OUTPUT_LEN)?;
                let bytes = &file[HEADER + SHA256_OUTPUT_LEN..];
                if checksum(&file[..HEADER], &name, bytes) != sum {
                    return None;
                }
                let bytes = Bytes::from(file).slice(HEADER + SHA256_OUTPUT_LEN..);
                (name, bytes, false)
            }
            Self::Encrypted { key, previous } if is(ENCRYPTED) => {
                let before = previous.as_ref().map(|previous| (previous, file.clone()));
                match (key.open(file_name, file), before) {
                    (Some((name, bytes)), _) => (name, bytes, false),
                    (None, Some((previous, file))) => {
                        let (name, bytes) = previous.open(file_name, file)?;
                        (name, bytes, true)
                    }
                    (None, None) => return None,
                }
            }
            _ => return None,
        };
        Some(Opened {
            name,
            object: Object { bytes, version },
            written,
            outdated,
        })
    }
}

/// Version and time of a file, whether or not the rest of it is sound.
pub(super) fn header(file: &[u8]) -> Option<(Version, SystemTime)> {
    let version = file.get(MAGIC..MAGIC + Version::BYTES)?.try_into().ok()?;
    let written = file.get(MAGIC + Version::BYTES..HEADER)?.try_into().ok()?;
    let written = Duration::from_millis(u64::from_be_bytes(written));
    Some((Version(version), UNIX_EPOCH.checked_add(written)?))
}

fn checksum(header: &[u8], name: &ObjectName, bytes: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    let mut sum = Context::new(&SHA256);
    for part in [header, name.as_str().as_bytes(), &[0], bytes] {
        sum.update(part);
    }
    sum.finish().as_ref().try_into().expect("its length")
}
