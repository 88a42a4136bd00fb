use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use shared_store::{
    queue::{MAX_TRIES, Record as _},
    testing::{FakeHost, NOON, SharedHost},
};

use super::*;

const TICKETS: &str = "rate-limit/api.example.com/tickets";
const SCHEDULE: &str = "rate-limit/api.example.com/turns";

trait RequestTimes {
    fn schedule(&self) -> Schedule;
    /// When a request may begin, after noon.
    fn acquire(&self, settings: &Settings) -> Result<u64, String>;
}

impl RequestTimes for FakeHost {
    fn schedule(&self) -> Schedule {
        Schedule::parse(&self.keys.borrow()[SCHEDULE]).unwrap()
    }

    fn acquire(&self, settings: &Settings) -> Result<u64, String> {
        acquire(self, settings, "api.example.com").map(|()| self.now.get() - NOON)
    }
}

fn settings() -> Settings {
    Settings {
        per_second: 3,
        per_day: Some(10_000),
        max_wait_seconds: 30,
        tolerance_milliseconds: 100,
        store: "default".to_owned(),
    }
}

#[test]
fn as_many_as_a_second_has_begin_at_once_and_more_wait() {
    let fake = FakeHost::new();
    let begins: Vec<u64> = (0..8).map(|_| fake.acquire(&settings()).unwrap()).collect();
    assert_eq!(begins, [0, 0, 0, 1_200, 1_200, 1_200, 2_400, 2_400]);
    fake.sleep(700);
    assert_eq!(
        fake.acquire(&settings()),
        Ok(3_100),
        "one of this window is left"
    );
    assert_eq!(fake.acquire(&settings()), Ok(3_600), "a window after 2,400");
    assert_eq!(fake.keys.borrow().len(), 2, "and never more keys");
}

#[test]
fn each_authority_has_its_own_limit() {
    let fake = FakeHost::new();
    for authority in ["one.example.com", "[::1]:8080", &"x".repeat(300)] {
        for _ in 0..3 {
            acquire(&fake, &settings(), authority).unwrap();
        }
    }
    assert_eq!(fake.now.get(), NOON);
    for key in fake.keys.borrow().keys() {
        let good = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        assert!(key.chars().all(good) && key.len() <= 256, "{key}");
    }
}

#[test]
fn the_requests_of_a_day_are_limited() {
    let few = Settings {
        per_day: Some(2),
        ..settings()
    };
    let fake = FakeHost::new();
    fake.acquire(&few).unwrap();
    fake.acquire(&few).unwrap();
    let error = fake.acquire(&few).unwrap_err();
    assert_eq!(
        error,
        "rate-limited: All replicas together have sent 2 requests a day to api.example.com (RATE_LIMIT_REQUESTS_PER_DAY). The next day begins at 00:00 UTC, in 12 h 0 min. Until then neither trying again nor asking for less helps."
    );
    let unlimited = Settings {
        per_day: None,
        ..settings()
    };
    assert_eq!(fake.acquire(&unlimited), Ok(0));
    fake.now.set(NOON + DAY / 2);
    assert!(fake.acquire(&few).is_ok(), "a new day");
    assert_eq!(fake.schedule().day_count, 1);
    fake.now.set(NOON + DAY / 2 - 50);
    assert!(fake.acquire(&few).is_ok());
    assert!(
        fake.acquire(&few).is_err(),
        "with a clock behind it is the new day's still"
    );
}

#[test]
fn no_request_waits_too_long() {
    let slow = Settings {
        per_second: 1,
        max_wait_seconds: 5,
        tolerance_milliseconds: 0,
        ..settings()
    };
    let ahead = (NOON + 5_500).to_string();
    let fake = FakeHost::with(&[(TICKETS, "4"), (SCHEDULE, &format!("4 0 0 {ahead}"))]);
    let error = fake.acquire(&slow).unwrap_err();
    assert_eq!(
        error,
        "rate-limited: No turn for a request to api.example.com is free within 5 s (RATE_LIMIT_MAX_WAIT_SECONDS): all replicas together send 1 request a second, and the next turn is in 7 s. Ask for less, or again later."
    );
    assert_eq!(fake.now.get(), NOON, "the error comes at once");
    // The ticket was served, and the slot is still free.
    fake.sleep(2_000);
    assert_eq!(fake.acquire(&slow), Ok(6_500));

    let hour = (NOON + 3_600_000).to_string();
    let fake = FakeHost::with(&[(TICKETS, "4"), (SCHEDULE, &format!("4 0 0 {hour}"))]);
    let error = fake.acquire(&slow).unwrap_err();
    assert!(
        error.contains("in 3601 s. So far ahead only a wrong clock"),
        "{error}"
    );
}

