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

/// Lets 3 requests leave in a second, in the order in which they come, and none while Gong wants none.
#[derive(Debug)]
pub struct Limiter {
    window: Mutex<Window>,
    /// Held by the request whose turn is next.
    turn: tokio::sync::Mutex<()>,
}

impl Default for Limiter {
    fn default() -> Self {
        Self {
            window: Mutex::new(Window::new(PER_SECOND, SPAN)),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl Limiter {
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place in the window, or says when there is one.
    fn take(&self) -> Result<(), Instant> {
        let now = Instant::now();
        let mut window = self.window();
        match window.free_at(now) {
            free if free > now => Err(free),
            _ => {
                window.take(now);
                Ok(())
            }
        }
    }
}

impl Gate for Limiter {
    fn admit(&self, deadline: std::time::Instant) -> Admission<'_> {
        let deadline = Instant::from_std(deadline);
        Box::pin(async move {
            let turn = timeout_at(deadline, self.turn.lock()).await;
            let _turn = turn.map_err(|_| refused(SPAN))?;
            while let Err(free) = self.take() {
                if free > deadline {
                    return Err(refused(free - Instant::now()));
                }
                sleep_until(free).await;
            }
            Ok(())
        })
    }

    fn answered(&self, status: Option<StatusCode>, retry_after: Option<Duration>) {
        if let Some(pause) = pause_after(status, retry_after) {
            self.window().block_until(Instant::now() + pause);
        }
    }
}

fn refused(retry_after: Duration) -> Refused {
    Refused {
        retry_after,
        reason: "The other calls of this process keep Gong's limit busy until this call is over."
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
        limiter.answered(Some(StatusCode::OK), Some(Duration::from_secs(9)));
        limiter.answered(None, None);
    }
}
