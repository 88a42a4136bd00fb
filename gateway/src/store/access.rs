//! Who has which tools: what `gateway.toml` declares, what administrators add to it, and the
//! kill switches.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::Serialize;

use super::tools::{names, tenant_exists, unknown_tool};
use super::{
    Actor, Store, StoreError, SyncReport, from_json, json, millis, record, refused, timestamp,
    unknown,
};
use crate::config::{Config, Profile, READ_ONLY, Review, check_name, check_toolset, is_automatic};

/// A declared tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TenantRow {
    /// Its name.
    pub name: String,
    /// Its Gong.
    pub gong: String,
    /// How new tools begin.
    pub review: Review,
    /// Whether tools that spend credits may be used.
    pub metered: bool,
    /// Requests to Gong a second.
    pub requests_per_second: u32,
    /// Requests to Gong a day.
    pub requests_per_day: u32,
    /// Its users, by name.
    pub users: Vec<String>,
    /// When discovery ran last.
    pub synced_at: Option<Timestamp>,
    /// What it found.
    pub found: Option<SyncReport>,
}

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
    /// Takes over what `gateway.toml` declares: tenants, their users, toolsets and profiles,
    /// and ends the sessions of administrators who are gone or have another token. Without a
    /// change to the last time nothing is written.
    ///
    /// Reviews, classes, switches and what administrators made stay, except for toolsets and
    /// profiles of a name that the file now has. Returns whether something changed.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn declare(&self, config: &Config) -> Result<bool, StoreError> {
        let declared = declared(config);
        let same = |connection: &Connection| -> Result<bool, StoreError> {
            let last: Option<String> =
                connection.query_row("SELECT declared FROM meta", [], |row| row.get(0))?;
            Ok(last.as_deref() == Some(&declared))
        };
        if self.read(same)? {
            return Ok(false);
        }
        self.change(|transaction| {
            let mut told = Told::default();
            declare_tenants(transaction, config, &mut told)?;
            for (name, tenant) in &config.tenants {
                declare_users(transaction, name, tenant.users.keys(), &mut told)?;
                declare_toolsets(transaction, name, &tenant.toolsets, &mut told)?;
                declare_profiles(transaction, name, &tenant.profiles, &mut told)?;
            }
            end_sessions(transaction, config)?;
            transaction.execute("UPDATE meta SET declared = ?", [&declared])?;
            // Tenant by tenant: none is told of another.
            for (tenant, told) in told.0 {
                let detail = Some(told.join("; "));
                let tenant = Some(&*tenant);
                record(
                    transaction,
                    &Actor::file(),
                    tenant,
                    "declare",
                    None,
                    detail.as_deref(),
                )?;
            }
            Ok(true)
        })
    }

    /// The declared tenants, by name.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn tenants(&self) -> Result<Vec<TenantRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM tenants ORDER BY name")?;
            let rows = statement.query_map([], |row| {
                let review: String = row.get("review")?;
                let synced_at: Option<i64> = row.get("synced_at")?;
                Ok(TenantRow {
                    name: row.get("name")?,
                    gong: row.get("gong")?,
                    review: review.parse().unwrap_or_default(),
                    metered: row.get("metered")?,
                    requests_per_second: row.get("requests_per_second")?,
                    requests_per_day: row.get("requests_per_day")?,
                    users: Vec::new(),
                    synced_at: synced_at.map(timestamp),
                    found: match synced_at {
                        Some(_) => Some(from_json(row, "found")?),
                        None => None,
                    },
                })
            })?;
            let mut tenants = rows.collect::<Result<Vec<_>, _>>()?;
            for tenant in &mut tenants {
                tenant.users = users(connection, &tenant.name)?;
            }
            Ok(tenants)
        })
    }

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

