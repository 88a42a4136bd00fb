//! The way to a server: directly, or through a proxy.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::{Context as _, ensure};
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::addresses::Checked;
use super::origin::Origin;
use super::policy::Policy;

/// Connects to servers. The proxy is the operator's own and may have any address; a server behind it
/// is looked up by the proxy, so its address is not checked here.
#[derive(Clone)]
pub(super) enum Route {
    Direct(HttpConnector<Checked<GaiResolver>>),
    Proxied(Box<Tunnel<HttpsConnector<HttpConnector>>>),
}

/// Connects to each server by its own way, for clients of the host itself.
#[derive(Clone, Debug)]
pub struct Routes(Policy);

impl Policy {
    /// Connects to any server with TLS, or also without it if `plain`, as this policy says.
    ///
    /// # Errors
    ///
    /// The cryptography has no safe version of TLS, which does not happen.
    pub fn connector(&self, plain: bool) -> anyhow::Result<HttpsConnector<Routes>> {
        let connector = HttpsConnectorBuilder::new().with_tls_config(self.client_config()?);
        let connector = match plain {
            true => connector.https_or_http(),
            false => connector.https_only(),
        };
        let routes = Routes(self.clone());
        Ok(connector.enable_http1().wrap_connector(routes))
    }
}

impl Service<Uri> for Routes {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let route = Origin::of(&server).and_then(|origin| route(&server, &origin, &self.0));
        Box::pin(async move {
            let (mut route, _) = route?;
            poll_fn(|context| route.poll_ready(context)).await?;
            route.call(server).await
        })
    }
}

/// A proxy, without its credentials.
#[derive(Clone, Debug)]
pub(super) struct Proxy(Uri);

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.0.port_u16().map(|port| format!(":{port}"));
        let host = self.0.host().unwrap_or_default();
        write!(f, "{host}{}", port.unwrap_or_default())
    }
}

/// The way to a server, and the proxy on it.
///
/// # Errors
///
/// The proxy is of a kind that is not supported.
pub(super) fn route(
    url: &Uri,
    origin: &Origin,
    policy: &Policy,
) -> anyhow::Result<(Route, Option<Proxy>)> {
    let proxy = policy.proxies.intercept(url);
    let Some(proxy) = proxy.filter(|_| !origin.is_loopback()) else {
        let resolver = Checked::new(GaiResolver::new(), policy.addresses);
        return Ok((
            Route::Direct(tcp(HttpConnector::new_with_resolver(resolver))),
            None,
        ));
    };
    let named = Proxy(proxy.uri().clone());
    let scheme = proxy.uri().scheme_str().unwrap_or_default();
    ensure!(
        matches!(scheme, "http" | "https"),
        "{scheme} proxies are not supported: HTTPS_PROXY takes one such as http://proxy.example:3128"
    );
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(policy.client_config().context("cannot use a proxy")?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp(HttpConnector::new()));
    let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
    if let Some(credentials) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(credentials.clone());
    }
    Ok((Route::Proxied(Box::new(tunnel)), Some(named)))
}

fn tcp<R>(mut tcp: HttpConnector<R>) -> HttpConnector<R> {
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}

/// The URL with its port: a tunnel takes 443 where there is none.
fn with_port(url: Uri) -> Uri {
    let host = url.host().filter(|_| url.scheme() == Some(&Scheme::HTTP));
    let Some(host) = host.filter(|_| url.port().is_none()) else {
        return url;
    };
    let with_port = format!("http://{host}:80").parse();
    with_port.unwrap_or(url)
}

impl Service<Uri> for Route {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match self {
            Self::Direct(tcp) => tcp.poll_ready(context).map_err(Into::into),
            Self::Proxied(tunnel) => tunnel.poll_ready(context).map_err(Into::into),
        }
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        match self {
            Self::Direct(tcp) => {
                let stream = tcp.call(server);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(stream.await?)) })
            }
            Self::Proxied(tunnel) => {
                let stream = tunnel.call(with_port(server));
                Box::pin(async move { Ok(stream.await?) })
            }
        }
    }
}

#[cfg(test)]
mod tests;
