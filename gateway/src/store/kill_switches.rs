//! Kill switches, which stop a tool, a tenant or everything.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::index::order_clear;
use super::lookup::{require_tenant, texts, unknown_tool};
use super::{Actor, Store, StoreError, millis, record_act, refused, timestamp};
use crate::suggest::unknown_name;

/// A kill switch: what it stops.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KillSwitch {
    /// Every call of every tenant.
    Everything,
    /// Every call of a tenant.
    Tenant(String),
    /// One tool, for one tenant.
    Tool(String, String),
    /// One tool, for every tenant.
    ToolEverywhere(String),
}

impl KillSwitch {
    /// Tenant and tool, as they are stored: empty means all.
    fn key(&self) -> (&str, &str) {
        match self {
            Self::Everything => ("", ""),
            Self::Tenant(tenant) => (tenant, ""),
            Self::Tool(tenant, tool) => (tenant, tool),
            Self::ToolEverywhere(tool) => ("", tool),
        }
    }

    pub(crate) fn from_key(tenant: String, tool: String) -> Self {
        match (tenant.is_empty(), tool.is_empty()) {
            (true, true) => Self::Everything,
            (false, true) => Self::Tenant(tenant),
            (false, false) => Self::Tool(tenant, tool),
            (true, false) => Self::ToolEverywhere(tool),
        }
    }
}

impl fmt::Display for KillSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => write!(f, "everything"),
            Self::Tenant(tenant) => write!(f, "tenant {tenant}"),
            Self::Tool(tenant, tool) => write!(f, "{tool} of tenant {tenant}"),
            Self::ToolEverywhere(tool) => write!(f, "{tool} everywhere"),
        }
    }
}

/// A kill switch that is off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SwitchRow {
    /// What it stops.
    pub switch: KillSwitch,
    /// Why, in the administrator's words. Denied calls quote it.
    pub reason: String,
    /// Who switched it off.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// The kill switches that are off.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn switches(&self) -> Result<Vec<SwitchRow>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM switches ORDER BY tenant, tool")?;
            let rows = statement.query_map([], |row| {
                Ok(SwitchRow {
                    switch: KillSwitch::from_key(row.get("tenant")?, row.get("tool")?),
                    reason: row.get("reason")?,
                    by: row.get("off_by")?,
                    at: timestamp(row.get("off_at")?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Switches something off, or on again, for every process from the next call on. Returns
    /// whether that changed the switch. Switching off twice keeps the second reason. With a tenant or
    /// everything, the indexes are emptied too.
    ///
    /// # Errors
    ///
    /// There is no such tenant or tool, or there is no reason for switching off.
    pub fn switch(
        &self,
        actor: &Actor,
        switch: &KillSwitch,
        on: bool,
        reason: &str,
    ) -> Result<bool, StoreError> {
        self.change(|transaction| {
            let (tenant, tool) = switch.key();
            if !tenant.is_empty() {
                require_tenant(transaction, tenant)?;
            }
            if !tool.is_empty() {
                check_tool(transaction, tenant, tool)?;
            }
            let was_off = transaction
                .prepare_cached("SELECT 1 FROM switches WHERE tenant = ? AND tool = ?")?
                .exists([tenant, tool])?;
            let reason = &*one_line(reason);
            if on {
                transaction.execute(
                    "DELETE FROM switches WHERE tenant = ? AND tool = ?",
                    [tenant, tool],
                )?;
                if !was_off {
                    return Ok(false);
                }
            } else {
                if reason.is_empty() {
                    return refused(
                        "say why, in words for those who are refused, such as: --reason \"wrong dates in answers, fixed by 15:00\"",
                    );
                }
                transaction.execute(
                    "INSERT INTO switches (tenant, tool, reason, off_by, off_at)
                     VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                     reason = excluded.reason, off_by = excluded.off_by, off_at = excluded.off_at",
                    params![tenant, tool, reason, actor.name, millis(Timestamp::now())],
                )?;
                if tool.is_empty() {
                    order_clear(transaction, tenant)?;
                }
            }
            record_act(
                transaction,
                actor,
                Some(tenant).filter(|tenant| !tenant.is_empty()),
                if on { "switch-on" } else { "switch-off" },
                Some(&*match tool {
                    "" => switch.to_string(),
                    tool => tool.to_owned(),
                }),
                Some(reason).filter(|reason| !reason.is_empty()),
            )?;
            Ok(was_off == on)
        })
    }
}

/// Refuses a tool that the tenant does not have. With an empty tenant, a tool that none has.
fn check_tool(connection: &Connection, tenant: &str, tool: &str) -> Result<(), StoreError> {
    let known = connection
        .prepare_cached("SELECT 1 FROM tools WHERE name = ?1 AND (?2 = '' OR tenant = ?2)")?
        .exists([tool, tenant])?;
    if known {
        return Ok(());
    }
    if !tenant.is_empty() {
        return refused(unknown_tool(connection, tenant, tool)?);
    }
    let known = texts(
        connection,
        "SELECT DISTINCT name FROM tools ORDER BY name",
        [],
    )?;
    refused(unknown_name("tool", tool, known.iter().map(String::as_str)))
}

/// A text without line breaks and control characters, which is safe to show in terminals.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