fn users(connection: &Connection, tenant: &str) -> Result<Vec<String>, StoreError> {
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

/// What became different, by tenant.
#[derive(Default)]
struct Told(BTreeMap<String, Vec<String>>);

impl Told {
    fn note(&mut self, tenant: &str, what: impl fmt::Display) {
        let told = self.0.entry(tenant.to_owned()).or_default();
        told.push(what.to_string());
    }
}

/// Tells what [`Store::declare`] would take over from another such.
fn declared(config: &Config) -> String {
    let tenants: BTreeMap<_, _> = config
        .tenants
        .iter()
        .map(|(name, tenant)| {
            let profiles: BTreeMap<_, _> = tenant
                .profiles
                .iter()
                .map(|(name, profile)| (name, (&profile.toolsets, &profile.users)))
                .collect();
            let users: Vec<&String> = tenant.users.keys().collect();
            let limits = (tenant.requests_per_second, tenant.requests_per_day);
            let settings = (&tenant.gong, tenant.review, tenant.metered, limits);
            (name, (settings, users, &tenant.toolsets, profiles))
        })
        .collect();
    let admins: BTreeMap<_, _> = config
        .admins
        .iter()
        .map(|(name, admin)| (name, admin.token.to_string()))
        .collect();
    let hash = digest(&SHA256, json(&(tenants, admins)).as_bytes());
    hash.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn declare_tenants(
    transaction: &Transaction<'_>,
    config: &Config,
    told: &mut Told,
) -> Result<(), StoreError> {
    let before = names(transaction, "SELECT name FROM tenants ORDER BY name", [])?;
    for name in &before {
        if !config.tenants.contains_key(name) {
            for table in ["toolsets", "profiles"] {
                let sql = format!("DELETE FROM {table} WHERE tenant = ? AND origin = 'file'");
                transaction.execute(&sql, [name])?;
            }
            transaction.execute("DELETE FROM tenants WHERE name = ?", [name])?;
            told.note(name, "tenant removed");
        }
    }
    for (name, tenant) in &config.tenants {
        let changed = transaction.execute(
            "INSERT INTO tenants (name, gong, review, metered, requests_per_second, requests_per_day)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET gong = excluded.gong,
             review = excluded.review, metered = excluded.metered,
             requests_per_second = excluded.requests_per_second,
             requests_per_day = excluded.requests_per_day
             WHERE (gong, review, metered, requests_per_second, requests_per_day) IS NOT
             (excluded.gong, excluded.review, excluded.metered, excluded.requests_per_second,
             excluded.requests_per_day)",
            params![
                name,
                tenant.gong,
                tenant.review.as_str(),
                tenant.metered,
                tenant.requests_per_second,
                tenant.requests_per_day
            ],
        )?;
        if !before.contains(name) {
            told.note(name, "tenant added");
        } else if changed > 0 {
            told.note(name, "settings changed");
        }
    }
    Ok(())
}

fn declare_users<'n>(
    transaction: &Transaction<'_>,
    tenant: &str,
    declared: impl Iterator<Item = &'n String>,
    told: &mut Told,
) -> Result<(), StoreError> {
    let mut before: BTreeSet<String> = users(transaction, tenant)?.into_iter().collect();
    for name in declared {
        if !before.remove(name) {
            let sql = "INSERT INTO users (tenant, name) VALUES (?, ?)";
            transaction.execute(sql, [tenant, name])?;
            told.note(tenant, format_args!("user {name} added"));
        }
    }
    for name in before {
        let sql = "DELETE FROM users WHERE tenant = ? AND name = ?";
        transaction.execute(sql, [tenant, &name])?;
        told.note(tenant, format_args!("user {name} removed"));
    }
    Ok(())
}

fn declare_toolsets(
    transaction: &Transaction<'_>,
    tenant: &str,
    declared: &BTreeMap<String, BTreeSet<String>>,
    told: &mut Told,
) -> Result<(), StoreError> {
    let mut before = Access::load(transaction, tenant)?.toolsets;
    for (name, tools) in declared {
        let changed = match before.remove(name) {
            None => "added",
            Some((Origin::File, old)) if old == *tools => continue,
            Some((Origin::File, _)) => "changed",
            Some(_) => "taken over from administrators",
        };
        transaction.execute(
            "INSERT INTO toolsets (tenant, name, origin, tools) VALUES (?, ?, 'file', ?)
             ON CONFLICT DO UPDATE SET origin = excluded.origin, tools = excluded.tools",
            params![tenant, name, json(tools)],
        )?;
        told.note(tenant, format_args!("toolset {name} {changed}"));
    }
    for (name, (origin, _)) in before {
        if origin == Origin::File {
            let sql = "DELETE FROM toolsets WHERE tenant = ? AND name = ?";
            transaction.execute(sql, [tenant, &name])?;
            told.note(tenant, format_args!("toolset {name} removed"));
        }
    }
    Ok(())
}

fn declare_profiles(
    transaction: &Transaction<'_>,
    tenant: &str,
    declared: &BTreeMap<String, Profile>,
    told: &mut Told,
) -> Result<(), StoreError> {
    let mut before = Access::load(transaction, tenant)?.profiles;
    for (name, profile) in declared {
        let changed = match before.remove(name) {
            None => "added",
            Some(old) if old.origin == Origin::File && old.row == *profile => continue,
            Some(old) if old.origin == Origin::File => "changed",
            Some(_) => "taken over from administrators",
        };
        transaction.execute(
            "INSERT INTO profiles (tenant, name, origin, toolsets, users)
             VALUES (?, ?, 'file', ?, ?) ON CONFLICT DO UPDATE SET origin = excluded.origin,
             toolsets = excluded.toolsets, users = excluded.users",
            params![tenant, name, json(&profile.toolsets), json(&profile.users)],
        )?;
        told.note(tenant, format_args!("profile {name} {changed}"));
    }
    for (name, old) in before {
        if old.origin == Origin::File {
            let sql = "DELETE FROM profiles WHERE tenant = ? AND name = ?";
            transaction.execute(sql, [tenant, &name])?;
            told.note(tenant, format_args!("profile {name} removed"));
        }
    }
    Ok(())
}

fn end_sessions(transaction: &Transaction<'_>, config: &Config) -> Result<(), StoreError> {
    let open = transaction
        .prepare("SELECT DISTINCT admin, admin_token FROM sessions")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(String, String)>, _>>()?;
    for (admin, token) in open {
        let same = |admin: &crate::config::Admin| admin.token.to_string() == token;
        if !config.admins.get(&admin).is_some_and(same) {
            transaction.execute(
                "DELETE FROM sessions WHERE admin = ? AND admin_token = ?",
                [&admin, &token],
            )?;
        }
    }
    Ok(())
}
