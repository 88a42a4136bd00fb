//! Who called what, and who changed what.
//!
//! Calls are written by one thread that commits all that wait at once, so that many calls
//! share one wait for the disk.

use std::io::Write;
use std::pin::Pin;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{fmt, thread};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params, params_from_iter};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{Store, StoreError, from_json, json, lock, millis, timestamp, unknown};

/// Rows that one commit takes at most.
const GROUP: usize = 512;

/// Characters that are kept of a name that a client gives.
const NAME: usize = 100;

/// Rows that pruning deletes, and export reads, at once: others wait no longer than for these.
const SLICE: u32 = 5_000;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallResult {
    /// It runs, or its process died and nobody has noticed yet.
    Started,
    /// The tool answered.
    Success,
    /// The gateway refused it.
    Denied,
    /// The tool or the sandbox failed.
    Error,
    /// The gateway died before it ended: whether Gong did what was asked is not known.
    Interrupted,
}

impl CallResult {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Started,
        Self::Success,
        Self::Denied,
        Self::Error,
        Self::Interrupted,
    ];

    /// As it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Error => "error",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for CallResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for CallResult {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| unknown("result", text, Self::ALL.map(Self::as_str)))
    }
}

/// What is known of a call when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallStart {
    /// When it came.
    pub at: Timestamp,
    /// Joins the audit with the log.
    pub request_id: String,
    /// The tenant.
    pub tenant: String,
    /// The user.
    pub user: String,
    /// The client program's name, as it says itself.
    pub client: Option<String>,
    /// Its version.
    pub client_version: Option<String>,
    /// The tool's name, as asked for.
    pub tool: String,
}

/// A call that has ended. Never arguments, answers or secrets, so neither the text of a
/// tool's error: `reason` is the gateway's own sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// What [`Audit::begin`] gave, where the call was begun.
    pub id: Option<CallId>,
    /// What was known when it began.
    pub start: CallStart,
    /// How it ended.
    pub result: CallResult,
    /// Why not, for programs: a [`Denial`](crate::governance::Denial)'s code, or a limit's name.
    pub code: Option<String>,
    /// Why not, for people.
    pub reason: Option<String>,
    /// From its coming to its answer, waiting for its turn included.
    pub latency: Duration,
    /// Requests that were sent to Gong.
    pub gong_requests: u32,
    /// Bytes of Gong's answers.
    pub bytes: u64,
    /// Gong's own ids of its answers.
    pub gong_request_ids: Vec<String>,
}

/// A call that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId(i64);

/// The audit's pen. Clones share it.
#[derive(Clone)]
pub struct Audit(Sender<Job>);

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Audit")
    }
}

struct Job {
    work: Work,
    done: oneshot::Sender<Result<CallId, StoreError>>,
}

enum Work {
    Begin(CallStart),
    Finish(CallRow),
}

/// A row on its way to the disk: await it, or [`wait`](Self::wait) for it. It is written
/// even if nobody does.
#[derive(Debug)]
#[must_use = "until this is done the row may be lost"]
pub struct Committed(oneshot::Receiver<Result<CallId, StoreError>>);

impl Committed {
    /// Waits, outside of asynchronous code.
    ///
    /// # Errors
    ///
    /// The row could not be written.
    pub fn wait(self) -> Result<CallId, StoreError> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(gone()))
    }
}

impl Future for Committed {
    type Output = Result<CallId, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let received = Pin::new(&mut self.0).poll(context);
        received.map(|received| received.unwrap_or_else(|_| Err(gone())))
    }
}

fn gone() -> StoreError {
    StoreError::Failed("the audit is written no more".to_owned())
}

impl Audit {
    /// Starts the thread that writes. It ends with the last pen.
    pub(super) fn start(
        connection: Connection,
        writing: Arc<Mutex<()>>,
    ) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel();
        thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write_all(connection, &writing, &waiting))
            .map_err(|error| StoreError::Failed(format!("cannot start the audit: {error}")))?;
        Ok(Self(jobs))
    }

    /// Notes that a call begins. Wait for it before a change is sent to Gong: if the gateway
    /// dies then, the audit shows that the change may have been made.
    pub fn begin(&self, start: CallStart) -> Committed {
        self.job(Work::Begin(start))
    }

    /// Notes that a call has ended. Wait for it before the call is answered: an answered call
    /// is then in the audit, whatever happens.
    pub fn finish(&self, row: CallRow) -> Committed {
        self.job(Work::Finish(row))
    }

    fn job(&self, work: Work) -> Committed {
        let (done, committed) = oneshot::channel();
        // Without a thread the sender is dropped here, and the receiver says so.
        let _ = self.0.send(Job { work, done });
        Committed(committed)
    }
}

