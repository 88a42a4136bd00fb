//! Taking turns.
//!
//! The store has two keys for each authority that is asked, and never more:
//!
//! - `rate-limit/AUTHORITY/tickets`, a counter. Whoever wants to send a request draws the next number
//!   from it (`atomics.increment`, the one thing that must be atomic).
//! - `rate-limit/AUTHORITY/turns`, what was given out so far: the number of the last ticket served, the
//!   day and its count, and when the last requests begin. The holder of the next ticket alone may
//!   write it: he adds when his request begins, and only then waits for that moment, so that the
//!   next is served at once.
//!
//! A record that comes late from a replica of the store shows a smaller number and is read again;
//! reads need not be the newest. A request begins no sooner than a second and twice the tolerance
//! after the one that is `RATE_LIMIT_REQUESTS_PER_SECOND` before it. So no second, wherever it
//! begins, has more, as long as the replicas' clocks differ by no more than the tolerance: once for
//! the clocks, once for beginning late. What is later than that gives its turn away and takes
//! another.
//!
//! A holder who goes away between his two steps (his instance was ended) is waited for
//! [`PATIENCE`] by the next in line, who then counts him as one who began just now; a holder who
//! took more than half of that does not write any more, and draws again.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::settings::{MAX_WAIT_SECONDS, Settings, requests};

/// The store, the clocks, and waiting. Times are in milliseconds.
pub trait World {
    /// Adds one to a counter, and gives the new value. One that is not there counts as 0.
    ///
    /// # Errors
    ///
    /// The store's.
    fn increment(&self, key: &str) -> Result<u64, StoreError>;
    /// What a key holds, read by a new connection: some hosts keep what an old one has read.
    ///
    /// # Errors
    ///
    /// The store's.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Lets a key hold something else.
    ///
    /// # Errors
    ///
    /// The store's.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Since 1970, by the clock that replicas share.
    fn now(&self) -> u64;
    /// By a clock that only goes forward.
    fn elapsed(&self) -> u64;
    /// Waits.
    fn pause(&self, milliseconds: u64);
}

/// Why the store did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The host has none of that name.
    NoSuchStore,
    /// The host does not let this component use it.
    AccessDenied,
    /// All else; the host's own words are for its log.
    Other,
}

/// How long the next in line waits for one who does not serve himself.
const PATIENCE: u64 = 2_000;
/// How often an operation is tried that fails for a reason of the store's own: where a counter is
/// a compare-and-swap (NATS), the loser of a race is told an error.
const TRIES: u32 = 8;
const SECOND: u64 = 1_000;
const DAY: u64 = 24 * 60 * 60 * SECOND;
/// How refusals begin that are due to the limits, so that whoever sends the request can tell.
pub const RATE_LIMITED: &str = "rate-limited: ";
/// Of an authority's name, in a key. Stores have keys of 256 bytes and more.
const NAME: usize = 200;

/// Waits until a request to the authority may begin.
///
/// # Errors
///
/// It may not: there is no turn within the time that it may wait, the day's are spent, or the store
/// does not do what it must. The text says which, and what to do.
pub fn take(world: &impl World, settings: &Settings, authority: &str) -> Result<(), String> {
    let name = key_name(authority);
    let line = Line {
        world,
        settings,
        authority,
        tickets: format!("rate-limit/{name}/tickets"),
        turns: format!("rate-limit/{name}/turns"),
        until: world.elapsed() + settings.max_wait_seconds * SECOND,
    };
    let mut lead = 0;
    loop {
        let Some(begin) = line.turn(&mut lead)? else {
            line.still_time()?;
            continue;
        };
        world.pause(begin.saturating_sub(world.now()));
        let late = world.now().saturating_sub(begin);
        if late <= settings.tolerance_milliseconds {
            return Ok(());
        }
        lead = 2 * late;
        line.still_time()?;
    }
}

/// Characters that all stores take in keys.
fn key_name(authority: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') => c,
        _ => '_',
    };
    let name: Vec<char> = authority.chars().map(plain).collect();
    name[name.len().saturating_sub(NAME)..].iter().collect()
}

/// One request, in line for its turn.
struct Line<'a, W> {
    world: &'a W,
    settings: &'a Settings,
    authority: &'a str,
    tickets: String,
    turns: String,
    /// Until when it may wait, by [`World::elapsed`].
    until: u64,
}

