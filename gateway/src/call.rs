//! One call, from the user's wish to the audit's row.
//!
//! Governance → queue → governance again (a kill switch counts for those who waited, too) →
//! sandbox, whose requests await their turn at Gong's limit → audit. The row is on the disk
//! before the answer leaves, and for a change there is one before it is sent. A call runs as
//! a task of its own, so that it is accounted for even if nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use host_harness::mcp::{self, guide};
use jiff::Timestamp;
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, JsonObject, ReadResourceResponse};
use sandbox::{SandboxError, ToolResult, Usage};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::gateway::Gateway;
use crate::governance::Denial;
use crate::log;
use crate::progress::Progress;
use crate::queue::Running;
use crate::store::{CallId, CallResult, CallRow, CallStart};
use crate::tenant::{CallGate, Tenant};
use crate::tenants::Identity;

/// Where an answer's `_meta` names the call as the audit and the log do.
pub const REQUEST_ID: &str = "gong-gateway/request-id";

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Wish {
    /// A tool, with arguments.
    Tool(JsonObject),
    /// A resource of the tool, by its address.
    Resource(String),
}

/// Who asks for what.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who.
    pub identity: Identity,
    /// With which program.
    pub client: Option<Implementation>,
    /// For which tool.
    pub tool: Arc<str>,
    /// For what of it.
    pub wish: Wish,
}

/// What a call came to.
#[derive(Debug)]
pub enum Answer {
    /// A tool's answer, or a sentence why there is none.
    Tool(CallToolResult),
    /// A resource, or why there is none.
    Resource(Result<ReadResourceResponse, ErrorData>),
}

/// How it ended, for the audit.
struct Ended {
    result: CallResult,
    code: Option<&'static str>,
    reason: Option<String>,
    usage: Usage,
    sent: u32,
    references: Vec<String>,
    answer: Outcome,
}

enum Outcome {
    Tool(ToolResult),
    Resource(Box<Result<ReadResourceResponse, ErrorData>>),
    Sentence(String),
}

impl Ended {
    /// `failed` says how the tool itself failed, if it did.
    fn with_answer(failed: Option<&str>, answer: Outcome) -> Self {
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
            answer,
        }
    }

    fn without_answer(result: CallResult, code: &'static str, reason: String) -> Self {
        Self {
            result,
            code: Some(code),
            reason: Some(reason.clone()),
            usage: Usage::default(),
            sent: 0,
            references: Vec::new(),
            answer: Outcome::Sentence(reason),
        }
    }
}

/// Does the call, to its end in the audit, whatever becomes of the caller.
pub async fn run(
    gateway: &Arc<Gateway>,
    asked: Asked,
    progress: Progress,
    cancel: CancellationToken,
) -> Answer {
    let request_id = Uuid::now_v7().to_string();
    let span = log::span(
        &request_id,
        &asked.identity.tenant,
        &asked.identity.user,
        &asked.tool,
    );
    let gateway = Arc::clone(gateway);
    // Whoever waits for this may go away; the call is then cancelled, and ends in order.
    let waiting = cancel.clone().drop_guard();
    let call = gateway.clone().running.spawn(
        async move {
            let call = Call {
                gateway: &gateway,
                asked: &asked,
                request_id: &request_id,
                start: Instant::now(),
                at: Timestamp::now(),
            };
            call.run(progress, cancel).await
        }
        .instrument(span),
    );
    let answer = call.await;
    waiting.disarm();
    answer.unwrap_or_else(|error| {
        tracing::error!("a call ended in a fault of the gateway: {error}");
        Answer::Tool(sentence("The gateway has failed at this call.".to_owned()))
    })
}

struct Call<'a> {
    gateway: &'a Arc<Gateway>,
    asked: &'a Asked,
    request_id: &'a str,
    start: Instant,
    at: Timestamp,
}

