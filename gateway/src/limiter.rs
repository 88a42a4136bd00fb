//! Keeps a tenant's requests within Gong's limits.
//!
//! Gong allows a company 3 requests a second and 10,000 a day, for all its users together
//! (<https://help.gong.io/docs/what-the-gong-api-provides>). Beyond that it answers 429 with
//! `Retry-After`. So each tenant has one limiter for all users and calls:
//!
//! - In any [`SPAN`], at most as many requests leave as Gong allows a second. The span is a tenth
//!   longer than a second, because requests that leave evenly may arrive unevenly.
//! - Users take turns: a user with 50 waiting requests delays another user's first request by one
//!   turn. Requests of calls on the schedule come after those of users.
//! - The day's requests are leased from the [`Ledger`] in blocks before they are sent. A crash may
//!   waste the rest of a block, but no request is sent beyond the limit. Gong does not document
//!   when its day begins, so UTC days are counted, and Gong's `Retry-After` has precedence.
//! - No user takes more than their own share of the day, and each request is counted to its user.
//! - A request whose turn can not come before the deadline of its call is refused at once, with
//!   the time until it could be sent.
//!
//! | module | concern |
//! |---|---|
//! | `state` | which requests may leave at a moment |
//! | `day` | the limit a day |
//! | `users` | what each user has sent on a day |
//! | `ledger` | what is remembered across restarts |
//! | `wait` | why and how long requests wait, and what callers read |

mod day;
mod ledger;
mod state;
mod users;
mod wait;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use day::{DayBudget, date, day_number, number, until_midnight};
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
pub use ledger::{Lease, Ledger, StoreLedger};
use sandbox::Refused;
use sandbox::gate::{LONGEST_PAUSE, Window, pause_after};
use state::{State, Step, Turn, Waiter};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};
use users::UserCounts;
pub use wait::{Wait, WaitReason};
use wait::{shutting_down, too_long, user_used_up};

use crate::config::SCHEDULE;
use crate::fair_queue::{FairQueue, PROGRESS_INTERVAL, wait_for_turn};

/// In any span of this length at most as many requests leave as Gong allows a second.
pub const SPAN: Duration = Duration::from_millis(1100);

/// Requests in one lease. At full speed that is one write in 17 s.
const LEASE_SIZE: u32 = 50;

/// How many requests may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Requests in a second.
    pub per_second: u32,
    /// Requests in a UTC day.
    pub per_day: u32,
    /// Requests of one user in a UTC day.
    pub per_user_day: u32,
    /// Requests of calls on the schedule in a UTC day.
    pub per_schedule_day: u32,
}

impl RequestLimits {
    /// Requests of this user in a UTC day.
    fn of_user(&self, user: &str) -> u32 {
        if user == SCHEDULE {
            self.per_schedule_day
        } else {
            self.per_user_day
        }
    }
}

/// The present state of a limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimiterStatus {
    /// Requests that wait.
    pub waiting: usize,
    /// Requests that may still be sent today.
    pub left_today: u32,
    /// Requests that may be sent in a day.
    pub per_day: u32,
    /// Requests that one user may send in a day.
    pub per_user_day: u32,
    /// What the user with the most requests has sent today.
    pub most_of_a_user: u32,
    /// How many users have used up their own requests of today.
    pub users_used_up: usize,
    /// How long Gong wants no request.
    pub blocked_for: Option<Duration>,
}

/// The limiter of one tenant.
#[derive(Debug)]
pub struct TenantLimiter {
    ledger: Arc<dyn Ledger>,
    clock: fn() -> Timestamp,
    state: Mutex<State>,
    /// Wakes the task that lets requests leave, when something changed for it.
    changed: Notify,
}

impl TenantLimiter {
    /// Starts from what the ledger remembers. After a crash it is not known what has just been
    /// sent, so the first requests wait as if the limit a second had just been used up.
    ///
    /// # Errors
    ///
    /// The ledger can not be read.
    pub fn open(
        limits: RequestLimits,
        ledger: Arc<dyn Ledger>,
        after_crash: bool,
        clock: fn() -> Timestamp,
    ) -> anyhow::Result<Arc<Self>> {
        let now = Instant::now();
        let mut window = Window::new(limits.per_second, SPAN);
        if after_crash {
            window.fill(now);
        }
        if let Some(until) = ledger.blocked_until()? {
            let time = until.duration_since(clock());
            if let Ok(time) = Duration::try_from(time) {
                window.block_until(now + time.min(LONGEST_PAUSE));
            }
        }
        let today = day_number(clock());
        let budget = DayBudget {
            leased: ledger.leased(date(today))?,
            ..DayBudget::new(today)
        };
        let users = UserCounts::continued(today, ledger.user_requests(date(today))?);
        Ok(Arc::new(Self {
            ledger,
            clock,
            state: Mutex::new(State {
                limits,
                window,
                budget,
                users,
                queue: FairQueue::new(),
                next_id: 0,
                releasing: false,
                shut_down: false,
            }),
            changed: Notify::new(),
        }))
    }

