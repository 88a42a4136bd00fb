//! `If-Match` and `If-None-Match` (RFC 9110, section 13.1).

use alloc::{format, string::String};

/// What must hold for an object before it is read, written or deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// `If-Match`: ETags, one of which it has, or `*` if it must be there.
    pub if_match: Option<String>,
    /// `If-None-Match`: ETags, none of which it has, or `*` if it must not be there.
    pub if_none_match: Option<String>,
}

impl Preconditions {
    /// Whether `If-Match` holds for the object of this version; none if there is no object.
    pub(crate) fn match_holds(&self, version: Option<u64>) -> bool {
        let list = self.if_match.as_deref();
        list.is_none_or(|list| is_listed(list, version))
    }

    /// Whether `If-None-Match` holds.
    pub(crate) fn none_match_holds(&self, version: Option<u64>) -> bool {
        let list = self.if_none_match.as_deref();
        !list.is_some_and(|list| is_listed(list, version))
    }

    /// Whether both hold.
    pub(crate) fn hold(&self, version: Option<u64>) -> bool {
        self.match_holds(version) && self.none_match_holds(version)
    }
}

/// The ETag of a version.
pub(crate) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

fn is_listed(list: &str, version: Option<u64>) -> bool {
    version.is_some_and(|version| {
        let etag = etag(version);
        list.trim() == "*" || list.split(',').any(|one| one.trim() == etag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_with_lists() {
        for (list, version, listed) in [
            ("*", Some(7), true),
            ("*", None, false),
            ("\"7\"", Some(7), true),
            ("\"7\"", None, false),
            ("\"6\", \"7\"", Some(7), true),
            ("\"6\",\"8\"", Some(7), false),
            ("7", Some(7), false),
            ("", Some(7), false),
        ] {
            assert_eq!(is_listed(list, version), listed, "{list} {version:?}");
            let if_match = Preconditions {
                if_match: Some(list.into()),
                ..Preconditions::default()
            };
            assert_eq!(if_match.hold(version), listed);
            let if_none_match = Preconditions {
                if_none_match: Some(list.into()),
                ..Preconditions::default()
            };
            assert_eq!(if_none_match.hold(version), !listed);
        }
        assert!(Preconditions::default().hold(None));
    }
}
