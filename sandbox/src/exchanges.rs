//! A component's HTTP exchanges, polled by its call.
//!
//! wasmtime spawns a task for each exchange, which another thread then takes up: two wake-ups
//! across threads, which cost more than the request. So this module replaces its `handle` and
//! `future-incoming-response`, with the same behaviour: an exchange goes on whatever the
//! component waits for, and ends when the component drops it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use http::{HeaderMap, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Empty};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi_http::p2::bindings::http::types::{
    self, ErrorCode, HostFutureIncomingResponse as _, Scheme,
};
use wasmtime_wasi_http::p2::body::HostIncomingBody;
use wasmtime_wasi_http::p2::types::{
    HostFutureIncomingResponse, HostIncomingResponse, HostOutgoingRequest,
};
use wasmtime_wasi_http::{Error, FieldMap, RequestOptions, WasiBody, WasiHttpView};
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};

/// The name and version under which wasmtime links them; a component may import an older one.
pub(crate) const HTTP_TYPES: &str = "wasi:http/types@0.2.12";
const OUTGOING_HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";

type Outcome = Result<Response<WasiBody>, Error>;

/// An exchange, up to the head of its response.
pub(crate) type ExchangeFuture = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The exchanges of a call that are in progress.
#[derive(Clone, Default)]
pub(crate) struct Exchanges(Arc<Mutex<Vec<Weak<Mutex<State>>>>>);

enum State {
    Pending(ExchangeFuture),
    Ready(Outcome),
    Consumed,
}

/// `future-incoming-response`.
struct FutureResponse(Arc<Mutex<State>>);

impl Exchanges {
    fn begin(&self, exchange: ExchangeFuture) -> FutureResponse {
        let state = Arc::new(Mutex::new(State::Pending(exchange)));
        lock(&self.0).push(Arc::downgrade(&state));
        FutureResponse(state)
    }

    /// Polls them. Returns whether one is done now, which the component may be waiting for.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> bool {
        let mut done = false;
        lock(&self.0).retain(|state| {
            let Some(state) = state.upgrade() else {
                return false;
            };
            let mut state = lock(&state);
            let State::Pending(exchange) = &mut *state else {
                return false;
            };
            let Poll::Ready(outcome) = exchange.as_mut().poll(context) else {
                return true;
            };
            *state = State::Ready(outcome);
            done = true;
            false
        });
        done
    }
}

#[wasmtime_wasi_io::async_trait]
impl Pollable for FutureResponse {
    async fn ready(&mut self) {
        // Needs no waker: the component is polled again after an exchange is done.
        std::future::poll_fn(|_| match &*lock(&self.0) {
            State::Pending(_) => Poll::Pending,
            State::Ready(_) | State::Consumed => Poll::Ready(()),
        })
        .await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends a component's requests.
pub(crate) trait SendRequest: WasiHttpView {
    /// The call's exchanges.
    fn exchanges(&self) -> &Exchanges;
    /// Begins an exchange.
    fn send(&self, request: Request<WasiBody>, options: RequestOptions) -> ExchangeFuture;
}

/// Replaces wasmtime's functions; the linker must allow shadowing.
pub(crate) fn add_to_linker<T: SendRequest + 'static>(
    linker: &mut Linker<T>,
) -> wasmtime::Result<()> {
    let mut http = linker.instance(HTTP_TYPES)?;
    http.resource(
        "future-incoming-response",
        ResourceType::host::<FutureResponse>(),
        |mut store, rep| {
            let table = store.data_mut().http().table;
            table.delete(Resource::<FutureResponse>::new_own(rep))?;
            Ok(())
        },
    )?;
    http.func_wrap(
        "[method]future-incoming-response.subscribe",
        |mut store: StoreContextMut<'_, T>, (future,): (Resource<FutureResponse>,)| {
            let pollable: Resource<DynPollable> = subscribe(store.data_mut().http().table, future)?;
            Ok((pollable,))
        },
    )?;
    http.func_wrap(
        "[method]future-incoming-response.get",
        |mut store: StoreContextMut<'_, T>, (future,): (Resource<FutureResponse>,)| {
            Ok((get(store.data_mut(), &future)?,))
        },
    )?;
    linker.instance(OUTGOING_HANDLER)?.func_wrap(
        "handle",
        |mut store: StoreContextMut<'_, T>,
         (request, options): (
            Resource<HostOutgoingRequest>,
            Option<Resource<RequestOptions>>,
        )| { Ok((handle(store.data_mut(), request, options)?,)) },
    )
}

