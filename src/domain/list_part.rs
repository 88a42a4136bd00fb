//! The part of a list that one answer has room for, and the token for the rest. Gong gives many lists
//! whole: all fields of a CRM, all users with a profile, all days of all users.

use serde::Serialize;
use serde_json::Value;

use crate::{
    client::Gong,
    error::{Error, bad_argument},
    json_ext::leave_out_absent_members,
    prelude::*,
    tools::resume_number,
};

/// Most bytes of the items in the structured form. Clients cut an answer at 25,000 tokens in one form,
/// which are 75,000 bytes or more, and gateways at 128 KiB in both.
const MOST_BYTES: usize = 55_000;

/// The part of a list that one answer shows.
pub(crate) struct ListPart<T> {
    /// One at least, if the list has any: an item that is longer than all room comes alone.
    pub(crate) items: Vec<T>,
    /// How many items the whole list has.
    pub(crate) matched: u32,
    /// The token for the rest, if there is any.
    pub(crate) resume: Option<String>,
}

impl<T: Serialize> ListPart<T> {
    /// The items of `all` from the position `resume` on, as many as there is room for.
    ///
    /// # Errors
    /// `bad-argument` for a position that is none or is past the end.
    pub(crate) fn of(
        gong: &Gong<'_>,
        all: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        resume: Option<&str>,
    ) -> Result<Self, Error> {
        Self::limited(gong, all, usize::MAX, resume)
    }

    /// As [`of`](Self::of), at most `limit` items.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(crate) fn limited(
        gong: &Gong<'_>,
        all: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        limit: usize,
        resume: Option<&str>,
    ) -> Result<Self, Error> {
        let all = all.into_iter();
        let matched = all.len();
        let skip = offset(resume)?;
        if skip > 0 && skip >= matched {
            return Err(past_the_end(matched));
        }
        let items = fitting(all.skip(skip).take(limit));
        Ok(Self {
            matched: matched as u32,
            resume: offset_token(gong, skip + items.len(), matched),
            items,
        })
    }
}

/// The first items, as many as there is room for.
fn fitting<T: Serialize>(items: impl Iterator<Item = T>) -> Vec<T> {
    let (mut fitting, mut left) = (Vec::new(), MOST_BYTES);
    for item in items {
        let value = serde_json::to_value(&item).expect("the keys of a record are strings");
        let rest = left.checked_sub(bytes(value));
        if rest.is_none() && !fitting.is_empty() {
            break;
        }
        left = rest.unwrap_or(0);
        fitting.push(item);
    }
    fitting
}

/// Bytes of an item in the structured form, with the comma.
fn bytes(mut item: Value) -> usize {
    leave_out_absent_members(&mut item);
    item.to_string().len() + 1
}

fn past_the_end(matched: usize) -> Error {
    bad_argument(
        "resume",
        &format!("it is past the end: {matched} match."),
        "leave it out to start anew.",
    )
}

/// How many items to skip, by the argument `resume`.
///
/// # Errors
/// `bad-argument` for anything but a token of [`offset_token`].
pub(crate) fn offset(resume: Option<&str>) -> Result<usize, Error> {
    resume_number(resume, "after-")
}

/// The token to go on after `shown` of `all` items, if any are left.
pub(crate) fn offset_token(gong: &Gong<'_>, shown: usize, all: usize) -> Option<String> {
    (shown < all).then(|| gong.token(&format!("after-{shown}")))
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, fitting};

    #[test]
    fn one_item_at_least_is_shown_and_no_more_than_there_is_room_for() {
        let fits = |bytes: &[usize]| {
            // Two quotation marks and a comma are beside each.
            fitting(bytes.iter().map(|bytes| "x".repeat(bytes - 3))).len()
        };
        assert_eq!(fits(&[]), 0);
        assert_eq!(fits(&[MOST_BYTES, 3]), 1);
        assert_eq!(fits(&[MOST_BYTES + 1, 3]), 1);
        assert_eq!(fits(&[MOST_BYTES - 6, 3, 3, 3]), 3);
        assert_eq!(fits(&[3, MOST_BYTES, 3]), 1);
    }
}
