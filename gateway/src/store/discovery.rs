//! Discovery: which tools the component has, compared with the last time.

use std::collections::BTreeMap;
use std::fmt;

use data_encoding::HEXLOWER;
use host_harness::mcp::{classification_name, effect_name};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use rusqlite::{Connection, Transaction, params};
use sandbox::Tool;
use serde::{Deserialize, Serialize};

use super::declarations::{declare_all, hash};
use super::declared_settings::put_secrets;
use super::lookup::require_tenant;
use super::tools::version;
use super::{Actor, DefinitionPart, Effect, Store, StoreError, json, millis, record_act};
use crate::config::{Config, Files, Review};

/// What discovery found, compared with the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// How many tools the component has.
    pub tools: usize,
    /// Tools that the tenant has never had.
    pub new: Vec<String>,
    /// Tools that changed, and what of their definition.
    pub changed: BTreeMap<String, Vec<DefinitionPart>>,
    /// Tools that the component does not have any more.
    pub removed: Vec<String>,
    /// Tools that were removed earlier and are back.
    pub back: Vec<String>,
    /// Set when the component has other bytes than the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<OtherComponent>,
}

/// Two components, by their SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherComponent {
    /// The one of the last time.
    pub before: String,
    /// The present one.
    pub now: String,
}

impl SyncReport {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.new.is_empty()
            && self.changed.is_empty()
            && self.removed.is_empty()
            && self.back.is_empty()
            && self.component.is_none()
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tools", self.tools)?;
        if self.is_unchanged() {
            return write!(f, ", as before");
        }
        let list = |f: &mut fmt::Formatter<'_>, what, names: &[String]| match names {
            [] => Ok(()),
            names if names.len() <= 8 => write!(f, "; {what}: {}", names.join(", ")),
            names => write!(f, "; {what}: {}", names.len()),
        };
        list(f, "new", &self.new)?;
        let changed: Vec<String> = self
            .changed
            .iter()
            .map(|(name, parts)| {
                let parts: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
                format!("{name} ({})", parts.join(", "))
            })
            .collect();
        list(f, "changed", &changed)?;
        list(f, "removed", &self.removed)?;
        list(f, "back", &self.back)?;
        match &self.component {
            Some(OtherComponent { before, now }) => {
                write!(
                    f,
                    "; component {} instead of {}",
                    version(now),
                    version(before)
                )
            }
            None => Ok(()),
        }
    }
}

impl Store {
    /// Stores which tools the component has now, for every declared tenant. `digest` is the
    /// component's SHA-256.
    ///
    /// This needs no credentials. A new tool begins as the tenant's [`Review`] says. A changed
    /// tool is pending until somebody approves the new version, or the old version returns.
    /// Decisions on removed tools are kept.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn discover(
        &self,
        tools: &[Tool],
        digest: &str,
    ) -> Result<BTreeMap<String, SyncReport>, StoreError> {
        self.change(|transaction| discover_all(transaction, tools, digest))
    }

    /// [`declare`](Self::declare), [`declare_secrets`](Self::declare_secrets) and
    /// [`discover`](Self::discover), all or none.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn declare_and_discover(
        &self,
        config: &Config,
        files: &mut Files,
        tools: &[Tool],
        digest: &str,
    ) -> Result<BTreeMap<String, SyncReport>, StoreError> {
        let declared = hash(config);
        self.change(|transaction| {
            declare_all(transaction, config, &declared)?;
            put_secrets(transaction, config, files)?;
            discover_all(transaction, tools, digest)
        })
    }

    /// The same for one tenant, with a given default for new tools.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be written.
    pub fn sync_tools(
        &self,
        tenant: &str,
        tools: &[Tool],
        digest: &str,
        review: Review,
    ) -> Result<SyncReport, StoreError> {
        self.change(|transaction| {
            require_tenant(transaction, tenant)?;
            let definitions = define(transaction, tools)?;
            sync(transaction, tenant, tools, &definitions, digest, review)
        })
    }
}

