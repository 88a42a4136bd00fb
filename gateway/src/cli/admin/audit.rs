//! The commands that show, export and check the audit.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use gateway::store::{AuditFilter, ChainLink, RowKind};

use super::args::{AuditArgs, AuditCommand};
use super::{AdminCli, tables};
use crate::stdout;

impl AdminCli<'_> {
    /// Shows, exports or checks the audit.
    pub(super) fn audit(&self, args: &AuditArgs) -> anyhow::Result<ExitCode> {
        match &args.command {
            Some(AuditCommand::Verify { noted }) => self.verify(*noted),
            None => self.show_audit(args).map(|()| ExitCode::SUCCESS),
        }
    }

    /// Checks the audit. The exit code says whether it is whole.
    fn verify(&self, noted: Option<ChainLink>) -> anyhow::Result<ExitCode> {
        let report = self.store.verify_audit(noted)?;
        self.print(&report, || {
            let mut text = match &report.fault {
                None => format!(
                    "The audit is as it was written: {} links are right.",
                    report.links
                ),
                Some(fault) => format!(
                    "The audit is NOT as it was written: {}. {} links before that are right.",
                    fault.sentence, report.links
                ),
            };
            if report.unchained > 0 {
                let _ = write!(
                    text,
                    "\n{} rows are from before there was a chain; nothing can be said of them.",
                    report.unchained
                );
            }
            let _ = write!(
                text,
                "\nThe last link, to be kept elsewhere for --noted: {}",
                report.head
            );
            text
        })?;
        Ok(match report.fault {
            None => ExitCode::SUCCESS,
            Some(_) => ExitCode::FAILURE,
        })
    }

    fn show_audit(&self, args: &AuditArgs) -> anyhow::Result<()> {
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
            client: args.client.clone(),
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
