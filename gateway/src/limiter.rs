//! Gong's limits, which are the company's: one limiter for all of a tenant's users and calls.
//!
//! Gong takes 3 requests a second and 10,000 a day from a company, whoever asks
//! (<https://help.gong.io/docs/what-the-gong-api-provides>); beyond, it answers 429 with
//! `Retry-After`. The limiter keeps below that:
//!
//! - In any [`SPAN`] leave at most so many requests as Gong takes in a second. The span is a
//!   tenth longer than the second, as requests that leave evenly may arrive unevenly.
//! - Users take turns: who has 50 requests in line delays another's first by one turn.
//! - The day's requests are taken from the [`Ledger`] in blocks, before they are used: a crash
//!   may lose the rest of a block, and can not spend one twice. When Gong's day begins is not
//!   documented; the UTC day is counted, and what Gong says by `Retry-After` goes above it.
//! - Nobody waits in vain: a request whose turn can not come before its call's deadline is
//!   refused at once, with the time after which it would be served.

mod window;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use sandbox::Refused;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};
use window::Window;

use crate::line::{self, Line, TELL};

/// The time in which at most a second's number of requests leave.
pub const SPAN: Duration = Duration::from_millis(1100);

/// Requests that are taken from the day's at once. At full speed, one write in 17 s.
const BLOCK: u32 = 50;

/// The pause after a 429 that names none.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause that Gong is believed to want.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// How many requests may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// In a second.
    pub per_second: u32,
    /// In a UTC day.
    pub per_day: u32,
}

/// What the limiter must remember across restarts. The methods block; each has committed when
/// it returns.
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Takes up to `at_most` requests out of the day's `per_day`.
    ///
    /// # Errors
    ///
    /// It can not be written down.
    fn lease(&self, day: Date, at_most: u32, per_day: u32) -> anyhow::Result<Lease>;

    /// Puts requests back that were not sent.
    ///
    /// # Errors
    ///
    /// It can not be written down.
    fn give_back(&self, day: Date, unspent: u32) -> anyhow::Result<()>;

    /// How many of the day's requests are taken.
    ///
    /// # Errors
    ///
    /// It can not be read.
    fn taken(&self, day: Date) -> anyhow::Result<u32>;

    /// Remembers that Gong wants no request before; a later time that it knows stays.
    ///
    /// # Errors
    ///
    /// It can not be written down.
    fn close_until(&self, until: Timestamp) -> anyhow::Result<()>;

    /// Until when Gong wants no request.
    ///
    /// # Errors
    ///
    /// It can not be read.
    fn closed_until(&self) -> anyhow::Result<Option<Timestamp>>;
}

/// What was taken out of the day's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// How many may be sent. 0 when the day's are used up.
    pub granted: u32,
    /// How many of the day's are taken now, these included.
    pub taken: u32,
}

/// A request's wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How many requests leave before it.
    pub ahead: usize,
    /// For how long, if nobody else comes.
    pub time: Duration,
    /// What it waits for.
    pub why: Why,
}

/// What holds requests up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The number that Gong takes in a second.
    Rate,
    /// Gong said that it wants none for a time.
    RetryAfter,
    /// The day's are used up.
    Day,
}

/// How things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests in line.
    pub waiting: usize,
    /// Requests that may be sent today.
    pub left_today: u32,
    /// Of how many.
    pub per_day: u32,
    /// For how long Gong wants no request.
    pub closed_for: Option<Duration>,
}

/// The limiter of one tenant.
#[derive(Debug)]
pub struct TenantLimiter {
    ledger: Arc<dyn Ledger>,
    clock: fn() -> Timestamp,
    state: Mutex<State>,
    /// Something changed that the one who lets requests out should look at.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    rules: Rules,
    window: Window,
    day: Day,
    line: Line<Waiter>,
    next_id: u64,
    /// Whether a task is at work that lets requests out.
    driven: bool,
    closed: bool,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    deadline: Instant,
    turn: oneshot::Sender<Result<Turn, Refused>>,
}

/// Leave to send one request.
#[derive(Clone, Copy, Debug)]
struct Turn {
    at: Instant,
    /// Out of which day's requests.
    day: i64,
}

/// One day's requests.
#[derive(Debug)]
struct Day {
    /// Days since 1970.
    number: i64,
    /// Taken from the ledger and not sent.
    in_hand: u32,
    /// Taken from the ledger, by this process or another.
    taken: u32,
    /// The ledger has no more.
    used_up: bool,
}

