//! The authorization endpoint: what a client wants.
//!
//! Before the client and its redirect URI are known to belong together, nothing is answered to that
//! URI.

use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use http::StatusCode;

use super::client_metadata::DocumentUrl;
use super::consent::ask;
use super::oauth_error::OAuthError;
use super::pages;
use super::parameters::Parameters;
use super::pending::Authorization;
use super::pkce::is_challenge;
use super::redirect::RedirectUri;
use super::scope::Scopes;
use super::state::{LiveSignIn, SignInState};
use crate::page::guard;
use crate::page::respond::redirect;
use crate::store::StoreError;
use crate::store::sign_in::{ClientRow, Registration};

/// Bytes of a client's `state`.
const LONGEST_STATE: usize = 4096;

/// Why an authorization does not begin.
pub(super) enum Refusal {
    /// It is answered to the person: where the client is, is not known.
    Page(StatusCode, String),
    /// It is answered to the client.
    Client {
        redirect_uri: RedirectUri,
        state: Option<String>,
        error: OAuthError,
    },
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::page(OAuthError::from(error).description())
    }
}

impl Refusal {
    fn page(text: impl std::fmt::Display) -> Self {
        Self::Page(StatusCode::BAD_REQUEST, super::sentence(&text.to_string()))
    }

    /// The answer. `issuer` says whose it is (RFC 9207).
    pub(super) fn into_response(self, issuer: &str) -> Response {
        let (redirect_uri, state, error) = match self {
            Self::Page(status, text) => return pages::problem(status, &text),
            Self::Client {
                redirect_uri,
                state,
                error,
            } => (redirect_uri, state, error),
        };
        let mut answer = vec![
            ("error", error.code()),
            ("error_description", error.description()),
        ];
        answer.extend(state.as_deref().map(|state| ("state", state)));
        answer.push(("iss", issuer));
        redirected(&redirect_uri.with(&answer))
    }
}

/// A redirection, whose page could not be framed or stored either.
pub(super) fn redirected(to: &str) -> Response {
    let mut response = redirect(to);
    pages::set_headers(response.headers_mut());
    response
}

pub(super) fn unknown_tenant() -> Response {
    pages::problem(StatusCode::NOT_FOUND, "Nobody signs in at this address.")
}

/// Shows the consent page.
pub(super) async fn show(
    State(state): State<SignInState>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let Some(live) = state.tenant(&tenant) else {
        return unknown_tenant();
    };
    if let Some(refused) = guarded(&state, &request) {
        return refused;
    }
    let query = query.unwrap_or_default();
    let network = state.network(request.headers(), request.extensions());
    match read(&state, &live, &query, network).await {
        Ok(authorization) => ask(
            &state,
            &live,
            &authorization,
            &query,
            request.headers(),
            None,
        ),
        Err(refusal) => refusal.into_response(&state.urls.issuer(&live.name)),
    }
}

/// Rejects what is addressed to another host, or comes from another site.
pub(super) fn guarded(state: &SignInState, request: &Request) -> Option<Response> {
    let config = state.config();
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let text = match guard::check(method, uri, headers, &config.listen.hosts) {
        Ok(()) => return None,
        Err(guard::Rejected::Host) => "This gateway has no such host name.",
        Err(guard::Rejected::Origin) => "This form does not come from the gateway's own page.",
    };
    Some(pages::problem(StatusCode::FORBIDDEN, text))
}

/// Reads and checks what a client wants.
pub(super) async fn read(
    state: &SignInState,
    live: &LiveSignIn,
    query: &str,
    network: Option<IpAddr>,
) -> Result<Authorization, Refusal> {
    let parameters = Parameters::parse(query.as_bytes());
    let unanswerable = |error: OAuthError| Refusal::page(error.description());
    let id = parameters.required("client_id").map_err(unanswerable)?;
    let client = client(state, live, id, network).await?;
    let redirect_uri = parameters.required("redirect_uri").map_err(unanswerable)?;
    let redirect_uri = RedirectUri::parse(redirect_uri).map_err(Refusal::page)?;
    let registered = client.redirect_uris.iter();
    let mut registered = registered.filter_map(|text| RedirectUri::parse(text).ok());
    if !registered.any(|one| redirect_uri.is(&one)) {
        let text = format!("{} has not registered this redirect URI", client.name);
        return Err(Refusal::page(text));
    }
    // From here on the client can be answered.
    let its_state = parameters.get("state").ok().flatten();
    let its_state = its_state.filter(|state| state.len() <= LONGEST_STATE);
    let resource = state.urls.resource(&live.name);
    match requested(&parameters, &resource) {
        Ok((scopes, challenge)) => Ok(Authorization {
            client,
            redirect_uri,
            state: its_state.map(str::to_owned),
            scopes,
            challenge,
        }),
        Err(error) => Err(Refusal::Client {
            redirect_uri,
            state: its_state.map(str::to_owned),
            error,
        }),
    }
}

