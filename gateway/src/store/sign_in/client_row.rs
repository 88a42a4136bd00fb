//! What is known of an AI client.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::Type;
use serde::{Deserialize, Serialize};

use crate::store::{from_json, timestamp};

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
