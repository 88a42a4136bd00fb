//! When the next requests may leave. Pure: it is told the time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// So many requests in any span of time, and none before Gong wants them again.
#[derive(Debug)]
pub(super) struct Window {
    per_span: usize,
    span: Duration,
    /// When requests left within the last span, in order.
    recent: VecDeque<Instant>,
    closed_until: Option<Instant>,
}

impl Window {
    pub(super) fn new(per_span: u32, span: Duration) -> Self {
        Self {
            per_span: per_span.max(1) as usize,
            span,
            recent: VecDeque::new(),
            closed_until: None,
        }
    }

    pub(super) fn set(&mut self, per_span: u32) {
        self.per_span = per_span.max(1) as usize;
    }

    /// As if as many requests as may had just left.
    pub(super) fn fill(&mut self, now: Instant) {
        self.recent = std::iter::repeat_n(now, self.per_span).collect();
    }

    /// Lets nothing out before; what was closed longer stays so.
    pub(super) fn close_until(&mut self, until: Instant) {
        self.closed_until = self.closed_until.max(Some(until));
    }

    /// Until when nothing may leave because Gong said so.
    pub(super) fn closed_until(&self, now: Instant) -> Option<Instant> {
        self.closed_until.filter(|until| *until > now)
    }

    /// When the next request may leave: now, or later.
    pub(super) fn free_at(&self, now: Instant) -> Instant {
        self.schedule(now).next().unwrap_or(now)
    }

    /// When the next requests may leave, if each leaves as soon as it may.
    pub(super) fn schedule(&self, now: Instant) -> impl Iterator<Item = Instant> {
        let mut left = self.recent.clone();
        let from = self.closed_until.map_or(now, |until| until.max(now));
        std::iter::from_fn(move || {
            let earlier = left.len().checked_sub(self.per_span);
            let at = earlier.map_or(from, |index| from.max(left[index] + self.span));
            left.push_back(at);
            Some(at)
        })
    }

    /// One request leaves.
    pub(super) fn take(&mut self, now: Instant) {
        while let Some(first) = self.recent.front()
            && *first + self.span <= now
        {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
    }

    /// The request that left then did not.
    pub(super) fn put_back(&mut self, at: Instant) {
        if let Some(index) = self.recent.iter().rposition(|one| *one == at) {
            self.recent.remove(index);
        }
    }

    /// When none of those that left counts any more.
    pub(super) fn clear_at(&self) -> Option<Instant> {
        self.recent.back().map(|last| *last + self.span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_what_taking_gives() {
        let start = Instant::now();
        let span = Duration::from_millis(1100);
        let mut window = Window::new(3, span);
        window.take(start);
        window.take(start + Duration::from_millis(200));
        let now = start + Duration::from_millis(300);
        let times: Vec<u128> = window
            .schedule(now)
            .take(5)
            .map(|at| (at - start).as_millis())
            .collect();
        assert_eq!(times, [300, 1100, 1300, 1400, 2200]);
        window.close_until(start + Duration::from_secs(60));
        window.close_until(start + Duration::from_secs(30));
        assert_eq!(window.free_at(now), start + Duration::from_secs(60));
    }

    #[test]
    fn a_request_that_did_not_leave_does_not_count() {
        let now = Instant::now();
        let mut window = Window::new(1, Duration::from_secs(1));
        window.take(now);
        assert!(window.free_at(now) > now);
        window.put_back(now);
        assert_eq!(window.free_at(now), now);
    }
}
