//! Failed sign-ins, counted by where they come from.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failed sign-ins that one place may have within [`WINDOW`].
const FAILURES: u32 = 10;

/// Counted from the first failure of a place; then it starts anew.
const WINDOW: Duration = Duration::from_secs(60);

/// Places remembered at once. When more fail, all of the rest count as one.
const PLACES: usize = 1024;

/// Counts failed sign-ins. For one process; a restart forgets.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<Option<IpAddr>, Failures>>);

#[derive(Debug)]
struct Failures {
    since: Instant,
    count: u32,
}

/// What becomes of a failed sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It is answered.
    Counted,
    /// It is answered, and those that follow in the window are refused unread.
    Last,
}

impl Attempts {
    /// How long that place has to wait before the next attempt is read; `None` when not at all.
    pub(super) fn wait(&self, place: Option<IpAddr>, now: Instant) -> Option<Duration> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, failures| now.duration_since(failures.since) < WINDOW);
        let failures = places.get(&key(&places, place))?;
        (failures.count >= FAILURES).then(|| WINDOW - now.duration_since(failures.since))
    }

    /// Counts a failure.
    pub(super) fn failed(&self, place: Option<IpAddr>, now: Instant) -> Failed {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(&places, place);
        let failures = places.entry(key).or_insert(Failures {
            since: now,
            count: 0,
        });
        failures.count += 1;
        if failures.count == FAILURES {
            Failed::Last
        } else {
            Failed::Counted
        }
    }
}

/// IPv6 networks give their guests 2⁶⁴ addresses each: those count as one.
fn key(places: &HashMap<Option<IpAddr>, Failures>, place: Option<IpAddr>) -> Option<IpAddr> {
    let place = place.map(|address| match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            [a, b, c, d, 0, 0, 0, 0].into()
        }
        v4 => v4,
    });
    if places.len() < PLACES || places.contains_key(&place) {
        place
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
        let place = |text: &str| Some(text.parse().unwrap());
        for count in 1..=FAILURES {
            assert_eq!(attempts.wait(place("2001:db8::1"), now), None);
            let last = attempts.failed(place("2001:db8::1"), now) == Failed::Last;
            assert_eq!(last, count == FAILURES);
        }
        let neighbour = place("2001:db8::2");
        let later = now + WINDOW / 2;
        assert_eq!(attempts.wait(neighbour, later), Some(WINDOW / 2));
        assert_eq!(attempts.wait(place("2001:db8:1::1"), now), None);
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
        assert_eq!(attempts.0.lock().unwrap().len(), PLACES + 1);
        assert!(attempts.wait(Some(IpAddr::V4(9_999.into())), now).is_some());
        assert_eq!(attempts.wait(Some(IpAddr::V4(5.into())), now), None);
    }
}
