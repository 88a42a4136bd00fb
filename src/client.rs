//! The client of Gong's API: requests, errors, paging, and Gong's rate limit. It does no I/O
//! itself: that is behind [`Host`].

use alloc::collections::VecDeque;
use core::cell::{Cell, RefCell};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    client::{
        json::{json_text, read_json},
        pages::{Paged, Pages},
        refusal::Refusal,
        request::{Host, JSON, Method, Request, Response},
        url::with_query,
    },
    error::{Case, Error},
    prelude::*,
    settings::Settings,
};

pub(crate) mod json;
pub(crate) mod multipart;
pub(crate) mod pages;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod url;

/// How long a tool call waits for Gong's rate limit at most, in ms, over all its requests.
const MOST_WAIT_MS: u64 = 20_000;
/// Gong's limit of requests a second, which a tool call keeps by itself unless the host does.
const REQUESTS_A_SECOND: usize = 3;
/// A second, in ms, and a margin: requests may arrive at Gong closer together than they were sent.
const SECOND_MS: u64 = 1_100;

/// How many of Gong's request ids are kept.
const REFERENCES: usize = 20;

/// The client for one tool call.
pub(crate) struct Gong<'w> {
    host: &'w dyn Host,
    /// The settings from the sandbox's environment.
    pub(crate) settings: Settings,
    /// When the call began, in seconds since 1970: "now" for every relative date in it.
    pub(crate) now: i64,
    /// When the call began, by the monotonic clock.
    began_ms: u64,
    sent: Cell<u32>,
    waited_ms: Cell<u64>,
    /// `Retry-After` in seconds of a rate limit that was too long to wait for: nothing more is sent.
    rate_limited: Cell<Option<u64>>,
    /// When the last requests were sent, by the monotonic clock.
    sent_at_ms: RefCell<VecDeque<u64>>,
    references: RefCell<VecDeque<String>>,
    /// What resume tokens of this call begin with.
    token_prefix: RefCell<String>,
}

impl<'w> Gong<'w> {
    /// Reads the settings. Nothing is sent.
    ///
    /// # Errors
    /// `not-configured`.
    pub(crate) fn open(host: &'w dyn Host) -> Result<Self, Error> {
        Ok(Self {
            host,
            settings: Settings::read(|name| host.variable(name))?,
            now: host.now(),
            began_ms: host.elapsed_ms(),
            sent: Cell::new(0),
            waited_ms: Cell::new(0),
            rate_limited: Cell::new(None),
            sent_at_ms: RefCell::new(VecDeque::with_capacity(REQUESTS_A_SECOND)),
            references: RefCell::new(VecDeque::new()),
            token_prefix: RefCell::default(),
        })
    }

    /// Requests sent so far, also those that Gong refused.
    pub(crate) fn requests(&self) -> u32 {
        self.sent.get()
    }

    /// Gong's request ids, oldest first, the last [`REFERENCES`] of them.
    pub(crate) fn references(&self) -> Vec<String> {
        self.references.borrow().iter().cloned().collect()
    }

    /// Sets what the resume tokens of this call begin with.
    pub(crate) fn begin_tokens(&self, prefix: String) {
        *self.token_prefix.borrow_mut() = prefix;
    }

    /// The resume token for a position in the list of this call.
    pub(crate) fn token(&self, position: &str) -> String {
        format!("{}{position}", self.token_prefix.borrow())
    }