    /// Waits until a request may be sent. Meanwhile `report` regularly gets the remaining wait.
    /// Dropping the future leaves the queue.
    ///
    /// # Errors
    ///
    /// The turn can not come before `deadline`.
    pub async fn admit(
        self: &Arc<Self>,
        user: &Arc<str>,
        deadline: Instant,
        mut report: impl FnMut(Wait),
    ) -> Result<(), Refused> {
        let mut waiting = {
            let mut state = self.lock();
            let now = Instant::now();
            if state.shut_down {
                return Err(shutting_down());
            }
            let wall = (self.clock)();
            let today = day_number(wall);
            if state.is_used_up(user, today) {
                let limit = state.limits.of_user(user);
                return Err(user_used_up(user, limit, until_midnight(wall)));
            }
            if state.send_at_once(user, now, today) {
                return Ok(());
            }
            let (turn, receiver) = oneshot::channel();
            let id = state.next_id;
            state.next_id += 1;
            let waiter = Waiter {
                id,
                user: Arc::clone(user),
                deadline,
                turn,
            };
            state.queue.push(user, waiter);
            self.refuse_late(&mut state, now);
            self.start_releasing(&mut state);
            WaitingRequest {
                limiter: self,
                id,
                user,
                turn: receiver,
            }
        };
        let id = waiting.id;
        let turn = wait_for_turn(&mut waiting.turn, || {
            // Short waits are not reported.
            if let Some(wait) = self.wait(id)
                && (wait.time >= PROGRESS_INTERVAL || wait.ahead > 0)
            {
                report(wait);
            }
        });
        turn.await
            .unwrap_or_else(|_| Err(shutting_down()))
            .map(|_| ())
    }

    /// Takes note of Gong's answer. After a 429 no request of the tenant leaves until the time that Gong
    /// names.
    pub fn answered(self: &Arc<Self>, status: Option<StatusCode>, retry_after: Option<Duration>) {
        let Some(pause) = pause_after(status, retry_after) else {
            return;
        };
        let now = Instant::now();
        let mut state = self.lock();
        if state.window.blocked_until(now) >= Some(now + pause) {
            return;
        }
        state.window.block_until(now + pause);
        self.refuse_late(&mut state, now);
        drop(state);
        self.changed.notify_one();
        let ledger = Arc::clone(&self.ledger);
        let until = (self.clock)() + pause;
        tokio::task::spawn_blocking(move || {
            if let Err(error) = ledger.block_until(until) {
                tracing::error!("Gong's Retry-After can not be written down: {error:#}");
            }
        });
    }

    /// Changes the limits.
    pub fn set_limits(&self, limits: RequestLimits) {
        let mut state = self.lock();
        state.budget.used_up &= limits.per_day <= state.limits.per_day;
        state.limits = limits;
        state.window.set(limits.per_second);
        drop(state);
        self.changed.notify_one();
    }

    /// The present state.
    #[must_use]
    pub fn status(&self) -> LimiterStatus {
        let state = self.lock();
        let now = Instant::now();
        let today = day_number((self.clock)());
        let sent = if state.budget.day == today {
            state.budget.leased.saturating_sub(state.budget.in_hand)
        } else {
            0
        };
        let users = state
            .users
            .of(today)
            .filter(|(user, _)| ***user != *SCHEDULE);
        LimiterStatus {
            waiting: state.queue.len(),
            left_today: state.limits.per_day.saturating_sub(sent),
            per_day: state.limits.per_day,
            per_user_day: state.limits.per_user_day,
            most_of_a_user: users.clone().map(|(_, sent)| sent).max().unwrap_or(0),
            users_used_up: users
                .filter(|(_, sent)| *sent >= state.limits.per_user_day)
                .count(),
            blocked_for: state.window.blocked_until(now).map(|until| until - now),
        }
    }

    /// Whether a user has used up their own requests of today.
    #[must_use]
    pub fn is_user_used_up(&self, user: &Arc<str>) -> bool {
        self.lock().is_used_up(user, day_number((self.clock)()))
    }

    /// What users have sent today, sorted by name.
    #[must_use]
    pub fn user_requests(&self) -> Vec<(Arc<str>, u32)> {
        let state = self.lock();
        let of_today = state.users.of(day_number((self.clock)()));
        of_today
            .map(|(user, sent)| (Arc::clone(user), sent))
            .collect()
    }

    /// What users have sent and is not stored yet: the day, the user and all of that day.
    #[must_use]
    pub fn unstored_user_requests(&self) -> Vec<(Date, Arc<str>, u32)> {
        let state = self.lock();
        let unstored = state.users.unstored();
        unstored
            .map(|(day, user, sent)| (date(day), Arc::clone(user), sent))
            .collect()
    }