type Got = Option<Result<Result<Resource<HostIncomingResponse>, ErrorCode>, ()>>;

fn get(guest: &mut impl SendRequest, future: &Resource<FutureResponse>) -> wasmtime::Result<Got> {
    let mut view = guest.http();
    let state = Arc::clone(&view.table.get(future)?.0);
    let mut state = lock(&state);
    if let State::Pending(_) = *state {
        return Ok(None);
    }
    let response = match std::mem::replace(&mut *state, State::Consumed) {
        State::Ready(Ok(response)) => response,
        State::Ready(Err(error)) => {
            // wasmtime's conversion to an error code is private, so it goes through its type.
            let failed = HostFutureIncomingResponse::Ready(Err(error));
            let failed = view.table.push(failed)?;
            let got = view.get(Resource::new_borrow(failed.rep()))?;
            view.table.delete(failed)?;
            return Ok(got);
        }
        State::Pending(_) | State::Consumed => return Ok(Some(Err(()))),
    };
    let (parts, body) = response.into_parts();
    let headers = FieldMap::new_immutable(view.hooks, parts.headers);
    let response = view.table.push(HostIncomingResponse {
        status: parts.status.as_u16(),
        headers,
        body: Some(HostIncomingBody::new(body)),
    })?;
    Ok(Some(Ok(Ok(response))))
}

fn handle(
    guest: &mut impl SendRequest,
    request: Resource<HostOutgoingRequest>,
    options: Option<Resource<RequestOptions>>,
) -> wasmtime::Result<Result<Resource<FutureResponse>, ErrorCode>> {
    let table = guest.http().table;
    let request = table.delete(request)?;
    let options = match options {
        Some(options) => table.delete(options)?,
        None => RequestOptions::default(),
    };
    let request = match outgoing(request) {
        Ok(request) => request,
        Err(code) => return Ok(Err(code)),
    };
    let exchange = guest.send(request, options);
    let future = guest.exchanges().begin(exchange);
    Ok(Ok(guest.http().table.push(future)?))
}

/// The request in the `http` crate's types.
fn outgoing(request: HostOutgoingRequest) -> Result<Request<WasiBody>, ErrorCode> {
    let scheme = match &request.scheme {
        Some(Scheme::Http) => "http",
        Some(Scheme::Https) | None => "https",
        Some(Scheme::Other(_)) => return Err(ErrorCode::HttpProtocolError),
    };
    let method = match request.method {
        types::Method::Get => Method::GET,
        types::Method::Head => Method::HEAD,
        types::Method::Post => Method::POST,
        types::Method::Put => Method::PUT,
        types::Method::Delete => Method::DELETE,
        types::Method::Connect => Method::CONNECT,
        types::Method::Options => Method::OPTIONS,
        types::Method::Trace => Method::TRACE,
        types::Method::Patch => Method::PATCH,
        types::Method::Other(name) => {
            Method::from_bytes(name.as_bytes()).map_err(|_| ErrorCode::HttpRequestMethodInvalid)?
        }
    };
    let authority = request.authority.unwrap_or_default();
    let uri = Uri::builder()
        .scheme(scheme)
        .authority(authority.as_str())
        .path_and_query(request.path_with_query.as_deref().unwrap_or("/"))
        .build()
        .map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    let mut headers = HeaderMap::from(request.headers);
    // wasmtime checks a length while the body is written; here there is no body.
    let length = headers.get(header::CONTENT_LENGTH);
    if request.body.is_none() && length.is_some_and(|length| length != "0") {
        return Err(ErrorCode::HttpRequestBodySize(Some(0)));
    }
    let host = authority
        .parse()
        .map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    headers.insert(header::HOST, host);
    let body = request
        .body
        .unwrap_or_else(|| Empty::new().map_err(|never| match never {}).boxed_unsync());
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = uri;
    *outgoing.headers_mut() = headers;
    Ok(outgoing)
}
