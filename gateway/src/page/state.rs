//! What all handlers of the page share.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;

use super::problem::Problem;
use crate::attempts::Attempts;
use crate::clock::SteadyClock;
use crate::config::Config;
use crate::failed_tokens::FailedTokens;
use crate::governance::Governance;
use crate::sign_in::administrators::Administrators;
use crate::store::{Quota, Store, StoreError};

/// The state of the page. Clones share it.
#[derive(Clone)]
pub struct PageState(Arc<Inner>);

struct Inner {
    store: Store,
    config: Arc<ArcSwap<Config>>,
    governance: Arc<Governance>,
    quota: Box<ReadQuota>,
    attempts: Attempts,
    failed_tokens: FailedTokens,
    clock: Arc<SteadyClock>,
    administrators: Option<Administrators>,
}

/// Reads a tenant's quota of today. It may block.
type ReadQuota = dyn Fn(&str) -> Result<Quota, StoreError> + Send + Sync;

impl fmt::Debug for PageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PageState").field(&self.0.store).finish()
    }
}

impl PageState {
    /// `config` holds the configuration in force. `quota` returns what a tenant has used today,
    /// which the limiter knows more exactly than [`Store::quota`]. Sessions end by `clock`.
    pub fn new(
        store: Store,
        governance: Arc<Governance>,
        config: Arc<ArcSwap<Config>>,
        quota: impl Fn(&str) -> Result<Quota, StoreError> + Send + Sync + 'static,
        clock: Arc<SteadyClock>,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            config,
            governance,
            quota: Box::new(quota),
            attempts: Attempts::default(),
            failed_tokens: FailedTokens::default(),
            clock,
            administrators: None,
        }))
    }

    /// Lets administrators sign in with the company's account. It has to come before clones.
    #[must_use]
    pub(crate) fn sign_in(mut self, administrators: Option<Administrators>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.administrators = administrators;
        }
        self
    }

    /// The way of administrators to the company's provider, where the gateway's address is known.
    pub(super) fn administrators(&self) -> Option<&Administrators> {
        self.0.administrators.as_ref()
    }

    /// Counts wrong tokens there, together with those of others. It has to come before clones.
    #[must_use]
    pub fn count_failed_tokens(mut self, failed_tokens: FailedTokens) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.failed_tokens = failed_tokens;
        }
        self
    }

    pub(super) fn failed_tokens(&self) -> &FailedTokens {
        &self.0.failed_tokens
    }

    /// The time by which sessions end.
    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(super) fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    pub(super) fn config(&self) -> Arc<Config> {
        self.0.config.load_full()
    }

    pub(super) fn governance(&self) -> Arc<Governance> {
        Arc::clone(&self.0.governance)
    }

    /// Runs `work` on a thread that may block.
    pub(super) async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let state = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&state.0.store)).await;
        done.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
            .map_err(Problem::from)
    }

    pub(super) async fn quota(&self, tenant: &str) -> Result<Quota, Problem> {
        let state = self.clone();
        let tenant = tenant.to_owned();
        self.store(move |_| (state.0.quota)(&tenant)).await
    }
}
