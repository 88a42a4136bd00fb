//! The HTTP routes, and who may use them.
//!
//! | path | for whom |
//! |---|---|
//! | `/mcp` | users, with their bearer tokens |
//! | `/admin` | administrators, signed in |
//! | `/metrics` | administrators of the whole gateway, and the token for metrics |
//! | `/healthz` | anybody; says that the process lives |
//! | `/readyz` | anybody; says whether new calls are accepted |

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::config::Listen;
use crate::cors;
use crate::gateway::Gateway;
use crate::mcp::GatewayServer;
use crate::metrics;
use crate::readiness;
use crate::tenants::Identity;

/// Bytes of an MCP request. A tool's largest argument is a recording of 8 MB in base64.
const MAX_REQUEST: usize = 12 << 20;

/// The header with the id of an MCP session.
const SESSION_HEADER: &str = "mcp-session-id";

/// What the handlers share.
#[derive(Clone, Debug)]
struct HttpState {
    gateway: Arc<Gateway>,
    sessions: Arc<LocalSessionManager>,
    /// The user of each session, by its id.
    owners: Arc<Mutex<HashMap<Arc<str>, Identity>>>,
}

/// All routes except the administrator's page. Cancelling `stop` ends open streams.
pub fn router(gateway: &Arc<Gateway>, listen: &Listen, stop: CancellationToken) -> Router {
    let state = HttpState {
        gateway: Arc::clone(gateway),
        sessions: Arc::default(),
        owners: Arc::default(),
    };
    let server = GatewayServer::new(gateway);
    let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(listen.hosts.iter().cloned().chain(loopback))
        .with_allowed_origins(listen.origins.clone())
        .enforce_origin_validation()
        .with_max_request_body_bytes(MAX_REQUEST)
        .with_cancellation_token(stop);
    let service: StreamableHttpService<GatewayServer, LocalSessionManager> =
        StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::clone(&state.sessions),
            config,
        );
    let mcp = Router::new()
        .route_service("/mcp", service)
        .layer(middleware::from_fn_with_state(state.clone(), authenticate))
        .layer(tower::util::option_layer(cors::layer(&listen.origins)));
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
        .with_state(state)
        .merge(mcp)
}

/// Lets users in, each to their own sessions, and removes the token before anything else sees the
/// request.
async fn authenticate(
    State(state): State<HttpState>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = bearer(request.headers());
    let live = state.gateway.tenants.live();
    let Some(identity) = token.and_then(|token| live.identify(token)) else {
        state.gateway.metrics.unauthorized();
        return unauthorized();
    };
    drop(live);
    request.headers_mut().remove(header::AUTHORIZATION);
    request.headers_mut().remove(header::COOKIE);
    let session = request.headers().get(SESSION_HEADER).cloned();
    if let Some(session) = session.as_ref().and_then(|value| value.to_str().ok())
        && !state.owns(session, &identity)
    {
        // The same answer as for a session that does not exist, so that nobody learns of others'.
        return (StatusCode::NOT_FOUND, "Not Found: Session not found").into_response();
    }
    request.extensions_mut().insert(identity.clone());
    let response = next.run(request).await;
    if let Some(session) = response.headers().get(SESSION_HEADER)
        && let Ok(session) = session.to_str()
    {
        state.remember(session, identity).await;
    }
    response
}

impl HttpState {
    fn owns(&self, session: &str, identity: &Identity) -> bool {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.get(session) == Some(identity)
    }

    /// Remembers whose session this is, and forgets sessions that have ended.
    async fn remember(&self, session: &str, identity: Identity) {
        let open = self.sessions.sessions.read().await;
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.retain(|id, _| open.contains_key(id));
        owners.insert(session.into(), identity);
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

async fn show_metrics(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    let live = state.gateway.tenants.live();
    if !bearer(&headers).is_some_and(|token| live.reads_metrics(token)) {
        state.gateway.metrics.unauthorized();
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
