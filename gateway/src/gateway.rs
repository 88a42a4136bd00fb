//! The parts of a serving gateway, shared by everything that handles requests.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use host_harness::mcp::client_label::Cancellable;
use jiff::Timestamp;
use jiff::tz::Offset;
use rmcp::model::Implementation;
use sandbox::Sandbox;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::caller::{Caller, CallingClient, Through};
use crate::catalog::Catalog;
use crate::client_activity::ClientActivity;
use crate::clock::SteadyClock;
use crate::config::TokenHash;
use crate::failed_tokens::FailedTokens;
use crate::governance::{Denial, DenialCode, Governance, Policy};
use crate::instructions::Instructions;
use crate::metrics::Metrics;
use crate::places::{Place, Places};
use crate::readiness;
use crate::schedule::Schedule;
use crate::sign_in::Urls;
use crate::store::accounts::{ServiceSession, ServiceTokens};
use crate::store::sign_in::{SignIns, TokenState};
use crate::store::{Quota, Store, StoreError, UserQuota};
use crate::tenants::{Identity, Tenants};
use crate::traces::Traces;

/// A serving gateway.
pub struct Gateway {
    /// Runs the component, for all tenants.
    pub sandbox: Arc<Sandbox>,
    /// The tools, prompts and resources of the component.
    pub catalog: Catalog,
    /// The state file.
    pub store: Store,
    /// Who may call what.
    pub governance: Arc<Governance>,
    /// The tenants that are served.
    pub tenants: Tenants,
    /// What is counted and timed.
    pub metrics: Metrics,
    /// Sends calls to a collector of traces, if there is one.
    pub traces: Option<Traces>,
    /// The component's instances.
    pub places: Arc<Places>,
    /// The component's instructions, by tools.
    pub instructions: Instructions,
    /// Calls that older clients may cancel.
    pub cancellable: Cancellable<Identity>,
    /// Tools that are called regularly.
    pub schedule: Schedule,
    /// Wrong tokens, for the audit.
    pub failed_tokens: FailedTokens,
    /// Whose access token is whose, of people who have signed in.
    pub sign_ins: Arc<SignIns>,
    /// Whose the tokens of service accounts are.
    pub service_tokens: Arc<ServiceTokens>,
    /// When clients were used, until it is written.
    pub(crate) client_activity: ClientActivity,
    /// The addresses of sign-ins, where the configuration says how the gateway is reached.
    pub(crate) urls: Option<Urls>,
    /// The time by which rows and sessions end.
    pub clock: Arc<SteadyClock>,
    /// Calls that run or wait, each a task.
    pub running: TaskTracker,
    /// Interrupts every call.
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
    /// Puts the parts together.
    ///
    /// # Errors
    ///
    /// Traces can not be sent as the configuration says, or the state file can not be opened.
    pub fn new(
        sandbox: Arc<Sandbox>,
        catalog: Catalog,
        store: Store,
        governance: Governance,
        tenants: Tenants,
        metrics: Metrics,
        clock: Arc<SteadyClock>,
    ) -> anyhow::Result<Arc<Self>> {
        let config = Arc::clone(&tenants.live().config);
        let traces = config
            .traces
            .as_ref()
            .map(|traces| Traces::start(traces, config.ca.as_deref()));
        let sign_ins = SignIns::new(&store)?;
        let service_tokens = Arc::new(ServiceTokens::new(&store)?);
        let places = Places::new(sandbox.limits().instances);
        let gateway = Arc::new(Self {
            sandbox,
            catalog,
            store,
            governance: Arc::new(governance),
            tenants,
            metrics,
            traces: traces.transpose().context("traces")?,
            places,
            instructions: Instructions::default(),
            cancellable: Cancellable::default(),
            schedule: Schedule::default(),
            failed_tokens: FailedTokens::default(),
            sign_ins: Arc::new(sign_ins),
            service_tokens,
            client_activity: ClientActivity::default(),
            urls: config.listen.public_url.as_deref().map(Urls::new),
            clock,
            running: TaskTracker::new(),
            abort: CancellationToken::new(),
            draining: AtomicBool::new(false),
        });
        gateway.share_places();
        Ok(gateway)
    }

    /// Divides the component's instances among the tenants that are served now.
    pub fn share_places(&self) {
        self.places
            .share_among(self.tenants.live().tenants().count());
    }

    /// Waits for an instance of the component.
    pub async fn place(&self, tenant: &Arc<str>) -> Place {
        let start = Instant::now();
        let place = self.places.enter(tenant).await;
        self.metrics.placed(start.elapsed());
        place
    }

    /// What a caller may call at this moment with a client.
    ///
    /// # Errors
    ///
    /// The state file can not be read.
    pub async fn policy(
        &self,
        caller: &Caller,
        client: &CallingClient,
    ) -> Result<Arc<Policy>, StoreError> {
        let governance = Arc::clone(&self.governance);
        let Identity { tenant, user } = caller.identity.clone();
        let client = client.clone();
        tokio::task::spawn_blocking(move || governance.policy_with(&tenant, &user, &client))
            .await
            .unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }

