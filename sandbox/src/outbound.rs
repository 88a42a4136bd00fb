//! The network that a guest sees: HTTP to one origin, over pooled connections.
//!
//! wasmtime's own client opens a connection for each request, cannot be given another root
//! certificate, and lets a TLS handshake take forever; this one does none of that. It follows
//! no redirects: the guest gets the 3xx.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Sleep, sleep_until, timeout_at};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::exchanges::Exchanging;
use crate::gate::{self, Gate};

mod addresses;

pub use addresses::Addresses;
use addresses::{Checked, Prohibited};

/// For guests that set no time-out of their own: DNS, TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(10);

/// An unused connection is closed after this time; servers commonly do so after a minute.
const IDLE: Duration = Duration::from_secs(45);

/// Unused connections kept.
const IDLE_CONNECTIONS: usize = 32;

/// TLS sessions kept to be resumed: as many as rustls keeps for one server.
const TLS_SESSIONS: usize = 8;

/// Whom to trust and where to connect. Made once and shared: root certificates are 20 kB.
#[derive(Clone, Debug)]
pub struct Policy {
    provider: Arc<CryptoProvider>,
    verifier: Arc<WebPkiServerVerifier>,
    addresses: Addresses,
}

impl Policy {
    /// Servers are checked against the Mozilla root certificates, and against `ca_pem` too
    /// when there is one (for stand-ins in tests, and for proxies).
    ///
    /// # Errors
    ///
    /// `ca_pem` holds no certificate, or one that is none.
    pub fn new(ca_pem: Option<&str>, addresses: Addresses) -> anyhow::Result<Self> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.into(),
        };
        if let Some(pem) = ca_pem {
            let before = roots.len();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate.context("cannot read the extra root certificate")?)?;
            }
            ensure!(
                roots.len() > before,
                "there is no certificate in the extra root certificates"
            );
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(&provider))
                .build()?;
        Ok(Self {
            provider,
            verifier,
            addresses,
        })
    }
}

/// The one origin that requests may go to, and the connections to it.
///
/// Clones share the connections and the TLS sessions. Two tenants should not: they are what a
/// server may tie authentication or rate limits to.
#[derive(Clone)]
pub struct Outbound(Option<Arc<Inner>>);

struct Inner {
    origin: Origin,
    client: Client<HttpsConnector<HttpConnector<Checked<GaiResolver>>>, WasiBody>,
    authorization: Option<HeaderValue>,
}

impl Outbound {
    /// Allows the origin of `url` (scheme, host and port; a path is ignored) and nothing else.
    ///
    /// # Errors
    ///
    /// `url` is no http or https URL of a host, or it holds a user name. With
    /// [`Addresses::Public`]: it is not https, or its host is an address that is not public.
    pub fn new(url: &str, policy: &Policy) -> anyhow::Result<Self> {
        let origin = url
            .parse()
            .map_err(anyhow::Error::from)
            .and_then(|uri| Origin::of(&uri))
            .and_then(|origin| origin.within(policy.addresses))
            .context("cannot use this base URL")?;
        let mut tls = ClientConfig::builder_with_provider(Arc::clone(&policy.provider))
            .with_safe_default_protocol_versions()?
            .with_webpki_verifier(Arc::clone(&policy.verifier))
            .with_no_client_auth();
        tls.resumption = Resumption::in_memory_sessions(TLS_SESSIONS);
        let resolver = Checked::new(GaiResolver::new(), policy.addresses);
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(connector);
        Ok(Self(Some(Arc::new(Inner {
            origin,
            client,
            authorization: None,
        }))))
    }

    /// Allows nothing.
    #[must_use]
    pub fn nowhere() -> Self {
        Self(None)
    }

    /// Puts `value` into every request's `Authorization`, whatever the guest says there, so
    /// that a gateway can keep the secret out of the sandbox. Connections stay shared.
    #[must_use]
    pub fn with_authorization(self, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        Self(self.0.map(|inner| {
            Arc::new(Inner {
                origin: inner.origin.clone(),
                client: inner.client.clone(),
                authorization: Some(value),
            })
        }))
    }

    /// The allowed origin, such as `https://api.example.com:443`.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        self.0.as_ref().map(|inner| inner.origin.to_string())
    }
}

/// Basic authentication (RFC 7617), for [`Outbound::with_authorization`].
#[must_use]
pub fn basic_authorization(user: &str, password: &str) -> HeaderValue {
    let pair = STANDARD.encode(format!("{user}:{password}"));
    let value = HeaderValue::try_from(format!("Basic {pair}"));
    let mut value = value.expect("base64 is ASCII");
    value.set_sensitive(true);
    value
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outbound").field(&self.origin()).finish()
    }
}

