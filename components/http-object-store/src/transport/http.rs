//! Requests and responses.

use alloc::{borrow::ToOwned, rc::Rc, string::String, vec::Vec};
use core::cell::{Cell, RefCell};

use shared_store::wasi::{Wasi, variables};

use super::{
    Component, Download, Upload,
    io::{InputStream, IoError, OutputStream, Pollable},
};
use crate::{
    bindings::{
        exports::wasi::http::{
            outgoing_handler::Guest as OutgoingHandler,
            types::{
                self as exports, ErrorCode, GuestFields, GuestFutureIncomingResponse,
                GuestIncomingBody, GuestIncomingResponse, GuestOutgoingBody, GuestOutgoingRequest,
                GuestRequestOptions, HeaderError, IoErrorBorrow, Method, Scheme,
            },
        },
        wasi::http::{outgoing_handler, types as host},
    },
    http::{self, Request},
    precondition::Preconditions,
    settings::Settings,
};

impl exports::Guest for Component {
    type Fields = Fields;
    type OutgoingRequest = OutgoingRequest;
    type OutgoingBody = OutgoingBody;
    type RequestOptions = RequestOptions;
    type FutureIncomingResponse = FutureIncomingResponse;
    type IncomingResponse = IncomingResponse;
    type IncomingBody = IncomingBody;

    fn http_error_code(error: IoErrorBorrow<'_>) -> Option<ErrorCode> {
        host::http_error_code(&error.get::<IoError>().0)
    }
}

impl OutgoingHandler for Component {
    fn handle(
        request: exports::OutgoingRequest,
        options: Option<exports::RequestOptions>,
    ) -> Result<exports::FutureIncomingResponse, ErrorCode> {
        let settings = settings().map_err(|problem| ErrorCode::InternalError(Some(problem)))?;
        let OutgoingRequest { request, body } = request.into_inner();
        let future = if is_own(&request, &settings) {
            let body = match body.into_inner() {
                Body::None => None,
                Body::Own(upload) => Some(upload),
                Body::Host => return Err(ErrorCode::ConfigurationError),
            };
            let exchange = Exchange {
                settings,
                request,
                body,
            };
            FutureIncomingResponse::Own(RefCell::new(Some(exchange)))
        } else {
            let options = options.map(|options| options.into_inner::<RequestOptions>().0);
            FutureIncomingResponse::Host(outgoing_handler::handle(request, options)?)
        };
        Ok(exports::FutureIncomingResponse::new(future))
    }
}

fn settings() -> Result<Settings, String> {
    Settings::read(&variables())
}

/// Whether a request is answered here.
fn is_own(request: &host::OutgoingRequest, settings: &Settings) -> bool {
    matches!(request.scheme(), Some(Scheme::Http))
        && request
            .authority()
            .is_some_and(|authority| authority.eq_ignore_ascii_case(&settings.authority))
}

/// Headers.
pub(super) struct Fields(host::Fields);

impl GuestFields for Fields {
    fn from_list(entries: Vec<(String, Vec<u8>)>) -> Result<exports::Fields, HeaderError> {
        host::Fields::from_list(&entries).map(|fields| exports::Fields::new(Self(fields)))
    }

    fn get(&self, name: String) -> Vec<Vec<u8>> {
        self.0.get(&name)
    }

    fn clone(&self) -> exports::Fields {
        exports::Fields::new(Self(self.0.clone()))
    }
}

/// A request that is not sent yet: always one of the host's, since only its URL says where it goes.
pub(super) struct OutgoingRequest {
    request: host::OutgoingRequest,
    body: RefCell<Body>,
}

/// Whose body the request has.
enum Body {
    None,
    Host,
    Own(Rc<Upload>),
}

impl GuestOutgoingRequest for OutgoingRequest {
    fn new(headers: exports::Headers) -> Self {
        Self {
            request: host::OutgoingRequest::new(headers.into_inner::<Fields>().0),
            body: RefCell::new(Body::None),
        }
    }

    /// The URL must be set before.
    fn body(&self) -> Result<exports::OutgoingBody, ()> {
        let body = match settings() {
            Ok(settings) if is_own(&self.request, &settings) => {
                if matches!(*self.body.borrow(), Body::Own(_)) {
                    return Err(());
                }
                let upload = Upload::new(settings.max_bytes);
                self.body.replace(Body::Own(Rc::clone(&upload)));
                OutgoingBody::Own(upload)
            }
            // What is wrong with the settings is said when the request is sent.
            _ => {
                let body = self.request.body()?;
                self.body.replace(Body::Host);
                OutgoingBody::Host(body)
            }
        };
        Ok(exports::OutgoingBody::new(body))
    }

    fn method(&self) -> Method {
        self.request.method()
    }

    fn set_method(&self, method: Method) -> Result<(), ()> {
        self.request.set_method(&method)
    }

    fn path_with_query(&self) -> Option<String> {
        self.request.path_with_query()
    }

    fn set_path_with_query(&self, path: Option<String>) -> Result<(), ()> {
        self.request.set_path_with_query(path.as_deref())
    }

    fn scheme(&self) -> Option<Scheme> {
        self.request.scheme()
    }

    fn set_scheme(&self, scheme: Option<Scheme>) -> Result<(), ()> {
        self.request.set_scheme(scheme.as_ref())
    }

    fn authority(&self) -> Option<String> {
        self.request.authority()
    }

    fn set_authority(&self, authority: Option<String>) -> Result<(), ()> {
        self.request.set_authority(authority.as_deref())
    }

    fn headers(&self) -> exports::Headers {
        exports::Fields::new(Fields(self.request.headers()))
    }
}

/// The body of a request.
pub(super) enum OutgoingBody {
    Host(host::OutgoingBody),
    Own(Rc<Upload>),
}

