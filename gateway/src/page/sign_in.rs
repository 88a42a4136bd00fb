//! Signing in and out.

use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use super::company::own_page;
use super::cookie::{self, SESSION};
use super::problem::Problem;
use super::respond::{html, redirect};
use super::session::{self, SESSION_LIFE, SignedIn, SubmittedForm};
use super::session_secret::SessionSecret;
use super::state::PageState;
use super::view::Style;
use crate::client_address::client_address;
use crate::store::{Actor, Via};

/// How long the answer to a failed sign-in is delayed.
const DELAY: Duration = Duration::from_secs(1);

/// How long a form may take to arrive.
const FORM_TIME: Duration = Duration::from_secs(10);

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    style: Style,
    problem: Option<&'a str>,
    /// Whether tokens are taken.
    local: bool,
    /// Tenants whose administrators sign in with the company's account. An empty name is the gateway
    /// as a whole.
    places: Vec<&'a str>,
    of_gateway: bool,
    /// The page to go to afterwards.
    to: Option<String>,
}

fn page(
    status: StatusCode,
    problem: Option<&str>,
    state: &PageState,
    to: Option<String>,
) -> Response {
    let config = state.config();
    let places = config.administrated();
    let places: Vec<&str> = places
        .filter(|_| state.administrators().is_some())
        .collect();
    html(
        status,
        &Page {
            style: Style,
            problem,
            local: config.administrators.local,
            of_gateway: places.contains(&""),
            places,
            to,
        },
    )
}

/// Shows the form, or redirects somebody who is already signed in.
pub(super) async fn show(
    State(state): State<PageState>,
    uri: Uri,
    signed_in: Result<SignedIn, Response>,
) -> Response {
    match signed_in {
        Ok(_) => redirect("/admin"),
        Err(_) => {
            let to = own_page(session::query(&uri).get("to"));
            page(StatusCode::OK, None, &state, to)
        }
    }
}

/// Begins a session if the token is right.
pub(super) async fn sign_in(
    State(state): State<PageState>,
    request: Request,
) -> Result<Response, Response> {
    let config = state.config();
    if !config.administrators.local {
        let problem = "Tokens are not taken here: administrators.local is off in gateway.toml.";
        return Err(page(StatusCode::FORBIDDEN, Some(problem), &state, None));
    }
    let trusted = &config.listen.trusted_proxies;
    let address = client_address(request.headers(), request.extensions(), trusted);
    let secure = config.listen.tls.is_some() || is_https(&request);
    let form = tokio::time::timeout(FORM_TIME, session::read_form(request, &state)).await;
    let fields = form.map_err(|_| {
        let text = "The form took too long to arrive.";
        Problem::new(StatusCode::REQUEST_TIMEOUT, "Not read", text).into_response()
    })??;
    let name = fields.get("name").unwrap_or_default().trim();
    let token = fields.get("token").unwrap_or_default();
    let known = config.admins.get_key_value(name).map(|(name, _)| &**name);
    // Between this and the comparison there is nothing to wait for, so that attempts at the same
    // time count as those one after the other.
    let attempt = state.attempts().begin(known, address, Instant::now());
    let attempt = attempt.map_err(|wait| locked(wait, &state))?;
    // All hashes are compared, so that the time does not depend on which one is right.
    let (now, mut right) = (state.now(), None);
    for (one, admin) in &config.admins {
        if let Some(accepted) = admin.tokens.accept(token, now)
            && (name.is_empty() || name == one)
        {
            right = Some((one, accepted));
        }
    }
    let Some((name, accepted)) = right else {
        state.failed_tokens().count_sign_in(address, known);
        tokio::time::sleep(DELAY).await;
        let problem = "No administrator of this name has this token.";
        return Err(page(StatusCode::FORBIDDEN, Some(problem), &state, None));
    };
    attempt.succeeded();
    let secret = SessionSecret::generate();
    let secret = secret.ok_or_else(|| Problem::no_random_numbers().into_response())?;
    let (hash, name, token) = (secret.hash(), name.clone(), accepted.hash);
    let ends = now + SESSION_LIFE;
    let ends = accepted.expires.map_or(ends, |end| ends.min(end));
    let opened = state.store(move |store| store.open_session(&hash, &name, &token, now, ends));
    opened.await.map_err(Problem::into_response)?;
    let mut response = redirect("/admin");
    cookie::set(
        &mut response,
        SESSION,
        &secret.cookie(),
        SESSION_LIFE,
        secure,
    );
    Ok(response)
}

/// The answer to one attempt too many.
fn locked(wait: Duration, state: &PageState) -> Response {
    let problem = "Too many sign-ins of this name have failed from this address. Try again in a \
                   minute. On the gateway's machine `gong-gateway admin` does the same without \
                   signing in, the kill switch too.";
    let mut response = page(StatusCode::TOO_MANY_REQUESTS, Some(problem), state, None);
    let wait = HeaderValue::from(wait.as_secs() + 1);
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    response
}

/// Whether the browser uses HTTPS, perhaps to a proxy in front of the gateway.
fn is_https(request: &Request) -> bool {
    let origin = request.headers().get(header::ORIGIN);
    origin.is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

/// Ends the session.
pub(super) async fn sign_out(
    State(state): State<PageState>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    let hash = form.by.secret.hash();
    if form.by.is_of_company() {
        let closed = state.store(move |store| {
            store.close_administrator_session(&hash, |name| Actor::new(name, Via::Page))
        });
        closed.await?;
    } else {
        state.store(move |store| store.close_session(&hash)).await?;
    }
    let mut response = redirect("/admin/sign-in");
    cookie::set(&mut response, SESSION, "", Duration::ZERO, false);
    if let Some(administrators) = state.administrators() {
        administrators.set_session(&mut response, None, Duration::ZERO);
    }
    Ok(response)
}
