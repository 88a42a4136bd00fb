//! GET, PUT and DELETE of objects, answered inside the process.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::{Condition, Object, ObjectName, ObjectStore, StoreFault, Version};

/// An answer without a body, and why, as its body.
struct Refusal(StatusCode, &'static str);

/// Answers a request from the store. `most` is how many bytes an object may have, and `permit` is
/// held until the answer is read.
pub(crate) async fn answer(
    store: Arc<dyn ObjectStore>,
    request: Request<WasiBody>,
    options: RequestOptions,
    most: u64,
    deadline: Instant,
    permit: OwnedSemaphorePermit,
) -> Result<Response<WasiBody>, Error> {
    let within = |time: Option<Duration>| match time {
        Some(time) => deadline.min(Instant::now() + time),
        None => deadline,
    };
    // There is nothing to connect to, so the first byte is due from the beginning.
    let work = timeout_at(
        within(options.first_byte_timeout),
        handle(store, request, most),
    );
    let answered = work.await.map_err(|_| Error::ConnectionReadTimeout)?;
    let response = match answered {
        Ok(response) => response,
        Err(Failure::Exchange(error)) => return Err(error),
        Err(Failure::Refused(Refusal(status, why))) => respond(status, why.into()),
    };
    if response.body().size_hint().lower() > most {
        return Err(Error::HttpResponseBodySize(Some(
            response.body().size_hint().lower(),
        )));
    }
    Ok(response.map(|body| {
        let held = body.map_frame(move |frame| {
            let _until_it_is_read = &permit;
            frame
        });
        held.map_err(|never| match never {}).boxed_unsync()
    }))
}

enum Failure {
    Exchange(Error),
    Refused(Refusal),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn handle(
    store: Arc<dyn ObjectStore>,
    request: Request<WasiBody>,
    most: u64,
) -> Result<Response<Full<Bytes>>, Failure> {
    let name = name(&request)?;
    let condition = condition(request.headers())?;
    let method = request.method().clone();
    let body = match method {
        Method::PUT => read(request.into_body(), most).await?,
        _ => Bytes::new(),
    };
    let work = move || match method {
        Method::GET if condition != Condition::None => Err(Refusal(
            StatusCode::BAD_REQUEST,
            "If-Match and If-None-Match are for PUT and DELETE",
        )),
        Method::GET => match store.get(&name) {
            Ok(Some(Object { bytes, version })) => {
                let mut response = respond(StatusCode::OK, bytes);
                let kind = HeaderValue::from_static("application/octet-stream");
                response.headers_mut().insert(CONTENT_TYPE, kind);
                Ok(with_etag(response, version))
            }
            Ok(None) => Err(Refusal(StatusCode::NOT_FOUND, "there is no such object")),
            Err(fault) => Err(refusal(&fault)),
        },
        Method::PUT => match store.put(&name, body, &condition) {
            Ok(version) => {
                let response = respond(StatusCode::NO_CONTENT, Bytes::new());
                Ok(with_etag(response, version))
            }
            Err(fault) => Err(refusal(&fault)),
        },
        Method::DELETE => match store.delete(&name, &condition) {
            Ok(true) => Ok(respond(StatusCode::NO_CONTENT, Bytes::new())),
            Ok(false) => Err(Refusal(StatusCode::NOT_FOUND, "there is no such object")),
            Err(fault) => Err(refusal(&fault)),
        },
        _ => {
            let mut response = respond(StatusCode::METHOD_NOT_ALLOWED, Bytes::new());
            let methods = HeaderValue::from_static("GET, PUT, DELETE");
            response.headers_mut().insert(ALLOW, methods);
            Ok(response)
        }
    };
    let answered = tokio::task::spawn_blocking(work).await.map_err(|error| {
        Failure::Exchange(Error::InternalError(Some(format!("the store: {error}"))))
    })?;
    Ok(answered?)
}

fn name<B>(request: &Request<B>) -> Result<ObjectName, Refusal> {
    let path = request.uri().path();
    let name = path.strip_prefix('/').and_then(ObjectName::new);
    name.filter(|_| request.uri().query().is_none())
        .ok_or(Refusal(
            StatusCode::BAD_REQUEST,
            "a path of one name is expected, such as /calls-2950, with at most 128 ASCII letters, \
             digits, dashes, dots and underscores",
        ))
}

fn condition(headers: &HeaderMap) -> Result<Condition, Refusal> {
    let one = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        let value = values.next().map(HeaderValue::as_bytes);
        match values.next() {
            None => Ok(value),
            Some(_) => Err(Refusal(
                StatusCode::BAD_REQUEST,
                "one condition is expected, not several",
            )),
        }
    };
    match (one(&IF_MATCH)?, one(&IF_NONE_MATCH)?) {
        (None, None) => Ok(Condition::None),
        (Some(b"*"), None) => Ok(Condition::Present),
        (Some(etag), None) if etag.starts_with(b"\"") && !etag.contains(&b',') => {
            Ok(Condition::Is(version(etag)))
        }
        (None, Some(b"*")) => Ok(Condition::Absent),
        _ => Err(Refusal(
            StatusCode::BAD_REQUEST,
            "If-Match with * or one strong ETag, or If-None-Match with *, is expected",
        )),
    }
}

/// The version of an ETag; none if no version has it.
fn version(etag: &[u8]) -> Option<Version> {
    let digits = etag.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let digits = std::str::from_utf8(digits).ok()?;
    let plain = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if digits.len() != 2 * Version::BYTES || !digits.chars().all(plain) {
        return None;
    }
    let number = u128::from_str_radix(digits, 16).ok()?;
    Some(Version(number.to_be_bytes()))
}

/// The body of a request, with at most so many bytes.
async fn read(mut body: WasiBody, most: u64) -> Result<Bytes, Failure> {
    const TOO_LARGE: Refusal = Refusal(StatusCode::PAYLOAD_TOO_LARGE, "the object is too large");
    if body.size_hint().lower() > most {
        return Err(TOO_LARGE.into());
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Failure::Exchange)?;
        if let Ok(data) = frame.into_data() {
            if (read.len() + data.len()) as u64 > most {
                return Err(TOO_LARGE.into());
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(read.freeze())
}

fn refusal(fault: &StoreFault) -> Refusal {
    match fault {
        StoreFault::Precondition => Refusal(
            StatusCode::PRECONDITION_FAILED,
            "the object is another one by now",
        ),
        StoreFault::Full => Refusal(StatusCode::INSUFFICIENT_STORAGE, "the store is full"),
        StoreFault::Closed => Refusal(StatusCode::SERVICE_UNAVAILABLE, "the store is closed"),
        StoreFault::Failed(why) => {
            // Paths are for the log of the host only.
            tracing::error!("objects can not be kept: {why}");
            Refusal(StatusCode::SERVICE_UNAVAILABLE, "the store has failed")
        }
    }
}

fn respond(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let length = HeaderValue::from(body.len() as u64);
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    if status != StatusCode::NO_CONTENT {
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
    response
}

fn with_etag(mut response: Response<Full<Bytes>>, version: Version) -> Response<Full<Bytes>> {
    let etag = HeaderValue::try_from(format!("\"{version}\"")).expect("digits and quotes");
    response.headers_mut().insert(ETAG, etag);
    response
}