    /// Milliseconds since the call began.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        self.host.elapsed_ms().saturating_sub(self.began_ms)
    }

    /// Seconds since 1970 at this moment; [`Self::now`] is when the call began.
    pub(crate) fn clock(&self) -> i64 {
        self.host.now()
    }

    /// Waits.
    pub(crate) fn pause(&self, milliseconds: u64) {
        self.host.pause(milliseconds);
    }

    /// An exchange with the store of the index: neither counted nor paced, as it is none with Gong.
    ///
    /// # Errors
    /// Why there is no complete answer.
    pub(crate) fn exchange_object(&self, request: &Request<'_>) -> Result<Response, Error> {
        self.host.send(request)
    }

    /// A GET.
    ///
    /// # Errors
    /// Any refusal, or a failed exchange.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<T, Error> {
        let operation = format!("GET {path}");
        let body = self.send(Method::Get, &with_query(path, query), None, &operation)?;
        parse(&body, &operation)
    }

    /// A GET with a JSON body, as `/v2/crm/entities` needs it.
    ///
    /// # Errors
    /// Any refusal, or a failed exchange.
    pub(crate) fn get_with_body<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let operation = format!("GET {path}");
        let body = json_text(body);
        let body = self.send(
            Method::Get,
            &with_query(path, query),
            Some(&body),
            &operation,
        )?;
        parse(&body, &operation)
    }

    /// A POST with a JSON body.
    ///
    /// # Errors
    /// Any refusal, or a failed exchange.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let operation = format!("POST {path}");
        let body = self.send(Method::Post, path, Some(&json_text(body)), &operation)?;
        parse(&body, &operation)
    }

    /// A GET of a list, where Gong's 404 "nothing found" is the empty list.
    ///
    /// # Errors
    /// Any other refusal, or a failed exchange.
    pub(crate) fn get_list<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<T, Error> {
        let operation = format!("GET {path}");
        match self.send_for_list(Method::Get, &with_query(path, query), None, &operation)? {
            Some(body) => parse(&body, &operation),
            None => Ok(T::default()),
        }
    }

    /// A POST for a list, where Gong's 404 "nothing found" is the empty list.
    ///
    /// # Errors
    /// Any other refusal, or a failed exchange.
    pub(crate) fn post_list<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let operation = format!("POST {path}");
        match self.send_for_list(Method::Post, path, Some(&json_text(body)), &operation)? {
            Some(body) => parse(&body, &operation),
            None => Ok(T::default()),
        }
    }

    /// The body of a 2xx answer.
    fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        operation: &str,
    ) -> Result<Vec<u8>, Error> {
        let body = body.map(|body| (JSON, body.as_bytes()));
        self.exchange(method, path, body)
            .map_err(|failure| failure.into_error(operation))
    }

    /// The body of a 2xx answer; none where Gong's 404 says that it found nothing.
    fn send_for_list(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        operation: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        let body = body.map(|body| (JSON, body.as_bytes()));
        match self.exchange(method, path, body) {
            Ok(body) => Ok(Some(body)),
            Err(ExchangeError::Refused(refusal)) if refusal.is_nothing_found() => Ok(None),
            Err(failure) => Err(failure.into_error(operation)),
        }
    }

    /// All pages of a list, at most `most`; `request_page` requests the page at a cursor. A rate
    /// limit after the first page ends the list, and the pages before it are kept.
    ///
    /// # Errors
    /// Whatever `request_page` fails with, except a rate limit after the first page.
    pub(crate) fn pages<P: Paged>(
        &self,
        most: u32,
        mut request_page: impl FnMut(Option<&str>) -> Result<P, Error>,
    ) -> Result<Pages<P::Item>, Error> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        for page in 1.. {
            let (records, more) = match request_page(cursor.as_deref()) {
                Ok(answer) => answer.into_page(),
                Err(error) if page > 1 && error.case() == Case::RateLimited => {
                    return Ok(Pages {
                        items,
                        stopped: Some(error.into_text()),
                    });
                }
                Err(error) => return Err(error),
            };
            items.extend(more);
            let next = records.and_then(|records| records.cursor);
            if next.is_none() {
                break;
            }
            if next == cursor {
                let stopped = Some("Gong repeats the same page cursor".into());
                return Ok(Pages { items, stopped });
            }
            if page == most {
                let stopped = Some(format!("read {most} pages, the most for one call"));
                return Ok(Pages { items, stopped });
            }
            cursor = next;
        }
        Ok(Pages {
            items,
            stopped: None,
        })
    }

    /// Sends a request and returns the body of a 2xx answer. Every request goes through here: it is
    /// counted, keeps the pace, and is sent again after a rate limit if the wait is short enough.
    pub(crate) fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &[u8])>,
    ) -> Result<Vec<u8>, ExchangeError> {
        let request = Request {
            method,
            scheme: self.settings.scheme,
            authority: &self.settings.authority,
            path,
            authorization: self.settings.authorization.as_deref(),
            body,
            object: None,
            timeout_seconds: self.settings.timeout_seconds,
        };
        loop {
            if let Some(seconds) = self.rate_limited.get() {
                let refusal = Refusal::new(429, b"", Some(seconds), None);
                return Err(ExchangeError::Refused(Box::new(refusal)));
            }
            self.keep_pace();
            self.sent.set(self.sent.get() + 1);
            let response = self.host.send(&request).map_err(ExchangeError::Failed)?;
            self.note_reference(&response.body);
            if (200..300).contains(&response.status) {
                return Ok(response.body);
            }
            let refusal = Refusal::new(
                response.status,
                &response.body,
                response.retry_after,
                response.location,
            );
            let wait = refusal.retry_after.unwrap_or(1).max(1).saturating_mul(1000);
            if refusal.status != 429 || self.waited_ms.get().saturating_add(wait) > MOST_WAIT_MS {
                if refusal.status == 429 {
                    self.rate_limited.set(Some(wait / 1000));
                }
                return Err(ExchangeError::Refused(Box::new(refusal)));
            }
            self.waited_ms.set(self.waited_ms.get() + wait);
            self.host.pause(wait);
        }
    }

    fn note_reference(&self, body: &[u8]) {
        if let Some(reference) = reference(body) {
            let mut references = self.references.borrow_mut();
            if references.len() == REFERENCES {
                references.pop_front();
            }
            references.push_back(reference.to_owned());
        }
    }

    /// Waits until fewer than three requests were sent within the last second.
    fn keep_pace(&self) {
        if !self.settings.paced {
            return;
        }
        let mut sent_at = self.sent_at_ms.borrow_mut();
        if sent_at.len() == REQUESTS_A_SECOND
            && let Some(first) = sent_at.pop_front()
        {
            let since = self.host.elapsed_ms().saturating_sub(first);
            if since < SECOND_MS {
                self.host.pause(SECOND_MS - since);
            }
        }
        sent_at.push_back(self.host.elapsed_ms());
    }
}

