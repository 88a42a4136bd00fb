//! How long a component itself has run.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::exchanges::Exchanges;

/// Adds up the time inside `poll`, which is when a call runs on a thread.
pub(crate) struct CpuClock {
    start: Instant,
    /// Nanoseconds of finished polls.
    done: AtomicU64,
    /// When the current poll began, in nanoseconds since `start`.
    since: AtomicU64,
}

/// `CpuClock::since` between polls.
const IDLE: u64 = u64::MAX;

impl CpuClock {
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            done: AtomicU64::new(0),
            since: AtomicU64::new(IDLE),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(IDLE - 1)
    }

    // Relaxed is enough: one thread at a time polls the call, and moving it to another thread
    // synchronises the two.
    fn begin(&self) {
        self.since.store(self.now(), Ordering::Relaxed);
    }

    fn end(&self) {
        let since = self.since.swap(IDLE, Ordering::Relaxed);
        self.done
            .fetch_add(self.now().saturating_sub(since), Ordering::Relaxed);
    }

    pub(crate) fn used(&self) -> Duration {
        let present = match self.since.load(Ordering::Relaxed) {
            IDLE => 0,
            since => self.now().saturating_sub(since),
        };
        Duration::from_nanos(self.done.load(Ordering::Relaxed) + present)
    }
}

/// A call whose polls are timed, and the HTTP exchanges that it waits for.
pub(crate) struct Timed<'a, F> {
    pub(crate) work: Pin<&'a mut F>,
    pub(crate) cpu: &'a CpuClock,
    pub(crate) exchanges: Exchanges,
}

impl<F: Future> Future for Timed<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        loop {
            self.cpu.begin();
            let outcome = self.work.as_mut().poll(context);
            self.cpu.end();
            if outcome.is_ready() || !self.exchanges.poll(context) {
                return outcome;
            }
        }
    }
}
