//! Where the provider sends people back: the sign-in begins, and the client gets its code.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use uuid::Uuid;

use super::authorize::{Refusal, redirected, refuse};
use super::oauth_error::OAuthError;
use super::pages;
use super::parameters::Parameters;
use super::pending::{Authorization, Transaction};
use super::person::person;
use super::provider::ProviderError;
use super::state::{LiveSignIn, SignInState};
use super::{answer, cookies};
use crate::config::{FreshToken, TokenHash};
use crate::store::Via;
use crate::store::sign_in::{Begun, NewCode, NewGrant, Person};

/// How long a code may take to be exchanged.
const CODE_LIFE: Duration = Duration::from_secs(60);

/// Takes what the provider answers.
pub(super) async fn callback(
    State(state): State<SignInState>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let Some(live) = state.tenant(&tenant) else {
        return pages::problem(StatusCode::NOT_FOUND, "Nobody signs in at this address.");
    };
    let answer = Parameters::parse(query.unwrap_or_default().as_bytes());
    let hash = TokenHash::of(answer.get("state").ok().flatten().unwrap_or_default());
    let transaction = state.pending.take(&hash, Instant::now());
    let cookie = cookies::transaction(request.headers(), &state.urls, &hash);
    let Some(transaction) = transaction.filter(|one| one.tenant == live.name) else {
        let text = "This sign-in has ended already, or has taken more than ten minutes. Begin anew in \
                    the AI client.";
        return pages::problem(StatusCode::BAD_REQUEST, text);
    };
    // Somebody else may have consented and sent the link on.
    if cookie.is_none_or(|secret| TokenHash::of(&secret) != transaction.browser) {
        let text = "This sign-in has begun in another browser. If you were sent here by a link, close \
                    this page. Otherwise begin anew in the AI client.";
        return pages::problem(StatusCode::FORBIDDEN, text);
    }
    let issuer = state.urls.issuer(&live.name);
    let network = state.network(request.headers(), request.extensions());
    let mut response = match finish(&state, &live, transaction, &answer, network).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(&issuer),
    };
    cookies::set_transaction(&mut response, &state.urls, &hash, "", Duration::ZERO);
    response
}

async fn finish(
    state: &SignInState,
    live: &LiveSignIn,
    transaction: Transaction<Authorization>,
    answer: &Parameters,
    network: Option<IpAddr>,
) -> Result<Response, Refusal> {
    let callback = state.urls.callback(&live.name);
    let provider = &live.sign_in.provider;
    let answered = answer::redeem(provider, &callback, &transaction, answer).await;
    let authorization = transaction.authorization;
    let claims = match answered.as_ref().map(|answered| answered.claims.as_ref()) {
        Ok(Ok(claims)) => claims,
        Ok(Err(error)) | Err(error) => {
            return Err(not_identified(state, live, authorization, error, network));
        }
    };
    let person = match person(&live.sign_in.config.people, claims) {
        Ok(person) => person,
        Err(error) => {
            let who = claims.get("sub").and_then(|sub| sub.as_str());
            let who = format!("sub:{}", who.unwrap_or_default());
            return Err(denied(state, live, authorization, &who, error.text()).await);
        }
    };
    let token = answered.ok().and_then(|answered| answered.refresh_token);
    begin(state, live, authorization, person, token.as_deref()).await
}

/// Stores the sign-in, and answers the client with its code.
async fn begin(
    state: &SignInState,
    live: &LiveSignIn,
    authorization: Authorization,
    person: Person,
    provider_token: Option<&str>,
) -> Result<Response, Refusal> {
    let now = state.now();
    let code = FreshToken::generate();
    let new = new_grant(
        state,
        live,
        &authorization,
        person.clone(),
        provider_token,
        &code,
        now,
    );
    let begun = state
        .store(move |store| store.begin_sign_in(&new, now))
        .await;
    let why = match &begun {
        Ok(Begun::Yes) => {
            let issuer = state.urls.issuer(&live.name);
            let mut answer = vec![("code", code.token.reveal())];
            answer.extend(authorization.state.as_deref().map(|state| ("state", state)));
            answer.push(("iss", &issuer));
            return Ok(redirected(&authorization.redirect_uri.with(&answer)));
        }
        Ok(Begun::NoAccess) => {
            "the account may sign in, but no group of it gives access here; an administrator can change \
             that"
        }
        Ok(Begun::Off(why)) => &**why,
        Ok(Begun::OtherOwner) => {
            "this client is another person's alone; an administrator can change that"
        }
        Err(error) => return Err(refuse(authorization, error.clone().into())),
    };
    let who = person
        .email
        .unwrap_or_else(|| format!("sub:{}", person.subject));
    Err(denied(state, live, authorization, &who, why).await)
}

fn new_grant(
    state: &SignInState,
    live: &LiveSignIn,
    authorization: &Authorization,
    person: Person,
    provider_token: Option<&str>,
    code: &FreshToken,
    now: Timestamp,
) -> NewGrant {
    let id = Uuid::now_v7().to_string();
    NewGrant {
        provider_token: provider_token.and_then(|token| live.sign_in.seal.seal(&id, token)),
        id,
        tenant: live.name.to_string(),
        client: authorization.client.clone(),
        person,
        resource: state.urls.resource(&live.name),
        scopes: authorization.scopes.clone(),
        ends_at: now + live.sign_in.config.lifetimes.grant,
        code: NewCode {
            hash: code.hash,
            redirect_uri: authorization.redirect_uri.as_str().to_owned(),
            challenge: authorization.challenge.clone(),
            expires_at: now + CODE_LIFE,
        },
    }
}

/// Counts that the provider has identified nobody, and answers the client. It has no row of its own in
/// the audit: anybody can come back with a code that is none, as often as they like.
fn not_identified(
    state: &SignInState,
    live: &LiveSignIn,
    authorization: Authorization,
    error: &ProviderError,
    network: Option<IpAddr>,
) -> Refusal {
    let tenant = &*live.name;
    tracing::warn!(tenant, "somebody could not sign in: {}", error.text());
    match error {
        ProviderError::Unavailable(_) => {
            let text =
                "the company's provider can not be used at the moment; the gateway's log says why";
            refuse(
                authorization,
                OAuthError::new("temporarily_unavailable", text),
            )
        }
        ProviderError::Refused(text) | ProviderError::Untrusted(text) => {
            let failed = &state.gateway.failed_tokens;
            failed.count(Via::SignIn, network, false);
            refuse(authorization, OAuthError::new("access_denied", text))
        }
    }
}

/// Records that somebody is not let in, and answers the client with the reason.
async fn denied(
    state: &SignInState,
    live: &LiveSignIn,
    authorization: Authorization,
    who: &str,
    why: &str,
) -> Refusal {
    let (tenant, client) = (live.name.to_string(), authorization.client.name.clone());
    let (who, detail) = (crate::cut::cut(who, 200), why.to_owned());
    let recorded = state
        .store(move |store| store.sign_in_refused(&tenant, &who, &client, &detail))
        .await;
    if let Err(error) = recorded {
        tracing::error!("a refused sign-in can not be written to the audit: {error}");
    }
    refuse(authorization, OAuthError::new("access_denied", why))
}