/// The `requestId` of an answer. Gong writes it first, so only the first bytes are searched: a long
/// answer is not parsed twice.
fn reference(body: &[u8]) -> Option<&str> {
    const NAME: &[u8] = b"\"requestId\"";
    let start = &body[..body.len().min(256)];
    let found = start.windows(NAME.len()).position(|part| part == NAME)?;
    let value = start[found + NAME.len()..].trim_ascii_start();
    let value = value.strip_prefix(b":")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"")?;
    let value = &value[..value.iter().position(|&byte| byte == b'"')?];
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let plain = !value.is_empty() && value.iter().all(plain);
    core::str::from_utf8(value).ok().filter(|_| plain)
}

/// Why an exchange has no 2xx answer.
pub(crate) enum ExchangeError {
    /// Gong answered with another status.
    Refused(Box<Refusal>),
    /// There was no complete answer.
    Failed(Error),
}

impl ExchangeError {
    /// The tool's error; `operation` is the method and path.
    pub(crate) fn into_error(self, operation: &str) -> Error {
        match self {
            Self::Refused(refusal) => refusal.into_error(operation),
            Self::Failed(error) => error,
        }
    }
}

/// Reads a 2xx answer.
///
/// # Errors
/// `unexpected-answer`.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8], operation: &str) -> Result<T, Error> {
    read_json(body).map_err(|error| unreadable(&error, operation))
}

