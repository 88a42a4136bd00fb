//! When requests may leave, for a host whose calls share a rate limit.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::json;
use wasmtime_wasi_http::WasiBody;

mod window;

pub use window::Window;

/// The pause after a 429 without `Retry-After`.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// Longer pauses are cut to this one.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the API wants no request at all, by its answer: after a 429. A 503 is about its operation
/// only, also with `Retry-After`.
#[must_use]
pub fn pause_after(status: Option<StatusCode>, retry_after: Option<Duration>) -> Option<Duration> {
    let pause = retry_after.unwrap_or(DEFAULT_PAUSE).min(LONGEST_PAUSE);
    (status? == StatusCode::TOO_MANY_REQUESTS).then_some(pause)
}

/// Decides when a request may leave, and learns its outcome.
pub trait Gate: Send + Sync + fmt::Debug {
    /// Waits until a request may leave, at most until `deadline`, when its call's last exchange
    /// must be over. The future is dropped when the call ends before.
    ///
    /// # Errors
    ///
    /// The request cannot leave in time. It is not sent.
    fn admit(&self, deadline: Instant) -> Admission<'_>;

    /// Called once for each admitted request with the response's status and `Retry-After`;
    /// without a status when there was no response, because the exchange failed or the call
    /// ended before.
    fn answered(&self, status: Option<StatusCode>, retry_after: Option<Duration>);

    /// Called in place of [`answered`](Self::answered) for an admitted request that surely did not
    /// leave, because there was no connection.
    fn unreached(&self) {
        self.answered(None, None);
    }
}

/// The future of [`Gate::admit`].
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<(), Refused>> + Send + 'a>>;

/// A request that cannot leave in time. The component sees `429 Too Many Requests` with
/// `Retry-After` and the body `{"errors":[reason]}`, as from an API that limits its clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// After which time it may be tried again; sent in seconds, rounded up.
    pub retry_after: Duration,
    /// A sentence for whoever reads the tool's answer.
    pub reason: String,
}

impl Refused {
    pub(crate) fn into_response(self) -> Response<WasiBody> {
        let seconds = self.retry_after.as_nanos().div_ceil(1_000_000_000);
        let seconds = HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX));
        let body = Full::from(json!({ "errors": [self.reason] }).to_string());
        let mut response = Response::new(body.map_err(|never| match never {}).boxed_unsync());
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        response.headers_mut().extend([
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            ),
            (header::RETRY_AFTER, seconds),
        ]);
        response
    }
}

/// An admitted request, whose outcome the gate learns when it is dropped.
pub(crate) struct Admitted<'a> {
    gate: &'a dyn Gate,
    outcome: Outcome,
}

enum Outcome {
    Status(StatusCode, Option<Duration>),
    Unknown,
    Unreached,
}

/// Waits for the gate.
pub(crate) async fn admit(gate: &dyn Gate, deadline: Instant) -> Result<Admitted<'_>, Refused> {
    gate.admit(deadline).await?;
    Ok(Admitted {
        gate,
        outcome: Outcome::Unknown,
    })
}

impl Admitted<'_> {
    pub(crate) fn answered(mut self, response: &Response<WasiBody>) {
        let retry_after = retry_after(response.headers(), SystemTime::now());
        self.outcome = Outcome::Status(response.status(), retry_after);
    }

    pub(crate) fn unreached(mut self) {
        self.outcome = Outcome::Unreached;
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        match self.outcome {
            Outcome::Status(status, retry_after) => self.gate.answered(Some(status), retry_after),
            Outcome::Unknown => self.gate.answered(None, None),
            Outcome::Unreached => self.gate.unreached(),
        }
    }
}

/// `Retry-After` in either of its two forms, seconds or a date (RFC 9110, 10.2.3); zero for a
/// date that has passed.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Mon, 16 Mar 2026 12:00:00 GMT").unwrap();
        let read = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, value)]);
            retry_after(&headers, now).map(|time| time.as_secs())
        };
        assert_eq!(read("4808"), Some(4808));
        assert_eq!(read(" 1 "), Some(1));
        assert_eq!(read("Mon, 16 Mar 2026 12:01:30 GMT"), Some(90));
        assert_eq!(read("Mon, 16 Mar 2026 11:00:00 GMT"), Some(0));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-1"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn only_a_limit_stops_all_requests() {
        let after = |status, seconds: Option<u64>| {
            let pause = pause_after(Some(status), seconds.map(Duration::from_secs));
            pause.map(|pause| pause.as_secs())
        };
        assert_eq!(after(StatusCode::TOO_MANY_REQUESTS, Some(4808)), Some(4808));
        assert_eq!(after(StatusCode::TOO_MANY_REQUESTS, None), Some(1));
        let year = 365 * 24 * 60 * 60;
        assert_eq!(
            after(StatusCode::TOO_MANY_REQUESTS, Some(year)),
            Some(24 * 60 * 60)
        );
        assert_eq!(after(StatusCode::SERVICE_UNAVAILABLE, Some(90)), None);
        assert_eq!(after(StatusCode::OK, Some(90)), None);
        assert_eq!(pause_after(None, None), None);
    }

    #[tokio::test]
    async fn a_refusal_reads_as_the_apis_own_limit() {
        let refused = Refused {
            retry_after: Duration::from_millis(1200),
            reason: "The day's \"budget\" is spent.".to_owned(),
        };
        let response = refused.into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, r#"{"errors":["The day's \"budget\" is spent."]}"#);
    }
}
