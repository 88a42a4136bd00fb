//! `gong-gateway admin`: shows and changes who may call what, and shows who did.
//!
//! It works on the state file, whether or not a gateway serves from it. Changes count from the
//! next call.

use std::process::ExitCode;

use gateway::store::Decision;
use jiff::Timestamp;
use jiff::tz::Offset;

mod access;
mod accounts;
mod args;
mod audit;
mod clients;
mod context;
mod index;
mod kill_switches;
mod kinds;
mod maintenance;
mod people;
mod tables;
mod tool_details;
mod tools;

pub(crate) use args::Admin;
use args::Command;
use context::AdminCli;

/// Runs a command.
///
/// # Errors
///
/// The command failed. The error says why, and what would work.
pub(crate) async fn run(admin: Admin) -> anyhow::Result<ExitCode> {
    if let Command::Restore { from } = &admin.command {
        return maintenance::restore(&admin, from);
    }
    let cli = AdminCli::open(&admin)?;
    match &admin.command {
        Command::Tenants => cli.print_rows(&cli.store.tenants()?, tables::tenants)?,
        Command::Tools(args) => cli.tools(args)?,
        Command::Tool { tool } => {
            let versions = cli.store.tool(&cli.chosen_tenant()?, tool)?;
            cli.print(&versions, || tool_details::show(&versions))?;
        }
        Command::Approve(args) => cli.review(args, Decision::Approve)?,
        Command::Disable(args) => cli.review(args, Decision::Disable)?,
        Command::ResetReview(args) => cli.review(args, Decision::Pending)?,
        Command::Classify { tool, classes, own } => cli.classify(tool, classes, *own)?,
        Command::Toolsets { command: None } => {
            cli.print_rows(
                &cli.store.toolsets(&cli.chosen_tenant()?)?,
                tables::toolsets,
            )?;
        }
        Command::Toolsets {
            command: Some(command),
        } => cli.toolsets(command)?,
        Command::Profiles { command: None } => {
            cli.print_rows(
                &cli.store.profiles(&cli.chosen_tenant()?)?,
                tables::profiles,
            )?;
        }
        Command::Profiles {
            command: Some(command),
        } => cli.profiles(command)?,
        Command::Users => cli.users()?,
        Command::Clients(args) => cli.clients(args)?,
        Command::People { command } => cli.people(command.as_ref())?,
        Command::Accounts { command } => cli.accounts(command.as_ref())?,
        Command::Kinds { command } => cli.kinds(command.as_ref())?,
        Command::Connections(args) => cli.connections(args)?,
        Command::Revoke(args) => cli.revoke(args)?,
        Command::Explain { user, kind, tool } => cli.explain(user, *kind, tool.as_deref())?,
        Command::Off { what, reason } => cli.switch(what, false, reason)?,
        Command::On(what) => cli.switch(what, true, "")?,
        Command::Switches => cli.print_rows(&cli.store.switches()?, tables::switches)?,
        Command::Audit(args) => return cli.audit(args),
        Command::Quota => cli.quota()?,
        Command::Index { command } => cli.index(command.as_ref())?,
        Command::Backup { to } => cli.back_up(to)?,
        Command::Integrity => return cli.integrity(),
        // It comes before the state file is opened, which may be damaged.
        Command::Restore { .. } => {}
        Command::Sync { now } => cli.sync(*now).await?,
    }
    Ok(ExitCode::SUCCESS)
}

impl AdminCli<'_> {
    fn quota(&self) -> anyhow::Result<()> {
        let today = Offset::UTC.to_datetime(Timestamp::now()).date();
        let mut rows = Vec::new();
        for tenant in self.chosen_tenants()? {
            let quota = self.store.quota(&tenant, today)?;
            rows.push(tables::TenantQuota { tenant, quota });
        }
        self.print_rows(&rows, tables::quota)
    }
}
