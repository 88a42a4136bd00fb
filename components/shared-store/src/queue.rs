//! One replica at a time, in the order of tickets.
//!
//! The store has two keys for each queue: a counter, of which each use draws the next number
//! (`atomics.increment`, the only operation that must be atomic), and a record, which says the last
//! ticket served and whatever else the replicas share. Only the holder of the next ticket may write
//! the record. Reads may be stale: a record with a smaller ticket is read again.
//!
//! A holder that vanishes between the two steps (its instance was ended) is waited for
//! [`HOLDER_TIMEOUT`] by the next one, which then goes on without it. A holder that took more than
//! half of that does not write any more, and draws again.

use alloc::{string::String, vec::Vec};
use core::cell::Cell;

use crate::host::{Host, StoreError};

/// After so many milliseconds a ticket whose holder does nothing is skipped.
pub const HOLDER_TIMEOUT: u64 = 2_000;
/// How long it takes until all who claim to be next at the same moment have said so.
const CLAIM_TIMEOUT: u64 = HOLDER_TIMEOUT / 4;
/// How often an operation is tried that the store fails. Where a counter is a compare-and-swap
/// (NATS), the loser of a race gets an error.
pub const MAX_TRIES: u32 = 8;

/// What the replicas share, in one value of the store.
pub trait Record: Clone + Default {
    /// Parses the value.
    fn parse(bytes: &[u8]) -> Option<Self>;
    /// The value.
    fn to_bytes(&self) -> Vec<u8>;
    /// The last ticket served.
    fn served(&self) -> u64;
    /// Says that tickets up to this one were served.
    fn set_served(&mut self, ticket: u64);
}

/// Why there is no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The store fails.
    Store(StoreError),
    /// The record's key holds something else.
    NotARecord,
    /// The store forgets what was written as soon as it is opened again.
    Forgets,
    /// No turn came until the deadline.
    Deadline,
}

/// A queue, for one use of it.
pub struct Queue<'a, H> {
    /// The host.
    pub host: &'a H,
    /// The counter's key.
    pub tickets_key: String,
    /// The record's key.
    pub record_key: String,
    /// Until when a turn may come, by [`Host::elapsed`].
    pub deadline: u64,
    /// The most missing holders that are waited for one by one, if there are many, as after the loss
    /// of the record.
    pub max_missing: u64,
    /// How many milliseconds the slowest reading of the record took.
    pub slowest_read: Cell<u64>,
}

/// A ticket that is the next one.
pub struct Turn<R> {
    /// Its number.
    pub ticket: u64,
    /// The record; none if there is none yet.
    pub record: Option<R>,
    /// How many holders before this one vanished.
    pub missing: u64,
    /// Since when it may be the next one, by [`Host::elapsed`].
    pub since: u64,
}

impl<R> Turn<R> {
    /// The turn of a ticket that was drawn just now, while there is no record.
    pub fn now(host: &impl Host, ticket: u64) -> Self {
        Self {
            ticket,
            record: None,
            missing: 0,
            since: host.elapsed(),
        }
    }

    /// Whether the holder may still write: later another one may have skipped this ticket.
    pub fn is_valid(&self, host: &impl Host) -> bool {
        host.elapsed() - self.since <= HOLDER_TIMEOUT / 2
    }
}

