//! The same exchanges without a sandbox.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use gong_tools::bench_api;
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::{Call, authorization, variables};

/// A tenant's client.
#[derive(Clone)]
pub(crate) struct Native {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
    authorization: HeaderValue,
    variables: Vec<(&'static str, String)>,
}

/// A request that a tool sends.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    method: http::Method,
    path: String,
    body: Option<(HeaderValue, Bytes)>,
}

impl Native {
    pub(crate) fn new(url: &str, ca_pem: Option<&str>) -> anyhow::Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        if let Some(pem) = ca_pem {
            roots.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
        }
        let provider = rustls::crypto::ring::default_provider();
        let tls = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self {
            client: Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .build(connector),
            url: url.to_owned(),
            authorization: authorization(),
            variables: variables(url),
        })
    }

    /// The requests of a tool call, found by answering them one after the other.
    pub(crate) async fn requests(&self, call: Call) -> anyhow::Result<Vec<Sent>> {
        let mut sent = Vec::new();
        let mut answers: Vec<(u16, Bytes)> = Vec::new();
        loop {
            let next = RefCell::new(None);
            let number = RefCell::new(0);
            let answered = self.tool(call, &|request| {
                let index = number.replace_with(|index| *index + 1);
                if let Some((status, body)) = answers.get(index) {
                    return (*status, body.to_vec());
                }
                next.borrow_mut().get_or_insert_with(|| Sent::from(request));
                (200, b"{}".to_vec())
            });
            let Some(request) = next.into_inner() else {
                ensure!(!answered.2, "{}: {}", call.tool, answered.0);
                return Ok(sent);
            };
            answers.push(self.exchange(&request).await?);
            sent.push(request);
        }
    }

    /// The call, with the exchanges that it needs.
    pub(crate) async fn call(&self, call: Call, requests: &[Sent]) -> anyhow::Result<()> {
        let exchanges = async {
            let mut answers = Vec::with_capacity(requests.len());
            for request in requests {
                answers.push(self.exchange(request).await?);
            }
            anyhow::Ok(answers)
        };
        let answers = tokio::time::timeout(Duration::from_secs(30), exchanges).await??;
        let answers = RefCell::new(answers.into_iter());
        let answered = self.tool(call, &|_| {
            let (status, body) = answers.borrow_mut().next().unwrap_or_default();
            (status, body.into())
        });
        ensure!(!answered.2, "{}", answered.0);
        Ok(())
    }

    fn tool(
        &self,
        call: Call,
        answer: &dyn Fn(&bench_api::ApiRequest<'_>) -> (u16, Vec<u8>),
    ) -> bench_api::Answer {
        let variable = |name: &str| {
            let found = self.variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| value.clone())
        };
        bench_api::call_tool(call.tool, call.arguments, &variable, answer)
    }

    async fn exchange(&self, sent: &Sent) -> anyhow::Result<(u16, Bytes)> {
        let mut request = Request::builder()
            .method(sent.method.clone())
            .uri(format!("{}{}", self.url, sent.path))
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "native")
            .header(header::AUTHORIZATION, self.authorization.clone());
        if let Some((content_type, _)) = &sent.body {
            request = request.header(header::CONTENT_TYPE, content_type.clone());
        }
        let body = sent.body.as_ref().map(|(_, body)| body.clone());
        let request = request.body(Full::from(body.unwrap_or_default()))?;
        let response = self.client.request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await;
        Ok((status, body.context("the answer's body")?.to_bytes()))
    }
}

impl From<&bench_api::ApiRequest<'_>> for Sent {
    fn from(request: &bench_api::ApiRequest<'_>) -> Self {
        Self {
            method: request.method.parse().expect("it is a method"),
            path: request.path.to_owned(),
            body: request.body.map(|(content_type, body)| {
                let content_type = content_type.parse().expect("it is a header");
                (content_type, Bytes::copy_from_slice(body))
            }),
        }
    }
}
