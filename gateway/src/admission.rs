//! Admits MCP requests: within the bounds of their user, and with a body as large as their tool
//! needs.
//!
//! A body is read here, in bounded time and size, before the MCP server parses it. Only a call of
//! a tool whose schema takes more may have more than [`SMALL_REQUEST`]. No sessions are kept: what
//! older clients need of them is in [`client_label`](host_harness::mcp::client_label), and their
//! streams for notifications are served here.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use host_harness::mcp::client_label::{ClientLabel, SESSION_HEADER};
use host_harness::mcp::compat::{self, Message, ResponseFormat, Unreadable, mend};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use rmcp::ErrorData;
use rmcp::model::ErrorCode;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::call::{self, INSUFFICIENT_SCOPE, beyond_consent};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::sign_in::challenge;
use crate::store::sign_in::SignInSession;
use crate::tenants::Identity;
use crate::tool_watch::{Seen, ToolWatch};
use crate::user_bounds::{Exceeded, UserRequest, Users};

/// Bytes of an MCP request that is no call of a tool that takes more.
pub const SMALL_REQUEST: usize = 1 << 20;

/// How long a client that sends too fast waits for the answer that says so.
const TOO_FAST: Duration = Duration::from_secs(1);

/// The header with the protocol revision of every request but the first.
const VERSION_HEADER: &str = "mcp-protocol-version";

/// The first revision without sessions.
const WITHOUT_SESSIONS: &str = "2026-07-28";

/// JSON-RPC's code for a request that is wrong, and one of those that servers define.
const INVALID_REQUEST: i32 = -32600;
const REFUSED: i32 = -32000;

/// What [`admit`] shares.
#[derive(Clone, Debug)]
pub struct Admission {
    gateway: Arc<Gateway>,
    users: Arc<Users>,
    body_timeout: Duration,
    /// Ends streams.
    stop: CancellationToken,
}

impl Admission {
    /// Admits requests to this gateway, with bodies that take `body_timeout` at most. Cancelling
    /// `stop` ends streams.
    #[must_use]
    pub fn new(gateway: &Arc<Gateway>, body_timeout: Duration, stop: CancellationToken) -> Self {
        Self {
            gateway: Arc::clone(gateway),
            users: Arc::default(),
            body_timeout,
            stop,
        }
    }
}

/// Lets a request of a known user pass, or answers why not.
pub async fn admit(
    State(admission): State<Admission>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let who = &caller.identity;
    let bounds = admission.gateway.tenants.live().config.user_bounds;
    let begun = match admission.users.begin(who, bounds) {
        Ok(begun) => begun,
        Err(exceeded) => {
            if let Exceeded::Rate(_) = exceeded {
                // A client that does not wait by itself waits here: refusing costs as much as
                // some requests.
                tokio::time::sleep(TOO_FAST).await;
            }
            return admission.exceeded(who, exceeded, None);
        }
    };
    let answered = match *request.method() {
        Method::POST => admission.post(&caller, begun, request, next).await,
        Method::GET => admission.listen(&caller, begun, request, next).await,
        // A client that ends its session: there is nothing to end.
        Method::DELETE => Ok(StatusCode::ACCEPTED.into_response()),
        _ => Ok(next.run(request).await),
    };
    answered.unwrap_or_else(|refusal| refusal)
}

