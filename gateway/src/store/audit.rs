//! The audit: who called what, and who changed what.
//!
//! | module | concern |
//! |---|---|
//! | `row` | what a row has |
//! | `writer` | writes calls, many in one commit |
//! | `query` | reads pages and exports |
//! | `chain` | the hashes by which an altered, removed or inserted row is found |
//! | `retention` | deletes what is older than was promised |
//! | `push` | how far the audit was pushed to another system |
//!
//! Acts are written by [`record_act`](super::actor), in the transaction that performs them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::suggest::unknown_name;

pub(super) mod chain;
mod push;
mod query;
pub(super) mod retention;
mod row;
mod writer;

pub use chain::{ChainFault, ChainLink, ChainReport, Hash, Tampering};
pub use push::ChainedRow;
pub use query::{AuditFilter, Export};
pub use row::{AuditRow, AuditedAct, AuditedCall, RowKind};
pub use writer::{AuditWriter, CallId, FinishedCall, PendingCommit, StartedCall};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallResult {
    /// It still runs, or its process died and no other has served since.
    Started,
    /// The tool answered.
    Success,
    /// The gateway refused it.
    Denied,
    /// The tool or the sandbox failed.
    Error,
    /// The gateway ended before the call did. Whether Gong performed it is not known.
    Interrupted,
    /// A change was sent, and then cancelled or stopped, or no answer came: Gong may have made it.
    Unknown,
}

impl CallResult {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Started,
        Self::Success,
        Self::Denied,
        Self::Error,
        Self::Interrupted,
        Self::Unknown,
    ];

    /// Its name in the state file, in JSON and in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Error => "error",
            Self::Interrupted => "interrupted",
            Self::Unknown => "unknown",
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
        found.ok_or_else(|| unknown_name("result", text, Self::ALL.map(Self::as_str)))
    }
}

/// A count as SQLite's integer.
pub(super) fn saturating(number: u128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
