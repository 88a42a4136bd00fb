//! Admits the requests of one call: at Gong's limit, with metrics and progress notifications.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use sandbox::Gate;
use sandbox::gate::Admission;

use crate::limiter::{TenantLimiter, Wait};
use crate::metrics::Metrics;
use crate::progress::Progress;

/// Lets the requests of one call leave in their turn, counts them, and reports waits.
#[derive(Debug)]
pub struct CallGate {
    /// The tenant's name.
    pub tenant: Arc<str>,
    /// The user's name.
    pub user: Arc<str>,
    /// The tenant's limiter.
    pub limiter: Arc<TenantLimiter>,
    /// Counts requests and waits.
    pub metrics: Metrics,
    /// Notifies the client of waits.
    pub progress: Progress,
    /// How many requests have left.
    pub sent: AtomicU32,
    /// How many of these may have reached Gong without an answer.
    pub unanswered: AtomicU32,
    /// How many of these surely did not reach Gong.
    pub unreached: AtomicU32,
    /// Whether a request was refused because the user has used up the day.
    pub user_used_up: AtomicBool,
    /// Whether the call has written to its tenant's index.
    pub wrote_index: AtomicBool,
}

impl Gate for CallGate {
    fn admit(&self, deadline: Instant) -> Admission<'_> {
        Box::pin(async move {
            let start = Instant::now();
            let report = |wait: Wait| self.progress.send(wait.sentence());
            let admitted = self
                .limiter
                .admit(&self.user, deadline.into(), report)
                .await;
            let refused = admitted.is_err();
            self.metrics
                .admitted(&self.tenant, start.elapsed(), refused);
            if let Err(refused) = &admitted {
                if self.limiter.is_user_used_up(&self.user) {
                    self.user_used_up.store(true, Ordering::Relaxed);
                    self.metrics.user_used_up(&self.tenant);
                }
                tracing::warn!("a request was not sent: {}", refused.reason);
            } else {
                self.sent.fetch_add(1, Ordering::Relaxed);
            }
            admitted
        })
    }

    fn answered(&self, status: Option<StatusCode>, retry_after: Option<Duration>) {
        if status.is_none() {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        let code = status.map_or(0, |status| status.as_u16());
        self.metrics.answered(&self.tenant, code);
        self.limiter.answered(status, retry_after);
    }

    fn unreached(&self) {
        self.unreached.fetch_add(1, Ordering::Relaxed);
        self.metrics.answered(&self.tenant, 0);
        self.limiter.answered(None, None);
    }
}
