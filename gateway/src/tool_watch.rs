//! Notices when the tools of a user change, for clients that listen.

use std::sync::Arc;
use std::time::Duration;

use crate::gateway::Gateway;
use crate::governance::Policy;
use crate::tenants::Identity;

/// How often a stream checks whether its user's tools have changed.
const WATCH_INTERVAL: Duration = Duration::from_secs(2);

/// The tools of one user, as last seen.
#[derive(Debug)]
pub struct ToolWatch {
    gateway: Arc<Gateway>,
    identity: Identity,
    seen: Option<Arc<Policy>>,
}

impl ToolWatch {
    /// Sees the tools as they are.
    pub async fn new(gateway: &Arc<Gateway>, identity: &Identity) -> Self {
        Self {
            seen: gateway.policy(identity).await.ok(),
            gateway: Arc::clone(gateway),
            identity: identity.clone(),
        }
    }

    /// Waits for one interval, and returns whether the tools have changed in it. While governance
    /// returns the same policy, nothing has.
    pub async fn changed(&mut self) -> bool {
        tokio::time::sleep(WATCH_INTERVAL).await;
        let Ok(now) = self.gateway.policy(&self.identity).await else {
            return false;
        };
        let before = self.seen.replace(Arc::clone(&now));
        !before.is_some_and(|before| Arc::ptr_eq(&before, &now) || before.tools().eq(now.tools()))
    }
}
