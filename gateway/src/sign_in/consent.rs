//! The person's consent, and the way to the provider.
//!
//! Consent is asked for each time: a client that somebody else has talked into signing in must not
//! ride on an earlier consent.

use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use url::Url;

use super::authorize::{Refusal, guarded, read, redirected, refuse, unknown_tenant};
use super::cookies;
use super::oauth_error::OAuthError;
use super::pages::{self, ConsentRequest};
use super::parameters::Parameters;
use super::pending::{Authorization, LIFE, Transaction};
use super::state::{LiveSignIn, SignInState};
use crate::config::{FreshToken, TokenHash};
use crate::page::session_secret::SessionSecret;

/// Bytes of a form.
const LARGEST_FORM: usize = 64 << 10;

/// The consent page, with the form of this browser.
pub(super) fn ask(
    state: &SignInState,
    live: &LiveSignIn,
    authorization: &Authorization,
    query: &str,
    headers: &HeaderMap,
    problem: Option<&str>,
) -> Response {
    let known = cookies::consent(headers, &state.urls);
    let Some(secret) = known.or_else(SessionSecret::generate) else {
        let text = "The system has no random numbers.";
        return pages::problem(StatusCode::INTERNAL_SERVER_ERROR, text);
    };
    let provider = Url::parse(live.sign_in.provider.issuer());
    let provider = provider.ok();
    let provider = provider.as_ref().and_then(Url::host_str);
    let mut page = pages::consent(&ConsentRequest {
        tenant: &live.name,
        authorization,
        lifetimes: live.sign_in.config.lifetimes,
        provider: provider.unwrap_or("the company's provider"),
        signed: &secret.sign(&format!("{}\n{query}", live.name)),
        problem,
    });
    cookies::set_consent(&mut page, &state.urls, &secret);
    page
}

/// Takes the person's decision, and sends them to the provider.
pub(super) async fn decide(
    State(state): State<SignInState>,
    Path(tenant): Path<String>,
    request: Request,
) -> Response {
    let Some(live) = state.tenant(&tenant) else {
        return unknown_tenant();
    };
    if let Some(refused) = guarded(&state, &request) {
        return refused;
    }
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LARGEST_FORM).collect().await;
    let Ok(body) = body else {
        let text = "The form is too large, or broke off.";
        return pages::problem(StatusCode::BAD_REQUEST, text);
    };
    let form = Parameters::parse(&body.to_bytes());
    let secret = cookies::consent(&parts.headers, &state.urls);
    let signed = form.get("request").ok().flatten().unwrap_or_default();
    let text = secret.and_then(|secret| secret.verify(signed));
    let query = text.as_deref().and_then(|text| {
        let (of, query) = text.split_once('\n')?;
        (of == &*live.name).then_some(query)
    });
    let Some(query) = query else {
        let text = "This form is not of this browser, or is more than an hour old. Begin anew in the \
                    AI client.";
        return pages::problem(StatusCode::FORBIDDEN, text);
    };
    let network = state.network(&parts.headers, &parts.extensions);
    let issuer = state.urls.issuer(&live.name);
    let mut authorization = match read(&state, &live, query, network).await {
        Ok(authorization) => authorization,
        Err(refusal) => return refusal.into_response(&issuer),
    };
    if form.get("decision").ok().flatten() != Some("allow") {
        let error = OAuthError::new("access_denied", "the person did not allow it");
        return refuse(authorization, error).into_response(&issuer);
    }
    authorization.scopes = pages::chosen(form.all("allow"));
    if authorization.scopes.is_empty() {
        let problem = Some("Tick at least one thing that it may do.");
        return ask(
            &state,
            &live,
            &authorization,
            query,
            &parts.headers,
            problem,
        );
    }
    match go_to_provider(&state, &live, authorization, network).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(&issuer),
    }
}

/// Notes the sign-in for this browser, and sends the browser to the provider.
async fn go_to_provider(
    state: &SignInState,
    live: &LiveSignIn,
    authorization: Authorization,
    network: Option<IpAddr>,
) -> Result<Response, Refusal> {
    let random = || FreshToken::generate().token.reveal().to_owned();
    let (provider_state, nonce, verifier, secret) = (random(), random(), random(), random());
    let provider = &live.sign_in.provider;
    let callback = state.urls.callback(&live.name);
    let url = provider
        .authorization_url(&callback, &provider_state, &nonce, &verifier)
        .await;
    let url = match url {
        Ok(url) => url,
        Err(error) => {
            let tenant = &*live.name;
            tracing::error!(tenant, "nobody can sign in: {}", error.text());
            let text = "the company's provider can not be reached at the moment";
            let error = OAuthError::new("temporarily_unavailable", text);
            return Err(refuse(authorization, error));
        }
    };
    let hash = TokenHash::of(&provider_state);
    let transaction = Transaction {
        tenant: live.name.clone(),
        authorization,
        issuer: provider.issuer().to_owned(),
        nonce,
        verifier,
        browser: TokenHash::of(&secret),
    };
    let pending = &state.pending;
    if !pending.begin(hash, transaction, network, Instant::now()) {
        let text = "Too many sign-ins have begun and not ended. Try again in some minutes.";
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Err(Refusal::Page(status, text.to_owned()));
    }
    let mut response = redirected(&url);
    cookies::set_transaction(&mut response, &state.urls, &hash, &secret, LIFE);
    Ok(response)
}
