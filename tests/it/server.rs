//! The server component composed with `gong-mcp.wasm`: a whole MCP server, run by plain wasmtime
//! as any host runs it, over standard streams and over HTTP.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use fake_gong::FakeGong;
use host_harness::{McpServer, Selection, Toolsets, mcp};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rmcp::ClientServiceExt as _;
use rmcp::model::Implementation;
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, DuplexStream,
};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, ResourceLimiter, Store};
use wasmtime_wasi::cli::{AsyncStdinStream, AsyncStdoutStream};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};
use xtask::component::Artefact;
use xtask::compose;

use crate::keyvalue::{self, KeyValue};
use crate::mcp::{lifecycles, over_http, talk};
use crate::support::{
    bytes, fixed_now, golden, options, run_for, sandbox, stand_in, wat_component,
};

/// What a common host gives, and no more is needed; and a key-value store, for those who want one.
pub(crate) struct Host {
    pub(crate) table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    wire: Wire,
    pub(crate) store: Arc<KeyValue>,
    growths: Growths,
}

/// How often linear memories have grown, those that instances begin with aside.
#[derive(Clone, Default)]
pub(crate) struct Growths(Arc<AtomicUsize>);

impl Growths {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl ResourceLimiter for Growths {
    fn memory_growing(
        &mut self,
        current: usize,
        _: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.0
            .fetch_add(usize::from(current > 0), Ordering::Relaxed);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl Host {
    pub(crate) fn new(wasi: WasiCtx, store: Arc<KeyValue>) -> Self {
        Self {
            table: ResourceTable::new(),
            wasi,
            http: WasiHttpCtx::new(),
            wire: Wire,
            store,
            growths: Growths::default(),
        }
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.wire,
        }
    }
}

/// A way out to anywhere, as common hosts give it.
struct Wire;

type Exchange = (
    Response<WasiBody>,
    Box<dyn Future<Output = Result<(), HttpError>> + Send>,
);

impl WasiHttpHooks for Wire {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _upload: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = Result<Exchange, HttpError>> + Send> {
        Box::new(async move {
            let client: HttpClient<HttpConnector, WasiBody> =
                HttpClient::builder(TokioExecutor::new()).build_http();
            let response = client.request(request).await;
            let response = response.map_err(|_| HttpError::ConnectionTerminated)?;
            let body = |body: hyper::body::Incoming| body.map_err(HttpError::Hyper).boxed_unsync();
            let done: Box<dyn Future<Output = _> + Send> = Box::new(std::future::ready(Ok(())));
            Ok((response.map(body), done))
        })
    }
}

/// A clock that stands still.
#[derive(Clone, Copy)]
pub(crate) struct FixedClock(pub(crate) jiff::Timestamp);

impl HostWallClock for FixedClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        let now = SystemTime::try_from(self.0).expect("it is representable");
        now.duration_since(UNIX_EPOCH).expect("it is after 1970")
    }
}

pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

/// `gong-server.wasm`, compiled once per process.
pub(crate) fn gong_server() -> &'static Component {
    static COMPILED: OnceLock<Component> = OnceLock::new();
    COMPILED.get_or_init(|| {
        Component::from_binary(engine(), &bytes(Artefact::GongServer)).expect("it is a component")
    })
}

pub(crate) fn linker() -> Linker<Host> {
    let mut linker = Linker::new(engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("nothing is there twice");
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)
        .expect("nothing is there twice");
    keyvalue::add_to_linker(&mut linker).expect("nothing is there twice");
    linker
}

pub(crate) type Variables = BTreeMap<String, String>;

/// What a server that asks this stand-in is given.
pub(crate) fn variables(gong: &FakeGong, more: &[(&str, &str)]) -> Variables {
    let options = fake_gong::Options::default();
    let mut all = Variables::from([
        ("GONG_BASE_URL".to_owned(), gong.base_url()),
        ("GONG_ACCESS_KEY".to_owned(), options.access_key),
        (
            "GONG_ACCESS_KEY_SECRET".to_owned(),
            options.access_key_secret,
        ),
    ]);
    all.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    all
}

/// A server over standard streams.
pub(crate) struct Stdio {
    pub(crate) input: DuplexStream,
    pub(crate) output: DuplexStream,
    errors: MemoryOutputPipe,
    pub(crate) growths: Growths,
    /// Ends when the server does, with what it said.
    ended: JoinHandle<Result<(), ()>>,
}

