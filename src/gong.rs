//! The client: Gong's words for requests, pages, pace, ids and instants. No
//! tool is in it, and no I/O: that is behind [`Wire`].

use alloc::collections::VecDeque;
use core::cell::{Cell, RefCell};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use self::reading::Answered;
use crate::{
    error::{Case, Error, Refusal},
    prelude::*,
    settings::{Scheme, Settings},
};

pub(crate) mod calls;
pub(crate) mod change;
pub(crate) mod content;
pub(crate) mod criteria;
pub(crate) mod crm;
pub(crate) mod dealings;
pub(crate) mod deals;
pub(crate) mod entities;
pub(crate) mod flows;
pub(crate) mod given;
pub(crate) mod id;
pub(crate) mod library;
pub(crate) mod metered;
pub(crate) mod people;
pub(crate) mod profiles;
pub(crate) mod reading;
pub(crate) mod scan;
pub(crate) mod stats;
pub(crate) mod targets;
pub(crate) mod told;
pub(crate) mod transcripts;
pub(crate) mod workspaces;

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
pub(crate) trait Wire {
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
    wire: &'w dyn Wire,
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

/// Where Gong's list stands (OpenAPI `Records`).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Records {
    /// Of the whole list.
    pub(crate) total_records: Option<u32>,
    /// Absent on the last page.
    pub(crate) cursor: Option<String>,
}

/// Answers that come in pages.
pub(crate) trait Paged: Default {
    /// What a page holds.
    type Item;
    /// Takes the page apart.
    fn into_page(self) -> (Option<Records>, Vec<Self::Item>);
}

/// A list read page by page.
pub(crate) struct Pages<T> {
    /// All items, in Gong's order.
    pub(crate) items: Vec<T>,
    /// Why the list is not complete.
    pub(crate) stopped: Option<String>,
}

impl<'w> Gong<'w> {
    /// Opens the conversation. Nothing is sent yet.
    ///
    /// # Errors
    /// `not-configured`.
    pub(crate) fn open(wire: &'w dyn Wire) -> Result<Self, Error> {
        Ok(Self {
            wire,
            settings: Settings::read(|name| wire.variable(name))?,
            now: wire.now(),
            began_ms: wire.elapsed_ms(),
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
        self.wire.elapsed_ms().saturating_sub(self.began_ms)
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
        self.exchange(Method::Get, &with_query(path, query), None)
            .and_then(|body| parse(&body, &operation))
            .map_err(|failure| failure.into_error(&operation))
    }

    /// A GET with a JSON body, as `/v2/crm/entities` wants it.
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
        let body = Some((JSON, body.as_bytes()));
        self.exchange(Method::Get, &with_query(path, query), body)
            .and_then(|body| parse(&body, &operation))
            .map_err(|failure| failure.into_error(&operation))
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
        let body = json_text(body);
        self.exchange(Method::Post, path, Some((JSON, body.as_bytes())))
            .and_then(|body| parse(&body, &operation))
            .map_err(|failure| failure.into_error(&operation))
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
        or_empty(
            self.exchange(Method::Get, &with_query(path, query), None),
            &operation,
        )
    }

    /// A POST that asks for a list, where Gong's 404 "nothing found" is the empty list.
    ///
    /// # Errors
    /// Any other refusal, or a broken exchange.
    pub(crate) fn post_list<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let operation = format!("POST {path}");
        let body = json_text(body);
        or_empty(
            self.exchange(Method::Post, path, Some((JSON, body.as_bytes()))),
            &operation,
        )
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
    fn exchange(
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
            let response = self.wire.send(&request).map_err(Failure::Broken)?;
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
            self.wire.pause(wait);
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
            let since = self.wire.elapsed_ms().saturating_sub(first);
            if since < SECOND_MS {
                self.wire.pause(SECOND_MS - since);
            }
        }
        starts.push_back(self.wire.elapsed_ms());
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
enum Failure {
    Refused(Box<Refusal>),
    Broken(Error),
}

impl Failure {
    fn into_error(self, operation: &str) -> Error {
        match self {
            Self::Refused(refusal) => refusal.into_error(operation),
            Self::Broken(error) => error,
        }
    }
}

fn or_empty<T: DeserializeOwned + Default>(
    exchanged: Result<Vec<u8>, Failure>,
    operation: &str,
) -> Result<T, Error> {
    match exchanged {
        Ok(body) => parse(&body, operation).map_err(|failure| failure.into_error(operation)),
        Err(Failure::Refused(refusal)) if refusal.is_nothing_found() => Ok(T::default()),
        Err(failure) => Err(failure.into_error(operation)),
    }
}

/// For a member that Gong always sends, if only as null: an answer without it is not Gong's.
pub(crate) fn required<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// A body as JSON.
fn json_text(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("the keys of a body are texts")
}

/// Reads an answer of Gong. A member that stands twice in an object counts as it stands last:
/// derived readers refuse it, a [`Value`] does not.
fn read_json<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(json).or_else(|error| {
        if !error.is_data() {
            return Err(error);
        }
        let Answered(value) = serde_json::from_slice(json)?;
        serde_json::from_str(&value.to_string()).map_err(|_| error)
    })
}

fn parse<T: DeserializeOwned>(body: &[u8], operation: &str) -> Result<T, Failure> {
    read_json(body).map_err(|error| {
        Failure::Broken(Error::unexpected_answer(if error.is_data() {
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
        }))
    })
}

/// The path with those parameters that have a value.
pub(crate) fn with_query(path: &str, query: &[(&str, Option<&str>)]) -> String {
    let mut url = String::from(path);
    let mut separator = '?';
    for (name, value) in query {
        if let Some(value) = value {
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.extend(encoded(value));
            separator = '&';
        }
    }
    url
}

/// What stands for itself in a path or a query (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encoded, for a segment of a path or a value of a query.
pub(crate) fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use serde_json::Value;

    use super::{Gong, REFERENCES, Request, Response, Wire, reference};
    use crate::error::Error;

    /// Answers at once; its clock moves by pauses only.
    struct Quick {
        pace: Option<&'static str>,
        clock: Cell<u64>,
        sent: Cell<u32>,
    }

    impl Wire for Quick {
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
