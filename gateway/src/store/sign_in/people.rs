//! People, who appear by signing in, and what their groups give.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::Serialize;

use super::grants::governance_changed;
use crate::cut::cut;
use crate::store::access::Access;
use crate::store::lookup::{all_users, granted_profiles, require_tenant, texts};
use crate::store::{Store, StoreError, from_json, json, millis, timestamp};

/// Characters of a name.
const LONGEST: usize = 200;

/// Who the provider says somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The provider.
    pub issuer: String,
    /// Who it is for the provider, for good.
    pub subject: String,
    /// The e-mail address, which may change.
    pub email: Option<String>,
    /// Their groups, of those that the configuration names.
    pub groups: BTreeSet<String>,
}

/// Somebody who has signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedInUser {
    /// The name in the audit and in profiles, which no declared user can have.
    pub name: String,
    /// The e-mail address, as of the last confirmation.
    pub email: Option<String>,
    /// Their groups, as of the last confirmation.
    pub groups: BTreeSet<String>,
    /// Whether a group makes them an administrator of the tenant.
    pub administrator: bool,
    /// When they signed in first.
    pub first_at: Timestamp,
    /// When they signed in or were confirmed last.
    pub last_at: Timestamp,
    /// The profiles that they have, by groups and by name.
    pub profiles: BTreeSet<String>,
    /// Their sign-ins that go on.
    pub connections: u32,
    /// Why they are switched off, if they are.
    pub off: Option<String>,
}

/// Names of the people of a tenant, sorted.
pub(in crate::store) fn names(
    connection: &Connection,
    tenant: &str,
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT name FROM sign_in_users WHERE tenant = ? ORDER BY name";
    texts(connection, sql, [tenant])
}

/// Stores a person as of now. Returns their id, their name and whether something that governance
/// decides on has changed.
pub(super) fn put(
    connection: &Connection,
    tenant: &str,
    person: &Person,
    now: Timestamp,
) -> Result<(i64, String, bool), StoreError> {
    let known: Option<(i64, String, BTreeSet<String>)> = connection
        .prepare_cached(
            "SELECT id, name, groups FROM sign_in_users
             WHERE tenant = ? AND issuer = ? AND subject = ?",
        )?
        .query_row(params![tenant, person.issuer, person.subject], |row| {
            Ok((row.get(0)?, row.get(1)?, from_json(row, "groups")?))
        })
        .optional()?;
    if let Some((id, name, groups)) = known {
        connection.execute(
            "UPDATE sign_in_users SET email = ?, groups = ?, last_at = ? WHERE id = ?",
            params![person.email, json(&person.groups), millis(now), id],
        )?;
        return Ok((id, name, groups != person.groups));
    }
    let name = free_name(connection, tenant, person)?;
    connection.execute(
        "INSERT INTO sign_in_users (tenant, issuer, subject, name, email, groups, first_at, last_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
        params![
            tenant,
            person.issuer,
            person.subject,
            name,
            person.email,
            json(&person.groups),
            millis(now)
        ],
    )?;
    Ok((connection.last_insert_rowid(), name, true))
}

/// A name that nobody has: the e-mail address, or what the provider calls them. Names in
/// `gateway.toml` have neither `@` nor `:`, so a person never has that of a declared user.
fn free_name(connection: &Connection, tenant: &str, person: &Person) -> Result<String, StoreError> {
    let email = person.email.as_deref().filter(|email| email.contains('@'));
    let name = match email {
        Some(email) => cut(&email.to_lowercase(), LONGEST),
        None => format!("sub:{}", cut(&person.subject, LONGEST)),
    };
    let mut taken =
        connection.prepare_cached("SELECT 1 FROM sign_in_users WHERE tenant = ? AND name = ?")?;
    let mut free = name.clone();
    let mut number = 1;
    while taken.exists([tenant, &free])? {
        number += 1;
        free = format!("{name} ({number})");
    }
    Ok(free)
}

/// The profiles that a person's groups give, or `None` if nobody of this name has signed in.
pub(in crate::store) fn profiles_of(
    connection: &Connection,
    tenant: &str,
    name: &str,
) -> Result<Option<BTreeSet<String>>, StoreError> {
    let groups: Option<BTreeSet<String>> = connection
        .prepare_cached("SELECT groups FROM sign_in_users WHERE tenant = ? AND name = ?")?
        .query_row([tenant, name], |row| from_json(row, "groups"))
        .optional()?;
    match groups {
        Some(groups) => Ok(Some(granted_by(connection, tenant, &groups)?.profiles)),
        None => Ok(None),
    }
}

/// Stores a person as of now, and returns their id and name.
pub(in crate::store) fn put_person(
    transaction: &Transaction<'_>,
    tenant: &str,
    person: &Person,
    now: Timestamp,
) -> Result<(i64, String), StoreError> {
    let (id, name, changed) = put(transaction, tenant, person, now)?;
    if changed {
        governance_changed(transaction)?;
    }
    Ok((id, name))
}

