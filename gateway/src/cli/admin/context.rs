//! What the administrator's commands share: the state file, who runs them, how they print.

use std::fmt::Display;
use std::os::unix::fs::MetadataExt as _;

use anyhow::{bail, ensure};
use gateway::config::Config;
use gateway::os_user;
use gateway::store::{Actor, Store, Via};
use serde::Serialize;
use serde_json::Value;

use super::args::Admin;
use crate::stdout;

/// What every command needs.
pub(super) struct AdminCli<'a> {
    pub(super) store: Store,
    pub(super) config: Option<Config>,
    pub(super) actor: Actor,
    pub(super) admin: &'a Admin,
}

impl<'a> AdminCli<'a> {
    pub(super) fn open(admin: &'a Admin) -> anyhow::Result<Self> {
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
            actor: Actor::new(&name, Via::CommandLine).with_os_user(Some(os_user::current())),
            admin,
        })
    }

    /// The tenant of `--tenant`, or the only one there is.
    pub(super) fn chosen_tenant(&self) -> anyhow::Result<String> {
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
    pub(super) fn print_rows<T: Serialize>(
        &self,
        rows: &[T],
        table: impl FnOnce(&[T]) -> String,
    ) -> anyhow::Result<()> {
        self.print(rows, || table(rows))
    }

    /// Prints a value as text, or as JSON.
    pub(super) fn print<T: Serialize + ?Sized>(
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
    pub(super) fn report(&self, value: &Value, text: impl Display) -> anyhow::Result<()> {
        self.print(value, || text.to_string())
    }

    /// The tenant of `--tenant`, or all.
    pub(super) fn chosen_tenants(&self) -> anyhow::Result<Vec<String>> {
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