fn write_all(mut connection: Connection, writing: &Mutex<()>, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let turn = lock(writing);
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(GROUP - 1));
        let written = write_group(&mut connection, &group);
        drop(turn);
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
    let ids = group
        .iter()
        .map(|job| match &job.work {
            Work::Begin(start) => insert(&transaction, start, None),
            Work::Finish(row) => finish(&transaction, row),
        })
        .collect::<Result<Vec<_>, _>>()?;
    transaction.commit()?;
    Ok(ids)
}

fn insert(
    transaction: &Transaction<'_>,
    start: &CallStart,
    end: Option<&CallRow>,
) -> Result<CallId, StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO audit (at, kind, tenant, actor, via, via_version, what, request_id,
             result, code, reason, latency_ms, gong_requests, bytes, gong_request_ids)
             VALUES (?, 'call', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            millis(start.at),
            start.tenant,
            start.user,
            start.client.as_deref().map(short),
            start.client_version.as_deref().map(short),
            short(&start.tool),
            start.request_id,
            end.map_or(CallResult::Started, |end| end.result).as_str(),
            end.and_then(|end| end.code.as_ref()),
            end.and_then(|end| end.reason.as_ref()),
            end.map(|end| whole(end.latency.as_millis())),
            end.map(|end| end.gong_requests),
            end.map(|end| whole(end.bytes.into())),
            end.map(|end| json(&end.gong_request_ids)),
        ])?;
    Ok(CallId(transaction.last_insert_rowid()))
}

fn finish(transaction: &Transaction<'_>, row: &CallRow) -> Result<CallId, StoreError> {
    if let Some(CallId(id)) = row.id {
        let known = transaction
            .prepare_cached(
                "UPDATE audit SET result = ?, code = ?, reason = ?, latency_ms = ?,
                 gong_requests = ?, bytes = ?, gong_request_ids = ? WHERE id = ?",
            )?
            .execute(params![
                row.result.as_str(),
                row.code,
                row.reason,
                whole(row.latency.as_millis()),
                row.gong_requests,
                whole(row.bytes.into()),
                json(&row.gong_request_ids),
                id
            ])?;
        if known == 1 {
            return Ok(CallId(id));
        }
    }
    insert(transaction, &row.start, Some(row))
}

/// What a client says of itself and asks for, fit to be kept and shown: on one line, without
/// control characters, and no longer than names are.
fn short(text: &str) -> String {
    let plain = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut short: String = plain.clone().take(NAME).collect();
    if plain.count() > NAME {
        short.push('…');
    }
    short
}

fn whole(number: u128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Which rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// From this moment.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Of this tenant; acts that concern the gateway as a whole are of none.
    pub tenant: Option<String>,
    /// Of these tenants, without the acts that concern all: for who manages only some.
    pub only: Option<Vec<String>>,
    /// By this user or administrator.
    pub user: Option<String>,
    /// Of this tool: calls of it, and acts on it.
    pub tool: Option<String>,
    /// Calls that ended so.
    pub result: Option<CallResult>,
    /// Only calls, or only acts.
    pub kind: Option<Kind>,
    /// Older than the row of this id: the last one of the page before.
    pub before: Option<i64>,
    /// At most so many, the newest. 100 when none.
    pub limit: Option<usize>,
}

/// Calls or acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A user called a tool.
    Call,
    /// An administrator, or the gateway, changed something.
    Act,
}

impl Kind {
    /// As it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Act => "act",
        }
    }
}

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AuditRow {
    /// A user called a tool.
    Call(Call),
    /// Somebody changed something.
    Act(Act),
}

impl AuditRow {
    /// For [`AuditFilter::before`].
    #[must_use]
    pub fn id(&self) -> i64 {
        match self {
            Self::Call(call) => call.id,
            Self::Act(act) => act.id,
        }
    }
}