/// Scheme, host and port, normalised so that equal origins are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Origin {
    fn of(uri: &Uri) -> anyhow::Result<Self> {
        let scheme = uri.scheme().context("it has no scheme")?.clone();
        let authority = uri.authority().context("it has no host")?;
        // `user@host` reads as one host to a person and as another to a client.
        ensure!(
            !authority.as_str().contains('@'),
            "it must not hold a user name"
        );
        let default_port = if scheme == Scheme::HTTPS {
            443
        } else if scheme == Scheme::HTTP {
            80
        } else {
            bail!("it must begin with https:// or http://");
        };
        Ok(Self {
            host: authority.host().to_ascii_lowercase(),
            port: authority.port_u16().unwrap_or(default_port),
            scheme,
        })
    }
}

impl Origin {
    /// Itself, unless `addresses` leave no way to connect to it. A name is checked when it is
    /// looked up; an address never is.
    fn within(self, addresses: Addresses) -> anyhow::Result<Self> {
        if addresses == Addresses::Public {
            ensure!(
                self.scheme == Scheme::HTTPS,
                "it must begin with https://, such as https://acme.api.example.com"
            );
            let host = self.host.trim_start_matches('[').trim_end_matches(']');
            ensure!(
                host.parse().is_ok_and(|address| addresses.allow(address))
                    || host.parse::<IpAddr>().is_err(),
                "{host} is not an address of the public internet"
            );
        }
        Ok(self)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}

/// What one call sends and receives, and how much of it is allowed.
pub(crate) struct Traffic {
    max_requests: u32,
    max_response_bytes: u64,
    requests: AtomicU32,
    response_bytes: AtomicU64,
    response_too_large: AtomicBool,
}

impl Traffic {
    pub(crate) fn new(max_requests: u32, max_response_bytes: u64) -> Self {
        Self {
            max_requests,
            max_response_bytes,
            requests: AtomicU32::new(0),
            response_bytes: AtomicU64::new(0),
            response_too_large: AtomicBool::new(false),
        }
    }

    /// Requests sent or tried.
    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes of bodies received.
    pub(crate) fn response_bytes(&self) -> u64 {
        self.response_bytes.load(Ordering::Relaxed)
    }

    /// Whether a response was cut off.
    pub(crate) fn response_too_large(&self) -> bool {
        self.response_too_large.load(Ordering::Relaxed)
    }

    fn count_request(&self) -> Result<(), Error> {
        if self.requests.fetch_add(1, Ordering::Relaxed) < self.max_requests {
            Ok(())
        } else {
            Err(Error::ConnectionLimitReached)
        }
    }

