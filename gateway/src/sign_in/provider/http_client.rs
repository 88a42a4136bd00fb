//! Requests to the provider, over pooled connections and within bounds.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::https_client::{HttpsClient, describe, pooled};
use crate::tenant::Network;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer. Sets of keys have a few thousand.
const LARGEST: usize = 1 << 20;

/// The client. The provider may be in the operator's own network, so every address is allowed.
#[derive(Debug)]
pub(crate) struct ProviderHttp {
    client: HttpsClient,
    network: Network,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct HttpError(String);

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HttpError {}

impl ProviderHttp {
    /// Trusts the certificates of the tenants' network, and goes through its proxies.
    ///
    /// # Errors
    ///
    /// The cryptography has no safe version of TLS, which does not happen.
    pub(crate) fn new(network: &Network) -> anyhow::Result<Self> {
        Ok(Self {
            client: pooled(&network.policy_anywhere(), network.is_for_stand_ins())?,
            network: network.clone(),
        })
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.network.is_same(&other.network)
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// There is no answer in time, or it is too large.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let answered = async {
            let request = request.map(|body| Full::new(Bytes::from(body)));
            let response = self.client.request(request).await;
            let response =
                response.map_err(|error| HttpError(format!("{host}: {}", describe(&error))))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LARGEST).collect().await;
            let body = body.map_err(|error| HttpError(format!("{host}: {error}")))?;
            Ok(HttpResponse::from_parts(parts, body.to_bytes().to_vec()))
        };
        let answered = tokio::time::timeout(TIMEOUT, answered).await;
        answered.unwrap_or_else(|_| {
            let seconds = TIMEOUT.as_secs();
            Err(HttpError(format!(
                "{host} did not answer within {seconds} s"
            )))
        })
    }
}

impl<'c> AsyncHttpClient<'c> for ProviderHttp {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
