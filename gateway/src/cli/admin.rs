//! `gong-gateway admin`: shows and changes who may call what, and shows who did.
//!
//! It works on the state file, whether or not a gateway serves from it. Changes count from the
//! next call.

use std::fmt::Display;
use std::os::unix::fs::MetadataExt as _;
use std::process::ExitCode;

use anyhow::{bail, ensure};
use gateway::config::Config;
use gateway::store::{Actor, Decision, Store, Via};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;
use serde_json::Value;

use crate::stdout;

mod access;
mod args;
mod audit;
mod kill_switches;
mod maintenance;
mod tables;
mod tool_details;
mod tools;

pub(crate) use args::Admin;
use args::Command;

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
        Command::Explain { user, tool } => cli.explain(user, tool.as_deref())?,
        Command::Off { what, reason } => cli.switch(what, false, reason)?,
        Command::On(what) => cli.switch(what, true, "")?,
        Command::Switches => cli.print_rows(&cli.store.switches()?, tables::switches)?,
        Command::Audit(args) => cli.audit(args)?,
        Command::Quota => cli.quota()?,
        Command::Backup { to } => cli.back_up(to)?,
        Command::Integrity => return cli.integrity(),
        // It comes before the state file is opened, which may be damaged.
        Command::Restore { .. } => {}
        Command::Sync { now } => cli.sync(*now).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What every command needs.
struct AdminCli<'a> {
    store: Store,
    config: Option<Config>,
    actor: Actor,
    admin: &'a Admin,
}

impl<'a> AdminCli<'a> {
    fn open(admin: &'a Admin) -> anyhow::Result<Self> {
        let (store, config) = match &admin.state {
            Some(path) => {
                ensure!(
                    path.exists(),
                    "there is no state file {}; `gong-gateway serve` makes it",
                    path.display()
                );
                (Store::open(path)?, None)
            }
            None => {
                ensure!(
                    admin.config.exists(),
                    "there is no {}; name the configuration with --config, or the state file with --state",
                    admin.config.display()
                );
                let config = Config::load(&admin.config)?;
                let store = Store::open(&config.state)?;
                // A gateway that serves declares its own configuration, which may be another one.
                if store.served_by()?.is_none() {
                    store.declare(&config)?;
                }
                (store, Some(config))
            }
        };
        let name = match &admin.name {
            Some(name) => name.trim().to_owned(),
            None => machine_user(),
        };
        ensure!(
            !name.is_empty() && name.chars().count() <= 64 && !name.chars().any(char::is_control),
            "say who you are in at most 64 characters on one line, such as --as ada"
        );
        Ok(Self {
            store,
            config,
            actor: Actor::new(&name, Via::CommandLine),
            admin,
        })
    }

    /// The tenant of `--tenant`, or the only one there is.
    fn chosen_tenant(&self) -> anyhow::Result<String> {
        if let Some(tenant) = &self.admin.tenant {
            return Ok(tenant.clone());
        }
        let mut names: Vec<String> = self
            .store
            .tenants()?
            .into_iter()
            .map(|tenant| tenant.name)
            .collect();
        match names.len() {
            0 => bail!(
                "no tenant is declared; start the gateway once, or name its configuration with --config"
            ),
            1 => Ok(names.remove(0)),
            _ => bail!(
                "name the tenant, such as --tenant {}; there are: {}",
                names[0],
                names.join(", ")
            ),
        }
    }

    /// Prints rows as a table, or as JSON.
    fn print_rows<T: Serialize>(
        &self,
        rows: &[T],
        table: impl FnOnce(&[T]) -> String,
    ) -> anyhow::Result<()> {
        self.print(rows, || table(rows))
    }

    /// Prints a value as text, or as JSON.
    fn print<T: Serialize + ?Sized>(
        &self,
        value: &T,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        if self.admin.json {
            stdout::line(serde_json::to_string_pretty(value)?);
        } else {
            stdout::line(text().trim_end());
        }
        Ok(())
    }

    /// Prints what was done.
    fn report(&self, value: &Value, text: impl Display) -> anyhow::Result<()> {
        self.print(value, || text.to_string())
    }

    fn quota(&self) -> anyhow::Result<()> {
        let today = Offset::UTC.to_datetime(Timestamp::now()).date();
        let mut rows = Vec::new();
        for tenant in self.chosen_tenants()? {
            let quota = self.store.quota(&tenant, today)?;
            rows.push(tables::TenantQuota { tenant, quota });
        }
        self.print_rows(&rows, tables::quota)
    }

    /// The tenant of `--tenant`, or all.
    fn chosen_tenants(&self) -> anyhow::Result<Vec<String>> {
        if let Some(tenant) = &self.admin.tenant {
            return Ok(vec![tenant.clone()]);
        }
        let tenants = self.store.tenants()?;
        Ok(tenants.into_iter().map(|tenant| tenant.name).collect())
    }
}

/// The name of the user who runs this, or who ran sudo.
fn machine_user() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    let found = names.into_iter().find_map(|name| std::env::var(name).ok());
    found
        .filter(|name| !name.trim().is_empty())
        .or_else(|| {
            let process = std::fs::metadata("/proc/self").ok()?;
            Some(format!("uid-{}", process.uid()))
        })
        .unwrap_or_default()
}
