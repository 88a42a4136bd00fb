//! Signing in and out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use super::attempts::Failed;
use super::cookie::{self, SESSION};
use super::problem::Problem;
use super::respond::{html, redirect};
use super::session::{self, SESSION_LIFE, SignedIn, SubmittedForm};
use super::session_secret::SessionSecret;
use super::state::PageState;
use super::view::Style;

/// How long the answer to a failed sign-in is delayed.
const DELAY: Duration = Duration::from_secs(1);

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    style: Style,
    problem: Option<&'a str>,
}

fn page(status: StatusCode, problem: Option<&str>) -> Response {
    html(
        status,
        &Page {
            style: Style,
            problem,
        },
    )
}

/// Shows the form, or redirects somebody who is already signed in.
pub(super) async fn show(signed_in: Result<SignedIn, Response>) -> Response {
    match signed_in {
        Ok(_) => redirect("/admin"),
        Err(_) => page(StatusCode::OK, None),
    }
}

/// Begins a session if the token is right.
pub(super) async fn sign_in(
    State(state): State<PageState>,
    request: Request,
) -> Result<Response, Response> {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let place = connected.map(|ConnectInfo(address)| address.ip());
    let attempts = state.attempts();
    if let Some(wait) = attempts.wait(place, Instant::now()) {
        let problem = "Too many sign-ins have failed from here. Try again in a minute.";
        let mut response = page(StatusCode::TOO_MANY_REQUESTS, Some(problem));
        let wait = HeaderValue::from(wait.as_secs() + 1);
        response.headers_mut().insert(header::RETRY_AFTER, wait);
        return Err(response);
    }
    let config = state.config();
    let secure = config.listen.tls.is_some() || is_https(&request);
    let fields = session::read_form(request, &state).await?;
    let token = fields.get("token").unwrap_or_default();
    // All hashes are compared, so that the time does not depend on which one is right.
    let mut right = None;
    for (name, admin) in &config.admins {
        if admin.token.matches(token) {
            right = Some((name, admin));
        }
    }
    let Some((name, admin)) = right else {
        let last = attempts.failed(place, Instant::now()) == Failed::Last;
        let from = place.map_or_else(|| "an unknown address".to_owned(), |ip| ip.to_string());
        let detail = format!(
            "wrong token, from {from}{}",
            if last {
                "; further ones are not read for the rest of a minute"
            } else {
                ""
            }
        );
        let noted = state.store(move |store| store.sign_in_refused(&detail));
        noted.await.map_err(Problem::into_response)?;
        tokio::time::sleep(DELAY).await;
        let problem = "No administrator has this token.";
        return Err(page(StatusCode::FORBIDDEN, Some(problem)));
    };
    let secret = SessionSecret::generate().ok_or_else(|| {
        let text = "The system has no random numbers.";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "Not done", text).into_response()
    })?;
    let (hash, name, token) = (secret.hash(), name.clone(), admin.token);
    let now = state.now();
    let ends = now + SESSION_LIFE;
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
    state.store(move |store| store.close_session(&hash)).await?;
    let mut response = redirect("/admin/sign-in");
    cookie::set(&mut response, SESSION, "", Duration::ZERO, false);
    Ok(response)
}
