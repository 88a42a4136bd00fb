//! Profiles, which give the tools of their toolsets to their users.

use std::collections::BTreeSet;

use rusqlite::{Transaction, params};
use serde::Serialize;

use super::access::{Access, SetKind, join, refuse_declared};
use super::lookup::{require_tenant, require_user, texts};
use super::{Actor, Origin, Store, StoreError, json, record_act, refused};
use crate::config::{Profile, READ_ONLY, check_name};
use crate::suggest::unknown_name;

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProfileRow {
    /// Its name.
    pub name: String,
    /// Where it comes from. There are no automatic profiles.
    pub origin: Origin,
    /// Names of its toolsets.
    pub toolsets: BTreeSet<String>,
    /// Names of its users.
    pub users: BTreeSet<String>,
}

/// Takes users out of the profiles that administrators made, so that the next user of the same name does
/// not inherit them. Returns the profiles, and who has left each.
pub(super) fn leave_profiles(
    transaction: &Transaction<'_>,
    tenant: &str,
    users: &BTreeSet<String>,
) -> Result<Vec<(String, BTreeSet<String>)>, StoreError> {
    let mut left = Vec::new();
    for (name, profile) in Access::load(transaction, tenant)?.profiles {
        let gone: BTreeSet<String> = profile.row.users.intersection(users).cloned().collect();
        if profile.origin == Origin::File || gone.is_empty() {
            continue;
        }
        let stay: BTreeSet<&String> = profile.row.users.difference(users).collect();
        transaction.execute(
            "UPDATE profiles SET users = ? WHERE tenant = ? AND name = ?",
            params![json(&stay), tenant, name],
        )?;
        left.push((name, gone));
    }
    Ok(left)
}

impl Store {
    /// The tenant's profiles, by name.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn profiles(&self, tenant: &str) -> Result<Vec<ProfileRow>, StoreError> {
        self.read(|connection| {
            require_tenant(connection, tenant)?;
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

    /// Creates a profile, or replaces its toolsets and users.
    ///
    /// # Errors
    ///
    /// The name, a toolset or a user is wrong, or the file declares a profile of this name.
    pub fn put_profile(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
        profile: &Profile,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_tenant(transaction, tenant)?;
            check_name(name).or_else(refused)?;
            refuse_declared(transaction, tenant, SetKind::Profile, name)?;
            if profile.toolsets.is_empty() {
                return refused(format_args!(
                    "a profile needs at least one toolset, such as read-only; to give up {name} remove it"
                ));
            }
            let groups = texts(
                transaction,
                "SELECT DISTINCT d.toolset FROM tools t JOIN definitions d ON d.id = t.definition
                 WHERE t.tenant = ? AND t.present ORDER BY 1",
                [tenant],
            )?;
            let mut known = texts(
                transaction,
                "SELECT name FROM toolsets WHERE tenant = ? ORDER BY name",
                [tenant],
            )?;
            known.push(READ_ONLY.to_owned());
            known.extend(groups.iter().map(|group| format!("component:{group}")));
            for toolset in &profile.toolsets {
                if !known.contains(toolset) {
                    let known = known.iter().map(String::as_str);
                    return refused(unknown_name("toolset", toolset, known));
                }
            }
            for user in &profile.users {
                require_user(transaction, tenant, user)?;
            }
            transaction.execute(
                "INSERT INTO profiles (tenant, name, origin, toolsets, users)
                 VALUES (?, ?, 'admin', ?, ?)
                 ON CONFLICT DO UPDATE SET toolsets = excluded.toolsets, users = excluded.users",
                params![tenant, name, json(&profile.toolsets), json(&profile.users)],
            )?;
            let detail = format!(
                "toolsets {}; users {}",
                join(&profile.toolsets),
                join(&profile.users)
            );
            record_act(transaction, actor, Some(tenant), "put-profile", Some(name), Some(&detail))
        })
    }

    /// Removes a profile that an administrator created.
    ///
    /// # Errors
    ///
    /// There is no such profile, or the file declares it.
    pub fn remove_profile(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_tenant(transaction, tenant)?;
            refuse_declared(transaction, tenant, SetKind::Profile, name)?;
            let removed = transaction.execute(
                "DELETE FROM profiles WHERE tenant = ? AND name = ?",
                [tenant, name],
            )?;
            if removed == 0 {
                let known = texts(
                    transaction,
                    "SELECT name FROM profiles WHERE tenant = ? ORDER BY name",
                    [tenant],
                )?;
                return refused(unknown_name(
                    "profile",
                    name,
                    known.iter().map(String::as_str),
                ));
            }
            record_act(
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
