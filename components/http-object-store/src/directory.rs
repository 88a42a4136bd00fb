//! Which objects there are: what the writers share.

use alloc::{borrow::ToOwned, collections::BTreeMap, format, string::String, vec::Vec};

use shared_store::queue::Record;

/// The last ticket served, and the last change of each object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directory {
    pub(crate) served: u64,
    pub(crate) changes: BTreeMap<String, Change>,
}

/// The last change of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The ticket of the writer. For an object that is there, its version.
    pub(crate) ticket: u64,
    /// When, in milliseconds since 1970.
    pub(crate) at: u64,
    /// Whether it was deleted.
    pub(crate) is_deletion: bool,
}

impl Directory {
    /// Whether this version of an object, none if it is not there, is older than the last change: the
    /// store's reading was late.
    pub(crate) fn is_stale(&self, name: &str, version: Option<u64>) -> bool {
        let change = self.changes.get(name);
        change.is_some_and(|change| match version {
            Some(version) => version < change.ticket,
            None => !change.is_deletion,
        })
    }
}

/// The last ticket served, and a line for each change.
impl Record for Directory {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = str::from_utf8(bytes).ok()?.lines();
        let served = lines.next()?.parse().ok()?;
        let changes = lines.map(|line| {
            let mut words = line.split(' ');
            let [name, ticket, at, what] = [(); 4].map(|()| words.next());
            let change = Change {
                ticket: ticket?.parse().ok()?,
                at: at?.parse().ok()?,
                is_deletion: match what? {
                    "put" => false,
                    "delete" => true,
                    _ => return None,
                },
            };
            words.next().is_none().then_some((name?.to_owned(), change))
        });
        Some(Self {
            served,
            changes: changes.collect::<Option<_>>()?,
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\n", self.served);
        for (
            name,
            Change {
                ticket,
                at,
                is_deletion,
            },
        ) in &self.changes
        {
            let what = if *is_deletion { "delete" } else { "put" };
            text += &format!("{name} {ticket} {at} {what}\n");
        }
        text.into_bytes()
    }

    fn served(&self) -> u64 {
        self.served
    }

    fn set_served(&mut self, ticket: u64) {
        self.served = ticket;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let change = Change {
            ticket: 7,
            at: 1_795_780_800_000,
            is_deletion: false,
        };
        let deletion = Change {
            is_deletion: true,
            ..change
        };
        let directory = Directory {
            served: u64::MAX,
            changes: [("/a".to_owned(), change), ("/b".to_owned(), deletion)].into(),
        };
        assert_eq!(Directory::parse(&directory.to_bytes()), Some(directory));
        for other in ["", "x", "1\n/a 1 2", "1\n/a 1 2 move", "1\n/a 1 2 put 3"] {
            assert_eq!(Directory::parse(other.as_bytes()), None, "{other:?}");
        }
    }

    #[test]
    fn an_older_version_is_stale() {
        let directory = |is_deletion| Directory {
            served: 9,
            changes: [(
                "/a".to_owned(),
                Change {
                    ticket: 7,
                    at: 0,
                    is_deletion,
                },
            )]
            .into(),
        };
        for (version, put, deleted) in [
            (None, true, false),
            (Some(6), true, true),
            (Some(7), false, false),
            // Its writer vanished before the directory was written.
            (Some(8), false, false),
        ] {
            assert_eq!(directory(false).is_stale("/a", version), put, "{version:?}");
            assert_eq!(directory(true).is_stale("/a", version), deleted);
            assert!(!directory(true).is_stale("/b", version));
        }
    }
}
