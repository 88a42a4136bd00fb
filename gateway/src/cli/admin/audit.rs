//! The command that shows and exports the audit.

use std::io::Write as _;

use anyhow::Context as _;
use gateway::store::{AuditFilter, RowKind};

use super::args::AuditArgs;
use super::{AdminCli, tables};
use crate::stdout;

impl AdminCli<'_> {
    /// Shows or exports the audit.
    pub(super) fn audit(&self, args: &AuditArgs) -> anyhow::Result<()> {
        let kind = match (args.calls, args.acts) {
            (true, _) => Some(RowKind::Call),
            (_, true) => Some(RowKind::Act),
            _ => None,
        };
        let mut filter = AuditFilter {
            since: args.since,
            until: args.until,
            tenant: self.admin.tenant.clone(),
            only: None,
            user: args.user.clone(),
            tool: args.tool.clone(),
            result: args.result,
            kind,
            before: None,
            limit: args.limit,
        };
        if args.jsonl {
            let mut out = std::io::BufWriter::new(stdout::Pipe::default());
            let exported = self.store.export_audit(&filter, &mut out);
            let flushed = out.flush();
            if out.get_ref().is_closed() {
                return Ok(());
            }
            exported?;
            return flushed.context("cannot write the export");
        }
        let limit = args.limit.unwrap_or(50);
        // One row more, to know whether there are more.
        filter.limit = Some(limit.saturating_add(1));
        let mut rows = self.store.query_audit(&filter)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        self.print_rows(&rows, |rows| tables::audit(rows, more))
    }
}
