//! Client id metadata documents: read from where their client id says, and remembered for a while.
//!
//! Whoever sends somebody to the sign-in decides which address is read. So only hosts that the
//! configuration admits are asked, at public addresses, within bounds of time and size; redirections
//! are not followed, and what failed is not remembered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use sandbox::outbound::{Addresses, Checked};

use super::client_metadata::{ClientMetadata, DocumentUrl};
use crate::config::ClientRules;
use crate::store::sign_in::ClientRow;
use crate::tenant::Network;

/// Bytes of a document.
const LARGEST: usize = 5 << 10;

/// How long a document may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long a document is remembered at least, and at most. Its server may say how long in between.
const REMEMBERED: (Duration, Duration) = (
    Duration::from_secs(5 * 60),
    Duration::from_secs(24 * 60 * 60),
);

/// Documents that are remembered at a time.
const MOST: usize = 256;

/// The documents that were read.
#[derive(Debug, Default)]
pub(super) struct Documents(Mutex<HashMap<String, Remembered>>);

#[derive(Debug)]
struct Remembered {
    document: Bytes,
    until: Instant,
}

impl Documents {
    /// The client that the document at an address describes.
    ///
    /// # Errors
    ///
    /// It can not be read or used. The sentence says why.
    pub(super) async fn client(
        &self,
        url: &DocumentUrl,
        rules: &ClientRules,
        network: &Network,
        now: Timestamp,
    ) -> Result<ClientRow, String> {
        if let Some(document) = self.remembered(&url.text) {
            return parse(&document)?.into_published(url, rules, now);
        }
        let (document, life) = fetch(url, network).await?;
        let client = parse(&document)?.into_published(url, rules, now)?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        known.retain(|_, one| one.until > at);
        if known.len() < MOST {
            let until = at + life;
            known.insert(url.text.clone(), Remembered { document, until });
        }
        Ok(client)
    }

    fn remembered(&self, url: &str) -> Option<Bytes> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = known.get(url).filter(|one| one.until > Instant::now())?;
        Some(one.document.clone())
    }
}

fn parse(document: &[u8]) -> Result<ClientMetadata, String> {
    let parsed = serde_json::from_slice(document);
    parsed.map_err(|_| "the client's metadata document is no JSON of that form".to_owned())
}

/// Reads a document, and how long it may be remembered.
async fn fetch(url: &DocumentUrl, network: &Network) -> Result<(Bytes, Duration), String> {
    let read = tokio::time::timeout(TIMEOUT, fetch_patiently(url, network)).await;
    read.unwrap_or_else(|_| {
        let seconds = TIMEOUT.as_secs();
        Err(format!(
            "{} took more than {seconds} s to send the client's metadata document",
            url.host
        ))
    })
}

async fn fetch_patiently(
    url: &DocumentUrl,
    network: &Network,
) -> Result<(Bytes, Duration), String> {
    let host = &url.host;
    let addresses = match network.is_for_stand_ins() {
        true => Addresses::Any,
        false => Addresses::Public,
    };
    let mut tcp = HttpConnector::new_with_resolver(Checked::new(GaiResolver::new(), addresses));
    tcp.enforce_http(false);
    let tls = network
        .client_config()
        .map_err(|error| format!("{error:#}"))?;
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_only()
        .enable_http1()
        .wrap_connector(tcp);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let request = Request::get(&url.text)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "gong-gateway")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let response = client.request(request).await;
    // Why exactly says something of the network that the gateway is in.
    let response = response.map_err(|error| {
        tracing::info!(
            host,
            "a client's metadata document can not be read: {error:?}"
        );
        format!("the client's metadata document can not be read from {host}")
    })?;
    if response.status() != StatusCode::OK {
        return Err(format!(
            "{host} answered {} in place of the client's metadata document",
            response.status().as_u16()
        ));
    }
    let life = life(response.headers());
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body.map_err(|_| {
        format!(
            "the client's metadata document at {host} has more than {LARGEST} bytes, or broke off"
        )
    })?;
    Ok((body.to_bytes(), life))
}

/// How long a document may be remembered, as its server says.
fn life(headers: &HeaderMap) -> Duration {
    let control = headers.get(header::CACHE_CONTROL);
    let control = control.and_then(|value| value.to_str().ok()).unwrap_or("");
    let parts = control.split(',').map(str::trim);
    let seconds = parts.filter_map(|part| part.strip_prefix("max-age=")?.parse().ok());
    let life = Duration::from_secs(seconds.min().unwrap_or(0));
    life.clamp(REMEMBERED.0, REMEMBERED.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_how_long_within_bounds() {
        let said = |text: &str| {
            life(&HeaderMap::from_iter([(
                header::CACHE_CONTROL,
                text.parse().unwrap(),
            )]))
        };
        assert_eq!(said("public, max-age=3600"), Duration::from_secs(3600));
        for (text, bound) in [
            ("no-store", REMEMBERED.0),
            ("max-age=1", REMEMBERED.0),
            ("max-age=x", REMEMBERED.0),
            ("max-age=99999999", REMEMBERED.1),
        ] {
            assert_eq!(said(text), bound, "{text}");
        }
    }

    #[tokio::test]
    async fn nothing_on_this_machine_is_asked() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let rules = ClientRules {
            hosts: ["*".to_owned()].into(),
            ..ClientRules::default()
        };
        let url = format!("https://localhost:{port}/client.json");
        let url = DocumentUrl::parse(&url, &rules, true).unwrap();
        let network = Network::new(None, Addresses::Public).unwrap();
        let documents = Documents::default();
        let read = documents.client(&url, &rules, &network, Timestamp::UNIX_EPOCH);
        let refused = read.await.unwrap_err();
        assert_eq!(
            refused,
            "the client's metadata document can not be read from localhost"
        );
        let connected = tokio::time::timeout(Duration::from_millis(50), listener.accept());
        assert!(connected.await.is_err(), "it was connected to");
    }
}
