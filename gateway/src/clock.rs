//! The time, as far as the wall clock can be trusted.
//!
//! A wall clock jumps: a wrong battery clock at boot, a wrong time server, a hand that sets it. What
//! deletes the audit and what ends a session must not follow such a jump at once. So the gateway
//! goes by the monotonic clock, and compares it with the wall clock regularly:
//!
//! - While both agree within [`TOLERANCE`], the wall clock is followed.
//! - After a jump the time goes on as if there had been none. When the wall clock is right again,
//!   it is followed again.
//! - A jump that has stayed for [`SETTLE`] is taken for the truth. Whoever runs the gateway has had
//!   that long to correct the clock, and the log says so from the beginning.
//!
//! The state file keeps the last trusted time, so that a restart does not make a jump true. A
//! gateway that was down for longer than [`DOWNTIME`] begins as after a jump.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Differences between the clocks that are followed at once: those of leap seconds and of a time
/// server's corrections.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// How long a jump must have stayed until it is the truth.
pub const SETTLE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a gateway may have been down without that looking like a jump.
pub const DOWNTIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What a comparison of the clocks has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// They agree, or disagree as before.
    Unchanged,
    /// The wall clock has jumped by this much, and is not followed.
    Jumped(SignedDuration),
    /// The wall clock is right again.
    Returned,
    /// The jump has stayed so long that it is the truth now. The trusted time has changed by this
    /// much at once.
    Accepted(SignedDuration),
}

/// A clock that does not jump.
pub struct SteadyClock {
    wall: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// The monotonic time since the start.
    elapsed: Box<dyn Fn() -> Duration + Send + Sync>,
    state: Mutex<State>,
}

impl fmt::Debug for SteadyClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SteadyClock").field(&*self.lock()).finish()
    }
}

impl SteadyClock {
    /// Begins at the present wall time, or soon after `last`, the last trusted time of the gateway
    /// before.
    #[must_use]
    pub fn start(last: Option<Timestamp>) -> Self {
        let start = Instant::now();
        Self::of(Timestamp::now, move || start.elapsed(), last)
    }

    /// A clock of these two: the wall clock, and the monotonic time since the start.
    pub fn of(
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        elapsed: impl Fn() -> Duration + Send + Sync + 'static,
        last: Option<Timestamp>,
    ) -> Self {
        Self {
            state: Mutex::new(State::new(wall(), last)),
            wall: Box::new(wall),
            elapsed: Box::new(elapsed),
        }
    }

