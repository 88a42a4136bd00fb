//! Kill switches: for a tool, a tenant, everything.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::tools::{names, tenant_exists, unknown_tool};
use super::{Actor, Store, StoreError, millis, record, refused, timestamp, unknown};

/// A kill switch: what it stops.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// Every call of every tenant.
    Everything,
    /// Every call of a tenant.
    Tenant(String),
    /// One tool, for one tenant.
    Tool(String, String),
    /// One tool, for every tenant.
    ToolEverywhere(String),
}

impl Switch {
    /// Tenant and tool as stored: empty for all.
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

impl fmt::Display for Switch {
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
    pub switch: Switch,
    /// Why, in the words of who did it. Callers are told.
    pub reason: String,
    /// Who did it.
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
                    switch: Switch::from_key(row.get("tenant")?, row.get("tool")?),
                    reason: row.get("reason")?,
                    by: row.get("off_by")?,
                    at: timestamp(row.get("off_at")?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Turns a kill switch off, or on again. Counts at the next call, in every process.
    /// Returns whether it was the other way before; off again takes the new reason.
    ///
    /// # Errors
    ///
    /// There is no such tenant or tool, or off has no reason.
    pub fn switch(
        &self,
        actor: &Actor,
        switch: &Switch,
        on: bool,
        reason: &str,
    ) -> Result<bool, StoreError> {
        self.change(|transaction| {
            let (tenant, tool) = switch.key();
            if !tenant.is_empty() {
                tenant_exists(transaction, tenant)?;
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
            }
            record(
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

/// Refuses a tool that the tenant, or with an empty one no tenant at all, has.
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
    let known = names(
        connection,
        "SELECT DISTINCT name FROM tools ORDER BY name",
        [],
    )?;
    refused(unknown("tool", tool, known.iter().map(String::as_str)))
}

/// Words that callers and terminals are shown.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
