//! The requests so far, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use http::Method;
use serde_json::Value;

use crate::request::{ApiRequest, Part};

/// A request that arrived, and the status it was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, e.g. `/v2/calls/extensive`.
    pub path: String,
    /// The query as it was written, without the question mark.
    pub query: Option<String>,
    /// The headers in their order, names in lower case, without `authorization`.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// The status of the answer; 0 while there is none, or where the client left before it.
    pub status: u16,
}

impl SeenRequest {
    /// The body as JSON; null where there is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A request that changed the company, and was not refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The operation's path with its placeholders, e.g. `/v2/calls/{id}/media`.
    pub operation: &'static str,
    /// What stood in the placeholders.
    pub path: Vec<(String, String)>,
    /// The query parameters, decoded.
    pub query: Vec<(String, String)>,
    /// The JSON body; null where the operation has none.
    pub body: Value,
    /// The parts of a multipart body.
    pub parts: Vec<Part>,
}

/// How many there were since the start; clearing does not touch it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that arrived.
    pub requests: u64,
    /// Of them, answered with each status, before a fault spoilt the answer.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests that changed the company.
    pub writes: u64,
}

/// How many requests there were since the start or since they were last cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them, refused ones included.
    pub requests: u64,
    /// Of them, to each path, such as `POST /v2/calls/extensive`.
    pub paths: BTreeMap<String, u64>,
    /// Of them, answered with each status, before a fault spoilt the answer.
    pub statuses: BTreeMap<u16, u64>,
    /// Of them, in each second since the server started, by the clock of the machine.
    pub seconds: BTreeMap<u64, u64>,
}

/// Requests, writes and violations of the contract, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Journal {
    since: Instant,
    counts: Mutex<Counts>,
    requests: Mutex<Requests>,
    writes: Mutex<Vec<Write>>,
    violations: Mutex<Vec<String>>,
    tally: Mutex<Tally>,
}

#[derive(Debug, Default)]
struct Requests {
    count: u64,
    seen: Vec<(u64, SeenRequest)>,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            counts: Mutex::default(),
            requests: Mutex::default(),
            writes: Mutex::default(),
            violations: Mutex::default(),
            tally: Mutex::default(),
        }
    }
}

impl Journal {
    /// Notes that a request arrived, and returns its number.
    pub(crate) fn add_request(&self, request: SeenRequest) -> u64 {
        let path = format!("{} {}", request.method, request.path);
        let second = self.since.elapsed().as_secs();
        let mut counts = lock(&self.counts);
        counts.requests += 1;
        *counts.paths.entry(path).or_default() += 1;
        *counts.seconds.entry(second).or_default() += 1;
        drop(counts);
        let mut requests = lock(&self.requests);
        requests.count += 1;
        let number = requests.count;
        requests.seen.push((number, request));
        lock(&self.tally).requests += 1;
        number
    }

    /// Notes the status of a request's response.
    pub(crate) fn set_status(&self, number: u64, status: u16) {
        *lock(&self.tally).statuses.entry(status).or_default() += 1;
        *lock(&self.counts).statuses.entry(status).or_default() += 1;
        let mut requests = lock(&self.requests);
        // It is one of the last, however many there were before.
        let mut latest = requests.seen.iter_mut().rev();
        if let Some((_, request)) = latest.find(|(at, _)| *at == number) {
            request.status = status;
        }
    }

    /// Notes that a request changed the company.
    pub(crate) fn add_write(&self, method: &Method, request: ApiRequest) {
        lock(&self.tally).writes += 1;
        lock(&self.writes).push(Write {
            method: method.to_string(),
            operation: request.operation,
            path: request.path,
            query: request.query,
            body: request.body,
            parts: request.parts,
        });
    }

    /// Notes that a request broke the contract.
    pub(crate) fn add_violation(&self, what: String) {
        lock(&self.violations).push(what);
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<SeenRequest> {
        let requests = lock(&self.requests);
        requests
            .seen
            .iter()
            .map(|(_, request)| request.clone())
            .collect()
    }

    /// The writes so far.
    pub(crate) fn writes(&self) -> Vec<Write> {
        lock(&self.writes).clone()
    }

    /// The violations so far.
    pub(crate) fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    /// How many requests there were since they were last cleared.
    pub(crate) fn counts(&self) -> Counts {
        lock(&self.counts).clone()
    }

    /// How many there were since the start.
    pub(crate) fn tally(&self) -> Tally {
        lock(&self.tally).clone()
    }

    /// Forgets all but the tally.
    pub(crate) fn clear(&self) {
        *lock(&self.counts) = Counts::default();
        lock(&self.requests).seen.clear();
        lock(&self.writes).clear();
        lock(&self.violations).clear();
    }
}

/// A lock whose holder panicked is still good: every change here is one push.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|error| error.into_inner())
}
