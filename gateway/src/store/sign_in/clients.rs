//! AI clients.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::store::{Store, StoreError, from_json, json, millis, refused, timestamp};

/// Clients of a tenant that have registered themselves and were not used yet.
const MOST_UNUSED: i64 = 1000;

/// How a client is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// By the metadata document that its id is the address of.
    Document,
    /// It has registered itself (RFC 7591).
    Dynamic,
}

/// Whose a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// One person's.
    Personal,
    /// Many people's, each of whom signs in.
    Shared,
    /// A program's that acts for nobody.
    Service,
}

/// Whether a client may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState {
    /// It may be used.
    Active,
    /// It may be used, and is idle.
    Hidden,
    /// Its sign-ins have ended because it was idle.
    Closed,
    /// An administrator has switched it off.
    Off,
}

/// The names of all values of a type, as the state file has them.
macro_rules! names {
    ($type:ident: $($value:ident = $name:literal),+) => {
        impl $type {
            /// Its name in the state file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }

            fn read(row: &Row<'_>, column: &str) -> rusqlite::Result<Self> {
                let text: String = row.get(column)?;
                match &*text {
                    $($name => Ok(Self::$value),)+
                    _ => Err(unknown(column, &text)),
                }
            }
        }
    };
}

names!(Registration: Document = "document", Dynamic = "dynamic");
names!(ClientKind: Personal = "personal", Shared = "shared", Service = "service");
names!(ClientState: Active = "active", Hidden = "hidden", Closed = "closed", Off = "off");

fn unknown(column: &str, text: &str) -> rusqlite::Error {
    let why = format!("{column} {text:?} is not known");
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, why.into())
}

/// An AI client of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// Its client id.
    pub id: String,
    /// How it is known.
    pub registration: Registration,
    /// Whose it is.
    pub kind: ClientKind,
    /// The name that it gives itself.
    pub name: String,
    /// The host of its metadata document, which vouches for it.
    pub publisher: Option<String>,
    /// Where it may be answered to.
    pub redirect_uris: Vec<String>,
    /// The id of the person whose it is.
    pub owner: Option<i64>,
    /// Whether it may be used.
    pub state: ClientState,
    /// When it registered, or its document was read first.
    pub registered_at: Timestamp,
    /// When somebody signed in with it first.
    pub first_used_at: Option<Timestamp>,
    /// When it got a token last.
    pub last_used_at: Option<Timestamp>,
}

impl ClientRow {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let moment = |column| {
            let millis: Option<i64> = row.get(column)?;
            Ok::<_, rusqlite::Error>(millis.map(timestamp))
        };
        Ok(Self {
            id: row.get("id")?,
            registration: Registration::read(row, "registration")?,
            kind: ClientKind::read(row, "kind")?,
            name: row.get("name")?,
            publisher: row.get("publisher")?,
            redirect_uris: from_json(row, "redirect_uris")?,
            owner: row.get("owner")?,
            state: ClientState::read(row, "state")?,
            registered_at: timestamp(row.get("registered_at")?),
            first_used_at: moment("first_used_at")?,
            last_used_at: moment("last_used_at")?,
        })
    }

    /// Whether an administrator has forbidden it.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.state == ClientState::Off
    }
}

fn find(connection: &Connection, tenant: &str, id: &str) -> Result<Option<ClientRow>, StoreError> {
    let found = connection
        .prepare_cached("SELECT * FROM sign_in_clients WHERE tenant = ? AND id = ?")?
        .query_row([tenant, id], ClientRow::from_row)
        .optional()?;
    Ok(found)
}

/// Stores what a client says of itself. Its owner, state and times stay.
fn put(connection: &Connection, tenant: &str, client: &ClientRow) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sign_in_clients (tenant, id, registration, kind, name, publisher,
             redirect_uris, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
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
            millis(client.registered_at)
        ])?;
    Ok(())
}

/// Notes that somebody uses a client: the first one is the owner of a personal one, and a closed one
/// is in use again.
pub(super) fn used(
    connection: &Connection,
    tenant: &str,
    client: &ClientRow,
    user: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    if client.registration == Registration::Document {
        put(connection, tenant, client)?;
    }
    connection.execute(
        "UPDATE sign_in_clients SET last_used_at = ?1, first_used_at = coalesce(first_used_at, ?1),
         owner = CASE kind WHEN 'personal' THEN coalesce(owner, ?2) END,
         state = CASE state WHEN 'off' THEN 'off' ELSE 'active' END
         WHERE tenant = ?3 AND id = ?4",
        params![millis(now), user, tenant, client.id],
    )?;
    Ok(())
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
