//! One HTTP exchange, with its time-outs and the limit on its response's size.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::{Sleep, sleep_until, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::Inner;
use super::error_code::{error_code, innermost};
use super::traffic::Traffic;

/// For components that set no time-out of their own: DNS, TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(10);

/// Sends a request and returns the response when its head has arrived.
pub(super) async fn exchange(
    inner: &Inner,
    mut request: Request<WasiBody>,
    options: RequestOptions,
    traffic: Arc<Traffic>,
    deadline: tokio::time::Instant,
) -> Result<Response<WasiBody>, Error> {
    let within = |time: Option<Duration>| match time {
        Some(time) => deadline.min(tokio::time::Instant::now() + time),
        None => deadline,
    };
    let mut connection = capture_connection(&mut request);
    let mut response = std::pin::pin!(inner.client.request(request));
    // The connect time-out covers the TLS handshake; the time-out for the first byte begins when
    // the connection stands, which with a pooled connection is at once.
    let early = tokio::select! {
        biased;
        response = &mut response => Some(response),
        _ = connection.wait_for_connection_metadata() => None,
        () = sleep_until(within(Some(options.connect_timeout.unwrap_or(CONNECT)))) => {
            return Err(Error::ConnectionTimeout);
        }
    };
    let response = match early {
        Some(response) => response,
        None => timeout_at(within(options.first_byte_timeout), response)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?,
    };
    let response = response.map_err(|error| {
        tracing::debug!(origin = %inner.origin, "request failed: {error:?}");
        match (
            error_code(&error, Error::ConnectionTerminated),
            &inner.proxy,
        ) {
            // The server's own errors are those of TLS, and of what comes after.
            (
                Error::DestinationUnavailable | Error::ConnectionRefused | Error::DnsError { .. },
                Some(proxy),
            ) => Error::InternalError(Some(format!(
                "the proxy {proxy} (HTTPS_PROXY) makes no connection: {}",
                innermost(&error)
            ))),
            (code, _) => code,
        }
    })?;
    // A body that is announced as too long is not read.
    traffic.check_size(response.body().size_hint().lower())?;
    Ok(response.map(|incoming| {
        ResponseBody {
            incoming,
            size: 0,
            traffic,
            pause: options.between_bytes_timeout,
            deadline,
            sleep: Box::pin(sleep_until(within(options.between_bytes_timeout))),
        }
        .boxed_unsync()
    }))
}

/// A response's body, which fails when it is too long or too slow.
struct ResponseBody {
    incoming: Incoming,
    size: u64,
    traffic: Arc<Traffic>,
    pause: Option<Duration>,
    deadline: tokio::time::Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) else {
            ready!(self.sleep.as_mut().poll(context));
            return Poll::Ready(Some(Err(Error::ConnectionReadTimeout)));
        };
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(error)) => {
                let code = error_code(&error, Error::HttpResponseIncomplete);
                return Poll::Ready(Some(Err(code)));
            }
            Some(Ok(frame)) => frame,
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        self.size += length;
        if let Err(error) = self.traffic.check_size(self.size) {
            return Poll::Ready(Some(Err(error)));
        }
        self.traffic.count_response_bytes(length);
        if let Some(pause) = self.pause {
            let next = self.deadline.min(tokio::time::Instant::now() + pause);
            self.sleep.as_mut().reset(next);
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