#[test]
fn a_holder_that_vanished_is_waited_for_and_counted() {
    let fake = FakeHost::with(&[(TICKETS, "9"), (SCHEDULE, "8 0 0")]);
    let begin = fake.acquire(&settings()).unwrap();
    assert!((2_000..2_200).contains(&begin), "{begin}");
    let schedule = fake.schedule();
    assert_eq!((schedule.served, schedule.begins.len()), (10, 2));
    // The other holder counts as well.
    assert_eq!(fake.acquire(&settings()), Ok(begin));
    assert!(fake.acquire(&settings()).unwrap() >= begin + 1_200);

    // The schedule is lost.
    let fake = FakeHost::with(&[(TICKETS, "5000")]);
    let begin = fake.acquire(&settings()).unwrap();
    assert!((14_500..16_000).contains(&begin), "{begin}");
    assert_eq!(
        fake.acquire(&settings()),
        Ok(begin),
        "and all is well again"
    );
}

#[test]
fn a_skipped_request_draws_again() {
    let fake = FakeHost::with(&[(TICKETS, "4"), (SCHEDULE, "7 0 0")]);
    assert_eq!(fake.acquire(&settings()), Ok(0));
    assert_eq!(fake.schedule().served, 8);

    let fake = FakeHost::new();
    fake.round_trip.set(1_100);
    let error = fake.acquire(&settings()).unwrap_err();
    assert!(
        error.contains("within 30 s")
            && error.contains("\"default\" (RATE_LIMIT_STORE) is too slow"),
        "{error}"
    );
    assert_eq!(
        fake.keys.borrow().get(SCHEDULE),
        None,
        "nothing is written that late"
    );
}

#[test]
fn a_request_that_would_begin_late_draws_again() {
    let fake = FakeHost::new();
    fake.oversleeps.borrow_mut().extend([100, 0, 0, 0]);
    for begin in [0, 0, 0, 1_300] {
        assert_eq!(fake.acquire(&settings()), Ok(begin));
    }
    let fake = FakeHost::new();
    fake.oversleeps.borrow_mut().extend([0, 101]);
    assert!(fake.acquire(&settings()).unwrap() > 101);
    assert_eq!(fake.schedule().day_count, 2, "the missed slot is spent");
    // Time passes.
    let fake = FakeHost::new();
    fake.clock_read.set(5);
    assert!(fake.acquire(&settings()).is_ok());
    // The time that the store takes is allowed for.
    let fake = FakeHost::new();
    fake.round_trip.set(150);
    assert!(fake.acquire(&settings()).unwrap() < 1_500);
    assert_eq!(fake.schedule().day_count, 1);
}

#[test]
fn without_a_store_nothing_is_sent() {
    let refused = |failure, times: usize| {
        let fake = FakeHost::new();
        fake.failures.borrow_mut().extend([failure].repeat(times));
        fake.acquire(&settings())
    };
    let error = refused(StoreError::NoSuchStore, 1).unwrap_err();
    assert_eq!(
        error,
        "The host has no key-value store \"default\", so nobody keeps the limit on requests to api.example.com, and none is sent. Set RATE_LIMIT_STORE to one that it has, such as default."
    );
    let error = refused(StoreError::AccessDenied, 1).unwrap_err();
    assert!(
        error.contains("does not let") && error.contains("\"default\" (RATE_LIMIT_STORE)"),
        "{error}"
    );
    assert!(
        refused(StoreError::Other, MAX_TRIES as usize - 1).is_ok(),
        "tried again"
    );
    let error = refused(StoreError::Other, MAX_TRIES as usize).unwrap_err();
    assert!(
        error.contains("\"default\" (RATE_LIMIT_STORE) fails") && error.contains("none is sent"),
        "{error}"
    );
}

#[test]
fn a_store_that_forgets_is_noticed() {
    let fake = FakeHost {
        forgets: true,
        ..FakeHost::new()
    };
    let error = fake.acquire(&settings()).unwrap_err();
    assert!(
        error.contains("\"default\" (RATE_LIMIT_STORE) forgets"),
        "{error}"
    );
}

#[test]
fn a_value_that_is_no_schedule_is_an_error() {
    for other in ["", "1 2", "1 2 x", "1  2 3", "{}"] {
        let fake = FakeHost::with(&[(SCHEDULE, other)]);
        let error = fake.acquire(&settings()).unwrap_err();
        assert!(
            error.contains(SCHEDULE) && error.contains("delete the key"),
            "{error}"
        );
    }
}

/// No second, wherever it begins, has more requests than the limit, with clocks that differ by the
/// tolerance.
#[test]
fn many_replicas_keep_one_limit() {
    let limit = 10;
    let keys = Mutex::default();
    let begun = Mutex::new(Vec::new());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for replica in 0..8 {
            let (keys, begun) = (&keys, &begun);
            let settings = Settings {
                per_second: limit,
                ..settings()
            };
            scope.spawn(move || {
                let ahead = replica % 2 * 100;
                let host = SharedHost { keys, start, ahead };
                for _ in 0..4 {
                    acquire(&host, &settings, "api.example.com").unwrap();
                    begun.lock().unwrap().push(start.elapsed());
                }
            });
        }
    });
    let mut begun = begun.into_inner().unwrap();
    begun.sort();
    assert_eq!(begun.len(), 32);
    for (first, last) in begun.iter().zip(&begun[limit..]) {
        assert!(*last - *first >= Duration::from_secs(1), "{begun:?}");
    }
}
