//! The network of a component: HTTP to one origin, over pooled connections, and perhaps a second
//! one where it keeps objects.
//!
//! wasmtime's own client opens a connection for each request, takes no other root
//! certificates, and has no time-out for a TLS handshake. This one follows no redirects: the
//! component gets the 3xx.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::client::Resumption;
use wasmtime_wasi_http::WasiBody;

mod addresses;
mod error_code;
mod exchange;
mod hooks;
mod origin;
mod policy;
mod route;
#[cfg(test)]
mod tests;
mod traffic;

pub use addresses::{Addresses, Checked};
pub use policy::Policy;
pub use route::Routes;

use crate::objects::ObjectStore;
pub(crate) use error_code::error_code_of_body;
pub(crate) use hooks::Hooks;
use origin::Origin;
use route::{Proxy, Route, route};
pub(crate) use traffic::Traffic;

/// An unused connection is closed after this time; servers commonly do so after a minute.
const IDLE: Duration = Duration::from_secs(45);

/// Unused connections kept.
const IDLE_CONNECTIONS: usize = 32;

/// TLS sessions kept to be resumed: as many as rustls keeps for one server.
const TLS_SESSIONS: usize = 8;

/// The one origin that requests may go to, and the connections to it.
///
/// Clones share the connections and the TLS sessions. Two tenants should not share them: a
/// server may tie authentication or rate limits to either.
#[derive(Clone)]
pub struct Outbound {
    api: Option<Arc<Inner>>,
    objects: Option<Objects>,
}

/// The origin at which a component keeps objects.
#[derive(Clone)]
struct Objects {
    origin: Origin,
    place: ObjectsPlace,
}

#[derive(Clone)]
enum ObjectsPlace {
    /// Nothing leaves the process.
    Inside(Arc<dyn ObjectStore>),
    /// A server.
    Outside(Arc<Inner>),
}

struct Inner {
    origin: Origin,
    client: Client<HttpsConnector<Route>, WasiBody>,
    proxy: Option<Proxy>,
    authorization: Option<HeaderValue>,
}

impl Outbound {
    /// Allows the origin of `url` (scheme, host and port; a path is ignored) and nothing else.
    ///
    /// # Errors
    ///
    /// `url` is not an http or https URL with a host, or it holds a user name. With
    /// [`Addresses::Public`]: it is not https, or its host is an address that is not public.
    pub fn new(url: &str, policy: &Policy) -> anyhow::Result<Self> {
        let (origin, uri) = url
            .parse()
            .map_err(anyhow::Error::from)
            .and_then(|uri| Ok((Origin::of(&uri)?.within(policy.addresses)?, uri)))
            .context("cannot use this base URL")?;
        let mut tls = policy.client_config()?;
        tls.resumption = Resumption::in_memory_sessions(TLS_SESSIONS);
        let (route, proxy) = route(&uri, &origin, policy)?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(route);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(connector);
        Ok(Self {
            api: Some(Arc::new(Inner {
                origin,
                client,
                proxy,
                authorization: None,
            })),
            objects: None,
        })
    }

    /// Allows nothing.
    #[must_use]
    pub fn nowhere() -> Self {
        Self {
            api: None,
            objects: None,
        }
    }

    /// Answers requests to the origin of `url`, such as `http://index.internal`, from `store`. They
    /// never leave the process. They are none of the call's requests: no gate, operation or limit
    /// of the API holds for them, and they do not count. An object has at most
    /// [`Limits::response_bytes`](crate::Limits::response_bytes).
    ///
    /// # Errors
    ///
    /// `url` is not an http or https URL with a host, or it is the API's own origin.
    pub fn with_objects(self, url: &str, store: Arc<dyn ObjectStore>) -> anyhow::Result<Self> {
        self.keeping_objects(url, ObjectsPlace::Inside(store))
    }

    /// Lets requests to the origin of `url` through to a server that keeps objects, without the
    /// API's `Authorization`. Otherwise they are as those of [`with_objects`](Self::with_objects).
    ///
    /// # Errors
    ///
    /// As of [`new`](Self::new), or it is the API's own origin.
    pub fn with_objects_at(self, url: &str, policy: &Policy) -> anyhow::Result<Self> {
        let server = Self::new(url, policy)?.api.context("it is reachable")?;
        self.keeping_objects(url, ObjectsPlace::Outside(server))
    }

    fn keeping_objects(mut self, url: &str, place: ObjectsPlace) -> anyhow::Result<Self> {
        let uri: http::Uri = url.parse().context("cannot keep objects at this URL")?;
        let origin = Origin::of(&uri).context("cannot keep objects at this URL")?;
        ensure!(
            self.api.as_ref().is_none_or(|api| api.origin != origin),
            "objects cannot be kept at {origin}, the origin of the API itself"
        );
        self.objects = Some(Objects { origin, place });
        Ok(self)
    }

    /// Sets every request's `Authorization` to `value`, replacing the component's own, so that
    /// a host can keep the secret out of the sandbox. Connections stay shared.
    #[must_use]
    pub fn with_authorization(self, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        Self {
            api: self.api.map(|inner| {
                Arc::new(Inner {
                    origin: inner.origin.clone(),
                    client: inner.client.clone(),
                    proxy: inner.proxy.clone(),
                    authorization: Some(value),
                })
            }),
            ..self
        }
    }

    /// The allowed origin, such as `https://api.example.com:443`.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        self.api.as_ref().map(|inner| inner.origin.to_string())
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
