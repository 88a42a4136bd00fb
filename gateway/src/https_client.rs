//! The client for systems of the operator's own: where the audit is pushed, where traces go, and the
//! provider at which people sign in.

use std::path::Path;

use bytes::Bytes;
use http::HeaderValue;
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sandbox::outbound::{Addresses, Policy, Routes};

use crate::config::{Files, SecretRef};

/// Sends requests over pooled connections.
pub(crate) type HttpsClient = Client<HttpsConnector<Routes>, Full<Bytes>>;

/// A client. `ca` has more root certificates than Mozilla's; `plain` lets it use http too.
///
/// # Errors
///
/// `ca` can not be read, or holds no certificate.
pub(crate) fn https_client(ca: Option<&Path>, plain: bool) -> Result<HttpsClient, String> {
    let pem = ca.map(std::fs::read_to_string).transpose();
    let pem = pem.map_err(|error| format!("ca: it can not be read ({error})"))?;
    // The system may be in the operator's own network.
    Policy::from_environment(pem.as_deref(), Addresses::Any)
        .and_then(|policy| pooled(&policy, plain))
        .map_err(|error| format!("{error:#}"))
}

/// A client for servers that `policy` allows.
///
/// # Errors
///
/// The cryptography has no safe version of TLS, which does not happen.
pub(crate) fn pooled(policy: &Policy, plain: bool) -> anyhow::Result<HttpsClient> {
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(policy.connector(plain)?))
}

/// What failed, with its cause.
pub(crate) fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// The value of an `Authorization` header.
///
/// # Errors
///
/// The secret can not be read, or no header can hold it. The text does not quote it.
pub(crate) fn authorization(reference: &SecretRef) -> Result<HeaderValue, String> {
    let secret = reference.resolve(&mut Files::default());
    let secret = secret.map_err(|error| error.to_string())?;
    let value = HeaderValue::try_from(secret.reveal());
    let mut value = value.map_err(|_| format!("{reference}: no header can hold it"))?;
    value.set_sensitive(true);
    Ok(value)
}
