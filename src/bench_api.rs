//! Tools without a sandbox and without a network: the caller answers the requests. Benchmarks compare
//! this with the component to measure what the sandbox costs. The component does not contain it.

use crate::{
    client::request::{Host, Request, Response},
    error::Error,
};

/// A request of a tool's.
pub struct ApiRequest<'a> {
    /// Its method.
    pub method: &'static str,
    /// Path and query.
    pub path: &'a str,
    /// The body and its content type.
    pub body: Option<(&'a str, &'a [u8])>,
}

/// A tool's answer: text, structured, and whether it is an error.
pub type Answer = (String, Option<String>, bool);

/// Calls the tool of this name. `variable` returns settings, `answer` Gong's status and body for
/// each request.
pub fn call_tool(
    name: &str,
    arguments_json: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    answer: &dyn Fn(&ApiRequest<'_>) -> (u16, Vec<u8>),
) -> Answer {
    let result = crate::mcp::call_tool(&CallerHost { variable, answer }, name, arguments_json);
    (result.text, result.structured, result.is_error)
}

struct CallerHost<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    answer: &'a dyn Fn(&ApiRequest<'_>) -> (u16, Vec<u8>),
}

impl Host for CallerHost<'_> {
    fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        let (status, body) = (self.answer)(&ApiRequest {
            method: request.method.name(),
            path: request.path,
            body: request.body,
        });
        Ok(Response {
            status,
            retry_after: None,
            location: None,
            body,
        })
    }

    fn now(&self) -> i64 {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    fn elapsed_ms(&self) -> u64 {
        0
    }

    fn pause(&self, _milliseconds: u64) {}

    fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name)
    }
}
