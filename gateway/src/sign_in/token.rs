//! The token endpoint: tokens for a code, and new tokens for a refresh token.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;

use super::oauth_error::OAuthError;
use super::parameters::Parameters;
use super::pkce::challenge_of;
use super::refresh::confirm;
use super::scope::Scopes;
use super::state::{LiveSignIn, SignInState};
use crate::config::{FreshToken, TokenHash};
use crate::store::StoreError;
use crate::store::sign_in::{EndReason, NewTokens, PresentedCode, Redemption, RefreshState};

/// How long a refresh token may be used again after it was replaced: programs that run side by side
/// share one, and an answer may be lost.
const GRACE: Duration = Duration::from_secs(60);

/// Issues tokens.
pub(super) async fn issue(
    State(state): State<SignInState>,
    Path(tenant): Path<String>,
    body: Bytes,
) -> Response {
    let Some(live) = state.tenant(&tenant) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let form = Parameters::parse(&body);
    let issued = match form.required("grant_type") {
        Ok("authorization_code") => redeem(&state, &live, &form).await,
        Ok("refresh_token") => refresh(&state, &live, &form).await,
        Ok(_) => Err(OAuthError::new(
            "unsupported_grant_type",
            "served are authorization_code and refresh_token",
        )),
        Err(error) => Err(error),
    };
    issued.unwrap_or_else(OAuthError::into_response)
}

async fn redeem(
    state: &SignInState,
    live: &LiveSignIn,
    form: &Parameters,
) -> Result<Response, OAuthError> {
    let resource = state.urls.resource(&live.name);
    form.check_resource(&resource)?;
    let client = form.required("client_id")?.to_owned();
    let redirect_uri = form.required("redirect_uri")?.to_owned();
    let verifier = form.required("code_verifier")?;
    let challenge = challenge_of(verifier).ok_or_else(|| {
        OAuthError::invalid_request("code_verifier has 43 to 128 unreserved characters")
    })?;
    let invalid = || {
        OAuthError::invalid_grant(
            "this code has ended, or is not for this client, redirect_uri and code_verifier",
        )
    };
    let code = TokenHash::presented(form.required("code")?).ok_or_else(invalid)?;
    let (now, fresh) = (state.now(), Fresh::generate());
    let unconfirmed = now + live.sign_in.config.lifetimes.unconfirmed;
    let tokens = fresh.tokens(live, now, (unconfirmed, Timestamp::MAX));
    let ends = tokens.access_ends;
    let tenant = live.name.to_string();
    let redeemed = state.store(move |store| {
        let presented = PresentedCode {
            hash: &code,
            tenant: &tenant,
            client: &client,
            redirect_uri: &redirect_uri,
            resource: &resource,
            challenge: &challenge,
        };
        store.redeem_code(presented, &tokens, now)
    });
    match redeemed.await? {
        Redemption::Issued(scopes) => Ok(fresh.response(&scopes, now, ends)),
        Redemption::Invalid => Err(invalid()),
        Redemption::Reused => Err(OAuthError::invalid_grant(
            "this code was used twice, so one of the two has stolen it: the sign-in has ended",
        )),
    }
}

