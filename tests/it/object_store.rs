//! `http-object-store.wasm` by itself, asked through what it exports; and composed, in replicas of
//! `gong-server-rate-limited.wasm` that share one index. The rules themselves are tested in
//! `components/http-object-store/`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::response::IntoResponse as _;
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::net::TcpListener;
use wasmtime::Store;
use wasmtime::component::Component;
use wasmtime_wasi::{HostWallClock, WasiCtx};
use xtask::component::Artefact;

use crate::keyvalue::KeyValue;
use crate::rate_limit::{call_tool, rate_limited, replicas};
use crate::server::{Host, engine, linker, variables};
use crate::support::{bytes, fixed_now, options, stand_in};

use exports::wasi::http::types::{ErrorCode, Method, Scheme};

wasmtime::component::bindgen!({
    path: "../components/shared-store/wit",
    world: "http-object-store",
    exports: { default: async },
});

const DAY: u64 = 24 * 60 * 60;
const ORIGIN: &str = "index.internal";

/// A clock that is set, in seconds since 1970.
#[derive(Clone)]
struct SetClock(Arc<AtomicU64>);

impl HostWallClock for SetClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A component that sends requests through `http-object-store.wasm`, a fresh instance for each.
struct Client {
    component: Component,
    variables: Vec<(String, String)>,
    store: Arc<KeyValue>,
    clock: SetClock,
}

/// Status, ETag and body.
type Answer = (u16, Option<String>, Vec<u8>);

