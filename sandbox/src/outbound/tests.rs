//! Requests to servers that misbehave, and to places that are not allowed.

use std::time::{Duration, Instant};

use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::origin::Origin;
use super::{Addresses, Hooks, Outbound, Policy, Traffic};
use crate::operations::stated;

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
        stated(&["GET /"]),
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
        stated(&["GET /"]),
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
