//! One call of a tool, from the client's request to the row in the audit.
//!
//! Governance → queue → governance again (a kill switch also stops calls that waited) → sandbox,
//! whose requests wait for their turn at Gong's limit → audit. The row is on the disk before the
//! answer leaves, and a call that changes something has its row before anything is sent. A call
//! runs in a task of its own, so that it reaches the audit even if the client has gone away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use host_harness::mcp::names::MAX_NAME;
use host_harness::mcp::{self, guide};
use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, JsonObject, ReadResourceResponse};
use sandbox::{SandboxError, Stopped, ToolResult, Usage};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::call_gate::CallGate;
use crate::call_queue::{QueueFull, RunningCall};
use crate::caller::{Caller, CallingClient};
use crate::config::SCHEDULE;
use crate::cut::cut;
use crate::gateway::Gateway;
use crate::governance::Denial;
use crate::log;
use crate::places::Place;
use crate::progress::Progress;
use crate::store::sign_in::SignInSession;
use crate::store::{CallId, CallResult, Effect, FinishedCall, StartedCall};
use crate::tenant::Tenant;
use crate::tenants::Identity;
use crate::tool_watch::WATCH_INTERVAL;
use crate::trace::TraceContext;
use crate::traces::{CallTrace, RequestSpans};

/// The key of an answer's `_meta` with the request id, which the audit and the log have too.
pub const REQUEST_ID: &str = "gong-gateway/request-id";

/// The code of a call beyond what the person has consented to.
pub(crate) const INSUFFICIENT_SCOPE: &str = "insufficient-scope";

/// The sentence about such a call.
pub(crate) fn beyond_consent(tool: &str, effect: Effect) -> String {
    format!(
        "The effect of {tool} is {effect}, which this sign-in does not allow yet. The client has to ask \
         the person for it."
    )
}

/// What a call runs.
#[derive(Clone, Debug)]
pub enum CallTarget {
    /// The tool, with these arguments.
    Tool(JsonObject),
    /// A resource that the tool reads, by its URI.
    Resource(String),
}

/// A client's request.
#[derive(Clone, Debug)]
pub struct CallRequest {
    /// Who calls, and through what.
    pub caller: Caller,
    /// The client program.
    pub client: Option<Implementation>,
    /// The tool's name.
    pub tool: Arc<str>,
    /// Whether the tool is called, or a resource is read with it.
    pub target: CallTarget,
    /// The client's trace.
    pub trace: Option<TraceContext>,
}

/// The answer to a call.
#[derive(Debug)]
pub enum CallAnswer {
    /// The tool's result, or a sentence why there is none.
    Tool(CallToolResult),
    /// The resource, or why there is none.
    Resource(Result<ReadResourceResponse, ErrorData>),
}

/// How a call ended, for the audit and the client.
struct CallOutcome {
    result: CallResult,
    code: Option<&'static str>,
    reason: Option<String>,
    usage: Usage,
    /// Requests to Gong.
    sent: u32,
    /// Gong's own ids of these.
    references: Vec<String>,
    reply: Reply,
}

/// What the client gets.
enum Reply {
    Tool(ToolResult),
    Resource(Box<Result<ReadResourceResponse, ErrorData>>),
    Sentence(String),
}

impl CallOutcome {
    /// The tool ran to its end. `failed` says how the tool itself failed, if it did.
    fn answered(failed: Option<&str>, reply: Reply) -> Self {
        Self {
            result: match failed {
                Some(_) => CallResult::Error,
                None => CallResult::Success,
            },
            code: failed.map(|_| "tool-error"),
            reason: failed.map(str::to_owned),
            usage: Usage::default(),
            sent: 0,
            references: Vec::new(),
            reply,
        }
    }

    /// The gateway or the sandbox stopped the call.
    fn stopped(result: CallResult, code: &'static str, reason: String) -> Self {
        Self {
            result,
            code: Some(code),
            reason: Some(reason.clone()),
            usage: Usage::default(),
            sent: 0,
            references: Vec::new(),
            reply: Reply::Sentence(reason),
        }
    }

    /// The sandbox stopped the call at a limit, or the tool crashed.
    fn limited(stopped: &Stopped) -> Self {
        Self {
            usage: stopped.usage,
            ..Self::stopped(
                CallResult::Error,
                limit_name(&stopped.error),
                stopped.error.to_string(),
            )
        }
    }