impl<H: Host> Queue<'_, H> {
    /// Draws a ticket, and waits until it is the next one. None if it was skipped.
    ///
    /// # Errors
    ///
    /// The store fails, or the deadline passes.
    pub fn draw<R: Record>(&self) -> Result<Option<Turn<R>>, Fault> {
        // From here on the ticket may be the next one.
        let since = self.host.elapsed();
        let ticket = self.with_retries(|| self.host.increment(&self.tickets_key))?;
        self.wait(ticket, since)
    }

    /// Waits until a ticket is the next one, which it may be since then. None if it was skipped.
    ///
    /// # Errors
    ///
    /// The store fails, or the deadline passes.
    pub fn wait<R: Record>(&self, ticket: u64, since: u64) -> Result<Option<Turn<R>>, Fault> {
        let mut turn = Turn {
            ticket,
            record: None,
            missing: 0,
            since,
        };
        let mut newest = None;
        let mut progress = since;
        let mut pause = 5;
        loop {
            let before = self.host.elapsed();
            turn.record = self.read::<R>()?;
            let after = self.host.elapsed();
            let served = turn.record.as_ref().map_or(0, R::served);
            if served >= ticket {
                return Ok(None);
            }
            let missing = ticket - 1 - served;
            let is_late = newest.is_some_and(|newest| served < newest);
            if !is_late {
                if newest != Some(served) {
                    newest = Some(served);
                    progress = after;
                    pause = 5;
                }
                if missing == 0 {
                    return Ok(Some(turn));
                }
                turn.since = before;
                if after - progress >= HOLDER_TIMEOUT * missing.min(self.max_missing) {
                    turn.missing = missing;
                    if missing < self.max_missing {
                        return Ok(Some(turn));
                    }
                    turn.since = self.host.elapsed();
                    self.claim(&turn)?;
                    progress = self.host.elapsed();
                    continue;
                }
            }
            self.check_deadline()?;
            self.host.sleep(pause);
            pause = (2 * pause).min(100);
        }
    }

    /// Makes a ticket the next one, unless others who do the same at this moment write later: that
    /// there is no record, or that many holders vanished, all who wait see at once.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub fn claim<R: Record>(&self, turn: &Turn<R>) -> Result<(), Fault> {
        let mut record = turn.record.clone().unwrap_or_default();
        record.set_served(turn.ticket - 1);
        self.write(turn, &record, CLAIM_TIMEOUT)?;
        self.host.sleep(CLAIM_TIMEOUT);
        Ok(())
    }

    /// The record as it is now; none if there is none yet.
    ///
    /// # Errors
    ///
    /// The store fails, or has something else.
    pub fn read<R: Record>(&self) -> Result<Option<R>, Fault> {
        let before = self.host.elapsed();
        let read = self.with_retries(|| self.host.get(&self.record_key))?;
        let took = self.host.elapsed() - before;
        self.slowest_read.set(self.slowest_read.get().max(took));
        match read {
            None => Ok(None),
            Some(bytes) => R::parse(&bytes).map(Some).ok_or(Fault::NotARecord),
        }
    }

    /// Writes the record; false if it is too late for that. By one that says so the ticket is served.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub fn serve<R: Record>(&self, turn: &Turn<R>, record: &R) -> Result<bool, Fault> {
        self.write(turn, record, HOLDER_TIMEOUT / 2)
    }

    fn write<R: Record>(&self, turn: &Turn<R>, record: &R, within: u64) -> Result<bool, Fault> {
        let bytes = record.to_bytes();
        self.with_retries(|| {
            if self.host.elapsed() - turn.since > within {
                return Ok(false);
            }
            self.host.set(&self.record_key, &bytes)?;
            Ok(true)
        })
    }

    /// # Errors
    ///
    /// The deadline has passed.
    pub fn check_deadline(&self) -> Result<(), Fault> {
        if self.host.elapsed() < self.deadline {
            return Ok(());
        }
        Err(Fault::Deadline)
    }

    /// Does an operation, and again if the store fails.
    ///
    /// # Errors
    ///
    /// The store fails each time.
    pub fn with_retries<T>(
        &self,
        mut operation: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, Fault> {
        let mut tries = 1;
        loop {
            match operation() {
                Ok(done) => return Ok(done),
                Err(StoreError::Other)
                    if tries < MAX_TRIES && self.host.elapsed() < self.deadline =>
                {
                    // So that the replicas do not try at the same moment.
                    let pause = 5 << tries;
                    self.host.sleep(pause / 2 + self.host.elapsed() % pause);
                    tries += 1;
                }
                Err(error) => return Err(Fault::Store(error)),
            }
        }
    }
}
