//! Toolsets: an administrator's own, those of `gateway.toml`, and the automatic ones.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;
use serde::Serialize;

use super::access::{Access, SetKind, join, refuse_declared};
use super::lookup::{require_tenant, texts, unknown_tool};
use super::{
    Actor, Class, Classes, Effect, Origin, ReviewState, Store, StoreError, json, record_act,
    refused,
};
use crate::config::{COMPONENT_TOOLSET, READ_ONLY, check_toolset, is_automatic};
use crate::suggest::unknown_name;

/// A toolset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolsetRow {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Names of its tools. An automatic toolset has those that fit at present.
    pub tools: BTreeSet<String>,
    /// Those of its tools that the component does not have.
    pub missing: BTreeSet<String>,
    /// Names of the profiles that have it.
    pub profiles: BTreeSet<String>,
}

/// Whether a tool belongs to the automatic toolset `read-only`.
///
/// The effect, which the component states, decides. The classes, which administrators can set,
/// can only take a tool out.
#[must_use]
pub fn is_read_only(state: ReviewState, effect: Effect, classes: &Classes, metered: bool) -> bool {
    let reads = match effect {
        Effect::Read => true,
        Effect::MeteredRead => metered,
        Effect::Write | Effect::Outreach | Effect::Destructive => false,
    };
    state == ReviewState::Approved && reads && classes.contains(&Class::Read)
}

impl Store {
    /// The tenant's own toolsets by name, then the automatic ones.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn toolsets(&self, tenant: &str) -> Result<Vec<ToolsetRow>, StoreError> {
        let tools = self.tools(tenant)?;
        let access = self.read(|connection| Access::load(connection, tenant))?;
        let present: BTreeSet<&str> = tools
            .iter()
            .filter(|tool| tool.state != ReviewState::Removed)
            .map(|tool| &*tool.name)
            .collect();
        let profiles_with = |name: &str| {
            let profiles = access
                .profiles
                .iter()
                .filter(|(_, profile)| profile.row.toolsets.contains(name));
            profiles.map(|(name, _)| name.clone()).collect()
        };
        let own = access
            .toolsets
            .iter()
            .map(|(name, (origin, tools))| ToolsetRow {
                name: name.clone(),
                origin: *origin,
                missing: tools
                    .iter()
                    .filter(|tool| !present.contains(&***tool))
                    .cloned()
                    .collect(),
                tools: tools.clone(),
                profiles: profiles_with(name),
            });
        let mut automatic: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        automatic.insert(READ_ONLY.to_owned(), BTreeSet::new());
        for tool in &tools {
            if tool.state == ReviewState::Removed {
                continue;
            }
            let group = format!("{}{}", COMPONENT_TOOLSET, tool.toolset);
            automatic
                .entry(group)
                .or_default()
                .insert(tool.name.clone());
            let read_only = is_read_only(
                tool.state,
                tool.effect,
                &tool.classification,
                access.metered,
            );
            if read_only {
                let reads = automatic.entry(READ_ONLY.to_owned()).or_default();
                reads.insert(tool.name.clone());
            }
        }
        // `read-only` comes first: most profiles have it.
        let reads = automatic.remove_entry(READ_ONLY);
        let automatic = reads
            .into_iter()
            .chain(automatic)
            .map(|(name, tools)| ToolsetRow {
                profiles: profiles_with(&name),
                name,
                origin: Origin::Automatic,
                tools,
                missing: BTreeSet::new(),
            });
        Ok(own.chain(automatic).collect())
    }

    /// Creates a toolset, or replaces its tools.
    ///
    /// # Errors
    ///
    /// The name or a tool is wrong, or the file declares a toolset of this name.
    pub fn put_toolset(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
        tools: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_tenant(transaction, tenant)?;
            check_toolset(name).or_else(refused)?;
            refuse_declared(transaction, tenant, SetKind::Toolset, name)?;
            if tools.is_empty() {
                return refused(format_args!(
                    "a toolset needs at least one tool; to give up {name} remove it"
                ));
            }
            let known = texts(
                transaction,
                "SELECT name FROM tools WHERE tenant = ?",
                [tenant],
            )?;
            for tool in tools {
                if !known.contains(tool) {
                    return refused(unknown_tool(transaction, tenant, tool)?);
                }
            }
            transaction.execute(
                "INSERT INTO toolsets (tenant, name, origin, tools) VALUES (?, ?, 'admin', ?)
                 ON CONFLICT DO UPDATE SET tools = excluded.tools",
                params![tenant, name, json(tools)],
            )?;
            let detail = join(tools);
            record_act(
                transaction,
                actor,
                Some(tenant),
                "put-toolset",
                Some(name),
                Some(&detail),
            )
        })
    }

    /// Removes a toolset that an administrator created.
    ///
    /// # Errors
    ///
    /// There is no such toolset, no administrator created it, or a profile has it.
    pub fn remove_toolset(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_tenant(transaction, tenant)?;
            if is_automatic(name) {
                return refused(format_args!(
                    "toolset {name} is automatic and can not be removed; a profile that does not name it does not have it"
                ));
            }
            let access = Access::load(transaction, tenant)?;
            if !access.toolsets.contains_key(name) {
                let known = access.toolsets.keys().map(String::as_str);
                return refused(unknown_name("toolset", name, known));
            }
            refuse_declared(transaction, tenant, SetKind::Toolset, name)?;
            for (profile, stored) in &access.profiles {
                if stored.row.toolsets.contains(name) {
                    return refused(format_args!(
                        "profile {profile} has toolset {name}; give the profile others first"
                    ));
                }
            }
            transaction.execute(
                "DELETE FROM toolsets WHERE tenant = ? AND name = ?",
                [tenant, name],
            )?;
            record_act(transaction, actor, Some(tenant), "remove-toolset", Some(name), None)
        })
    }
}