impl Admission {
    async fn post(
        &self,
        caller: &Caller,
        mut begun: UserRequest,
        request: Request,
        next: Next,
    ) -> Result<Response, Response> {
        let who = &caller.identity;
        let (mut parts, body) = request.into_parts();
        let read = self.read(caller, &mut begun, body);
        let Ok(body) = tokio::time::timeout(self.body_timeout, read).await else {
            let text = format!(
                "The body of the request was not complete after {:?}.",
                self.body_timeout
            );
            let status = StatusCode::REQUEST_TIMEOUT;
            return Err(refusal(status, REFUSED, text, None));
        };
        let body = mend(body?);
        let message = Message::read(&body);
        let most = self.most_of(&message);
        if body.len() > most {
            return Err(too_large(most, message.id));
        }
        if let Some(session) = caller.sign_in()
            && let Some(refused) = self.beyond_consent(caller, session, &message).await
        {
            return Err(refused);
        }
        if message.method == "subscriptions/listen" {
            let stream = begun.into_stream();
            begun = stream.map_err(|exceeded| self.exceeded(who, exceeded, message.id))?;
        }
        if let Some(label) = ClientLabel::of(&parts.headers) {
            if message.method == "notifications/cancelled"
                && let Some(id) = &message.params.request_id
            {
                self.gateway.cancellable.cancel(who, &label, id);
            }
            parts.extensions.insert(label);
        }
        let initialized = (message.method == "initialize").then(|| message.label());
        let format = ResponseFormat::of(&parts.headers, &message);
        let unreadable = Unreadable::new(message);
        compat::take_any_headers(&mut parts.headers);
        let begun = Arc::new(begun);
        // The call holds it too: it may go on when the client has closed the connection.
        parts.extensions.insert(Arc::clone(&begun));
        let request = Request::from_parts(parts, Body::from(body));
        let response = unreadable.unless_read(next.run(request).await);
        let mut response = format.apply(response).await;
        if let Some(label) = initialized
            && response.status() == StatusCode::OK
        {
            response
                .headers_mut()
                .insert(SESSION_HEADER, label.header());
        }
        Ok(response.map(|body| {
            Body::new(body.map_frame(move |frame| {
                let _counts_until_it_is_sent = &begun;
                frame
            }))
        }))
    }

    /// Reads a body that has as many bytes as any request of this user may have.
    async fn read(
        &self,
        caller: &Caller,
        begun: &mut UserRequest,
        mut body: Body,
    ) -> Result<Bytes, Response> {
        let mut read = Vec::new();
        let mut most = SMALL_REQUEST;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                let text = format!("The body of the request can not be read: {error}.");
                refusal(StatusCode::BAD_REQUEST, INVALID_REQUEST, text, None)
            })?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let size = read.len() + data.len();
            if size > most && most == SMALL_REQUEST {
                most = self.most_of_all(caller).await;
            }
            if size > most {
                return Err(too_large(most, None));
            }
            let counted = begun.add_bytes(data.len());
            counted.map_err(|exceeded| self.exceeded(&caller.identity, exceeded, None))?;
            read.extend_from_slice(&data);
        }
        Ok(read.into())
    }

    /// Answers a call of a tool that the user has, and to which the person has not consented for this
    /// client: the client can ask for it (MCP's step-up).
    async fn beyond_consent(
        &self,
        caller: &Caller,
        session: &SignInSession,
        message: &Message<'_>,
    ) -> Option<Response> {
        let who = &caller.identity;
        let params = &message.params;
        let catalog = &self.gateway.catalog;
        let name = match &*message.method {
            "tools/call" => params.name.as_deref()?,
            "resources/read" => catalog.resource(params.uri.as_deref()?)?.1,
            _ => return None,
        };
        let tool = catalog.tool(name)?;
        if session.scopes.allow(tool.effect) {
            return None;
        }
        // Consent would not help to a tool that is denied anyway; the answer says why it is.
        let policy = self.gateway.policy(caller, &caller.client(None)).await;
        let policy = policy.ok()?;
        policy.decide(name).ok()?;
        let why = beyond_consent(name, tool.effect);
        self.gateway.metrics.denied(&who.tenant, INSUFFICIENT_SCOPE);
        call::refuse(&self.gateway, who, session, &tool.name, &why).await;
        let scopes = session.scopes.with(tool.effect);
        let live = self.gateway.tenants.live().tenant(&who.tenant);
        let server = live.and_then(|tenant| tenant.resource_server.clone());
        let scopes = match server {
            Some(server) => server.scope_names(&scopes),
            None => scopes.to_string(),
        };
        let urls = self.gateway.urls.as_ref()?;
        Some(challenge::insufficient_scope(
            urls,
            &who.tenant,
            &scopes,
            &why,
        ))
    }

    /// Bytes that this message may have.
    fn most_of(&self, message: &Message<'_>) -> usize {
        let tool = message.params.name.as_deref();
        let tool = tool.and_then(|name| self.gateway.catalog.tool(name));
        match tool {
            Some(tool) if message.method == "tools/call" => SMALL_REQUEST + tool.large_arguments,
            _ => SMALL_REQUEST,
        }
    }

    /// Bytes that the largest call of a tool that this user has may have.
    async fn most_of_all(&self, caller: &Caller) -> usize {
        let Ok(policy) = self.gateway.policy(caller, &caller.client(None)).await else {
            return SMALL_REQUEST;
        };
        let tools = policy
            .tools()
            .filter_map(|name| self.gateway.catalog.tool(name));
        SMALL_REQUEST + tools.map(|tool| tool.large_arguments).max().unwrap_or(0)
    }

    /// Answers the stream for notifications that clients before MCP 2026-07-28 open with GET.
    async fn listen(
        &self,
        caller: &Caller,
        begun: UserRequest,
        request: Request,
        next: Next,
    ) -> Result<Response, Response> {
        let listens = listens(request.headers());
        let label = ClientLabel::of(request.headers());
        // The MCP server checks host and origin before it says that it has no such stream.
        let checked = next.run(request).await;
        if !listens || checked.status() != StatusCode::METHOD_NOT_ALLOWED {
            return Ok(checked);
        }
        let stream = begun.into_stream();
        let stream = stream.map_err(|exceeded| self.exceeded(&caller.identity, exceeded, None))?;
        let program = label.and_then(|label| label.client());
        let client = caller.client(program.as_ref());
        let (events, sent) = mpsc::channel::<Result<Event, Infallible>>(1);
        let mut watch = ToolWatch::new(&self.gateway, caller, client).await;
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let _counts = stream;
            loop {
                tokio::select! {
                    seen = watch.next() => match seen {
                        Seen::Same => {}
                        Seen::Stopped => return,
                        Seen::Changed => {
                            if events.send(Ok(list_changed())).await.is_err() {
                                return;
                            }
                        }
                    },
                    () = events.closed() => return,
                    () = stop.cancelled() => return,
                }
            }
        });
        let events = Sse::new(ReceiverStream::new(sent));
        Ok(events.keep_alive(KeepAlive::default()).into_response())
    }

    /// Counts and answers a request beyond a bound of its user.
    fn exceeded(&self, who: &Identity, exceeded: Exceeded, id: Option<&RawValue>) -> Response {
        let bound = exceeded.as_str();
        self.gateway.metrics.user_refused(&who.tenant, bound);
        let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, REFUSED, exceeded, id);
        let second = HeaderValue::from_static("1");
        response.headers_mut().insert(header::RETRY_AFTER, second);
        response
    }
}

