//! Keeps all calls of a process together to an API's limit of requests a second.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use sandbox::gate::{Admission, Gate, Refused, Window, pause_after};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Gong's limit of requests a second.
const PER_SECOND: u32 = 3;

/// A tenth longer than a second, because requests that leave evenly may arrive unevenly.
const SPAN: Duration = Duration::from_millis(1100);

/// After so long without any request, one may leave to see whether Gong still wants none: a long
/// pause may have been a mistake of something on the way.
const PROBE_AFTER: Duration = Duration::from_secs(5 * 60);

/// Lets 3 requests leave in a second, in the order in which they come, and none while Gong wants none.
#[derive(Debug)]
pub struct Limiter {
    state: Mutex<State>,
    /// Held by the request whose turn is next.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    window: Window,
    pause: Option<Pause>,
}

/// While Gong wants no request.
#[derive(Debug)]
struct Pause {
    until: Instant,
    /// When the next request may leave nonetheless.
    probe: Instant,
    /// Whether one has.
    probed: bool,
}

impl Default for Limiter {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                window: Window::new(PER_SECOND, SPAN),
                pause: None,
            }),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl State {
    /// Takes a place in the window, or returns when there is one and why.
    fn take(&mut self, now: Instant) -> Result<(), Wait> {
        let free = self.window.free_at(now);
        if free > now {
            return Err(Wait::Others(free));
        }
        if let Some(pause) = self.pause.as_mut().filter(|pause| pause.until > now) {
            if pause.probe > now {
                return Err(Wait::Gong {
                    free: pause.probe.min(pause.until),
                    until: pause.until,
                });
            }
            pause.probe = now + PROBE_AFTER;
            pause.probed = true;
        }
        self.window.take(now);
        Ok(())
    }
}

/// Why a request cannot leave now.
enum Wait {
    /// The requests of the last second fill the limit until then.
    Others(Instant),
    /// Gong wants no request until a time; one may leave before.
    Gong { free: Instant, until: Instant },
}

impl Limiter {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate for Limiter {
    fn admit(&self, deadline: std::time::Instant) -> Admission<'_> {
        let deadline = Instant::from_std(deadline);
        Box::pin(async move {
            let turn = timeout_at(deadline, self.turn.lock()).await;
            let Ok(_turn) = turn else {
                let now = Instant::now();
                let state = self.state();
                let pause = state.pause.as_ref().filter(|pause| pause.until > now);
                return Err(pause.map_or_else(busy, |pause| paused(pause.until - now)));
            };
            loop {
                let now = Instant::now();
                let taken = self.state().take(now);
                let free = match taken {
                    Ok(()) => return Ok(()),
                    Err(Wait::Gong { free, until }) if free > deadline => {
                        return Err(paused(until - now));
                    }
                    Err(Wait::Others(free)) if free > deadline => return Err(busy()),
                    Err(Wait::Others(free) | Wait::Gong { free, .. }) => free,
                };
                sleep_until(free).await;
            }
        })
    }

    fn answered(&self, status: Option<StatusCode>, retry_after: Option<Duration>) {
        let now = Instant::now();
        let mut state = self.state();
        if let Some(pause) = pause_after(status, retry_after) {
            let until = now + pause;
            let probed = state.pause.as_ref().is_some_and(|pause| pause.probed);
            // A probe learns the time anew; of the answers to requests beside each other the longest
            // pause counts.
            let longer = state.pause.as_ref().filter(|_| !probed);
            state.pause = Some(Pause {
                until: longer.map_or(until, |longer| longer.until.max(until)),
                probe: now + PROBE_AFTER,
                probed: false,
            });
        } else if status.is_some_and(|status| !status.is_server_error()) {
            // The probe went through.
            state.pause.take_if(|pause| pause.probed);
        }
    }
}

fn busy() -> Refused {
    Refused {
        retry_after: SPAN,
        reason: "The other calls of this process keep Gong's limit busy until this call is over."
            .to_owned(),
    }
}

fn paused(retry_after: Duration) -> Refused {
    Refused {
        retry_after,
        reason: "Gong takes no requests at the moment, as its last answer to this process says."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// When so many requests that come at once leave, in ms.
    async fn leave(limiter: &Arc<Limiter>, requests: usize) -> Vec<u128> {
        let start = Instant::now();
        let deadline = start.into_std() + Duration::from_secs(60);
        let waiting = (0..requests).map(|_| {
            let limiter = Arc::clone(limiter);
            tokio::spawn(async move {
                limiter.admit(deadline).await.unwrap();
                start.elapsed().as_millis()
            })
        });
        let mut left = Vec::new();
        for one in waiting.collect::<Vec<_>>() {
            left.push(one.await.unwrap());
        }
        left
    }

    #[tokio::test(start_paused = true)]
    async fn calls_beside_each_other_keep_one_limit() {
        let limiter = Arc::new(Limiter::default());
        let left = leave(&limiter, 7).await;
        assert!(left.is_sorted());
        for span in left.windows(4) {
            assert!(span[3] - span[0] >= 1_000, "{left:?}");
        }
        assert!(left[6] < 2_300, "{left:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_leaves_while_gong_wants_nothing() {
        let limiter = Arc::new(Limiter::default());
        let too_many = Some(StatusCode::TOO_MANY_REQUESTS);
        limiter.answered(too_many, Some(Duration::from_secs(5)));
        let left = leave(&limiter, 1).await;
        assert!((5_000..5_100).contains(&left[0]), "{left:?}");
        limiter.answered(too_many, Some(Duration::from_secs(4808)));
        let deadline = Instant::now().into_std() + Duration::from_secs(60);
        let refused = limiter.admit(deadline).await.unwrap_err();
        assert!(refused.retry_after > Duration::from_secs(4_800));
        assert!(refused.reason.starts_with("Gong takes no requests"));
        limiter.answered(Some(StatusCode::OK), Some(Duration::from_secs(9)));
        limiter.answered(None, None);
        assert!(limiter.admit(deadline).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_operation_that_is_not_available_stops_no_other() {
        let limiter = Arc::new(Limiter::default());
        let unavailable = Some(StatusCode::SERVICE_UNAVAILABLE);
        limiter.answered(unavailable, Some(Duration::from_secs(90)));
        assert_eq!(leave(&limiter, 1).await, [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_pause_is_probed_by_one_request() {
        let limiter = Arc::new(Limiter::default());
        let soon = || Instant::now().into_std() + Duration::from_secs(1);
        let too_many = Some(StatusCode::TOO_MANY_REQUESTS);
        limiter.answered(too_many, Some(Duration::from_secs(1_000_000)));
        let refused = limiter.admit(soon()).await.unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(24 * 60 * 60));
        tokio::time::advance(PROBE_AFTER).await;
        assert!(limiter.admit(soon()).await.is_ok());
        assert!(limiter.admit(soon()).await.is_err(), "one only");
        // The probe's answer counts, and not that of before.
        limiter.answered(too_many, Some(Duration::from_secs(4808)));
        let refused = limiter.admit(soon()).await.unwrap_err();
        assert!(refused.retry_after <= Duration::from_secs(4808));
        tokio::time::advance(PROBE_AFTER).await;
        assert!(limiter.admit(soon()).await.is_ok());
        limiter.answered(Some(StatusCode::OK), None);
        assert_eq!(leave(&limiter, 2).await.len(), 2);
    }
}