    /// Takes note that this was stored.
    pub fn stored_user_requests(&self, day: Date, user: &Arc<str>, sent: u32) {
        let today = day_number((self.clock)());
        self.lock().users.stored(number(day), user, sent, today);
    }

    /// Refuses further requests, gives back unsent ones, and returns when no sent request counts
    /// any more, so that the next process can send at once.
    ///
    /// # Errors
    ///
    /// The ledger can not be written.
    pub async fn close(&self) -> anyhow::Result<()> {
        let (clear_at, day, unsent) = {
            let mut state = self.lock();
            state.shut_down = true;
            for waiter in state.queue.remove(|_| true) {
                let _ = waiter.turn.send(Err(shutting_down()));
            }
            let unsent = std::mem::take(&mut state.budget.in_hand);
            state.budget.leased = state.budget.leased.saturating_sub(unsent);
            (state.window.clear_at(), state.budget.day, unsent)
        };
        self.changed.notify_one();
        if unsent > 0 {
            let ledger = Arc::clone(&self.ledger);
            tokio::task::spawn_blocking(move || ledger.give_back(date(day), unsent)).await??;
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

    /// Starts the task that lets waiting requests leave, if it does not run.
    fn start_releasing(self: &Arc<Self>, state: &mut State) {
        if state.releasing || state.queue.is_empty() {
            return;
        }
        state.releasing = true;
        let limiter = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let step = limiter.lock().step(day_number((limiter.clock)()));
                match step {
                    Step::Stop => return,
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
        let lease =
            tokio::task::spawn_blocking(move || ledger.lease(date(day), LEASE_SIZE, per_day));
        let lease = lease
            .await
            .unwrap_or_else(|error| Err(anyhow::Error::from(error)));
        let mut state = self.lock();
        match lease {
            Ok(lease) if state.budget.day == day => {
                state.budget.in_hand += lease.granted;
                state.budget.leased = lease.leased;
                state.budget.used_up = lease.granted == 0 && state.limits.per_day <= per_day;
                self.refuse_late(&mut state, Instant::now());
            }
            // The day has changed in the meantime: requests of yesterday are of no use.
            Ok(_) => {}
            Err(error) => {
                tracing::error!("requests to Gong can not be accounted for: {error:#}");
                let refused = Refused {
                    retry_after: Duration::from_secs(10),
                    reason: "The gateway can not write down requests to Gong at the moment, and \
                             sends none unaccounted. Its administrator can see why in the log."
                        .to_owned(),
                };
                for waiter in state.queue.remove(|_| true) {
                    let _ = waiter.turn.send(Err(refused.clone()));
                }
            }
        }
    }

    /// Refuses the requests whose turn would come after their deadline.
    fn refuse_late(&self, state: &mut State, now: Instant) {
        let wall = (self.clock)();
        let mut slots = state.schedule(now, wall).peekable();
        let mut refused = Vec::new();
        for waiter in state.queue.order() {
            let at = *slots.peek().expect("the schedule is endless");
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
        let reason = state.wait_reason(now);
        let per_day = state.limits.per_day;
        let is_refused = |waiter: &Waiter| refused.iter().any(|(id, _)| *id == waiter.id);
        for waiter in state.queue.remove(is_refused) {
            let at = refused.iter().find(|(id, _)| *id == waiter.id);
            let wait = at.map_or(Duration::ZERO, |(_, at)| *at - now);
            let _ = waiter.turn.send(Err(too_long(reason, wait, per_day)));
        }
    }

    /// How long a waiting request still has to wait. `None` when it is not in the queue any more.
    fn wait(&self, id: u64) -> Option<Wait> {
        let state = self.lock();
        let now = Instant::now();
        let ahead = state.queue.order().position(|waiter| waiter.id == id)?;
        let at = state.schedule(now, (self.clock)()).nth(ahead)?;
        Some(Wait {
            ahead,
            time: at - now,
            reason: state.wait_reason(now),
        })
    }

    fn leave(&self, id: u64, user: &Arc<str>, turn: &mut oneshot::Receiver<Result<Turn, Refused>>) {
        turn.close();
        let mut state = self.lock();
        // Its turn had come, but the caller was gone before it could send.
        if let Ok(Ok(Turn { at, day })) = turn.try_recv() {
            state.window.put_back(at);
            state.budget.in_hand += u32::from(state.budget.day == day);
            state.users.take_back(day, user);
            self.changed.notify_one();
        }
        state.queue.remove(|waiter| waiter.id == id);
    }
}

/// A request in the queue, which leaves it when dropped.
struct WaitingRequest<'a> {
    limiter: &'a TenantLimiter,
    id: u64,
    user: &'a Arc<str>,
    turn: oneshot::Receiver<Result<Turn, Refused>>,
}

impl Drop for WaitingRequest<'_> {
    fn drop(&mut self) {
        self.limiter.leave(self.id, self.user, &mut self.turn);
    }
}

#[cfg(test)]
mod tests;
