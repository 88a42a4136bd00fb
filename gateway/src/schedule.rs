//! Tools that are called regularly, as `[[tenants.acme.schedule]]` says.
//!
//! Such a call is one of the user [`SCHEDULE`], whom nobody can sign in as: it needs the approval that
//! every call needs, waits behind those of users, has its own share of the day's requests, and is in
//! the audit. Of one tenant one runs at a time, until it ends or a kill switch stops it. One that
//! fails is tried again at its next time.
//!
//! | module | concern |
//! |---|---|
//! | `plan` | which call is due when |
//! | `coverage` | what a tool says of how complete something is |

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rmcp::model::CallToolResult;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::call::{self, CallAnswer, CallRequest, CallTarget};
use crate::caller::{Caller, CallingClient, Through};
use crate::config::{SCHEDULE, ScheduledTool};
use crate::gateway::Gateway;
use crate::progress::Progress;
use crate::store::{AuditFilter, AuditRow, RowKind, StoreError};
use crate::tenants::Identity;

mod coverage;
mod plan;

use plan::Plan;

/// How often it is looked whether something is due, and whether a call may go on.
const INTERVAL: Duration = Duration::from_millis(500);

/// Calls in a row, of a tool that fills an index in parts.
const MOST_IN_A_ROW: u32 = 20;

/// What is shared with the rest of the gateway.
#[derive(Debug, Default)]
pub struct Schedule(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Tenants with a call that runs.
    running: HashSet<Arc<str>>,
    /// Tenants whose tools are called at once.
    refill: HashSet<Arc<str>>,
    coverage: BTreeMap<Arc<str>, Vec<(String, u32)>>,
}

impl Schedule {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the tools of a tenant at once.
    pub(crate) fn refill(&self, tenant: &Arc<str>) {
        self.lock().refill.insert(Arc::clone(tenant));
    }

    /// What the last call of a tenant has said of how complete something is: per cent by label.
    pub(crate) fn coverage(&self, tenant: &str) -> Vec<(String, u32)> {
        self.lock()
            .coverage
            .get(tenant)
            .cloned()
            .unwrap_or_default()
    }

    /// Goes on with what an earlier gateway has stored.
    pub(crate) fn resume_coverage(&self, tenant: &Arc<str>, coverage: &[(String, u32)]) {
        let mut state = self.lock();
        let known = state.coverage.entry(Arc::clone(tenant));
        known.or_insert_with(|| coverage.to_vec());
    }

    /// What was said holds no more.
    pub(crate) fn forget_coverage(&self, tenant: &str) {
        self.lock().coverage.remove(tenant);
    }
}

/// Ends a tenant's turn, however its call ends.
struct Turn {
    gateway: Arc<Gateway>,
    tenant: Arc<str>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.gateway.schedule.lock().running.remove(&self.tenant);
    }
}

/// Calls tools when they are due. Runs until cancelled.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let mut plan = Plan::default();
    loop {
        tokio::time::sleep(INTERVAL).await;
        if gateway.draining() {
            continue;
        }
        let live = gateway.tenants.live();
        plan.keep(|tenant| live.tenant(tenant).is_some());
        for tenant in live.tenants() {
            let tools = tenant.schedule();
            let is_ordered = gateway.schedule.lock().refill.contains(&tenant.name);
            if tools.is_empty() || gateway.schedule.lock().running.contains(&tenant.name) {
                continue;
            }
            for tool in plan.unknown(&tenant.name, tools) {
                let delay = delay(&gateway, &tenant.name, tool).await;
                plan.add(&tenant.name, tool, Instant::now() + delay);
            }
            let due = if is_ordered {
                gateway.schedule.lock().refill.remove(&tenant.name);
                plan.all(&tenant.name, tools, Instant::now())
            } else {
                plan.due(&tenant.name, tools, Instant::now())
            };
            if !due.is_empty() {
                gateway
                    .schedule
                    .lock()
                    .running
                    .insert(Arc::clone(&tenant.name));
                let turn = Turn {
                    gateway: Arc::clone(&gateway),
                    tenant: Arc::clone(&tenant.name),
                };
                tokio::spawn(call_each(turn, due));
            }
        }
    }
}

