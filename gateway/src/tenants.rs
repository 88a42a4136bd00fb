//! All live tenants, and whose token is whose.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use sandbox::objects::StoreClock;

use crate::caller::{Caller, Through};
use crate::clock::SteadyClock;
use crate::config::{Config, Files, Token, TokenHash};
use crate::index;
use crate::sign_in::{self, Provider, ResourceServer, Urls};
use crate::store::{Store, StoreError, UserRequests};
use crate::tenant::{Network, Tenant};

/// A user of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The tenant's name.
    pub tenant: Arc<str>,
    /// The user's name.
    pub user: Arc<str>,
}

/// The tenants of one version of the configuration.
#[derive(Debug)]
pub struct LiveTenants {
    /// The configuration.
    pub config: Arc<Config>,
    tenants: BTreeMap<Arc<str>, Arc<Tenant>>,
    /// By the hashes of their tokens: how long a look-up takes says nothing about tokens.
    users: HashMap<TokenHash, (Token, Caller)>,
    /// The provider of the whole gateway's administrators.
    pub(crate) administrators: Option<Arc<Provider>>,
}

impl LiveTenants {
    /// A tenant by its name.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Option<Arc<Tenant>> {
        self.tenants.get(name).cloned()
    }

    /// All tenants, sorted by name.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.tenants.values()
    }

    /// The user with this bearer token, unless it has expired.
    #[must_use]
    pub fn identify(&self, token: &str) -> Option<Caller> {
        let (known, caller) = self.users.get(&TokenHash::presented(token)?)?;
        (known.hash.matches(token) && known.is_valid(Timestamp::now())).then(|| caller.clone())
    }

    /// Removes from indexes what is too old or of no use any more, and indexes on disk that are no
    /// tenant's any more. Blocks.
    pub fn tidy_indexes(&self) {
        index::remove_strangers(&self.config);
        for index in self.tenants().filter_map(|tenant| tenant.index.as_ref()) {
            index.tidy();
        }
    }

    /// Whether this token may read metrics: the one for metrics, or that of an administrator of
    /// all tenants.
    #[must_use]
    pub fn reads_metrics(&self, token: &str) -> bool {
        let now = Timestamp::now();
        let local = self.config.administrators.local;
        let admins = self.config.admins.values();
        let mut of_all = admins.filter(|admin| local && admin.tenants.is_none());
        of_all.any(|admin| admin.tokens.accept(token, now).is_some())
            || (self.config.metrics_token).is_some_and(|hash| hash.matches(token))
    }
}

/// The live tenants, replaced as a whole when the configuration changes. Calls that run keep the
/// tenant that they began with.
#[derive(Debug)]
pub struct Tenants {
    store: Store,
    live: ArcSwap<LiveTenants>,
    /// The configuration of `live`, for the administrator's page.
    config: Arc<ArcSwap<Config>>,
    /// By which indexes become too old.
    clock: StoreClock,
}

impl Tenants {
    /// Starts to serve all tenants of a configuration, whose files are read through `files`.
    ///
    /// # Errors
    ///
    /// The state file, or the file with more root certificates, can not be read.
    pub fn start(
        config: Config,
        files: &mut Files,
        store: &Store,
        clock: &Arc<SteadyClock>,
        after_crash: bool,
    ) -> anyhow::Result<Self> {
        let clock = index::clock(Arc::clone(clock));
        let live = build(config, files, store, &clock, after_crash, None)?;
        Ok(Self {
            store: store.clone(),
            clock,
            config: Arc::new(ArcSwap::from(Arc::clone(&live.config))),
            live: ArcSwap::from_pointee(live),
        })
    }

    /// The tenants at this moment.
    #[must_use]
    pub fn live(&self) -> Arc<LiveTenants> {
        self.live.load_full()
    }

    /// The configuration in force. It changes with each reload.
    #[must_use]
    pub fn config(&self) -> Arc<ArcSwap<Config>> {
        Arc::clone(&self.config)
    }

    /// Builds the tenants of a new configuration and of secrets that have changed. Nothing of it
    /// is in force before [`swap`](Self::swap). Blocks.
    ///
    /// # Errors
    ///
    /// It can not be applied.
    pub fn prepare(&self, config: Config, files: &mut Files) -> anyhow::Result<LiveTenants> {
        let before = self.live();
        build(
            config,
            files,
            &self.store,
            &self.clock,
            false,
            Some(&before),
        )
    }

