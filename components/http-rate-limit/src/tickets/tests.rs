use core::cell::{Cell, RefCell};
use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant, SystemTime},
};

use super::*;

/// 2026-11-27T12:00:00Z.
const NOON: u64 = 1_795_780_800_000;
const TICKETS: &str = "rate-limit/api.example.com/tickets";
const TURNS: &str = "rate-limit/api.example.com/turns";

type Keys = BTreeMap<String, Vec<u8>>;

fn add_one(keys: &mut Keys, key: &str) -> u64 {
    let old = keys
        .get(key)
        .map_or("0", |value| str::from_utf8(value).unwrap());
    let new = old.parse::<u64>().unwrap() + 1;
    keys.insert(key.to_owned(), new.to_string().into_bytes());
    new
}

/// A store, and a time that passes by waiting and by using the store.
struct Fake {
    keys: RefCell<Keys>,
    now: Cell<u64>,
    /// How long each use of the store takes.
    round_trip: Cell<u64>,
    /// How long each look at the clock takes.
    look: Cell<u64>,
    /// What the next uses of the store fail with.
    failures: RefCell<Vec<StoreError>>,
    /// By how much the next waits last too long.
    oversleeps: RefCell<Vec<u64>>,
    forgets: bool,
}

impl Fake {
    fn new() -> Self {
        Self {
            keys: RefCell::default(),
            now: Cell::new(NOON),
            round_trip: Cell::new(0),
            look: Cell::new(0),
            failures: RefCell::default(),
            oversleeps: RefCell::default(),
            forgets: false,
        }
    }

    fn with(keys: &[(&str, &str)]) -> Self {
        let fake = Self::new();
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), value.as_bytes().to_vec());
        *fake.keys.borrow_mut() = keys.iter().map(owned).collect();
        fake
    }

    fn use_store(&self) -> Result<(), StoreError> {
        self.now.set(self.now.get() + self.round_trip.get());
        if self.forgets {
            self.keys.borrow_mut().clear();
        }
        self.failures.borrow_mut().pop().map_or(Ok(()), Err)
    }

    fn turns(&self) -> Turns {
        Turns::parse(&self.keys.borrow()[TURNS]).unwrap()
    }

    /// When a request may begin, after noon.
    fn take(&self, settings: &Settings) -> Result<u64, String> {
        take(self, settings, "api.example.com").map(|()| self.now.get() - NOON)
    }
}

