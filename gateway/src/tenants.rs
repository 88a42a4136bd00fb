//! All live tenants, and how they follow `gateway.toml`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use ring::digest::{Context as Digest, SHA256};

use crate::config::{Config, SecretRef, TokenHash};
use crate::store::Store;
use crate::tenant::{Network, Tenant};

/// How often the file and the secrets are looked at.
pub const LOOK: Duration = Duration::from_secs(1);

/// Who is asking.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Which tenant's.
    pub tenant: Arc<str>,
    /// Which user.
    pub user: Arc<str>,
}

/// The tenants as of one reading of the configuration.
#[derive(Debug)]
pub struct Live {
    /// What was read.
    pub config: Arc<Config>,
    tenants: BTreeMap<Arc<str>, Arc<Tenant>>,
    /// By their tokens' hashes, of which a look-up tells nothing about tokens.
    users: HashMap<TokenHash, Identity>,
}

impl Live {
    /// A tenant by its name.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Option<Arc<Tenant>> {
        self.tenants.get(name).cloned()
    }

    /// All, by name.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.tenants.values()
    }

    /// Whose bearer token this is.
    #[must_use]
    pub fn identify(&self, token: &str) -> Option<Identity> {
        let hash = TokenHash::of(token);
        let found = self.users.get_key_value(&hash)?;
        found.0.matches(token).then(|| found.1.clone())
    }

    /// Whether this token may read metrics: an administrator's, or the one for that.
    #[must_use]
    pub fn reads_metrics(&self, token: &str) -> bool {
        let admins = self.config.admins.values();
        let whole = admins.filter(|admin| admin.tenants.is_none());
        let mut hashes = whole
            .map(|admin| &admin.token)
            .chain(&self.config.metrics_token);
        hashes.any(|hash| hash.matches(token))
    }
}

/// The live tenants. Calls under way keep what they began with.
#[derive(Debug)]
pub struct Tenants {
    store: Store,
    live: ArcSwap<Live>,
    /// The configuration alone, for the administrator's page.
    config: Arc<ArcSwap<Config>>,
}

impl Tenants {
    /// Takes up the work of all tenants of a configuration that the store has been told of.
    ///
    /// # Errors
    ///
    /// The state file, or the file with more root certificates, can not be read.
    pub fn start(config: Config, store: &Store, after_crash: bool) -> anyhow::Result<Self> {
        let live = build(config, store, after_crash, None)?;
        Ok(Self {
            store: store.clone(),
            config: Arc::new(ArcSwap::from(Arc::clone(&live.config))),
            live: ArcSwap::from_pointee(live),
        })
    }

    /// As they are at this moment.
    #[must_use]
    pub fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// The configuration in force, as it changes.
    #[must_use]
    pub fn config(&self) -> Arc<ArcSwap<Config>> {
        Arc::clone(&self.config)
    }

    /// Follows a new configuration, and secrets that changed. Blocks.
    ///
    /// # Errors
    ///
    /// It can not be followed; nothing has changed.
    pub fn follow(&self, config: Config) -> anyhow::Result<()> {
        let live = build(config, &self.store, false, Some(&self.live()))?;
        self.config.store(Arc::clone(&live.config));
        self.live.store(Arc::new(live));
        Ok(())
    }

    /// Ends the limiters' work: gives back what was leased and not used.
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
    store: &Store,
    after_crash: bool,
    before: Option<&Live>,
) -> anyhow::Result<Live> {
    let ca_pem = match &config.ca {
        None => None,
        Some(path) => Some(
            std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?,
        ),
    };
    let network = Network::new(ca_pem, config.stand_in)?;
    let mut tenants = BTreeMap::new();
    let mut users = HashMap::new();
    for (name, settings) in &config.tenants {
        let tenant = match before.and_then(|live| live.tenant(name)) {
            Some(tenant) => tenant.renew(settings, &network),
            None => Tenant::start(name, settings, &network, store, after_crash),
        };
        let tenant = Arc::new(tenant.with_context(|| format!("tenant {name}"))?);
        for (user, details) in &settings.users {
            let identity = Identity {
                tenant: Arc::clone(&tenant.name),
                user: user.as_str().into(),
            };
            users.insert(details.token, identity);
        }
        tenants.insert(Arc::clone(&tenant.name), tenant);
    }
    Ok(Live {
        config: Arc::new(config),
        tenants,
        users,
    })
}

/// Every file that a configuration depends on.
#[must_use]
pub fn files(config: &Config) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = config.ca.iter().cloned().collect();
    if let Some(tls) = &config.listen.tls {
        files.extend([tls.certificate.clone(), tls.key.clone()]);
    }
    for tenant in config.tenants.values() {
        let pair = [
            &tenant.credentials.access_key,
            &tenant.credentials.access_key_secret,
        ];
        files.extend(pair.into_iter().filter_map(|reference| match reference {
            SecretRef::File(path) => Some(path.clone()),
            SecretRef::Env(_) => None,
        }));
    }
    files
}

/// What is in the files, in short. It is their contents that are looked at: renames, links that
/// are turned to another file and clocks that stand still all make no difference. A file that
/// can not be read counts as one without contents.
#[must_use]
pub fn fingerprint<'p>(files: impl IntoIterator<Item = &'p Path>) -> Vec<u8> {
    let mut digest = Digest::new(&SHA256);
    for file in files {
        let contents = std::fs::read(file).unwrap_or_default();
        digest.update(&(contents.len() as u64).to_le_bytes());
        digest.update(&contents);
    }
    digest.finish().as_ref().to_vec()
}

/// What of a new configuration only a restart brings in force.
#[must_use]
pub fn needs_restart(before: &Config, after: &Config) -> Vec<&'static str> {
    let changed = [
        (
            "listen.address",
            before.listen.address != after.listen.address,
        ),
        ("listen.hosts", before.listen.hosts != after.listen.hosts),
        (
            "listen.origins",
            before.listen.origins != after.listen.origins,
        ),
        (
            "listen.tls",
            before.listen.tls.is_some() != after.listen.tls.is_some(),
        ),
        ("state", before.state != after.state),
        ("cache", before.cache != after.cache),
        ("component", before.component != after.component),
        ("limits", before.limits != after.limits),
    ];
    let keys = changed.into_iter().filter(|(_, changed)| *changed);
    keys.map(|(key, _)| key).collect()
}
