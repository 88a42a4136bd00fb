//! Whose the token of a service account is: asked for each request, and read from the file once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::Connection;

use super::SERVICE;
use crate::config::TokenHash;
use crate::store::change_watch::ChangeWatch;
use crate::store::{Store, StoreError, timestamp};

/// The service account of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSession {
    /// The tenant.
    pub tenant: Arc<str>,
    /// The account's user name, `service:NAME`, which is its client id as well.
    pub user: Arc<str>,
    /// Who answers for it.
    pub owner: Option<Arc<str>>,
    /// The token's hash.
    pub token: TokenHash,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// Reads the tokens of all service accounts through a connection of its own, and keeps them until
/// something changes. So a token that is none costs no look into the file.
pub struct ServiceTokens(Mutex<Inner>);

struct Inner {
    connection: Connection,
    watch: ChangeWatch,
    known: HashMap<TokenHash, Arc<ServiceSession>>,
}

impl fmt::Debug for ServiceTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceTokens")
    }
}

impl ServiceTokens {
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
        })))
    }

    /// Whose a token is that is remembered, and still true. It takes microseconds and waits for nobody:
    /// where it would, or where the file has to be read, it returns `None`, and
    /// [`session`](Self::session) knows.
    #[must_use]
    pub fn remembered(&self, token: &TokenHash, now: Timestamp) -> Option<Arc<ServiceSession>> {
        let mut inner = self.0.try_lock().ok()?;
        let inner = &mut *inner;
        if inner.watch.has_changed(&inner.connection).ok()? {
            // The next look reads what has changed.
            inner.watch = ChangeWatch::default();
            return None;
        }
        let session = inner.known.get(token)?;
        (now < session.ends_at).then(|| Arc::clone(session))
    }

    /// Whose a token is, unless it has ended. Blocks.
    ///
    /// # Errors
    ///
    /// The file can not be read.
    pub fn session(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Arc<ServiceSession>>, StoreError> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = &mut *inner;
        if inner.watch.has_changed(&inner.connection)? {
            inner.known = read(&inner.connection)?;
        }
        let session = inner.known.get(token);
        Ok(session.filter(|session| now < session.ends_at).cloned())
    }
}

fn read(connection: &Connection) -> Result<HashMap<TokenHash, Arc<ServiceSession>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT t.*, c.owner FROM service_tokens t JOIN sign_in_clients c ON c.tenant = t.tenant
         AND c.id = 'service:' || t.account JOIN tenants n ON n.name = t.tenant",
    )?;
    let mut rows = statement.query([])?;
    let mut known = HashMap::new();
    while let Some(row) = rows.next()? {
        let (hash, tenant): (String, String) = (row.get("hash")?, row.get("tenant")?);
        let account: String = row.get("account")?;
        let owner: Option<String> = row.get("owner")?;
        let token = hash.parse::<TokenHash>().map_err(StoreError::Failed)?;
        let session = ServiceSession {
            tenant: tenant.into(),
            user: format!("{SERVICE}{account}").into(),
            owner: owner.map(Into::into),
            token,
            ends_at: timestamp(row.get("ends_at")?),
        };
        known.insert(token, Arc::new(session));
    }
    Ok(known)
}
