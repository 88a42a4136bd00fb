//! Requests of a component to the place of its objects.

use std::time::Instant;

use ::http::{HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::*;
use crate::gate::{Admission, Gate};
use crate::operations::stated;
use crate::outbound::{Addresses, Hooks, Outbound, Policy, Traffic};

const URL: &str = "http://index.internal";

/// A gate that fails the test when it is asked.
#[derive(Debug)]
struct Closed;

impl Gate for Closed {
    fn admit(&self, _: Instant) -> Admission<'_> {
        panic!("requests for objects are none to the API")
    }

    fn answered(&self, _: Option<::http::StatusCode>, _: Option<Duration>) {
        panic!("nor are their answers")
    }
}

fn any() -> Policy {
    Policy::new(None, Addresses::Any).unwrap()
}

fn hooks(outbound: Outbound) -> Hooks {
    Hooks::new(
        outbound,
        Traffic::new(0, 1_000),
        Instant::now() + Duration::from_secs(5),
        Some(Arc::new(Closed)),
        stated(&[]),
    )
}

fn inside(store: Arc<dyn ObjectStore>) -> Hooks {
    let api = Outbound::new("http://localhost:1", &any()).unwrap();
    let api = api.with_authorization(HeaderValue::from_static("Basic c2VjcmV0"));
    hooks(api.with_objects(URL, store).unwrap())
}

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(MemoryStore::new(limits(), StoreClock::default()))
}

fn body(bytes: &[u8]) -> WasiBody {
    let body = Full::new(Bytes::copy_from_slice(bytes));
    body.map_err(|never| match never {}).boxed_unsync()
}