/// What the task that lets requests out does next.
enum Step {
    Rest,
    WaitUntil(Instant),
    Lease { day: i64, per_day: u32 },
}

impl TenantLimiter {
    /// Takes up what the ledger remembers. After a crash nobody knows what has just been sent:
    /// the first requests wait as if it had been as much as may be.
    ///
    /// # Errors
    ///
    /// The ledger can not be read.
    pub fn open(
        rules: Rules,
        ledger: Arc<dyn Ledger>,
        after_crash: bool,
        clock: fn() -> Timestamp,
    ) -> anyhow::Result<Arc<Self>> {
        let now = Instant::now();
        let mut window = Window::new(rules.per_second, SPAN);
        if after_crash {
            window.fill(now);
        }
        if let Some(until) = ledger.closed_until()? {
            let time = until.duration_since(clock());
            if let Ok(time) = Duration::try_from(time) {
                window.close_until(now + time.min(LONGEST_PAUSE));
            }
        }
        let number = day_number(clock());
        let day = Day {
            taken: ledger.taken(date(number))?,
            ..Day::new(number)
        };
        Ok(Arc::new(Self {
            ledger,
            clock,
            state: Mutex::new(State {
                rules,
                window,
                day,
                line: Line::new(),
                next_id: 0,
                driven: false,
                closed: false,
            }),
            changed: Notify::new(),
        }))
    }

    /// Waits for a request's turn. While it waits, `waiting` hears now and then for how long
    /// still. Dropping the future leaves the line.
    ///
    /// # Errors
    ///
    /// The turn can not come before `deadline`.
    pub async fn admit(
        self: &Arc<Self>,
        user: &Arc<str>,
        deadline: Instant,
        mut waiting: impl FnMut(Wait),
    ) -> Result<(), Refused> {
        let mut place = {
            let mut state = self.lock();
            let now = Instant::now();
            if state.closed {
                return Err(closing());
            }
            if state.at_once(now, day_number((self.clock)())) {
                return Ok(());
            }
            let (turn, receiver) = oneshot::channel();
            let id = state.next_id;
            state.next_id += 1;
            state.line.push(user, Waiter { id, deadline, turn });
            self.refuse_hopeless(&mut state, now);
            self.drive(&mut state);
            Place {
                limiter: self,
                id,
                turn: receiver,
            }
        };
        let id = place.id;
        let turn = line::turn(&mut place.turn, || {
            // What is over within the interval is not worth a word.
            if let Some(wait) = self.wait(id)
                && (wait.time >= TELL || wait.ahead > 0)
            {
                waiting(wait);
            }
        });
        turn.await.unwrap_or_else(|_| Err(closing())).map(|_| ())
    }

    /// Hears Gong's answer: after a 429 (or a 503 that says for how long) nobody's request
    /// leaves until the time that Gong names.
    pub fn answered(self: &Arc<Self>, status: Option<StatusCode>, retry_after: Option<Duration>) {
        let pause = match (status, retry_after) {
            (Some(StatusCode::TOO_MANY_REQUESTS), pause) => pause.unwrap_or(PAUSE),
            (Some(StatusCode::SERVICE_UNAVAILABLE), Some(pause)) => pause,
            _ => return,
        };
        let pause = pause.min(LONGEST_PAUSE);
        let now = Instant::now();
        let mut state = self.lock();
        if state.window.closed_until(now) >= Some(now + pause) {
            return;
        }
        state.window.close_until(now + pause);
        self.refuse_hopeless(&mut state, now);
        drop(state);
        self.changed.notify_one();
        let ledger = Arc::clone(&self.ledger);
        let until = (self.clock)() + pause;
        tokio::task::spawn_blocking(move || {
            if let Err(error) = ledger.close_until(until) {
                tracing::error!("Gong's Retry-After can not be written down: {error:#}");
            }
        });
    }

    /// Other limits from now on.
    pub fn set(&self, rules: Rules) {
        let mut state = self.lock();
        state.day.used_up &= rules.per_day <= state.rules.per_day;
        state.rules = rules;
        state.window.set(rules.per_second);
        drop(state);
        self.changed.notify_one();
    }

