//! What `gateway.toml` declares: tenants, their users, toolsets and profiles.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::access::{Access, join};
use super::audit::retention::promise;
use super::declared_settings::declare_settings;
use super::lookup::{texts, users};
use super::profiles::leave_profiles;
use super::{
    Actor, Origin, Store, StoreError, SyncReport, administrators, from_json, index, json,
    record_act, sign_in, timestamp,
};
use crate::config::{Config, Profile, Review};

/// Changes that one act has at most.
const CHANGES: usize = 50;

/// A declared tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TenantRow {
    /// Its name.
    pub name: String,
    /// The origin of its Gong.
    pub gong: String,
    /// The review state of tools that are new.
    pub review: Review,
    /// Whether tools that spend AI credits may be called.
    pub metered: bool,
    /// Requests to Gong a second.
    pub requests_per_second: u32,
    /// Requests to Gong a day.
    pub requests_per_day: u32,
    /// Names of its users, sorted.
    pub users: Vec<String>,
    /// Whether approved tools go back to review when the component is another one.
    pub review_component: bool,
    /// The SHA-256 of the component that discovery found.
    pub component: Option<String>,
    /// When discovery last ran.
    pub synced_at: Option<Timestamp>,
    /// What it found.
    pub found: Option<SyncReport>,
}

impl Store {
    /// Stores what `gateway.toml` declares: tenants, their users, toolsets and profiles. Ends
    /// the sessions of administrators who are gone or have another token. Returns whether
    /// something has changed since the last time; if not, nothing is written.
    ///
    /// Reviews, classes, kill switches and what administrators created stay. Only a toolset or
    /// profile with the name of a declared one is replaced by that.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn declare(&self, config: &Config) -> Result<bool, StoreError> {
        if self.is_declared(config)? {
            return Ok(false);
        }
        let declared = hash(config);
        self.change(|transaction| declare_all(transaction, config, &declared))?;
        Ok(true)
    }

    /// Whether a configuration declares what was declared last.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn is_declared(&self, config: &Config) -> Result<bool, StoreError> {
        self.read(|connection| {
            let last: Option<String> =
                connection.query_row("SELECT declared FROM meta", [], |row| row.get(0))?;
            Ok(last.as_deref() == Some(&hash(config)))
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
                    review_component: row.get("review_component")?,
                    component: row.get("component")?,
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
}

/// Stores everything that a configuration with this hash declares.
pub(super) fn declare_all(
    transaction: &Transaction<'_>,
    config: &Config,
    hash: &str,
) -> Result<(), StoreError> {
    let mut log = ChangeLog::default();
    declare_settings(transaction, config, &mut log)?;
    declare_tenants(transaction, config, &mut log)?;
    for (name, tenant) in &config.tenants {
        declare_users(transaction, name, tenant.users.keys(), &mut log)?;
        sign_in::declare(transaction, name, tenant.people(), &mut log)?;
        declare_toolsets(transaction, name, &tenant.toolsets, &mut log)?;
        declare_profiles(transaction, name, &tenant.profiles, &mut log)?;
    }
    let before = promise(transaction, config.audit.keep)?;
    if let Some(before) = before.filter(|before| *before > config.audit.keep) {
        record_lower_keep(transaction, config, before)?;
    }
    end_sessions(transaction, config)?;
    administrators::declare(transaction, config, &mut log)?;
    transaction.execute("UPDATE meta SET declared = ?", [hash])?;
    log.record(transaction, config)
}

/// What a declaration changes, by tenant, for the audit. The tenant is empty for what concerns
/// all.
#[derive(Default)]
pub(super) struct ChangeLog(BTreeMap<String, Vec<String>>);

impl ChangeLog {
    pub(super) fn note(&mut self, tenant: &str, what: impl fmt::Display) {
        let changes = self.0.entry(tenant.to_owned()).or_default();
        changes.push(what.to_string());
    }

    /// Writes acts for each tenant by itself, because its administrators see only its acts.
    pub(super) fn record(
        self,
        transaction: &Transaction<'_>,
        config: &Config,
    ) -> Result<(), StoreError> {
        let actor = Actor::file(&config.written.file);
        for (tenant, changes) in self.0 {
            let tenant = (!tenant.is_empty()).then_some(&*tenant);
            for changes in changes.chunks(CHANGES) {
                let detail = changes.join("; ");
                record_act(transaction, &actor, tenant, "declare", None, Some(&detail))?;
            }
        }
        Ok(())
    }
}

/// An act of its own, which can be looked for.
fn record_lower_keep(
    transaction: &Transaction<'_>,
    config: &Config,
    before: Duration,
) -> Result<(), StoreError> {
    let days = |keep: Duration| keep.as_secs() / (24 * 60 * 60);
    let detail = format!(
        "{} → {} days; rows that are there keep their {} days",
        days(before),
        days(config.audit.keep),
        days(before)
    );
    let actor = Actor::file(&config.written.file);
    let subject = Some("audit.keep");
    record_act(
        transaction,
        &actor,
        None,
        "lower-keep",
        subject,
        Some(&detail),
    )
}

/// A hash of everything that [`Store::declare`] stores.
pub(super) fn hash(config: &Config) -> String {
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
            let limits = (
                tenant.requests_per_second,
                tenant.requests_per_day,
                tenant.user_requests_per_day,
            );
            let review = (tenant.review, tenant.review_component);
            let settings = (&tenant.gong, review, tenant.metered, limits);
            (name, (settings, users, &tenant.toolsets, profiles))
        })
        .collect();
    let admins: BTreeMap<_, _> = config
        .admins
        .iter()
        .map(|(name, admin)| {
            (
                name,
                admin.tokens.iter().map(|token| token.hash.to_string()),
            )
        })
        .map(|(name, tokens)| (name, tokens.collect::<Vec<_>>()))
        .collect();
    let written: Vec<_> = config.written.settings.iter().collect();
    let sign_ins = sign_in::declared(config);
    let all = (
        tenants,
        admins,
        config.audit.keep.as_secs(),
        written,
        sign_ins,
    );
    HEXLOWER.encode(digest(&SHA256, json(&all).as_bytes()).as_ref())
}

