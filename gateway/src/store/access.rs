//! What toolsets and profiles have in common: their origin, and how both are loaded together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::{StoreError, from_json, refused};
use crate::config::Profile;

/// Where a toolset or profile comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// `gateway.toml` declares it, and only there it can be changed.
    File,
    /// An administrator made it.
    Admin,
    /// It exists for every tenant, and its tools follow from their attributes.
    Automatic,
}

impl Origin {
    /// Its name in the state file, in JSON and in tables.
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

/// Names in one line, for the audit.
pub(super) fn join(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

#[derive(Clone, Copy)]
pub(super) enum SetKind {
    Toolset,
    Profile,
}

/// Refuses to change what the file declares: the next reload would undo the change.
pub(super) fn refuse_declared(
    connection: &Connection,
    tenant: &str,
    kind: SetKind,
    name: &str,
) -> Result<(), StoreError> {
    let (noun, table) = match kind {
        SetKind::Toolset => ("toolset", "toolsets"),
        SetKind::Profile => ("profile", "profiles"),
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

/// A tenant's toolsets and profiles, as they are stored.
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