    /// How things stand.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let state = self.lock();
        let now = Instant::now();
        let today = day_number((self.clock)());
        let sent = if state.day.number == today {
            state.day.taken.saturating_sub(state.day.in_hand)
        } else {
            0
        };
        Standing {
            waiting: state.line.len(),
            left_today: state.rules.per_day.saturating_sub(sent),
            per_day: state.rules.per_day,
            closed_for: state.window.closed_until(now).map(|until| until - now),
        }
    }

    /// Lets no more requests out, puts the unspent ones back, and returns when the last one
    /// has left the window: whoever starts anew can begin at once.
    ///
    /// # Errors
    ///
    /// The ledger can not be written.
    pub async fn close(&self) -> anyhow::Result<()> {
        let (clear_at, day, unspent) = {
            let mut state = self.lock();
            state.closed = true;
            for waiter in state.line.remove(|_| true) {
                let _ = waiter.turn.send(Err(closing()));
            }
            let unspent = std::mem::take(&mut state.day.in_hand);
            state.day.taken = state.day.taken.saturating_sub(unspent);
            (state.window.clear_at(), state.day.number, unspent)
        };
        self.changed.notify_one();
        if unspent > 0 {
            let ledger = Arc::clone(&self.ledger);
            tokio::task::spawn_blocking(move || ledger.give_back(date(day), unspent)).await??;
        }
        if let Some(clear_at) = clear_at {
            sleep_until(clear_at).await;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Starts the task that lets requests out, where none is at work.
    fn drive(self: &Arc<Self>, state: &mut State) {
        if state.driven || state.line.is_empty() {
            return;
        }
        state.driven = true;
        let limiter = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let step = limiter.lock().step(day_number((limiter.clock)()));
                match step {
                    Step::Rest => return,
                    Step::WaitUntil(at) => tokio::select! {
                        () = sleep_until(at) => {}
                        () = limiter.changed.notified() => {}
                    },
                    Step::Lease { day, per_day } => limiter.lease(day, per_day).await,
                }
            }
        });
    }

    async fn lease(&self, day: i64, per_day: u32) {
        let ledger = Arc::clone(&self.ledger);
        let lease = tokio::task::spawn_blocking(move || ledger.lease(date(day), BLOCK, per_day));
        let lease = lease
            .await
            .unwrap_or_else(|error| Err(anyhow::Error::from(error)));
        let mut state = self.lock();
        match lease {
            Ok(lease) if state.day.number == day => {
                state.day.in_hand += lease.granted;
                state.day.taken = lease.taken;
                state.day.used_up = lease.granted == 0 && state.rules.per_day <= per_day;
                self.refuse_hopeless(&mut state, Instant::now());
            }
            // The day has changed meanwhile; what is lost of yesterday's is no loss.
            Ok(_) => {}
            Err(error) => {
                tracing::error!("requests to Gong can not be accounted for: {error:#}");
                let refused = Refused {
                    retry_after: Duration::from_secs(10),
                    reason: "The gateway can not write down requests to Gong at the moment, and \
                             sends none unaccounted. Its administrator can see why in the log."
                        .to_owned(),
                };
                for waiter in state.line.remove(|_| true) {
                    let _ = waiter.turn.send(Err(refused.clone()));
                }
            }
        }
    }

    /// Refuses whoever would be served after the deadline.
    fn refuse_hopeless(&self, state: &mut State, now: Instant) {
        let wall = (self.clock)();
        let mut slots = state.schedule(now, wall).peekable();
        let mut refused = Vec::new();
        for waiter in state.line.order() {
            let at = *slots.peek().expect("it does not end");
            if at > waiter.deadline {
                refused.push((waiter.id, at));
            } else {
                slots.next();
            }
        }
        drop(slots);
        if refused.is_empty() {
            return;
        }
        let why = state.why(now);
        let per_day = state.rules.per_day;
        let gone = |waiter: &Waiter| refused.iter().any(|(id, _)| *id == waiter.id);
        for waiter in state.line.remove(gone) {
            let at = refused.iter().find(|(id, _)| *id == waiter.id);
            let wait = at.map_or(Duration::ZERO, |(_, at)| *at - now);
            let _ = waiter.turn.send(Err(Refused {
                retry_after: wait,
                reason: reason(why, wait, per_day),
            }));
        }
    }

    /// How long the one in line has to wait still; none when it is no longer in line.
    fn wait(&self, id: u64) -> Option<Wait> {
        let state = self.lock();
        let now = Instant::now();
        let ahead = state.line.order().position(|waiter| waiter.id == id)?;
        let at = state.schedule(now, (self.clock)()).nth(ahead)?;
        Some(Wait {
            ahead,
            time: at - now,
            why: state.why(now),
        })
    }

    fn leave(&self, id: u64, turn: &mut oneshot::Receiver<Result<Turn, Refused>>) {
        turn.close();
        let mut state = self.lock();
        // Its turn had come, and it left without making use of it.
        if let Ok(Ok(Turn { at, day })) = turn.try_recv() {
            state.window.put_back(at);
            state.day.in_hand += u32::from(state.day.number == day);
            self.changed.notify_one();
        }
        state.line.remove(|waiter| waiter.id == id);
    }
}

