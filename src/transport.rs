//! WASI: outgoing HTTP, clocks, environment. The only file that names `wasi`.
//!
//! It uses the bindings directly, because they allow all three time-outs, a GET without any
//! body, a body with its content-length, and reading the response after a failed write: it has
//! the server's early answer or the real error code.

use core::cell::OnceCell;
use wasi::{
    cli::environment::get_environment,
    clocks::{monotonic_clock, wall_clock},
    http::{
        outgoing_handler,
        types::{
            ErrorCode, Fields, IncomingResponse, Method as WasiMethod, OutgoingBody,
            OutgoingRequest, RequestOptions, Scheme as WasiScheme,
        },
    },
    io::streams::{OutputStream, StreamError},
};

use crate::{
    client::request::{Host, Method, Precondition, Request, Response},
    error::Error,
    prelude::*,
    settings::Scheme,
};

/// The largest answer that is read: a page of 100 calls with CRM fields is about 0.7 MB.
const MAX_ANSWER_BYTES: usize = 16 << 20;
/// How many characters of a host's own error text are passed on.
const MAX_ERROR_CHARS: usize = 500;
/// How many bytes one read requests.
const READ_BYTES: u64 = 64 << 10;
/// The most that one `blocking-write-and-flush` accepts.
const MAX_BLOCKING_WRITE: usize = 4096;

/// The host as WASI provides it, for one tool call.
#[derive(Default)]
pub(crate) struct Wasi {
    /// The environment, read once: WASI has no way to read a single variable.
    environment: OnceCell<Vec<(String, String)>>,
}

impl Host for Wasi {
    fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        exchange(request)
    }

    fn now(&self) -> i64 {
        i64::try_from(wall_clock::now().seconds).unwrap_or(i64::MAX)
    }

    fn elapsed_ms(&self) -> u64 {
        monotonic_clock::now() / 1_000_000
    }

    fn pause(&self, milliseconds: u64) {
        monotonic_clock::subscribe_duration(milliseconds.saturating_mul(1_000_000)).block();
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.environment
            .get_or_init(get_environment)
            .iter()
            .find_map(|(key, value)| (key == name).then(|| value.clone()))
    }
}

fn exchange(request: &Request<'_>) -> Result<Response, Error> {
    let authority = request.authority;
    let rejected = |what: &str| {
        Error::unexpected_answer(format!("The host does not take the request's {what}."))
    };
    let outgoing = OutgoingRequest::new(headers(request)?);
    let method = match request.method {
        Method::Get => WasiMethod::Get,
        Method::Post => WasiMethod::Post,
        Method::Put => WasiMethod::Put,
        Method::Patch => WasiMethod::Patch,
        Method::Delete => WasiMethod::Delete,
    };
    let scheme = match request.scheme {
        Scheme::Https => WasiScheme::Https,
        Scheme::Http => WasiScheme::Http,
    };
    outgoing
        .set_method(&method)
        .map_err(|()| rejected("method"))?;
    outgoing
        .set_scheme(Some(&scheme))
        .map_err(|()| rejected("scheme"))?;
    outgoing
        .set_authority(Some(authority))
        .map_err(|()| rejected("authority"))?;
    outgoing
        .set_path_with_query(Some(request.path))
        .map_err(|()| rejected("path"))?;
    let body = match request.body {
        Some((_, bytes)) => Some((outgoing.body().map_err(|()| rejected("body"))?, bytes)),
        None => None,
    };
    let timeout = Some(request.timeout_seconds.saturating_mul(1_000_000_000));
    let options = RequestOptions::new();
    // A host that does not support a time-out returns an error here; then there is none.
    let _ = options.set_connect_timeout(timeout);
    let _ = options.set_first_byte_timeout(timeout);
    let _ = options.set_between_bytes_timeout(timeout);
    let future = outgoing_handler::handle(outgoing, Some(options))
        .map_err(|code| exchange_error(&code, authority))?;
    if let Some((body, bytes)) = body {
        write(body, bytes);
    }
    let incoming = loop {
        // Blocks first: the response is never there immediately.
        future.subscribe().block();
        match future.get() {
            None => {}
            Some(Ok(Ok(incoming))) => break incoming,
            Some(Ok(Err(code))) => return Err(exchange_error(&code, authority)),
            // By WASI's contract only a second `get` after the response was taken fails so.
            Some(Err(())) => return Err(rejected("response")),
        }
    };
    read(&incoming, authority, request.object.is_some())
}

fn headers(request: &Request<'_>) -> Result<Fields, Error> {
    let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add =
        |name: &str, value: &str| entries.push((name.to_owned(), value.as_bytes().to_vec()));
    match request.object {
        None => add("accept", "application/json"),
        Some(Precondition::Any) => {}
        Some(Precondition::Unchanged(etag)) => add("if-match", etag),
        Some(Precondition::Absent) => add("if-none-match", "*"),
    }
    add(
        "user-agent",
        concat!("gong-tools/", env!("CARGO_PKG_VERSION")),
    );
    if let Some(authorization) = request.authorization {
        add("authorization", authorization);
    }
    if let Some((content_type, bytes)) = request.body {
        add("content-type", content_type);
        add("content-length", &bytes.len().to_string());
    }
    Fields::from_list(&entries).map_err(|_| {
        Error::network_denied("The gateway does not let the request's headers out.".into())
    })
}

