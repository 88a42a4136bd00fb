//! The client: Gong's words for requests, pages, pace, ids and instants. No
//! tool is in it, and no I/O: that is behind [`Host`].

use alloc::collections::VecDeque;
use core::cell::{Cell, RefCell};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    client::{
        json::{json_text, read_json},
        pages::{Paged, Pages},
        refusal::Refusal,
        request::{Host, JSON, Method, Request},
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

/// Most that a tool call waits for Gong's rate limit, in ms, over all its requests.
const PATIENCE_MS: u64 = 20_000;
/// Gong's limit of requests a second, which one tool call keeps by itself.
const REQUESTS_A_SECOND: usize = 3;
/// The second, in ms, and what requests may gain on each other on their way to Gong.
const SECOND_MS: u64 = 1_100;

/// Ids of Gong's answers that are kept.
const REFERENCES: usize = 20;

/// One tool call's conversation with Gong.
pub(crate) struct Gong<'w> {
    host: &'w dyn Host,
    /// The settings it runs under.
    pub(crate) settings: Settings,
    /// When it began: "now" for every relative date in the call.
    pub(crate) now: i64,
    /// When it began, by the clock that never goes back.
    began_ms: u64,
    spent: Cell<u32>,
    waited_ms: Cell<u64>,
    /// `Retry-After` of a rate limit that was too long to wait for: nothing more is sent.
    used_up: Cell<Option<u64>>,
    starts: RefCell<VecDeque<u64>>,
    references: RefCell<VecDeque<String>>,
}

impl<'w> Gong<'w> {
    /// Opens the conversation. Nothing is sent yet.
    ///
    /// # Errors
    /// `not-configured`.
    pub(crate) fn open(host: &'w dyn Host) -> Result<Self, Error> {
        Ok(Self {
            host,
            settings: Settings::read(|name| host.variable(name))?,
            now: host.now(),
            began_ms: host.elapsed_ms(),
            spent: Cell::new(0),
            waited_ms: Cell::new(0),
            used_up: Cell::new(None),
            starts: RefCell::new(VecDeque::with_capacity(REQUESTS_A_SECOND)),
            references: RefCell::new(VecDeque::new()),
        })
    }

    /// Requests sent so far, those that were refused included.
    pub(crate) fn requests(&self) -> u32 {
        self.spent.get()
    }

    /// Gong's ids of its answers, oldest first, the last [`REFERENCES`].
    pub(crate) fn references(&self) -> Vec<String> {
        self.references.borrow().iter().cloned().collect()
    }