/// A place in line, left when dropped.
struct Place<'a> {
    limiter: &'a TenantLimiter,
    id: u64,
    turn: oneshot::Receiver<Result<Turn, Refused>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.limiter.leave(self.id, &mut self.turn);
    }
}

impl Day {
    fn new(number: i64) -> Self {
        Self {
            number,
            in_hand: 0,
            taken: 0,
            used_up: false,
        }
    }
}

impl State {
    /// Whether a request that comes now may leave now; if so it counts as sent.
    fn at_once(&mut self, now: Instant, today: i64) -> bool {
        let free = self.line.is_empty()
            && self.day.number == today
            && self.day.in_hand > 0
            && self.window.free_at(now) <= now;
        if free {
            self.day.in_hand -= 1;
            self.window.take(now);
        }
        free
    }

    /// Lets all out whose turn it is.
    fn step(&mut self, today: i64) -> Step {
        let now = Instant::now();
        if self.day.number != today {
            self.day = Day::new(today);
        }
        loop {
            if self.line.is_empty() {
                self.driven = false;
                return Step::Rest;
            }
            if self.day.in_hand == 0 {
                return if self.day.used_up {
                    // Until the day is another; who can not wait so long has been refused.
                    Step::WaitUntil(now + TELL)
                } else {
                    Step::Lease {
                        day: today,
                        per_day: self.rules.per_day,
                    }
                };
            }
            let at = self.window.free_at(now);
            if at > now {
                return Step::WaitUntil(at);
            }
            let turn = Turn {
                at: now,
                day: today,
            };
            if let Some(waiter) = self.line.pop()
                && waiter.turn.send(Ok(turn)).is_ok()
            {
                self.day.in_hand -= 1;
                self.window.take(now);
            }
        }
    }

    /// When the next requests can leave.
    fn schedule(&self, now: Instant, wall: Timestamp) -> impl Iterator<Item = Instant> {
        let mut from = now;
        if self.day.used_up && self.day.number == day_number(wall) {
            from += until_midnight(wall);
        }
        self.window.schedule(from)
    }

    fn why(&self, now: Instant) -> Why {
        if self.day.used_up {
            Why::Day
        } else if self.window.closed_until(now).is_some() {
            Why::RetryAfter
        } else {
            Why::Rate
        }
    }
}

fn closing() -> Refused {
    Refused {
        retry_after: Duration::from_secs(5),
        reason: "The gateway is being shut down; try again in a moment.".to_owned(),
    }
}

fn reason(why: Why, wait: Duration, per_day: u32) -> String {
    let wait = about(wait);
    match why {
        Why::Rate => format!(
            "Too many requests of this company are in line for Gong's limit a second: the next \
             turn is in {wait}, later than this call may take."
        ),
        Why::RetryAfter => {
            format!("Gong takes no requests of this company for {wait}, as it said itself.")
        }
        Why::Day => format!(
            "The {per_day} requests that this company may send Gong in a day are used up; the \
             next day begins at midnight UTC, in {wait}."
        ),
    }
}

/// Such as “about 1 h 21 min”.
pub(crate) fn about(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    match seconds {
        0..=119 => format!("about {seconds} s"),
        120..=3_599 => format!("about {} min", seconds.div_ceil(60)),
        _ => {
            let minutes = seconds.div_ceil(60);
            format!("about {} h {} min", minutes / 60, minutes % 60)
        }
    }
}

fn day_number(time: Timestamp) -> i64 {
    time.as_second().div_euclid(86_400)
}

fn date(day_number: i64) -> Date {
    let midnight = Timestamp::from_second(day_number * 86_400).unwrap_or_default();
    Offset::UTC.to_datetime(midnight).date()
}

fn until_midnight(time: Timestamp) -> Duration {
    let over = time.as_second().rem_euclid(86_400);
    Duration::from_secs(u64::try_from(86_400 - over).unwrap_or(0))
}

#[cfg(test)]
mod tests;
