//! MCP as clients see it, with the official SDK's own client.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use fake_gong::FakeGong;
use host_harness::mcp::{self, Access};
use host_harness::{McpServer, Selection, Toolsets};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ErrorCode, GetPromptRequestParams, Implementation,
    JsonObject, ProtocolVersion, ReadResourceRequestParams,
};
use rmcp::service::{PeerRequestOptions, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ClientLifecycleMode, ClientServiceExt as _, RoleClient, ServiceError};
use sandbox::Effect;
use sandbox::{Limits, Sandbox};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio_util::sync::{CancellationToken, DropGuard};
use xtask::component::Artefact;

use crate::support::{
    artefact, bytes, options, run_for, run_nowhere, sandbox, stand_in, wat_component,
};

pub(crate) type Client = RunningService<RoleClient, ()>;

/// As clients before MCP 2026-07-28 begin, and as those since.
pub(crate) fn lifecycles() -> [ClientLifecycleMode; 2] {
    [
        ClientLifecycleMode::Initialize,
        ClientLifecycleMode::Discover {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        },
    ]
}

pub(crate) async fn server(gong: &FakeGong) -> McpServer {
    let implementation = Implementation::new("test-server", "1.2.3").with_title("Test server");
    McpServer::new(
        sandbox(),
        run_for(gong),
        implementation,
        &Selection {
            toolsets: Toolsets::all(),
            read_only: false,
        },
    )
    .await
    .unwrap()
}

/// A server whose only tool never ends.
async fn endless() -> (Arc<Sandbox>, McpServer) {
    let limits = Limits {
        cpu: Duration::from_secs(60),
        wall_time: Duration::from_secs(60),
        ..Limits::default()
    };
    let component = wat_component("(loop $again (br $again)) (unreachable)");
    let sandbox = Arc::new(Sandbox::load(&component, limits).unwrap());
    let implementation = Implementation::new("endless", "0");
    let selection = Selection::default();
    let server = McpServer::new(
        Arc::clone(&sandbox),
        run_nowhere(),
        implementation,
        &selection,
    );
    (sandbox, server.await.unwrap())
}

/// Serves over HTTP until the guard is dropped; returns `host:port`.
pub(crate) async fn listen(server: McpServer) -> (String, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let router = mcp::router(server, Access::loopback(), stop.clone());
    tokio::spawn(axum::serve(listener, router).into_future());
    (address, stop.drop_guard())
}

pub(crate) async fn over_http(address: &str, lifecycle: ClientLifecycleMode) -> Client {
    let transport = StreamableHttpClientTransport::from_uri(format!("http://{address}/mcp"));
    ().serve_with_lifecycle(transport, lifecycle).await.unwrap()
}

async fn over_a_pipe(server: McpServer, lifecycle: ClientLifecycleMode) -> Client {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(theirs);
    let service = mcp::stdio::serve(server, input, output);
    tokio::spawn(service.waiting());
    ().serve_with_lifecycle(ours, lifecycle).await.unwrap()
}

async fn over_stdio(lifecycle: ClientLifecycleMode) -> (Child, Client) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_host-harness"))
        .args(["serve", "--stdio", "--demo", "--toolsets", "all"])
        .env("GONG_COMPONENT", artefact(Artefact::GongMcp))
        .env("RUST_LOG", "warn")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pipes = (server.stdout.take().unwrap(), server.stdin.take().unwrap());
    let client = ().serve_with_lifecycle(pipes, lifecycle).await.unwrap();
    (server, client)
}

fn params(name: &str, arguments: serde_json::Value) -> CallToolRequestParams {
    let arguments: JsonObject = serde_json::from_value(arguments).unwrap();
    CallToolRequestParams::new(name.to_owned()).with_arguments(arguments)
}