    /// The trusted time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.lock().now((self.elapsed)())
    }

    /// The earlier one of the trusted time and the wall clock's: what is older than a length of
    /// time by this is so by both.
    #[must_use]
    pub fn earliest(&self) -> Timestamp {
        self.now().min((self.wall)())
    }

    /// Compares the clocks. Call this regularly, much more often than [`TOLERANCE`].
    pub fn observe(&self) -> Observed {
        self.lock().observe((self.wall)(), (self.elapsed)())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct State {
    /// The trusted time at `at` of the monotonic clock.
    anchor: Timestamp,
    at: Duration,
    /// How far the wall clock is ahead, and since when, when it is not followed.
    jump: Option<(SignedDuration, Duration)>,
}

impl State {
    fn new(wall: Timestamp, last: Option<Timestamp>) -> Self {
        let anchor = last.filter(|last| {
            let down = wall.duration_since(*last);
            down > signed(DOWNTIME) || down < -signed(TOLERANCE)
        });
        Self {
            anchor: anchor.unwrap_or(wall),
            at: Duration::ZERO,
            jump: None,
        }
    }

    fn now(&self, elapsed: Duration) -> Timestamp {
        let since = elapsed.saturating_sub(self.at);
        self.anchor.checked_add(since).unwrap_or(Timestamp::MAX)
    }

    fn observe(&mut self, wall: Timestamp, elapsed: Duration) -> Observed {
        let ahead = wall.duration_since(self.now(elapsed));
        if ahead.abs() <= signed(TOLERANCE) {
            self.follow(wall, elapsed);
            return match self.jump.take() {
                Some(_) => Observed::Returned,
                None => Observed::Unchanged,
            };
        }
        match self.jump {
            Some((before, since)) if (ahead - before).abs() <= signed(TOLERANCE) => {
                if elapsed.saturating_sub(since) < SETTLE {
                    return Observed::Unchanged;
                }
                self.follow(wall, elapsed);
                self.jump = None;
                Observed::Accepted(ahead)
            }
            _ => {
                self.jump = Some((ahead, elapsed));
                Observed::Jumped(ahead)
            }
        }
    }

    fn follow(&mut self, wall: Timestamp, elapsed: Duration) {
        self.anchor = wall;
        self.at = elapsed;
    }
}

fn signed(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const YEARS: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

    fn noon() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_clock_that_is_right_is_followed() {
        let mut state = State::new(noon(), Some(noon() - HOUR));
        // A time server slows it down by a second each hour.
        for hour in 1..=100 {
            let wall = noon() + (HOUR - Duration::from_secs(1)) * hour;
            assert_eq!(state.observe(wall, HOUR * hour), Observed::Unchanged);
            assert_eq!(state.now(HOUR * hour), wall);
        }
    }

    #[test]
    fn a_jump_that_is_taken_back_never_counts() {
        for jump in [YEARS, -YEARS, SignedDuration::from_mins(6)] {
            let mut state = State::new(noon(), None);
            let jumped = state.observe(noon() + HOUR + jump, HOUR);
            assert_eq!(jumped, Observed::Jumped(jump));
            assert_eq!(state.now(HOUR), noon() + HOUR);
            let again = state.observe(noon() + 3 * HOUR + jump, 3 * HOUR);
            assert_eq!(again, Observed::Unchanged);
            assert_eq!(state.now(3 * HOUR), noon() + 3 * HOUR);
            let right = state.observe(noon() + 4 * HOUR, 4 * HOUR);
            assert_eq!(right, Observed::Returned);
            assert_eq!(state.now(4 * HOUR), noon() + 4 * HOUR);
        }
    }

    #[test]
    fn a_jump_that_stays_for_a_day_is_the_truth() {
        let mut state = State::new(noon(), None);
        state.observe(noon() + HOUR + YEARS, HOUR);
        assert_eq!(
            state.observe(noon() + 24 * HOUR + YEARS, 24 * HOUR),
            Observed::Unchanged
        );
        let accepted = state.observe(noon() + 25 * HOUR + YEARS, 25 * HOUR);
        assert_eq!(accepted, Observed::Accepted(YEARS));
        assert_eq!(state.now(25 * HOUR), noon() + 25 * HOUR + YEARS);
    }

    /// A clock that is thrown about proves nothing by it.
    #[test]
    fn another_jump_begins_the_day_anew() {
        let mut state = State::new(noon(), None);
        state.observe(noon() + HOUR + YEARS, HOUR);
        let other = state.observe(noon() + 20 * HOUR - YEARS, 20 * HOUR);
        assert_eq!(other, Observed::Jumped(-YEARS));
        let still = state.observe(noon() + 30 * HOUR - YEARS, 30 * HOUR);
        assert_eq!(still, Observed::Unchanged);
        assert_eq!(state.now(30 * HOUR), noon() + 30 * HOUR);
    }

    #[test]
    fn a_restart_makes_no_jump_true() {
        let mut state = State::new(noon() + YEARS, Some(noon()));
        assert_eq!(state.now(Duration::ZERO), noon());
        let jumped = state.observe(noon() + YEARS, Duration::ZERO);
        assert_eq!(jumped, Observed::Jumped(YEARS));
        // Set back while it was down.
        let state = State::new(noon() - HOUR, Some(noon()));
        assert_eq!(state.now(HOUR), noon() + HOUR);
        // A night without the gateway is none.
        let state = State::new(noon() + 8 * HOUR, Some(noon()));
        assert_eq!(state.now(Duration::ZERO), noon() + 8 * HOUR);
    }
}