/// Whether a client before MCP 2026-07-28 asks for notifications.
fn listens(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let accepts =
        text(header::ACCEPT.as_str()).is_some_and(|all| all.contains("text/event-stream"));
    // Revisions are dates, which sort as texts.
    accepts && text(VERSION_HEADER).is_none_or(|version| version < WITHOUT_SESSIONS)
}

fn list_changed() -> Event {
    let message = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
    Event::default().event("message").data(message.to_string())
}

fn too_large(most: usize, id: Option<&RawValue>) -> Response {
    let text = format!(
        "The request has more than {most} bytes. Only calls of tools that take files may have more."
    );
    refusal(StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, text, id)
}

/// An answer in HTTP and in JSON-RPC.
fn refusal(status: StatusCode, code: i32, text: impl Display, id: Option<&RawValue>) -> Response {
    let error = ErrorData::new(ErrorCode(code), text.to_string(), None);
    compat::refusal(status, &error, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_older_clients_listen_with_get() {
        let listens_with = |version: Option<&'static str>, accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            if let Some(version) = version {
                headers.insert(VERSION_HEADER, HeaderValue::from_static(version));
            }
            listens(&headers)
        };
        assert!(listens_with(Some("2025-06-18"), "text/event-stream"));
        assert!(listens_with(None, "application/json, text/event-stream"));
        assert!(!listens_with(Some("2026-07-28"), "text/event-stream"));
        assert!(!listens_with(Some("2025-06-18"), "application/json"));
    }
}
