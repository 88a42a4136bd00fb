//! Dynamic client registration (RFC 7591), for clients that know nothing else. Everybody may register,
//! so a registration is worth little: it names where a client may be answered to, of what the
//! configuration admits, and ends within an hour if nobody signs in.

use std::time::Instant;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use serde_json::json;
use uuid::Uuid;

use super::oauth_error::OAuthError;
use super::state::SignInState;
use crate::store::sign_in::Registration;

/// Bytes of a client's metadata.
const LARGEST: usize = 16 << 10;

/// Registers a client.
pub(super) async fn register(
    State(state): State<SignInState>,
    Path(tenant): Path<String>,
    request: Request,
) -> Response {
    let live = state.tenant(&tenant);
    let Some(live) = live.filter(|live| live.sign_in.config.clients.dcr) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let network = state.network(request.headers(), request.extensions());
    if let Err(wait) = state
        .registrations
        .begin(Some(&live.name), network, Instant::now())
    {
        let text = "too many clients have registered from this address within a minute";
        let mut response = OAuthError::new("slow_down", text).into_response();
        let wait = HeaderValue::from(wait.as_secs() + 1);
        response.headers_mut().insert(header::RETRY_AFTER, wait);
        return response;
    }
    let metadata = Limited::new(request.into_body(), LARGEST).collect().await;
    let metadata = metadata.ok().map(|body| body.to_bytes());
    let metadata = metadata.and_then(|body| serde_json::from_slice(&body).ok());
    let Some(metadata) = metadata else {
        let text = format!("client metadata are expected, in JSON of at most {LARGEST} bytes");
        return OAuthError::new("invalid_client_metadata", text).into_response();
    };
    let metadata: super::client_metadata::ClientMetadata = metadata;
    let now = state.now();
    let id = Uuid::now_v7().to_string();
    let shown = metadata.name().unwrap_or_default();
    let client = match metadata.register(&id, &live.sign_in.config.clients, now) {
        Ok(client) => client,
        Err((code, text)) => {
            state.refused_client(&live, Registration::Dynamic, &shown, &text);
            return OAuthError::new(code, text).into_response();
        }
    };
    let body = json!({
        "client_id": client.id,
        "client_id_issued_at": now.as_second(),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    let name = live.name.to_string();
    let registered = state.store(move |store| store.register_client(&name, &client));
    if let Err(error) = registered.await {
        return OAuthError::from(error).into_response();
    }
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
