//! What the handlers of sign-ins share.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::{Extensions, HeaderMap};
use jiff::Timestamp;

use super::documents::Documents;
use super::locks::Locks;
use super::pending::{Authorization, PendingSignIns};
use super::resource_server::ResourceServer;
use super::tenant::TenantSignIn;
use super::urls::Urls;
use crate::attempts::Attempts;
use crate::client_address::{client_address, network};
use crate::config::Config;
use crate::cut::cut;
use crate::gateway::Gateway;
use crate::store::sign_in::{ClientRefusal, Registration};
use crate::store::{Store, StoreError};
use crate::tenant::Network;

/// Characters of a refused client's id, and of the reason, that are kept.
const SHOWN: usize = 300;

/// The state of all sign-ins. Clones share it.
#[derive(Clone)]
pub(super) struct SignInState(Arc<Inner>);

pub(super) struct Inner {
    pub(super) gateway: Arc<Gateway>,
    pub(super) urls: Urls,
    /// Metadata documents of clients.
    pub(super) documents: Documents,
    /// Documents that could not be read.
    pub(super) failed_documents: Attempts,
    /// Clients that registered themselves.
    pub(super) registrations: Attempts,
    pub(super) pending: PendingSignIns<Authorization>,
    pub(super) locks: Locks,
}

impl fmt::Debug for SignInState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInState")
    }
}

impl std::ops::Deref for SignInState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// A tenant whose people sign in.
pub(super) struct LiveSignIn {
    pub(super) name: Arc<str>,
    pub(super) sign_in: Arc<TenantSignIn>,
    pub(super) network: Network,
}

impl SignInState {
    pub(super) fn new(gateway: &Arc<Gateway>, urls: &Urls) -> Self {
        Self(Arc::new(Inner {
            gateway: Arc::clone(gateway),
            urls: urls.clone(),
            documents: Documents::default(),
            failed_documents: Attempts::default(),
            registrations: Attempts::default(),
            pending: PendingSignIns::default(),
            locks: Locks::default(),
        }))
    }

    /// A tenant whose people sign in. Others do not exist here.
    pub(super) fn tenant(&self, name: &str) -> Option<LiveSignIn> {
        let tenant = self.gateway.tenants.live().tenant(name)?;
        Some(LiveSignIn {
            name: Arc::clone(&tenant.name),
            sign_in: Arc::clone(tenant.sign_in.as_ref()?),
            network: tenant.network().clone(),
        })
    }

    /// The resource server of a tenant, where the gateway issues no tokens.
    pub(super) fn resource_server(&self, name: &str) -> Option<Arc<ResourceServer>> {
        let tenant = self.gateway.tenants.live().tenant(name)?;
        tenant.resource_server.clone()
    }

    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.gateway.tenants.live().config)
    }

    /// The time by which codes and tokens end.
    pub(super) fn now(&self) -> Timestamp {
        self.gateway.clock.now()
    }

    /// The network that a request comes from.
    pub(super) fn network(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        let config = self.config();
        let address = client_address(headers, extensions, &config.listen.trusted_proxies);
        address.map(network)
    }

    /// Notes for the registry that a client was not admitted. `name` is its own word.
    pub(super) fn refused_client(
        &self,
        live: &LiveSignIn,
        registration: Registration,
        name: &str,
        reason: &str,
    ) {
        let refusal = ClientRefusal {
            registration,
            name: cut(name, SHOWN),
            reason: cut(reason, SHOWN),
        };
        let activity = &self.gateway.client_activity;
        activity.refused(&live.name, refusal, self.now());
    }

    /// Runs `work` on a thread that may block.
    pub(super) async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let gateway = Arc::clone(&self.gateway);
        let done = tokio::task::spawn_blocking(move || work(&gateway.store)).await;
        done.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }
}
