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

use crate::caller::CallingClient;
use crate::store::change_watch::ChangeWatch;
use crate::store::lookup::granted_profiles;
use crate::store::sign_in::ClientKind;
use crate::store::{Store, StoreError};

mod decision;
mod facts;
mod policy;

use decision::UserDecision;
use facts::Facts;
use policy::Verdicts;
pub use policy::{Denial, DenialCode, Grant, Policy, ToolAccess};

/// Decides on the present state of the store. The process needs one of them.
#[derive(Debug)]
pub struct Governance(Mutex<PolicyCache>);

/// What was read and decided since the last change.
struct PolicyCache {
    connection: Connection,
    watch: ChangeWatch,
    tenants: HashMap<String, CachedTenant>,
}

impl fmt::Debug for PolicyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyCache")
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}

struct CachedTenant {
    facts: Facts,
    policies: HashMap<String, UserPolicies>,
    /// What was decided for users with the same profiles.
    verdicts: HashMap<VerdictKey, Arc<Verdicts>>,
}

/// What decisions depend on, beside the facts: the names of the user's profiles, and the client's kind.
type VerdictKey = (Vec<String>, Option<ClientKind>);

/// What one user may call: with a client of each kind, and whatever the client.
#[derive(Default)]
struct UserPolicies([Option<Arc<Policy>>; 1 + ClientKind::ALL.len()]);

impl UserPolicies {
    fn of(&mut self, kind: Option<ClientKind>) -> &mut Option<Arc<Policy>> {
        &mut self.0[kind.map_or(0, |kind| 1 + kind as usize)]
    }
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
            watch: ChangeWatch::default(),
            tenants: HashMap::new(),
        })))
    }

    /// What a user may call at this moment, whatever the client. Callers ask again for each call.
    ///
    /// A user who is neither declared nor has signed in may call nothing, nor may one of a tenant
    /// that is not declared.
    ///
    /// # Errors
    ///
    /// The state file could not be read. Nothing may be called then.
    pub fn policy(&self, tenant: &str, user: &str) -> Result<Arc<Policy>, StoreError> {
        self.policy_with(tenant, user, &CallingClient::default())
    }

    /// What a user may call at this moment with a client.
    ///
    /// # Errors
    ///
    /// As [`policy`](Self::policy).
    pub fn policy_with(
        &self,
        tenant: &str,
        user: &str,
        client: &CallingClient,
    ) -> Result<Arc<Policy>, StoreError> {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = &mut *cache;
        cache.refresh()?;
        if !cache.tenants.contains_key(tenant) {
            let facts = Facts::load(&cache.connection, tenant)?;
            let cached = CachedTenant {
                facts,
                policies: HashMap::new(),
                verdicts: HashMap::new(),
            };
            cache.tenants.insert(tenant.to_owned(), cached);
        }
        let Some(cached) = cache.tenants.get_mut(tenant) else {
            return Err(StoreError::Failed("the tenant was not read".to_owned()));
        };
        let kind = cached.facts.kind_of(client);
        let off = cached.facts.client_is_off(tenant, client);
        if off.is_none()
            && let Some(known) = cached.policies.get_mut(user)
            && let Some(policy) = known.of(kind)
        {
            return Ok(Arc::clone(policy));
        }
        let groups_give = match cached.facts.declares(user) {
            true => None,
            false => granted_profiles(&cache.connection, tenant, user)?,
        };
        let decided = UserDecision {
            facts: &cached.facts,
            tenant,
            user,
            groups_give: groups_give.as_ref(),
            kind,
            client_off: off,
        };
        let exists = cached.facts.declares(user) || groups_give.is_some();
        // What is switched off is the exception, and users who do not exist are not remembered, so that
        // made-up names do not fill the memory.
        if off.is_some() || !exists || cached.facts.user_is_off(tenant, user).is_some() {
            let verdicts = Arc::new(decided.verdicts());
            return Ok(Arc::new(Policy::new(&verdicts, user)));
        }
        let key = (decided.profile_names(), kind);
        let verdicts = cached.verdicts.get(&key).cloned();
        let verdicts = verdicts.unwrap_or_else(|| Arc::new(decided.verdicts()));
        let policy = Arc::new(Policy::new(&verdicts, user));
        cached.verdicts.entry(key).or_insert(verdicts);
        let known = cached.policies.entry(user.to_owned()).or_default();
        *known.of(kind) = Some(Arc::clone(&policy));
        Ok(policy)
    }
}

impl PolicyCache {
    /// Empties the cache when something was changed.
    fn refresh(&mut self) -> Result<(), StoreError> {
        if self.watch.has_changed(&self.connection)? {
            self.tenants.clear();
        }
        Ok(())
    }
}
