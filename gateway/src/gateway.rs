//! What all parts of a serving gateway share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::tz::Offset;
use sandbox::Sandbox;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::catalog::Catalog;
use crate::governance::{Governance, Policy};
use crate::metrics::Metrics;
use crate::store::{Quota, Store, StoreError};
use crate::tenants::{Identity, Tenants};

/// A gateway at work.
pub struct Gateway {
    /// The component, for all tenants.
    pub sandbox: Arc<Sandbox>,
    /// What it has.
    pub catalog: Catalog,
    /// The state file.
    pub store: Store,
    /// Who may call what.
    pub governance: Arc<Governance>,
    /// Who is served.
    pub tenants: Tenants,
    /// What is counted.
    pub metrics: Metrics,
    /// The calls that run and wait.
    pub running: TaskTracker,
    /// Ends every call.
    pub abort: CancellationToken,
    draining: AtomicBool,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("tenants", &self.tenants)
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}

impl Gateway {
    /// Of its parts.
    #[must_use]
    pub fn new(
        sandbox: Arc<Sandbox>,
        catalog: Catalog,
        store: Store,
        governance: Governance,
        tenants: Tenants,
        metrics: Metrics,
    ) -> Arc<Self> {
        Arc::new(Self {
            sandbox,
            catalog,
            store,
            governance: Arc::new(governance),
            tenants,
            metrics,
            running: TaskTracker::new(),
            abort: CancellationToken::new(),
            draining: AtomicBool::new(false),
        })
    }

    /// What a user may call at this moment.
    ///
    /// # Errors
    ///
    /// The state file can not be read.
    pub async fn policy(&self, identity: &Identity) -> Result<Arc<Policy>, StoreError> {
        let governance = Arc::clone(&self.governance);
        let Identity { tenant, user } = identity.clone();
        tokio::task::spawn_blocking(move || governance.policy(&tenant, &user))
            .await
            .unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }

    /// How much of today's requests a tenant has used. Blocks.
    ///
    /// # Errors
    ///
    /// The tenant is not served, or the state file can not be read.
    pub fn quota(&self, tenant: &str) -> Result<Quota, StoreError> {
        let today = Offset::UTC.to_datetime(Timestamp::now()).date();
        let mut quota = self.store.quota(tenant, today)?;
        if let Some(live) = self.tenants.live().tenant(tenant) {
            // What is leased and not sent is known here only.
            let standing = live.limiter.standing();
            quota.limit = standing.per_day;
            quota.left = standing.left_today;
            quota.used = standing.per_day - standing.left_today;
        }
        Ok(quota)
    }

    /// A tool's name for metrics, where what does not exist is called `unknown`.
    #[must_use]
    pub fn tool_label(&self, name: &str) -> Arc<str> {
        let known = self.catalog.tool(name);
        known.map_or_else(|| "unknown".into(), |tool| Arc::clone(&tool.name))
    }

    /// From now on new calls are refused.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.running.close();
    }

    /// Whether new calls are refused.
    #[must_use]
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Takes down how the tenants stand, for metrics.
    pub fn take_stock(&self) {
        let live = self.tenants.live();
        let standings = live
            .tenants()
            .map(|tenant| (&tenant.name, tenant.standing()));
        self.metrics.set(!self.draining(), standings);
    }
}
