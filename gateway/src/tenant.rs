//! One live tenant: its connections and credentials, its limits, its queue.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use http::HeaderValue;
use jiff::Timestamp;
use sandbox::Env;
use sandbox::outbound::{Addresses, Policy, basic_authorization};
use sandbox::{Outbound, Run};

use crate::call_gate::CallGate;
use crate::call_queue::{CallQueue, QueueLimits};
use crate::config::{
    Config, Credentials, Files, IndexConfig, ScheduledTool, SecretError, TenantConfig,
};
use crate::index::{self, CallIndex, TenantIndex};
use crate::limiter::{RequestLimits, StoreLedger, TenantLimiter};
use crate::metrics::TenantGauges;
use crate::sign_in::{ResourceServer, TenantSignIn};
use crate::store::Store;

/// The network settings that all tenants share.
#[derive(Clone, Debug)]
pub struct Network {
    ca_pem: Option<String>,
    addresses: Addresses,
    policy: Policy,
}

impl Network {
    /// Trusts `ca_pem` in addition to Mozilla's root certificates. Only with [`Addresses::Any`] may
    /// tenants be at loopback and private addresses and without TLS.
    ///
    /// # Errors
    ///
    /// `ca_pem`, or the environment's `SSL_CERT_FILE`, is not a certificate.
    pub fn new(ca_pem: Option<String>, addresses: Addresses) -> anyhow::Result<Self> {
        Ok(Self {
            policy: Policy::from_environment(ca_pem.as_deref(), addresses)?,
            ca_pem,
            addresses,
        })
    }

    /// Reads the certificates that the configuration names.
    ///
    /// # Errors
    ///
    /// The file can not be read, or holds no certificate.
    pub fn read(config: &Config, files: &mut Files) -> anyhow::Result<Self> {
        let addresses = match (config.stand_in, config.vpn_addresses) {
            (true, _) => Addresses::Any,
            (false, true) => Addresses::PublicAndVpn,
            (false, false) => Addresses::Public,
        };
        let Some(path) = &config.ca else {
            return Self::new(None, addresses);
        };
        let pem = files
            .read(path)
            .map_err(|error| anyhow!("cannot read {}: {error}", path.display()))?;
        let pem =
            std::str::from_utf8(pem).with_context(|| format!("{} is not text", path.display()))?;
        Self::new(Some(pem.to_owned()), addresses)
            .with_context(|| format!("cannot trust {}", path.display()))
    }

    /// TLS that trusts the same certificates.
    ///
    /// # Errors
    ///
    /// The cryptography has no safe version of TLS, which does not happen.
    pub(crate) fn client_config(&self) -> anyhow::Result<rustls::ClientConfig> {
        self.policy.client_config()
    }

    /// The same certificates and proxies, for servers at any address.
    pub(crate) fn policy_anywhere(&self) -> Policy {
        self.policy.clone().at(Addresses::Any)
    }

    /// Whether addresses on this machine and without TLS may be used, for stand-ins.
    pub(crate) fn is_for_stand_ins(&self) -> bool {
        self.addresses == Addresses::Any
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.ca_pem == other.ca_pem && self.addresses == other.addresses
    }
}

/// A company with its own Gong, as it is served.
#[derive(Debug)]
pub struct Tenant {
    /// Its name.
    pub name: Arc<str>,
    /// Keeps all its requests within Gong's limits.
    pub limiter: Arc<TenantLimiter>,
    /// The calls that run and wait.
    pub queue: Arc<CallQueue>,
    /// Where the component keeps its index, if it has one.
    pub index: Option<Arc<TenantIndex>>,
    /// How its people sign in, if they do.
    pub sign_in: Option<Arc<TenantSignIn>>,
    /// Checks access tokens of the company's provider, if it is such a tenant.
    pub resource_server: Option<Arc<ResourceServer>>,
    config: TenantConfig,
    network: Network,
    /// Connections to Gong. They are kept when only the credentials change.
    connections: Outbound,
    /// `None` while the credentials can not be read.
    authorization: Option<HeaderValue>,
    env: Env,
}

impl Tenant {
    /// Starts to serve a tenant, with the quota that the state file has, and without an index. If the credentials can
    /// not be read, the log says why, and calls answer that there are none.
    ///
    /// # Errors
    ///
    /// The state file can not be read, or requests to the tenant's Gong are not allowed.
    pub fn start(
        name: &str,
        config: &TenantConfig,
        network: &Network,
        files: &mut Files,
        store: &Store,
        after_crash: bool,
    ) -> anyhow::Result<Self> {
        let ledger = Arc::new(StoreLedger::new(store, name));
        let limiter =
            TenantLimiter::open(request_limits(config), ledger, after_crash, Timestamp::now)?;
        Ok(Self {
            name: name.into(),
            limiter,
            queue: CallQueue::new(queue_limits(config)),
            index: None,
            sign_in: None,
            resource_server: None,
            connections: connections(config, network)?,
            authorization: or_log(name, authorization(&config.credentials, files)),
            env: env(config),
            config: config.clone(),
            network: network.clone(),
        })
    }

