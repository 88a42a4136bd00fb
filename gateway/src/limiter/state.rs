//! The state of a limiter, and which requests may leave at a moment.

use std::sync::Arc;

use jiff::Timestamp;
use sandbox::Refused;
use sandbox::gate::Window;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::RequestLimits;
use super::day::{DayBudget, day_number, until_midnight};
use super::users::UserCounts;
use super::wait::WaitReason;
use crate::fair_queue::{FairQueue, PROGRESS_INTERVAL};

#[derive(Debug)]
pub(super) struct State {
    pub(super) limits: RequestLimits,
    pub(super) window: Window,
    pub(super) budget: DayBudget,
    pub(super) users: UserCounts,
    pub(super) queue: FairQueue<Waiter>,
    pub(super) next_id: u64,
    /// Whether the task runs that lets waiting requests leave.
    pub(super) releasing: bool,
    pub(super) shut_down: bool,
}

/// A request in the queue.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) id: u64,
    pub(super) user: Arc<str>,
    pub(super) deadline: Instant,
    pub(super) turn: oneshot::Sender<Result<Turn, Refused>>,
}

/// The permission to send one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) at: Instant,
    /// The day to whose budget it counts.
    pub(super) day: i64,
}

/// What the task that lets requests leave does next.
pub(super) enum Step {
    Stop,
    WaitUntil(Instant),
    Lease { day: i64, per_day: u32 },
}

impl State {
    /// Whether one more request of a user would exceed the user's own limit of the day.
    pub(super) fn is_used_up(&self, user: &Arc<str>, today: i64) -> bool {
        let waiting = u32::try_from(self.queue.len_of(user)).unwrap_or(u32::MAX);
        let taken = self.users.sent(today, user).saturating_add(waiting);
        taken >= self.limits.of_user(user)
    }

    /// Whether a new request may leave at once. If so, it counts as sent.
    pub(super) fn send_at_once(&mut self, user: &Arc<str>, now: Instant, today: i64) -> bool {
        let free = self.queue.is_empty()
            && self.budget.day == today
            && self.budget.in_hand > 0
            && self.window.free_at(now) <= now;
        if free {
            self.budget.in_hand -= 1;
            self.users.add(today, user);
            self.window.take(now);
        }
        free
    }

    /// Lets every request leave whose turn it is.
    pub(super) fn step(&mut self, today: i64) -> Step {
        let now = Instant::now();
        if self.budget.day != today {
            self.budget = DayBudget::new(today);
        }
        loop {
            if self.queue.is_empty() {
                self.releasing = false;
                return Step::Stop;
            }
            if self.budget.in_hand == 0 {
                return if self.budget.used_up {
                    // Checks regularly for the next day. Requests that can not wait that long
                    // are already refused.
                    Step::WaitUntil(now + PROGRESS_INTERVAL)
                } else {
                    Step::Lease {
                        day: today,
                        per_day: self.limits.per_day,
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
            if let Some(Waiter { user, turn: to, .. }) = self.queue.pop()
                && to.send(Ok(turn)).is_ok()
            {
                self.budget.in_hand -= 1;
                self.users.add(today, &user);
                self.window.take(now);
            }
        }
    }

    /// When the next requests can leave.
    pub(super) fn schedule(&self, now: Instant, wall: Timestamp) -> impl Iterator<Item = Instant> {
        let mut from = now;
        if self.budget.used_up && self.budget.day == day_number(wall) {
            from += until_midnight(wall);
        }
        self.window.schedule(from)
    }

    /// What delays requests at present.
    pub(super) fn wait_reason(&self, now: Instant) -> WaitReason {
        if self.budget.used_up {
            WaitReason::Day
        } else if self.window.blocked_until(now).is_some() {
            WaitReason::RetryAfter
        } else {
            WaitReason::Rate
        }
    }
}