/// A call, as the audit has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Unique in the file, rising.
    pub id: i64,
    /// When it came.
    pub time: Timestamp,
    /// The tenant.
    pub tenant: String,
    /// The user.
    pub user: String,
    /// The client program's name, as it says itself.
    pub client: Option<String>,
    /// Its version.
    pub client_version: Option<String>,
    /// The tool's name, as asked for.
    pub tool: String,
    /// How it ended.
    pub result: CallResult,
    /// Why not, for programs.
    pub code: Option<String>,
    /// Why not, for people.
    pub reason: Option<String>,
    /// Milliseconds from its coming to its answer.
    pub latency_ms: Option<u64>,
    /// Requests that were sent to Gong.
    pub gong_requests: Option<u32>,
    /// Bytes of Gong's answers.
    pub bytes: Option<u64>,
    /// Joins the audit with the log.
    pub request_id: Option<String>,
    /// Gong's own ids of its answers.
    pub gong_request_ids: Vec<String>,
}

/// An act, as the audit has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Unique in the file, rising.
    pub id: i64,
    /// When it was done.
    pub time: Timestamp,
    /// The tenant; none where it concerns all.
    pub tenant: Option<String>,
    /// Who did it.
    pub actor: String,
    /// How it came: `command-line`, `page`, `file` or `gateway`.
    pub via: String,
    /// What was done, such as `approve`.
    pub act: String,
    /// To what, such as a tool's name.
    pub subject: Option<String>,
    /// The rest.
    pub detail: Option<String>,
}

impl AuditRow {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let kind: String = row.get("kind")?;
        let id = row.get("id")?;
        let time = timestamp(row.get("at")?);
        if kind == Kind::Act.as_str() {
            let via: Option<String> = row.get("via")?;
            return Ok(Self::Act(Act {
                id,
                time,
                tenant: row.get("tenant")?,
                actor: row.get("actor")?,
                via: via.unwrap_or_default(),
                act: row.get("what")?,
                subject: row.get("subject")?,
                detail: row.get("reason")?,
            }));
        }
        let result: String = row.get("result")?;
        let tenant: Option<String> = row.get("tenant")?;
        let ids: Option<String> = row.get("gong_request_ids")?;
        let number = |column| {
            let number: Option<i64> = row.get(column)?;
            Ok::<_, rusqlite::Error>(number.and_then(|number| u64::try_from(number).ok()))
        };
        Ok(Self::Call(Call {
            id,
            time,
            tenant: tenant.unwrap_or_default(),
            user: row.get("actor")?,
            client: row.get("via")?,
            client_version: row.get("via_version")?,
            tool: row.get("what")?,
            // The schema allows no other.
            result: result.parse().unwrap_or(CallResult::Interrupted),
            code: row.get("code")?,
            reason: row.get("reason")?,
            latency_ms: number("latency_ms")?,
            gong_requests: row.get("gong_requests")?,
            bytes: number("bytes")?,
            request_id: row.get("request_id")?,
            gong_request_ids: match ids {
                Some(_) => from_json(row, "gong_request_ids")?,
                None => Vec::new(),
            },
        }))
    }
}

impl AuditFilter {
    /// The condition in SQL, and its values.
    fn condition(&self) -> (String, Vec<Value>) {
        let mut conditions = vec!["1".to_owned()];
        let mut values: Vec<Value> = Vec::new();
        let mut with = |condition: &str, value: Value| {
            conditions.push(condition.replace('?', &format!("?{}", values.len() + 1)));
            values.push(value);
        };
        if let Some(since) = self.since {
            with("at >= ?", millis(since).into());
        }
        if let Some(until) = self.until {
            with("at < ?", millis(until).into());
        }
        if let Some(tenant) = &self.tenant {
            with("tenant = ?", tenant.clone().into());
        }
        if let Some(only) = &self.only {
            with(
                "tenant IN (SELECT value FROM json_each(?))",
                json(only).into(),
            );
        }
        if let Some(user) = &self.user {
            with("actor = ?", user.clone().into());
        }
        if let Some(tool) = &self.tool {
            with(
                "(kind = 'call' AND what = ? OR kind = 'act' AND subject = ?)",
                tool.clone().into(),
            );
        }
        if let Some(result) = self.result {
            with(
                "kind = 'call' AND result = ?",
                result.as_str().to_owned().into(),
            );
        }
        if let Some(kind) = self.kind {
            with("kind = ?", kind.as_str().to_owned().into());
        }
        if let Some(before) = self.before {
            with(
                "(at, id) < (SELECT at, id FROM audit WHERE id = ?)",
                before.into(),
            );
        }
        (conditions.join(" AND "), values)
    }
}

