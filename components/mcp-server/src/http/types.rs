//! Requests and responses of HTTP.

use alloc::{
    borrow::ToOwned,
    string::{String, ToString as _},
    vec::Vec,
};

use super::headers::Headers;
use crate::jsonrpc::{self, Error, Id};

/// A request without its body.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The method, such as `POST`.
    pub method: String,
    /// The path, with the query if there is one.
    pub path: String,
    /// Host and port of the request's URI. Some hosts give these, others the header `Host`.
    pub authority: Option<String>,
    /// All headers.
    pub headers: Headers,
}

/// Why a body can not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It has more bytes than allowed.
    TooLong,
    /// The connection broke off.
    BrokeOff,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl HttpResponse {
    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(super) fn text(status: u16, text: impl Into<String>) -> Self {
        Self::empty(status).with_body("text/plain; charset=utf-8", text.into())
    }

    pub(super) fn with_body(mut self, content_type: &str, body: String) -> Self {
        self.headers.push(("content-type", content_type.to_owned()));
        self.body = body;
        self
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// 400 with a JSON-RPC error.
    pub(super) fn error(id: Option<Id<'_>>, error: Error) -> Self {
        Self::empty(400).with_body("application/json", jsonrpc::response(id, &Err(error)))
    }

    /// 500 because a setting is invalid. Which one is in the log, and not the client's business.
    pub(super) fn misconfigured() -> Self {
        Self::text(
            500,
            "The server's settings are not right; its log says which.",
        )
    }

    /// The value of `content-length`, where the response may have one.
    #[must_use]
    pub fn content_length(&self) -> Option<String> {
        (self.status != 204).then(|| self.body.len().to_string())
    }
}