impl Call<'_> {
    async fn run(&self, progress: Progress, cancel: CancellationToken) -> Answer {
        let mut begun = None;
        let ended = self.end(&progress, &cancel, &mut begun).await;
        drop(progress);
        let row = CallRow {
            id: begun,
            start: self.row(),
            result: ended.result,
            code: ended.code.map(str::to_owned),
            reason: ended.reason.clone(),
            latency: self.start.elapsed(),
            gong_requests: ended.sent,
            bytes: ended.usage.response_bytes,
            gong_request_ids: ended.references.clone(),
        };
        let committed = self.gateway.store.audit().finish(row).await;
        self.tell(&ended);
        if let Err(error) = committed {
            tracing::error!("a call can not be written to the audit: {error}");
            // What is not in the audit does not leave the gateway.
            return self.answer(Outcome::Sentence(
                "The gateway can not write its audit at the moment, and answers no calls \
                 unaudited. Whether a change was made is not known."
                    .to_owned(),
            ));
        }
        self.answer(ended.answer)
    }

    /// How it ends: at a denial, in the queue, in the sandbox, or because of the caller.
    async fn end(
        &self,
        progress: &Progress,
        cancel: &CancellationToken,
        begun: &mut Option<CallId>,
    ) -> Ended {
        if let Err(ended) = self.decide().await {
            return ended;
        }
        let live = self.gateway.tenants.live();
        let Some(tenant) = live.tenant(&self.asked.identity.tenant) else {
            return Ended::without_answer(
                CallResult::Denied,
                "unknown-user",
                "This tenant is not served any more.".to_owned(),
            );
        };
        let gate = Arc::new(CallGate {
            tenant: Arc::clone(&tenant),
            user: Arc::clone(&self.asked.identity.user),
            metrics: self.gateway.metrics.clone(),
            progress: progress.clone(),
            sent: AtomicU32::new(0),
        });
        let work = async {
            let place = match self.queue(&tenant, progress).await {
                Ok(place) => place,
                Err(ended) => return ended,
            };
            let ended = self.in_sandbox(&tenant, &gate, begun).await;
            drop(place);
            ended
        };
        let mut ended = tokio::select! {
            biased;
            ended = work => ended,
            () = self.gateway.abort.cancelled() => Ended::without_answer(
                CallResult::Interrupted,
                "shutdown",
                "The gateway was shut down before the call had ended.".to_owned(),
            ),
            () = cancel.cancelled() => Ended::without_answer(
                CallResult::Error,
                "cancelled",
                "The client cancelled the call.".to_owned(),
            ),
        };
        ended.sent = gate.sent.load(Ordering::Relaxed);
        ended
    }

    /// What governance says at this moment.
    async fn decide(&self) -> Result<(), Ended> {
        let policy = self.gateway.policy(&self.asked.identity).await;
        let denied = |code, reason| {
            self.gateway
                .metrics
                .denied(&self.asked.identity.tenant, code);
            Ended::without_answer(CallResult::Denied, code, reason)
        };
        match policy {
            Ok(policy) => policy
                .decide(&self.asked.tool)
                .map_err(|Denial { code, sentence }| denied(code.as_str(), sentence)),
            Err(error) => {
                tracing::error!("governance can not be read: {error}");
                let reason = "The gateway can not read who may call what at the moment, and lets \
                              nobody through.";
                Err(denied("no-decision", reason.to_owned()))
            }
        }
    }

    async fn queue(&self, tenant: &Tenant, progress: &Progress) -> Result<Running, Ended> {
        let tell = |ahead| progress.tell(waiting(ahead));
        let place = tenant.queue.enter(&self.asked.identity.user, tell).await;
        let place = place.map_err(|full| {
            let reason = format!(
                "{} calls of {} wait already, and no more may. Try again when some have ended, or \
                 make fewer at once.",
                full.waiting, tenant.name
            );
            Ended::without_answer(CallResult::Error, "queue-full", reason)
        })?;
        let waited = self.start.elapsed();
        self.gateway.metrics.queued(waited);
        if waited.as_millis() > 0 {
            self.decide().await?;
        }
        Ok(place)
    }

    async fn in_sandbox(
        &self,
        tenant: &Tenant,
        gate: &Arc<CallGate>,
        begun: &mut Option<CallId>,
    ) -> Ended {
        let Some(run) = tenant.run(Arc::clone(gate)) else {
            let reason = format!(
                "The gateway has no credentials for {}'s Gong at the moment; who runs it finds \
                 why in its log.",
                tenant.name
            );
            return Ended::without_answer(CallResult::Error, "no-credentials", reason);
        };
        let catalog = &self.gateway.catalog;
        let reads = catalog.tool(&self.asked.tool).is_some_and(|one| one.reads);
        if !reads {
            match self.gateway.store.audit().begin(self.row()).await {
                Ok(id) => *begun = Some(id),
                Err(error) => {
                    tracing::error!("a change can not be written to the audit: {error}");
                    let reason = "The gateway can not write its audit at the moment, and sends no \
                                  changes unaudited. Nothing was sent.";
                    return Ended::without_answer(CallResult::Error, "no-audit", reason.to_owned());
                }
            }
        }
        let sandbox = &self.gateway.sandbox;
        match &self.asked.wish {
            Wish::Tool(arguments) => {
                let arguments = Value::Object(arguments.clone()).to_string();
                match sandbox.call_tool(&run, &self.asked.tool, &arguments).await {
                    Ok(mut result) => Ended {
                        usage: result.usage,
                        references: std::mem::take(&mut result.references),
                        ..Ended::with_answer(
                            result
                                .is_error
                                .then_some("The tool answered with an error."),
                            Outcome::Tool(result),
                        )
                    },
                    Err(stopped) => Ended {
                        usage: stopped.usage,
                        ..Ended::without_answer(
                            CallResult::Error,
                            limit_name(&stopped.error),
                            stopped.error.to_string(),
                        )
                    },
                }
            }
            Wish::Resource(uri) => {
                let shown = catalog.resource(uri).map(|(resource, _)| resource);
                let answer = guide::read_resource(sandbox, &run, shown, uri).await;
                Ended::with_answer(
                    answer.is_err().then_some("The resource can not be read."),
                    Outcome::Resource(Box::new(answer)),
                )
            }
        }
    }

    fn row(&self) -> CallStart {
        let client = self.asked.client.as_ref();
        CallStart {
            at: self.at,
            request_id: self.request_id.to_owned(),
            tenant: self.asked.identity.tenant.to_string(),
            user: self.asked.identity.user.to_string(),
            client: client.map(|client| shortened(&client.name)),
            client_version: client.map(|client| shortened(&client.version)),
            tool: shortened(&self.asked.tool),
        }
    }

    /// To the log and the metrics.
    fn tell(&self, ended: &Ended) {
        let identity = &self.asked.identity;
        let tool = self.gateway.tool_label(&self.asked.tool);
        let result = ended.result.as_str();
        let metrics = &self.gateway.metrics;
        metrics.call(&identity.tenant, &tool, result);
        metrics.operation("tools/call", Some(&tool), ended.code, self.start.elapsed());
        if !ended.usage.cpu.is_zero() {
            metrics.ran(&tool, ended.usage.cpu);
        }
        tracing::info!(
            result,
            code = ended.code,
            requests = ended.sent,
            bytes = ended.usage.response_bytes,
            gong = ended.references.join(" "),
            "answered in {:.0?}, of it {:.1?} in the sandbox",
            self.start.elapsed(),
            ended.usage.cpu,
        );
    }

    fn answer(&self, outcome: Outcome) -> Answer {
        let resource = matches!(self.asked.wish, Wish::Resource(_));
        let mut result = match outcome {
            Outcome::Resource(answer) => return Answer::Resource(*answer),
            Outcome::Sentence(text) if resource => {
                return Answer::Resource(Err(ErrorData::internal_error(text, None)));
            }
            Outcome::Sentence(text) => sentence(text),
            Outcome::Tool(result) => mcp::answered(result),
        };
        let meta = result.meta.get_or_insert_default();
        meta.0.insert(REQUEST_ID.to_owned(), self.request_id.into());
        Answer::Tool(result)
    }
}

fn sentence(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
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
        SandboxError::Trap(_) => "crash",
        SandboxError::Answer(_) => "broken-answer",
        _ => "sandbox",
    }
}

/// Names are the client's own words: at most so many characters of them are kept.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Why there is nothing to see for a policy that can not be read.
pub(crate) fn unreadable(error: &crate::store::StoreError) -> ErrorData {
    tracing::error!("governance can not be read: {error}");
    ErrorData::internal_error(
        "The gateway can not read who may call what at the moment.",
        None,
    )
}