/// Whether a person has signed in before.
pub(in crate::store) fn is_known(
    connection: &Connection,
    tenant: &str,
    person: &Person,
) -> Result<bool, StoreError> {
    let known = connection
        .prepare_cached(
            "SELECT 1 FROM sign_in_users WHERE tenant = ? AND issuer = ? AND subject = ?",
        )?
        .exists(params![tenant, person.issuer, person.subject])?;
    Ok(known)
}

/// Whether one of these groups makes an administrator of a tenant, or of the gateway as a whole
/// where the tenant is empty.
pub(in crate::store) fn makes_administrator(
    connection: &Connection,
    tenant: &str,
    groups: &BTreeSet<String>,
) -> Result<bool, StoreError> {
    Ok(granted_by(connection, tenant, groups)?.administrator)
}

/// What groups give.
struct GroupsGrant {
    profiles: BTreeSet<String>,
    administrator: bool,
}

fn granted_by(
    connection: &Connection,
    tenant: &str,
    groups: &BTreeSet<String>,
) -> Result<GroupsGrant, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, profiles, administrator FROM sign_in_groups WHERE tenant = ?",
    )?;
    let mut rows = statement.query([tenant])?;
    let mut granted = GroupsGrant {
        profiles: BTreeSet::new(),
        administrator: false,
    };
    while let Some(row) = rows.next()? {
        let name: String = row.get("name")?;
        if name.is_empty() || groups.contains(&name) {
            granted
                .profiles
                .extend(from_json::<Vec<String>>(row, "profiles")?);
            granted.administrator |= row.get::<_, bool>("administrator")?;
        }
    }
    Ok(granted)
}

/// Whether a person may do anything here: their groups give something, or an administrator has put
/// them into a profile.
pub(super) fn has_access(
    connection: &Connection,
    tenant: &str,
    person: &Person,
) -> Result<bool, StoreError> {
    let granted = granted_by(connection, tenant, &person.groups)?;
    if granted.administrator || !granted.profiles.is_empty() {
        return Ok(true);
    }
    let name: Option<String> = connection
        .prepare_cached(
            "SELECT name FROM sign_in_users WHERE tenant = ? AND issuer = ? AND subject = ?",
        )?
        .query_row(params![tenant, person.issuer, person.subject], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(name) = name else { return Ok(false) };
    let profiles = Access::load(connection, tenant)?.profiles;
    Ok(profiles.values().any(|one| one.row.users.contains(&name)))
}

impl Store {
    /// Names of a tenant's users: those that are declared, those who have signed in, and service accounts.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn users(&self, tenant: &str) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            require_tenant(connection, tenant)?;
            all_users(connection, tenant)
        })
    }

    /// Names of the profiles that a user has: those that name them, those of their groups, and those of a
    /// service account.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn profiles_of(&self, tenant: &str, user: &str) -> Result<BTreeSet<String>, StoreError> {
        self.read(|connection| {
            let access = Access::load(connection, tenant)?;
            let by_groups = granted_profiles(connection, tenant, user)?.unwrap_or_default();
            let profiles = access.profiles.into_iter();
            let has = profiles.filter(|(name, profile)| {
                profile.row.users.contains(user) || by_groups.contains(name)
            });
            Ok(has.map(|(name, _)| name).collect())
        })
    }

    /// The people who have signed in to a tenant, by name.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn signed_in_users(&self, tenant: &str) -> Result<Vec<SignedInUser>, StoreError> {
        self.read(|connection| {
            require_tenant(connection, tenant)?;
            let access = Access::load(connection, tenant)?;
            let mut statement = connection.prepare_cached(
                "SELECT u.*, (SELECT count(*) FROM sign_in_grants g WHERE g.user = u.id
                     AND g.ended_at IS NULL) AS connections,
                 (SELECT reason FROM switches s WHERE s.tenant = u.tenant
                     AND s.subject = 'user' AND s.name = u.name) AS off
                 FROM sign_in_users u WHERE tenant = ? ORDER BY name",
            )?;
            let rows = statement.query_map([tenant], |row| {
                Ok(SignedInUser {
                    name: row.get("name")?,
                    email: row.get("email")?,
                    groups: from_json(row, "groups")?,
                    administrator: false,
                    first_at: timestamp(row.get("first_at")?),
                    last_at: timestamp(row.get("last_at")?),
                    profiles: BTreeSet::new(),
                    connections: row.get("connections")?,
                    off: row.get("off")?,
                })
            })?;
            let mut users = rows.collect::<Result<Vec<_>, _>>()?;
            for user in &mut users {
                let granted = granted_by(connection, tenant, &user.groups)?;
                user.administrator = granted.administrator;
                let named = access.profiles.iter();
                let named = named.filter(|(_, profile)| profile.row.users.contains(&user.name));
                user.profiles = named.map(|(name, _)| name.clone()).collect();
                user.profiles.extend(granted.profiles);
            }
            Ok(users)
        })
    }
}
