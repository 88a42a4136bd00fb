//! WASI: HTTP out, clocks, environment. The only file that names `wasi`.
//!
//! The bindings are used directly, with all three time-outs: a GET has no body
//! at all, a body has its content-length, and a failed write still polls the
//! response, which holds the early answer or the true error code.

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
    client::request::{Host, Method, Request, Response},
    error::Error,
    prelude::*,
    settings::Scheme,
};

/// Most bytes that one answer of Gong's may have: a page of 100 calls with CRM fields is about 0.7 MB.
const MOST_BYTES: usize = 16 << 20;
/// Most characters of what a host says of an error.
const MOST_WORDS: usize = 500;
/// What one read asks for.
const CHUNK: u64 = 64 << 10;
/// Most bytes that `blocking-write-and-flush` takes.
const AT_ONCE: usize = 4096;

/// The sandbox's way out, for one call.
#[derive(Default)]
pub(crate) struct Wasi {
    /// The environment, asked for once: each time costs as much as all of it.
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
    let refused = |what: &str| {
        Error::unexpected_answer(format!("The host does not take the request's {what}."))
    };
    let outgoing = OutgoingRequest::new(headers(request)?);
    let method = match request.method {
        // What it is anyway.
        Method::Get => None,
        Method::Post => Some(WasiMethod::Post),
        Method::Put => Some(WasiMethod::Put),
        Method::Patch => Some(WasiMethod::Patch),
        Method::Delete => Some(WasiMethod::Delete),
    };
    let scheme = match request.scheme {
        Scheme::Https => WasiScheme::Https,
        Scheme::Http => WasiScheme::Http,
    };
    if let Some(method) = method {
        outgoing
            .set_method(&method)
            .map_err(|()| refused("method"))?;
    }
    outgoing
        .set_scheme(Some(&scheme))
        .map_err(|()| refused("scheme"))?;
    outgoing
        .set_authority(Some(authority))
        .map_err(|()| refused("authority"))?;
    outgoing
        .set_path_with_query(Some(request.path))
        .map_err(|()| refused("path"))?;
    let body = match request.body {
        Some((_, bytes)) => Some((outgoing.body().map_err(|()| refused("body"))?, bytes)),
        None => None,
    };
    let timeout = Some(request.timeout_seconds.saturating_mul(1_000_000_000));
    let options = RequestOptions::new();
    // A host without time-outs of its own says so here and is then waited for.
    let _ = options.set_connect_timeout(timeout);
    let _ = options.set_first_byte_timeout(timeout);
    let _ = options.set_between_bytes_timeout(timeout);
    let future = outgoing_handler::handle(outgoing, Some(options))
        .map_err(|code| broken(&code, authority))?;
    if let Some((body, bytes)) = body {
        write(body, bytes);
    }
    let incoming = loop {
        // It is never there at once.
        future.subscribe().block();
        match future.get() {
            None => {}
            Some(Ok(Ok(incoming))) => break incoming,
            Some(Ok(Err(code))) => return Err(broken(&code, authority)),
            // The host keeps the contract of `future-incoming-response.get`: only a second success is an error.
            Some(Err(())) => return Err(refused("response")),
        }
    };
    read(&incoming, authority)
}

fn headers(request: &Request<'_>) -> Result<Fields, Error> {
    let mut entries: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add =
        |name: &str, value: &str| entries.push((name.to_owned(), value.as_bytes().to_vec()));
    add("accept", "application/json");
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

/// Writes as far as the other side takes it: what went wrong, the response tells.
fn write(body: OutgoingBody, bytes: &[u8]) {
    if let Ok(stream) = body.write()
        && write_all(&stream, bytes).is_ok()
    {
        drop(stream);
        // An error here (the host closed already) comes back with the response.
        let _ = OutgoingBody::finish(body, None);
    }
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    if bytes.len() <= AT_ONCE {
        return stream.blocking_write_and_flush(bytes);
    }
    while !bytes.is_empty() {
        let room = stream.check_write()? as usize;
        if room == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        stream.write(now)?;
        bytes = later;
    }
    stream.flush()
}

fn read(incoming: &IncomingResponse, authority: &str) -> Result<Response, Error> {
    let status = incoming.status();
    // What they say matters only of a refusal.
    let headers = (!(200..300).contains(&status)).then(|| incoming.headers());
    let header = |name: &str| {
        let value = headers.as_ref()?.get(name).into_iter().next()?;
        String::from_utf8(value).ok()
    };
    let cut = |detail: &str| {
        Error::unreachable(format!("Gong's answer broke off ({detail}). Try again."))
    };
    let mut body = Vec::new();
    let mut reserved = false;
    let incoming_body = incoming.consume().map_err(|()| cut("no body"))?;
    let stream = incoming_body.stream().map_err(|()| cut("no body"))?;
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(bytes) => {
                if body.len() + bytes.len() > MOST_BYTES {
                    return Err(Error::unexpected_answer(format!(
                        "The answer is larger than {} MB, more than Gong is known to send. Ask for less, such as a shorter range.",
                        MOST_BYTES >> 20
                    )));
                }
                if body.is_empty() {
                    body = bytes;
                } else {
                    if !reserved {
                        // Growing by and by would take twice the memory.
                        reserved = true;
                        body.reserve_exact(
                            length(incoming).min(MOST_BYTES).saturating_sub(body.len()),
                        );
                    }
                    body.extend_from_slice(&bytes);
                }
            }
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(match wasi::http::types::http_error_code(&error) {
                    Some(code) => broken(&code, authority),
                    None => cut_with(&error.to_debug_string(), authority),
                });
            }
        }
    }
    Ok(Response {
        status,
        retry_after: header("retry-after").and_then(|text| text.trim().parse().ok()),
        location: header("location"),
        body,
    })
}

/// How long the answer says that it is; 0 if it does not.
fn length(incoming: &IncomingResponse) -> usize {
    let told = incoming.headers().get("content-length");
    let told = told.first().and_then(|length| str::from_utf8(length).ok());
    told.and_then(|length| length.trim().parse().ok())
        .unwrap_or_default()
}

/// Hosts give some errors inside a body only as debug text: the codes' names are in it.
fn cut_with(debug: &str, authority: &str) -> Error {
    let debug = debug.to_ascii_lowercase();
    if debug.contains("timeout") || debug.contains("timed out") {
        return broken(&ErrorCode::ConnectionReadTimeout, authority);
    }
    if debug.contains("bodysize") || debug.contains("body size") {
        return broken(&ErrorCode::HttpResponseBodySize(None), authority);
    }
    Error::unreachable(format!(
        "Gong's answer broke off on its way from {authority}. Try again."
    ))
}

/// The WASI error code in words.
fn broken(code: &ErrorCode, authority: &str) -> Error {
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
        ErrorCode::InternalError(Some(text)) => internal(text, authority),
        _ => unreachable("fault of the connection", authority),
    }
}

/// What a host, or a component between it and this one, says in its own words. `http-rate-limit.wasm`
/// begins with `rate-limited: ` where its limit is the reason.
fn internal(text: &str, authority: &str) -> Error {
    let text: String = text.chars().take(MOST_WORDS).collect();
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