/// What every transport and protocol version must do.
pub(crate) async fn talk(client: &Client) {
    let tools = client.list_all_tools().await.unwrap();
    let expected = sandbox().list_tools().await.unwrap();
    assert_eq!(tools.len(), expected.len());
    for tool in &tools {
        assert!(tool.title.is_some(), "{}", tool.name);
        assert!(tool.output_schema.is_some(), "{}", tool.name);
        let hints = tool.annotations.as_ref().unwrap();
        assert_eq!(hints.title, tool.title);
        assert!(hints.read_only_hint.is_some());
        assert!(hints.destructive_hint.is_some());
        assert!(hints.idempotent_hint.is_some());
        assert!(hints.open_world_hint.is_some());
        let meta = &tool.meta.as_ref().unwrap().0;
        for key in [
            "gong-tools/toolset",
            "gong-tools/effect",
            "gong-tools/scopes",
            "gong-tools/classification",
            "gong-tools/operations",
        ] {
            assert!(meta.contains_key(key), "{}: {key}", tool.name);
        }
    }

    let call = params("gong_search_calls", json!({"limit": 2}));
    let result = client.call_tool(call).await.unwrap();
    assert_eq!(result.is_error, Some(false), "{result:?}");
    assert!(!result.content[0].as_text().unwrap().text.is_empty());
    let structured = result.structured_content.unwrap();
    assert_eq!(
        structured["calls"].as_array().unwrap().len(),
        2,
        "{structured}"
    );

    let wrong = params("gong_search_calls", json!({"limit": "many"}));
    let result = client.call_tool(wrong).await.unwrap();
    assert_eq!(result.is_error, Some(true));
    assert!(result.structured_content.is_none());

    let unknown = client
        .call_tool(params("gong_search_call", json!({})))
        .await;
    let Err(ServiceError::McpError(error)) = unknown else {
        panic!("{unknown:?}");
    };
    assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
    assert!(
        error.message.contains("gong_search_calls"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn over_stdio_all_works() {
    for lifecycle in lifecycles() {
        let (mut server, client) = over_stdio(lifecycle).await;
        talk(&client).await;
        // The server ends by itself when its input does.
        client.cancel().await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(10), server.wait()).await;
        assert!(ended.expect("it ends").unwrap().success());
    }
}

#[tokio::test]
async fn over_http_all_works() {
    let gong = stand_in(options()).await;
    let (address, _guard) = listen(server(&gong).await).await;
    for lifecycle in lifecycles() {
        let client = over_http(&address, lifecycle).await;
        talk(&client).await;
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn the_server_presents_itself_and_answers_pings() {
    let gong = stand_in(options()).await;
    let server = server(&gong).await;
    let client = over_a_pipe(server, ClientLifecycleMode::Initialize).await;
    let peer = client.peer_info().unwrap();
    let info = peer.server_info.as_ref().unwrap();
    assert_eq!((&*info.name, &*info.version), ("test-server", "1.2.3"));
    assert_eq!(info.title.as_deref(), Some("Test server"));
    assert!(peer.capabilities.tools.is_some());
    assert!(peer.capabilities.resources.is_some());
    assert!(peer.capabilities.prompts.is_some());
    let instructions = peer.instructions.as_deref().unwrap();
    assert!(instructions.contains("gong_search_calls"), "{instructions}");
    client
        .send_request(rmcp::model::ClientRequest::PingRequest(Default::default()))
        .await
        .unwrap();
}

/// Waits until so many calls run.
async fn until_running(sandbox: &Sandbox, count: usize) {
    let reached = async {
        while sandbox.running() != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reached)
        .await
        .unwrap_or_else(|_| panic!("{} calls run, not {count}", sandbox.running()));
}

async fn cancel_a_call(client: &Client, sandbox: &Sandbox) {
    let request = CallToolRequest::new(params("wat_tool", json!({})));
    let call = client
        .send_cancellable_request(request.into(), PeerRequestOptions::no_options())
        .await
        .unwrap();
    until_running(sandbox, 1).await;
    call.cancel(Some("changed my mind".to_owned()))
        .await
        .unwrap();
    until_running(sandbox, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_ends_at_once() {
    for lifecycle in lifecycles() {
        let (sandbox, server) = endless().await;
        let client = over_a_pipe(server, lifecycle).await;
        cancel_a_call(&client, &sandbox).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_cancelled_over_http_ends_at_once() {
    for lifecycle in lifecycles() {
        let (sandbox, server) = endless().await;
        let (address, _guard) = listen(server).await;
        let client = over_http(&address, lifecycle).await;
        cancel_a_call(&client, &sandbox).await;
    }
}

/// Sends one request by hand and returns the answer's status.
async fn status(address: &str, headers: &str) -> String {
    let body = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "raw", "version": "0"},
        },
    })
    .to_string();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /mcp HTTP/1.1\r\n{headers}\r\ncontent-type: application/json\r\n\
         accept: application/json, text/event-stream\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    String::from_utf8_lossy(&start[9..]).into_owned()
}

#[tokio::test]
async fn other_hosts_and_web_pages_are_kept_out() {
    let (_, server) = endless().await;
    let (address, _guard) = listen(server).await;
    for (headers, expected) in [
        (format!("host: {address}"), "200"),
        ("host: localhost:1234".to_owned(), "200"),
        ("host: rebound.example.com".to_owned(), "403"),
        (
            format!("host: {address}\r\norigin: http://localhost:3000"),
            "200",
        ),
        (
            format!("host: {address}\r\norigin: https://evil.example.com"),
            "403",
        ),
        (format!("host: {address}\r\norigin: null"), "403"),
    ] {
        assert_eq!(status(&address, &headers).await, expected, "{headers}");
    }
}

/// As the MCP inspector connects without its proxy.
#[tokio::test]
async fn pages_of_this_machine_may_read_the_answers() {
    let (_, server) = endless().await;
    let (address, _guard) = listen(server).await;
    let ask = async |method: &str, origin: &str, more: &str| {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let request = format!(
            "{method} /mcp HTTP/1.1\r\nhost: {address}\r\norigin: {origin}\r\n{more}\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.to_lowercase()
    };
    let preflight = "access-control-request-method: POST\r\n\
                     access-control-request-headers: content-type, mcp-session-id\r\n";
    let local = "http://localhost:6274";
    let allowed = format!("access-control-allow-origin: {local}\r\n");
    let answer = ask("OPTIONS", local, preflight).await;
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    for header in [
        &*allowed,
        "access-control-allow-methods: get,post,delete\r\n",
        "access-control-allow-headers: content-type, mcp-session-id\r\n",
    ] {
        assert!(answer.contains(header), "{header} {answer}");
    }
    let answer = ask("POST", local, "").await;
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains(&allowed), "{answer}");
    assert!(
        answer.contains("access-control-expose-headers: mcp-session-id,"),
        "{answer}"
    );
    for evil in [
        "https://evil.example.com",
        "http://localhost.example.com:6274",
        "null",
    ] {
        for (method, more) in [
            ("OPTIONS", preflight),
            ("POST", "content-type: text/plain\r\n"),
        ] {
            let answer = ask(method, evil, more).await;
            assert!(!answer.contains("access-control-allow-origin"), "{answer}");
            assert_eq!(answer.starts_with("http/1.1 403"), method == "POST");
        }
    }
}

async fn selected(gong: &FakeGong, toolsets: &str, read_only: bool) -> Client {
    let Ok(toolsets) = toolsets.parse();
    let selection = Selection {
        toolsets,
        read_only,
    };
    let implementation = Implementation::new("test-server", "1.2.3");
    let server = McpServer::new(sandbox(), run_for(gong), implementation, &selection);
    over_a_pipe(server.await.unwrap(), ClientLifecycleMode::Initialize).await
}

#[tokio::test]
async fn prompts_are_whole_jobs() {
    let gong = stand_in(options()).await;
    let client = selected(&gong, "default", false).await;
    let prompts = client.list_all_prompts().await.unwrap();
    let names: Vec<&str> = prompts.iter().map(|prompt| &*prompt.name).collect();
    assert_eq!(
        names,
        [
            "check_deal_risk",
            "customer_voice",
            "prepare_meeting",
            "review_rep_week"
        ]
    );
    let tools = client.list_all_tools().await.unwrap();
    for prompt in &prompts {
        let arguments = prompt.arguments.iter().flatten();
        let given: JsonObject = arguments
            .filter(|argument| argument.required == Some(true))
            .map(|argument| (argument.name.clone(), json!("Acme Corp")))
            .collect();
        let request = GetPromptRequestParams::new(&*prompt.name).with_arguments(given);
        let answer = client.get_prompt(request).await.unwrap();
        let text = &answer.messages[0].content.as_text().unwrap().text;
        assert!(text.contains("Acme Corp"), "{text}");
        for word in text.split(|c: char| !c.is_ascii_lowercase() && c != '_') {
            let known = tools.iter().any(|tool| tool.name == word);
            assert!(!word.starts_with("gong_") || known, "{word} is not shown");
        }
    }
    let missing = client
        .get_prompt(GetPromptRequestParams::new("prepare_meeting"))
        .await;
    let Err(ServiceError::McpError(error)) = missing else {
        panic!("{missing:?}");
    };
    assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
    assert!(error.message.contains("account"), "{}", error.message);

    // A prompt whose tools are not shown is not shown either.
    let few = selected(&gong, "users", false).await;
    assert!(few.peer_info().unwrap().capabilities.prompts.is_none());
}

#[tokio::test]
async fn resources_are_the_directories() {
    let gong = stand_in(options()).await;
    let client = selected(&gong, "default", false).await;
    let resources = client.list_all_resources().await.unwrap();
    let uris: Vec<&str> = resources.iter().map(|resource| &*resource.uri).collect();
    assert_eq!(uris, ["gong://users", "gong://workspaces"]);
    for (uri, expected) in [
        ("gong://users", "Jonas Weber"),
        ("gong://workspaces", "Customer Success"),
    ] {
        let answer = client
            .read_resource(ReadResourceRequestParams::new(uri))
            .await;
        let contents = serde_json::to_value(answer.unwrap().contents).unwrap();
        let text = contents[0]["text"].as_str().unwrap();
        assert!(text.contains(expected), "{text}");
    }
    let unknown = client
        .read_resource(ReadResourceRequestParams::new("gong://secrets"))
        .await;
    let Err(ServiceError::McpError(error)) = unknown else {
        panic!("{unknown:?}");
    };
    assert!(
        error.message.contains("gong://secrets"),
        "{}",
        error.message
    );
    assert_eq!(error.data, Some(json!({"uri": "gong://secrets"})));
}

#[tokio::test]
async fn toolsets_choose_what_is_listed_and_callable() {
    let gong = stand_in(options()).await;
    let all = selected(&gong, "all", false)
        .await
        .list_all_tools()
        .await
        .unwrap();
    let default = selected(&gong, "default", false)
        .await
        .list_all_tools()
        .await
        .unwrap();
    assert!(default.len() < all.len());
    for tool in &default {
        let hints = tool.annotations.as_ref().unwrap();
        assert_eq!(
            hints.read_only_hint,
            Some(true),
            "{} is shown by default",
            tool.name
        );
    }
    let reads = selected(&gong, "all", true).await;
    let listed = reads.list_all_tools().await.unwrap();
    assert!(default.len() < listed.len() && listed.len() < all.len());
    let write = params(
        "gong_grant_call_access",
        json!({"call": "77", "users": ["77777"]}),
    );
    assert!(
        reads.call_tool(write).await.is_err(),
        "what is not listed can not be called"
    );
    assert_eq!(gong.requests().len(), 0);
}

/// The exports themselves: what a read-only component does not have, nobody can call in it.
#[tokio::test]
async fn a_read_only_component_has_no_changes() {
    let full = sandbox().list_tools().await.unwrap();
    let bytes = bytes(Artefact::GongMcpReadOnly);
    let read_only = Sandbox::load(&bytes, Limits::default()).unwrap();
    let listed = read_only.list_tools().await.unwrap();
    let reads: Vec<&str> = full
        .iter()
        .filter(|tool| matches!(tool.effect, Effect::Read | Effect::MeteredRead))
        .map(|tool| &*tool.name)
        .collect();
    let names: Vec<&str> = listed.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, reads);
    let run = run_nowhere();
    for change in full.iter().filter(|tool| !reads.contains(&&*tool.name)) {
        let result = read_only.call_tool(&run, &change.name, "{}").await.unwrap();
        assert!(result.is_error && result.text.starts_with("There is no tool"));
    }

    let mut exports: Vec<String> = exports(&self::bytes(Artefact::GongReadOnly));
    exports.sort();
    let expected: Vec<String> = reads.iter().map(|name| name.replace('_', "-")).collect();
    assert_eq!(exports, expected);
}

/// The functions that a component exports.
fn exports(component: &[u8]) -> Vec<String> {
    let decoded = wit_component::decode(component).unwrap();
    let (resolve, world) = match &decoded {
        wit_component::DecodedWasm::Component(resolve, world) => (resolve, *world),
        wit_component::DecodedWasm::WitPackage(..) => panic!("not a component"),
    };
    let items = resolve.worlds[world].exports.values();
    items
        .filter_map(|item| match item {
            wit_parser::WorldItem::Function(function) => Some(function.name.clone()),
            _ => None,
        })
        .collect()
}