pub(crate) fn over_stdio(component: &Component, variables: Variables) -> Stdio {
    let (input, guest_input) = tokio::io::duplex(1 << 16);
    let (output, guest_output) = tokio::io::duplex(1 << 16);
    let errors = MemoryOutputPipe::new(1 << 16);
    let variables: Vec<(String, String)> = variables.into_iter().collect();
    let wasi = WasiCtx::builder()
        .stdin(AsyncStdinStream::new(guest_input))
        .stdout(AsyncStdoutStream::new(1 << 16, guest_output))
        .stderr(errors.clone())
        .envs(&variables)
        .wall_clock(FixedClock(fixed_now()))
        .build();
    let component = component.clone();
    let mut store = Store::new(engine(), Host::new(wasi, Arc::default()));
    let growths = store.data().growths.clone();
    store.limiter(|host| &mut host.growths);
    let ended = tokio::spawn(async move {
        let command = Command::instantiate_async(&mut store, &component, &linker()).await;
        let command = command.expect("a common host has all that it wants");
        let run = command.wasi_cli_run().call_run(&mut store).await;
        run.expect("it does not trap")
    });
    Stdio {
        input,
        output,
        errors,
        growths,
        ended,
    }
}

async fn end(ended: JoinHandle<Result<(), ()>>) -> Result<(), ()> {
    let ended = tokio::time::timeout(Duration::from_secs(30), ended).await;
    ended.expect("it ends").expect("it does not panic")
}

/// Serves `gong-server.wasm` over HTTP; returns `host:port`.
pub(crate) async fn over_the_net(variables: Variables) -> String {
    let clock = FixedClock(fixed_now());
    replica(gong_server(), variables, Arc::default(), clock).await
}

