//! Calls a tool natively, with the caller in place of sandbox and network, to measure what those
//! cost; and a company with a filled index. The components do not contain it.

use crate::{
    client::request::{Host, Request, Response},
    error::Error,
};

mod company;
mod day;

pub use company::MadeCompany;
pub use day::{Asked, CompanyDay, company_day};

/// A request that a tool sends.
pub struct ApiRequest<'a> {
    /// Its method.
    pub method: &'static str,
    /// Path and query.
    pub path: &'a str,
    /// The body and its content type.
    pub body: Option<(&'a str, &'a [u8])>,
}

/// A tool's answer: its text, its structured content, and whether it is an error.
pub type Answer = (String, Option<String>, bool);

/// Calls a tool by name. `variable` returns the settings, `answer` the status and body of Gong's
/// answer to a request.
pub fn call_tool(
    name: &str,
    arguments_json: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    answer: &dyn Fn(&ApiRequest<'_>) -> (u16, Vec<u8>),
) -> Answer {
    let result = crate::mcp::call_tool(&BenchHost { variable, answer }, name, arguments_json);
    (result.text, result.structured, result.is_error)
}

struct BenchHost<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    answer: &'a dyn Fn(&ApiRequest<'_>) -> (u16, Vec<u8>),
}

impl Host for BenchHost<'_> {
    fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        let (status, body) = (self.answer)(&ApiRequest {
            method: request.method.name(),
            path: request.path,
            body: request.body,
        });
        Ok(Response {
            status,
            body,
            ..Response::default()
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
