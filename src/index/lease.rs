//! One call at a time reads the same from Gong. A lease is an object that says until when; the lease
//! of a call that died ends by itself.

use crate::{
    client::request::Precondition,
    index::store::{Fault, Store, Written},
    prelude::*,
};

/// How long a lease lasts, in seconds: longer than a tool call reads.
pub(super) const SECONDS: i64 = 75;

/// A lease that this call has.
pub(super) struct Lease {
    name: &'static str,
    etag: Option<String>,
}

impl Lease {
    /// Takes the lease; none if another call has it.
    ///
    /// # Errors
    /// Whatever the store fails with.
    pub(super) fn take(
        store: &Store<'_, '_>,
        name: &'static str,
        now: i64,
    ) -> Result<Option<Self>, Fault> {
        let until = (now + SECONDS).to_string();
        let mut written = store.put(name, until.as_bytes(), Precondition::Absent)?;
        if written == Written::Changed {
            let Some(held) = store.get(name)? else {
                // Given back just now: whoever comes next takes it.
                return Ok(None);
            };
            let until_then = core::str::from_utf8(&held.bytes)
                .ok()
                .and_then(|text| text.parse::<i64>().ok());
            // An end that is farther off than a lease lasts is of a clock that was wrong.
            if until_then.is_some_and(|until| (now..=now + 2 * SECONDS).contains(&until)) {
                return Ok(None);
            }
            written = store.put(name, until.as_bytes(), Precondition::Unchanged(&held.etag))?;
        }
        Ok(match written {
            Written::Done(etag) => Some(Self { name, etag }),
            Written::Changed => None,
        })
    }

    /// Gives it back. Where that fails, it ends by itself.
    pub(super) fn give_back(self, store: &Store<'_, '_>) {
        let if_ = match &self.etag {
            Some(etag) => Precondition::Unchanged(etag),
            None => Precondition::Any,
        };
        let _ = store.delete(self.name, if_);
    }
}
