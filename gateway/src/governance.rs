//! Who may call what: decisions on a snapshot of the store.
//!
//! A call is allowed when no kill switch stops it, the component has the tool, the tenant's
//! administrators have approved its present version, and one of the user's profiles has a
//! toolset with it. [`Governance::policy`] costs microseconds while nothing changes, and a
//! change by any process counts from the next call.
//!
//! | module | concern |
//! |---|---|
//! | `facts` | what the state file says about a tenant |
//! | `decision` | the rules: from facts to a verdict on one user and one tool |
//! | `policy` | the verdicts of one user, which the rest of the gateway reads |

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::store::sign_in::profiles_of;
use crate::store::{Store, StoreError};

mod decision;
mod facts;
mod policy;

use facts::Facts;
pub use policy::{Denial, DenialCode, Grant, Policy, ToolAccess};

/// Decides on the present state of the store. The process needs one of them.
#[derive(Debug)]
pub struct Governance(Mutex<PolicyCache>);

/// What was read and decided since the last change.
struct PolicyCache {
    connection: Connection,
    /// SQLite's count of commits by other connections. Rows of the audit raise it too.
    data_version: i64,
    /// The store's own count of changes that matter for decisions.
    generation: i64,
    tenants: HashMap<String, CachedTenant>,
}

impl fmt::Debug for PolicyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generation = self.generation;
        f.debug_struct("PolicyCache")
            .field("generation", &generation)
            .finish()
    }
}

struct CachedTenant {
    facts: Facts,
    policies: HashMap<String, Arc<Policy>>,
}

impl Governance {
    /// Reads the store through a connection of its own.
    ///
    /// # Errors
    ///
    /// The state file can not be opened.
    pub fn new(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(Mutex::new(PolicyCache {
            connection: store.connect()?,
            data_version: -1,
            generation: -1,
            tenants: HashMap::new(),
        })))
    }

    /// What a user may call at this moment. Callers ask again for each call.
    ///
    /// A user who is neither declared nor has signed in may call nothing, nor may one of a tenant
    /// that is not declared.
    ///
    /// # Errors
    ///
    /// The state file could not be read. Nothing may be called then.
    pub fn policy(&self, tenant: &str, user: &str) -> Result<Arc<Policy>, StoreError> {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = &mut *cache;
        cache.refresh()?;
        if let Some(policy) = cache
            .tenants
            .get(tenant)
            .and_then(|cached| cached.policies.get(user))
        {
            return Ok(Arc::clone(policy));
        }
        if !cache.tenants.contains_key(tenant) {
            let facts = Facts::load(&cache.connection, tenant)?;
            let policies = HashMap::new();
            cache
                .tenants
                .insert(tenant.to_owned(), CachedTenant { facts, policies });
        }
        let Some(cached) = cache.tenants.get_mut(tenant) else {
            return Err(StoreError::Failed("the tenant was not read".to_owned()));
        };
        let groups_give = match cached.facts.declares(user) {
            true => None,
            false => profiles_of(&cache.connection, tenant, user)?,
        };
        let policy = Arc::new(cached.facts.policy(tenant, user, groups_give.as_ref()));
        // Only users who exist are cached, so made-up names do not fill the memory.
        if cached.facts.declares(user) || groups_give.is_some() {
            cached.policies.insert(user.to_owned(), Arc::clone(&policy));
        }
        Ok(policy)
    }
}

impl PolicyCache {
    /// Empties the cache when something was changed.
    fn refresh(&mut self) -> Result<(), StoreError> {
        let mut version = self.connection.prepare_cached("PRAGMA data_version")?;
        let data_version = version.query_row([], |row| row.get(0))?;
        if data_version == self.data_version {
            return Ok(());
        }
        let mut generation = self
            .connection
            .prepare_cached("SELECT governance FROM meta")?;
        let generation = generation.query_row([], |row| row.get(0))?;
        self.data_version = data_version;
        if generation != self.generation {
            self.generation = generation;
            self.tenants.clear();
        }
        Ok(())
    }
}