fn declare_tenants(
    transaction: &Transaction<'_>,
    config: &Config,
    log: &mut ChangeLog,
) -> Result<(), StoreError> {
    let before = texts(transaction, "SELECT name FROM tenants ORDER BY name", [])?;
    for name in &before {
        if !config.tenants.contains_key(name) {
            for table in ["toolsets", "profiles"] {
                let sql = format!("DELETE FROM {table} WHERE tenant = ? AND origin = 'file'");
                transaction.execute(&sql, [name])?;
            }
            let mut gone: BTreeSet<String> = users(transaction, name)?.into_iter().collect();
            gone.extend(sign_in::forget(transaction, name)?);
            transaction.execute("DELETE FROM tenants WHERE name = ?", [name])?;
            index::forget(transaction, name)?;
            log.note(name, "tenant removed");
            end_memberships(transaction, name, &gone, log)?;
        }
    }
    for (name, tenant) in &config.tenants {
        transaction.execute(
            "INSERT INTO tenants (name, gong, review, review_component, metered,
             requests_per_second, requests_per_day, user_requests_per_day)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET gong = excluded.gong,
             review = excluded.review, review_component = excluded.review_component,
             metered = excluded.metered, requests_per_second = excluded.requests_per_second,
             requests_per_day = excluded.requests_per_day,
             user_requests_per_day = excluded.user_requests_per_day
             WHERE (gong, review, review_component, metered, requests_per_second,
             requests_per_day, user_requests_per_day) IS NOT
             (excluded.gong, excluded.review, excluded.review_component, excluded.metered,
             excluded.requests_per_second, excluded.requests_per_day,
             excluded.user_requests_per_day)",
            params![
                name,
                tenant.gong,
                tenant.review.as_str(),
                tenant.review_component,
                tenant.metered,
                tenant.requests_per_second,
                tenant.requests_per_day,
                tenant.user_requests_per_day
            ],
        )?;
        if !before.contains(name) {
            log.note(name, "tenant added");
        }
    }
    Ok(())
}

fn declare_users<'n>(
    transaction: &Transaction<'_>,
    tenant: &str,
    declared: impl Iterator<Item = &'n String>,
    log: &mut ChangeLog,
) -> Result<(), StoreError> {
    let mut before: BTreeSet<String> = users(transaction, tenant)?.into_iter().collect();
    // Whoever is new is somebody else than who had the name before, perhaps at a time when nothing
    // was taken out of profiles yet.
    let mut others = BTreeSet::new();
    for name in declared {
        if !before.remove(name) {
            let sql = "INSERT INTO users (tenant, name) VALUES (?, ?)";
            transaction.execute(sql, [tenant, name])?;
            log.note(tenant, format_args!("user {name} added"));
            others.insert(name.clone());
        }
    }
    for name in before {
        let sql = "DELETE FROM users WHERE tenant = ? AND name = ?";
        transaction.execute(sql, [tenant, &name])?;
        sign_in::forget_programs(transaction, tenant, &name)?;
        log.note(tenant, format_args!("user {name} removed"));
        others.insert(name);
    }
    end_memberships(transaction, tenant, &others, log)
}

/// Takes users out of the profiles that administrators made, so that the next user of the same
/// name does not inherit them.
fn end_memberships(
    transaction: &Transaction<'_>,
    tenant: &str,
    users: &BTreeSet<String>,
    log: &mut ChangeLog,
) -> Result<(), StoreError> {
    if users.is_empty() {
        return Ok(());
    }
    for (name, left) in leave_profiles(transaction, tenant, users)? {
        log.note(
            tenant,
            format_args!("{} taken out of profile {name}", join(&left)),
        );
    }
    Ok(())
}

fn declare_toolsets(
    transaction: &Transaction<'_>,
    tenant: &str,
    declared: &BTreeMap<String, BTreeSet<String>>,
    log: &mut ChangeLog,
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
        log.note(tenant, format_args!("toolset {name} {changed}"));
    }
    for (name, (origin, _)) in before {
        if origin == Origin::File {
            let sql = "DELETE FROM toolsets WHERE tenant = ? AND name = ?";
            transaction.execute(sql, [tenant, &name])?;
            log.note(tenant, format_args!("toolset {name} removed"));
        }
    }
    Ok(())
}

fn declare_profiles(
    transaction: &Transaction<'_>,
    tenant: &str,
    declared: &BTreeMap<String, Profile>,
    log: &mut ChangeLog,
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
        log.note(tenant, format_args!("profile {name} {changed}"));
    }
    for (name, old) in before {
        if old.origin == Origin::File {
            let sql = "DELETE FROM profiles WHERE tenant = ? AND name = ?";
            transaction.execute(sql, [tenant, &name])?;
            log.note(tenant, format_args!("profile {name} removed"));
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
        let mut tokens = config
            .admins
            .get(&admin)
            .into_iter()
            .flat_map(|admin| admin.tokens.iter());
        if !tokens.any(|one| one.hash.to_string() == token) {
            transaction.execute(
                "DELETE FROM sessions WHERE admin = ? AND admin_token = ?",
                [&admin, &token],
            )?;
        }
    }
    Ok(())
}
