//! Gong's answers other than 2xx: what Gong says, and what the reader can do about it.

use serde_json::Value;

use crate::{
    client::{
        json::{ApiResponse, read_json},
        refusal::limit::{other_limit_text, rate_limit_text},
    },
    error::Error,
    json_ext::JsonExt as _,
    prelude::*,
    text::cut_at_word,
};

mod limit;

/// How many of Gong's messages an error has, and how many characters of each: Gong sends one for each
/// thing that it does not accept.
const MESSAGES: usize = 10;
const MESSAGE_CHARS: usize = 500;

/// An answer of Gong's with a status other than 2xx.
#[derive(Clone)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// Gong's messages, joined; empty if there are none.
    pub(crate) said: String,
    /// Gong's advice, in sentences that begin with a space; empty if there is none.
    remedy: String,
    /// Gong's request id, for its support.
    pub(crate) request_id: Option<String>,
    /// `Retry-After` in seconds.
    pub(crate) retry_after: Option<u64>,
    /// `Location` of a redirect.
    pub(crate) location: Option<String>,
    /// Whether the body is a web page, as a proxy sends it.
    is_web_page: bool,
}

impl Refusal {
    /// Reads the body (OpenAPI `ErrorResponse`), every member optional; one that is not JSON counts as
    /// empty.
    pub(crate) fn new(
        status: u16,
        body: &[u8],
        retry_after: Option<u64>,
        location: Option<String>,
    ) -> Self {
        let is_web_page = body.trim_ascii_start().starts_with(b"<");
        let ApiResponse(body) = read_json(body).unwrap_or_default();
        let said = joined(&messages(&body));
        let mut remedy = String::new();
        let text = |key| body.raw(key).map(str::trim).filter(|text| !text.is_empty());
        // Only /v2/meetings has these: what the user can do, and where.
        for (label, text) in [
            ("", text("userFacingError").filter(|text| *text != said)),
            ("To mend it: ", text("fixUrl")),
            ("Help: ", text("helpUrl")),
        ] {
            if let Some(text) = text {
                remedy.push_str(&format!(" {label}{}.", text.trim_end_matches('.')));
            }
        }
        Self {
            status,
            said,
            remedy,
            request_id: body.id("requestId"),
            retry_after,
            location,
            is_web_page,
        }
    }

    /// Whether this is the 404 that Gong sends instead of an empty list: `No calls found
    /// corresponding to the provided filters`, `No logs found for the specified period`,
    /// `Answered scorecards not found`. The 404 for a wrong path, workspace, user or id has another
    /// text: it names one thing, or what was looked for. `operation` is the method and path: only what
    /// it lists counts.
    pub(crate) fn is_nothing_found(&self, operation: &str) -> bool {
        let said = self.said.trim().to_ascii_lowercase();
        let said = said.trim_end_matches('.');
        let is_listed = |things: &str| {
            let thing = things.rsplit(' ').next().unwrap_or(things);
            let mut listed = operation.split(['/', '-']).chain(["calls", "logs"]);
            let one = thing.strip_suffix('s');
            one.is_some_and(|one| listed.any(|part| part == thing || part == one))
        };
        let no = said
            .strip_prefix("no ")
            .and_then(|said| said.split_once(" found"));
        let is_list = no.is_some_and(|(things, by)| {
            let by_filter = [
                "",
                " for the specified period",
                " corresponding to the provided filters",
            ];
            by_filter.contains(&by) && is_listed(things)
        });
        let scorecards = ["scorecards not found", "answered scorecards not found"];
        self.status == 404
            && (is_list || scorecards.contains(&said) && operation.ends_with("scorecards"))
    }

    /// The error where a later page of a list is the 404 for an empty list.
    pub(super) fn into_lost_page(self, operation: &str) -> Error {
        let said = self.quoted();
        Error::unexpected_answer(format!(
            "Gong broke off the list of {operation} before its last page: {said}."
        ))
        .adding("Try again.")
        .with_status(self.status)
    }

    /// Gong's message, quoted, with the request id.
    fn quoted(&self) -> String {
        let id = match &self.request_id {
            Some(id) => format!(" (Gong request {id})"),
            None => String::new(),
        };
        if self.said.is_empty() {
            format!("no reason given{id}")
        } else {
            format!("“{}”{id}", self.said)
        }
    }

