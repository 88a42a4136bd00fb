//! Writes calls into the audit, many in one commit.
//!
//! One thread commits all calls that wait at the same time, so that many calls share one wait
//! for the disk.

use std::pin::Pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{fmt, thread};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::chain::{Chain, Event};
use super::{CallResult, saturating};
use crate::cut::{REASON, cut};
use crate::store::{LastWrite, Store, StoreError, json, lock, millis};

/// Rows that one commit takes at most.
const GROUP: usize = 512;

/// Characters that are kept of a name that a client sends.
const NAME: usize = 100;

/// Characters that are kept of a client's id, which may be an address.
const CLIENT_ID: usize = 500;

/// What is known about a call when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedCall {
    /// When the gateway received it.
    pub at: Timestamp,
    /// Joins the audit with the log.
    pub request_id: String,
    /// The client's trace, when it sends one: 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// The tenant.
    pub tenant: String,
    /// The user.
    pub user: String,
    /// The name that the client program gives itself.
    pub client: Option<String>,
    /// Its version.
    pub client_version: Option<String>,
    /// The sign-in whose token it was, for users who sign in.
    pub sign_in: Option<String>,
    /// The id with which the client has registered, for users who sign in.
    pub client_id: Option<String>,
    /// Who answers for the service account that called.
    pub owner: Option<String>,
    /// The tool's name, as the client sent it.
    pub tool: String,
}

/// A call that has ended. The audit never holds arguments, answers or secrets, nor the text of a
/// tool's error, which may quote them: `reason` is the gateway's own sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedCall {
    /// The result of [`AuditWriter::begin`], when that was called.
    pub id: Option<CallId>,
    /// What was known when it began.
    pub start: StartedCall,
    /// How it ended.
    pub result: CallResult,
    /// Why it failed or was denied, for programs: a denial's code, or the name of a limit.
    pub code: Option<String>,
    /// The same for people.
    pub reason: Option<String>,
    /// From its arrival to its answer, including all waiting.
    pub latency: Duration,
    /// Requests that were sent to Gong.
    pub gong_requests: u32,
    /// Bytes of Gong's answers.
    pub bytes: u64,
    /// Gong's own ids of the requests.
    pub gong_request_ids: Vec<String>,
}

/// The row of a call that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId(i64);

/// Writes calls into the audit. Clones share one thread.
#[derive(Clone)]
pub struct AuditWriter(Sender<Job>);

impl fmt::Debug for AuditWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditWriter")
    }
}

struct Job {
    work: Work,
    done: oneshot::Sender<Result<CallId, StoreError>>,
}

enum Work {
    Begin(StartedCall),
    Finish(FinishedCall),
}

/// A row on its way to the disk: await it, or [`wait`](Self::wait) for it. It is written
/// even if it is dropped.
#[derive(Debug)]
#[must_use = "until this is done the row may be lost"]
pub struct PendingCommit(oneshot::Receiver<Result<CallId, StoreError>>);

impl PendingCommit {
    /// Blocks until the row is on the disk.
    ///
    /// # Errors
    ///
    /// The row could not be written.
    pub fn wait(self) -> Result<CallId, StoreError> {
        self.0
            .blocking_recv()
            .unwrap_or_else(|_| Err(writer_gone()))
    }
}

impl Future for PendingCommit {
    type Output = Result<CallId, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let received = Pin::new(&mut self.0).poll(context);
        received.map(|received| received.unwrap_or_else(|_| Err(writer_gone())))
    }
}

fn writer_gone() -> StoreError {
    StoreError::Failed("the audit is written no more".to_owned())
}

impl AuditWriter {
    /// Starts the thread, which ends when the last clone is dropped.
    pub(in crate::store) fn start(
        connection: Connection,
        writing: Arc<Mutex<()>>,
        last_write: Arc<Mutex<LastWrite>>,
    ) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel();
        thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write_all(connection, &writing, &last_write, &waiting))
            .map_err(|error| StoreError::Failed(format!("cannot start the audit: {error}")))?;
        Ok(Self(jobs))
    }

    /// Writes that a call begins. Wait for the commit before sending a change to Gong: if the
    /// gateway dies after that, the audit shows that the change may have been made.
    pub fn begin(&self, start: StartedCall) -> PendingCommit {
        self.job(Work::Begin(start))
    }

    /// Writes that a call has ended. Wait for the commit before answering the call: then every
    /// answered call is in the audit.
    pub fn finish(&self, row: FinishedCall) -> PendingCommit {
        self.job(Work::Finish(row))
    }

    fn job(&self, work: Work) -> PendingCommit {
        let (done, committed) = oneshot::channel();
        // If the thread is gone, the job is dropped, and the receiver reports that.
        let _ = self.0.send(Job { work, done });
        PendingCommit(committed)
    }
}

