//! When the next requests may leave. It reads no clock: callers pass the time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// At most `per_span` requests in any span of time, and none while Gong blocks them.
#[derive(Debug)]
pub struct Window {
    per_span: usize,
    span: Duration,
    /// When the requests of the last span left, in order.
    recent: VecDeque<Instant>,
    blocked_until: Option<Instant>,
}

impl Window {
    /// A window in which nothing has left yet.
    #[must_use]
    pub fn new(per_span: u32, span: Duration) -> Self {
        Self {
            per_span: per_span.max(1) as usize,
            span,
            recent: VecDeque::new(),
            blocked_until: None,
        }
    }

    /// Changes the limit.
    pub fn set(&mut self, per_span: u32) {
        self.per_span = per_span.max(1) as usize;
    }

    /// Acts as if as many requests as allowed had just left.
    pub fn fill(&mut self, now: Instant) {
        self.recent = std::iter::repeat_n(now, self.per_span).collect();
    }

    /// Lets nothing leave before `until`. A later time that is already set stays.
    pub fn block_until(&mut self, until: Instant) {
        self.blocked_until = self.blocked_until.max(Some(until));
    }

    /// Until when Gong wants no request.
    #[must_use]
    pub fn blocked_until(&self, now: Instant) -> Option<Instant> {
        self.blocked_until.filter(|until| *until > now)
    }

    /// When the next request may leave: now, or later.
    #[must_use]
    pub fn free_at(&self, now: Instant) -> Instant {
        self.schedule(now).next().unwrap_or(now)
    }

    /// When the next requests may leave, if each leaves as early as possible.
    pub fn schedule(&self, now: Instant) -> impl Iterator<Item = Instant> {
        let mut left = self.recent.clone();
        let from = self.blocked_until.map_or(now, |until| until.max(now));
        std::iter::from_fn(move || {
            let earlier = left.len().checked_sub(self.per_span);
            let at = earlier.map_or(from, |index| from.max(left[index] + self.span));
            left.push_back(at);
            Some(at)
        })
    }

    /// Counts a request that leaves now.
    pub fn take(&mut self, now: Instant) {
        while let Some(first) = self.recent.front()
            && *first + self.span <= now
        {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
    }

    /// Undoes the counting of a request that did not leave after all.
    pub fn put_back(&mut self, at: Instant) {
        if let Some(index) = self.recent.iter().rposition(|one| *one == at) {
            self.recent.remove(index);
        }
    }

    /// When no request that has left counts any more.
    #[must_use]
    pub fn clear_at(&self) -> Option<Instant> {
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
        window.block_until(start + Duration::from_secs(60));
        window.block_until(start + Duration::from_secs(30));
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
