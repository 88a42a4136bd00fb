//! Whose an access token is: asked for each request, and read from the file once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::client_row::ClientKind;
use crate::config::TokenHash;
use crate::sign_in::Scopes;
use crate::store::change_watch::ChangeWatch;
use crate::store::{Store, StoreError, timestamp};

/// Tokens that are remembered at a time. When there are more, all are read anew.
const REMEMBERED: usize = 65_536;

/// The sign-in of an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The sign-in's id, which the audit has.
    pub id: Arc<str>,
    /// The tenant.
    pub tenant: Arc<str>,
    /// The person's name.
    pub user: Arc<str>,
    /// The client's id.
    pub client: Arc<str>,
    /// The client's name.
    pub client_name: Arc<str>,
    /// Whose the client is.
    pub kind: ClientKind,
    /// The resource that the token is for.
    pub resource: Arc<str>,
    /// What it allows.
    pub scopes: Scopes,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What an access token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// A sign-in's, which goes on.
    Valid(Arc<Session>),
    /// It was a sign-in's, and has ended.
    Ended,
    /// Nobody has issued it.
    Unknown,
}

/// Reads sign-ins through a connection of its own, and remembers them until something changes.
pub struct SignIns(Mutex<Inner>);

struct Inner {
    connection: Connection,
    watch: ChangeWatch,
    known: HashMap<TokenHash, Arc<Session>>,
    /// Ends of sign-ins that streams and running calls belong to.
    ends: HashMap<Arc<str>, Option<Timestamp>>,
}

impl fmt::Debug for SignIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIns")
    }
}

impl SignIns {
    /// Opens the state file once more.
    ///
    /// # Errors
    ///
    /// The file can not be opened.
    pub fn new(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(Mutex::new(Inner {
            connection: store.connect()?,
            watch: ChangeWatch::default(),
            known: HashMap::new(),
            ends: HashMap::new(),
        })))
    }

    /// Whether a sign-in goes on, whatever has become of its tokens. Blocks.
    ///
    /// # Errors
    ///
    /// The file can not be read.
    pub fn goes_on(&self, id: &Arc<str>, now: Timestamp) -> Result<bool, StoreError> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.refresh()?;
        Ok(inner.end_of(id)?.is_some_and(|end| now < end))
    }

    /// The sign-in of a token that is remembered, and still true. It takes microseconds and waits for
    /// nobody: where it would, or where the file has to be read, it returns `None`, and
    /// [`session`](Self::session) knows.
    #[must_use]
    pub fn remembered(&self, token: &TokenHash, now: Timestamp) -> Option<Arc<Session>> {
        let mut inner = self.0.try_lock().ok()?;
        inner.refresh().ok()?;
        let session = inner.known.get(token)?;
        (now < session.expires_at).then(|| Arc::clone(session))
    }

    /// Whose an access token is. Blocks.
    ///
    /// # Errors
    ///
    /// The file can not be read.
    pub fn session(&self, token: &TokenHash, now: Timestamp) -> Result<TokenState, StoreError> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.refresh()?;
        let session = match inner.known.get(token) {
            Some(session) => Arc::clone(session),
            None => match inner.read(token)? {
                Ok(session) => session,
                Err(state) => return Ok(state),
            },
        };
        Ok(if now < session.expires_at {
            TokenState::Valid(session)
        } else {
            inner.known.remove(token);
            TokenState::Ended
        })
    }
}

impl Inner {
    fn refresh(&mut self) -> Result<(), StoreError> {
        if self.watch.has_changed(&self.connection)? {
            self.known.clear();
            self.ends.clear();
        }
        Ok(())
    }

    /// When a sign-in ends. `None` when it has ended.
    fn end_of(&mut self, id: &Arc<str>) -> Result<Option<Timestamp>, StoreError> {
        if let Some(end) = self.ends.get(id) {
            return Ok(*end);
        }
        let sql = "SELECT ends_at FROM sign_in_grants WHERE id = ? AND ended_at IS NULL";
        let mut select = self.connection.prepare_cached(sql)?;
        let end: Option<i64> = select.query_row([&**id], |row| row.get(0)).optional()?;
        drop(select);
        let end = end.map(timestamp);
        if self.ends.len() >= REMEMBERED {
            self.ends.clear();
        }
        self.ends.insert(Arc::clone(id), end);
        Ok(end)
    }

    fn read(&mut self, token: &TokenHash) -> Result<Result<Arc<Session>, TokenState>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT t.scopes, min(t.expires_at, g.ends_at) AS expires_at, g.id, g.tenant,
                 g.resource, g.client, u.name, c.name AS client_name, c.kind,
                 g.ended_at IS NULL AS alive
                 FROM sign_in_tokens t JOIN sign_in_grants g ON g.id = t.sign_in
                 JOIN sign_in_users u ON u.id = g.user
                 JOIN sign_in_clients c ON c.tenant = g.tenant AND c.id = g.client
                 WHERE t.hash = ? AND t.kind = 'access'",
            )?
            .query_row([token.to_string()], |row| {
                let text = |column| row.get::<_, String>(column).map(Arc::<str>::from);
                let session = Session {
                    id: text("id")?,
                    tenant: text("tenant")?,
                    user: text("name")?,
                    client: text("client")?,
                    client_name: text("client_name")?,
                    kind: ClientKind::read(row, "kind")?,
                    resource: text("resource")?,
                    scopes: Scopes::parse(&text("scopes")?),
                    expires_at: timestamp(row.get("expires_at")?),
                };
                Ok((session, row.get::<_, bool>("alive")?))
            })
            .optional()?;
        let Some((session, alive)) = found else {
            return Ok(Err(TokenState::Unknown));
        };
        if !alive {
            return Ok(Err(TokenState::Ended));
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        let session = Arc::new(session);
        self.known.insert(*token, Arc::clone(&session));
        Ok(Ok(session))
    }
}