fn write_all(
    mut connection: Connection,
    writing: &Mutex<()>,
    last_write: &Mutex<LastWrite>,
    waiting: &Receiver<Job>,
) {
    while let Ok(first) = waiting.recv() {
        let turn = lock(writing);
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(GROUP - 1));
        let written = write_group(&mut connection, &group);
        drop(turn);
        lock(last_write).note(&written);
        match written {
            Ok(ids) => {
                for (job, id) in group.into_iter().zip(ids) {
                    let _ = job.done.send(Ok(id));
                }
            }
            Err(error) => {
                for job in group {
                    let _ = job.done.send(Err(error.clone()));
                }
            }
        }
    }
}

fn write_group(connection: &mut Connection, group: &[Job]) -> Result<Vec<CallId>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut chain = Chain::load(&transaction)?;
    let ids = group
        .iter()
        .map(|job| {
            let (id, event) = match &job.work {
                Work::Begin(start) => (insert(&transaction, start, None)?, Event::Begun),
                Work::Finish(row) => (finish(&transaction, row)?, Event::Final),
            };
            chain.link(id.0, event)?;
            Ok(id)
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    chain.store()?;
    transaction.commit()?;
    Ok(ids)
}

fn insert(
    transaction: &Transaction<'_>,
    start: &StartedCall,
    end: Option<&FinishedCall>,
) -> Result<CallId, StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO audit (at, kind, tenant, actor, via, via_version, what, request_id,
             trace_id, sign_in, client_id, owner, result, code, reason, latency_ms, gong_requests, bytes,
             gong_request_ids)
             VALUES (?, 'call', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            millis(start.at),
            start.tenant,
            start.user,
            start.client.as_deref().map(|name| cut(name, NAME)),
            start.client_version.as_deref().map(|name| cut(name, NAME)),
            cut(&start.tool, NAME),
            start.request_id,
            start.trace_id,
            start.sign_in,
            start.client_id.as_deref().map(|id| cut(id, CLIENT_ID)),
            start.owner,
            end.map_or(CallResult::Started, |end| end.result).as_str(),
            end.and_then(|end| end.code.as_ref()),
            end.and_then(reason),
            end.map(|end| saturating(end.latency.as_millis())),
            end.map(|end| end.gong_requests),
            end.map(|end| saturating(end.bytes.into())),
            end.map(|end| json(&end.gong_request_ids)),
        ])?;
    Ok(CallId(transaction.last_insert_rowid()))
}

fn finish(transaction: &Transaction<'_>, row: &FinishedCall) -> Result<CallId, StoreError> {
    if let Some(CallId(id)) = row.id {
        let known = transaction
            .prepare_cached(
                "UPDATE audit SET result = ?, code = ?, reason = ?, latency_ms = ?,
                 gong_requests = ?, bytes = ?, gong_request_ids = ? WHERE id = ?",
            )?
            .execute(params![
                row.result.as_str(),
                row.code,
                reason(row),
                saturating(row.latency.as_millis()),
                row.gong_requests,
                saturating(row.bytes.into()),
                json(&row.gong_request_ids),
                id
            ])?;
        if known == 1 {
            return Ok(CallId(id));
        }
    }
    insert(transaction, &row.start, Some(row))
}

/// The reason as it is stored.
fn reason(row: &FinishedCall) -> Option<String> {
    row.reason.as_deref().map(|reason| cut(reason, REASON))
}

impl Store {
    /// Writes calls into the audit.
    #[must_use]
    pub fn audit_writer(&self) -> AuditWriter {
        self.0.audit_writer.clone()
    }

    /// Marks the calls that an earlier process left unfinished as interrupted.
    pub(in crate::store) fn interrupt_unfinished(&self) -> Result<usize, StoreError> {
        self.write(|transaction| {
            let unfinished = transaction
                .prepare("SELECT id FROM audit WHERE result = 'started' ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<Vec<i64>, _>>()?;
            let mut chain = Chain::load(transaction)?;
            for &id in &unfinished {
                transaction
                    .prepare_cached(
                        "UPDATE audit SET result = 'interrupted', code = 'interrupted', reason =
                         'The gateway ended before the call did: Gong may have done what was asked.'
                         WHERE id = ?",
                    )?
                    .execute([id])?;
                chain.link(id, Event::Final)?;
            }
            chain.store()?;
            Ok(unfinished.len())
        })
    }
}
