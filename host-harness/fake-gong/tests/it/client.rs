//! A small HTTP client: one connection a request.

use std::sync::Arc;

use base64::Engine;
use fake_gong::{FakeGong, OpenApi, Options};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// The moment at which the companies of the tests stand.
pub(crate) const NOW: &str = "2026-11-20T10:00:00Z";

/// Options that do not depend on the clock or on files.
pub(crate) fn options() -> Options {
    Options {
        now: Some(NOW.parse().unwrap()),
        openapi: OpenApi::Off,
        ..Options::default()
    }
}

/// A running stand-in.
pub(crate) async fn start(options: Options) -> FakeGong {
    FakeGong::start(([127, 0, 0, 1], 0).into(), options)
        .await
        .unwrap()
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// The first of `errors`, and a check that the answer is shaped as every error of Gong's.
    pub(crate) fn error(&self) -> String {
        let body = self.json();
        assert!(body["requestId"].as_str().is_some_and(|id| !id.is_empty()));
        assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
        body["errors"][0].as_str().unwrap().to_owned()
    }
}

/// The header for the default credentials.
pub(crate) fn basic() -> String {
    let Options {
        access_key,
        access_key_secret,
        ..
    } = Options::default();
    let pair = format!("{access_key}:{access_key_secret}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    )
}

pub(crate) async fn get(gong: &FakeGong, path: &str) -> Answer {
    let request = Request::get(path).header("authorization", basic());
    send(gong, request.body(Full::default()).unwrap())
        .await
        .unwrap()
}

pub(crate) async fn post(gong: &FakeGong, path: &str, body: Value) -> Answer {
    let request = Request::post(path)
        .header("authorization", basic())
        .header("content-type", "application/json");
    let body = Full::from(body.to_string());
    send(gong, request.body(body).unwrap()).await.unwrap()
}

/// Any method, with a JSON body or without one.
pub(crate) async fn ask(gong: &FakeGong, method: &str, path: &str, body: Option<Value>) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", basic());
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map_or_else(Full::default, |body| Full::from(body.to_string()));
    send(gong, request.body(body).unwrap()).await.unwrap()
}

/// A POST of one file as multipart/form-data.
pub(crate) async fn upload(gong: &FakeGong, path: &str, part: &str, content: &str) -> Answer {
    let boundary = "the-boundary";
    let body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"file\"\r\n\r\n{content}\r\n--{boundary}--\r\n"
    );
    let request = Request::post(path).header("authorization", basic()).header(
        "content-type",
        format!("multipart/form-data; boundary={boundary}"),
    );
    send(gong, request.body(Full::from(body)).unwrap())
        .await
        .unwrap()
}

pub(crate) async fn send(
    gong: &FakeGong,
    request: Request<Full<Bytes>>,
) -> Result<Answer, hyper::Error> {
    let stream = TcpStream::connect(gong.addr()).await.unwrap();
    match gong.ca_pem() {
        None => exchange(stream, request).await,
        Some(pem) => {
            let mut roots = rustls::RootCertStore::empty();
            let ca = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
            roots.add(ca).unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            let name = ServerName::try_from("localhost").unwrap();
            let stream = connector.connect(name, stream).await.unwrap();
            exchange(stream, request).await
        }
    }
}

async fn exchange<S>(stream: S, mut request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    request
        .headers_mut()
        .insert("host", "localhost".parse().unwrap());
    let (head, body) = sender.send_request(request).await?.into_parts();
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        bytes: body.collect().await?.to_bytes(),
    })
}