/// Writes as much as the other side accepts. Errors are ignored here: the response has them.
fn write(body: OutgoingBody, bytes: &[u8]) {
    if let Ok(stream) = body.write()
        && write_all(&stream, bytes).is_ok()
    {
        drop(stream);
        // If the server has closed the connection already, the response has the error.
        let _ = OutgoingBody::finish(body, None);
    }
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    if bytes.len() <= MAX_BLOCKING_WRITE {
        return stream.blocking_write_and_flush(bytes);
    }
    while !bytes.is_empty() {
        let room = stream.check_write()? as usize;
        if room == 0 {
            stream.subscribe().block();
            continue;
        }
        let (chunk, rest) = bytes.split_at(room.min(bytes.len()));
        stream.write(chunk)?;
        bytes = rest;
    }
    stream.flush()
}

fn read(incoming: &IncomingResponse, authority: &str, of_object: bool) -> Result<Response, Error> {
    let status = incoming.status();
    // Of Gong only errors and redirects have headers that matter.
    let headers = (of_object || !(200..300).contains(&status)).then(|| incoming.headers());
    let header = |name: &str| {
        let value = headers.as_ref()?.get(name).into_iter().next()?;
        String::from_utf8(value).ok()
    };
    let no_body = || Error::unreachable("Gong's answer broke off (no body). Try again.".to_owned());
    let mut body = Vec::new();
    let mut reserved = false;
    let incoming_body = incoming.consume().map_err(|()| no_body())?;
    let stream = incoming_body.stream().map_err(|()| no_body())?;
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(bytes) => {
                if body.len() + bytes.len() > MAX_ANSWER_BYTES {
                    return Err(Error::unexpected_answer(format!(
                        "The answer is larger than {} MB, more than Gong is known to send. Ask for less, such as a shorter range.",
                        MAX_ANSWER_BYTES >> 20
                    )));
                }
                if body.is_empty() {
                    body = bytes;
                } else {
                    if !reserved {
                        // Growing step by step could take twice the memory.
                        reserved = true;
                        body.reserve_exact(
                            content_length(incoming)
                                .min(MAX_ANSWER_BYTES)
                                .saturating_sub(body.len()),
                        );
                    }
                    body.extend_from_slice(&bytes);
                }
            }
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(match wasi::http::types::http_error_code(&error) {
                    Some(code) => exchange_error(&code, authority),
                    None => debug_text_error(&error.to_debug_string(), authority),
                });
            }
        }
    }
    Ok(Response {
        status,
        retry_after: header("retry-after").and_then(|text| text.trim().parse().ok()),
        location: header("location"),
        etag: header("etag"),
        body,
    })
}

/// The answer's content-length; 0 without one.
fn content_length(incoming: &IncomingResponse) -> usize {
    let values = incoming.headers().get("content-length");
    values
        .first()
        .and_then(|value| str::from_utf8(value).ok()?.trim().parse().ok())
        .unwrap_or_default()
}

/// Hosts report some errors within a body only as debug text, which has the code's name in it.
fn debug_text_error(debug: &str, authority: &str) -> Error {
    let debug = debug.to_ascii_lowercase();
    if debug.contains("timeout") || debug.contains("timed out") {
        return exchange_error(&ErrorCode::ConnectionReadTimeout, authority);
    }
    if debug.contains("bodysize") || debug.contains("body size") {
        return exchange_error(&ErrorCode::HttpResponseBodySize(None), authority);
    }
    Error::unreachable(format!(
        "Gong's answer broke off on its way from {authority}. Try again."
    ))
}

/// The error for a WASI error code.
fn exchange_error(code: &ErrorCode, authority: &str) -> Error {
    let host = authority.split(':').next().unwrap_or(authority);
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => Error::network_denied(format!(
            "The gateway's network policy does not allow {authority}. Whoever runs it can allow that host (in Wassette: \
             `wassette permission grant network gong {host}`) or set GONG_BASE_URL to the one allowed."
        )),
        ErrorCode::DnsTimeout
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => Error::timed_out(format!(
            "{authority} did not answer in time. Try again; ask for less if it happens again. (GONG_TIMEOUT_SECONDS sets \
             the patience.)"
        )),
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => Error::tls(format!(
            "No trusted TLS connection to {authority}: its certificate or TLS version is not accepted. Whoever runs the \
             gateway can check GONG_BASE_URL and any proxy that opens TLS."
        )),
        ErrorCode::HttpResponseBodySize(_) | ErrorCode::HttpResponseContentCoding(_) => Error::unexpected_answer(
            "The answer is larger than the gateway lets in. Ask for less, such as a shorter range.".into(),
        ),
        ErrorCode::ConnectionLimitReached => Error::rate_limited(
            "The gateway's limit of requests for one tool call is reached. Ask for less, such as a shorter range.".into(),
        ),
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => Error::unreachable(format!(
            "There is no host {authority}. Whoever runs the gateway can check GONG_BASE_URL: Gong shows it beside the access key."
        )),
        ErrorCode::ConnectionRefused => unreachable("connection refused", authority),
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => unreachable("connection cut", authority),
        ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => unreachable("no route", authority),
        ErrorCode::HttpProtocolError => unreachable("no valid HTTP", authority),
        ErrorCode::InternalError(Some(text)) => host_error(text, authority),
        _ => unreachable("fault of the connection", authority),
    }
}

/// The error for a host's own text, or that of a component between it and this one:
/// `http-rate-limit.wasm` begins with `rate-limited: ` if its limit is the reason.
fn host_error(text: &str, authority: &str) -> Error {
    let text: String = text.chars().take(MAX_ERROR_CHARS).collect();
    match text.strip_prefix("rate-limited: ") {
        Some(text) => Error::rate_limited(text.to_owned()),
        None => Error::unreachable(format!(
            "The request to {authority} was not sent, or broke off: {text}"
        )),
    }
}

fn unreachable(why: &str, authority: &str) -> Error {
    Error::unreachable(format!(
        "No connection to {authority} ({why}). Try again; if it stays so, whoever runs the gateway can check the network."
    ))
}