/// Scopes and PKCE challenge of a request.
fn requested(parameters: &Parameters, resource: &str) -> Result<(Scopes, String), OAuthError> {
    if parameters.required("response_type")? != "code" {
        let text = "only response_type=code is served";
        return Err(OAuthError::new("unsupported_response_type", text));
    }
    if parameters
        .get("response_mode")?
        .is_some_and(|mode| mode != "query")
    {
        return Err(OAuthError::invalid_request(
            "only response_mode=query is served",
        ));
    }
    let state = parameters.get("state")?;
    if state.is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(OAuthError::invalid_request("state is too long"));
    }
    if parameters.get("prompt")? == Some("none") {
        let text = "each sign-in needs the person's consent";
        return Err(OAuthError::new("interaction_required", text));
    }
    let challenge = parameters.required("code_challenge")?;
    if parameters.get("code_challenge_method")? != Some("S256") || !is_challenge(challenge) {
        let text = "code_challenge must be of code_challenge_method S256 (PKCE)";
        return Err(OAuthError::invalid_request(text));
    }
    parameters.check_resource(resource)?;
    let scopes = Scopes::parse(parameters.get("scope")?.unwrap_or_default());
    let scopes = match scopes.is_empty() {
        true => Scopes::first(),
        false => scopes,
    };
    Ok((scopes, challenge.to_owned()))
}

/// The client of an id: by its document, or because it has registered.
async fn client(
    state: &SignInState,
    live: &LiveSignIn,
    id: &str,
    network: Option<IpAddr>,
) -> Result<ClientRow, Refusal> {
    let (name, of) = (live.name.to_string(), id.to_owned());
    let known = state.store(move |store| {
        let off = store.why_client_is_off(&name, &of)?;
        Ok((store.sign_in_client(&name, &of)?, off))
    });
    let (known, off) = known.await?;
    if let Some(why) = off {
        return Err(Refusal::page(why));
    }
    if !DocumentUrl::is_meant(id) {
        return known.ok_or_else(|| {
            Refusal::page(
                "no client of this id has registered here, or it did so more than an hour ago and was \
                 never used, or nobody has used it for months: let it register anew",
            )
        });
    }
    published(state, live, id, network)
        .await
        .inspect_err(|error| {
            // Who is refused for coming too often is not noted: there would be no end of it.
            if let Refusal::Page(StatusCode::BAD_REQUEST, why) = error {
                state.refused_client(live, Registration::Document, id, why);
            }
        })
}

/// The client that a document describes.
async fn published(
    state: &SignInState,
    live: &LiveSignIn,
    id: &str,
    network: Option<IpAddr>,
) -> Result<ClientRow, Refusal> {
    let rules = &live.sign_in.config.clients;
    let any_port = live.network.is_for_stand_ins();
    let url = DocumentUrl::parse(id, rules, any_port).map_err(Refusal::page)?;
    let attempts = &state.failed_documents;
    let attempt = attempts.begin(Some(&live.name), network, Instant::now());
    let attempt = attempt.map_err(|_| {
        let text = "Too many clients from this address could not be read. Try again in a minute.";
        Refusal::Page(StatusCode::TOO_MANY_REQUESTS, text.to_owned())
    })?;
    let read = state
        .documents
        .client(&url, rules, &live.network, state.now());
    let client = read.await.map_err(Refusal::page)?;
    attempt.succeeded();
    Ok(client)
}

/// An error for the client.
pub(super) fn refuse(authorization: Authorization, error: OAuthError) -> Refusal {
    Refusal::Client {
        redirect_uri: authorization.redirect_uri,
        state: authorization.state,
        error,
    }
}
