//! Failed sign-ins, counted by the client's address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failed sign-ins that one address may have within [`WINDOW`].
const MAX_FAILURES: u32 = 10;

/// The time from the first failure of an address until its count is reset.
const WINDOW: Duration = Duration::from_secs(60);

/// Addresses that are remembered at the same time. All further ones count as one.
const MAX_ADDRESSES: usize = 1024;

/// Counts failed sign-ins, in memory only.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<Option<IpAddr>, Failures>>);

#[derive(Debug)]
struct Failures {
    since: Instant,
    count: u32,
}

/// The effect of a failed sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Further attempts are possible.
    Counted,
    /// Further attempts are refused until the window is over.
    Last,
}

impl Attempts {
    /// How long the address has to wait before the next attempt. `None` if not at all.
    pub(super) fn wait(&self, address: Option<IpAddr>, now: Instant) -> Option<Duration> {
        let mut addresses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.retain(|_, failures| now.duration_since(failures.since) < WINDOW);
        let failures = addresses.get(&key(&addresses, address))?;
        (failures.count >= MAX_FAILURES).then(|| WINDOW - now.duration_since(failures.since))
    }

    /// Counts a failure.
    pub(super) fn failed(&self, address: Option<IpAddr>, now: Instant) -> Failed {
        let mut addresses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(&addresses, address);
        let failures = addresses.entry(key).or_insert(Failures {
            since: now,
            count: 0,
        });
        failures.count += 1;
        if failures.count == MAX_FAILURES {
            Failed::Last
        } else {
            Failed::Counted
        }
    }
}

/// A client has up to 2⁶⁴ IPv6 addresses, which count as one.
fn key(addresses: &HashMap<Option<IpAddr>, Failures>, address: Option<IpAddr>) -> Option<IpAddr> {
    let address = address.map(|ip| match ip.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            [a, b, c, d, 0, 0, 0, 0].into()
        }
        v4 => v4,
    });
    if addresses.len() < MAX_ADDRESSES || addresses.contains_key(&address) {
        address
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_a_minute_for_each_place() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let address = |text: &str| Some(text.parse().unwrap());
        for count in 1..=MAX_FAILURES {
            assert_eq!(attempts.wait(address("2001:db8::1"), now), None);
            let last = attempts.failed(address("2001:db8::1"), now) == Failed::Last;
            assert_eq!(last, count == MAX_FAILURES);
        }
        let neighbour = address("2001:db8::2");
        let later = now + WINDOW / 2;
        assert_eq!(attempts.wait(neighbour, later), Some(WINDOW / 2));
        assert_eq!(attempts.wait(address("2001:db8:1::1"), now), None);
        assert_eq!(attempts.wait(None, now), None);
        assert_eq!(attempts.wait(neighbour, now + WINDOW), None);
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let attempts = Attempts::default();
        let now = Instant::now();
        for n in 0..5_000_u32 {
            attempts.failed(Some(IpAddr::V4(n.into())), now);
        }
        assert_eq!(attempts.0.lock().unwrap().len(), MAX_ADDRESSES + 1);
        assert!(attempts.wait(Some(IpAddr::V4(9_999.into())), now).is_some());
        assert_eq!(attempts.wait(Some(IpAddr::V4(5.into())), now), None);
    }
}
