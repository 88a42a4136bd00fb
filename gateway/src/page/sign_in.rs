//! Signing in and out.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::attempts::Failed;
use super::problem::Problem;
use super::secret::Secret;
use super::session::{self, COOKIE, LIFE, Posted, Signed};
use super::view::Style;
use super::{PageState, html, redirect};

/// How long a failed sign-in waits for its answer.
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

/// The form; who is signed in already is sent on.
pub(super) async fn show(signed: Result<Signed, Response>) -> Response {
    match signed {
        Ok(_) => redirect("/admin"),
        Err(_) => page(StatusCode::OK, None),
    }
}

/// Begins a session, or says that the token is not right.
pub(super) async fn enter(
    State(state): State<PageState>,
    request: Request,
) -> Result<Response, Response> {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let place = connected.map(|ConnectInfo(address)| address.ip());
    let attempts = &state.0.attempts;
    if let Some(wait) = attempts.wait(place, Instant::now()) {
        let problem = "Too many sign-ins have failed from here. Try again in a minute.";
        let mut response = page(StatusCode::TOO_MANY_REQUESTS, Some(problem));
        let wait = HeaderValue::from(wait.as_secs() + 1);
        response.headers_mut().insert(header::RETRY_AFTER, wait);
        return Err(response);
    }
    let config = state.config();
    let secure = config.listen.tls.is_some() || is_https(&request);
    let fields = session::posted(request, &state).await?;
    let token = fields.get("token").unwrap_or_default();
    // Every hash is compared, whichever is right.
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
    let secret = Secret::fresh().ok_or_else(|| {
        let text = "The system has no random numbers.";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "Not done", text).into_response()
    })?;
    let (stored, name, token) = (secret.stored(), name.clone(), admin.token);
    let ends = Timestamp::now() + LIFE;
    let opened = state.store(move |store| store.open_session(&stored, &name, &token, ends));
    opened.await.map_err(Problem::into_response)?;
    let mut response = redirect("/admin");
    session::set(
        &mut response,
        &session::cookie(COOKIE, &secret.cookie(), LIFE, secure),
    );
    Ok(response)
}

/// Whether the browser came by HTTPS, be it to a proxy before this gateway.
fn is_https(request: &Request) -> bool {
    let origin = request.headers().get(header::ORIGIN);
    origin.is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

/// Ends the session.
pub(super) async fn leave(
    State(state): State<PageState>,
    posted: Posted,
) -> Result<Response, Problem> {
    let stored = posted.by.secret.stored();
    state
        .store(move |store| store.close_session(&stored))
        .await?;
    let mut response = redirect("/admin/sign-in");
    session::set(
        &mut response,
        &session::cookie(COOKIE, "", Duration::ZERO, false),
    );
    Ok(response)
}
