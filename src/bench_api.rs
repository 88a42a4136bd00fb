//! A tool without a sandbox and without a network, which is the caller's: for measuring what
//! both cost. The component does not have it.

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

/// Calls a tool of this name. `variable` gives the settings, `answer` Gong's status
/// and body to each request.
pub fn call_tool(
    name: &str,
    arguments_json: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    answer: &dyn Fn(&ApiRequest<'_>) -> (u16, Vec<u8>),
) -> Answer {
    let result = crate::mcp::call_tool(&Given { variable, answer }, name, arguments_json);
    (result.text, result.structured, result.is_error)
}

struct Given<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    answer: &'a dyn Fn(&ApiRequest<'_>) -> (u16, Vec<u8>),
}

impl Host for Given<'_> {
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