impl GuestOutgoingBody for OutgoingBody {
    fn write(&self) -> Result<exports::OutputStream, ()> {
        let stream = match self {
            Self::Host(body) => OutputStream::Host(body.write()?),
            Self::Own(upload) => OutputStream::Own(Rc::clone(upload)),
        };
        Ok(exports::OutputStream::new(stream))
    }

    fn finish(
        body: exports::OutgoingBody,
        trailers: Option<exports::Trailers>,
    ) -> Result<(), ErrorCode> {
        match body.into_inner() {
            Self::Host(body) => {
                let trailers = trailers.map(|trailers| trailers.into_inner::<Fields>().0);
                host::OutgoingBody::finish(body, trailers)
            }
            Self::Own(upload) => {
                upload.is_finished.set(true);
                Ok(())
            }
        }
    }
}

/// Time-outs.
pub(super) struct RequestOptions(host::RequestOptions);

impl GuestRequestOptions for RequestOptions {
    fn new() -> Self {
        Self(host::RequestOptions::new())
    }

    fn set_connect_timeout(&self, duration: Option<u64>) -> Result<(), ()> {
        self.0.set_connect_timeout(duration)
    }

    fn set_first_byte_timeout(&self, duration: Option<u64>) -> Result<(), ()> {
        self.0.set_first_byte_timeout(duration)
    }

    fn set_between_bytes_timeout(&self, duration: Option<u64>) -> Result<(), ()> {
        self.0.set_between_bytes_timeout(duration)
    }
}

/// A request that is answered here, once its response is read.
pub(super) struct Exchange {
    settings: Settings,
    request: host::OutgoingRequest,
    body: Option<Rc<Upload>>,
}

impl Exchange {
    fn answer(self) -> http::Response {
        let headers = self.request.headers();
        let header = |name: &str| {
            let values = headers.get(name);
            let values = values.iter().map(|value| String::from_utf8_lossy(value));
            let values: Vec<_> = values.collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        let body = match self.body {
            None => Some(Vec::new()),
            Some(upload) if upload.is_finished.get() => Some(upload.bytes.take()),
            Some(_) => None,
        };
        let request = Request {
            method: match self.request.method() {
                Method::Get => "GET".to_owned(),
                Method::Put => "PUT".to_owned(),
                Method::Delete => "DELETE".to_owned(),
                Method::Other(name) => name,
                _ => String::new(),
            },
            path: self.request.path_with_query().unwrap_or("/".to_owned()),
            preconditions: Preconditions {
                if_match: header("if-match"),
                if_none_match: header("if-none-match"),
            },
            body,
        };
        let wasi = Wasi {
            store: &self.settings.bucket,
        };
        http::answer(&wasi, &self.settings, request)
    }
}

/// A response to come.
pub(super) enum FutureIncomingResponse {
    Host(host::FutureIncomingResponse),
    /// None once it was taken.
    Own(RefCell<Option<Exchange>>),
}

impl GuestFutureIncomingResponse for FutureIncomingResponse {
    fn subscribe(&self) -> exports::Pollable {
        match self {
            Self::Host(future) => Pollable::of(future.subscribe()),
            Self::Own(_) => Pollable::always(),
        }
    }

    fn get(&self) -> Option<Result<Result<exports::IncomingResponse, ErrorCode>, ()>> {
        let response = match self {
            Self::Host(future) => match future.get()? {
                Ok(Ok(response)) => IncomingResponse::Host(response),
                Ok(Err(code)) => return Some(Ok(Err(code))),
                Err(()) => return Some(Err(())),
            },
            Self::Own(exchange) => {
                let Some(exchange) = exchange.take() else {
                    return Some(Err(()));
                };
                let http::Response {
                    status,
                    headers,
                    body,
                } = exchange.answer();
                let Ok(headers) = host::Fields::from_list(&headers) else {
                    return Some(Ok(Err(ErrorCode::HttpProtocolError)));
                };
                IncomingResponse::Own {
                    status,
                    headers,
                    body: Cell::new(Some(body)),
                }
            }
        };
        Some(Ok(Ok(exports::IncomingResponse::new(response))))
    }
}

/// A response.
pub(super) enum IncomingResponse {
    Host(host::IncomingResponse),
    Own {
        status: u16,
        headers: host::Fields,
        /// None once it was taken.
        body: Cell<Option<Vec<u8>>>,
    },
}

impl GuestIncomingResponse for IncomingResponse {
    fn status(&self) -> u16 {
        match self {
            Self::Host(response) => response.status(),
            Self::Own { status, .. } => *status,
        }
    }

    fn headers(&self) -> exports::Headers {
        let headers = match self {
            Self::Host(response) => response.headers(),
            Self::Own { headers, .. } => headers.clone(),
        };
        exports::Fields::new(Fields(headers))
    }

    fn consume(&self) -> Result<exports::IncomingBody, ()> {
        let body = match self {
            Self::Host(response) => IncomingBody::Host(response.consume()?),
            Self::Own { body, .. } => IncomingBody::Own(Cell::new(Some(body.take().ok_or(())?))),
        };
        Ok(exports::IncomingBody::new(body))
    }
}

/// The body of a response.
pub(super) enum IncomingBody {
    Host(host::IncomingBody),
    /// None once it was taken.
    Own(Cell<Option<Vec<u8>>>),
}

impl GuestIncomingBody for IncomingBody {
    fn stream(&self) -> Result<exports::InputStream, ()> {
        let stream = match self {
            Self::Host(body) => InputStream::Host(body.stream()?),
            Self::Own(body) => InputStream::Own(Download::new(body.take().ok_or(())?)),
        };
        Ok(exports::InputStream::new(stream))
    }
}
