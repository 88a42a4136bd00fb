//! Signing in with the company's account: an authorization server for AI clients, with the company's
//! OpenID provider behind it.
//!
//! | module | concern |
//! |---|---|
//! | `urls`, `metadata`, `challenge`, `endpoint` | where everything is, and how clients learn that |
//! | `scope` | a scope for each effect of tools |
//! | `redirect` | where a client may be answered to |
//! | `client_metadata`, `documents`, `register` | what a client says of itself, in a document or when it registers |
//! | `authorize`, `consent`, `pages`, `cookies`, `pending` | what a client wants, and the person's consent |
//! | `provider`, `person`, `answer`, `callback` | the company's provider, and who somebody is |
//! | `administrators` | administrators' way to the provider and back, for the page |
//! | `token`, `refresh`, `pkce`, `locks`, `seal` | tokens, and asking the provider anew |
//! | `resource_server` | access tokens of the provider, where the gateway issues none |
//! | `tenant`, `state` | what a tenant needs, and what handlers share |
//! | `parameters`, `oauth_error` | requests and errors in OAuth's form |
//!
//! **The way of a sign-in.** A client without a token gets 401, reads the metadata, and sends the
//! browser to `authorize`. The person consents on a page of the gateway, is sent to the provider with
//! a `state` that only this browser has, and comes back to `callback`. The provider's ID token says
//! who it is; the client gets a code, and for it an access and a refresh token. At each refresh the
//! provider is asked anew.
//!
//! **Tokens** are 256 random bits, and the state file has their SHA-256. Each is for one tenant, client
//! and resource. A code can be used once and within a minute; a refresh token once, and whoever uses
//! it again ends the sign-in.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use http::{Method, StatusCode};
use tower_http::cors::{Any, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::gateway::Gateway;
use std::sync::Arc;

pub(crate) mod administrators;
mod answer;
mod authorize;
mod callback;
pub(crate) mod challenge;
mod client_metadata;
mod consent;
mod cookies;
mod documents;
pub(crate) mod endpoint;
mod locks;
mod metadata;
mod oauth_error;
mod pages;
mod parameters;
mod pending;
mod person;
mod pkce;
mod provider;
mod redirect;
mod refresh;
mod register;
pub(crate) mod resource_server;
mod scope;
mod seal;
mod state;
pub(crate) mod tenant;
mod token;
mod urls;

pub(crate) use client_metadata::visible;
pub(crate) use pkce::challenge_of;
pub(crate) use provider::Provider;
pub use redirect::RedirectRule;
pub(crate) use redirect::shown as redirect_shown;
pub use resource_server::ResourceServer;
pub(crate) use resource_server::algorithms;
pub use scope::Scopes;
pub(crate) use scope::scope_names;
pub use tenant::TenantSignIn;
pub(crate) use urls::Urls;

/// Bytes of a request.
const LARGEST: usize = 64 << 10;

/// How long a request may take. The provider is asked within it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The routes of the authorization servers of all tenants.
pub(crate) fn router(gateway: &Arc<Gateway>, urls: &Urls) -> Router {
    // Clients in web pages read and send these. They hold no cookie, so any page may.
    let for_clients = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(Any);
    let clients = Router::new()
        .route(
            "/.well-known/oauth-protected-resource/t/{tenant}/mcp",
            get(metadata::resource),
        )
        .route(
            "/.well-known/oauth-authorization-server/t/{tenant}",
            get(metadata::server),
        )
        .route("/t/{tenant}/oauth/token", post(token::issue))
        .route("/t/{tenant}/oauth/revoke", post(token::revoke))
        .route("/t/{tenant}/oauth/register", post(register::register))
        .layer(for_clients);
    let people = Router::new()
        .route(
            "/t/{tenant}/oauth/authorize",
            get(authorize::show).post(consent::decide),
        )
        .route("/t/{tenant}/oauth/callback", get(callback::callback));
    clients
        .merge(people)
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(RequestBodyLimitLayer::new(LARGEST))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            TIMEOUT,
        ))
        .with_state(state::SignInState::new(gateway, urls))
}

/// Makes a whole sentence of a clause.
fn sentence(text: &str) -> String {
    crate::page::problem::sentence(text)
}
