//! The sign-in of one live tenant.

use std::sync::Arc;

use anyhow::Context as _;

use super::provider::{Provider, ProviderHttp};
use super::seal::Seal;
use crate::config::{AdministratorSignIn, Files, SignInConfig};
use crate::index::secret as key;
use crate::tenant::Network;

/// What a tenant needs to let people sign in.
#[derive(Debug)]
pub struct TenantSignIn {
    /// Its configuration.
    pub(crate) config: SignInConfig,
    /// The company's provider.
    pub(crate) provider: Arc<Provider>,
    /// Encrypts the provider's refresh tokens.
    pub(crate) seal: Seal,
}

/// The sign-in of a tenant by its configuration. If a secret can not be read, the log says why, and
/// what was there `before` stays.
pub(crate) fn of(
    tenant: &str,
    config: Option<&SignInConfig>,
    network: &Network,
    files: &mut Files,
    before: Option<&Arc<TenantSignIn>>,
) -> Option<Arc<TenantSignIn>> {
    match open(tenant, config?, network, files, before) {
        Ok(sign_in) => Some(Arc::new(sign_in)),
        Err(error) => {
            tracing::error!(tenant, "nobody can sign in as it is configured: {error:#}");
            before.cloned()
        }
    }
}

/// The provider of the whole gateway's administrators. If the secret can not be read, the log says
/// why, and what was there `before` stays.
pub(crate) fn of_administrators(
    config: Option<&AdministratorSignIn>,
    network: &Network,
    files: &mut Files,
    before: Option<&Arc<Provider>>,
) -> Option<Arc<Provider>> {
    match open_administrators(config?, network, files) {
        Ok(provider) => {
            let known = before.filter(|before| before.is_same(&provider));
            Some(known.map_or_else(|| Arc::new(provider), Arc::clone))
        }
        Err(error) => {
            tracing::error!("no administrator can sign in as it is configured: {error:#}");
            before.cloned()
        }
    }
}

/// Resolves the secret of the whole gateway's sign-in.
///
/// # Errors
///
/// It can not be read. The error does not quote it.
pub(crate) fn open_administrators(
    config: &AdministratorSignIn,
    network: &Network,
    files: &mut Files,
) -> anyhow::Result<Provider> {
    let secret = config.client.client_secret.resolve(files);
    let secret = secret.context("client_secret")?;
    let http = ProviderHttp::new(network)?;
    Ok(Provider::new(&config.people, &config.client, secret, http))
}

/// Resolves the secrets of a sign-in.
///
/// # Errors
///
/// One can not be read. The error does not quote it.
pub(crate) fn open(
    tenant: &str,
    config: &SignInConfig,
    network: &Network,
    files: &mut Files,
    before: Option<&Arc<TenantSignIn>>,
) -> anyhow::Result<TenantSignIn> {
    let secret = config
        .client
        .client_secret
        .resolve(files)
        .context("client_secret")?;
    let present = key(&config.key, files).context("key")?;
    let previous = config.previous_key.as_ref();
    let previous = previous.map(|reference| key(reference, files));
    let previous = previous.transpose().context("previous_key")?;
    let provider = Arc::new(Provider::new(
        &config.people,
        &config.client,
        secret,
        ProviderHttp::new(network)?,
    ));
    let known = before.filter(|before| before.provider.is_same(&provider));
    Ok(TenantSignIn {
        config: config.clone(),
        provider: known.map_or(provider, |before| Arc::clone(&before.provider)),
        seal: Seal::new(tenant, &present, previous.as_ref()),
    })
}