/// Serves over HTTP, a fresh instance for each request; returns `host:port`.
pub(crate) async fn replica(
    component: &Component,
    variables: Variables,
    store: Arc<KeyValue>,
    clock: impl HostWallClock + Copy + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let variables: Arc<Vec<(String, String)>> = Arc::new(variables.into_iter().collect());
    let pre = linker().instantiate_pre(component).unwrap();
    let pre = ProxyPre::new(pre).unwrap();
    let answer = move |request: Request<axum::body::Body>| {
        let (pre, variables) = (pre.clone(), Arc::clone(&variables));
        let store = Arc::clone(&store);
        async move {
            let wasi = WasiCtx::builder()
                .envs(&variables)
                .wall_clock(clock)
                .build();
            let mut store = Store::new(engine(), Host::new(wasi, store));
            let (sender, receiver) = tokio::sync::oneshot::channel();
            let request = request.map(|body| body.map_err(|_| HttpError::HttpProtocolError));
            let mut http = store.data_mut().http();
            let request = http.new_incoming_request(Scheme::Http, request).unwrap();
            let out = http.new_response_outparam(sender).unwrap();
            // The instance lives until the body is written.
            tokio::spawn(async move {
                let proxy = pre.instantiate_async(&mut store).await.unwrap();
                let handler = proxy.wasi_http_incoming_handler();
                let handled = handler.call_handle(&mut store, request, out).await;
                handled.expect("it does not trap");
            });
            let response = receiver.await.expect("there is a response");
            response.expect("it is good").map(axum::body::Body::new)
        }
    };
    let router = Router::new().fallback(answer);
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn over_stdio_all_works() {
    let gong = stand_in(options()).await;
    for lifecycle in lifecycles() {
        let server = over_stdio(gong_server(), variables(&gong, &[("MCP_TOOLSETS", "all")]));
        let pipes = (server.output, server.input);
        let client = ().serve_with_lifecycle(pipes, lifecycle).await.unwrap();
        talk(&client).await;
        // The server ends by itself when its input does.
        client.cancel().await.unwrap();
        assert_eq!(end(server.ended).await, Ok(()));
        assert_eq!(server.errors.contents(), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_all_works() {
    let gong = stand_in(options()).await;
    let address = over_the_net(variables(&gong, &[("MCP_TOOLSETS", "all")])).await;
    for lifecycle in lifecycles() {
        let client = over_http(&address, lifecycle).await;
        talk(&client).await;
        client.cancel().await.unwrap();
    }
}

/// Sends each line and takes one answer to each that has an id.
pub(crate) async fn answers(
    lines: &[Value],
    mut input: impl AsyncWrite + Unpin,
    output: impl AsyncRead + Unpin,
) -> Vec<Value> {
    let mut output = BufReader::new(output).lines();
    let mut answers = Vec::new();
    for line in lines {
        input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
        if line.get("id").is_some() {
            let answer = tokio::time::timeout(Duration::from_secs(60), output.next_line()).await;
            let answer = answer.unwrap_or_else(|_| panic!("no answer to {line}"));
            let answer = answer
                .unwrap()
                .unwrap_or_else(|| panic!("the end after {line}"));
            answers.push(serde_json::from_str(&answer).unwrap());
        }
    }
    answers
}

pub(crate) fn request(id: usize, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// What both servers are asked, from each kind of thing one that goes well and one that does not.
fn questions() -> Vec<(&'static str, Value)> {
    let call = |name: &str, arguments: Value| {
        ("tools/call", json!({"name": name, "arguments": arguments}))
    };
    vec![
        ("tools/list", json!({})),
        // After it, for before the first request the host answers a ping of any revision.
        ("ping", json!({})),
        call("gong_search_calls", json!({"limit": 2})),
        call("gong_search_calls", json!({"limit": "many"})),
        call("gong_get_call", json!({"call": "1"})),
        ("tools/call", json!({"name": "gong_list_workspaces"})),
        call(
            "gong_erase_personal_data",
            json!({"email": "a@example.com", "confirm": "a@example.com", "dry_run": true}),
        ),
        call("no_such_tool_at_all", json!({})),
        ("prompts/list", json!({})),
        (
            "prompts/get",
            json!({"name": "prepare_meeting", "arguments": {"account": "Acme Corp"}}),
        ),
        ("prompts/get", json!({"name": "prepare_meeting"})),
        ("prompts/get", json!({"name": "no_such_prompt"})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "gong://workspaces"})),
        ("resources/read", json!({"uri": "gong://secrets"})),
        (
            "completion/complete",
            json!({
                "ref": {"type": "ref/prompt", "name": "prepare_meeting"},
                "argument": {"name": "account", "value": "A"},
            }),
        ),
        ("logging/setLevel", json!({"level": "info"})),
        ("no/such/method", json!({})),
    ]
}

/// The words on a method that is not there are each server's own; so are those on what is wrong
/// with the message itself. Of these only code and data are compared.
fn comparable(mut answer: Value, own: bool) -> Value {
    if own || answer["error"]["code"] == -32601 {
        let error = answer["error"].as_object_mut().expect("an error");
        error.remove("message").expect("it has words");
    }
    answer
}

/// Compares the answers of both servers; those to the requests `own` but for their words.
async fn compare(lines: &[Value], own: &[u64]) {
    let gong = stand_in(options()).await;
    let selection = Selection {
        toolsets: Toolsets::all(),
        read_only: false,
    };
    let implementation = Implementation::new("a-server", "1.2.3").with_title("A server");
    let server = McpServer::new(sandbox(), run_for(&gong), implementation, &selection);
    let server = server.await.unwrap();
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(theirs);
    let _service = mcp::stdio::serve(server, input, output);
    let (output, input) = tokio::io::split(ours);
    let expected = answers(lines, input, output).await;

    let more = [
        ("MCP_TOOLSETS", "all"),
        ("MCP_SERVER_NAME", "a-server"),
        ("MCP_SERVER_TITLE", "A server"),
        ("MCP_SERVER_VERSION", "1.2.3"),
    ];
    let server = over_stdio(gong_server(), variables(&gong, &more));
    let actual = answers(lines, server.input, server.output).await;
    assert_eq!(actual.len(), expected.len());
    for ((line, actual), expected) in lines
        .iter()
        .filter(|line| line.get("id").is_some())
        .zip(actual)
        .zip(expected)
    {
        let own = line["id"].as_u64().is_some_and(|id| own.contains(&id));
        assert_eq!(comparable(actual, own), comparable(expected, own), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_those_of_the_host_before_2026() {
    for revision in [
        "2024-11-05",
        "2025-03-26",
        "2025-06-18",
        "2025-11-25",
        "2026-07-28",
    ] {
        let client = json!({"name": "raw", "version": "0"});
        let params = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": client});
        let mut lines = vec![
            request(0, "ping", json!({})),
            request(1, "initialize", params),
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        ];
        let questions = questions().into_iter().enumerate();
        lines.extend(questions.map(|(id, (method, params))| request(2 + id, method, params)));
        // With one revision all is asked, with the others what may differ.
        if revision != "2025-11-25" {
            lines.truncate(6);
        }
        compare(&lines, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_those_of_the_host_since_2026() {
    let with_meta = |mut params: Value, revision: &str| {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": revision,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "0"},
        });
        params
    };
    let mut lines = vec![
        request(0, "server/discover", with_meta(json!({}), "2026-07-28")),
        request(1, "server/discover", json!({})),
        request(2, "tools/list", with_meta(json!({}), "2099-01-01")),
    ];
    let questions = questions().into_iter().enumerate();
    lines
        .extend(questions.map(|(id, (method, params))| {
            request(3 + id, method, with_meta(params, "2026-07-28"))
        }));
    lines.extend([
        request(100, "server/discover", with_meta(json!({}), "2026-07-28")),
        request(101, "tools/list", with_meta(json!({}), "2025-11-25")),
        request(
            102,
            "subscriptions/listen",
            with_meta(json!({"notifications": {}}), "2026-07-28"),
        ),
    ]);
    compare(&lines, &[1, 2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_answered_and_wrong_settings_told() {
    let gong = stand_in(options()).await;
    let Stdio {
        mut input,
        output,
        errors,
        ended,
        ..
    } = over_stdio(gong_server(), variables(&gong, &[]));
    input
        .write_all(b"nonsense\n\n[]\n{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"ping\"}")
        .await
        .unwrap();
    drop(input);
    let mut lines = BufReader::new(output).lines();
    let mut codes = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        let answer: Value = serde_json::from_str(&line).unwrap();
        codes.push(answer["error"]["code"].as_i64());
    }
    assert_eq!(codes, [Some(-32700), Some(-32600), None]);
    assert_eq!(end(ended).await, Ok(()));
    assert_eq!(errors.contents(), "");

    let wrong = over_stdio(gong_server(), variables(&gong, &[("MCP_TOOLSETS", "nope")]));
    assert_eq!(end(wrong.ended).await, Err(()));
    let said = wrong.errors.contents();
    let said = std::str::from_utf8(&said).unwrap();
    assert!(
        said.contains("MCP_TOOLSETS") && said.contains("calls"),
        "{said}"
    );
    let mut lines = BufReader::new(wrong.output).lines();
    assert_eq!(lines.next_line().await.unwrap(), None, "only the protocol");
}

/// What is not Gong is served as well.
#[tokio::test(flavor = "multi_thread")]
async fn any_tools_component_is_served() {
    let server = bytes(Artefact::McpServer);
    let component = compose::plug(&server, &wat_component("(global.get $answer)")).unwrap();
    let component = Component::from_binary(engine(), &component).unwrap();
    let server = over_stdio(&component, Variables::new());
    let pipes = (server.output, server.input);
    let client = ().serve_with_lifecycle(pipes, lifecycles()[1].clone()).await.unwrap();
    let peer = client.peer_info().unwrap();
    let info = peer.server_info.as_ref().unwrap();
    assert_eq!(info.name, "wat", "after its tools");
    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, ["wat_tool"]);
    let call = rmcp::model::CallToolRequestParams::new("wat_tool");
    let answer = client.call_tool(call).await.unwrap();
    assert_eq!(answer.content[0].as_text().unwrap().text, "0");
    client.cancel().await.unwrap();
    assert_eq!(end(server.ended).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_only_those_who_may_are_answered() {
    let gong = stand_in(options()).await;
    let more = [
        ("MCP_BEARER_TOKEN", "geheim"),
        ("MCP_ALLOWED_HOSTS", "mcp.example.com"),
        ("MCP_ALLOWED_ORIGINS", "https://app.example.com"),
    ];
    let address = over_the_net(variables(&gong, &more)).await;
    let client: HttpClient<HttpConnector, axum::body::Body> =
        HttpClient::builder(TokioExecutor::new()).build_http();
    let ask = async |method: &str, headers: &[(&str, &str)], body: Vec<u8>| {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{address}/mcp"))
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(axum::body::Body::from(body)).unwrap();
        let response = client.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            head.status,
            head.headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    };
    let ping = || request(1, "ping", json!({})).to_string().into_bytes();
    let token = ("authorization", "Bearer geheim");
    for (method, headers, status) in [
        ("POST", &[token][..], 200),
        ("POST", &[], 401),
        ("POST", &[("authorization", "Bearer falsch")], 401),
        ("POST", &[token, ("host", "mcp.example.com")], 200),
        ("POST", &[token, ("host", "rebound.example.com")], 403),
        ("POST", &[token, ("origin", "https://app.example.com")], 200),
        (
            "POST",
            &[token, ("origin", "https://evil.example.com")],
            403,
        ),
        ("POST", &[token, ("origin", "null")], 403),
        ("GET", &[token], 405),
        ("DELETE", &[token], 405),
        ("OPTIONS", &[("origin", "https://app.example.com")], 204),
    ] {
        let (got, headers_got, body) = ask(method, headers, ping()).await;
        assert_eq!(
            got,
            StatusCode::from_u16(status).unwrap(),
            "{method} {headers:?} {body}"
        );
        assert!(!body.contains("geheim"), "{body}");
        assert!(!headers_got.contains_key("mcp-session-id"));
        if status == 401 {
            assert!(headers_got.contains_key("www-authenticate"));
        }
    }
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let (status, _, body) = ask("POST", &[token], notification.to_string().into_bytes()).await;
    assert_eq!((status, &*body), (StatusCode::ACCEPTED, ""));
    let (status, ..) = ask("POST", &[token], vec![b' '; (4 << 20) + 1]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, _, body) = ask("POST", &[token], b"{".to_vec()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("-32700"), "{body}");
}

/// What is a server, or composed with one.
pub(crate) const SERVERS: [Artefact; 8] = [
    Artefact::McpServer,
    Artefact::GongServer,
    Artefact::HttpRateLimit,
    Artefact::HttpRateLimitDraft2,
    Artefact::HttpObjectStore,
    Artefact::HttpObjectStoreDraft2,
    Artefact::GongServerRateLimited,
    Artefact::GongServerRateLimitedDraft2,
];

/// Why they import what they do.
const WHY: [(&str, &str); 13] = [
    (
        "gong:tools/mcp-guide",
        "what it serves: instructions, prompts, resources",
    ),
    ("gong:tools/mcp-tools", "what it serves: tools"),
    (
        "wasi:cli/environment",
        "its settings, and those of the tools",
    ),
    ("wasi:cli/stderr", "the log"),
    ("wasi:cli/stdin", "MCP over stdio, in"),
    ("wasi:cli/stdout", "MCP over stdio, out"),
    (
        "wasi:clocks/monotonic-clock",
        "time-outs, and waiting for a turn; the types of wasi:http use its",
    ),
    (
        "wasi:clocks/wall-clock",
        "the tools' dates, and when turns are",
    ),
    ("wasi:http/outgoing-handler", "the tools' requests"),
    ("wasi:http/types", "MCP over HTTP, and the tools' requests"),
    (
        "wasi:keyvalue/atomics",
        "who is next among all replicas, to send or to write",
    ),
    (
        "wasi:keyvalue/store",
        "the turns that were given to all replicas, and their objects",
    ),
    ("wasi:io/", "waiting, and bytes in and out"),
];

/// What a component imports and exports, each in the order of the alphabet.
fn interfaces(component: &[u8]) -> (Vec<String>, Vec<String>) {
    let component = Component::from_binary(engine(), component).expect("it is a component");
    let component_type = component.component_type();
    let imports = component_type.imports(engine()).map(|(name, _)| name);
    let exports = component_type.exports(engine()).map(|(name, _)| name);
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    (
        sorted(imports.map(str::to_owned).collect()),
        sorted(exports.map(str::to_owned).collect()),
    )
}

/// No more than the exports need, and each for a reason.
#[test]
fn servers_import_what_is_agreed() {
    for artefact in SERVERS {
        let (imports, exports) = interfaces(&bytes(artefact));
        let mut text = String::new();
        for name in imports {
            let why = WHY.iter().find(|(start, _)| name.starts_with(start));
            let (_, why) = why.unwrap_or_else(|| panic!("{artefact} has no reason for {name}"));
            writeln!(text, "{name}: {why}").unwrap();
        }
        text.push('\n');
        for name in exports {
            writeln!(text, "exports {name}").unwrap();
        }
        let file = artefact.file_name().replace(".wasm", ".txt");
        golden(&format!("imports/{file}"), &text);
    }
}
