//! Admits the requests of one call: at Gong's limit, with metrics and progress notifications.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use opentelemetry::trace::SpanKind;
use sandbox::Gate;
use sandbox::gate::Admission;

use crate::limiter::{TenantLimiter, Wait};
use crate::metrics::Metrics;
use crate::progress::Progress;
use crate::traces::{CallTrace, RequestSpans};

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
    /// How many of these may have reached Gong without an answer of its own.
    pub unanswered: AtomicU32,
    /// How many of these surely did not reach Gong.
    pub unreached: AtomicU32,
    /// The call's spans.
    pub trace: CallTrace,
    /// The spans of requests that have left.
    pub requests: RequestSpans,
    /// Whether a request was refused because the user has used up the day.
    pub user_used_up: AtomicBool,
    /// Whether the call has written to its tenant's index.
    pub wrote_index: AtomicBool,
}

/// Whether a status is one with which something on the way, or the server itself, stops waiting for
/// what it may still do.
fn says_nothing(status: StatusCode) -> bool {
    [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::BAD_GATEWAY,
        StatusCode::GATEWAY_TIMEOUT,
    ]
    .contains(&status)
}

impl Gate for CallGate {
    fn admit(&self, deadline: Instant) -> Admission<'_> {
        Box::pin(async move {
            let start = Instant::now();
            let span = self.trace.span("request to Gong", SpanKind::Client);
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
                self.requests.leaves(span);
                self.sent.fetch_add(1, Ordering::Relaxed);
            }
            admitted
        })
    }

    fn answered(&self, status: Option<StatusCode>, retry_after: Option<Duration>) {
        if status.is_none_or(says_nothing) {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        self.requests.answered(status);
        let code = status.map_or(0, |status| status.as_u16());
        self.metrics.answered(&self.tenant, code);
        self.limiter.answered(status, retry_after);
    }

    fn unreached(&self) {
        self.unreached.fetch_add(1, Ordering::Relaxed);
        self.requests.answered(None);
        self.metrics.answered(&self.tenant, 0);
        self.limiter.answered(None, None);
    }
}