    /// The tool's error. `operation` is the method and path.
    pub(crate) fn into_error(self, operation: &str) -> Error {
        let said = self.quoted();
        let status = self.status;
        let error = match status {
            400.. if self.is_web_page && status != 429 => Error::unexpected_answer(format!(
                "A web page answered {operation} (status {status}), not Gong's API: it is from a proxy or firewall on \
                 the way."
            ))
            .adding(match status {
                500.. => "Try again later; if it stays so, check HTTPS_PROXY and GONG_BASE_URL.",
                _ => "Check HTTPS_PROXY and GONG_BASE_URL.",
            }),
            300..=399 => {
                let to = self
                    .location
                    .as_deref()
                    .unwrap_or("an address it does not name");
                Error::not_configured(format!(
                    "Setting GONG_BASE_URL: Gong redirects {operation} to {to}, and redirects are not followed because \
                     they lose the credentials. Set GONG_BASE_URL to the API base URL that Gong shows beside the access \
                     key (Admin center > Settings > Ecosystem > API), such as https://us-12345.api.gong.io."
                ))
            }
            400 if self.said.to_ascii_lowercase().contains("cursor") => {
                Error::bad_argument(format!(
                    "Gong's page cursor has expired: {said}. Ask again from the start of the list."
                ))
            }
            400 | 422 => Error::bad_argument(format!(
                "Gong does not accept the request {operation}: {said}."
            )),
            401 => match scope_in(&self.said) {
                Some(scope) => Error::missing_scope(format!(
                    "The access key lacks the scope {scope}, which {operation} needs: {said}. A Gong technical \
                     administrator can add it (Admin center > Settings > Ecosystem > API)."
                )),
                None => Error::wrong_key(format!(
                    "Gong does not accept the access key: {said}. Whoever runs the gateway can check GONG_ACCESS_KEY, \
                     GONG_ACCESS_KEY_SECRET and that GONG_BASE_URL is the instance the key belongs to."
                )),
            },
            402 => Error::out_of_credits(format!(
                "The company has no AI credits left for {operation}: {said}. A Gong administrator can add credits; \
                 the other tools cost none."
            )),
            403 => match scope_in(&self.said) {
                Some(scope) => Error::missing_scope(format!(
                    "The access key lacks the scope {scope}, which {operation} needs: {said}. A Gong technical \
                     administrator can add it (Admin center > Settings > Ecosystem > API)."
                )),
                None if operation.contains("/v2/meetings") => Error::forbidden(format!(
                    "Gong refuses {operation}: {said}. Meetings are in limited release: Gong's support enables them for \
                     a company. If they are enabled, the gateway's IP address is not on the access key's list of \
                     trusted IPs."
                )),
                None => Error::forbidden(format!(
                    "Gong refuses {operation}: {said}. Either the gateway's IP address is not on the access key's list \
                     of trusted IPs, or the account lacks the licence (Engage, for flows). A Gong technical \
                     administrator can tell."
                )),
            },
            404 => Error::not_found(format!(
                "Gong finds nothing for {operation}: {said}. Check the id."
            )),
            409 if !self.remedy.is_empty() => Error::bad_argument(format!(
                "Gong can not do {operation} as things stand: {said}.{}",
                self.remedy
            )),
            409 => Error::bad_argument(format!(
                "Gong refuses {operation} because of what is there already: {said}."
            )),
            429 => Error::rate_limited(match &self.request_id {
                Some(_) => rate_limit_text(self.retry_after, &said),
                None => other_limit_text(self.retry_after, &said),
            }),
            500..=599 => Error::unexpected_answer(format!(
                "Gong has a fault of its own on {operation} (status {status}): {said}."
            ))
            .adding("Try again later."),
            _ => Error::unexpected_answer(format!(
                "Gong answered {operation} with status {status}: {said}."
            )),
        };
        error.with_status(status)
    }
}

/// Gong's messages: a list of texts under `errors`. Some answers have one text there, or objects that
/// have it under another name, as gateways in front of an API do.
fn messages(body: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        _ => ["message", "error", "description", "detail"]
            .iter()
            .find_map(|key| value.text(key)),
    };
    let messages: Vec<String> = match body.get("errors") {
        Some(Value::Array(errors)) => errors.iter().filter_map(text).collect(),
        Some(errors) => text(errors).into_iter().collect(),
        None => Vec::new(),
    };
    match messages.is_empty() {
        true => text(body).into_iter().collect(),
        false => messages,
    }
}

fn joined(messages: &[String]) -> String {
    let (first, rest) = messages.split_at(messages.len().min(MESSAGES));
    let mut said: Vec<String> = first
        .iter()
        .map(|message| cut_at_word(message, MESSAGE_CHARS))
        .collect();
    if !rest.is_empty() {
        said.push(format!("(and {} more)", rest.len()));
    }
    said.join(" ")
}

/// Seconds for a reader: `45 s`, `12 min`, `1 h 20 min`.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=3599 => format!("{} min", seconds.div_ceil(60)),
        _ => {
            let minutes = seconds.div_ceil(60);
            match minutes % 60 {
                0 => format!("{} h", minutes / 60),
                rest => format!("{} h {rest} min", minutes / 60),
            }
        }
    }
}

/// The scope in Gong's message: `You don't have permission to use 'api:coaching:read' in your app.`
fn scope_in(said: &str) -> Option<&str> {
    let start = said.find("api:")?;
    let scope = &said[start..];
    let end = scope
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_')))
        .unwrap_or(scope.len());
    Some(&scope[..end])
}

#[cfg(test)]
mod tests;
