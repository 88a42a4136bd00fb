//! The client of Gong's API: requests, errors, paging, and Gong's rate limit. It does no I/O
//! itself: that is behind [`Host`].

use alloc::collections::VecDeque;
use core::cell::{Cell, RefCell};
use jiff::tz::TimeZone;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    client::{
        exchange::{ExchangeError, REQUESTS_A_SECOND},
        json::{json_text, read_json},
        refusal::Refusal,
        request::{Host, JSON, Method, Request, Response},
        url::with_query,
    },
    error::Error,
    names::Fit,
    prelude::*,
    resume::Tokens,
    settings::Settings,
    time::set_zone,
};

mod clean;
pub(crate) mod encoding;
pub(crate) mod exchange;
pub(crate) mod json;
pub(crate) mod multipart;
pub(crate) mod pages;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod url;

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
    /// A rate limit that was too long to wait for: nothing more is sent.
    rate_limited: RefCell<Option<Refusal>>,
    /// When the last requests were sent, by the monotonic clock.
    sent_at_ms: RefCell<VecDeque<u64>>,
    references: RefCell<VecDeque<String>>,
    /// Makes the resume tokens of this call.
    tokens: RefCell<Tokens>,
    /// How names in the arguments of this call have to fit.
    name_fit: Cell<Fit>,
}

impl<'w> Gong<'w> {
    /// Reads the settings, and sets the time zone. Nothing is sent.
    ///
    /// # Errors
    /// `not-configured`.
    pub(crate) fn open(host: &'w dyn Host) -> Result<Self, Error> {
        let settings = Settings::read(|name| host.variable(name))?;
        set_zone(settings.time_zone.clone().unwrap_or(TimeZone::UTC));
        Ok(Self {
            host,
            settings,
            now: host.now(),
            began_ms: host.elapsed_ms(),
            sent: Cell::new(0),
            waited_ms: Cell::new(0),
            rate_limited: RefCell::default(),
            sent_at_ms: RefCell::new(VecDeque::with_capacity(REQUESTS_A_SECOND)),
            references: RefCell::new(VecDeque::new()),
            tokens: RefCell::default(),
            name_fit: Cell::default(),
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

    /// Makes whole names count only, for a tool that changes something.
    pub(crate) fn require_whole_names(&self) {
        self.name_fit.set(Fit::Whole);
    }

    /// How names in the arguments have to fit.
    pub(crate) fn name_fit(&self) -> Fit {
        self.name_fit.get()
    }

    /// Sets of which list the resume tokens of this call are.
    pub(crate) fn begin_tokens(&self, tokens: Tokens) {
        *self.tokens.borrow_mut() = tokens;
    }

    /// What makes the resume tokens of this call.
    pub(crate) fn tokens(&self) -> Tokens {
        self.tokens.borrow().clone()
    }

    /// The resume token for a position in the list of this call.
    pub(crate) fn token(&self, position: &str) -> String {
        self.tokens.borrow().at(position)
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

    /// A GET of a list, where Gong's 404 "nothing found" is the empty list, unless it is of a later page.
    ///
    /// # Errors
    /// Any other refusal, or a failed exchange.
    pub(crate) fn get_list<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<T, Error> {
        let operation = format!("GET {path}");
        let is_later = query
            .iter()
            .any(|(name, value)| *name == "cursor" && value.is_some());
        let path = with_query(path, query);
        match self.send_for_list(Method::Get, &path, None, &operation, is_later)? {
            Some(body) => parse(&body, &operation),
            None => Ok(T::default()),
        }
    }

    /// A POST for a list, where Gong's 404 "nothing found" is the empty list, unless it is of a later page.
    ///
    /// # Errors
    /// Any other refusal, or a failed exchange.
    pub(crate) fn post_list<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let operation = format!("POST {path}");
        let body = json_text(body);
        // Within a text the quotes would be escaped.
        let is_later = body.contains("\"cursor\":\"");
        match self.send_for_list(Method::Post, path, Some(&body), &operation, is_later)? {
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
        self.read(method, path, body)
            .map_err(|failure| failure.into_error(operation))
    }

    /// The body of a 2xx answer; none where Gong's 404 says that it found nothing. A list that goes on
    /// after its first page has something.
    fn send_for_list(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        operation: &str,
        is_later: bool,
    ) -> Result<Option<Vec<u8>>, Error> {
        let body = body.map(|body| (JSON, body.as_bytes()));
        match self.read(method, path, body) {
            Ok(body) => Ok(Some(body)),
            Err(ExchangeError::Refused(refusal)) if refusal.is_nothing_found(operation) => {
                match is_later {
                    true => Err(refusal.into_lost_page(operation)),
                    false => Ok(None),
                }
            }
            Err(failure) => Err(failure.into_error(operation)),
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
        let member = missing_member(&error.to_string());
        format!(
            "Gong's answer to {operation} is JSON of another shape than its documentation says ({member}line {}, \
             column {}).",
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

/// The member that serde misses, to go before the place. Its other messages have Gong's values in them.
fn missing_member(message: &str) -> String {
    let member = message.strip_prefix("missing field `");
    let member = member.and_then(|rest| rest.split_once('`'));
    member.map_or_else(String::new, |(member, _)| format!("no {member} in it, "))
}
