//! Pages for the person who signs in: consent, and what is wrong.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::pending::Authorization;
use super::scope::{EFFECTS, Scopes};
use crate::config::Lifetimes;
use crate::page::respond::html;
use crate::page::view::Style;
use crate::store::Effect;

/// Allows the style sheet and nothing else. It says nothing of forms: browsers hold `form-action`
/// against redirections after a form too, and those go by the provider to wherever the client is.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Adds the headers of a page.
pub(super) fn set_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // What is sent on has codes and states in its address.
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// What a person may allow.
struct Choice {
    effect: Effect,
    words: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    style: Style,
    tenant: &'a str,
    client: &'a str,
    publisher: Option<&'a str>,
    answers_to: String,
    is_loopback: bool,
    choices: Vec<Choice>,
    lasts: String,
    idle: String,
    provider: &'a str,
    request: &'a str,
    problem: Option<&'a str>,
}

/// What the consent page is about.
pub(super) struct ConsentRequest<'a> {
    pub(super) tenant: &'a str,
    pub(super) authorization: &'a Authorization,
    pub(super) lifetimes: Lifetimes,
    /// The host of the provider, to which the person goes next.
    pub(super) provider: &'a str,
    /// The request, signed for this browser.
    pub(super) signed: &'a str,
    pub(super) problem: Option<&'a str>,
}

/// The page that asks a person whether a client may act for them.
pub(super) fn consent(request: &ConsentRequest<'_>) -> Response {
    let authorization = request.authorization;
    let redirect = &authorization.redirect_uri;
    let choices = EFFECTS.map(|effect| Choice {
        effect,
        words: words(effect),
        chosen: authorization.scopes.allow(effect),
    });
    let page = Consent {
        style: Style,
        tenant: request.tenant,
        client: &authorization.client.name,
        publisher: authorization.client.publisher.as_deref(),
        answers_to: redirect.shown(),
        is_loopback: redirect.is_loopback(),
        choices: choices.into(),
        lasts: span(request.lifetimes.grant),
        idle: span(request.lifetimes.refresh),
        provider: request.provider,
        request: request.signed,
        problem: request.problem,
    };
    with_headers(html(StatusCode::OK, &page))
}

/// What tools of an effect do, as the component's interface has it.
fn words(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "Read, free of charge",
        Effect::MeteredRead => "Read, and spend paid credits",
        Effect::Write => "Change data",
        Effect::Outreach => "Change data, and have people contacted",
        Effect::Destructive => "Remove or overwrite data for good",
    }
}

/// The effects that a person has ticked.
pub(super) fn chosen<'a>(ticked: impl Iterator<Item = &'a str>) -> Scopes {
    ticked
        .filter_map(|name| name.parse::<Effect>().ok())
        .collect()
}

/// `30 days`, `4 hours`.
fn span(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    let (count, unit) = match minutes {
        m if m >= 24 * 60 && m.is_multiple_of(24 * 60) => (m / (24 * 60), "day"),
        m if m >= 60 && m.is_multiple_of(60) => (m / 60, "hour"),
        m => (m, "minute"),
    };
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{end}")
}

#[derive(Template)]
#[template(path = "sign_in_problem.html")]
struct Problem<'a> {
    style: Style,
    title: &'a str,
    text: &'a str,
}

/// A page that says what is wrong, where a client can not be answered.
pub(super) fn problem(status: StatusCode, text: &str) -> Response {
    let page = Problem {
        style: Style,
        title: "Not signed in",
        text,
    };
    with_headers(html(status, &page))
}

fn with_headers(mut response: Response) -> Response {
    set_headers(response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_words() {
        let minute = Duration::from_secs(60);
        for (time, words) in [
            (minute * 60 * 24 * 30, "30 days"),
            (minute * 60 * 24, "1 day"),
            (minute * 60 * 25, "25 hours"),
            (minute * 90, "90 minutes"),
        ] {
            assert_eq!(span(time), words);
        }
        assert_eq!(
            chosen(["read", "write", "all"].into_iter()).to_string(),
            "tools:read tools:write"
        );
    }
}
