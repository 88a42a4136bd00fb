//! Notices when the tools of a user change, and when the user or the client is stopped, for clients that
//! listen.

use std::sync::Arc;
use std::time::Duration;

use crate::caller::{Caller, CallingClient};
use crate::gateway::Gateway;
use crate::governance::Policy;

/// How often a stream, and a call that runs, checks what has changed for its user.
pub(crate) const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// What a stream sees after an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The same tools.
    Same,
    /// Other tools.
    Changed,
    /// The user or the client is stopped, or the sign-in has ended: the stream ends.
    Stopped,
}

/// The tools of one user, as last seen.
#[derive(Debug)]
pub struct ToolWatch {
    gateway: Arc<Gateway>,
    caller: Caller,
    client: CallingClient,
    seen: Option<Arc<Policy>>,
}

impl ToolWatch {
    /// Sees the tools as they are.
    pub async fn new(gateway: &Arc<Gateway>, caller: &Caller, client: CallingClient) -> Self {
        Self {
            seen: gateway.policy(caller, &client).await.ok(),
            gateway: Arc::clone(gateway),
            caller: caller.clone(),
            client,
        }
    }

    /// Waits for one interval, and returns what has happened in it. While governance returns the same
    /// policy, the tools are the same.
    pub async fn next(&mut self) -> Seen {
        tokio::time::sleep(WATCH_INTERVAL).await;
        let (gateway, caller) = (&self.gateway, &self.caller);
        let Ok(now) = gateway.policy(caller, &self.client).await else {
            return Seen::Same;
        };
        if now.stops_what_has_begun().is_some() || gateway.has_ended(caller).await {
            return Seen::Stopped;
        }
        let before = self.seen.replace(Arc::clone(&now));
        let same = before
            .is_some_and(|before| Arc::ptr_eq(&before, &now) || before.tools().eq(now.tools()));
        match same {
            true => Seen::Same,
            false => Seen::Changed,
        }
    }
}
