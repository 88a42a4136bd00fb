use std::time::{Duration, Instant};

use http::Request;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use wasmtime_wasi_http::{Error, RequestOptions};

use crate::operations::stated;
use crate::outbound::{Addresses, Hooks, Outbound, Policy, Traffic};

/// A server that answers each thing that it reads with the next of `answers`, and reports what it read.
async fn server(answers: &'static [&'static str]) -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (report, reports) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            for answer in answers {
                let mut buffer = [0; 4096];
                let length = stream.read(&mut buffer).await.unwrap_or_default();
                let read = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let _ = report.send(read);
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    (port, reports)
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

async fn get(base: &str, url: &str, proxies: Matcher) -> Result<String, Error> {
    let policy = Policy::new(None, Addresses::Any).unwrap().through(proxies);
    let hooks = Hooks::new(
        Outbound::new(base, &policy).unwrap(),
        Traffic::new(10, 100),
        Instant::now() + Duration::from_secs(5),
        None,
        stated(&["GET /"]),
    );
    let body = http_body_util::Empty::new().map_err(|never| match never {});
    let request = Request::get(url).body(body.boxed_unsync()).unwrap();
    let response = hooks.send(request, RequestOptions::default()).await?;
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn proxy(port: u16) -> Matcher {
    let proxy = format!("http://me:s3cret@127.0.0.1:{port}");
    Matcher::builder().all(proxy).no("direct.example").build()
}

#[tokio::test]
async fn requests_go_through_the_proxy() {
    let (port, mut read) = server(&["HTTP/1.1 200 Connected\r\n\r\n", OK]).await;
    let acme = "http://acme.example";
    assert_eq!(get(acme, acme, proxy(port)).await.unwrap(), "hi");
    let tunnel = read.recv().await.unwrap();
    assert!(
        tunnel.starts_with("CONNECT acme.example:80 HTTP/1.1\r\n"),
        "{tunnel}"
    );
    // me:s3cret
    assert!(
        tunnel
            .to_ascii_lowercase()
            .contains("proxy-authorization: basic "),
        "{tunnel}"
    );
    assert!(tunnel.contains("bWU6czNjcmV0"), "{tunnel}");
    let request = read.recv().await.unwrap();
    assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains("bWU6czNjcmV0"), "{request}");
}

#[tokio::test]
async fn clients_of_the_host_go_through_the_proxy_too() {
    let (port, mut read) = server(&["HTTP/1.1 200 Connected\r\n\r\n", OK]).await;
    let policy = Policy::new(None, Addresses::Any).unwrap();
    let connector = policy.through(proxy(port)).connector(true).unwrap();
    let client: Client<_, http_body_util::Empty<bytes::Bytes>> =
        Client::builder(TokioExecutor::new()).build(connector);
    let get = |host: &str| client.get(format!("http://{host}/").parse().unwrap());
    // The same client, as a provider has its keys at another host.
    for host in ["login.example", "keys.example"] {
        let response = get(host).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "hi");
        let tunnel = read.recv().await.unwrap();
        let connect = format!("CONNECT {host}:80 HTTP/1.1\r\n");
        assert!(tunnel.starts_with(&connect), "{tunnel}");
        assert!(tunnel.contains("bWU6czNjcmV0"), "{tunnel}");
        let request = read.recv().await.unwrap();
        assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
    }
    // It needs none, and does not exist.
    assert!(get("direct.example").await.is_err());
    assert!(read.try_recv().is_err());
}

#[tokio::test]
async fn the_network_policy_holds_with_a_proxy() {
    let (port, mut read) = server(&[OK]).await;
    let elsewhere = get("http://acme.example", "http://evil.example", proxy(port)).await;
    assert!(
        matches!(elsewhere, Err(Error::HttpRequestDenied)),
        "{elsewhere:?}"
    );
    assert!(read.try_recv().is_err(), "nothing reaches the proxy");
    let public = Policy::new(None, Addresses::Public)
        .unwrap()
        .through(proxy(port));
    assert!(Outbound::new("https://10.0.0.1", &public).is_err());
    assert!(Outbound::new("http://acme.example", &public).is_err());
}

#[tokio::test]
async fn what_needs_no_proxy_goes_directly() {
    let (port, mut read) = server(&[OK]).await;
    let own = format!("http://127.0.0.1:{port}");
    assert_eq!(get(&own, &own, proxy(1)).await.unwrap(), "hi");
    assert!(read.recv().await.unwrap().starts_with("GET / HTTP/1.1"));
    let (port, mut read) = server(&[OK]).await;
    let direct = get(
        "http://direct.example",
        "http://direct.example",
        proxy(port),
    )
    .await;
    assert!(matches!(direct, Err(Error::DnsError { .. })), "{direct:?}");
    assert!(read.try_recv().is_err());
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_without_its_password() {
    let (port, _read) = server(&["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"]).await;
    let acme = "http://acme.example";
    for port in [port, 1] {
        match get(acme, acme, proxy(port)).await {
            Err(Error::InternalError(Some(text))) => {
                assert!(text.starts_with(&format!("the proxy 127.0.0.1:{port} (HTTPS_PROXY) ")));
                assert!(!text.contains("s3cret"), "{text}");
            }
            other => panic!("{other:?}"),
        }
    }
    let socks = Matcher::builder().all("socks5://127.0.0.1:1080").build();
    let policy = Policy::new(None, Addresses::Any).unwrap().through(socks);
    let refused = Outbound::new(acme, &policy).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("socks5 proxies are not supported"),
        "{refused}"
    );
}
