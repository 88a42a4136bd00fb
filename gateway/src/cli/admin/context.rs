//! What the administrator's commands share: the state file, who runs them, how they print.

use std::fmt::Display;
use std::os::unix::fs::MetadataExt as _;

use anyhow::{bail, ensure};
use gateway::config::Config;
use gateway::os_user;
use gateway::store::{Actor, KillSwitch, Store, Via};
use serde::Serialize;
use serde_json::Value;

use super::args::{Admin, Command, IndexCommand};
use super::sign_in::{self, SignedIn};
use crate::stdout;

/// What every command needs.
pub(super) struct AdminCli<'a> {
    pub(super) store: Store,
    pub(super) config: Option<Config>,
    pub(super) actor: Actor,
    pub(super) admin: &'a Admin,
    /// The one tenant that a signed-in administrator manages. `None` means all.
    only: Option<String>,
}

impl<'a> AdminCli<'a> {
    pub(super) fn open(admin: &'a mut Admin) -> anyhow::Result<Self> {
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
        let (name, only) = who(admin, &store)?;
        if let Some(only) = &only {
            stay_within(admin, only)?;
            admin.tenant = Some(only.clone());
        }
        Ok(Self {
            store,
            config,
            actor: Actor::new(&name, Via::CommandLine).with_os_user(Some(os_user::current())),
            admin,
            only,
        })
    }

    /// Whether a tenant exists for whoever runs this.
    pub(super) fn manages(&self, tenant: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == tenant)
    }

    /// Whether a kill switch concerns a tenant that exists for whoever runs this.
    pub(super) fn sees(&self, switch: &KillSwitch) -> bool {
        match switch {
            KillSwitch::Tenant(tenant)
            | KillSwitch::Tool(tenant, _)
            | KillSwitch::Client(tenant, _)
            | KillSwitch::User(tenant, _) => self.manages(tenant),
            KillSwitch::Everything | KillSwitch::ToolEverywhere(_) => true,
        }
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

/// Who runs this, and the one tenant that they manage, if it is one.
fn who(admin: &Admin, store: &Store) -> anyhow::Result<(String, Option<String>)> {
    let local = store.has_local_administrators()?;
    if let Some(name) = &admin.name {
        ensure!(
            local,
            "names that nothing proves are not taken, as administrators.local is off; leave --as out, \
             and sign in with `gong-gateway admin sign-in`"
        );
        return Ok((claimed(name.trim().to_owned())?, None));
    }
    let without = |command: &Command| {
        matches!(
            command,
            Command::SignOut | Command::Backup { .. } | Command::Integrity
        )
    };
    match sign_in::signed_in(store)? {
        SignedIn::Yes(session) => return Ok((session.name, session.tenant)),
        _ if without(&admin.command) => {}
        SignedIn::Ended => bail!(
            "your sign-in has ended; sign in anew with `gong-gateway admin sign-in`, or sign out with \
             `gong-gateway admin sign-out`"
        ),
        SignedIn::No => ensure!(
            local,
            "sign in first with `gong-gateway admin sign-in`: administrators.local is off"
        ),
    }
    Ok((claimed(machine_user())?, None))
}

/// A name that nothing proves. Names of people who sign in look otherwise.
fn claimed(name: String) -> anyhow::Result<String> {
    ensure!(
        !name.is_empty() && name.chars().count() <= 64 && !name.chars().any(char::is_control),
        "say who you are in at most 64 characters on one line, such as --as ada"
    );
    ensure!(
        !name.contains(['@', ':']),
        "names with @ or : are those of people who have signed in; such as --as ada"
    );
    Ok(name)
}

/// Refuses what concerns more than the one tenant that an administrator manages.
fn stay_within(admin: &Admin, only: &str) -> anyhow::Result<()> {
    if let Some(tenant) = admin.tenant.as_deref().filter(|tenant| *tenant != only) {
        bail!("you administrate {only}, and not {tenant}");
    }
    let what = match &admin.command {
        Command::Off { what, .. } | Command::On(what) if what.everything => "everything",
        Command::Sync { now: true } => "the discovery for all tenants",
        Command::Index {
            command:
                Some(
                    IndexCommand::Show { name: Some(name) }
                    | IndexCommand::Clear { name: Some(name) }
                    | IndexCommand::Refill { name: Some(name) },
                ),
        } if name != only => name,
        _ => return Ok(()),
    };
    bail!("you administrate {only}, and not {what}")
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
