//! Applies changes of `gateway.toml`, of secrets and of certificates while the gateway serves.
//!
//! A look reads every file once, builds everything that the bytes say, and then puts all of it in
//! force. What can fail comes first: a configuration that is refused is in no part in force. What
//! counts as seen are the bytes that were built from, so that a file which is written meanwhile is
//! a change at the next look.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use sandbox::Tool;

use super::{log_discovery, tls};
use crate::config::{Config, Files, Fingerprint};
use crate::gateway::Gateway;
use crate::store::Store;
use crate::tenants::Tenants;

/// How often the files are checked for changes.
pub const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

/// What a reload changes, and what it needs.
#[derive(Clone, Copy)]
pub(super) struct InForce<'a> {
    pub(super) tenants: &'a Tenants,
    pub(super) store: &'a Store,
    /// The component's tools and its SHA-256.
    pub(super) tools: &'a [Tool],
    pub(super) digest: &'a str,
    pub(super) tls: Option<&'a RustlsConfig>,
}

/// Follows the configuration and the files that it refers to.
#[derive(Debug)]
pub(super) struct Reloader {
    path: PathBuf,
    /// The files in force.
    seen: Fingerprint,
    /// Why the last look failed. Everything is tried again then, even if no file has changed.
    failed: Option<String>,
}

/// What a look has found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The files are those in force.
    Unchanged,
    /// They were changed, and are in force now.
    Applied,
    /// They can not be used, for this reason.
    Failed(String),
    /// As at the look before.
    StillFailed,
}

impl Reloader {
    /// Begins with the files that are in force.
    pub(super) fn new(path: PathBuf, seen: Fingerprint) -> Self {
        Self {
            path,
            seen,
            failed: None,
        }
    }

    /// Puts the files in force if they have changed. Blocks.
    pub(super) fn look(&mut self, in_force: InForce<'_>) -> Look {
        if self.failed.is_none() && self.seen.is_current() {
            return Look::Unchanged;
        }
        match self.apply(in_force) {
            Ok(seen) => {
                self.seen = seen;
                self.failed = None;
                Look::Applied
            }
            Err(error) => {
                let error = format!("{error:#}");
                if self.failed.as_ref() == Some(&error) {
                    return Look::StillFailed;
                }
                self.failed = Some(error.clone());
                Look::Failed(error)
            }
        }
    }

    fn apply(&self, in_force: InForce<'_>) -> anyhow::Result<Fingerprint> {
        let InForce {
            tenants,
            store,
            tools,
            digest,
            tls,
        } = in_force;
        let mut files = Files::default();
        let config = Config::read(&self.path, &mut files)?;
        let restart = needs_restart(&tenants.live().config, &config);
        let certificate = match (&config.listen.tls, tls) {
            (Some(files_of_tls), Some(_)) => Some(tls::server_config(files_of_tls, &mut files)?),
            _ => None,
        };
        let live = tenants.prepare(config, &mut files)?;
        // The last that can fail: one transaction, all of it or nothing.
        let config = Arc::clone(&live.config);
        if store.is_declared(&config)? {
            store.declare_secrets(&config, &mut files)?;
        } else {
            log_discovery(&store.declare_and_discover(&config, &mut files, tools, digest)?);
        }
        if let (Some(tls), Some(certificate)) = (tls, certificate) {
            tls.reload_from_config(certificate);
        }
        tenants.swap(live);
        if !restart.is_empty() {
            tracing::warn!("a restart is needed to change {}", restart.join(", "));
        }
        Ok(files.fingerprint())
    }
}

/// Looks regularly. Runs until cancelled.
pub(super) async fn watch(gateway: Arc<Gateway>, reloader: Reloader, tls: Option<RustlsConfig>) {
    let reloader = Arc::new(Mutex::new(reloader));
    loop {
        tokio::time::sleep(RELOAD_INTERVAL).await;
        let (gateway, reloader, tls) = (Arc::clone(&gateway), Arc::clone(&reloader), tls.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let mut reloader = reloader.lock().unwrap_or_else(PoisonError::into_inner);
            let look = reloader.look(InForce {
                tenants: &gateway.tenants,
                store: &gateway.store,
                tools: &gateway.catalog.component_tools,
                digest: gateway.sandbox.digest(),
                tls: tls.as_ref(),
            });
            match &look {
                Look::Unchanged => {}
                Look::Applied => {
                    gateway.share_places();
                    gateway.metrics.reloaded(true);
                    tracing::info!("the configuration was read anew");
                }
                Look::Failed(error) => {
                    gateway.metrics.reloaded(false);
                    tracing::error!(
                        "the new configuration is not used, and the one before stays in force; it \
                         is tried again until it can be used:\n{error}"
                    );
                }
                Look::StillFailed => gateway.metrics.reloaded(false),
            }
        });
        if let Err(error) = looked.await {
            tracing::error!("the configuration can not be read anew: {error}");
        }
    }
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
            "listen.public_url",
            before.listen.public_url != after.listen.public_url,
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
        ("traces", before.traces != after.traces),
    ];
    let keys = changed.into_iter().filter(|(_, changed)| *changed);
    keys.map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests;
