//! AI clients: what is known of them, and how they come to be known.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use crate::store::kill_switches::reason_of;
use crate::store::{Store, StoreError, from_json, json, millis, refused, timestamp};

/// Clients of a tenant that have registered themselves and were not used yet.
const MOST_UNUSED: i64 = 1000;

/// How a client is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// By the metadata document that its id is the address of.
    Document,
    /// It has registered itself (RFC 7591).
    Dynamic,
    /// By the name that it states when it calls with a user's token of `gateway.toml`.
    Token,
    /// It is a service account.
    Account,
}

/// Whose a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientKind {
    /// One person's.
    Personal,
    /// Many people's, each of whom signs in.
    Shared,
    /// A program's that acts for nobody.
    Service,
}

/// Whether a client is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientState {
    /// It is.
    Active,
    /// It is idle, and lists leave it out.
    Hidden,
    /// Its sign-ins have ended because it was idle.
    Closed,
}

/// The names of all values of a type, as the state file has them.
macro_rules! names {
    ($type:ident: $($value:ident = $name:literal),+) => {
        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// Its name in the state file, in JSON and in tables.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }

            pub(super) fn read(row: &Row<'_>, column: &str) -> rusqlite::Result<Self> {
                let text: String = row.get(column)?;
                text.parse().map_err(|error: String| unknown(column, &error))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|one| one.as_str() == text);
                found.copied().ok_or_else(|| {
                    let known: Vec<&str> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    format!("{text:?} is not known; known are {}", known.join(", "))
                })
            }
        }
    };
}

names!(Registration: Document = "document", Dynamic = "dynamic", Token = "token", Account = "account");
names!(ClientKind: Personal = "personal", Shared = "shared", Service = "service");
names!(ClientState: Active = "active", Hidden = "hidden", Closed = "closed");

fn unknown(column: &str, error: &str) -> rusqlite::Error {
    let why = format!("{column} {error}");
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, why.into())
}

/// After how long without use something happens to a client. Where there is nothing, the tenant's
/// setting holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IdleOverride {
    /// It is hidden.
    #[serde(rename = "hidden_after_ms", serialize_with = "as_millis")]
    pub hidden: Option<Duration>,
    /// Its sign-ins end.
    #[serde(rename = "closed_after_ms", serialize_with = "as_millis")]
    pub closed: Option<Duration>,
    /// It is deleted.
    #[serde(rename = "deleted_after_ms", serialize_with = "as_millis")]
    pub deleted: Option<Duration>,
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the member")]
fn as_millis<S: serde::Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration
        .map(|duration| duration.as_millis() as u64)
        .serialize(serializer)
}

/// An AI client of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientRow {
    /// Its client id.
    pub id: String,
    /// How it is known.
    pub registration: Registration,
    /// Whose it is.
    pub kind: ClientKind,
    /// Whether an administrator has set the kind. Otherwise it follows from who uses the client.
    pub kind_set: bool,
    /// The name that it gives itself.
    pub name: String,
    /// The host of its metadata document, which vouches for it.
    pub publisher: Option<String>,
    /// Where it may be answered to.
    pub redirect_uris: Vec<String>,
    /// The name of the user whose it is.
    pub owner: Option<String>,
    /// Whether it is in use.
    pub state: ClientState,
    /// When it registered, or was seen first.
    pub registered_at: Timestamp,
    /// When it was used first.
    pub first_used_at: Option<Timestamp>,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
    /// After how long without use it is hidden, closed and deleted.
    #[serde(flatten)]
    pub idle: IdleOverride,
}

impl ClientRow {
    /// A client that nobody has used.
    #[must_use]
    pub fn new(
        id: &str,
        registration: Registration,
        kind: ClientKind,
        name: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            id: id.to_owned(),
            registration,
            kind,
            kind_set: false,
            name: name.to_owned(),
            publisher: None,
            redirect_uris: Vec::new(),
            owner: None,
            state: ClientState::Active,
            registered_at: now,
            first_used_at: None,
            last_used_at: None,
            idle: IdleOverride::default(),
        }
    }

    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let moment = |column| {
            let millis: Option<i64> = row.get(column)?;
            Ok::<_, rusqlite::Error>(millis.map(timestamp))
        };
        let duration = |column| {
            let millis: Option<i64> = row.get(column)?;
            let millis = millis.and_then(|millis| u64::try_from(millis).ok());
            Ok::<_, rusqlite::Error>(millis.map(Duration::from_millis))
        };
        Ok(Self {
            id: row.get("id")?,
            registration: Registration::read(row, "registration")?,
            kind: ClientKind::read(row, "kind")?,
            kind_set: row.get("kind_set")?,
            name: row.get("name")?,
            publisher: row.get("publisher")?,
            redirect_uris: from_json(row, "redirect_uris")?,
            owner: row.get("owner")?,
            state: ClientState::read(row, "state")?,
            registered_at: timestamp(row.get("registered_at")?),
            first_used_at: moment("first_used_at")?,
            last_used_at: moment("last_used_at")?,
            idle: IdleOverride {
                hidden: duration("hidden_after")?,
                closed: duration("closed_after")?,
                deleted: duration("deleted_after")?,
            },
        })
    }
}

