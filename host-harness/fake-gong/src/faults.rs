//! Faults that tests and demos switch on.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, TRANSFER_ENCODING};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Frame;
use serde_json::json;

use crate::response::{ApiError, ApiResult, http_response, json_response};

/// Something that goes wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The answer's head comes only after this time.
    Slow(Duration),
    /// The head comes at once, half the body follows, and the rest only after this time.
    SlowBody(Duration),
    /// The connection is closed in the middle of the body.
    Cut,
    /// The body is compressed.
    Gzip,
    /// 200 with a page of HTML, as a proxy or a login page gives.
    NotJson,
    /// 200 with JSON that has nothing of what the operation answers.
    OtherShape,
    /// 200 with valid JSON of so many bytes, streamed without a length.
    Huge(usize),
    /// 302 to this location, as a wrong base URL gives.
    Redirect(String),
    /// This status with this text in `errors`, and `Retry-After` in seconds if there is one.
    Status(u16, String, Option<u32>),
    /// 403, as for a request from an address that the access key does not trust.
    UntrustedIp,
}

/// The faults that are set, in the order in which they were set.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    set: Mutex<Vec<Set>>,
}

#[derive(Debug)]
struct Set {
    prefix: String,
    fault: Fault,
    left: Option<u32>,
}

impl Faults {
    /// Sets a fault for paths that begin so, for some times or until cleared.
    pub(crate) fn set(&self, prefix: &str, fault: Fault, times: Option<u32>) {
        if times == Some(0) {
            return;
        }
        let set = Set {
            prefix: prefix.to_owned(),
            fault,
            left: times,
        };
        self.lock().push(set);
    }

    /// Takes all faults back.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The fault for this path, if any; one that is used up goes away.
    pub(crate) fn take(&self, path: &str) -> Option<Fault> {
        let mut set = self.lock();
        let index = set.iter().position(|set| path.starts_with(&set.prefix))?;
        let fault = set[index].fault.clone();
        if let Some(left) = &mut set[index].left {
            *left -= 1;
            if *left == 0 {
                set.remove(index);
            }
        }
        Some(fault)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Set>> {
        self.set.lock().unwrap_or_else(|error| error.into_inner())
    }
}

impl Fault {
    /// The answer that takes the operation's place, if the fault is of that sort.
    pub(crate) fn instead(&self, request_id: &str) -> Option<Response<Body>> {
        let refused = |error| http_response(Err(error) as ApiResult, request_id);
        match self {
            Self::Slow(_) | Self::SlowBody(_) | Self::Cut | Self::Gzip => None,
            Self::NotJson => {
                let page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
                            <body><h1>Sign in to continue</h1></body></html>\n";
                let mut response = Response::new(Body::from(page));
                response.headers_mut().insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("text/html;charset=UTF-8"),
                );
                Some(response)
            }
            Self::OtherShape => Some(json_response(
                StatusCode::OK,
                &json!({ "status": "ok", "data": { "items": [1, 2, 3], "next": null } }),
            )),
            Self::Huge(bytes) => Some(huge(*bytes)),
            Self::Redirect(location) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::FOUND;
                if let Ok(location) = HeaderValue::from_str(location) {
                    response.headers_mut().insert(LOCATION, location);
                }
                Some(response)
            }
            Self::Status(code, message, retry_after) => {
                let status = StatusCode::from_u16(*code);
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Some(refused(ApiError {
                    retry_after: *retry_after,
                    ..ApiError::new(status, message)
                }))
            }
            Self::UntrustedIp => Some(refused(ApiError::new(
                StatusCode::FORBIDDEN,
                "Access denied: the request did not come from a trusted IP address",
            ))),
        }
    }

    /// What the fault does to the operation's own answer.
    pub(crate) async fn spoil(&self, response: Response<Body>) -> Response<Body> {
        let then = match self {
            Self::SlowBody(pause) => Step::Wait(*pause),
            Self::Cut => Step::Fail,
            Self::Gzip => return gzipped(response).await,
            _ => return response,
        };
        let (mut head, body) = response.into_parts();
        let whole = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return Response::from_parts(head, Body::empty()),
        };
        let half = whole.len() / 2;
        head.headers
            .insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
        head.headers.remove(TRANSFER_ENCODING);
        let steps = [
            Step::Send(whole.slice(..half)),
            // Lets what was sent so far leave before the connection goes.
            Step::Wait(Duration::from_millis(20)),
            then,
            Step::Send(whole.slice(half..)),
        ];
        Response::from_parts(head, Body::new(Steps::from(steps)))
    }
}

/// The same answer as a file of RFC 1952.
async fn gzipped(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let Ok(body) = body.collect().await else {
        return Response::from_parts(head, Body::empty());
    };
    let body = body.to_bytes();
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    file.extend(miniz_oxide::deflate::compress_to_vec(&body, 6));
    file.extend(crc32fast::hash(&body).to_le_bytes());
    file.extend((body.len() as u32).to_le_bytes());
    head.headers
        .insert(CONTENT_LENGTH, HeaderValue::from(file.len()));
    head.headers
        .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(head, Body::from(file))
}

/// Valid JSON of exactly so many bytes (of at least those that its frame needs).
fn huge(bytes: usize) -> Response<Body> {
    let (open, close) = (r#"{"padding":""#, r#""}"#);
    let mut left = bytes.saturating_sub(open.len() + close.len());
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    let mut steps = VecDeque::from([Step::Send(Bytes::from_static(open.as_bytes()))]);
    while left > 0 {
        let length = left.min(chunk.len());
        steps.push_back(Step::Send(chunk.slice(..length)));
        left -= length;
    }
    steps.push_back(Step::Send(Bytes::from_static(close.as_bytes())));
    let mut response = Response::new(Body::new(Steps { steps, wait: None }));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A body that is played step by step.
struct Steps {
    steps: VecDeque<Step>,
    wait: Option<Pin<Box<tokio::time::Sleep>>>,
}

enum Step {
    Send(Bytes),
    Wait(Duration),
    Fail,
}

impl<const N: usize> From<[Step; N]> for Steps {
    fn from(steps: [Step; N]) -> Self {
        Self {
            steps: VecDeque::from(steps),
            wait: None,
        }
    }
}

impl HttpBody for Steps {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            if let Some(wait) = &mut self.wait {
                if wait.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.wait = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Send(bytes)) if bytes.is_empty() => {}
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Wait(pause)) => self.wait = Some(Box::pin(tokio::time::sleep(pause))),
                Some(Step::Fail) => {
                    self.steps.clear();
                    let cut = std::io::Error::other("the stand-in cuts the connection");
                    return Poll::Ready(Some(Err(cut)));
                }
            }
        }
    }
}