    /// The same outcome of a change whose request has left, and to which no answer is known.
    fn not_known(mut self) -> Self {
        const WARNING: &str = "A request was sent and its outcome is not known: Gong may have made \
                               the change. See whether it did before you try again.";
        self.result = CallResult::Unknown;
        self.reason = Some(match self.reason {
            Some(reason) => format!("{reason} {WARNING}"),
            None => WARNING.to_owned(),
        });
        match &mut self.reply {
            Reply::Sentence(text) => *text = format!("{text} {WARNING}"),
            Reply::Tool(result) => result.text = format!("{} {WARNING}", result.text),
            Reply::Resource(_) => {}
        }
        self
    }
}

/// Runs a call until its row is in the audit, even if the client goes away.
pub async fn run(
    gateway: &Arc<Gateway>,
    request: CallRequest,
    progress: Progress,
    cancel: CancellationToken,
) -> CallAnswer {
    let request_id = Uuid::now_v7().to_string();
    let trace_id = request.trace.map(|trace| trace.trace_id());
    let span = log::call_span(
        &request_id,
        trace_id.as_deref(),
        &request.caller.identity.tenant,
        &request.caller.identity.user,
        &request.tool,
    );
    let trace = trace(gateway, &request, &request_id);
    let gateway = Arc::clone(gateway);
    // If this future is dropped, the call is cancelled and ends in order.
    let cancel_on_drop = cancel.clone().drop_guard();
    let call = gateway.clone().running.spawn(
        async move {
            let call = Call {
                gateway: &gateway,
                request: &request,
                calling: request.caller.client(request.client.as_ref()),
                request_id: &request_id,
                start: Instant::now(),
                at: Timestamp::now(),
                trace,
            };
            call.run(progress, cancel).await
        }
        .instrument(span),
    );
    let answer = call.await;
    cancel_on_drop.disarm();
    answer.unwrap_or_else(|error| {
        tracing::error!("a call ended in a fault of the gateway: {error}");
        CallAnswer::Tool(sentence("The gateway has failed at this call.".to_owned()))
    })
}

/// Writes into the audit that a call was not begun, because the person has not consented to its tool.
pub(crate) async fn refuse(
    gateway: &Gateway,
    who: &Identity,
    session: &SignInSession,
    tool: &str,
    why: &str,
) {
    let start = StartedCall {
        at: Timestamp::now(),
        request_id: Uuid::now_v7().to_string(),
        trace_id: None,
        tenant: who.tenant.to_string(),
        user: who.user.to_string(),
        client: Some(session.client_name.to_string()),
        client_version: None,
        sign_in: Some(session.id.to_string()),
        client_id: Some(session.client.to_string()),
        owner: None,
        tool: tool.to_owned(),
    };
    let row = FinishedCall {
        id: None,
        start,
        result: CallResult::Denied,
        code: Some(INSUFFICIENT_SCOPE.to_owned()),
        reason: Some(why.to_owned()),
        latency: Duration::ZERO,
        gong_requests: 0,
        bytes: 0,
        gong_request_ids: Vec::new(),
    };
    if let Err(error) = gateway.store.audit_writer().finish(row).await {
        tracing::error!("a denied call can not be written to the audit: {error}");
    }
}

struct Call<'a> {
    gateway: &'a Arc<Gateway>,
    request: &'a CallRequest,
    calling: CallingClient,
    request_id: &'a str,
    start: Instant,
    at: Timestamp,
    trace: CallTrace,
}

/// Begins the call's span, if traces are sent.
fn trace(gateway: &Gateway, request: &CallRequest, request_id: &str) -> CallTrace {
    let Some(traces) = &gateway.traces else {
        return CallTrace::default();
    };
    let method = match request.target {
        CallTarget::Tool(_) => "tools/call",
        CallTarget::Resource(_) => "resources/read",
    };
    let tool = gateway.tool_label(&request.tool);
    let attributes = vec![
        KeyValue::new("mcp.method.name", method),
        KeyValue::new("gen_ai.tool.name", tool.to_string()),
        KeyValue::new("user.name", request.caller.identity.user.to_string()),
        KeyValue::new(
            "gong_gateway.tenant",
            request.caller.identity.tenant.to_string(),
        ),
        KeyValue::new("gong_gateway.request_id", request_id.to_owned()),
    ];
    traces.call(format!("{method} {tool}"), attributes, request.trace)
}

