//! `gong-gateway admin`: shows and changes who may call what, and shows who did.
//!
//! It works on the state file, whether or not a gateway serves from it. Changes count from the
//! next call.
//!
//! Whoever has signed in with the company's account acts under that name, and within what its groups
//! allow. Without a sign-in the name is what somebody claims, which `administrators.local` can refuse.

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
mod sign_in;
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
pub(crate) async fn run(mut admin: Admin) -> anyhow::Result<ExitCode> {
    match &admin.command {
        Command::Restore { from } => return maintenance::restore(&admin, from),
        Command::SignIn => {
            sign_in::sign_in(&admin).await?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let cli = AdminCli::open(&mut admin)?;
    match &cli.admin.command {
        Command::SignOut => sign_in::sign_out(&cli.store, cli.admin.json)?,
        Command::Tenants => {
            let mut tenants = cli.store.tenants()?;
            tenants.retain(|tenant| cli.manages(&tenant.name));
            cli.print_rows(&tenants, tables::tenants)?;
        }
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
        Command::Switches => {
            let mut switches = cli.store.switches()?;
            switches.retain(|row| cli.sees(&row.switch));
            cli.print_rows(&switches, tables::switches)?;
        }
        Command::Audit(args) => return cli.audit(args),
        Command::Quota => cli.quota()?,
        Command::Index { command } => cli.index(command.as_ref())?,
        Command::Backup { to } => cli.back_up(to)?,
        Command::Integrity => return cli.integrity(),
        // They come before the state file is opened, which may be damaged.
        Command::Restore { .. } | Command::SignIn => {}
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