    /// Puts what was prepared in force. Limits that tenants share with the tenants before change
    /// only here, and only here are indexes emptied that are no more in use. Blocks.
    pub fn swap(&self, live: LiveTenants) {
        let live = Arc::new(live);
        let mut changed = false;
        for before in self.live().tenants() {
            let Some(index) = &before.index else { continue };
            let next = live.tenant(&before.name);
            let next = next.and_then(|tenant| tenant.index.clone());
            if next.as_ref().is_none_or(|next| !Arc::ptr_eq(next, index)) {
                index.replace(next.as_ref());
                changed = true;
            }
        }
        self.config.store(Arc::clone(&live.config));
        self.live.store(Arc::clone(&live));
        for tenant in live.tenants() {
            tenant.set_limits();
        }
        if changed {
            live.tidy_indexes();
        }
    }

    /// Stores how many requests users have sent since the last time. Blocks.
    ///
    /// # Errors
    ///
    /// The state file can not be written. The next call stores them then.
    pub fn store_user_requests(&self) -> Result<(), StoreError> {
        let live = self.live();
        let mut counts = Vec::new();
        for tenant in live.tenants() {
            let unstored = tenant.limiter.unstored_user_requests();
            counts.extend(unstored.into_iter().map(|(day, user, sent)| UserRequests {
                tenant: Arc::clone(&tenant.name),
                user,
                day,
                sent,
            }));
        }
        self.store.store_user_requests(&counts)?;
        for count in counts {
            if let Some(tenant) = live.tenant(&count.tenant) {
                let limiter = &tenant.limiter;
                limiter.stored_user_requests(count.day, &count.user, count.sent);
            }
        }
        Ok(())
    }

    /// Closes all limiters, which gives back requests that were leased and not sent.
    ///
    /// # Errors
    ///
    /// The state file can not be written.
    pub async fn close(&self) -> anyhow::Result<()> {
        let live = self.live();
        let mut closing = tokio::task::JoinSet::new();
        for tenant in live.tenants() {
            let limiter = Arc::clone(&tenant.limiter);
            closing.spawn(async move { limiter.close().await });
        }
        while let Some(closed) = closing.join_next().await {
            closed??;
        }
        Ok(())
    }
}

fn build(
    config: Config,
    files: &mut Files,
    store: &Store,
    clock: &StoreClock,
    after_crash: bool,
    before: Option<&LiveTenants>,
) -> anyhow::Result<LiveTenants> {
    let network = Network::read(&config, files).context("ca")?;
    let urls = config.listen.public_url.as_deref().map(Urls::new);
    let mut tenants = BTreeMap::new();
    let mut users = HashMap::new();
    for (name, settings) in &config.tenants {
        let before = before.and_then(|live| live.tenant(name));
        let tenant = match &before {
            Some(tenant) => tenant.renew(settings, &network, files),
            None => Tenant::start(name, settings, &network, files, store, after_crash),
        };
        let mut tenant = tenant.with_context(|| format!("tenant {name}"))?;
        let before = before.as_deref();
        tenant.sign_in = sign_in::tenant::of(
            name,
            settings.sign_in.as_ref(),
            &network,
            files,
            before.and_then(|tenant| tenant.sign_in.as_ref()),
        );
        if let (Some(server), Some(urls)) = (&settings.resource_server, &urls) {
            let known = before.and_then(|tenant| tenant.resource_server.as_deref());
            let server = ResourceServer::new(&tenant.name, server, urls, &network, known)?;
            tenant.resource_server = Some(Arc::new(server));
        }
        let before = before.and_then(|tenant| tenant.index.as_ref());
        tenant.index = index::of(name, settings, &config, files, clock, before);
        let tenant = Arc::new(tenant);
        for (user, details) in &settings.users {
            let caller = Caller {
                identity: Identity {
                    tenant: Arc::clone(&tenant.name),
                    user: user.as_str().into(),
                },
                through: Through::Token(details.kind),
            };
            for token in details.tokens.iter() {
                users.insert(token.hash, (*token, caller.clone()));
            }
        }
        tenants.insert(Arc::clone(&tenant.name), tenant);
    }
    let of_gateway = config.administrators.sign_in.as_ref();
    let known = before.and_then(|live| live.administrators.as_ref());
    let administrators = sign_in::tenant::of_administrators(of_gateway, &network, files, known);
    Ok(LiveTenants {
        config: Arc::new(config),
        tenants,
        users,
        administrators,
    })
}
