//! The HTTP routes, and who may use them.
//!
//! | path | for whom |
//! |---|---|
//! | `/mcp` | users and service accounts, with their bearer tokens |
//! | `/t/{tenant}/mcp`, `/t/{tenant}/token/mcp` | users of a tenant whose people sign in, with tokens of their sign-ins; with bearer tokens of the configuration |
//! | `/t/{tenant}/oauth/…`, `/.well-known/…` | people who sign in and their clients, see [`crate::sign_in`] |
//! | `/admin` | administrators, signed in |
//! | `/metrics` | administrators of the whole gateway, and the token for metrics |
//! | `/healthz` | anybody; says that the process lives |
//! | `/readyz` | anybody; says whether new calls are accepted |

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use host_harness::mcp::cors;
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, admit};
use crate::caller::{Caller, Through};
use crate::client_address::client_address;
use crate::config::{Listen, TokenHash};
use crate::gateway::Gateway;
use crate::mcp::GatewayServer;
use crate::metrics;
use crate::readiness;
use crate::sign_in::resource_server::Checked;
use crate::sign_in::{self, Scopes, challenge, endpoint::Endpoint};
use crate::store::Via;
use crate::store::sign_in::{SignInSession, TokenState};
use crate::tenants::Identity;

/// What the handlers share.
#[derive(Clone, Debug)]
struct HttpState {
    gateway: Arc<Gateway>,
}

/// All routes except the administrator's page. Cancelling `stop` ends open streams.
pub fn router(gateway: &Arc<Gateway>, listen: &Listen, stop: CancellationToken) -> Router {
    let state = HttpState {
        gateway: Arc::clone(gateway),
    };
    let admission = Admission::new(gateway, listen.bounds.body_timeout, stop.clone());
    let server = GatewayServer::new(gateway);
    let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(listen.hosts.iter().cloned().chain(loopback))
        .with_allowed_origins(listen.origins.clone())
        .enforce_origin_validation()
        // No revision needs a session for what this server does, and what is not kept can not
        // fill up.
        .with_legacy_session_mode(false)
        // `admit` has bounded them, each by what it asks for.
        .with_max_request_body_bytes(usize::MAX)
        .with_cancellation_token(stop);
    let service: StreamableHttpService<GatewayServer, NeverSessionManager> =
        StreamableHttpService::new(move || Ok(server.clone()), Arc::default(), config);
    let mcp = Router::new()
        .route_service("/mcp", service.clone())
        .route_service("/t/{tenant}/{*path}", service)
        .layer(middleware::from_fn_with_state(admission, admit))
        .layer(middleware::from_fn_with_state(state.clone(), authenticate))
        .layer(tower::util::option_layer(cors::layer(&listen.origins)));
    let sign_in = gateway.urls.as_ref();
    let sign_in = sign_in.map_or_else(Router::new, |urls| sign_in::router(gateway, urls));
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
        .with_state(state)
        .merge(mcp)
        .merge(sign_in)
}

/// How much of a refused request is read, and for how long.
const MOST_READ: usize = 64 << 10;
const LONGEST_READ: Duration = Duration::from_secs(1);

/// Lets users in, and removes the token before anything else sees the request.
async fn authenticate(
    State(state): State<HttpState>,
    mut request: Request,
    next: Next,
) -> Response {
    let config = Arc::clone(&state.gateway.tenants.live().config);
    let caller = match Endpoint::at(request.uri().path(), &config) {
        Some(Endpoint::SignIn(tenant)) => state.session(&tenant, &mut request).await,
        Some(Endpoint::AccessTokens(tenant)) => state.access_token(&tenant, &mut request).await,
        Some(Endpoint::StaticTokens(tenant)) => state.identify(Some(&tenant), &mut request).await,
        Some(Endpoint::AnyTenant) => state.identify(None, &mut request).await,
        None => Err(StatusCode::NOT_FOUND.into_response()),
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(refused) => return after_body(request, refused).await,
    };
    request.headers_mut().remove(header::AUTHORIZATION);
    request.headers_mut().remove(header::COOKIE);
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Answers a refused request after the rest of it was read. Else the connection would be closed, perhaps
/// while the client is sending on it where it can sign in. One that is long or slow is closed anyway.
async fn after_body(request: Request, mut refused: Response) -> Response {
    let mut body = request.into_body();
    let read = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, bytes::Bytes::len);
            if bytes > MOST_READ {
                return false;
            }
        }
        true
    };
    let whole = tokio::time::timeout(LONGEST_READ, read).await;
    if !whole.unwrap_or(false) {
        let close = HeaderValue::from_static("close");
        refused.headers_mut().insert(header::CONNECTION, close);
    }
    refused
}

impl HttpState {
    /// The user of a static token, or the service account of its token, of one tenant or of any.
    /// Requests of nobody are counted.
    async fn identify(
        &self,
        tenant: Option<&str>,
        request: &mut Request,
    ) -> Result<Caller, Response> {
        let token = bearer(request.headers()).map(str::to_owned);
        let declared = {
            let live = self.gateway.tenants.live();
            token.as_deref().and_then(|token| live.identify(token))
        };
        let caller = match (declared, token.as_deref().and_then(TokenHash::presented)) {
            (Some(caller), _) => Some(caller),
            (None, Some(hash)) => self.account(hash).await?,
            (None, None) => None,
        };
        let fits = |caller: &Caller| tenant.is_none_or(|tenant| *caller.identity.tenant == *tenant);
        caller.filter(fits).ok_or_else(|| {
            self.refused(Via::Mcp, request.headers(), request.extensions());
            unauthorized()
        })
    }