fn unreadable(error: &serde_json::Error, operation: &str) -> Error {
    Error::unexpected_answer(if error.is_data() {
        format!(
            "Gong's answer to {operation} is JSON of another shape than its documentation says (line {}, column {}).",
            error.line(),
            error.column()
        )
    } else {
        format!(
            "The answer to {operation} is not JSON ({error}). Something other than Gong's API seems to answer: check \
             GONG_BASE_URL and any proxy on the way."
        )
    })
}

/// How an exchange failed, if the request may have reached Gong; none if it can not have. `text` is
/// an `unreachable` error as `transport.rs` words it.
pub(crate) fn failure_after_sending(text: &str) -> Option<String> {
    if ["connection refused", "no route", "There is no host"]
        .iter()
        .any(|not_sent| text.contains(not_sent))
    {
        return None;
    }
    let sentence = text.split_once(". ").map_or(text, |(first, _)| first);
    Some(format!("{sentence}."))
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use serde_json::Value;

    use super::{Gong, REFERENCES, reference};
    use crate::{
        client::request::{Host, Request, Response},
        error::Error,
    };

    /// Answers at once; its clock moves only while the client waits.
    struct InstantHost {
        pace: Option<&'static str>,
        clock: Cell<u64>,
        sent: Cell<u32>,
    }

    impl Host for InstantHost {
        fn send(&self, _: &Request<'_>) -> Result<Response, Error> {
            self.sent.set(self.sent.get() + 1);
            Ok(Response {
                status: 200,
                retry_after: None,
                location: None,
                etag: None,
                body: format!(r#"{{"requestId": "r-{}"}}"#, self.sent.get()).into(),
            })
        }

        fn now(&self) -> i64 {
            0
        }

        fn elapsed_ms(&self) -> u64 {
            self.clock.get()
        }

        fn pause(&self, milliseconds: u64) {
            self.clock.set(self.clock.get() + milliseconds);
        }

        fn variable(&self, name: &str) -> Option<String> {
            match name {
                "GONG_AUTH" => Some("host".to_owned()),
                "GONG_PACE" => self.pace.map(str::to_owned),
                _ => None,
            }
        }
    }

    fn clock_and_references_after(pace: Option<&'static str>, requests: u32) -> (u64, Vec<String>) {
        let host = InstantHost {
            pace,
            clock: Cell::new(0),
            sent: Cell::new(0),
        };
        let gong = Gong::open(&host).expect("valid settings");
        for _ in 0..requests {
            let answer: Result<Value, _> = gong.get("/v2/users", &[]);
            assert!(answer.is_ok());
        }
        (host.clock.get(), gong.references())
    }

    #[test]
    fn a_call_keeps_the_pace_unless_the_host_does() {
        assert_eq!(clock_and_references_after(None, 3).0, 0);
        assert_eq!(clock_and_references_after(None, 7).0, 2_200);
        assert_eq!(clock_and_references_after(Some("call"), 4).0, 1_100);
        assert_eq!(clock_and_references_after(Some("host"), 100).0, 0);
    }

    #[test]
    fn the_last_references_are_kept() {
        let (_, references) = clock_and_references_after(Some("host"), 30);
        assert_eq!(references.len(), REFERENCES);
        assert_eq!(references.first().map(String::as_str), Some("r-11"));
        assert_eq!(references.last().map(String::as_str), Some("r-30"));
    }

    #[test]
    fn only_what_looks_like_an_id_is_a_reference() {
        let of = |body: &str| reference(body.as_bytes()).map(str::to_owned);
        assert_eq!(
            of(r#"{"requestId":"4al018gzaztcr8nbukw"}"#).as_deref(),
            Some("4al018gzaztcr8nbukw")
        );
        for other in [
            "",
            "{}",
            r#"{"requestId":null}"#,
            r#"{"requestId":""}"#,
            r#"{"requestId":"a b"}"#,
            r#"{"requestId":"cut"#,
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
