//! The rows of the audit.

use jiff::Timestamp;
use rusqlite::Row;
use serde::{Deserialize, Serialize};

use super::CallResult;
use crate::store::{from_json, timestamp};

/// Whether a row is a call or an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// A user called a tool.
    Call,
    /// An administrator, or the gateway, changed something.
    Act,
}

impl RowKind {
    /// Its name in the state file, in JSON and in tables.
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
    Call(AuditedCall),
    /// Somebody changed something.
    Act(AuditedAct),
}

impl AuditRow {
    /// The row's id, for [`AuditFilter::before`].
    #[must_use]
    pub fn id(&self) -> i64 {
        match self {
            Self::Call(call) => call.id,
            Self::Act(act) => act.id,
        }
    }

    /// When the gateway received the call, or the act was done.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Call(call) => call.time,
            Self::Act(act) => act.time,
        }
    }
}

/// A row about a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditedCall {
    /// Unique in the file; later rows have larger ones.
    pub id: i64,
    /// When the gateway received it.
    pub time: Timestamp,
    /// The tenant.
    pub tenant: String,
    /// The user.
    pub user: String,
    /// The name that the client program gives itself.
    pub client: Option<String>,
    /// Its version.
    pub client_version: Option<String>,
    /// The id of the sign-in whose token it was, for users who sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<String>,
    /// The id with which the client has registered, for users who sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Who answers for the user, which is a service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The tool's name, as the client sent it.
    pub tool: String,
    /// How it ended.
    pub result: CallResult,
    /// Why it failed or was denied, for programs.
    pub code: Option<String>,
    /// The same for people.
    pub reason: Option<String>,
    /// Milliseconds from its arrival to its answer.
    pub latency_ms: Option<u64>,
    /// Requests that were sent to Gong.
    pub gong_requests: Option<u32>,
    /// Bytes of Gong's answers.
    pub bytes: Option<u64>,
    /// Joins the audit with the log.
    pub request_id: Option<String>,
    /// The client's trace, when it sends one: 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// Gong's own ids of the requests.
    pub gong_request_ids: Vec<String>,
}

/// A row about an administrative act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditedAct {
    /// Unique in the file; later rows have larger ones.
    pub id: i64,
    /// When it was done.
    pub time: Timestamp,
    /// The tenant. `None` for an act that concerns all of them.
    pub tenant: Option<String>,
    /// Who did it.
    pub actor: String,
    /// Through what: `command-line`, `page`, `file`, `gateway`, `sign-in`; or `mcp` and `metrics`, where
    /// a token was refused.
    pub via: String,
    /// The operating system's user who ran the command or owns the file, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_user: Option<String>,
    /// What was done, such as `approve`.
    pub act: String,
    /// What it was done to, such as a tool's name.
    pub subject: Option<String>,
    /// Details.
    pub detail: Option<String>,
}

impl AuditRow {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let kind: String = row.get("kind")?;
        let id = row.get("id")?;
        let time = timestamp(row.get("at")?);
        if kind == RowKind::Act.as_str() {
            let via: Option<String> = row.get("via")?;
            return Ok(Self::Act(AuditedAct {
                id,
                time,
                tenant: row.get("tenant")?,
                actor: row.get("actor")?,
                via: via.unwrap_or_default(),
                os_user: row.get("os_user")?,
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
        Ok(Self::Call(AuditedCall {
            id,
            time,
            tenant: tenant.unwrap_or_default(),
            user: row.get("actor")?,
            client: row.get("via")?,
            client_version: row.get("via_version")?,
            sign_in: row.get("sign_in")?,
            client_id: row.get("client_id")?,
            owner: row.get("owner")?,
            tool: row.get("what")?,
            // The schema allows only known results.
            result: result.parse().unwrap_or(CallResult::Interrupted),
            code: row.get("code")?,
            reason: row.get("reason")?,
            latency_ms: number("latency_ms")?,
            gong_requests: row.get("gong_requests")?,
            bytes: number("bytes")?,
            request_id: row.get("request_id")?,
            trace_id: row.get("trace_id")?,
            gong_request_ids: match ids {
                Some(_) => from_json(row, "gong_request_ids")?,
                None => Vec::new(),
            },
        }))
    }
}