fn discover_all(
    transaction: &Transaction<'_>,
    tools: &[Tool],
    digest: &str,
) -> Result<BTreeMap<String, SyncReport>, StoreError> {
    let definitions = define(transaction, tools)?;
    let tenants = transaction
        .prepare("SELECT name, review FROM tenants ORDER BY name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(String, String)>, _>>()?;
    let mut reports = BTreeMap::new();
    for (tenant, review) in tenants {
        let review = review.parse().unwrap_or_default();
        let report = sync(transaction, &tenant, tools, &definitions, digest, review)?;
        reports.insert(tenant, report);
    }
    Ok(reports)
}

/// Stores the definitions that are new, and returns the ids of all.
fn define(transaction: &Transaction<'_>, tools: &[Tool]) -> Result<Vec<String>, StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO definitions (id, name, title, description, input_schema,
         output_schema, annotations, toolset, effect, classification, scopes, operations)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut ids = Vec::with_capacity(tools.len());
    for tool in tools {
        let hints = &tool.annotations;
        let annotations = serde_json::json!({
            "readOnlyHint": hints.read_only_hint,
            "destructiveHint": hints.destructive_hint,
            "idempotentHint": hints.idempotent_hint,
            "openWorldHint": hints.open_world_hint,
        })
        .to_string();
        let classes: Vec<&str> = tool
            .classification
            .iter()
            .map(|class| classification_name(*class))
            .collect();
        let parts = [
            &*tool.name,
            &tool.title,
            &tool.description,
            &tool.input_schema,
            &tool.output_schema,
            &annotations,
            &tool.toolset,
            effect_name(tool.effect),
            &json(&classes),
            &json(&tool.scopes),
            &json(&tool.operations),
        ];
        let id = HEXLOWER.encode(digest(&SHA256, json(&parts).as_bytes()).as_ref());
        let values = std::iter::once(&*id).chain(parts);
        insert.execute(rusqlite::params_from_iter(values))?;
        ids.push(id);
    }
    Ok(ids)
}

/// Stores which tools there are now for one tenant.
fn sync(
    transaction: &Transaction<'_>,
    tenant: &str,
    tools: &[Tool],
    definitions: &[String],
    digest: &str,
    review: Review,
) -> Result<SyncReport, StoreError> {
    let now = millis(Timestamp::now());
    let mut before: BTreeMap<String, (String, bool)> = transaction
        .prepare_cached("SELECT name, definition, present FROM tools WHERE tenant = ?")?
        .query_map([tenant], |row| {
            Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
        })?
        .collect::<Result<_, _>>()?;
    let component: Option<String> = transaction.query_row(
        "SELECT component FROM tenants WHERE name = ?",
        [tenant],
        |row| row.get(0),
    )?;
    let mut report = SyncReport {
        tools: tools.len(),
        component: component
            .filter(|before| before != digest)
            .map(|before| OtherComponent {
                before,
                now: digest.to_owned(),
            }),
        ..SyncReport::default()
    };
    for (tool, id) in tools.iter().zip(definitions) {
        let name = &tool.name;
        let Some((old, present)) = before.remove(name) else {
            let approved = match review {
                Review::Pending => false,
                Review::Approved => true,
                // Metered reads cost money, so a person decides on them.
                Review::ApprovedReads => effect_name(tool.effect) == Effect::Read.as_str(),
            };
            let decided = approved.then_some("approved");
            transaction
                .prepare_cached(
                    "INSERT INTO tools (tenant, name, definition, present, found_at, decision,
                     reviewed, reviewed_by, reviewed_at, reviewed_component)
                     VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    tenant,
                    name,
                    id,
                    now,
                    decided,
                    decided.map(|_| id),
                    decided.map(|_| "gateway"),
                    decided.map(|_| now),
                    decided.map(|_| digest),
                ])?;
            report.new.push(name.clone());
            continue;
        };
        if !present {
            report.back.push(name.clone());
        }
        if old != *id {
            let parts = differing(transaction, &old, id)?;
            report.changed.insert(name.clone(), parts);
        }
        if !present || old != *id {
            transaction.execute(
                "UPDATE tools SET definition = ?, present = 1 WHERE tenant = ? AND name = ?",
                params![id, tenant, name],
            )?;
        }
    }
    for (name, (_, present)) in before {
        if present {
            transaction.execute(
                "UPDATE tools SET present = 0 WHERE tenant = ? AND name = ?",
                params![tenant, name],
            )?;
            report.removed.push(name);
        }
    }
    transaction.execute(
        "UPDATE tenants SET synced_at = ?, found = ?, component = ? WHERE name = ?",
        params![now, json(&report), digest, tenant],
    )?;
    if !report.is_unchanged() {
        let detail = report.to_string();
        record_act(
            transaction,
            &Actor::gateway(),
            Some(tenant),
            "discover",
            None,
            Some(&detail),
        )?;
    }
    Ok(report)
}

/// The parts in which two definitions differ.
fn differing(
    connection: &Connection,
    one: &str,
    other: &str,
) -> Result<Vec<DefinitionPart>, StoreError> {
    let mut parts = Vec::new();
    for (part, column) in DefinitionPart::COLUMNS {
        let sql = format!(
            "SELECT (SELECT {column} FROM definitions WHERE id = ?)
             IS NOT (SELECT {column} FROM definitions WHERE id = ?)"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        if statement.query_row([one, other], |row| row.get(0))? {
            parts.push(part);
        }
    }
    Ok(parts)
}
