//! One live tenant: its way to Gong, its limits, its queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use sandbox::Env;
use sandbox::gate::Admission;
use sandbox::outbound::{Addresses, Policy, basic_authorization};
use sandbox::{Gate, Outbound, Run};

use crate::config::{Credentials, SecretError, Tenant as Settings};
use crate::ledger::StoreLedger;
use crate::limiter::{Rules, TenantLimiter, Wait, Why, about};
use crate::metrics::{Metrics, Standing};
use crate::progress::Progress;
use crate::queue::{Bounds, CallQueue};
use crate::store::Store;

/// What all tenants' ways to Gong have in common.
#[derive(Clone, Debug)]
pub struct Network {
    ca_pem: Option<String>,
    stand_in: bool,
    policy: Policy,
}

impl Network {
    /// Trusts `ca_pem` beside Mozilla's root certificates. Only for a `stand_in` tenants may be
    /// at loopback and private addresses, and without TLS.
    ///
    /// # Errors
    ///
    /// `ca_pem` holds no certificate.
    pub fn new(ca_pem: Option<String>, stand_in: bool) -> anyhow::Result<Self> {
        let addresses = if stand_in {
            Addresses::Any
        } else {
            Addresses::Public
        };
        Ok(Self {
            policy: Policy::new(ca_pem.as_deref(), addresses)?,
            ca_pem,
            stand_in,
        })
    }

    fn same(&self, other: &Self) -> bool {
        self.ca_pem == other.ca_pem && self.stand_in == other.stand_in
    }
}

/// A company whose users call its Gong.
#[derive(Debug)]
pub struct Tenant {
    /// Its name.
    pub name: Arc<str>,
    /// Gong's limits, for all calls.
    pub limiter: Arc<TenantLimiter>,
    /// The calls that run and wait.
    pub queue: Arc<CallQueue>,
    settings: Settings,
    network: Network,
    /// Connections, kept when only the credentials change.
    connections: Outbound,
    /// None while the credentials can not be read.
    authorization: Option<HeaderValue>,
    env: Env,
}

impl Tenant {
    /// Takes up a tenant's work where its ledger says it stood. Credentials that can not be
    /// read are complained about in the log, and its calls answer that there are none.
    ///
    /// # Errors
    ///
    /// The ledger can not be read, or the tenant's Gong is nowhere requests may go.
    pub fn start(
        name: &str,
        settings: &Settings,
        network: &Network,
        store: &Store,
        after_crash: bool,
    ) -> anyhow::Result<Self> {
        let ledger = Arc::new(StoreLedger::new(store, name));
        let limiter = TenantLimiter::open(rules(settings), ledger, after_crash, Timestamp::now)?;
        Ok(Self {
            name: name.into(),
            limiter,
            queue: CallQueue::new(bounds(settings)),
            connections: connections(settings, network)?,
            authorization: complain(name, authorization(&settings.credentials)),
            env: env(settings),
            settings: settings.clone(),
            network: network.clone(),
        })
    }

    /// The same tenant with what is configured and what its secrets are now. Limiter and queue
    /// go on; connections do too, where Gong is where it was. Credentials that can not be read
    /// any more stay as they were.
    ///
    /// # Errors
    ///
    /// The tenant's Gong is nowhere requests may go.
    pub fn renew(&self, settings: &Settings, network: &Network) -> anyhow::Result<Self> {
        self.limiter.set(rules(settings));
        self.queue.set(bounds(settings));
        let same = settings.gong == self.settings.gong && network.same(&self.network);
        let authorization = complain(&self.name, authorization(&settings.credentials));
        Ok(Self {
            name: Arc::clone(&self.name),
            limiter: Arc::clone(&self.limiter),
            queue: Arc::clone(&self.queue),
            connections: if same {
                self.connections.clone()
            } else {
                connections(settings, network)?
            },
            authorization: authorization.or_else(|| self.authorization.clone()),
            env: env(settings),
            settings: settings.clone(),
            network: network.clone(),
        })
    }

    /// What a call is given; none while there are no credentials.
    #[must_use]
    pub fn run(&self, gate: Arc<CallGate>) -> Option<Run> {
        let authorization = self.authorization.clone()?;
        Some(Run {
            env: self.env.clone(),
            outbound: self.connections.clone().with_authorization(authorization),
            now: None,
            gate: Some(gate),
        })
    }