    /// Milliseconds since it began.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        self.host.elapsed_ms().saturating_sub(self.began_ms)
    }

    /// A GET.
    ///
    /// # Errors
    /// Any refusal or broken exchange.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<T, Error> {
        let operation = format!("GET {path}");
        let body = self.answer(Method::Get, &with_query(path, query), None, &operation)?;
        parse(&body, &operation)
    }

    /// A GET with a JSON body, as `/v2/crm/entities` needs it.
    ///
    /// # Errors
    /// Any refusal or broken exchange.
    pub(crate) fn get_with_body<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let operation = format!("GET {path}");
        let body = json_text(body);
        let body = self.answer(
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
    /// Any refusal or broken exchange.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let operation = format!("POST {path}");
        let body = self.answer(Method::Post, path, Some(&json_text(body)), &operation)?;
        parse(&body, &operation)
    }

    /// A GET of a list, where Gong's 404 "nothing found" is the empty list.
    ///
    /// # Errors
    /// Any other refusal, or a broken exchange.
    pub(crate) fn get_list<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<T, Error> {
        let operation = format!("GET {path}");
        match self.list(Method::Get, &with_query(path, query), None, &operation)? {
            Some(body) => parse(&body, &operation),
            None => Ok(T::default()),
        }
    }

    /// A POST that reads a list, where Gong's 404 "nothing found" is the empty list.
    ///
    /// # Errors
    /// Any other refusal, or a broken exchange.
    pub(crate) fn post_list<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let operation = format!("POST {path}");
        match self.list(Method::Post, path, Some(&json_text(body)), &operation)? {
            Some(body) => parse(&body, &operation),
            None => Ok(T::default()),
        }
    }

    /// The body of a 2xx answer.
    fn answer(
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

    /// The body of a 2xx answer; none where Gong says that it found nothing.
    fn list(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        operation: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        let body = body.map(|body| (JSON, body.as_bytes()));
        match self.exchange(method, path, body) {
            Ok(body) => Ok(Some(body)),
            Err(Failure::Refused(refusal)) if refusal.is_nothing_found() => Ok(None),
            Err(failure) => Err(failure.into_error(operation)),
        }
    }

    /// All pages that `ask` gives for a cursor, at most `most` of them. A rate limit
    /// after the first page ends the list instead of losing it.
    ///
    /// # Errors
    /// What `ask` fails with on the first page, or on a later one for another reason.
    pub(crate) fn pages<P: Paged>(
        &self,
        most: u32,
        mut ask: impl FnMut(Option<&str>) -> Result<P, Error>,
    ) -> Result<Pages<P::Item>, Error> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        for page in 1.. {
            let (records, more) = match ask(cursor.as_deref()) {
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

    /// The one place where a request is made: pace, limits, status.
    pub(crate) fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &[u8])>,
    ) -> Result<Vec<u8>, Failure> {
        let request = Request {
            method,
            scheme: self.settings.scheme,
            authority: &self.settings.authority,
            path,
            authorization: self.settings.authorization.as_deref(),
            body,
            timeout_seconds: self.settings.timeout_seconds,
        };
        loop {
            if let Some(seconds) = self.used_up.get() {
                let refusal = Refusal::new(429, b"", Some(seconds), None);
                return Err(Failure::Refused(Box::new(refusal)));
            }
            self.keep_pace();
            self.spent.set(self.spent.get() + 1);
            let response = self.host.send(&request).map_err(Failure::Broken)?;
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
            if refusal.status != 429 || self.waited_ms.get().saturating_add(wait) > PATIENCE_MS {
                if refusal.status == 429 {
                    self.used_up.set(Some(wait / 1000));
                }
                return Err(Failure::Refused(Box::new(refusal)));
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

    /// Waits until fewer than three requests began within the last second.
    fn keep_pace(&self) {
        if !self.settings.paced {
            return;
        }
        let mut starts = self.starts.borrow_mut();
        if starts.len() == REQUESTS_A_SECOND
            && let Some(first) = starts.pop_front()
        {
            let since = self.host.elapsed_ms().saturating_sub(first);
            if since < SECOND_MS {
                self.host.pause(SECOND_MS - since);
            }
        }
        starts.push_back(self.host.elapsed_ms());
    }
}

/// `requestId` of an answer. Gong puts it first, so that a long answer is not read twice for it.
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

/// Why an exchange gave no answer to read.
pub(crate) enum Failure {
    Refused(Box<Refusal>),
    Broken(Error),
}

impl Failure {
    pub(crate) fn into_error(self, operation: &str) -> Error {
        match self {
            Self::Refused(refusal) => refusal.into_error(operation),
            Self::Broken(error) => error,
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

/// How the exchange broke, if the request may have reached Gong, by what `transport.rs` says of it.
pub(crate) fn broken(text: &str) -> Option<String> {
    if ["connection refused", "no route", "There is no host"]
        .iter()
        .any(|never| text.contains(never))
    {
        return None;
    }
    let how = text.split_once(". ").map_or(text, |(first, _)| first);
    Some(format!("{how}."))
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

    /// Answers at once; its clock moves by pauses only.
    struct Quick {
        pace: Option<&'static str>,
        clock: Cell<u64>,
        sent: Cell<u32>,
    }

    impl Host for Quick {
        fn send(&self, _: &Request<'_>) -> Result<Response, Error> {
            self.sent.set(self.sent.get() + 1);
            Ok(Response {
                status: 200,
                retry_after: None,
                location: None,
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

    fn after_requests(pace: Option<&'static str>, requests: u32) -> (u64, Vec<String>) {
        let quick = Quick {
            pace,
            clock: Cell::new(0),
            sent: Cell::new(0),
        };
        let gong = Gong::open(&quick).expect("valid settings");
        for _ in 0..requests {
            let answer: Result<Value, _> = gong.get("/v2/users", &[]);
            assert!(answer.is_ok());
        }
        (quick.clock.get(), gong.references())
    }

    #[test]
    fn a_call_keeps_the_pace_unless_the_host_does() {
        assert_eq!(after_requests(None, 3).0, 0);
        assert_eq!(after_requests(None, 7).0, 2_200);
        assert_eq!(after_requests(Some("call"), 4).0, 1_100);
        assert_eq!(after_requests(Some("host"), 100).0, 0);
    }

    #[test]
    fn the_last_references_are_kept() {
        let (_, references) = after_requests(Some("host"), 30);
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