pub(super) fn find(
    connection: &Connection,
    tenant: &str,
    id: &str,
) -> Result<Option<ClientRow>, StoreError> {
    let found = connection
        .prepare_cached("SELECT * FROM sign_in_clients WHERE tenant = ? AND id = ?")?
        .query_row([tenant, id], ClientRow::from_row)
        .optional()?;
    Ok(found)
}

/// Stores what a client says of itself. Its owner, state and times stay.
pub(in crate::store) fn put(
    connection: &Connection,
    tenant: &str,
    client: &ClientRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sign_in_clients (tenant, id, registration, kind, name, publisher,
             redirect_uris, owner, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET name = excluded.name, publisher = excluded.publisher,
             redirect_uris = excluded.redirect_uris",
        )?
        .execute(params![
            tenant,
            client.id,
            client.registration.as_str(),
            client.kind.as_str(),
            client.name,
            client.publisher,
            json(&client.redirect_uris),
            client.owner,
            millis(client.registered_at)
        ])?;
    Ok(())
}

/// Whether somebody may sign in with a client.
pub(super) enum ClientUse {
    /// They may. The kind is another one than before if `changed`.
    Allowed { changed: bool },
    /// It is somebody else's alone.
    OtherOwner,
}

/// Notes that somebody signs in with a client. The first one is the owner of a personal one; with a
/// second one it becomes shared, unless an administrator has set its kind. A closed one is in use again.
pub(super) fn used(
    connection: &Connection,
    tenant: &str,
    client: &ClientRow,
    user: &str,
    now: Timestamp,
) -> Result<ClientUse, StoreError> {
    if client.registration == Registration::Document {
        put(connection, tenant, client)?;
    }
    let Some(known) = find(connection, tenant, &client.id)? else {
        return refused("this client is not registered any more: let it register anew");
    };
    let of_another = known.kind == ClientKind::Personal
        && known.owner.as_deref().is_some_and(|owner| owner != user);
    if of_another && known.kind_set {
        return Ok(ClientUse::OtherOwner);
    }
    let (kind, owner) = match (known.kind, of_another) {
        (ClientKind::Personal, false) => (ClientKind::Personal, Some(user)),
        (ClientKind::Personal, true) => (ClientKind::Shared, None),
        (kind, _) => (kind, known.owner.as_deref()),
    };
    connection.execute(
        "UPDATE sign_in_clients SET last_used_at = ?1, first_used_at = coalesce(first_used_at, ?1),
         kind = ?2, owner = ?3, state = 'active' WHERE tenant = ?4 AND id = ?5",
        params![millis(now), kind.as_str(), owner, tenant, client.id],
    )?;
    Ok(ClientUse::Allowed {
        changed: kind != known.kind,
    })
}

/// Kinds that administrators have set for programs with tokens of the configuration, by id.
pub(crate) fn program_kinds(
    connection: &Connection,
    tenant: &str,
) -> Result<HashMap<String, ClientKind>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind FROM sign_in_clients WHERE tenant = ? AND registration = 'token'
         AND kind_set",
    )?;
    let rows = statement.query_map([tenant], |row| {
        Ok((row.get("id")?, ClientKind::read(row, "kind")?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Store {
    /// A client of a tenant.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn sign_in_client(&self, tenant: &str, id: &str) -> Result<Option<ClientRow>, StoreError> {
        self.read(|connection| find(connection, tenant, id))
    }

    /// Why a client is switched off, as a clause, if it is.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn why_client_is_off(&self, tenant: &str, id: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| reason_of(connection, tenant, id, ""))
    }

    /// The clients of a tenant, by id.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn sign_in_clients(&self, tenant: &str) -> Result<Vec<ClientRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT * FROM sign_in_clients WHERE tenant = ? ORDER BY id")?;
            let rows = statement.query_map([tenant], ClientRow::from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Stores a client that registers itself.
    ///
    /// # Errors
    ///
    /// Too many that registered within the last hour were never used, or the file could not be
    /// written.
    pub fn register_client(&self, tenant: &str, client: &ClientRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let unused: i64 = transaction.query_row(
                "SELECT count(*) FROM sign_in_clients WHERE tenant = ?
                 AND registration = 'dynamic' AND first_used_at IS NULL AND registered_at > ?",
                params![tenant, millis(client.registered_at) - super::UNUSED],
                |row| row.get(0),
            )?;
            if unused >= MOST_UNUSED {
                return refused("too many clients have registered that nobody uses");
            }
            put(transaction, tenant, client)
        })
    }
}