    /// Why a caller may not go on with what has begun: a kill switch of the user or the client is off,
    /// or the sign-in has ended. `None` while the state file can not be read: what has begun goes on.
    pub async fn stopped(&self, caller: &Caller, client: &CallingClient) -> Option<Denial> {
        let policy = self.policy(caller, client).await.ok()?;
        if let Some(denial) = policy.stops_what_has_begun() {
            return Some(denial);
        }
        let ended = self.has_ended(caller).await;
        ended.then(|| Denial {
            code: DenialCode::SignInEnded,
            sentence: "This sign-in, or this token, has ended, and what it had begun was stopped."
                .to_owned(),
        })
    }

    /// Whether the sign-in or the service account's token of a caller has ended.
    pub(crate) async fn has_ended(&self, caller: &Caller) -> bool {
        let now = self.clock.now();
        let (sign_ins, accounts) = (Arc::clone(&self.sign_ins), Arc::clone(&self.service_tokens));
        let through = caller.through.clone();
        let goes_on = tokio::task::spawn_blocking(move || match through {
            Through::SignIn(session) => sign_ins.goes_on(&session.id, now),
            Through::AccessToken(session) => Ok(now < session.expires_at),
            Through::Account(session) => {
                let known = accounts.session(&session.token, now);
                known.map(|session| session.is_some())
            }
            Through::Token(_) | Through::Schedule => Ok(true),
        });
        goes_on.await.is_ok_and(|goes_on| goes_on == Ok(false))
    }

    /// Notes for the registry that a client is in use.
    pub(crate) fn note_use(&self, caller: &Caller, program: Option<&Implementation>) {
        let now = self.clock.now();
        self.client_activity.used(caller, program, now);
    }

    /// Whose an access token is.
    ///
    /// # Errors
    ///
    /// The state file can not be read.
    pub async fn token_state(self: &Arc<Self>, token: TokenHash) -> Result<TokenState, StoreError> {
        let now = self.clock.now();
        // Another thread costs more than the look-up itself.
        if let Some(session) = self.sign_ins.remembered(&token, now) {
            return Ok(TokenState::Valid(session));
        }
        let gateway = Arc::clone(self);
        tokio::task::spawn_blocking(move || gateway.sign_ins.session(&token, now))
            .await
            .unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }

    /// Whose the token of a service account is, unless it has ended.
    ///
    /// # Errors
    ///
    /// The state file can not be read.
    pub async fn service_session(
        &self,
        token: TokenHash,
    ) -> Result<Option<Arc<ServiceSession>>, StoreError> {
        let now = self.clock.now();
        if let Some(session) = self.service_tokens.remembered(&token, now) {
            return Ok(Some(session));
        }
        let accounts = Arc::clone(&self.service_tokens);
        tokio::task::spawn_blocking(move || accounts.session(&token, now))
            .await
            .unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }

    /// How many of today's requests a tenant has used. Blocks.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the state file can not be read.
    pub fn quota(&self, tenant: &str) -> Result<Quota, StoreError> {
        let today = Offset::UTC.to_datetime(Timestamp::now()).date();
        let mut quota = self.store.quota(tenant, today)?;
        if let Some(live) = self.tenants.live().tenant(tenant) {
            // The store counts leased requests as used; the limiter knows which were sent.
            let status = live.limiter.status();
            quota.limit = status.per_day;
            quota.left = status.left_today;
            quota.used = status.per_day - status.left_today;
            quota.user_limit = status.per_user_day;
            let users = live.limiter.user_requests();
            quota.users = users
                .into_iter()
                .filter(|(_, used)| *used > 0)
                .map(|(user, used)| UserQuota {
                    user: user.to_string(),
                    used,
                })
                .collect();
            quota.users.sort_by_key(|one| std::cmp::Reverse(one.used));
        }
        Ok(quota)
    }

    /// A tool's label in metrics, which is `unknown` for one that does not exist.
    #[must_use]
    pub fn tool_label(&self, name: &str) -> Arc<str> {
        let known = self.catalog.tool(name);
        known.map_or_else(|| "unknown".into(), |tool| Arc::clone(&tool.name))
    }

    /// Refuses new calls from now on.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.running.close();
    }

    /// Whether new calls are refused.
    #[must_use]
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Updates the gauges of the metrics.
    pub fn update_gauges(&self) {
        let live = self.tenants.live();
        let gauges = live.tenants().map(|tenant| (&tenant.name, tenant.gauges()));
        self.metrics
            .set_gauges(readiness::reasons(self).is_empty(), gauges);
        self.metrics.set_places(self.places.counts());
    }
}
