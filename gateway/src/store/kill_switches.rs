//! Kill switches, which stop a tool, a client, a user, a tenant or everything.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::index::order_clear;
use super::lookup::{require_tenant, require_user, texts, unknown_tool};
use super::sign_in::require_client;
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
    /// Every call by a client of a tenant, by its id.
    Client(String, String),
    /// Every call of a user of a tenant, by name.
    User(String, String),
}

impl KillSwitch {
    /// Tenant, subject and name, as they are stored: an empty tenant or tool means all.
    fn key(&self) -> (&str, &'static str, &str) {
        match self {
            Self::Everything => ("", "tool", ""),
            Self::Tenant(tenant) => (tenant, "tool", ""),
            Self::Tool(tenant, tool) => (tenant, "tool", tool),
            Self::ToolEverywhere(tool) => ("", "tool", tool),
            Self::Client(tenant, id) => (tenant, "client", id),
            Self::User(tenant, name) => (tenant, "user", name),
        }
    }

    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (tenant, name): (String, String) = (row.get("tenant")?, row.get("name")?);
        let subject: String = row.get("subject")?;
        Ok(match (&*subject, tenant.is_empty(), name.is_empty()) {
            ("client", ..) => Self::Client(tenant, name),
            ("user", ..) => Self::User(tenant, name),
            (_, true, true) => Self::Everything,
            (_, false, true) => Self::Tenant(tenant),
            (_, false, false) => Self::Tool(tenant, name),
            (_, true, false) => Self::ToolEverywhere(name),
        })
    }
}

impl fmt::Display for KillSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => write!(f, "everything"),
            Self::Tenant(tenant) => write!(f, "tenant {tenant}"),
            Self::Tool(tenant, tool) => write!(f, "{tool} of tenant {tenant}"),
            Self::ToolEverywhere(tool) => write!(f, "{tool} everywhere"),
            Self::Client(tenant, id) => write!(f, "client {id} of tenant {tenant}"),
            Self::User(tenant, name) => write!(f, "user {name} of tenant {tenant}"),
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
            let mut statement = connection
                .prepare_cached("SELECT * FROM switches ORDER BY tenant, subject, name")?;
            let rows = statement.query_map([], |row| {
                Ok(SwitchRow {
                    switch: KillSwitch::from_row(row)?,
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
            let (tenant, subject, name) = switch.key();
            if !tenant.is_empty() {
                require_tenant(transaction, tenant)?;
            }
            let was_off = is_off(transaction, tenant, subject, name)?;
            // What is gone can still be switched on.
            if !was_off {
                check_subject(transaction, switch)?;
            }
            let reason = &*one_line(reason);
            if on {
                transaction.execute(
                    "DELETE FROM switches WHERE tenant = ? AND subject = ? AND name = ?",
                    [tenant, subject, name],
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
                    "INSERT INTO switches (tenant, subject, name, reason, off_by, off_at)
                     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                     reason = excluded.reason, off_by = excluded.off_by, off_at = excluded.off_at",
                    params![tenant, subject, name, reason, actor.name, millis(Timestamp::now())],
                )?;
                if name.is_empty() {
                    order_clear(transaction, tenant)?;
                }
            }
            record_act(
                transaction,
                actor,
                Some(tenant).filter(|tenant| !tenant.is_empty()),
                if on { "switch-on" } else { "switch-off" },
                Some(&*match (subject, name) {
                    ("tool", "") => switch.to_string(),
                    ("tool", tool) => tool.to_owned(),
                    (subject, name) => format!("{subject} {name}"),
                }),
                Some(reason).filter(|reason| !reason.is_empty()),
            )?;
            Ok(was_off == on)
        })
    }
}

/// Whether a switch is off.
pub(super) fn is_off(
    connection: &Connection,
    tenant: &str,
    subject: &str,
    name: &str,
) -> Result<bool, StoreError> {
    let off = connection
        .prepare_cached("SELECT 1 FROM switches WHERE tenant = ? AND subject = ? AND name = ?")?
        .exists([tenant, subject, name])?;
    Ok(off)
}

/// Why a client or a user is switched off, if one of them is.
pub(super) fn reason_of(
    connection: &Connection,
    tenant: &str,
    client: &str,
    user: &str,
) -> Result<Option<String>, StoreError> {
    let reason = connection
        .prepare_cached(
            "SELECT subject, reason FROM switches WHERE tenant = ?1
             AND (subject = 'client' AND name = ?2 OR subject = 'user' AND name = ?3)",
        )?
        .query_row([tenant, client, user], |row| {
            let (subject, reason): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(format!(
                "an administrator has switched this {subject} off: {reason}"
            ))
        })
        .optional()?;
    Ok(reason)
}

/// Refuses to switch off what is not there.
fn check_subject(connection: &Connection, switch: &KillSwitch) -> Result<(), StoreError> {
    match switch {
        KillSwitch::Everything | KillSwitch::Tenant(_) => Ok(()),
        KillSwitch::Tool(tenant, tool) => check_tool(connection, tenant, tool),
        KillSwitch::ToolEverywhere(tool) => check_tool(connection, "", tool),
        KillSwitch::Client(tenant, id) => require_client(connection, tenant, id).map(|_| ()),
        KillSwitch::User(tenant, name) => require_user(connection, tenant, name),
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
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
