//! The HTTP server: what every request goes through on its way to an operation and back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, RawPathParams, Request, State};
use axum::middleware::{self, Next};
use axum::routing::{MethodFilter, on};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::HandshakeKind;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::auth;
use crate::company::Company;
use crate::contract::Contract;
use crate::faults::Fault;
use crate::gong::Gong;
use crate::journal::{SeenRequest, Tally, Write};
use crate::multipart;
use crate::operation::{Operation, Takes};
use crate::options::Options;
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult, UNDOCUMENTED, response};
use crate::response_cache::ResponseCache;
use crate::routes;
use crate::state::targets::TargetAssignment;
use crate::tls::Tls;

/// A running stand-in. It ends, with its connections, when this is dropped.
pub struct FakeGong {
    gong: Arc<Gong>,
    addr: SocketAddr,
    ca_pem: Option<String>,
    accepted: Arc<Accepted>,
    // Closing this channel is what ends the server.
    _alive: watch::Sender<()>,
}

impl FakeGong {
    /// Founds the company and serves its API at this address; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// When the address cannot be had, or the OpenAPI document is there but not readable as one.
    pub async fn start(addr: SocketAddr, options: Options) -> anyhow::Result<Self> {
        let tls = options.tls.then(Tls::new).transpose()?;
        let recorded = options.recorded.then(Arc::<ResponseCache>::default);
        let gong = Arc::new(Gong::new(options)?);
        let listener = TcpListener::bind(addr)
            .await
            .with_context(|| format!("listening at {addr}"))?;
        let (alive, ending) = watch::channel(());
        let accepted = Arc::new(Accepted::default());
        let started = Self {
            addr: listener.local_addr()?,
            ca_pem: tls.as_ref().map(|tls| tls.ca_pem.clone()),
            accepted: Arc::clone(&accepted),
            _alive: alive,
            gong: Arc::clone(&gong),
        };
        let server = Server {
            router: router(gong),
            recorded,
            tls: tls.map(Arc::new),
            ending,
        };
        tokio::spawn(server.run(listener, accepted));
        Ok(started)
    }

    /// The base URL to configure, `http://127.0.0.1:PORT` or `https://localhost:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        match self.ca_pem {
            Some(_) => format!("https://localhost:{}", self.addr.port()),
            None => format!("http://{}", self.addr),
        }
    }

    /// The CA of the certificate, in PEM, when HTTPS is served.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The requests so far, refused ones included, in the order in which they came.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.gong.journal.requests()
    }

    /// The requests so far that changed the company, without those that were refused.
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        self.gong.journal.writes()
    }

    /// How many requests and writes there were since the start, forgotten ones included.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.gong.journal.tally()
    }

    /// Forgets the requests, the writes and the violations so far. What was written stays.
    pub fn clear_requests(&self) {
        self.gong.journal.clear();
    }

    /// Sets a fault for paths that begin with `path_prefix` (an empty one: for all), for so
    /// many requests or until it is cleared. Of several faults that fit, the first set goes first.
    pub fn fault(&self, path_prefix: &str, fault: Fault, times: Option<u32>) {
        self.gong.faults.set(path_prefix, fault, times);
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.gong.faults.clear();
    }

    /// Lets every cursor given so far expire, as Gong does after about an hour.
    pub fn expire_cursors(&self) {
        self.gong.cursors.expire();
    }

    /// What requests said or did that Gong's API does not have, one line each.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.gong.journal.violations()
    }

    /// Whether requests are checked against Gong's OpenAPI document.
    #[must_use]
    pub fn contract_checked(&self) -> bool {
        self.gong.contract.is_checked()
    }

    /// How many requests were checked against Gong's OpenAPI document so far.
    #[must_use]
    pub fn checked_requests(&self) -> usize {
        self.gong.contract.checked()
    }

    /// How many credits questions and briefs have cost so far.
    #[must_use]
    pub fn credits_spent(&self) -> u32 {
        self.gong.limits.spent()
    }

    /// The company behind the API, as it was founded; what was written since is not in it.
    #[must_use]
    pub fn company(&self) -> &Company {
        &self.gong.company
    }

    /// The assignments of a target that were uploaded, which no operation reads back.
    #[must_use]
    pub fn target_assignments(&self, target_id: &str) -> Vec<TargetAssignment> {
        self.gong.state.targets.lock().of(target_id)
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.accepted.connections.load(Ordering::SeqCst)
    }

    /// How many of them went on with an earlier connection's TLS session.
    #[must_use]
    pub fn resumed(&self) -> usize {
        self.accepted.resumed.load(Ordering::SeqCst)
    }
}

