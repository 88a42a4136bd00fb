//! Texts of others, made safe to store, log and show.

pub(crate) use host_harness::mcp::cut::cut;

/// Characters of a reason that the audit keeps.
pub(crate) const REASON: usize = 500;