impl<W: World> Line<'_, W> {
    /// Draws a ticket, waits until it is served, and gives when the request may begin, `lead` from
    /// now or later. None if the turn went by.
    fn turn(&self, lead: &mut u64) -> Result<Option<u64>, String> {
        // From here on it may be this one's turn.
        let mut since = self.world.elapsed();
        let ticket = self.again(|| self.world.increment(&self.tickets))?;
        let mut seen = None;
        let mut progress = since;
        let mut pause = 5;
        let (mut turns, missing) = loop {
            let before = self.world.elapsed();
            let turns = self.read()?;
            let after = self.world.elapsed();
            // Writing takes about as long as reading.
            *lead = (*lead).max(2 * (after - before));
            if turns.served >= ticket {
                return Ok(None);
            }
            let missing = ticket - 1 - turns.served;
            if missing == 0 {
                break (turns, 0);
            }
            if seen != Some(turns.served) {
                seen = Some(turns.served);
                progress = after;
                pause = 5;
            }
            // With the counter far ahead, as when the other key was lost, not for each who is missing.
            let most = (self.settings.max_wait_seconds / 4).max(1);
            if after - progress >= PATIENCE * missing.min(most) {
                since = before;
                break (turns, missing);
            }
            self.still_time()?;
            since = before;
            self.world.pause(pause);
            pause = (2 * pause).min(100);
        };

        turns.served = ticket;
        let now = self.world.now();
        let limit = self.settings.per_second;
        for _ in 0..missing.min(limit as u64) {
            turns.begin(now, limit);
        }
        let given = self.give(&turns, now + *lead);
        if let Ok(begin) = given {
            turns.count(begin);
            turns.begin(begin, limit);
        }
        let record = turns.to_string();
        let served = self.again(|| {
            // Later somebody else may have served himself.
            if self.world.elapsed() - since > PATIENCE / 2 {
                return Ok(false);
            }
            self.world.set(&self.turns, record.as_bytes())?;
            Ok(true)
        })?;
        if !served {
            return Ok(None);
        }
        // The first ever, or the store forgets; or two were told that they are the first.
        if ticket == 1 {
            let there = self.read()?;
            if there.served == 0 {
                return Err(self.forgets());
            }
            if there != turns {
                return Ok(None);
            }
        }
        given.map(Some)
    }

    /// When the request may begin, `soonest` or later.
    fn give(&self, turns: &Turns, soonest: u64) -> Result<u64, String> {
        let Settings {
            per_second,
            per_day,
            max_wait_seconds,
            tolerance_milliseconds,
            ..
        } = *self.settings;
        let window = SECOND + 2 * tolerance_milliseconds;
        let begin = turns.free(per_second, window).max(soonest);
        let wait = begin.saturating_sub(self.world.now());
        if wait > self.until.saturating_sub(self.world.elapsed()) {
            // Nobody may give out turns that far ahead.
            let clocks = if wait > MAX_WAIT_SECONDS.end() * SECOND + window {
                " So far ahead only a wrong clock gives turns: compare those of the replicas."
            } else {
                ""
            };
            return Err(format!(
                "{RATE_LIMITED}No turn for a request to {} is free within {max_wait_seconds} s (RATE_LIMIT_MAX_WAIT_SECONDS): all replicas together send {}, and the next turn is in {} s.{clocks} Ask for less, or again later.",
                self.authority,
                requests(per_second as u64, "second"),
                wait.div_ceil(SECOND),
            ));
        }
        if per_day.is_some_and(|most| turns.counted(begin) >= most) {
            let minutes = (DAY - begin % DAY).div_ceil(60 * SECOND);
            return Err(format!(
                "{RATE_LIMITED}All replicas together have sent {} to {} (RATE_LIMIT_REQUESTS_PER_DAY). The next day begins at 00:00 UTC, in {} h {} min. Until then neither trying again nor asking for less helps.",
                requests(per_day.unwrap_or_default(), "day"),
                self.authority,
                minutes / 60,
                minutes % 60,
            ));
        }
        Ok(begin)
    }

    fn still_time(&self) -> Result<(), String> {
        if self.world.elapsed() < self.until {
            return Ok(());
        }
        Err(format!(
            "{RATE_LIMITED}No turn for a request to {} came within {} s (RATE_LIMIT_MAX_WAIT_SECONDS): the host or the key-value store {:?} (RATE_LIMIT_STORE) is too slow. Try again.",
            self.authority, self.settings.max_wait_seconds, self.settings.store
        ))
    }

    fn read(&self) -> Result<Turns, String> {
        match self.again(|| self.world.get(&self.turns))? {
            None => Ok(Turns::default()),
            Some(bytes) => Turns::parse(&bytes).ok_or_else(|| {
                format!(
                    "The key {:?} of the key-value store {:?} (RATE_LIMIT_STORE) holds something else than turns. Name a store of its own in RATE_LIMIT_STORE, or delete the key.",
                    self.turns, self.settings.store
                )
            }),
        }
    }

    /// Does it, again if the store fails.
    fn again<T>(&self, mut operation: impl FnMut() -> Result<T, StoreError>) -> Result<T, String> {
        let mut tries = 1;
        loop {
            match operation() {
                Ok(done) => return Ok(done),
                Err(StoreError::Other) if tries < TRIES && self.world.elapsed() < self.until => {
                    // Not all at the same moment.
                    let pause = 5 << tries;
                    self.world.pause(pause / 2 + self.world.elapsed() % pause);
                    tries += 1;
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn failed(&self, error: StoreError) -> String {
        let Self {
            settings: Settings { store, .. },
            authority,
            ..
        } = self;
        let consequence =
            format!("nobody keeps the limit on requests to {authority}, and none is sent");
        match error {
            StoreError::NoSuchStore => format!(
                "The host has no key-value store {store:?}, so {consequence}. Set RATE_LIMIT_STORE to one that it has, such as default."
            ),
            StoreError::AccessDenied => format!(
                "The host does not let this component use the key-value store {store:?} (RATE_LIMIT_STORE), so {consequence}. Allow it in the host's manifest, such as key_value_stores = [\"default\"] for Spin."
            ),
            StoreError::Other => format!(
                "The key-value store {store:?} (RATE_LIMIT_STORE) fails, so {consequence}. The host's log says why; see that the store runs and can be reached, and try again."
            ),
        }
    }

    fn forgets(&self) -> String {
        format!(
            "The key-value store {:?} (RATE_LIMIT_STORE) forgets what was written as soon as it is opened again, as wasmtime's own does, so nobody keeps the limit on requests to {}, and none is sent. Use a host whose store is shared, such as one in Redis.",
            self.settings.store, self.authority
        )
    }
}

/// What was given out so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Turns {
    /// The last ticket served.
    served: u64,
    /// The day, since 1970.
    day: u64,
    /// How many of that day were given out.
    of_day: u64,
    /// When the last requests begin, in milliseconds since 1970, the earliest first.
    begins: Vec<u64>,
}

impl Turns {
    /// Numbers, separated by blanks.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?;
        let numbers = text.split(' ').map(|word| word.parse().ok());
        let [served, day, of_day, begins @ ..] = &numbers.collect::<Option<Vec<u64>>>()?[..] else {
            return None;
        };
        Some(Self {
            served: *served,
            day: *day,
            of_day: *of_day,
            begins: begins.to_vec(),
        })
    }

    /// From when on one more may begin.
    fn free(&self, limit: usize, window: u64) -> u64 {
        let last = self.begins.last().copied().unwrap_or_default();
        let before = self.begins.len().checked_sub(limit);
        let first = before.map(|index| self.begins[index]);
        first.map_or(last, |first| last.max(first + window))
    }

    /// One more begins.
    fn begin(&mut self, at: u64, limit: usize) {
        let last = self.begins.last().copied().unwrap_or_default();
        self.begins.push(at.max(last));
        let more = self.begins.len().saturating_sub(limit);
        self.begins.drain(..more);
    }

    /// How many were given out of the day of that moment, or of a later one if there is: clocks
    /// differ.
    fn counted(&self, at: u64) -> u64 {
        if at / DAY > self.day { 0 } else { self.of_day }
    }

    /// One more of the day of that moment.
    fn count(&mut self, at: u64) {
        self.of_day = self.counted(at) + 1;
        self.day = self.day.max(at / DAY);
    }
}

impl core::fmt::Display for Turns {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} {} {}", self.served, self.day, self.of_day)?;
        self.begins.iter().try_for_each(|at| write!(f, " {at}"))
    }
}

#[cfg(test)]
mod tests;