/// How many connections there were.
#[derive(Default)]
struct Accepted {
    connections: AtomicUsize,
    resumed: AtomicUsize,
}

/// What accepts connections.
#[derive(Clone)]
struct Server {
    router: Router,
    recorded: Option<Arc<ResponseCache>>,
    tls: Option<Arc<Tls>>,
    ending: watch::Receiver<()>,
}

impl Server {
    async fn run(self, listener: TcpListener, accepted: Arc<Accepted>) {
        let mut ending = self.ending.clone();
        loop {
            let stream = tokio::select! {
                _ = ending.changed() => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // A client that left before it was accepted is no reason to end.
                    Err(_) => continue,
                },
            };
            accepted.connections.fetch_add(1, Ordering::SeqCst);
            let mut ending = self.ending.clone();
            let (server, accepted) = (self.clone(), Arc::clone(&accepted));
            tokio::spawn(async move {
                tokio::select! {
                    _ = ending.changed() => {}
                    () = server.connection(stream, &accepted) => {}
                }
            });
        }
    }
}

impl Server {
    /// Serves one connection to its end; how it ends is the client's affair.
    async fn connection(self, stream: TcpStream, accepted: &Accepted) {
        // Small answers must not wait for one another.
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else {
            return self.serve(stream).await;
        };
        if let Ok(stream) = tls.acceptor.accept(stream).await {
            if stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed) {
                accepted.resumed.fetch_add(1, Ordering::SeqCst);
            }
            self.serve(stream).await;
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let http = hyper::server::conn::http1::Builder::new();
        let stream = TokioIo::new(stream);
        let _ = match self.recorded {
            None => {
                let service = TowerToHyperService::new(self.router);
                http.serve_connection(stream, service).await
            }
            Some(recorded) => {
                let service = service_fn(|request| recorded.respond(self.router.clone(), request));
                http.serve_connection(stream, service).await
            }
        };
    }
}

fn router(gong: Arc<Gong>) -> Router {
    let mut router = Router::new();
    for operation in routes::all() {
        let method = MethodFilter::try_from(operation.method.clone())
            .expect("Gong's operations have the usual methods");
        let handler = move |State(gong): State<Arc<Gong>>, path: RawPathParams, request| {
            handle(gong, operation, path, request)
        };
        router = router.route(operation.path, on(method, handler));
    }
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&gong), every))
        .with_state(gong)
}

/// What every request goes through: the log, faults, credentials, limits.
async fn every(State(gong): State<Arc<Gong>>, request: Request, next: Next) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let number = gong.journal.add_request(SeenRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: seen_headers(&head.headers),
        body: body.to_vec(),
        status: 0,
    });
    let fault = gong.faults.take(head.uri.path());
    if let Some(Fault::Slow(pause)) = &fault {
        tokio::time::sleep(*pause).await;
    }
    let options = &gong.options;
    let instead = fault
        .as_ref()
        .and_then(|fault| fault.instead(&gong.request_id()));
    let answered = match instead {
        Some(instead) => instead,
        None => {
            let allowed = auth::authenticate(&head.headers, options)
                .and_then(|()| gong.limits.take(options.rate_limit, options.daily_quota));
            match allowed {
                Ok(()) => next.run(Request::from_parts(head, Body::from(body))).await,
                Err(error) => response(Err(error), &gong.request_id()),
            }
        }
    };
    gong.journal.answered(number, answered.status().as_u16());
    match fault {
        Some(fault) => fault.spoil(answered).await,
        None => answered,
    }
}

