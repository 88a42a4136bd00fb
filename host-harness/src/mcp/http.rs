//! MCP over Streamable HTTP without sessions: each request is independent, so none is lost when the
//! client was idle or the server was restarted.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::{Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

use super::McpServer;
use super::client_label::{ClientLabel, SESSION_HEADER};
use super::compat::{Message, ResponseFormat, Unreadable, mend, take_any_headers};
use super::cors;

/// Most bytes of a request.
const MAX_BYTES: usize = 4 << 20;

/// Which requests the HTTP server answers.
#[derive(Clone, Debug)]
pub struct Access {
    /// Host names (or `host:port`) that requests may be addressed to.
    pub hosts: Vec<String>,
    /// Origins of web pages that may send requests, such as `http://localhost:*`. Requests
    /// without an `Origin`, which is to say not from a web page, always may.
    pub origins: Vec<String>,
}

impl Access {
    /// Requests and web pages of this machine only, which keeps out web pages that rebind
    /// their host name to it.
    #[must_use]
    pub fn loopback() -> Self {
        let hosts = ["localhost", "127.0.0.1", "::1"];
        let origins = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];
        Self {
            hosts: hosts.map(str::to_owned).into(),
            origins: origins.map(str::to_owned).into(),
        }
    }
}

/// MCP over Streamable HTTP at `/mcp`. Cancelling `stop` ends open streams.
pub fn router(server: McpServer, access: Access, stop: CancellationToken) -> Router {
    let cors = tower::util::option_layer(cors::layer(&access.origins));
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(access.hosts)
        .with_allowed_origins(access.origins)
        .enforce_origin_validation()
        .with_legacy_session_mode(false)
        .with_max_request_body_bytes(usize::MAX)
        .with_cancellation_token(stop);
    let served = server.clone();
    let service: StreamableHttpService<McpServer, NeverSessionManager> =
        StreamableHttpService::new(move || Ok(served.clone()), Arc::default(), config);
    Router::new()
        .route_service("/mcp", service)
        .layer(middleware::from_fn_with_state(server, admit))
        .layer(cors)
}

/// Brings a request into the form that rmcp takes, and its answer into the form that the client does.
async fn admit(State(server): State<McpServer>, request: Request, next: Next) -> Response {
    // GET and DELETE are for sessions: rmcp says that there are none.
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BYTES).collect().await {
        Ok(body) => mend(body.to_bytes()),
        Err(error) => {
            let status = match error.is::<http_body_util::LengthLimitError>() {
                true => StatusCode::PAYLOAD_TOO_LARGE,
                false => StatusCode::BAD_REQUEST,
            };
            return (status, format!("The request can not be read: {error}.\n")).into_response();
        }
    };
    let mut message = Message::read(&body);
    let label = ClientLabel::of(&parts.headers);
    let cancelled = match message.method == "notifications/cancelled" {
        true => label.clone().zip(message.params.request_id.take()),
        false => None,
    };
    if let Some(label) = label {
        parts.extensions.insert(label);
    }
    let initialized = (message.method == "initialize").then(|| message.label());
    let format = ResponseFormat::of(&parts.headers, &message);
    let unreadable = Unreadable::new(message);
    take_any_headers(&mut parts.headers);
    parts.headers.remove(header::CONTENT_LENGTH);
    let request = Request::from_parts(parts, Body::from(body));
    let response = unreadable.unless_read(next.run(request).await);
    // Not before rmcp has checked host and origin.
    if let Some((label, id)) = cancelled
        && response.status() == StatusCode::ACCEPTED
    {
        server.cancellable.cancel(&(), &label, &id);
    }
    let mut response = format.apply(response).await;
    if let Some(label) = initialized
        && response.status() == StatusCode::OK
    {
        response
            .headers_mut()
            .insert(SESSION_HEADER, label.header());
    }
    response
}
