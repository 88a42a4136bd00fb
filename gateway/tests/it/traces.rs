//! Calls as traces, on their way to a collector.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;

use crate::support::{Folder, Setup, Tenant, TestGateway, options, stand_in, succeed};

#[derive(Clone, Default)]
struct Collector {
    batches: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    fn spans(&self) -> Vec<Span> {
        let batches = self.batches.lock().unwrap();
        let scopes = batches
            .iter()
            .flat_map(|batch| &batch.resource_spans)
            .flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }
}

async fn collect(State(state): State<Collector>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if headers
        .get("authorization")
        .is_none_or(|value| value != "Bearer 123")
    {
        return StatusCode::UNAUTHORIZED;
    }
    let batch = ExportTraceServiceRequest::decode(body).expect("it is OTLP");
    state.batches.lock().unwrap().push(batch);
    StatusCode::OK
}

async fn collector() -> (Collector, String) {
    let collector = Collector::default();
    let router = Router::new()
        .route("/v1/traces", post(collect))
        .with_state(collector.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (collector, url)
}

fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|one| one.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text.clone()),
        any_value::Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_a_trace_below_the_clients_own() {
    let (collector, url) = collector().await;
    let folder = Folder::new();
    let secret = folder.0.join("collector");
    std::fs::write(&secret, "Bearer 123\n").unwrap();
    let setup = Setup {
        top: format!(
            "[traces]\nurl = \"{url}\"\nauthorization = \"file:{}\"",
            secret.display()
        ),
        ..Setup::default()
    };
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start_with(setup, &[("acme", Tenant::at(&gong))]).await;
    let client = gateway.client("acme/mia").await;
    succeed(&client, "gong_list_workspaces", json!({})).await;
    let arguments = json!({ "user": "a-secret-name@acme.example" });
    let request = rmcp::model::CallToolRequestParams::new("gong_get_user")
        .with_arguments(arguments.as_object().unwrap().clone());
    assert_eq!(
        client.call_tool(request).await.unwrap().is_error,
        Some(true)
    );
    client.cancel().await.unwrap();
    // A client's own trace, which it records, and one that it does not record.
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for flags in ["01", "00"] {
        let bearer = format!("Bearer {}", gateway.token("acme/mia"));
        let parent = format!("00-{trace}-b7ad6b716920333{flags:.1}-{flags}");
        let headers = [
            ("accept", "application/json, text/event-stream"),
            ("content-type", "application/json"),
            ("authorization", &*bearer),
            ("mcp-protocol-version", "2025-06-18"),
            ("traceparent", &*parent),
        ];
        let body = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call",
            "params": { "name": "gong_list_workspaces", "arguments": {} } });
        let address = gateway.server().address;
        crate::http::send(address, "POST /mcp", &headers, &body.to_string()).await;
    }
    let audit = gateway.audit().await;
    gateway.stop().await;

    let spans = collector.spans();
    let calls: Vec<&Span> = spans.iter().filter(|span| span.kind == 2).collect();
    let names: Vec<&str> = calls.iter().map(|span| &*span.name).collect();
    assert_eq!(
        names,
        [
            "tools/call gong_list_workspaces",
            "tools/call gong_get_user",
            "tools/call gong_list_workspaces"
        ]
    );
    for (span, row) in calls.iter().zip(&audit) {
        let of_span = |key| attribute(&span.attributes, key);
        assert_eq!(of_span("gong_gateway.request_id"), row.request_id);
        assert_eq!(of_span("gong_gateway.tenant").as_deref(), Some("acme"));
        assert_eq!(of_span("user.name").as_deref(), Some("mia"));
        let requests = of_span("gong_gateway.requests").unwrap();
        assert_eq!(requests, row.gong_requests.unwrap().to_string());
        let inside = |name| {
            let children = spans
                .iter()
                .filter(|one| one.parent_span_id == span.span_id);
            children.filter(move |one| one.name == name)
        };
        assert_eq!(inside("wait for a place").count(), 1);
        assert_eq!(inside("request to Gong").count().to_string(), requests);
        for request in inside("request to Gong") {
            let status = attribute(&request.attributes, "http.response.status_code");
            assert_eq!(status.as_deref(), Some("200"));
            assert_eq!(request.trace_id, span.trace_id);
        }
    }
    assert_eq!(
        attribute(&calls[1].attributes, "error.type").as_deref(),
        Some("tool-error")
    );
    let id = u128::from_str_radix(trace, 16).unwrap().to_be_bytes();
    assert_eq!(calls[2].trace_id, id);
    assert_eq!(
        calls[2].parent_span_id,
        0xb7ad_6b71_6920_3330_u64.to_be_bytes()
    );
    assert!(calls[0].parent_span_id.is_empty() && calls[0].trace_id != id);
    let sent = format!("{:?}", collector.batches.lock().unwrap());
    assert!(!sent.contains("a-secret-name"));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_answered_while_no_collector_takes_traces() {
    let setup = Setup {
        // Nothing listens at the discard port.
        top: "[traces]\nurl = \"http://127.0.0.1:9/v1/traces\"".to_owned(),
        ..Setup::default()
    };
    let gong = stand_in(options()).await;
    let mut gateway = TestGateway::start_with(setup, &[("acme", Tenant::at(&gong))]).await;
    let client = gateway.client("acme/mia").await;
    for _ in 0..5 {
        succeed(&client, "gong_list_workspaces", json!({})).await;
    }
    client.cancel().await.unwrap();
    gateway.stop().await;
}