impl Call<'_> {
    async fn run(&self, progress: Progress, cancel: CancellationToken) -> CallAnswer {
        let mut begun = None;
        let outcome = self.outcome(&progress, &cancel, &mut begun).await;
        drop(progress);
        let row = FinishedCall {
            id: begun,
            start: self.started(),
            result: outcome.result,
            code: outcome.code.map(str::to_owned),
            reason: outcome.reason.clone(),
            latency: self.start.elapsed(),
            gong_requests: outcome.sent,
            bytes: outcome.usage.response_bytes,
            gong_request_ids: outcome.references.clone(),
        };
        let committed = self.gateway.store.audit_writer().finish(row).await;
        self.report(&outcome);
        if let Err(error) = committed {
            tracing::error!("a call can not be written to the audit: {error}");
            // An answer that is not in the audit does not leave the gateway.
            return self.answer(Reply::Sentence(
                "The gateway can not write its audit at the moment, and answers no calls \
                 unaudited. Whether a change was made is not known."
                    .to_owned(),
            ));
        }
        self.answer(outcome.reply)
    }

    /// Runs the call until governance, the queue or the sandbox ends it, or until it is cancelled.
    async fn outcome(
        &self,
        progress: &Progress,
        cancel: &CancellationToken,
        begun: &mut Option<CallId>,
    ) -> CallOutcome {
        if let Err(outcome) = self.decide().await {
            return outcome;
        }
        let live = self.gateway.tenants.live();
        let Some(tenant) = live.tenant(&self.request.caller.identity.tenant) else {
            return CallOutcome::stopped(
                CallResult::Denied,
                "unknown-user",
                "This tenant is not served any more.".to_owned(),
            );
        };
        let gate = Arc::new(CallGate {
            tenant: Arc::clone(&tenant.name),
            user: Arc::clone(&self.request.caller.identity.user),
            limiter: Arc::clone(&tenant.limiter),
            metrics: self.gateway.metrics.clone(),
            progress: progress.clone(),
            sent: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
            unreached: AtomicU32::new(0),
            trace: self.trace.clone(),
            requests: RequestSpans::default(),
            user_used_up: AtomicBool::new(false),
            wrote_index: AtomicBool::new(false),
        });
        let work = async {
            let running = match self.queue(&tenant, progress).await {
                Ok(running) => running,
                Err(outcome) => return outcome,
            };
            let outcome = self.in_sandbox(&tenant, &gate, begun).await;
            drop(running);
            outcome
        };
        let mut outcome = tokio::select! {
            biased;
            outcome = work => outcome,
            () = self.gateway.abort.cancelled() => CallOutcome::stopped(
                CallResult::Interrupted,
                "shutdown",
                "The gateway was shut down before the call had ended.".to_owned(),
            ),
            () = cancel.cancelled() => CallOutcome::stopped(
                CallResult::Error,
                "cancelled",
                "The client cancelled the call.".to_owned(),
            ),
            Denial { code, sentence } = self.stopped_meanwhile() => {
                CallOutcome::stopped(CallResult::Error, code.as_str(), sentence)
            }
        };
        outcome.sent = gate.sent.load(Ordering::Relaxed);
        // Calls on the schedule are counted by the limiter.
        if gate.wrote_index.load(Ordering::Relaxed) && *gate.user != *SCHEDULE {
            tenant.count_filling(outcome.sent);
        }
        // Only a change has begun in the audit by now.
        if begun.is_some() && self.is_not_known(&outcome, &gate) {
            outcome = outcome.not_known();
        }
        // The tool says so in its own words, which the audit does not hold.
        if gate.user_used_up.load(Ordering::Relaxed) && outcome.code == Some("tool-error") {
            outcome.code = Some("user-quota");
            outcome.reason = Some(
                "The user has used up the requests that one user may send Gong in a day."
                    .to_owned(),
            );
        }
        outcome
    }

    /// Whether Gong may have made a change of which nobody knows. A tool that has answered knows
    /// what it was answered, except where an exchange broke off.
    fn is_not_known(&self, outcome: &CallOutcome, gate: &CallGate) -> bool {
        let left = match outcome.reply {
            Reply::Tool(_) | Reply::Resource(_) => gate.unanswered.load(Ordering::Relaxed),
            Reply::Sentence(_) => outcome.sent - gate.unreached.load(Ordering::Relaxed),
        };
        outcome.result == CallResult::Error && left > 0
    }

    /// Asks governance whether the call is allowed at this moment.
    async fn decide(&self) -> Result<(), CallOutcome> {
        let policy = self
            .gateway
            .policy(&self.request.caller, &self.calling)
            .await;
        let denied = |code, reason| {
            self.gateway
                .metrics
                .denied(&self.request.caller.identity.tenant, code);
            CallOutcome::stopped(CallResult::Denied, code, reason)
        };
        match policy {
            Ok(policy) => {
                let allowed = policy.decide(&self.request.tool);
                allowed.map_err(|Denial { code, sentence }| denied(code.as_str(), sentence))?;
                match self.missing_scope() {
                    Some(why) => Err(denied(INSUFFICIENT_SCOPE, why)),
                    None => Ok(()),
                }
            }
            Err(error) => {
                tracing::error!("governance can not be read: {error}");
                let reason = "The gateway can not read who may call what at the moment, and lets \
                              nobody through.";
                Err(denied("no-decision", reason.to_owned()))
            }
        }
    }

    /// Waits until the user, the client or the sign-in is stopped.
    async fn stopped_meanwhile(&self) -> Denial {
        loop {
            tokio::time::sleep(WATCH_INTERVAL).await;
            let (caller, calling) = (&self.request.caller, &self.calling);
            if let Some(denial) = self.gateway.stopped(caller, calling).await {
                return denial;
            }
        }
    }

    /// Why the person's consent does not reach for this tool.
    fn missing_scope(&self) -> Option<String> {
        let session = self.request.caller.sign_in()?;
        let effect = self.gateway.catalog.tool(&self.request.tool)?.effect;
        (!session.scopes.allow(effect)).then(|| beyond_consent(&self.request.tool, effect))
    }

    /// Waits until the call may run, and has an instance to run in.
    async fn queue(
        &self,
        tenant: &Tenant,
        progress: &Progress,
    ) -> Result<(RunningCall, Place), CallOutcome> {
        let _span = self.trace.span("wait for a place", SpanKind::Internal);
        let report = |ahead| progress.send(waiting(ahead));
        let running = tenant
            .queue
            .enter(&self.request.caller.identity.user, report)
            .await;
        let running = running.map_err(|full| {
            let reason = queue_full(full, &tenant.name);
            CallOutcome::stopped(CallResult::Error, "queue-full", reason)
        })?;
        self.gateway.metrics.queued(self.start.elapsed());
        let place = self.gateway.place(&tenant.name).await;
        let waited = self.start.elapsed();
        if waited.as_millis() > 0 {
            self.decide().await?;
        }
        Ok((running, place))
    }

    async fn in_sandbox(
        &self,
        tenant: &Tenant,
        gate: &Arc<CallGate>,
        begun: &mut Option<CallId>,
    ) -> CallOutcome {
        let Some(run) = tenant.run(Arc::clone(gate)) else {
            let reason = format!(
                "The gateway has no credentials for {}'s Gong at the moment; who runs it finds \
                 why in its log.",
                tenant.name
            );
            return CallOutcome::stopped(CallResult::Error, "no-credentials", reason);
        };
        let catalog = &self.gateway.catalog;
        let reads = catalog
            .tool(&self.request.tool)
            .is_some_and(|tool| tool.effect.reads());
        if !reads {
            match self
                .gateway
                .store
                .audit_writer()
                .begin(self.started())
                .await
            {
                Ok(id) => *begun = Some(id),
                Err(error) => {
                    tracing::error!("a change can not be written to the audit: {error}");
                    let reason = "The gateway can not write its audit at the moment, and sends no \
                                  changes unaudited. Nothing was sent.";
                    return CallOutcome::stopped(CallResult::Error, "no-audit", reason.to_owned());
                }
            }
        }
        let sandbox = &self.gateway.sandbox;
        match &self.request.target {
            CallTarget::Tool(arguments) => {
                let arguments = Value::Object(arguments.clone()).to_string();
                match sandbox
                    .call_tool(&run, &self.request.tool, &arguments)
                    .await
                {
                    Ok(mut result) => CallOutcome {
                        usage: result.usage,
                        references: std::mem::take(&mut result.references),
                        ..CallOutcome::answered(
                            result
                                .is_error
                                .then_some("The tool answered with an error."),
                            Reply::Tool(result),
                        )
                    },
                    Err(stopped) => CallOutcome::limited(&stopped),
                }
            }
            CallTarget::Resource(uri) => {
                let Some((resource, _)) = catalog.resource(uri) else {
                    let answer = Box::new(Err(guide::no_resource(uri)));
                    let failed = Some("There is no such resource.");
                    return CallOutcome::answered(failed, Reply::Resource(answer));
                };
                match sandbox.read_resource(&run, uri).await {
                    Ok((read, usage)) => {
                        let failed = read.content.is_err();
                        let answer = guide::resource_answer(resource, read.content);
                        CallOutcome {
                            usage,
                            references: read.references,
                            ..CallOutcome::answered(
                                failed.then_some("The resource can not be read."),
                                Reply::Resource(Box::new(answer)),
                            )
                        }
                    }
                    Err(stopped) => CallOutcome::limited(&stopped),
                }
            }
        }
    }

    fn started(&self) -> StartedCall {
        let client = self.request.client.as_ref();
        let sign_in = self.request.caller.sign_in();
        StartedCall {
            at: self.at,
            request_id: self.request_id.to_owned(),
            trace_id: self.request.trace.map(|trace| trace.trace_id()),
            tenant: self.request.caller.identity.tenant.to_string(),
            user: self.request.caller.identity.user.to_string(),
            client: client.map(|client| cut(&client.name, MAX_NAME)),
            client_version: client.map(|client| cut(&client.version, MAX_NAME)),
            sign_in: sign_in.map(|session| session.id.to_string()),
            client_id: self.request.caller.registered_client(),
            owner: self.request.caller.owner().map(str::to_owned),
            tool: self.request.tool.to_string(),
        }
    }

    /// Writes the outcome to the log and the metrics.
    fn report(&self, outcome: &CallOutcome) {
        let identity = &self.request.caller.identity;
        let tool = self.gateway.tool_label(&self.request.tool);
        let result = outcome.result.as_str();
        let metrics = &self.gateway.metrics;
        metrics.call(&identity.tenant, &tool, result);
        metrics.operation(
            "tools/call",
            Some(&tool),
            outcome.code,
            self.start.elapsed(),
        );
        if !outcome.usage.cpu.is_zero() {
            metrics.ran(&tool, outcome.usage.cpu);
        }
        self.trace.end(
            outcome.code,
            vec![
                KeyValue::new("gong_gateway.result", result),
                KeyValue::new("gong_gateway.requests", i64::from(outcome.sent)),
            ],
        );
        tracing::info!(
            result,
            code = outcome.code,
            requests = outcome.sent,
            bytes = outcome.usage.response_bytes,
            gong = outcome.references.join(" "),
            "answered in {:.0?}, of it {:.1?} in the sandbox",
            self.start.elapsed(),
            outcome.usage.cpu,
        );
    }

    fn answer(&self, reply: Reply) -> CallAnswer {
        let resource = matches!(self.request.target, CallTarget::Resource(_));
        let mut result = match reply {
            Reply::Resource(answer) => return CallAnswer::Resource(*answer),
            Reply::Sentence(text) if resource => {
                return CallAnswer::Resource(Err(ErrorData::internal_error(text, None)));
            }
            Reply::Sentence(text) => sentence(text),
            Reply::Tool(result) => mcp::answered(result),
        };
        let meta = result.meta.get_or_insert_default();
        meta.0.insert(REQUEST_ID.to_owned(), self.request_id.into());
        CallAnswer::Tool(result)
    }
}

fn sentence(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}

/// Why a call may not even wait.
pub(crate) fn queue_full(full: QueueFull, tenant: &str) -> String {
    format!(
        "{} calls of {tenant} wait already, and no more may. Try again when some have ended, or \
         make fewer at once.",
        full.waiting
    )
}

fn waiting(ahead: usize) -> String {
    match ahead {
        0 => "Waiting for a place among the calls that run: next in line.".to_owned(),
        1 => "Waiting for a place among the calls that run: 1 call goes before.".to_owned(),
        n => format!("Waiting for a place among the calls that run: {n} calls go before."),
    }
}

fn limit_name(error: &SandboxError) -> &'static str {
    match error {
        SandboxError::Memory(_) => "memory",
        SandboxError::Cpu(_) => "cpu",
        SandboxError::WallTime(_) => "wall-time",
        SandboxError::ResponseBytes(_) => "response-bytes",
        SandboxError::Requests(_) => "requests",
        SandboxError::UndeclaredOperation(_) => "undeclared-operation",
        SandboxError::Trap(_) => "crash",
        SandboxError::Answer(_) => "broken-answer",
        _ => "sandbox",
    }
}
