//! What may fail only so often: sign-ins at the page, counted by the administrator's name and the
//! client's address together, so that nobody elsewhere can keep an administrator out; and what clients
//! that are not signed in may have done for a tenant.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::client_address::network;

/// Failures that one name may have from one address within [`WINDOW`].
const MAX_FAILURES: u32 = 10;

/// The time from the first attempt until the count is reset.
const WINDOW: Duration = Duration::from_secs(60);

/// Names and addresses that are remembered at the same time. All further addresses of a name
/// count as one.
const MAX_PLACES: usize = 1024;

/// A name that an administrator or a tenant has, or `None`, and the client's network.
type Place = (Option<String>, Option<IpAddr>);

/// Counts attempts, in memory only.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<Place, Count>>);

#[derive(Debug)]
struct Count {
    since: Instant,
    attempts: u32,
}

/// An attempt, which counts as failed from its beginning on.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    all: &'a Attempts,
    place: Place,
}

impl Attempts {
    /// Begins an attempt. `name` is that of an administrator or tenant that exists: others count as
    /// one.
    ///
    /// # Errors
    ///
    /// How long to wait before the next attempt.
    pub(crate) fn begin(
        &self,
        name: Option<&str>,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<Attempt<'_>, Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, count| now.duration_since(count.since) < WINDOW);
        let mut place = (name.map(str::to_owned), address.map(network));
        if all.len() >= MAX_PLACES && !all.contains_key(&place) {
            place.1 = None;
        }
        let count = all.entry(place.clone()).or_insert(Count {
            since: now,
            attempts: 0,
        });
        if count.attempts >= MAX_FAILURES {
            return Err(WINDOW - now.duration_since(count.since));
        }
        count.attempts += 1;
        Ok(Attempt { all: self, place })
    }
}

impl Attempt<'_> {
    /// It went well: the attempts before it do not count any more.
    pub(crate) fn succeeded(self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn ten_failures_a_minute_for_each_name_and_place() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let begin = |name, address, now| attempts.begin(name, address, now).map(drop);
        let (ada, here) = (Some("ada"), address("2001:db8::1"));
        for _ in 0..MAX_FAILURES {
            assert_eq!(begin(ada, here, now), Ok(()));
        }
        let later = now + WINDOW / 2;
        assert_eq!(begin(ada, here, later), Err(WINDOW / 2));
        let neighbour = address("2001:db8::2");
        assert_eq!(begin(ada, neighbour, later), Err(WINDOW / 2));
        assert_eq!(begin(ada, address("2001:db8:1::1"), later), Ok(()));
        assert_eq!(begin(ada, None, later), Ok(()));
        assert_eq!(begin(Some("bo"), here, later), Ok(()));
        assert_eq!(begin(None, here, later), Ok(()));
        assert_eq!(begin(ada, here, now + WINDOW), Ok(()));
    }

    #[test]
    fn a_right_token_ends_the_count() {
        let attempts = Attempts::default();
        let now = Instant::now();
        for _ in 0..100 {
            let attempt = attempts.begin(Some("ada"), None, now).unwrap();
            attempt.succeeded();
        }
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let attempts = Attempts::default();
        let now = Instant::now();
        for n in 0..5_000_u32 {
            let _ = attempts.begin(None, Some(IpAddr::V4(n.into())), now);
        }
        assert_eq!(attempts.0.lock().unwrap().len(), MAX_PLACES + 1);
        let begin = |address| attempts.begin(None, address, now).map(drop);
        assert!(begin(Some(IpAddr::V4(9_999.into()))).is_err());
        assert_eq!(begin(Some(IpAddr::V4(5.into()))), Ok(()));
        assert!(attempts.begin(Some("ada"), None, now).is_ok());
    }
}
