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
    io::{
        poll::{Pollable, poll},
        streams::{OutputStream, StreamError},
    },
};

use crate::{
    client::{
        encoding::{MOST_BYTES, too_large},
        request::{Host, Method, Precondition, Request, Response},
    },
    error::Error,
    prelude::*,
    settings::Scheme,
};

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
    let deadline = request.most_ms.map(|most| most.saturating_mul(1_000_000));
    let timeout = request.timeout_seconds.saturating_mul(1_000_000_000);
    let timeout = Some(deadline.map_or(timeout, |most| most.min(timeout)));
    let deadline = deadline.map(monotonic_clock::subscribe_duration);
    let options = RequestOptions::new();
    // A host that does not support a time-out returns an error here; then there is none.
    let _ = options.set_connect_timeout(timeout);
    let _ = options.set_first_byte_timeout(timeout);
    let _ = options.set_between_bytes_timeout(timeout);
    let future = outgoing_handler::handle(outgoing, Some(options))
        .map_err(|code| exchange_error(&code, authority))?;
    let in_time = |ready: &Pollable| match wait(ready, deadline.as_ref()) {
        true => Ok(()),
        false => Err(exchange_error(&ErrorCode::HttpResponseTimeout, authority)),
    };
    if let Some((body, bytes)) = body {
        write(body, bytes);
    }
    let incoming = loop {
        // Waits first: the response is never there immediately.
        in_time(&future.subscribe())?;
        match future.get() {
            None => {}
            Some(Ok(Ok(incoming))) => break incoming,
            Some(Ok(Err(code))) => return Err(exchange_error(&code, authority)),
            // By WASI's contract only a second `get` after the response was taken fails so.
            Some(Err(())) => return Err(rejected("response")),
        }
    };
    read(&incoming, authority, request.object.is_some(), in_time).map_err(Error::after_sending)
}

/// Waits until something is ready. False if the deadline passes before.
fn wait(ready: &Pollable, deadline: Option<&Pollable>) -> bool {
    match deadline {
        None => {
            ready.block();
            true
        }
        Some(deadline) => poll(&[ready, deadline]).contains(&0),
    }
}

fn headers(request: &Request<'_>) -> Result<Fields, Error> {
    let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add =
        |name: &str, value: &str| entries.push((name.to_owned(), value.as_bytes().to_vec()));
    match request.object {
        None => {
            add("accept", "application/json");
            add("accept-encoding", "gzip");
        }
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

fn read(
    incoming: &IncomingResponse,
    authority: &str,
    of_object: bool,
    in_time: impl Fn(&Pollable) -> Result<(), Error>,
) -> Result<Response, Error> {
    let status = incoming.status();
    let headers = incoming.headers();
    let header = |name: &str| {
        let value = headers.get(name).into_iter().next()?;
        String::from_utf8(value).ok()
    };
    // Of Gong only errors and redirects have these.
    let has_more = of_object || !(200..300).contains(&status);
    let more = |name: &str| header(name).filter(|_| has_more);
    let no_body =
        || Error::unreachable("Gong's answer broke off (no body).".to_owned()).adding("Try again.");
    let mut body = Vec::new();
    let mut reserved = false;
    let incoming_body = incoming.consume().map_err(|()| no_body())?;
    let stream = incoming_body.stream().map_err(|()| no_body())?;
    let readable = stream.subscribe();
    loop {
        match stream.read(READ_BYTES) {
            Ok(bytes) if bytes.is_empty() => in_time(&readable)?,
            Ok(bytes) => {
                if body.len() + bytes.len() > MOST_BYTES {
                    return Err(too_large());
                }
                if body.is_empty() {
                    body = bytes;
                } else {
                    if !reserved {
                        // Growing step by step could take twice the memory.
                        reserved = true;
                        body.reserve_exact(
                            content_length(incoming)
                                .min(MOST_BYTES)
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
        retry_after: more("retry-after"),
        location: more("location"),
        etag: more("etag"),
        encoding: header("content-encoding"),
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
        "Gong's answer broke off on its way from {authority}."
    ))
    .adding("Try again.")
}

/// The error for a WASI error code. Where the code does not say that there was no connection, the request
/// may have reached the other side.
fn exchange_error(code: &ErrorCode, authority: &str) -> Error {
    let host = authority.split(':').next().unwrap_or(authority);
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => Error::network_denied(format!(
            "The gateway's network policy does not allow {authority}. Whoever runs it can allow that host (in Wassette: \
             `wassette permission grant network gong {host}`) or set GONG_BASE_URL to the one allowed."
        )),
        ErrorCode::DnsTimeout | ErrorCode::ConnectionTimeout => timed_out(authority),
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => timed_out(authority).after_sending(),
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => Error::tls(format!(
            "No trusted TLS connection to {authority}: its certificate or TLS version is not accepted. Whoever runs the \
             gateway can check GONG_BASE_URL and any proxy that opens TLS (SSL_CERT_FILE names a company's certificate)."
        )),
        ErrorCode::HttpResponseBodySize(_) | ErrorCode::HttpResponseContentCoding(_) => {
            Error::unexpected_answer("The answer is larger than the gateway lets in.".into())
                .adding("Ask for less, such as a shorter range.")
                .after_sending()
        }
        ErrorCode::ConnectionLimitReached => Error::rate_limited(
            "The gateway's limit of requests for one tool call is reached. Ask for less, such as a shorter range.".into(),
        ),
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => Error::unreachable(format!(
            "There is no host {authority}. Whoever runs the gateway can check GONG_BASE_URL: Gong shows it beside the access key."
        )),
        ErrorCode::ConnectionRefused => unreachable("connection refused", authority),
        ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => unreachable("no route", authority),
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => {
            unreachable("connection cut", authority).after_sending()
        }
        ErrorCode::HttpProtocolError => unreachable("no valid HTTP", authority).after_sending(),
        ErrorCode::InternalError(Some(text)) => host_error(text, authority),
        _ => unreachable("fault of the connection", authority).after_sending(),
    }
}

/// The error for a host's own text, or that of a component between it and this one. It begins with
/// `rate-limited: ` or `network-denied: ` where a limit or the network policy is the reason, so that
/// nothing was sent.
fn host_error(text: &str, authority: &str) -> Error {
    let text: String = text.chars().take(MAX_ERROR_CHARS).collect();
    if let Some(text) = text.strip_prefix("rate-limited: ") {
        return Error::rate_limited(text.to_owned());
    }
    match text.strip_prefix("network-denied: ") {
        Some(text) => Error::network_denied(text.to_owned()),
        None => Error::unreachable(format!(
            "The request to {authority} was not sent, or broke off: {text}"
        ))
        .after_sending(),
    }
}

fn timed_out(authority: &str) -> Error {
    Error::timed_out(format!("{authority} did not answer in time.")).adding(
        "Try again; ask for less if it happens again. (GONG_TIMEOUT_SECONDS sets the patience.)",
    )
}

fn unreachable(why: &str, authority: &str) -> Error {
    Error::unreachable(format!("No connection to {authority} ({why})."))
        .adding("Try again; if it stays so, whoever runs the gateway can check the network.")
}
