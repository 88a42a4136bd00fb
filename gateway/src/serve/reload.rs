//! Applies changes of `gateway.toml`, of secrets and of certificates while the gateway serves.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum_server::tls_rustls::RustlsConfig;
use ring::digest::{Context as Digest, SHA256};

use super::discover;
use crate::config::{Config, SecretRef};
use crate::gateway::Gateway;

/// How often the files are checked for changes.
pub const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

/// Reloads whenever the configuration or a file that it refers to changes. Runs until cancelled.
pub(super) async fn watch(gateway: Arc<Gateway>, path: PathBuf, tls: Option<RustlsConfig>) {
    let mut seen = present(&gateway, &path).await;
    loop {
        tokio::time::sleep(RELOAD_INTERVAL).await;
        let now = present(&gateway, &path).await;
        if now == seen {
            continue;
        }
        let read = tokio::task::spawn_blocking({
            let (gateway, path) = (Arc::clone(&gateway), path.clone());
            move || reload(&gateway, &path)
        });
        let outcome = match read.await.unwrap_or_else(|error| Err(error.into())) {
            Ok(()) => renew_certificate(&gateway, tls.as_ref()).await,
            Err(error) => Err(error),
        };
        gateway.metrics.reloaded(outcome.is_ok());
        match outcome {
            Ok(()) => tracing::info!("the configuration was read anew"),
            Err(error) => tracing::error!(
                "the new configuration is not used, and the one before stays in force:\n{error:#}"
            ),
        }
        // A new configuration may refer to other files.
        seen = present(&gateway, &path).await;
    }
}

/// The fingerprint of all files at present.
async fn present(gateway: &Arc<Gateway>, path: &Path) -> Vec<u8> {
    let config = Arc::clone(&gateway.tenants.live().config);
    let path = path.to_owned();
    let read = move || {
        let files = files(&config);
        fingerprint(std::iter::once(&*path).chain(files.iter().map(PathBuf::as_path)))
    };
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
}

fn reload(gateway: &Gateway, path: &Path) -> anyhow::Result<()> {
    let config = Config::load(path)?;
    let restart = needs_restart(&gateway.tenants.live().config, &config);
    if !restart.is_empty() {
        tracing::warn!("a restart is needed to change {}", restart.join(", "));
    }
    // The store comes first, because every live tenant has its row there.
    if gateway.store.declare(&config)? {
        discover(&gateway.store, &gateway.catalog.component_tools)?;
    }
    gateway.store.declare_secrets(&config)?;
    gateway.tenants.apply(config)?;
    gateway.share_places();
    Ok(())
}

async fn renew_certificate(gateway: &Gateway, tls: Option<&RustlsConfig>) -> anyhow::Result<()> {
    let live = gateway.tenants.live();
    if let (Some(tls), Some(files)) = (tls, &live.config.listen.tls) {
        tls.reload_from_pem_file(&files.certificate, &files.key)
            .await
            .context("the new certificate is not used, and the one before stays in force")?;
    }
    Ok(())
}

/// All files that a configuration refers to.
fn files(config: &Config) -> Vec<PathBuf> {
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

/// A hash of the files' contents. Times and inodes are not used, so renames, changed links and
/// coarse clocks make no difference. A file that can not be read counts as empty.
fn fingerprint<'p>(files: impl IntoIterator<Item = &'p Path>) -> Vec<u8> {
    let mut digest = Digest::new(&SHA256);
    for file in files {
        let contents = std::fs::read(file).unwrap_or_default();
        digest.update(&(contents.len() as u64).to_le_bytes());
        digest.update(&contents);
    }
    digest.finish().as_ref().to_vec()
}

/// The changed keys that need a restart.
fn needs_restart(before: &Config, after: &Config) -> Vec<&'static str> {
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
        (
            "the bounds and time-outs of [listen]",
            before.listen.bounds != after.listen.bounds,
        ),
        ("state", before.state != after.state),
        ("cache", before.cache != after.cache),
        ("component", before.component != after.component),
        ("limits", before.limits != after.limits),
    ];
    let keys = changed.into_iter().filter(|(_, changed)| *changed);
    keys.map(|(key, _)| key).collect()
}