    /// The same tenant with a new configuration and the present secrets. Limiter and queue stay,
    /// with their limits until [`set_limits`](Self::set_limits), and so do connections if the
    /// address of its Gong is the same. If the credentials can not be read any more, the old ones
    /// stay.
    ///
    /// # Errors
    ///
    /// Requests to the tenant's Gong are not allowed.
    pub fn renew(
        &self,
        config: &TenantConfig,
        network: &Network,
        files: &mut Files,
    ) -> anyhow::Result<Self> {
        let same = config.gong == self.config.gong && network.is_same(&self.network);
        let authorization = or_log(&self.name, authorization(&config.credentials, files));
        Ok(Self {
            name: Arc::clone(&self.name),
            limiter: Arc::clone(&self.limiter),
            queue: Arc::clone(&self.queue),
            index: None,
            sign_in: None,
            resource_server: None,
            connections: if same {
                self.connections.clone()
            } else {
                connections(config, network)?
            },
            authorization: authorization.or_else(|| self.authorization.clone()),
            env: env(config),
            config: config.clone(),
            network: network.clone(),
        })
    }

    /// Limiter, queue and index begin to keep to this configuration.
    pub fn set_limits(&self) {
        if let Some(index) = &self.index {
            index.set_limits(index::limits(&self.config.index));
        }
        self.limiter.set_limits(request_limits(&self.config));
        self.queue.set_limits(queue_limits(&self.config));
    }

    /// What the sandbox needs for a call. `None` while there are no credentials.
    #[must_use]
    pub fn run(&self, gate: Arc<CallGate>) -> Option<Run> {
        let authorization = self.authorization.clone()?;
        let mut env = self.env.clone();
        let mut outbound = self.connections.clone().with_authorization(authorization);
        if let Some(index) = &self.index {
            let index = Arc::new(CallIndex::new(index, &gate));
            match outbound.clone().with_objects(index::URL, index) {
                Ok(with_index) => {
                    env.set("GONG_INDEX_URL", index::URL);
                    outbound = with_index;
                }
                Err(error) => tracing::error!("the call has no index: {error:#}"),
            }
        }
        Some(Run {
            env,
            outbound,
            now: None,
            gate: Some(gate),
        })
    }

    /// The network settings.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Where its index is kept, and how much of it.
    #[must_use]
    pub fn index_settings(&self) -> &IndexConfig {
        &self.config.index
    }

    /// The tools that are called regularly.
    #[must_use]
    pub fn schedule(&self) -> &[ScheduledTool] {
        &self.config.schedule
    }

    /// Counts the requests of a user's call that has written to the index.
    pub(crate) fn count_filling(&self, requests: u32) {
        if let Some(index) = &self.index {
            index.count_filling(requests);
        }
    }

    /// The present values for metrics.
    #[must_use]
    pub fn gauges(&self) -> TenantGauges {
        let limiter = self.limiter.status();
        let (running, queued) = self.queue.counts();
        let index = self.index.as_ref().map(|index| index.last_usage());
        let index = index.unwrap_or_default();
        let index_age = index.oldest.and_then(|oldest| oldest.elapsed().ok());
        TenantGauges {
            quota_left: limiter.left_today,
            quota: limiter.per_day,
            limiter_line: limiter.waiting,
            user_quota: limiter.per_user_day,
            user_quota_used: limiter.most_of_a_user,
            users_without_quota: limiter.users_used_up,
            running,
            queued,
            index_bytes: index.bytes,
            index_objects: index.objects,
            index_age: index_age.unwrap_or_default().as_secs(),
        }
    }
}

fn request_limits(config: &TenantConfig) -> RequestLimits {
    RequestLimits {
        per_second: config.requests_per_second,
        per_day: config.requests_per_day,
        per_user_day: config.user_requests_per_day,
        per_schedule_day: config.schedule_requests_per_day,
    }
}

fn queue_limits(config: &TenantConfig) -> QueueLimits {
    QueueLimits {
        running: config.concurrent_calls,
        waiting: config.queued_calls,
    }
}

/// The environment of the component, which is all that it sees of the tenant.
fn env(config: &TenantConfig) -> Env {
    let allowed = |yes| if yes { "allow" } else { "deny" };
    let mut env = Env::from_iter([
        ("GONG_AUTH", "host"),
        ("GONG_BASE_URL", &config.gong),
        ("GONG_METERED", allowed(config.metered)),
        ("GONG_PACE", "host"),
        ("GONG_PRIVATE_CALLS", allowed(config.private_calls)),
    ]);
    if let Some(zone) = &config.time_zone {
        env.set("GONG_TIME_ZONE", zone);
    }
    env
}

/// Connections to the tenant's Gong, none of which is open yet.
///
/// # Errors
///
/// Requests to it are not allowed.
pub(crate) fn connections(config: &TenantConfig, network: &Network) -> anyhow::Result<Outbound> {
    Outbound::new(&config.gong, &network.policy)
        .with_context(|| format!("cannot use {}", config.gong))
}

/// The `Authorization` header with the tenant's access key pair.
///
/// # Errors
///
/// A secret can not be read.
pub fn authorization(
    credentials: &Credentials,
    files: &mut Files,
) -> Result<HeaderValue, SecretError> {
    let key = credentials.access_key.resolve(files)?;
    let secret = credentials.access_key_secret.resolve(files)?;
    Ok(basic_authorization(key.reveal(), secret.reveal()))
}

/// Logs why the credentials can not be read.
fn or_log(tenant: &str, authorization: Result<HeaderValue, SecretError>) -> Option<HeaderValue> {
    authorization
        .inspect_err(|error| tracing::error!(tenant, "no credentials for Gong: {error}"))
        .ok()
}