    /// The service account of a token.
    async fn account(&self, token: TokenHash) -> Result<Option<Caller>, Response> {
        let session = self.gateway.service_session(token).await.map_err(|error| {
            tracing::error!("service accounts can not be read: {error}");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        })?;
        Ok(session.map(|session| Caller {
            identity: Identity {
                tenant: Arc::clone(&session.tenant),
                user: Arc::clone(&session.user),
            },
            through: Through::Account(session),
        }))
    }

    /// The user of a sign-in's token, which is for this tenant and this resource. The request is
    /// borrowed as a whole, as its body can not be shared among threads.
    async fn session(&self, tenant: &str, request: &mut Request) -> Result<Caller, Response> {
        let Some(urls) = &self.gateway.urls else {
            return Err(StatusCode::NOT_FOUND.into_response());
        };
        let first = Scopes::first().to_string();
        let Some(token) = bearer(request.headers()) else {
            // So every client begins.
            return Err(challenge::unauthorized(urls, tenant, &first, false));
        };
        let state = match TokenHash::presented(token) {
            Some(hash) => self.gateway.token_state(hash).await,
            None => Ok(TokenState::Unknown),
        };
        let here = |session: &SignInSession| {
            *session.tenant == *tenant && *session.resource == *urls.resource(tenant)
        };
        match state {
            Ok(TokenState::Valid(session)) if here(&session) => {
                return Ok(Caller {
                    identity: Identity {
                        tenant: Arc::clone(&session.tenant),
                        user: Arc::clone(&session.user),
                    },
                    through: Through::SignIn(session),
                });
            }
            Ok(TokenState::Ended) => {}
            Ok(TokenState::Valid(_) | TokenState::Unknown) => {
                self.refused(Via::Mcp, request.headers(), request.extensions());
            }
            Err(error) => {
                tracing::error!("sign-ins can not be read: {error}");
                return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
            }
        }
        Err(challenge::unauthorized(urls, tenant, &first, true))
    }

    /// The user of an access token of the tenant's provider.
    async fn access_token(&self, tenant: &str, request: &mut Request) -> Result<Caller, Response> {
        let live = self.gateway.tenants.live().tenant(tenant);
        let server = live.and_then(|tenant| tenant.resource_server.clone());
        let (Some(urls), Some(server)) = (&self.gateway.urls, server) else {
            return Err(StatusCode::NOT_FOUND.into_response());
        };
        let first = server.scope_names(&Scopes::first());
        let Some(token) = bearer(request.headers()) else {
            return Err(challenge::unauthorized(urls, tenant, &first, false));
        };
        match server.check(&self.gateway, token).await {
            Checked::Valid(session) => Ok(Caller {
                identity: Identity {
                    tenant: Arc::clone(&session.tenant),
                    user: Arc::clone(&session.user),
                },
                through: Through::AccessToken(session),
            }),
            Checked::Unavailable => Err(StatusCode::SERVICE_UNAVAILABLE.into_response()),
            Checked::NoAccess(why) => Err(challenge::no_access(&why)),
            Checked::Expired => Err(challenge::unauthorized(urls, tenant, &first, true)),
            Checked::Invalid => {
                self.refused(Via::Mcp, request.headers(), request.extensions());
                Err(challenge::unauthorized(urls, tenant, &first, true))
            }
        }
    }

    /// Counts a request without a valid token.
    fn refused(&self, via: Via, headers: &HeaderMap, extensions: &Extensions) {
        self.gateway.metrics.unauthorized();
        let live = self.gateway.tenants.live();
        let trusted = &live.config.listen.trusted_proxies;
        let address = client_address(headers, extensions, trusted);
        let missing = bearer(headers).is_none();
        self.gateway.failed_tokens.count(via, address, missing);
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The answer is the same without a token and with a wrong one.
fn unauthorized() -> Response {
    let text = "A token is needed, which whoever runs the gateway gives: \
                Authorization: Bearer gg_…\n";
    let mut response = (StatusCode::UNAUTHORIZED, text).into_response();
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"gong-gateway\""),
    );
    response
}

/// Says whether new calls are accepted, and if not, why.
async fn ready(State(state): State<HttpState>) -> Response {
    let reasons = readiness::reasons(&state.gateway);
    let status = if reasons.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({ "ready": reasons.is_empty(), "reasons": reasons });
    (status, axum::Json(body)).into_response()
}

async fn show_metrics(State(state): State<HttpState>, request: Request) -> Response {
    let live = state.gateway.tenants.live();
    if !bearer(request.headers()).is_some_and(|token| live.reads_metrics(token)) {
        state.refused(Via::Metrics, request.headers(), request.extensions());
        return unauthorized();
    }
    state.gateway.update_gauges();
    let text = state.gateway.metrics.text();
    ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_tokens_are_read_as_http_writes_them() {
        let read = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read("Bearer gg_1").as_deref(), Some("gg_1"));
        assert_eq!(read("bearer  gg_1 ").as_deref(), Some("gg_1"));
        for other in ["gg_1", "Basic gg_1", "Bearer", "Bearer ", ""] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
