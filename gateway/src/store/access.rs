//! Who has which tools: toolsets, and the profiles that bind them to users.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use super::tools::{names, tenant_exists, unknown_tool};
use super::{Actor, Store, StoreError, from_json, json, record, refused, unknown};
use crate::config::{Profile, READ_ONLY, check_name, check_toolset, is_automatic};

/// Where a toolset or profile comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// `gateway.toml`; only there it can be changed.
    File,
    /// An administrator made it.
    Admin,
    /// It is there by itself, and follows the tools.
    Automatic,
}

impl Origin {
    /// As it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Admin => "admin",
            Self::Automatic => "automatic",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Origin {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::File, Self::Admin, Self::Automatic];
        all.into_iter().find(|one| one.as_str() == text).ok_or(())
    }
}

/// A toolset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolsetRow {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Names of its tools. Of an automatic one those that count now.
    pub tools: BTreeSet<String>,
    /// Of them, those that the component does not have.
    pub missing: BTreeSet<String>,
    /// Names of profiles that have it.
    pub profiles: BTreeSet<String>,
}

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProfileRow {
    /// Its name.
    pub name: String,
    /// Where it comes from: never [`Origin::Automatic`].
    pub origin: Origin,
    /// Names of its toolsets.
    pub toolsets: BTreeSet<String>,
    /// Names of its users.
    pub users: BTreeSet<String>,
}

impl Store {
    /// The tenant's toolsets: its own by name, then the automatic ones.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn toolsets(&self, tenant: &str) -> Result<Vec<ToolsetRow>, StoreError> {
        let tools = self.tools(tenant)?;
        let access = self.read(|connection| Access::load(connection, tenant))?;
        let there: BTreeSet<&str> = tools
            .iter()
            .filter(|tool| tool.state != super::State::Removed)
            .map(|tool| &*tool.name)
            .collect();
        let with = |name: &str| {
            let having = access
                .profiles
                .iter()
                .filter(|(_, profile)| profile.row.toolsets.contains(name));
            having.map(|(name, _)| name.clone()).collect()
        };
        let own = access
            .toolsets
            .iter()
            .map(|(name, (origin, tools))| ToolsetRow {
                name: name.clone(),
                origin: *origin,
                missing: tools
                    .iter()
                    .filter(|tool| !there.contains(&***tool))
                    .cloned()
                    .collect(),
                tools: tools.clone(),
                profiles: with(name),
            });
        let mut automatic: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        automatic.insert(READ_ONLY.to_owned(), BTreeSet::new());
        for tool in &tools {
            if tool.state == super::State::Removed {
                continue;
            }
            let group = format!("{}{}", crate::config::COMPONENT_TOOLSET, tool.toolset);
            automatic
                .entry(group)
                .or_default()
                .insert(tool.name.clone());
            let read_only = crate::governance::is_read_only(
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
        // `read-only` first: it is what most profiles begin with.
        let reads = automatic.remove_entry(READ_ONLY);
        let automatic = reads
            .into_iter()
            .chain(automatic)
            .map(|(name, tools)| ToolsetRow {
                profiles: with(&name),
                name,
                origin: Origin::Automatic,
                tools,
                missing: BTreeSet::new(),
            });
        Ok(own.chain(automatic).collect())
    }

    /// Makes a toolset, or gives it other tools.
    ///
    /// # Errors
    ///
    /// The name or a tool is wrong, or the file declares a toolset of that name.
    pub fn put_toolset(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
        tools: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            tenant_exists(transaction, tenant)?;
            check_toolset(name).or_else(refused)?;
            only_admins(transaction, tenant, Noun::Toolset, name)?;
            if tools.is_empty() {
                return refused(format_args!(
                    "a toolset needs at least one tool; to give up {name} remove it"
                ));
            }
            let known = names(
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
            let detail = list(tools);
            record(
                transaction,
                actor,
                Some(tenant),
                "put-toolset",
                Some(name),
                Some(&detail),
            )
        })
    }

