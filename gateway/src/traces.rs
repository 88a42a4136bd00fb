//! Exports every call as an OpenTelemetry trace over OTLP: `[traces]` in `gateway.toml`.
//!
//! A call is a span, the child of the client's where that sent a `traceparent`; the wait for a place
//! and the requests to Gong are spans in it. Spans hold what the audit holds: names, counts and
//! times, and nothing of what a tool answers. They are sent in batches by a thread of their own, and
//! are dropped while the collector takes none: no call waits for it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use opentelemetry::trace::{
    Span as _, SpanContext, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceState,
    Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, SpanId, TraceId};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span};
use tokio::runtime::Handle;

use crate::config::TracesConfig;
use crate::https_client::{HttpsClient, authorization, https_client};
use crate::trace::TraceContext;

/// The longest that the collector may take for a batch.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of a collector's answer that are read.
const ANSWER_BYTES: usize = 64 << 10;

/// Sends traces to a collector.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Starts sending. `ca` has more root certificates than Mozilla's. Needs a runtime.
    ///
    /// # Errors
    ///
    /// `ca` can not be read, or the secret of `authorization` can not.
    pub fn start(config: &TracesConfig, ca: Option<&Path>) -> anyhow::Result<Self> {
        let authorization = config.authorization.as_ref().map(authorization);
        let collector = Collector {
            client: https_client(ca, true).map_err(|error| anyhow!(error))?,
            authorization: authorization.transpose().map_err(|error| anyhow!(error))?,
            runtime: Handle::current(),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(&config.url)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(TIMEOUT)
            .build()
            .context("traces can not be exported")?;
        let resource = Resource::builder().with_attributes([
            KeyValue::new("service.name", "gong-gateway"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ]);
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            // The client decides for its traces.
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_batch_exporter(exporter)
            .build();
        let tracer = provider.tracer("gong-gateway");
        Ok(Self { provider, tracer })
    }

    /// Sends what has not been sent, and ends. Blocks.
    pub fn shut_down(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(TIMEOUT) {
            tracing::warn!("some traces were not sent: {error}");
        }
    }

    /// Begins the span of a call, which is a child of the client's.
    pub(crate) fn call(
        &self,
        name: String,
        attributes: Vec<KeyValue>,
        client: Option<TraceContext>,
    ) -> CallTrace {
        let parent = client.map_or_else(Context::new, |client| {
            Context::new().with_remote_span_context(remote(client))
        });
        let span = self.tracer.span_builder(name);
        let span = span.with_kind(SpanKind::Server).with_attributes(attributes);
        let span = span.start_with_context(&self.tracer, &parent);
        CallTrace(Some(Spans {
            tracer: self.tracer.clone(),
            call: parent.with_span(span),
        }))
    }
}

fn remote(client: TraceContext) -> SpanContext {
    let flags = match client.sampled {
        true => TraceFlags::SAMPLED,
        false => TraceFlags::NOT_SAMPLED,
    };
    SpanContext::new(
        TraceId::from_bytes(client.trace_id.to_be_bytes()),
        SpanId::from_bytes(client.parent.to_be_bytes()),
        flags,
        true,
        TraceState::NONE,
    )
}

/// The spans of one call; none without `[traces]`.
#[derive(Clone, Debug, Default)]
pub struct CallTrace(Option<Spans>);

#[derive(Clone, Debug)]
struct Spans {
    tracer: SdkTracer,
    call: Context,
}

impl CallTrace {
    /// Begins a span within the call, which ends when it is dropped.
    pub(crate) fn span(&self, name: &'static str, kind: SpanKind) -> Option<Span> {
        let spans = self.0.as_ref()?;
        let span = spans.tracer.span_builder(name).with_kind(kind);
        Some(span.start_with_context(&spans.tracer, &spans.call))
    }

    /// Ends the call's span. `error` is the code of what went wrong.
    pub(crate) fn end(&self, error: Option<&'static str>, attributes: Vec<KeyValue>) {
        let Some(spans) = &self.0 else { return };
        let span = spans.call.span();
        span.set_attributes(attributes);
        if let Some(error) = error {
            span.set_attribute(KeyValue::new("error.type", error));
            span.set_status(Status::error(Cow::Borrowed(error)));
        }
        span.end();
    }
}

/// The requests to Gong of one call. They are answered in the order in which they are sent, as a
/// component waits for each.
#[derive(Debug, Default)]
pub struct RequestSpans(Mutex<VecDeque<Span>>);

impl RequestSpans {
    /// A request leaves, whose span began before it waited for its turn.
    pub(crate) fn leaves(&self, span: Option<Span>) {
        if let Some(mut span) = span {
            span.add_event("admitted", Vec::new());
            self.spans().push_back(span);
        }
    }

    /// It was answered; without a status it was not.
    pub(crate) fn answered(&self, status: Option<StatusCode>) {
        let Some(mut span) = self.spans().pop_front() else {
            return;
        };
        match status {
            Some(status) => {
                let code = i64::from(status.as_u16());
                span.set_attribute(KeyValue::new("http.response.status_code", code));
                if status.is_client_error() || status.is_server_error() {
                    span.set_status(Status::error(""));
                }
            }
            None => span.set_status(Status::error("no answer")),
        }
    }

    fn spans(&self) -> std::sync::MutexGuard<'_, VecDeque<Span>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The collector's HTTP.
#[derive(Debug)]
struct Collector {
    client: HttpsClient,
    authorization: Option<HeaderValue>,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        if let Some(value) = &self.authorization {
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        let client = self.client.clone();
        let exchange = async move {
            let (head, body) = client.request(request.map(Full::from)).await?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await?;
            Ok::<_, HttpError>(Response::from_parts(head, body.to_bytes()))
        };
        // The exporter has a thread of its own, which is none of the runtime's.
        let exchange = async { tokio::time::timeout(TIMEOUT, exchange).await? };
        self.runtime.spawn(exchange).await?
    }
}
