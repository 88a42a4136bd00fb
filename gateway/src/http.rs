//! The HTTP routes, and who may use them.
//!
//! | path | for whom |
//! |---|---|
//! | `/mcp` | users, with their bearer tokens |
//! | `/admin` | administrators, signed in |
//! | `/metrics` | administrators of the whole gateway, and the token for metrics |
//! | `/healthz` | anybody; says that the process lives |
//! | `/readyz` | anybody; says whether new calls are accepted |

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, admit};
use crate::client_address::client_address;
use crate::config::Listen;
use crate::cors;
use crate::gateway::Gateway;
use crate::mcp::GatewayServer;
use crate::metrics;
use crate::readiness;
use crate::store::Via;

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
        .route_service("/mcp", service)
        .layer(middleware::from_fn_with_state(admission, admit))
        .layer(middleware::from_fn_with_state(state.clone(), authenticate))
        .layer(tower::util::option_layer(cors::layer(&listen.origins)));
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
        .with_state(state)
        .merge(mcp)
}

/// Lets users in, and removes the token before anything else sees the request.
async fn authenticate(
    State(state): State<HttpState>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = bearer(request.headers());
    let live = state.gateway.tenants.live();
    let Some(identity) = token.and_then(|token| live.identify(token)) else {
        state.refused(Via::Mcp, request.headers(), request.extensions());
        return unauthorized();
    };
    drop(live);
    request.headers_mut().remove(header::AUTHORIZATION);
    request.headers_mut().remove(header::COOKIE);
    request.extensions_mut().insert(identity);
    next.run(request).await
}

impl HttpState {
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