    fn check_size(&self, size: u64) -> Result<(), Error> {
        if size <= self.max_response_bytes {
            return Ok(());
        }
        self.response_too_large.store(true, Ordering::Relaxed);
        Err(Error::HttpResponseBodySize(Some(size)))
    }
}

/// `wasi:http` for one call.
pub(crate) struct Hooks {
    outbound: Outbound,
    traffic: Arc<Traffic>,
    /// When the call's last exchange must be over.
    deadline: Instant,
    gate: Option<Arc<dyn Gate>>,
}

impl Hooks {
    pub(crate) fn new(
        outbound: Outbound,
        traffic: Traffic,
        deadline: Instant,
        gate: Option<Arc<dyn Gate>>,
    ) -> Self {
        Self {
            outbound,
            traffic: Arc::new(traffic),
            deadline,
            gate,
        }
    }

    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    fn allow(&self, uri: &Uri) -> Result<Arc<Inner>, Error> {
        self.traffic.count_request()?;
        let asked = Origin::of(uri).map_err(|_| Error::HttpRequestUriInvalid)?;
        match &self.outbound.0 {
            Some(inner) if inner.origin == asked => Ok(Arc::clone(inner)),
            _ => {
                tracing::warn!(origin = %asked, "denied a request");
                Err(Error::HttpRequestDenied)
            }
        }
    }
}

impl WasiHttpHooks for Hooks {
    /// wasmtime asks for it; `exchanges` replaces what would call it.
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _upload: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Exchange, Error>> + Send> {
        let exchange = self.send(request, options.unwrap_or_default());
        Box::new(async move {
            let done: Box<dyn Future<Output = _> + Send> = Box::new(std::future::ready(Ok(())));
            Ok((exchange.await?, done))
        })
    }
}

type Exchange = (
    Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl Hooks {
    /// Sends a request when it may leave.
    pub(crate) fn send(
        &self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Exchanging {
        let inner = match self.allow(request.uri()) {
            Ok(inner) => inner,
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        if let Some(value) = &inner.authorization {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, value.clone());
        }
        let traffic = Arc::clone(&self.traffic);
        let (deadline, gate) = (self.deadline, self.gate.clone());
        Box::pin(async move {
            let admitted = match &gate {
                Some(gate) => match gate::admit(&**gate, deadline).await {
                    Ok(admitted) => Some(admitted),
                    Err(refused) => return Ok(refused.into_response()),
                },
                None => None,
            };
            let response = exchange(&inner, request, options, traffic, deadline.into()).await;
            if let (Some(admitted), Ok(response)) = (admitted, &response) {
                admitted.answered(response);
            }
            response
        })
    }
}

async fn exchange(
    inner: &Inner,
    mut request: Request<WasiBody>,
    options: RequestOptions,
    traffic: Arc<Traffic>,
    deadline: tokio::time::Instant,
) -> Result<Response<WasiBody>, Error> {
    let within = |time: Option<Duration>| match time {
        Some(time) => deadline.min(tokio::time::Instant::now() + time),
        None => deadline,
    };
    let mut connection = capture_connection(&mut request);
    let mut response = std::pin::pin!(inner.client.request(request));
    // Until the connection stands the connect time-out counts, from then on the next one; the
    // TLS handshake belongs to the first, and with a pooled connection it is over at once.
    let early = tokio::select! {
        biased;
        response = &mut response => Some(response),
        _ = connection.wait_for_connection_metadata() => None,
        () = sleep_until(within(Some(options.connect_timeout.unwrap_or(CONNECT)))) => {
            return Err(Error::ConnectionTimeout);
        }
    };
    let response = match early {
        Some(response) => response,
        None => timeout_at(within(options.first_byte_timeout), response)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?,
    };
    let response = response.map_err(|error| {
        tracing::debug!(origin = %inner.origin, "request failed: {error:?}");
        error_code(&error, Error::ConnectionTerminated)
    })?;
    // A body that says that it is too long need not be read to find out.
    traffic.check_size(response.body().size_hint().lower())?;
    Ok(response.map(|incoming| {
        Received {
            incoming,
            size: 0,
            traffic,
            pause: options.between_bytes_timeout,
            deadline,
            sleep: Box::pin(sleep_until(within(options.between_bytes_timeout))),
        }
        .boxed_unsync()
    }))
}

/// A response body that ends in an error when it is too long or too slow.
struct Received {
    incoming: Incoming,
    size: u64,
    traffic: Arc<Traffic>,
    pause: Option<Duration>,
    deadline: tokio::time::Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Body for Received {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) else {
            ready!(self.sleep.as_mut().poll(context));
            return Poll::Ready(Some(Err(Error::ConnectionReadTimeout)));
        };
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(error)) => {
                let code = error_code(&error, Error::HttpResponseIncomplete);
                return Poll::Ready(Some(Err(code)));
            }
            Some(Ok(frame)) => frame,
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        self.size += length;
        if let Err(error) = self.traffic.check_size(self.size) {
            return Poll::Ready(Some(Err(error)));
        }
        self.traffic
            .response_bytes
            .fetch_add(length, Ordering::Relaxed);
        if let Some(pause) = self.pause {
            let next = self.deadline.min(tokio::time::Instant::now() + pause);
            self.sleep.as_mut().reset(next);
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The code of an error that a stream of the guest's ended with, if it is one of
/// [`Received`]'s.
pub(crate) fn error_code_of_body(error: &wasmtime::Error) -> Option<ErrorCode> {
    if let Some(code) = error.downcast_ref::<ErrorCode>() {
        return Some(code.clone());
    }
    Some(match error.downcast_ref::<Error>()? {
        Error::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        Error::HttpResponseBodySize(size) => ErrorCode::HttpResponseBodySize(*size),
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpResponseTimeout => ErrorCode::HttpResponseTimeout,
        Error::TlsProtocolError => ErrorCode::TlsProtocolError,
        _ => ErrorCode::HttpProtocolError,
    })
}

/// What went wrong, in WASI's words; `cut_off` when the server hung up in the middle.
fn error_code(error: &(dyn StdError + 'static), cut_off: Error) -> Error {
    let mut connecting = false;
    // hyper-util wraps it in its "dns error", so it must be looked for first.
    if causes(error).any(|cause| cause.is::<Prohibited>()) {
        return Error::DestinationIpProhibited;
    }
    for cause in causes(error) {
        if let Some(error) = cause.downcast_ref::<Error>() {
            // From the guest's request body.
            return match error {
                Error::HttpRequestBodySize(size) => Error::HttpRequestBodySize(*size),
                _ => Error::InternalError(Some(error.to_string())),
            };
        }
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return match error {
                rustls::Error::InvalidCertificate(_) => Error::TlsCertificateError,
                rustls::Error::AlertReceived(alert) => Error::TlsAlertReceived {
                    alert_id: Some(u8::from(*alert)),
                    alert_message: Some(format!("{alert:?}")),
                },
                _ => Error::TlsProtocolError,
            };
        }
        if let Some(error) = cause.downcast_ref::<hyper_util::client::legacy::Error>() {
            connecting = error.is_connect();
        }
        // hyper-util's error for this is private; a test holds its text.
        if connecting && cause.to_string() == "dns error" {
            return Error::DnsError {
                rcode: None,
                info_code: None,
            };
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            if error.is_timeout() {
                return Error::HttpResponseTimeout;
            } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
                return cut_off;
            } else if error.is_parse() {
                return Error::HttpProtocolError;
            }
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::ConnectionRefused => return Error::ConnectionRefused,
                io::ErrorKind::TimedOut if connecting => return Error::ConnectionTimeout,
                io::ErrorKind::TimedOut => return Error::ConnectionReadTimeout,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    return Error::DestinationIpUnroutable;
                }
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return cut_off,
                _ => {}
            }
        }
    }
    if connecting {
        Error::DestinationUnavailable
    } else {
        Error::HttpProtocolError
    }
}

/// An error and what caused it, outermost first.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        let error = *error;
        // `io::Error::source` leaves out the error that it wraps, and rustls's are wrapped so.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn empty() -> WasiBody {
        http_body_util::Empty::new()
            .map_err(|never| match never {})
            .boxed_unsync()
    }

    fn any() -> Policy {
        Policy::new(None, Addresses::Any).unwrap()
    }

    async fn get(url: &str, options: RequestOptions) -> Result<Response<WasiBody>, Error> {
        get_from(Outbound::new(url, &any()).unwrap(), url, options).await
    }

    async fn get_from(
        outbound: Outbound,
        url: &str,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        let hooks = Hooks::new(
            outbound,
            Traffic::new(10, 100),
            Instant::now() + Duration::from_secs(5),
            None,
        );
        let request = Request::get(url).body(empty()).unwrap();
        hooks.send(request, options).await
    }

    /// A server that reads a little, writes `answer` and hangs up, or hangs on for 10 s.
    async fn server(answer: &'static str, hang_on: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    let _ = stream.read(&mut buffer).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    if hang_on {
                        tokio::time::sleep(Duration::from_secs(10)).await;
                    }
                });
            }
        });
        format!("127.0.0.1:{port}")
    }

    fn millis(time: u64) -> RequestOptions {
        let time = Some(Duration::from_millis(time));
        RequestOptions {
            connect_timeout: time,
            first_byte_timeout: time,
            between_bytes_timeout: time,
        }
    }

    #[test]
    fn origins_are_equal_in_all_three_or_not_at_all() {
        let of = |url: &str| Origin::of(&url.parse().unwrap());
        let origin = of("https://api.example.com").unwrap();
        assert_eq!(origin, of("https://API.example.com:443/v2?a=b").unwrap());
        for other in [
            "http://api.example.com:443",
            "https://api.example.com:8443",
            "https://api.example.com.evil.org",
            "https://example.com",
        ] {
            assert_ne!(origin, of(other).unwrap(), "{other}");
        }
        for bad in ["https://api.example.com@evil.org", "ftp://x", "/path"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn other_origins_are_denied() {
        let hooks = Hooks::new(
            Outbound::new("http://localhost:1", &any()).unwrap(),
            Traffic::new(1, 100),
            Instant::now(),
            None,
        );
        let send = |url| {
            let request = Request::get(url).body(empty()).unwrap();
            hooks.send(request, RequestOptions::default())
        };
        let denied = send("http://localhost:2").await.map(|_| ());
        assert!(matches!(denied, Err(Error::HttpRequestDenied)));
        let too_many = send("http://localhost:2").await.map(|_| ());
        assert!(matches!(too_many, Err(Error::ConnectionLimitReached)));
    }

    #[tokio::test]
    async fn each_failure_has_its_own_code() {
        let none = RequestOptions::default();

        let refused = get("http://127.0.0.1:1", none).await.map(|_| ());
        assert!(
            matches!(refused, Err(Error::ConnectionRefused)),
            "{refused:?}"
        );

        let unknown = get("http://no-such-host.invalid", none).await.map(|_| ());
        assert!(
            matches!(unknown, Err(Error::DnsError { .. })),
            "{unknown:?}"
        );

        let silent = server("", true).await;
        let handshake = get(&format!("https://{silent}"), millis(200)).await;
        let handshake = handshake.map(|_| ());
        assert!(
            matches!(handshake, Err(Error::ConnectionTimeout)),
            "{handshake:?}"
        );
        let head = get(&format!("http://{silent}"), millis(200)).await;
        let head = head.map(|_| ());
        assert!(
            matches!(head, Err(Error::ConnectionReadTimeout)),
            "{head:?}"
        );

        let closing = server("", false).await;
        let closed = get(&format!("http://{closing}"), none).await.map(|_| ());
        assert!(
            matches!(closed, Err(Error::ConnectionTerminated)),
            "{closed:?}"
        );

        let plain = server("I speak no TLS\r\n\r\n", false).await;
        let no_tls = get(&format!("https://{plain}"), none).await.map(|_| ());
        assert!(matches!(no_tls, Err(Error::TlsProtocolError)), "{no_tls:?}");
        let no_http = get(&format!("http://{plain}"), none).await.map(|_| ());
        assert!(
            matches!(no_http, Err(Error::HttpProtocolError)),
            "{no_http:?}"
        );
    }

    #[tokio::test]
    async fn the_hosts_own_network_is_out_of_reach() {
        let public = Policy::new(None, Addresses::Public).unwrap();
        let why = |url: &str| format!("{:#}", Outbound::new(url, &public).unwrap_err());
        assert!(why("http://acme.api.gong.io").contains("https://"));
        for url in [
            "https://127.0.0.1",
            "https://10.1.2.3:8443",
            "https://[::1]",
            "https://[::ffff:127.0.0.1]:443",
        ] {
            assert!(why(url).contains("public internet"), "{url}: {}", why(url));
        }
        assert!(Outbound::new("https://1.1.1.1", &public).is_ok());

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connect = async |host: &str| {
            let url = format!("https://{host}:{port}");
            let outbound = Outbound::new(&url, &public).unwrap();
            let denied = get_from(outbound, &url, RequestOptions::default()).await;
            denied.map(|_| ())
        };
        let by_name = connect("localhost").await;
        assert!(
            matches!(by_name, Err(Error::DestinationIpProhibited)),
            "{by_name:?}"
        );
        // Addresses as only the system's resolver reads them.
        for host in ["2130706433", "127.1", "0x7f000001", "017700000001"] {
            assert!(connect(host).await.is_err(), "{host}");
        }
        let connected = tokio::time::timeout(Duration::from_millis(50), listener.accept());
        assert!(connected.await.is_err(), "nobody connected");
    }

    #[tokio::test]
    async fn bodies_are_watched_to_their_end() {
        let none = RequestOptions::default();

        let announced = server("HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n", true).await;
        let announced = get(&format!("http://{announced}"), none).await.map(|_| ());
        assert!(
            matches!(announced, Err(Error::HttpResponseBodySize(Some(101)))),
            "{announced:?}"
        );

        let long = concat!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n",
            "40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n",
            "0\r\n\r\n"
        );
        let long = server(long, false).await;
        let long = get(&format!("http://{long}"), none).await.unwrap();
        let long = long.into_body().collect().await.map(|_| ());
        assert!(
            matches!(long, Err(Error::HttpResponseBodySize(_))),
            "{long:?}"
        );

        let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
        let cut = server(half, false).await;
        let cut = get(&format!("http://{cut}"), none).await.unwrap();
        let cut = cut.into_body().collect().await.map(|_| ());
        assert!(matches!(cut, Err(Error::HttpResponseIncomplete)), "{cut:?}");

        let slow = server(half, true).await;
        let slow = get(&format!("http://{slow}"), millis(200)).await.unwrap();
        let slow = slow.into_body().collect().await.map(|_| ());
        assert!(
            matches!(slow, Err(Error::ConnectionReadTimeout)),
            "{slow:?}"
        );
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        let value = HeaderValue::from_static("Basic c2VjcmV0");
        let public = Policy::new(None, Addresses::Public).unwrap();
        let outbound = Outbound::new("https://api.example.com", &public).unwrap();
        let shown = format!("{:?}", outbound.with_authorization(value));
        assert_eq!(shown, r#"Outbound(Some("https://api.example.com:443"))"#);
    }
}
