//! What the client needs from its host: HTTP exchanges with Gong, clocks, settings.

use crate::{error::Error, prelude::*, settings::Scheme};

/// HTTP methods that the tools use. A method does not say whether a request reads or changes: Gong
/// has POSTs that read, and GETs that spend credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Cursor and filters are in the query; one operation has a body.
    Get,
    /// Cursor and filters are in the body.
    Post,
    /// Only changes.
    Put,
    /// Only changes.
    Patch,
    /// Only changes; some operations have a body.
    Delete,
}

impl Method {
    /// As HTTP writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request, ready to be sent.
pub(crate) struct Request<'a> {
    /// Its method.
    pub(crate) method: Method,
    /// Scheme of the instance.
    pub(crate) scheme: Scheme,
    /// Host and port of the instance.
    pub(crate) authority: &'a str,
    /// Path and query, percent-encoded.
    pub(crate) path: &'a str,
    /// The Authorization header, unless the host adds it.
    pub(crate) authorization: Option<&'a str>,
    /// The body and its content type.
    pub(crate) body: Option<(&'a str, &'a [u8])>,
    /// For an object of the index: what must hold for it. None for a request to Gong.
    pub(crate) object: Option<Precondition<'a>>,
    /// The limit for connecting, for the first byte, and between bytes, each.
    pub(crate) timeout_seconds: u64,
    /// The limit for the whole exchange in ms, if it has one.
    pub(crate) most_ms: Option<u64>,
}

/// What must hold for an object before it is read, written or deleted (RFC 9110, section 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precondition<'a> {
    /// Nothing.
    Any,
    /// `If-Match`: it still has this ETag.
    Unchanged(&'a str),
    /// `If-None-Match: *`: there is none yet.
    Absent,
}

/// One answer, read completely.
#[derive(Default)]
pub(crate) struct Response {
    /// HTTP status.
    pub(crate) status: u16,
    /// `Retry-After`.
    pub(crate) retry_after: Option<String>,
    /// `Location`.
    pub(crate) location: Option<String>,
    /// `ETag`, of an object of the index.
    pub(crate) etag: Option<String>,
    /// `Content-Encoding`.
    pub(crate) encoding: Option<String>,
    /// The body, as it was sent.
    pub(crate) body: Vec<u8>,
}

/// Everything that the client does outside the sandbox. `transport.rs` implements it with WASI, tests
/// with fixtures.
pub(crate) trait Host {
    /// One exchange with Gong, or with the store of the index.
    ///
    /// # Errors
    /// Why there is no complete answer. An answer is `Ok` whatever its status.
    fn send(&self, request: &Request<'_>) -> Result<Response, Error>;
    /// Seconds since 1970, UTC.
    fn now(&self) -> i64;
    /// Milliseconds of a monotonic clock.
    fn elapsed_ms(&self) -> u64;
    /// Waits.
    fn pause(&self, milliseconds: u64);
    /// A variable of the sandbox's environment.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The content type of almost every body.
pub(crate) const JSON: &str = "application/json";