impl Client {
    fn new(artefact: Artefact, variables: &[(&str, &str)]) -> Self {
        let now = SystemTime::try_from(fixed_now()).unwrap();
        let now = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            component: Component::from_binary(engine(), &bytes(artefact)).unwrap(),
            variables: variables.iter().map(owned).collect(),
            store: Arc::default(),
            clock: SetClock(Arc::new(now.into())),
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables = vec![(name.to_owned(), value.to_owned())];
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::Get, path, &[], None).await
    }

    async fn put(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send(Method::Put, path, headers, Some(body)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let sent = self.try_send(ORIGIN, method, path, headers, body, true);
        sent.await.unwrap()
    }

    /// Asks as the component's clients do: in the order in which they use WASI.
    async fn try_send(
        &self,
        authority: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        finishes: bool,
    ) -> Result<Answer, ErrorCode> {
        let wasi = WasiCtx::builder()
            .envs(&self.variables)
            .wall_clock(self.clock.clone())
            .build();
        let mut store = Store::new(engine(), Host::new(wasi, Arc::clone(&self.store)));
        let store = &mut store;
        let linker = linker();
        let instance = HttpObjectStore::instantiate_async(&mut *store, &self.component, &linker);
        let instance = instance.await.unwrap();
        let (types, streams) = (instance.wasi_http_types(), instance.wasi_io_streams());

        let entries: Vec<(String, Vec<u8>)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect();
        let all_fields = types.fields();
        let fields = all_fields.call_from_list(&mut *store, &entries);
        let fields = fields.await.unwrap().unwrap();
        let requests = types.outgoing_request();
        let request = requests
            .call_constructor(&mut *store, fields)
            .await
            .unwrap();
        let set = requests.call_set_method(&mut *store, request, &method);
        set.await.unwrap().unwrap();
        let set = requests.call_set_scheme(&mut *store, request, Some(&Scheme::Http));
        set.await.unwrap().unwrap();
        let set = requests.call_set_authority(&mut *store, request, Some(authority));
        set.await.unwrap().unwrap();
        let set = requests.call_set_path_with_query(&mut *store, request, Some(path));
        set.await.unwrap().unwrap();
        let body = match body {
            Some(bytes) => {
                let body = requests.call_body(&mut *store, request);
                Some((body.await.unwrap().unwrap(), bytes))
            }
            None => None,
        };
        let handler = instance.wasi_http_outgoing_handler();
        let future = handler
            .call_handle(&mut *store, request, None)
            .await
            .unwrap()?;

        if let Some((body, mut bytes)) = body {
            let bodies = types.outgoing_body();
            let stream = bodies.call_write(&mut *store, body).await.unwrap().unwrap();
            let output = streams.output_stream();
            while !bytes.is_empty() {
                let room = output.call_check_write(&mut *store, stream).await;
                let room = usize::try_from(room.unwrap().unwrap()).unwrap();
                if room == 0 {
                    let pollable = output.call_subscribe(&mut *store, stream).await.unwrap();
                    let poll = instance.wasi_io_poll();
                    let ready = poll.call_poll(&mut *store, &[pollable]).await.unwrap();
                    assert_eq!(ready, [0]);
                    pollable.resource_drop_async(&mut *store).await.unwrap();
                    continue;
                }
                let (now, later) = bytes.split_at(room.min(bytes.len()));
                let written = output.call_write(&mut *store, stream, now).await;
                written.unwrap().unwrap();
                bytes = later;
            }
            let flushed = output.call_blocking_flush(&mut *store, stream).await;
            flushed.unwrap().unwrap();
            stream.resource_drop_async(&mut *store).await.unwrap();
            if finishes {
                let finished = bodies.call_finish(&mut *store, body, None).await;
                finished.unwrap().unwrap();
            }
        }

        let futures = types.future_incoming_response();
        let pollable = futures.call_subscribe(&mut *store, future).await.unwrap();
        let pollables = instance.wasi_io_poll().pollable();
        pollables.call_block(&mut *store, pollable).await.unwrap();
        pollable.resource_drop_async(&mut *store).await.unwrap();
        let response = futures.call_get(&mut *store, future).await.unwrap();
        let response = response.expect("it is ready").expect("it was not taken")?;
        let again = futures.call_get(&mut *store, future).await.unwrap();
        assert!(matches!(again, Some(Err(()))), "there is one response only");

        let responses = types.incoming_response();
        let status = responses.call_status(&mut *store, response).await.unwrap();
        let headers = responses.call_headers(&mut *store, response).await.unwrap();
        let name = "etag".to_owned();
        let etag = all_fields.call_get(&mut *store, headers, &name);
        let etag = etag.await.unwrap().pop();
        let body = responses.call_consume(&mut *store, response).await;
        let body = body.unwrap().unwrap();
        let stream = types.incoming_body().call_stream(&mut *store, body).await;
        let stream = stream.unwrap().unwrap();
        let input = streams.input_stream();
        let mut read = Vec::new();
        while let Ok(more) = input
            .call_blocking_read(&mut *store, stream, 5_000)
            .await
            .unwrap()
        {
            assert!(more.len() <= 5_000);
            read.extend_from_slice(&more);
        }
        let etag = etag.map(|etag| String::from_utf8(etag).unwrap());
        Ok((status, etag, read))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_have_versions_and_preconditions() {
    for artefact in [Artefact::HttpObjectStore, Artefact::HttpObjectStoreDraft2] {
        let client = Client::new(artefact, &[]);
        assert_eq!(client.get("/acme/calls-1").await.0, 404);
        // As a store that tells the losers of a race to try again.
        client.store.fails.store(5, Ordering::Relaxed);
        let large = vec![b'x'; 300_000];
        let created = client.put("/acme/calls-1", &[("if-none-match", "*")], &large);
        let (status, etag, _) = created.await;
        assert_eq!(status, 201);
        let etag = etag.expect("an ETag");
        let got = client.get("/acme/calls-1").await;
        assert!(
            got == (200, Some(etag.clone()), large),
            "{} {:?}",
            got.0,
            got.1
        );
        assert_eq!(client.get("/acme/calls-2").await.0, 404);

        let absent = client.put("/acme/calls-1", &[("if-none-match", "*")], b"no");
        assert_eq!(absent.await.0, 412);
        let (status, new, _) = client
            .put("/acme/calls-1", &[("if-match", &etag)], b"new")
            .await;
        assert_eq!(status, 204);
        assert!(new.is_some() && new.as_ref() != Some(&etag));
        let if_match = [("if-match", &*etag)];
        let old = client.put("/acme/calls-1", &if_match, b"old").await;
        assert_eq!(old.0, 412);
        let old = client.send(Method::Delete, "/acme/calls-1", &if_match, None);
        assert_eq!(old.await.0, 412);
        let new = new.unwrap();
        let unchanged = [("if-none-match", &*new)];
        let unchanged = client.send(Method::Get, "/acme/calls-1", &unchanged, None);
        assert_eq!(unchanged.await, (304, Some(new.clone()), Vec::new()));
        assert_eq!(
            client.get("/acme/calls-1").await,
            (200, Some(new.clone()), b"new".to_vec())
        );
        let if_match = [("if-match", &*new)];
        let deleted = client.send(Method::Delete, "/acme/calls-1", &if_match, None);
        assert_eq!(deleted.await.0, 204);
        assert_eq!(client.get("/acme/calls-1").await.0, 404);
        let again = client
            .send(Method::Delete, "/acme/calls-1", &[], None)
            .await;
        assert_eq!(again.0, 404);
        assert_eq!(client.store.len(), 2, "keys");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_is_gone() {
    let mut client = Client::new(Artefact::HttpObjectStore, &[]);
    client.set("OBJECT_STORE_MAX_AGE_DAYS", "7");
    for path in ["/old", "/older"] {
        assert_eq!(client.put(path, &[], b"a call").await.0, 201);
    }
    assert_eq!(client.store.len(), 2 + 2, "keys");
    client.clock.0.fetch_add(7 * DAY, Ordering::Relaxed);
    assert_eq!(client.get("/old").await.0, 200);
    client.clock.0.fetch_add(1, Ordering::Relaxed);
    assert_eq!(client.get("/old").await.0, 404);
    assert_eq!(
        client.store.len(),
        2,
        "the one that nobody asks for is deleted too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_answers() {
    let mut client = Client::new(Artefact::HttpObjectStore, &[]);
    let text = |answer: &Answer| String::from_utf8(answer.2.clone()).unwrap();
    for (name, value, said) in [
        ("OBJECT_STORE_BUCKET", "none", "no key-value store \"none\""),
        (
            "OBJECT_STORE_BUCKET",
            "others",
            "does not let this component use",
        ),
        (
            "OBJECT_STORE_BUCKET",
            "default",
            "(OBJECT_STORE_BUCKET) fails",
        ),
    ] {
        client.set(name, value);
        client.store.fails.store(1, Ordering::Relaxed);
        for answer in [client.get("/a").await, client.put("/a", &[], b"").await] {
            assert_eq!(answer.0, 503);
            assert!(text(&answer).contains(said), "{}", text(&answer));
            assert!(!text(&answer).contains("geheim"), "{}", text(&answer));
        }
        client.store.fails.store(0, Ordering::Relaxed);
    }
    client.set("OBJECT_STORE_MAX_BYTES", "1000");
    assert_eq!(client.put("/a", &[], &[0; 1_000]).await.0, 201);
    for size in [1_001, 300_000] {
        assert_eq!(client.put("/a", &[], &vec![0; size]).await.0, 413);
    }
    let broken_off = client.try_send(ORIGIN, Method::Put, "/a", &[], Some(b"half"), false);
    assert_eq!(broken_off.await.unwrap().0, 400);
    assert_eq!(client.get("/a").await.2, [0; 1_000], "as it was");
    assert_eq!(client.get(&"/a".repeat(200)).await.0, 414);
    assert_eq!(client.send(Method::Post, "/a", &[], Some(b"")).await.0, 405);

    // A wrong setting is not passed over in silence, wherever the request goes.
    client.set("OBJECT_STORE_MAX_AGE_DAYS", "long");
    for authority in [ORIGIN, "127.0.0.1:1"] {
        let sent = client.try_send(authority, Method::Get, "/", &[], None, true);
        let Err(ErrorCode::InternalError(Some(said))) = sent.await else {
            panic!("it is not sent");
        };
        assert!(
            said.starts_with("OBJECT_STORE_MAX_AGE_DAYS: \"long\""),
            "{said}"
        );
    }
}

/// Answers with what it was sent.
async fn echo() -> String {
    let answer = async |request: axum::extract::Request| {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let etag = format!(
            "{} {} {:?}",
            head.method,
            head.uri,
            head.headers.get("if-match")
        );
        ([("etag", etag)], body).into_response()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let router = Router::new().fallback(answer);
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn other_requests_are_passed_on_unchanged() {
    let client = Client::new(Artefact::HttpObjectStore, &[]);
    let other = echo().await;
    let body: Vec<u8> = (0..500_000_u32).map(|number| number as u8).collect();
    let headers = [("if-match", "\"1\"")];
    let sent = client.try_send(&other, Method::Put, "/a?b=c", &headers, Some(&body), true);
    let (status, said, answer) = sent.await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(said.unwrap(), "PUT /a?b=c Some(\"\\\"1\\\"\")");
    assert!(answer == body, "{} bytes", answer.len());
    let sent = client.try_send(&other, Method::Get, "/", &[], None, true);
    assert_eq!(sent.await.unwrap().1.unwrap(), "GET / None");
    assert_eq!(client.store.len(), 0);

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr();
    let nobody = nobody.unwrap().to_string();
    let sent = client
        .try_send(&nobody, Method::Get, "/", &[], None, true)
        .await;
    assert!(
        matches!(sent, Err(ErrorCode::ConnectionTerminated)),
        "{sent:?}"
    );
}

/// `gong-server-rate-limited-draft2.wasm`, compiled once per process.
fn draft2() -> &'static Component {
    static COMPILED: OnceLock<Component> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let bytes = bytes(Artefact::GongServerRateLimitedDraft2);
        Component::from_binary(engine(), &bytes).expect("a component")
    })
}

/// What one replica has read from Gong, another does not read again.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_one_index() {
    for component in [rate_limited(), draft2()] {
        let gong = stand_in(fake_gong::Options {
            calls: 1_000,
            ..options()
        })
        .await;
        let settings = [
            ("MCP_TOOLSETS", "all"),
            ("GONG_PACE", "host"),
            ("GONG_INDEX_URL", "http://index.internal/acme/"),
            // Of requests for objects none is counted, or these would not be enough.
            ("RATE_LIMIT_REQUESTS_PER_SECOND", "100"),
            ("RATE_LIMIT_REQUESTS_PER_DAY", "40"),
        ];
        let store = Arc::new(KeyValue::default());
        let servers = replicas(2, component, &variables(&gong, &settings), &store).await;
        let count = async |server: &str| {
            let arguments = json!({"from": "180d", "by": ["host"]});
            let before = gong.requests().len();
            let (good, text) = call_tool(server, "gong_count_calls", arguments).await;
            assert!(good, "{text}");
            // The last line is the number of requests.
            let (found, _) = text.trim_end().rsplit_once('\n').unwrap();
            (gong.requests().len() - before, found.to_owned())
        };
        let (good, text) = call_tool(&servers[0], "gong_sync_calls", json!({"from": "180d"})).await;
        assert!(good, "{text}");
        let filled = gong.requests().len();
        assert!((8..=30).contains(&filled), "{filled} requests: {text}");
        let (requests, first) = count(&servers[1]).await;
        assert!(requests <= 1, "{requests} requests: {first}");
        let (requests, second) = count(&servers[0]).await;
        assert!(requests <= 1, "{requests} requests: {second}");
        assert_eq!(first, second);

        // Without its store the tools read from Gong, as without an index.
        let without = [
            ("OBJECT_STORE_BUCKET", "none"),
            ("RATE_LIMIT_REQUESTS_PER_DAY", "100"),
        ];
        let mut settings = variables(&gong, &settings);
        settings.extend(without.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let servers = replicas(1, component, &settings, &store).await;
        let (requests, text) = count(&servers[0]).await;
        assert!(requests >= 8, "{requests} requests: {text}");
    }
}