async fn send(
    hooks: &Hooks,
    method: Method,
    path: &str,
    header: Option<(&'static str, &str)>,
    bytes: &[u8],
) -> Result<Response<WasiBody>, Error> {
    let mut request = Request::new(body(bytes));
    *request.method_mut() = method;
    *request.uri_mut() = format!("{URL}{path}").parse().unwrap();
    if let Some((name, value)) = header {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    hooks.send(request, RequestOptions::default()).await
}

async fn status(
    hooks: &Hooks,
    method: Method,
    path: &str,
    header: Option<(&'static str, &str)>,
    bytes: &[u8],
) -> u16 {
    let answered = send(hooks, method, path, header, bytes).await;
    answered.unwrap().status().as_u16()
}

async fn text(response: Response<WasiBody>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

fn etag(response: &Response<WasiBody>) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn objects_are_written_read_and_deleted() {
    let hooks = inside(memory());
    let absent = Some(("if-none-match", "*"));
    assert_eq!(status(&hooks, Method::GET, "/a", None, b"").await, 404);
    let made = send(&hooks, Method::PUT, "/a", absent, b"one")
        .await
        .unwrap();
    assert_eq!(made.status(), 204);
    assert_eq!(status(&hooks, Method::PUT, "/a", absent, b"two").await, 412);

    let got = send(&hooks, Method::GET, "/a", None, b"").await.unwrap();
    assert_eq!(got.status(), 200);
    assert_eq!(got.headers()["content-length"], "3");
    let first = etag(&got);
    assert_eq!(first, etag(&made));
    assert_eq!(text(got).await, "one");

    let replaced = send(
        &hooks,
        Method::PUT,
        "/a",
        Some(("if-match", &first)),
        b"two",
    )
    .await;
    let second = etag(&replaced.unwrap());
    assert_ne!(first, second);
    for (method, bytes) in [(Method::PUT, &b"three"[..]), (Method::DELETE, b"")] {
        let stale = Some(("if-match", &*first));
        assert_eq!(status(&hooks, method, "/a", stale, bytes).await, 412);
    }
    let current = Some(("if-match", &*second));
    assert_eq!(
        status(&hooks, Method::DELETE, "/a", current, b"").await,
        204
    );
    assert_eq!(status(&hooks, Method::DELETE, "/a", None, b"").await, 404);
    assert_eq!(
        hooks.traffic().requests(),
        0,
        "none of them is one to the API"
    );
    assert_eq!(hooks.traffic().response_bytes(), 0);
}

#[tokio::test]
async fn what_is_no_request_for_an_object_is_refused() {
    let hooks = inside(memory());
    for path in ["/", "/a/b", "/a?x", "/.a", "/%2e%2e", "/a%00"] {
        assert_eq!(
            status(&hooks, Method::GET, path, None, b"").await,
            400,
            "{path}"
        );
    }
    for header in [
        ("if-match", "W/\"a\""),
        ("if-match", "\"a\", \"b\""),
        ("if-none-match", "\"a\""),
    ] {
        let answered = status(&hooks, Method::PUT, "/a", Some(header), b"").await;
        assert_eq!(answered, 400, "{header:?}");
    }
    let foreign = Some(("if-match", "\"of another server\""));
    assert_eq!(status(&hooks, Method::PUT, "/a", foreign, b"").await, 412);
    let condition = Some(("if-match", "*"));
    assert_eq!(status(&hooks, Method::GET, "/a", condition, b"").await, 400);
    for method in [Method::POST, Method::PATCH, Method::HEAD, Method::OPTIONS] {
        let answered = send(&hooks, method, "/a", None, b"").await.unwrap();
        assert_eq!(answered.status(), 405);
        assert_eq!(answered.headers()["allow"], "GET, PUT, DELETE");
    }
}

#[tokio::test]
async fn sizes_and_numbers_are_bounded() {
    let store = memory();
    let hooks = inside(Arc::clone(&store));
    assert_eq!(
        status(&hooks, Method::PUT, "/a", None, &[0; 1_000]).await,
        204
    );
    assert_eq!(
        status(&hooks, Method::PUT, "/a", None, &[0; 1_001]).await,
        413
    );
    put(&*store, "large", &[0; 1_001]).unwrap();
    let large = send(&hooks, Method::GET, "/large", None, b"").await;
    assert!(matches!(
        large.map(|_| ()),
        Err(Error::HttpResponseBodySize(Some(1_001)))
    ));
    let blocks = (0..100).map(|n| put(&*store, &format!("n{n}"), &[0; 1_000]));
    assert!(blocks.into_iter().any(|put| put == Err(StoreFault::Full)));
    assert_eq!(
        status(&hooks, Method::PUT, "/z", None, &[0; 1_000]).await,
        507
    );

    // Answers that are not read hold room; a component has some of it and no more.
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(send(&hooks, Method::GET, "/a", None, b"").await.unwrap());
    }
    let refused = send(&hooks, Method::GET, "/a", None, b"").await;
    assert!(matches!(
        refused.map(|_| ()),
        Err(Error::ConnectionLimitReached)
    ));
    held.clear();
    for _ in 0..2_000 {
        let _ = send(&hooks, Method::GET, "/a", None, b"").await;
    }
    let refused = send(&hooks, Method::GET, "/a", None, b"").await;
    assert!(matches!(
        refused.map(|_| ()),
        Err(Error::ConnectionLimitReached)
    ));
}

/// A store that takes long, and one that fails.
#[derive(Debug)]
struct Bad(Duration);

impl ObjectStore for Bad {
    fn get(&self, _: &ObjectName) -> Result<Option<Object>, StoreFault> {
        std::thread::sleep(self.0);
        Err(StoreFault::Failed("/secret/path: broken".to_owned()))
    }

    fn put(&self, name: &ObjectName, _: Bytes, _: &Condition) -> Result<Version, StoreFault> {
        self.get(name)?;
        Version::new()
    }

    fn delete(&self, name: &ObjectName, _: &Condition) -> Result<bool, StoreFault> {
        Ok(self.get(name)?.is_some())
    }

    fn usage(&self) -> Result<StoreUsage, StoreFault> {
        Ok(StoreUsage::default())
    }

    fn clear(&self) -> Result<(), StoreFault> {
        Ok(())
    }

    fn tidy(&self) -> Result<(), StoreFault> {
        Ok(())
    }

    fn set_limits(&self, _: StoreLimits) {}
}

#[tokio::test]
async fn a_store_that_fails_or_hangs_is_answered_for() {
    let failing = inside(Arc::new(Bad(Duration::ZERO)));
    let failed = send(&failing, Method::GET, "/a", None, b"").await.unwrap();
    assert_eq!(failed.status(), 503);
    assert_eq!(text(failed).await, "the store has failed");

    let slow = inside(Arc::new(Bad(Duration::from_secs(2))));
    let options = RequestOptions {
        first_byte_timeout: Some(Duration::from_millis(50)),
        ..RequestOptions::default()
    };
    let request = Request::get(format!("{URL}/a")).body(body(b"")).unwrap();
    let late = slow.send(request, options).await.map(|_| ());
    assert!(
        matches!(late, Err(Error::ConnectionReadTimeout)),
        "{late:?}"
    );
}

#[tokio::test]
async fn without_a_store_the_origin_is_denied_and_the_apis_own_can_not_be_it() {
    let api = Outbound::new("http://localhost:1", &any()).unwrap();
    let gateless = Hooks::new(
        api.clone(),
        Traffic::new(5, 100),
        Instant::now() + Duration::from_secs(5),
        None,
        stated(&["GET /a"]),
    );
    let denied = send(&gateless, Method::GET, "/a", None, b"").await;
    assert!(matches!(denied.map(|_| ()), Err(Error::HttpRequestDenied)));
    let same = api.clone().with_objects("http://LOCALHOST:1/x", memory());
    assert!(same.unwrap_err().to_string().contains("the API itself"));
    assert!(api.with_objects("index.internal", memory()).is_err());
    let shown = format!(
        "{:?}",
        Outbound::nowhere().with_objects(URL, memory()).unwrap()
    );
    assert_eq!(shown, "Outbound(None)");
}

/// A server outside gets the request without the credentials, whoever added them.
#[tokio::test]
async fn objects_can_be_at_a_server_which_gets_no_credentials() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = Outbound::new("http://localhost:1", &any()).unwrap();
    let api = api.with_authorization(HeaderValue::from_static("Basic c2VjcmV0"));
    let hooks = hooks(api.with_objects_at(&url, &any()).unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        let answer = "HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: 2\r\n\r\nok";
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&buffer[..read]).into_owned()
    });
    let request = Request::get(format!("{url}/folder/a"))
        .header("authorization", "Basic b3du")
        .body(body(b""))
        .unwrap();
    let response = hooks.send(request, RequestOptions::default()).await;
    assert_eq!(text(response.unwrap()).await, "ok");
    let seen = served.await.unwrap();
    assert!(seen.starts_with("GET /folder/a"), "{seen}");
    assert!(!seen.to_lowercase().contains("authorization"), "{seen}");
    assert_eq!(hooks.traffic().requests(), 0);
}
