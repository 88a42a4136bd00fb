//! When requests begin, in the order of their tickets ([`shared_store::queue`]).
//!
//! The store has two keys for each authority that requests go to: `rate-limit/AUTHORITY/tickets` and
//! `rate-limit/AUTHORITY/turns`, the [`Schedule`]: the number of the last ticket served, the day
//! and its count, and when the last requests begin. The holder of the next ticket adds when its
//! request begins, and waits for that moment afterwards, so that the next ticket is served at once.
//!
//! A request begins no sooner than a second and twice the tolerance after the one that is
//! `RATE_LIMIT_REQUESTS_PER_SECOND` before it. So no second, wherever it begins, has more, as long as
//! the replicas' clocks differ by no more than the tolerance: once for the clocks, once for beginning
//! late. A request that would begin later than that gives up its slot and draws another ticket.
//!
//! A holder that vanishes counts as a request that begins when it is skipped.

use alloc::{format, string::String, vec::Vec};
use core::cell::Cell;

use shared_store::{
    host::{Host, StoreError},
    queue::{Fault, Queue},
};

use crate::{
    schedule::{DAY, SECOND, Schedule},
    settings::{MAX_WAIT_SECONDS, Settings, requests},
};

/// How errors begin whose reason is a limit, so that the component that sends the request can tell.
pub const RATE_LIMITED: &str = "rate-limited: ";
/// Most characters of an authority in a key. Stores allow keys of 256 bytes and more.
const MAX_NAME: usize = 200;

/// Waits until a request to the authority may begin.
///
/// # Errors
///
/// It may not: there is no slot within the time that it may wait, the day's requests are spent, or
/// the store fails. The text says which, and what to do.
pub fn acquire(host: &impl Host, settings: &Settings, authority: &str) -> Result<(), String> {
    let name = key_name(authority);
    let limiter = RateLimiter {
        host,
        settings,
        authority,
        queue: Queue {
            host,
            tickets_key: format!("rate-limit/{name}/tickets"),
            record_key: format!("rate-limit/{name}/turns"),
            deadline: host.elapsed() + settings.max_wait_seconds * SECOND,
            max_missing: (settings.max_wait_seconds / 4).max(1),
            slowest_read: Cell::new(0),
        },
    };
    let mut lead = 0;
    loop {
        let Some(begin) = limiter.try_ticket(&mut lead)? else {
            limiter.check_deadline()?;
            continue;
        };
        host.sleep(begin.saturating_sub(host.now()));
        let late = host.now().saturating_sub(begin);
        if late <= settings.tolerance_milliseconds {
            return Ok(());
        }
        lead = 2 * late;
        limiter.check_deadline()?;
    }
}

/// The authority in characters that all stores allow in keys.
fn key_name(authority: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') => c,
        _ => '_',
    };
    let name: Vec<char> = authority.chars().map(plain).collect();
    name[name.len().saturating_sub(MAX_NAME)..].iter().collect()
}

/// One request that waits for its slot.
struct RateLimiter<'a, H> {
    host: &'a H,
    settings: &'a Settings,
    authority: &'a str,
    queue: Queue<'a, H>,
}

impl<H: Host> RateLimiter<'_, H> {
    /// Draws a ticket, waits until it is the next one, and returns when the request may begin, not
    /// sooner than `lead` milliseconds from now. None if the ticket was skipped.
    fn try_ticket(&self, lead: &mut u64) -> Result<Option<u64>, String> {
        let turn = self
            .queue
            .draw::<Schedule>()
            .map_err(|fault| self.explain(fault))?;
        // Writing takes about as long as reading.
        *lead = (*lead).max(2 * self.queue.slowest_read.get());
        let Some(mut turn) = turn else {
            return Ok(None);
        };
        let mut schedule = turn.record.take().unwrap_or_default();
        schedule.served = turn.ticket;
        let now = self.host.now();
        let limit = self.settings.per_second;
        for _ in 0..turn.missing.min(limit as u64) {
            schedule.add_begin(now, limit);
        }
        // On an error the ticket is served all the same, so that the next one need not wait.
        let slot = self.next_slot(&schedule, now + *lead);
        if let Ok(begin) = slot {
            schedule.count_request(begin);
            schedule.add_begin(begin, limit);
        }
        let served = self.queue.serve(&turn, &schedule);
        if !served.map_err(|fault| self.explain(fault))? {
            return Ok(None);
        }
        // The first ticket ever; or the store forgets, or gave it to two requests.
        if turn.ticket == 1 {
            let stored = self.queue.read::<Schedule>();
            let stored = stored.map_err(|fault| self.explain(fault))?;
            let stored = stored.unwrap_or_default();
            if stored.served == 0 {
                return Err(self.explain(Fault::Forgets));
            }
            if stored != schedule {
                return Ok(None);
            }
        }
        slot.map(Some)
    }

    /// When the request may begin, not sooner than `earliest`.
    fn next_slot(&self, schedule: &Schedule, earliest: u64) -> Result<u64, String> {
        let Settings {
            per_second,
            per_day,
            max_wait_seconds,
            tolerance_milliseconds,
            ..
        } = *self.settings;
        let window = SECOND + 2 * tolerance_milliseconds;
        let begin = schedule.next_free(per_second, window).max(earliest);
        let wait = begin.saturating_sub(self.host.now());
        if wait > self.queue.deadline.saturating_sub(self.host.elapsed()) {
            // No replica with a right clock has a slot that far ahead.
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
        if per_day.is_some_and(|most| schedule.requests_on_day(begin) >= most) {
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

    fn check_deadline(&self) -> Result<(), String> {
        let checked = self.queue.check_deadline();
        checked.map_err(|fault| self.explain(fault))
    }

    fn explain(&self, fault: Fault) -> String {
        let Self {
            authority,
            settings: Settings { store, .. },
            queue,
            ..
        } = self;
        match fault {
            Fault::Store(error) => self.store_failure(error),
            Fault::NotARecord => format!(
                "The key {:?} of the key-value store {store:?} (RATE_LIMIT_STORE) holds something else than turns. Name a store of its own in RATE_LIMIT_STORE, or delete the key.",
                queue.record_key
            ),
            Fault::Forgets => format!(
                "The key-value store {store:?} (RATE_LIMIT_STORE) forgets what was written as soon as it is opened again, as wasmtime's own does, so nobody keeps the limit on requests to {authority}, and none is sent. Use a host whose store is shared, such as one in Redis."
            ),
            Fault::Deadline => format!(
                "{RATE_LIMITED}No turn for a request to {authority} came within {} s (RATE_LIMIT_MAX_WAIT_SECONDS): the host or the key-value store {store:?} (RATE_LIMIT_STORE) is too slow. Try again.",
                self.settings.max_wait_seconds
            ),
        }
    }

    fn store_failure(&self, error: StoreError) -> String {
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
}

#[cfg(test)]
mod tests;