    /// Removes a toolset that an administrator made.
    ///
    /// # Errors
    ///
    /// There is none of that name, it is not an administrator's, or a profile has it.
    pub fn remove_toolset(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            tenant_exists(transaction, tenant)?;
            if is_automatic(name) {
                return refused(format_args!(
                    "toolset {name} is automatic and can not be removed; a profile that does not name it does not have it"
                ));
            }
            let access = Access::load(transaction, tenant)?;
            if !access.toolsets.contains_key(name) {
                let known = access.toolsets.keys().map(String::as_str);
                return refused(unknown("toolset", name, known));
            }
            only_admins(transaction, tenant, Noun::Toolset, name)?;
            for (profile, having) in &access.profiles {
                if having.row.toolsets.contains(name) {
                    return refused(format_args!(
                        "profile {profile} has toolset {name}; give the profile others first"
                    ));
                }
            }
            transaction.execute(
                "DELETE FROM toolsets WHERE tenant = ? AND name = ?",
                [tenant, name],
            )?;
            record(transaction, actor, Some(tenant), "remove-toolset", Some(name), None)
        })
    }

    /// The tenant's profiles, by name.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn profiles(&self, tenant: &str) -> Result<Vec<ProfileRow>, StoreError> {
        self.read(|connection| {
            tenant_exists(connection, tenant)?;
            let access = Access::load(connection, tenant)?;
            Ok(access
                .profiles
                .into_iter()
                .map(|(name, profile)| ProfileRow {
                    name,
                    origin: profile.origin,
                    toolsets: profile.row.toolsets,
                    users: profile.row.users,
                })
                .collect())
        })
    }

    /// Makes a profile, or gives it other toolsets and users.
    ///
    /// # Errors
    ///
    /// The name, a toolset or a user is wrong, or the file declares a profile of that name.
    pub fn put_profile(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
        profile: &Profile,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            tenant_exists(transaction, tenant)?;
            check_name(name).or_else(refused)?;
            only_admins(transaction, tenant, Noun::Profile, name)?;
            if profile.toolsets.is_empty() {
                return refused(format_args!(
                    "a profile needs at least one toolset, such as read-only; to give up {name} remove it"
                ));
            }
            let groups = names(
                transaction,
                "SELECT DISTINCT d.toolset FROM tools t JOIN definitions d ON d.id = t.definition
                 WHERE t.tenant = ? AND t.present ORDER BY 1",
                [tenant],
            )?;
            let mut known = names(
                transaction,
                "SELECT name FROM toolsets WHERE tenant = ? ORDER BY name",
                [tenant],
            )?;
            known.push(READ_ONLY.to_owned());
            known.extend(groups.iter().map(|group| format!("component:{group}")));
            for toolset in &profile.toolsets {
                if !known.contains(toolset) {
                    let known = known.iter().map(String::as_str);
                    return refused(unknown("toolset", toolset, known));
                }
            }
            let known = users(transaction, tenant)?;
            for user in &profile.users {
                if !known.contains(user) {
                    let known = known.iter().map(String::as_str);
                    return refused(format_args!(
                        "{}; users are declared in the configuration file, at tenants.{tenant}.users",
                        unknown("user", user, known)
                    ));
                }
            }
            transaction.execute(
                "INSERT INTO profiles (tenant, name, origin, toolsets, users)
                 VALUES (?, ?, 'admin', ?, ?)
                 ON CONFLICT DO UPDATE SET toolsets = excluded.toolsets, users = excluded.users",
                params![tenant, name, json(&profile.toolsets), json(&profile.users)],
            )?;
            let detail = format!(
                "toolsets {}; users {}",
                list(&profile.toolsets),
                list(&profile.users)
            );
            record(transaction, actor, Some(tenant), "put-profile", Some(name), Some(&detail))
        })
    }

    /// Removes a profile that an administrator made.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the file declares it.
    pub fn remove_profile(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            tenant_exists(transaction, tenant)?;
            only_admins(transaction, tenant, Noun::Profile, name)?;
            let gone = transaction.execute(
                "DELETE FROM profiles WHERE tenant = ? AND name = ?",
                [tenant, name],
            )?;
            if gone == 0 {
                let known = names(
                    transaction,
                    "SELECT name FROM profiles WHERE tenant = ? ORDER BY name",
                    [tenant],
                )?;
                return refused(unknown("profile", name, known.iter().map(String::as_str)));
            }
            record(
                transaction,
                actor,
                Some(tenant),
                "remove-profile",
                Some(name),
                None,
            )
        })
    }
}

fn list(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn users(connection: &Connection, tenant: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT name FROM users WHERE tenant = ? ORDER BY name";
    names(connection, sql, [tenant])
}

#[derive(Clone, Copy)]
enum Noun {
    Toolset,
    Profile,
}

/// Refuses what the file declares: a change here would be gone with the next reload.
fn only_admins(
    connection: &Connection,
    tenant: &str,
    noun: Noun,
    name: &str,
) -> Result<(), StoreError> {
    let (noun, table) = match noun {
        Noun::Toolset => ("toolset", "toolsets"),
        Noun::Profile => ("profile", "profiles"),
    };
    let sql = format!("SELECT origin FROM {table} WHERE tenant = ? AND name = ?");
    let origin: Option<String> = connection
        .query_row(&sql, [tenant, name], |row| row.get(0))
        .optional()?;
    if origin.as_deref() == Some(Origin::File.as_str()) {
        return refused(format_args!(
            "{noun} {name} is declared in the configuration file, at tenants.{tenant}.{table}.{name}; change it there, and the gateway takes it over"
        ));
    }
    Ok(())
}

/// A tenant's toolsets and profiles as stored.
pub(crate) struct Access {
    pub(crate) metered: bool,
    pub(crate) toolsets: BTreeMap<String, (Origin, BTreeSet<String>)>,
    pub(crate) profiles: BTreeMap<String, StoredProfile>,
}

pub(crate) struct StoredProfile {
    pub(crate) origin: Origin,
    pub(crate) row: Profile,
}

impl Access {
    pub(crate) fn load(connection: &Connection, tenant: &str) -> Result<Self, StoreError> {
        let origin = |row: &rusqlite::Row<'_>| {
            let text: String = row.get("origin")?;
            Ok::<_, rusqlite::Error>(text.parse().unwrap_or(Origin::Admin))
        };
        let metered = connection
            .prepare_cached("SELECT metered FROM tenants WHERE name = ?")?
            .query_row([tenant], |row| row.get(0))
            .optional()?;
        let toolsets = connection
            .prepare_cached("SELECT * FROM toolsets WHERE tenant = ?")?
            .query_map([tenant], |row| {
                Ok((row.get("name")?, (origin(row)?, from_json(row, "tools")?)))
            })?
            .collect::<Result<_, _>>()?;
        let profiles = connection
            .prepare_cached("SELECT * FROM profiles WHERE tenant = ?")?
            .query_map([tenant], |row| {
                let profile = StoredProfile {
                    origin: origin(row)?,
                    row: Profile {
                        toolsets: from_json(row, "toolsets")?,
                        users: from_json(row, "users")?,
                    },
                };
                Ok((row.get("name")?, profile))
            })?
            .collect::<Result<_, _>>()?;
        Ok(Self {
            metered: metered.unwrap_or(false),
            toolsets,
            profiles,
        })
    }
}