/// The headers as they are logged. Credentials are not: a log is read by more eyes.
fn seen_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| **name != AUTHORIZATION)
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        })
        .collect()
}

/// Answers one request for one operation.
async fn handle(
    gong: Arc<Gong>,
    operation: &'static Operation,
    path: RawPathParams,
    request: Request,
) -> Response<Body> {
    let path = path
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let outcome = match read(&gong, operation, path, request).await {
        Ok(request) => {
            let outcome = perform(&gong, operation, &request);
            if operation.writes && outcome.is_ok() {
                gong.journal.add_write(&operation.method, request);
            }
            outcome
        }
        Err(error) => Err(error),
    };
    response(outcome, &gong.request_id())
}

fn perform(gong: &Gong, operation: &Operation, request: &ApiRequest) -> ApiResult {
    auth::grant(operation.scope, &gong.options)?;
    if let Some(ignored) = Contract::ignored_cursor(&operation.method, request) {
        gong.journal.add_violation(ignored);
    }
    if let Err(error) = gong.contract.check(&operation.method, request) {
        let errors = error.errors.join("; ");
        let violation = format!("{} {}: {errors}", operation.method, operation.path);
        gong.journal.add_violation(violation);
        return Err(error);
    }
    (operation.run)(gong, request)
}

/// The parts of a request that an operation wants, or why they are not to be had.
async fn read(
    gong: &Gong,
    operation: &'static Operation,
    path: Vec<(String, String)>,
    request: Request,
) -> Result<ApiRequest, ApiError> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri())
        .map_err(|_| ApiError::bad_request("the query is malformed"))?
        .0;
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let mut request = ApiRequest {
        operation: operation.path,
        path,
        query,
        ..ApiRequest::default()
    };
    match operation.takes {
        Takes::Nothing if body.is_empty() => {}
        Takes::Nothing => {
            let Operation { method, path, .. } = operation;
            gong.journal
                .add_violation(format!("{method} {path}: a body"));
            return Err(ApiError::bad_request(format!(
                "body: unknown {UNDOCUMENTED}"
            )));
        }
        Takes::Json if !is_json(&head.headers) => return Err(ApiError::unsupported_media_type()),
        Takes::Json => {
            request.body = serde_json::from_slice(&body).map_err(|error| {
                ApiError::bad_request(format!("Malformed request body: {error}"))
            })?;
        }
        Takes::Parts => request.parts = multipart::parts(&head.headers, body).await?,
    }
    Ok(request)
}

/// Whether the request says that its body is JSON.
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// 404 for what Gong does not have; 501 for what only the stand-in does not have yet.
async fn unknown_path(State(gong): State<Arc<Gong>>, request: Request) -> Response<Body> {
    let (method, path) = (request.method(), request.uri().path());
    let error = if gong.contract.knows(method, path) {
        ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            format!("{method} {path}: Gong has this operation, the stand-in does not yet"),
        )
    } else {
        gong.journal
            .add_violation(format!("{method} {path}: Gong has no such path"));
        ApiError::not_found("routeNotFound")
    };
    response(Err(error), &gong.request_id())
}

/// 405, unless it is only the stand-in that lacks the method.
async fn wrong_method(State(gong): State<Arc<Gong>>, request: Request) -> Response<Body> {
    let (method, path) = (request.method(), request.uri().path());
    if gong.contract.knows(method, path) {
        return unknown_path(State(Arc::clone(&gong)), request).await;
    }
    gong.journal
        .add_violation(format!("{method} {path}: Gong has no such method there"));
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
    response(Err(error), &gong.request_id())
}
