//! What a tool call needs of its host: exchanges with Gong, clocks, settings.

use crate::{error::Error, prelude::*, settings::Scheme};

/// HTTP methods that the tools use. They do not tell reads from changes: Gong has
/// POSTs that read, and GETs that spend credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Cursor and filters in the query; one has a body.
    Get,
    /// Cursor and filters in the body.
    Post,
    /// Only changes.
    Put,
    /// Only changes.
    Patch,
    /// Only changes; some have a body.
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
    /// For connecting, first byte and between bytes, each.
    pub(crate) timeout_seconds: u64,
}

/// One answer, read to its end.
pub(crate) struct Response {
    /// HTTP status.
    pub(crate) status: u16,
    /// `Retry-After`, where it is a number of seconds.
    pub(crate) retry_after: Option<u64>,
    /// `Location`.
    pub(crate) location: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// What the component may do besides thinking: one exchange, the clocks, a
/// pause, the settings. `transport.rs` does it by WASI, tests by script.
pub(crate) trait Host {
    /// One exchange with Gong.
    ///
    /// # Errors
    /// The error cases of a broken exchange; an answer of any status is not an error.
    fn send(&self, request: &Request<'_>) -> Result<Response, Error>;
    /// Seconds since 1970, UTC.
    fn now(&self) -> i64;
    /// Milliseconds since some moment; never goes back.
    fn elapsed_ms(&self) -> u64;
    /// Waits.
    fn pause(&self, milliseconds: u64);
    /// A variable of the sandbox's environment.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The content type of almost every body.
pub(crate) const JSON: &str = "application/json";
