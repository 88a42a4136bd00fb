//! The operations: one file for each of Gong's nouns, one entry for each operation.
//!
//! To add an operation: write its function and its entry in the file of its noun, and name a
//! new file's `OPERATIONS` in [`all`]. Authentication, limits, scopes, the content type, the
//! contract and the log are the same for all and are not the operation's business.

use http::Method;

use crate::answer::Outcome;
use crate::asked::Asked;
use crate::gong::Gong;

mod calls;
mod extensive;
mod flows;
mod permissions;
mod scorecards;
mod transcripts;
mod users;
mod workspaces;

/// One operation of Gong's.
pub(crate) struct Operation {
    /// The HTTP method; it does not tell reads from writes.
    pub(crate) method: Method,
    /// The path with its placeholders.
    pub(crate) path: &'static str,
    /// The scope without which the answer is 401.
    pub(crate) scope: &'static str,
    /// What it does.
    pub(crate) run: fn(&Gong, &Asked) -> Outcome,
}

/// Every operation that the stand-in has.
pub(crate) fn all() -> impl Iterator<Item = &'static Operation> {
    [
        calls::OPERATIONS,
        extensive::OPERATIONS,
        flows::OPERATIONS,
        permissions::OPERATIONS,
        scorecards::OPERATIONS,
        transcripts::OPERATIONS,
        users::OPERATIONS,
        workspaces::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}
