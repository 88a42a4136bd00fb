//! The files of which a configuration consists, each read once.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// Reads files, and keeps what they held until it is dropped. What is built from it and its
/// [`fingerprint`](Self::fingerprint) are of the same bytes, whatever is written meanwhile.
#[derive(Default)]
pub struct Files(BTreeMap<PathBuf, Result<Vec<u8>, String>>);

impl Files {
    /// The contents of a file as of the first time that it was read here.
    ///
    /// # Errors
    ///
    /// It could not be read; the text says why.
    pub fn read(&mut self, path: &Path) -> Result<&[u8], &str> {
        let file = match self.0.entry(path.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(fs::read(path).map_err(|error| error.to_string())),
        };
        file.as_deref().map_err(|error| &**error)
    }

    /// What was read so far.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let files = self.0.iter();
        Fingerprint(
            files
                .map(|(path, read)| (path.clone(), hash(read)))
                .collect(),
        )
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Hashes of the files of one load. Times and inodes are not used, so renames, changed links and
/// coarse clocks make no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(Vec<(PathBuf, Option<[u8; SHA256_OUTPUT_LEN]>)>);

impl Fingerprint {
    /// Whether the files still hold what was read. A file that can still not be read is as it was.
    #[must_use]
    pub fn is_current(&self) -> bool {
        let mut files = self.0.iter();
        files.all(|(path, before)| hash(&fs::read(path)) == *before)
    }
}

fn hash<E>(read: &Result<Vec<u8>, E>) -> Option<[u8; SHA256_OUTPUT_LEN]> {
    let contents = read.as_ref().ok()?;
    digest(&SHA256, contents).as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Folder;

    #[test]
    fn a_file_is_read_once_and_what_is_written_later_is_a_change() {
        let folder = Folder::new();
        let (one, gone) = (folder.0.join("one"), folder.0.join("gone"));
        fs::write(&one, "first").unwrap();
        let mut files = Files::default();
        assert_eq!(files.read(&one), Ok(&b"first"[..]));
        assert!(files.read(&gone).is_err());
        assert!(files.fingerprint().is_current());

        fs::write(&one, "second").unwrap();
        assert_eq!(files.read(&one), Ok(&b"first"[..]));
        assert!(!files.fingerprint().is_current());
        fs::write(&one, "first").unwrap();
        assert!(files.fingerprint().is_current());
        fs::write(&gone, "").unwrap();
        assert!(!files.fingerprint().is_current());
        assert!(!format!("{files:?}").contains("first"));
    }
}