async fn refresh(
    state: &SignInState,
    live: &LiveSignIn,
    form: &Parameters,
) -> Result<Response, OAuthError> {
    form.check_resource(&state.urls.resource(&live.name))?;
    let client = form.required("client_id")?.to_owned();
    let invalid = || {
        OAuthError::invalid_grant(
            "this refresh token has ended, or is not of this client: sign in anew",
        )
    };
    let token = TokenHash::presented(form.required("refresh_token")?).ok_or_else(invalid)?;
    let find = async || {
        let (tenant, client, now) = (live.name.to_string(), client.clone(), state.now());
        let grace = now - GRACE;
        let found = state
            .store(move |store| store.find_refresh_token(&token, &tenant, &client, now, grace))
            .await?;
        match found {
            RefreshState::Usable(family) => Ok(family),
            RefreshState::Invalid => Err(invalid()),
            // The client keeps its refresh token for when it is switched on again.
            RefreshState::Off(why) => Err(OAuthError::new("access_denied", why)),
            RefreshState::Reused => Err(OAuthError::invalid_grant(
                "this refresh token was used twice, so one of the two has stolen it: the sign-in has \
                 ended",
            )),
        }
    };
    let id = find().await?.id;
    let _turn = state.locks.lock(&id).await;
    // Another refresh may have changed it meanwhile.
    let family = find().await?;
    let scopes = match form.get("scope")? {
        None => family.scopes.clone(),
        Some(requested) => {
            let requested = Scopes::parse(requested);
            let within = requested.within(&family.scopes);
            if within != requested {
                let text = "the person has not consented to all of it; authorize anew";
                return Err(OAuthError::new("invalid_scope", text));
            }
            match within.is_empty() {
                true => family.scopes.clone(),
                false => within,
            }
        }
    };
    let confirmed_at = confirm(state, live, &family).await?;
    let (now, fresh) = (state.now(), Fresh::generate());
    let unconfirmed = live.sign_in.config.lifetimes.unconfirmed;
    let at_the_latest = family.ends_at.min(confirmed_at + unconfirmed);
    let tokens = fresh.tokens(live, now, (at_the_latest, family.ends_at));
    let ends = tokens.access_ends;
    let of = scopes.clone();
    let rotated = state.store(move |store| store.rotate(&token, &family, &of, &tokens, now));
    match rotated.await? {
        true => Ok(fresh.response(&scopes, now, ends)),
        false => Err(invalid()),
    }
}

/// A new access token and a new refresh token.
struct Fresh {
    access: FreshToken,
    refresh: FreshToken,
}

impl Fresh {
    fn generate() -> Self {
        Self {
            access: FreshToken::generate(),
            refresh: FreshToken::generate(),
        }
    }

    /// Their hashes and ends, which `latest` bounds for each.
    fn tokens(
        &self,
        live: &LiveSignIn,
        now: Timestamp,
        latest: (Timestamp, Timestamp),
    ) -> NewTokens {
        let lifetimes = live.sign_in.config.lifetimes;
        let (access, refresh) = latest;
        NewTokens {
            access: self.access.hash,
            access_ends: (now + lifetimes.access).min(access),
            refresh: self.refresh.hash,
            refresh_ends: (now + lifetimes.refresh).min(refresh),
        }
    }

    fn response(&self, scopes: &Scopes, now: Timestamp, ends: Timestamp) -> Response {
        let body = json!({
            "access_token": self.access.token.reveal(),
            "token_type": "Bearer",
            "expires_in": ends.duration_since(now).as_secs().max(0),
            "refresh_token": self.refresh.token.reveal(),
            "scope": scopes.to_string(),
        });
        let mut response = Json(body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Revokes a token, and with it its sign-in (RFC 7009). What is no token is answered in the same way.
pub(super) async fn revoke(
    State(state): State<SignInState>,
    Path(tenant): Path<String>,
    body: Bytes,
) -> Response {
    let Some(live) = state.tenant(&tenant) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let form = Parameters::parse(&body);
    let parameters = || Ok((form.required("token")?, form.get("client_id")?));
    let (token, client) = match parameters() {
        Ok(parameters) => parameters,
        Err(error) => return OAuthError::into_response(error),
    };
    let Some(token) = TokenHash::presented(token) else {
        return StatusCode::OK.into_response();
    };
    let (tenant, client, now) = (
        live.name.to_string(),
        client.map(str::to_owned),
        state.now(),
    );
    let ended = state.store(move |store| -> Result<(), StoreError> {
        match store.sign_in_of_token(&token, &tenant, client.as_deref())? {
            Some(id) => store.end_sign_in(&id, EndReason::Revoked, now),
            None => Ok(()),
        }
    });
    match ended.await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => OAuthError::from(error).into_response(),
    }
}
