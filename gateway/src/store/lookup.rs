//! Small queries that several parts of the store need.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::{StoreError, accounts, refused, sign_in};
use crate::suggest::unknown_name;

/// Refuses a tenant that is not declared.
pub(in crate::store) fn require_tenant(
    connection: &Connection,
    tenant: &str,
) -> Result<(), StoreError> {
    let found = connection
        .prepare_cached("SELECT 1 FROM tenants WHERE name = ?")?
        .exists([tenant])?;
    if found {
        return Ok(());
    }
    let names = texts(connection, "SELECT name FROM tenants ORDER BY name", [])?;
    refused(unknown_name(
        "tenant",
        tenant,
        names.iter().map(String::as_str),
    ))
}

/// The first column of a query, as texts.
pub(crate) fn texts(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Says that the tenant has no tool of this name, and which is likely meant.
pub(super) fn unknown_tool(
    connection: &Connection,
    tenant: &str,
    name: &str,
) -> Result<String, StoreError> {
    let known = texts(
        connection,
        "SELECT name FROM tools WHERE tenant = ? ORDER BY name",
        [tenant],
    )?;
    if known.is_empty() {
        return Ok(format!(
            "there is no tool {name:?}: nothing has been discovered for {tenant} yet, which `gong-gateway serve` does when it starts"
        ));
    }
    Ok(unknown_name("tool", name, known.iter().map(String::as_str)))
}

/// Names of a tenant's declared users, sorted.
pub(in crate::store) fn users(
    connection: &Connection,
    tenant: &str,
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT name FROM users WHERE tenant = ? ORDER BY name";
    texts(connection, sql, [tenant])
}

/// Names of all users of a tenant: those that are declared, those who have signed in, and service
/// accounts.
pub(in crate::store) fn all_users(
    connection: &Connection,
    tenant: &str,
) -> Result<Vec<String>, StoreError> {
    let mut all = users(connection, tenant)?;
    all.extend(sign_in::names(connection, tenant)?);
    all.extend(accounts::names(connection, tenant)?);
    Ok(all)
}

/// The profiles that a user has although no profile names them: those of a person's groups, and those of
/// a service account. `None` if there is neither.
pub(crate) fn granted_profiles(
    connection: &Connection,
    tenant: &str,
    user: &str,
) -> Result<Option<BTreeSet<String>>, StoreError> {
    match accounts::profiles_of(connection, tenant, user)? {
        Some(profiles) => Ok(Some(profiles)),
        None => sign_in::profiles_of(connection, tenant, user),
    }
}

/// Refuses a user that a tenant does not have.
pub(in crate::store) fn require_user(
    connection: &Connection,
    tenant: &str,
    name: &str,
) -> Result<(), StoreError> {
    let all = all_users(connection, tenant)?;
    if all.iter().any(|one| one == name) {
        return Ok(());
    }
    refused(format_args!(
        "{}; users are declared in the configuration file, at tenants.{tenant}.users, or have signed in",
        unknown_name("user", name, all.iter().map(String::as_str))
    ))
}
