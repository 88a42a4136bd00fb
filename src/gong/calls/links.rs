//! Links to calls and to moments of calls.

use alloc::borrow::Cow;

use crate::prelude::*;

/// The link to a moment of a call, with `{s}` for the seconds into it, in the form of Gong's own “share
/// a snippet”: `highlights=[{"type":"SHARE","from":…,"to":…}]`.
pub(crate) fn moment_url(url: &str) -> String {
    format!(
        "{url}&highlights=%5B%7B%22type%22%3A%22SHARE%22%2C%22from%22%3A{{s}}%2C%22to%22%3A{{s+30}}%7D%5D"
    )
}

/// The common form of these calls' links, with `{id}` for the id; none if they have different forms.
pub(crate) fn link_pattern<'a>(
    calls: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Option<String> {
    let mut pattern: Option<Cow<'a, str>> = None;
    for (id, url) in calls {
        let Some(url) = url else { continue };
        if id.is_empty() {
            return None;
        }
        let this = url.replace(id, "{id}");
        match &pattern {
            None if this.matches("{id}").count() == 1 => pattern = Some(Cow::Owned(this)),
            Some(known) if *known == this => {}
            _ => return None,
        }
    }
    pattern.map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::link_pattern;

    #[test]
    fn links_have_a_pattern_only_if_all_have_the_same() {
        let same = [
            ("1", Some("https://x/call?id=1")),
            ("2", Some("https://x/call?id=2")),
            ("3", None),
        ];
        assert_eq!(
            link_pattern(same.into_iter()),
            Some("https://x/call?id={id}".into())
        );
        let other = [
            ("1", Some("https://x/call?id=1")),
            ("2", Some("https://y/call?id=2")),
        ];
        assert_eq!(link_pattern(other.into_iter()), None);
        assert_eq!(
            link_pattern([("5", Some("https://x5/5"))].into_iter()),
            None
        );
        assert_eq!(link_pattern(core::iter::empty()), None);
    }
}