impl World for Fake {
    fn increment(&self, key: &str) -> Result<u64, StoreError> {
        self.use_store()?;
        Ok(add_one(&mut self.keys.borrow_mut(), key))
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.use_store()?;
        Ok(self.keys.borrow().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.use_store()?;
        self.keys
            .borrow_mut()
            .insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn now(&self) -> u64 {
        let now = self.now.get();
        self.now.set(now + self.look.get());
        now
    }

    fn elapsed(&self) -> u64 {
        self.now.get() - NOON + 77_000
    }

    fn pause(&self, milliseconds: u64) {
        let more = self.oversleeps.borrow_mut().pop().unwrap_or_default();
        self.now.set(self.now.get() + milliseconds + more);
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
    let fake = Fake::new();
    let begins: Vec<u64> = (0..8).map(|_| fake.take(&settings()).unwrap()).collect();
    assert_eq!(begins, [0, 0, 0, 1_200, 1_200, 1_200, 2_400, 2_400]);
    fake.pause(700);
    assert_eq!(
        fake.take(&settings()),
        Ok(3_100),
        "one of this window is left"
    );
    assert_eq!(fake.take(&settings()), Ok(3_600), "a window after 2,400");
    assert_eq!(fake.keys.borrow().len(), 2, "and never more keys");
}

#[test]
fn each_authority_has_turns_of_its_own() {
    let fake = Fake::new();
    for authority in ["one.example.com", "[::1]:8080", &"x".repeat(300)] {
        for _ in 0..3 {
            take(&fake, &settings(), authority).unwrap();
        }
    }
    assert_eq!(fake.now.get(), NOON);
    for key in fake.keys.borrow().keys() {
        let good = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        assert!(key.chars().all(good) && key.len() <= 256, "{key}");
    }
}

#[test]
fn a_day_has_so_many() {
    let few = Settings {
        per_day: Some(2),
        ..settings()
    };
    let fake = Fake::new();
    fake.take(&few).unwrap();
    fake.take(&few).unwrap();
    let error = fake.take(&few).unwrap_err();
    assert_eq!(
        error,
        "rate-limited: All replicas together have sent 2 requests a day to api.example.com (RATE_LIMIT_REQUESTS_PER_DAY). The next day begins at 00:00 UTC, in 12 h 0 min. Until then neither trying again nor asking for less helps."
    );
    let unlimited = Settings {
        per_day: None,
        ..settings()
    };
    assert_eq!(fake.take(&unlimited), Ok(0));
    fake.now.set(NOON + DAY / 2);
    assert!(fake.take(&few).is_ok(), "a new day");
    assert_eq!(fake.turns().of_day, 1);
    fake.now.set(NOON + DAY / 2 - 50);
    assert!(fake.take(&few).is_ok());
    assert!(
        fake.take(&few).is_err(),
        "with a clock behind it is the new day's still"
    );
}

#[test]
fn nobody_waits_longer_than_he_may() {
    let slow = Settings {
        per_second: 1,
        max_wait_seconds: 5,
        tolerance_milliseconds: 0,
        ..settings()
    };
    let ahead = (NOON + 5_500).to_string();
    let fake = Fake::with(&[(TICKETS, "4"), (TURNS, &format!("4 0 0 {ahead}"))]);
    let error = fake.take(&slow).unwrap_err();
    assert_eq!(
        error,
        "rate-limited: No turn for a request to api.example.com is free within 5 s (RATE_LIMIT_MAX_WAIT_SECONDS): all replicas together send 1 request a second, and the next turn is in 7 s. Ask for less, or again later."
    );
    assert_eq!(fake.now.get(), NOON, "told at once");
    // It was served, and the turn is still free.
    fake.pause(2_000);
    assert_eq!(fake.take(&slow), Ok(6_500));

    let hour = (NOON + 3_600_000).to_string();
    let fake = Fake::with(&[(TICKETS, "4"), (TURNS, &format!("4 0 0 {hour}"))]);
    let error = fake.take(&slow).unwrap_err();
    assert!(
        error.contains("in 3601 s. So far ahead only a wrong clock"),
        "{error}"
    );
}

#[test]
fn who_went_away_is_waited_for_and_counts() {
    let fake = Fake::with(&[(TICKETS, "9"), (TURNS, "8 0 0")]);
    let begin = fake.take(&settings()).unwrap();
    assert!((2_000..2_200).contains(&begin), "{begin}");
    let turns = fake.turns();
    assert_eq!((turns.served, turns.begins.len()), (10, 2));
    // One for the other, too.
    assert_eq!(fake.take(&settings()), Ok(begin));
    assert!(fake.take(&settings()).unwrap() >= begin + 1_200);

    // The other key is lost.
    let fake = Fake::with(&[(TICKETS, "5000")]);
    let begin = fake.take(&settings()).unwrap();
    assert!((14_000..15_500).contains(&begin), "{begin}");
    assert_eq!(fake.take(&settings()), Ok(begin), "and all is well again");
}

#[test]
fn who_was_passed_over_draws_again() {
    let fake = Fake::with(&[(TICKETS, "4"), (TURNS, "7 0 0")]);
    assert_eq!(fake.take(&settings()), Ok(0));
    assert_eq!(fake.turns().served, 8);

    let fake = Fake::new();
    fake.round_trip.set(1_100);
    let error = fake.take(&settings()).unwrap_err();
    assert!(
        error.contains("within 30 s")
            && error.contains("\"default\" (RATE_LIMIT_STORE) is too slow"),
        "{error}"
    );
    assert_eq!(
        fake.keys.borrow().get(TURNS),
        None,
        "nothing is written that late"
    );
}

#[test]
fn who_begins_late_takes_another_turn() {
    let fake = Fake::new();
    fake.oversleeps.borrow_mut().extend([100, 0, 0, 0]);
    for begin in [0, 0, 0, 1_300] {
        assert_eq!(fake.take(&settings()), Ok(begin));
    }
    let fake = Fake::new();
    fake.oversleeps.borrow_mut().extend([0, 101]);
    assert!(fake.take(&settings()).unwrap() > 101);
    assert_eq!(fake.turns().of_day, 2, "the turn that went by is spent");
    // Time passes.
    let fake = Fake::new();
    fake.look.set(5);
    assert!(fake.take(&settings()).is_ok());
    // A store that is slow, but not too slow, is reckoned with.
    let fake = Fake::new();
    fake.round_trip.set(150);
    assert!(fake.take(&settings()).unwrap() < 1_500);
    assert_eq!(fake.turns().of_day, 1);
}

#[test]
fn without_a_store_nothing_is_sent() {
    let refused = |failure, times: usize| {
        let fake = Fake::new();
        fake.failures.borrow_mut().extend([failure].repeat(times));
        fake.take(&settings())
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
        refused(StoreError::Other, TRIES as usize - 1).is_ok(),
        "tried again"
    );
    let error = refused(StoreError::Other, TRIES as usize).unwrap_err();
    assert!(
        error.contains("\"default\" (RATE_LIMIT_STORE) fails") && error.contains("none is sent"),
        "{error}"
    );
}

#[test]
fn a_store_that_forgets_is_found_out() {
    let fake = Fake {
        forgets: true,
        ..Fake::new()
    };
    let error = fake.take(&settings()).unwrap_err();
    assert!(
        error.contains("\"default\" (RATE_LIMIT_STORE) forgets"),
        "{error}"
    );
}

#[test]
fn what_is_not_turns_is_told() {
    for other in ["", "1 2", "1 2 x", "1  2 3", "{}"] {
        let fake = Fake::with(&[(TURNS, other)]);
        let error = fake.take(&settings()).unwrap_err();
        assert!(
            error.contains(TURNS) && error.contains("delete the key"),
            "{error}"
        );
    }
}

/// A store that threads share, and the clocks of this machine.
struct Shared<'a> {
    keys: &'a Mutex<Keys>,
    start: Instant,
    /// By how much the clock is wrong.
    ahead: u64,
}

impl World for Shared<'_> {
    fn increment(&self, key: &str) -> Result<u64, StoreError> {
        Ok(add_one(&mut self.keys.lock().unwrap(), key))
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.keys.lock().unwrap().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.keys
            .lock()
            .unwrap()
            .insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn now(&self) -> u64 {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        now.as_millis() as u64 + self.ahead
    }

    fn elapsed(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    fn pause(&self, milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }
}

/// In no second, wherever it begins, more than so many begin, with clocks that differ by the
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
                let world = Shared { keys, start, ahead };
                for _ in 0..4 {
                    take(&world, &settings, "api.example.com").unwrap();
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
