//! One exchange with Gong: the pace, the rate limit, and reading again after a fault on the way.

use jiff::fmt::rfc2822::DateTimeParser;

use crate::{
    client::{
        Gong,
        encoding::decoded,
        refusal::Refusal,
        request::{Method, Request},
    },
    error::{Case, Error},
    prelude::*,
    time::DAY,
};

/// Gong's limit of requests a second, which a tool call keeps by itself unless the host does.
pub(super) const REQUESTS_A_SECOND: usize = 3;
/// A second, in ms, and a margin: requests may arrive at Gong closer together than they were sent.
const SECOND_MS: u64 = 1_100;
/// How long a tool call waits for Gong's rate limit at most, in ms, over all its requests.
const MOST_WAIT_MS: u64 = 20_000;
/// How long a tool call reads at most, in ms, unless one request may take longer: clients and gateways
/// give up after 60 s, and what was read has to be answered before.
const MOST_READ_MS: u64 = 48_000;
/// How many of Gong's request ids are kept.
const REFERENCES: usize = 20;

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

    /// How long to wait before a read is sent again, in ms; none where that would not help. A connection
    /// that was idle for too long is cut before anything was done, so the next one can be used at once.
    fn wait_before_reading_again(&self) -> Option<u64> {
        match self {
            Self::Refused(refusal) if refusal.status >= 500 => {
                Some(refusal.retry_after.unwrap_or(1).max(1) * 1000)
            }
            Self::Failed(error) if error.case() == Case::Unreachable => Some(100),
            _ => None,
        }
    }
}

impl Gong<'_> {
    /// How many milliseconds the call may go on reading.
    pub(crate) fn ms_left(&self) -> u64 {
        let most = MOST_READ_MS.max(self.settings.timeout_seconds.saturating_mul(1000));
        most.saturating_sub(self.elapsed_ms())
    }

    /// Sends a request that changes nothing and costs nothing: once more after a fault on the way or of
    /// Gong's, and no longer than the call may go on reading.
    pub(super) fn read(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &[u8])>,
    ) -> Result<Vec<u8>, ExchangeError> {
        let read = self.exchange(method, path, body, true);
        let wait = read.as_ref().err();
        match wait.and_then(ExchangeError::wait_before_reading_again) {
            Some(wait) if wait < self.ms_left() => {
                self.pause(wait);
                self.exchange(method, path, body, true)
            }
            _ => read,
        }
    }

    /// Sends a request that changes something or costs credits: it is never sent again, except after a
    /// rate limit, where Gong did nothing.
    pub(crate) fn send_once(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &[u8])>,
    ) -> Result<Vec<u8>, ExchangeError> {
        self.exchange(method, path, body, false)
    }

    /// Sends a request and returns the body of a 2xx answer. Every request goes through here: it is
    /// counted, keeps the pace, and is sent again after a rate limit if the waits are short enough. They
    /// grow, so that a limit that lasts gets few requests.
    fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &[u8])>,
        is_read: bool,
    ) -> Result<Vec<u8>, ExchangeError> {
        let mut least_wait = 1;
        loop {
            if let Some(refusal) = &*self.rate_limited.borrow() {
                return Err(ExchangeError::Refused(Box::new(refusal.clone())));
            }
            self.keep_pace();
            let most_ms = is_read.then(|| self.ms_left());
            if most_ms == Some(0) {
                return Err(ExchangeError::Failed(Error::timed_out(format!(
                    "This call has read for {} s, the most for one call.",
                    self.elapsed_ms() / 1000
                ))));
            }
            self.sent.set(self.sent.get() + 1);
            let response = self.host.send(&Request {
                method,
                scheme: self.settings.scheme,
                authority: &self.settings.authority,
                path,
                authorization: self.settings.authorization.as_deref(),
                body,
                object: None,
                timeout_seconds: self.settings.timeout_seconds,
                most_ms,
            });
            let mut response = response.map_err(ExchangeError::Failed)?;
            let answer = decoded(response.encoding.as_deref(), response.body)
                .map_err(|error| ExchangeError::Failed(error.after_sending()))?;
            self.note_reference(&answer);
            if (200..300).contains(&response.status) {
                return Ok(answer);
            }
            let retry_after = response.retry_after.take();
            let retry_after = retry_after.and_then(|text| seconds_in(&text, self.clock()));
            let refusal = Refusal::new(response.status, &answer, retry_after, response.location);
            if refusal.status != 429 {
                return Err(ExchangeError::Refused(Box::new(refusal)));
            }
            let seconds = retry_after.unwrap_or(1).max(least_wait);
            let waited = self.waited_ms.get() + seconds * 1000;
            if waited > MOST_WAIT_MS || is_read && seconds * 1000 >= self.ms_left() {
                *self.rate_limited.borrow_mut() = Some(refusal.clone());
                return Err(ExchangeError::Refused(Box::new(refusal)));
            }
            self.waited_ms.set(waited);
            self.pause(seconds * 1000);
            least_wait *= 2;
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

/// What `Retry-After` says, in seconds from `now`: it is a number of them or a date. At most a day, as
/// Gong's longest limit is; none where it says nothing.
fn seconds_in(text: &str, now: i64) -> Option<u64> {
    let text = text.trim();
    let seconds = match text.parse::<f64>() {
        Ok(number) if number >= 0.0 => {
            let whole = number as u64;
            whole.saturating_add(u64::from(number > whole as f64))
        }
        Ok(_) => return None,
        Err(_) => {
            let date = DateTimeParser::new().parse_timestamp(text).ok()?;
            u64::try_from(date.as_second() - now).unwrap_or(0)
        }
    };
    Some(seconds.min(DAY as u64))
}

#[cfg(test)]
mod tests;