    /// How the tenant stands, for metrics.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let limiter = self.limiter.standing();
        let (running, queued) = self.queue.standing();
        Standing {
            quota_left: limiter.left_today,
            quota: limiter.per_day,
            line: limiter.waiting,
            running,
            queued,
        }
    }
}

fn rules(settings: &Settings) -> Rules {
    Rules {
        per_second: settings.requests_per_second,
        per_day: settings.requests_per_day,
    }
}

fn bounds(settings: &Settings) -> Bounds {
    Bounds {
        running: settings.concurrent_calls,
        waiting: settings.queued_calls,
    }
}

/// All that the component sees of the tenant.
fn env(settings: &Settings) -> Env {
    let allowed = |yes| if yes { "allow" } else { "deny" };
    Env::from_iter([
        ("GONG_AUTH", "host"),
        ("GONG_BASE_URL", &settings.gong),
        ("GONG_METERED", allowed(settings.metered)),
        ("GONG_PACE", "host"),
        ("GONG_PRIVATE_CALLS", allowed(settings.private_calls)),
    ])
}

fn connections(settings: &Settings, network: &Network) -> anyhow::Result<Outbound> {
    Outbound::new(&settings.gong, &network.policy)
        .with_context(|| format!("cannot use {}", settings.gong))
}

/// The credentials as Gong wants them: basic authentication.
///
/// # Errors
///
/// One of the references leads nowhere.
pub fn authorization(credentials: &Credentials) -> Result<HeaderValue, SecretError> {
    let key = credentials.access_key.resolve()?;
    let secret = credentials.access_key_secret.resolve()?;
    Ok(basic_authorization(key.reveal(), secret.reveal()))
}

fn complain(tenant: &str, authorization: Result<HeaderValue, SecretError>) -> Option<HeaderValue> {
    authorization
        .inspect_err(|error| tracing::error!(tenant, "no credentials for Gong: {error}"))
        .ok()
}

/// Lets one call's requests out in their turn, counts them, and tells the caller of waits.
#[derive(Debug)]
pub struct CallGate {
    /// Whose requests they are.
    pub tenant: Arc<Tenant>,
    /// On whose behalf.
    pub user: Arc<str>,
    /// Where they are counted.
    pub metrics: Metrics,
    /// Who hears of waits.
    pub progress: Progress,
    /// Requests that left.
    pub sent: AtomicU32,
}

impl Gate for CallGate {
    fn admit(&self, deadline: Instant) -> Admission<'_> {
        Box::pin(async move {
            let start = Instant::now();
            let tell = |wait| self.progress.tell(waiting(wait));
            let limiter = &self.tenant.limiter;
            let outcome = limiter.admit(&self.user, deadline.into(), tell).await;
            let refused = outcome.is_err();
            self.metrics
                .admitted(&self.tenant.name, start.elapsed(), refused);
            if let Err(refused) = &outcome {
                tracing::warn!("a request was not sent: {}", refused.reason);
            } else {
                self.sent.fetch_add(1, Ordering::Relaxed);
            }
            outcome
        })
    }

    fn answered(&self, status: Option<StatusCode>, retry_after: Option<Duration>) {
        let code = status.map_or(0, |status| status.as_u16());
        self.metrics.answered(&self.tenant.name, code);
        self.tenant.limiter.answered(status, retry_after);
    }
}

fn waiting(wait: Wait) -> String {
    let time = about(wait.time);
    match (wait.why, wait.ahead) {
        (Why::Rate, 0) => format!("Waiting for Gong's limit a second: next in line, {time}."),
        (Why::Rate, 1) => {
            format!("Waiting for Gong's limit a second: 1 request goes before, {time}.")
        }
        (Why::Rate, ahead) => {
            format!("Waiting for Gong's limit a second: {ahead} requests go before, {time}.")
        }
        (Why::RetryAfter, ahead) => format!(
            "Gong takes no requests of this company at the moment: {ahead} go before, {time}."
        ),
        (Why::Day, _) => format!("Waiting for the next day's requests: {time}."),
    }
}
