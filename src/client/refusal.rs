//! Gong's answers other than 2xx: what Gong says, and what the reader can do about it.

use serde_json::Value;

use crate::{
    client::json::{ApiResponse, read_json},
    error::Error,
    json_ext::JsonExt as _,
    prelude::*,
    text::cut_at_word,
};

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

/// A longer `Retry-After` means the day's quota, a shorter one a burst (seen: 4,808 s and 1 s).
const BURST_SECONDS: u64 = 60;

fn rate_limit_text(retry_after: Option<u64>, said: &str) -> String {
    match retry_after {
        Some(seconds) if seconds > BURST_SECONDS => format!(
            "The company's daily allowance of Gong requests (10,000, shared by everyone) is used up: {said}. It is back \
             in about {}. Until then neither trying again nor a narrower question helps.",
            duration(seconds)
        ),
        _ => format!(
            "Gong is busy with the company's other requests (3 a second, shared by everyone) and stayed so for as long as \
             a tool waits: {said}. Try again in a minute."
        ),
    }
}

/// For a limit that may not be Gong's: its answers have a request id, those of a host that keeps its
/// calls to a limit have none.
fn other_limit_text(retry_after: Option<u64>, said: &str) -> String {
    match retry_after {
        Some(seconds) if seconds > BURST_SECONDS => format!(
            "A limit on requests to Gong is reached: {said}. Requests are possible again in about {}. Until then neither \
             trying again nor a narrower question helps.",
            duration(seconds)
        ),
        _ => format!(
            "A limit on requests to Gong is reached, and was so for as long as a tool waits: {said}. Try again in a \
             minute."
        ),
    }
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
mod tests {
    use super::{Refusal, duration};

    fn refused(status: u16, body: &str, retry_after: Option<u64>) -> String {
        let error =
            Refusal::new(status, body.as_bytes(), retry_after, None).into_error("GET /v2/calls");
        error.text().to_owned()
    }

    #[test]
    fn a_401_that_names_a_scope_is_not_a_wrong_key() {
        assert_eq!(
            refused(
                401,
                r#"{"requestId":"4al018","errors":["You don't have permission to use 'api:coaching:read' in your app."]}"#,
                None
            ),
            "The access key lacks the scope api:coaching:read, which GET /v2/calls needs: “You don't have permission to \
             use 'api:coaching:read' in your app.” (Gong request 4al018). A Gong technical administrator can add it \
             (Admin center > Settings > Ecosystem > API)."
        );
        assert!(
            refused(401, r#"{"errors":["Invalid credentials"]}"#, None)
                .starts_with("Gong does not accept the access key: “Invalid credentials”.")
        );
    }

    #[test]
    fn a_long_retry_after_means_the_quota_of_the_day() {
        let body = r#"{"requestId":"4al018","errors":["API request limit exceeded"]}"#;
        let quota = refused(429, body, Some(4808));
        assert!(quota.starts_with("The company's daily allowance"));
        assert!(quota.contains("It is back in about 1 h 21 min."));
        assert!(refused(429, body, Some(1)).starts_with("Gong is busy"));
    }

    #[test]
    fn a_limit_of_the_host_is_not_gongs_quota() {
        let body = r#"{"errors":["Too many calls of this process."]}"#;
        assert_eq!(
            refused(429, body, Some(90)),
            "A limit on requests to Gong is reached: “Too many calls of this process.”. Requests are possible again in \
             about 90 s. Until then neither trying again nor a narrower question helps."
        );
        assert!(refused(429, body, Some(5)).ends_with("Try again in a minute."));
    }

    #[test]
    fn error_bodies_of_other_shapes_keep_gongs_words_and_request_id() {
        for errors in [
            r#""filter.from bad""#,
            r#"["filter.from bad"]"#,
            r#"[{"message":"filter.from bad","code":7}]"#,
            r#"[null,"filter.from bad"]"#,
            r#"{"message":"filter.from bad"}"#,
            r#"null,"message":"filter.from bad""#,
        ] {
            assert_eq!(
                refused(
                    400,
                    &format!(r#"{{"requestId":"rq9","errors":{errors}}}"#),
                    None
                ),
                "Gong does not accept the request GET /v2/calls: “filter.from bad” (Gong request rq9).",
                "{errors}"
            );
        }
        assert!(
            refused(400, r#"{"requestId":12,"errors":7}"#, None)
                .contains("no reason given (Gong request 12)")
        );
    }

    #[test]
    fn a_web_page_is_not_gongs() {
        for status in [401, 403, 404, 407, 502, 503] {
            let text = refused(status, "\r\n <html><body>Forbidden</body></html>", None);
            let begin =
                format!("A web page answered GET /v2/calls (status {status}), not Gong's API");
            assert!(text.starts_with(&begin), "{text}");
            assert!(text.contains("HTTPS_PROXY and GONG_BASE_URL"), "{text}");
        }
        assert!(refused(403, "", None).contains("trusted IPs"));
    }

    #[test]
    fn a_404_on_a_list_is_nothing_found_only_when_it_says_so() {
        let said_of = |operation: &str, body: &str| {
            Refusal::new(404, body.as_bytes(), None, None).is_nothing_found(operation)
        };
        let said = |body: &str| said_of("GET /v2/library/folders", body);
        assert!(said(
            r#"{"errors":["No calls found corresponding to the provided filters"]}"#
        ));
        for (operation, list) in [
            (
                "POST /v2/stats/activity/scorecards",
                "Answered scorecards not found",
            ),
            ("POST /v2/calls/transcript", "No transcripts found"),
            ("GET /v2/users", "No users found"),
            (
                "GET /v2/all-permission-profiles",
                "No permission profiles found",
            ),
            ("GET /v2/call-outcomes", "No call outcomes found"),
        ] {
            assert!(
                said_of(operation, &format!(r#"{{"errors":["{list}"]}}"#)),
                "{list}"
            );
        }
        for other in [
            "No permissions found",
            "No credentials found",
            "No access found",
            "No workspaces found",
        ] {
            assert!(
                !said_of("GET /v2/users", &format!(r#"{{"errors":["{other}"]}}"#)),
                "{other}"
            );
        }
        for list in [
            "No logs found for the specified period",
            "No folders found for the specified period.",
            "No calls found",
        ] {
            assert!(said(&format!(r#"{{"errors":["{list}"]}}"#)), "{list}");
        }
        for error in [
            "routeNotFound",
            "Call ID 12 was not found: check it",
            "Workspace not found",
            "User not found",
            "Folder not found",
            "No route found for GET /v2/users",
            "No Gong user found corresponding to the provided organizer email",
            "No meeting found corresponding to the provided meeting ID",
            "No routes found for GET /v2/users",
        ] {
            assert!(!said(&format!(r#"{{"errors":["{error}"]}}"#)), "{error}");
        }
        assert!(!said("<html>404</html>"));
    }

    #[test]
    fn a_409_with_a_remedy_shows_it() {
        assert_eq!(
            refused(
                409,
                r#"{"requestId":"m1","errors":["Provider disconnected"],"userFacingError":"Connect Zoom again.",
                "fixUrl":"https://us-1.app.gong.io/settings","helpUrl":null}"#,
                None
            ),
            "Gong can not do GET /v2/calls as things stand: “Provider disconnected” (Gong request m1). Connect Zoom \
             again. To mend it: https://us-1.app.gong.io/settings."
        );
        assert!(refused(409, r#"{"errors":["Taken"]}"#, None).contains("what is there already"));
    }

    #[test]
    fn a_redirect_names_the_setting() {
        let refusal = Refusal::new(
            302,
            b"",
            None,
            Some("https://us-1.api.gong.io/v2/calls".into()),
        );
        let error = refusal.into_error("GET /v2/calls");
        assert!(error.text().starts_with("Setting GONG_BASE_URL: Gong redirects GET /v2/calls to https://us-1.api.gong.io/v2/calls"));
    }

    #[test]
    fn durations_are_rounded_up() {
        assert_eq!(duration(45), "45 s");
        assert_eq!(duration(600), "10 min");
        assert_eq!(duration(4808), "1 h 21 min");
        assert_eq!(duration(7200), "2 h");
    }
}