/// How long to wait for the first call of a tool since this gateway began, which goes on with the
/// schedule of the one before.
async fn delay(gateway: &Arc<Gateway>, tenant: &str, tool: &ScheduledTool) -> Duration {
    let filter = AuditFilter {
        tenant: Some(tenant.to_owned()),
        user: Some(SCHEDULE.to_owned()),
        tool: Some(tool.tool.clone()),
        kind: Some(RowKind::Call),
        limit: Some(1),
        ..AuditFilter::default()
    };
    let store = gateway.store.clone();
    let last = tokio::task::spawn_blocking(move || store.query_audit(&filter));
    let last = last
        .await
        .unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())));
    let last = match last.as_deref() {
        Ok([AuditRow::Call(call), ..]) => Some(call.time),
        Ok(_) => None,
        Err(error) => {
            tracing::error!(
                tenant,
                "the last call on the schedule is not known: {error}"
            );
            None
        }
    };
    plan::first_delay(last, Timestamp::now(), tool.every)
}

/// Calls tools of a tenant, one after the other.
async fn call_each(turn: Turn, tools: Vec<ScheduledTool>) {
    let Turn { gateway, tenant } = &turn;
    for tool in tools {
        for _ in 0..MOST_IN_A_ROW {
            let before = kept(gateway, tenant).await;
            if !call_once(gateway, tenant, &tool).await {
                break;
            }
            let after = kept(gateway, tenant).await;
            // A tool that fills an index in parts goes on while the index grows by more than a
            // hundredth.
            if after <= before + before / 100 {
                break;
            }
        }
    }
}

/// Bytes that the tenant's index has.
async fn kept(gateway: &Arc<Gateway>, tenant: &Arc<str>) -> u64 {
    let index = gateway.tenants.live().tenant(tenant);
    let Some(index) = index.and_then(|tenant| tenant.index.clone()) else {
        return 0;
    };
    let looked = tokio::task::spawn_blocking(move || index.look().bytes);
    looked.await.unwrap_or(0)
}

/// Calls a tool. Returns whether it succeeded.
async fn call_once(gateway: &Arc<Gateway>, tenant: &Arc<str>, tool: &ScheduledTool) -> bool {
    let identity = Identity {
        tenant: Arc::clone(tenant),
        user: SCHEDULE.into(),
    };
    let caller = Caller {
        identity,
        through: Through::Schedule,
    };
    let request = CallRequest {
        caller: caller.clone(),
        client: None,
        tool: tool.tool.as_str().into(),
        target: CallTarget::Tool(tool.arguments.clone()),
        trace: None,
    };
    let cancel = CancellationToken::new();
    let call = call::run(gateway, request, Progress::disabled(), cancel.clone());
    let mut call = std::pin::pin!(call);
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut call => break answer,
            () = tokio::time::sleep(INTERVAL) => {
                let policy = gateway.policy(&caller, &CallingClient::default()).await;
                let may = policy.is_ok_and(|policy| policy.allows(&tool.tool));
                if !may || gateway.draining() {
                    cancel.cancel();
                }
            }
        }
    };
    let CallAnswer::Tool(result) = answer else {
        return false;
    };
    if result.is_error == Some(true) {
        // Why is in the audit: a text of the tool may hold what it was called with.
        tracing::warn!(
            tenant = &**tenant,
            tool = tool.tool,
            "a call on the schedule has failed; it is tried again at its next time"
        );
        return false;
    }
    note_coverage(gateway, tenant, &result);
    true
}

fn note_coverage(gateway: &Gateway, tenant: &Arc<str>, result: &CallToolResult) {
    let structured = result.structured_content.as_ref();
    if let Some(coverage) = structured.and_then(|value: &Value| coverage::of(value)) {
        let mut state = gateway.schedule.lock();
        state.coverage.insert(Arc::clone(tenant), coverage);
    }
}