impl Store {
    /// The pen for calls.
    #[must_use]
    pub fn audit(&self) -> Audit {
        self.0.audit.clone()
    }

    /// Rows that fit, newest first.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn query_audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let (condition, values) = filter.condition();
        let limit = whole(filter.limit.unwrap_or(100) as u128);
        let sql = format!(
            "SELECT * FROM audit WHERE {condition} ORDER BY at DESC, id DESC LIMIT {limit}"
        );
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(values), AuditRow::from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Writes rows that fit as JSON lines, oldest first, and says how many. `limit` means the
    /// oldest ones here, all when none; `before` counts as there.
    ///
    /// Others can write meanwhile; rows that come later than the start may be among them.
    ///
    /// # Errors
    ///
    /// The file could not be read, or `out` not written.
    pub fn export_audit(
        &self,
        filter: &AuditFilter,
        out: &mut dyn Write,
    ) -> Result<u64, StoreError> {
        let (condition, values) = filter.condition();
        let most = filter.limit.map_or(u64::MAX, |limit| limit as u64);
        let mut count = 0;
        let mut last = (i64::MIN, i64::MIN);
        while count < most {
            let slice = SLICE.min(u32::try_from(most - count).unwrap_or(SLICE));
            // The bounds of the slice are numbers, so they can stand in the text.
            let sql = format!(
                "SELECT * FROM audit WHERE {condition} AND (at, id) > ({}, {})
                 ORDER BY at, id LIMIT {slice}",
                last.0, last.1
            );
            let rows = self.read(|connection| {
                let mut statement = connection.prepare(&sql)?;
                let rows = statement.query_map(params_from_iter(&values), |row| {
                    Ok((row.get("at")?, row.get("id")?, AuditRow::from_row(row)?))
                })?;
                Ok(rows.collect::<Result<Vec<(i64, i64, AuditRow)>, _>>()?)
            })?;
            let full = rows.len() == slice as usize;
            for (at, id, row) in rows {
                last = (at, id);
                count += 1;
                writeln!(out, "{}", json(&row)).map_err(|error| {
                    StoreError::Failed(format!("cannot write the export: {error}"))
                })?;
            }
            if !full {
                break;
            }
        }
        Ok(count)
    }

    /// Deletes rows older than `keep`, and days of quota over a year old, and says how many
    /// rows of the audit went.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn prune(&self, keep: Duration) -> Result<u64, StoreError> {
        let now = Timestamp::now();
        let oldest = now.checked_sub(keep).unwrap_or(Timestamp::MIN);
        let mut gone = 0;
        loop {
            let some = self.write(|transaction| {
                let rows = transaction.execute(
                    "DELETE FROM audit WHERE id IN
                     (SELECT id FROM audit WHERE at < ? AND result <> 'started' LIMIT ?)",
                    params![millis(oldest), SLICE],
                )?;
                Ok(rows)
            })?;
            gone += some as u64;
            if some < SLICE as usize {
                break;
            }
        }
        self.write(|transaction| {
            let year = now - jiff::SignedDuration::from_hours(366 * 24);
            transaction.execute(
                "DELETE FROM quota WHERE day < ?",
                [year.strftime("%F").to_string()],
            )?;
            transaction.execute("DELETE FROM blocks WHERE until < ?", [millis(now)])?;
            Ok(gone)
        })
    }

    /// Marks the calls that a process before this one left unfinished.
    pub(super) fn interrupt(&self) -> Result<usize, StoreError> {
        self.write(|transaction| {
            Ok(transaction.execute(
                "UPDATE audit SET result = 'interrupted', code = 'interrupted',
                 reason = 'The gateway ended before the call did: Gong may have done what was asked.'
                 WHERE result = 'started'",
                [],
            )?)
        })
    }
}
