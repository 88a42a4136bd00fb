//! What a serving gateway does regularly: heartbeats and the users' counts into the state file, a
//! look at the clock, and the deletion of old rows of the audit.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Observed;
use crate::gateway::Gateway;
use crate::store::StoreError;
use crate::store::heartbeat::HEARTBEAT_INTERVAL;

/// How often old rows of the audit are deleted.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// How often old sign-ins are deleted.
const PRUNE_SIGN_INS_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// Writes a heartbeat every [`HEARTBEAT_INTERVAL`]. Runs until cancelled.
pub(super) async fn heartbeats(gateway: Arc<Gateway>) {
    let mut failing = false;
    loop {
        let observed = gateway.clock.observe();
        report(observed);
        let now = gateway.clock.now();
        let written = in_store(&gateway, move |gateway| {
            if let Observed::Accepted(_) = observed {
                // Their ends were set by the time before.
                gateway.store.end_all_sessions()?;
            }
            gateway.store.heartbeat(now)?;
            gateway.client_activity.write(&gateway.store)?;
            gateway.tenants.store_user_requests()
        });
        match written.await {
            Ok(()) if failing => {
                tracing::info!("the state file can be written again");
                failing = false;
            }
            Ok(()) => {}
            // Once, and not every few seconds into a full disk.
            Err(_) if failing => {}
            Err(error) => {
                tracing::error!("the state file can not be written: {error}");
                failing = true;
            }
        }
        tokio::time::sleep(HEARTBEAT_INTERVAL).await;
    }
}

fn report(observed: Observed) {
    match observed {
        Observed::Unchanged => {}
        Observed::Jumped(by) => tracing::error!(
            "the wall clock has jumped by {by:#}. Until it is right again, or has stayed like this \
             for a day, sessions end and the audit is kept as if it had not: correct it if it is wrong"
        ),
        Observed::Returned => tracing::info!("the wall clock is right again"),
        Observed::Accepted(by) => tracing::warn!(
            "the wall clock has stayed for a day where it jumped to, by {by:#}: it is followed again"
        ),
    }
}

/// Deletes old rows of the audit regularly. Runs until cancelled.
pub(super) async fn prune(gateway: Arc<Gateway>) {
    loop {
        let keep = gateway.tenants.live().config.audit.keep;
        let now = gateway.clock.earliest();
        match in_store(&gateway, move |gateway| gateway.store.prune(keep, now)).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "old rows were taken out of the audit"),
            Err(error) => tracing::error!("the audit can not be pruned: {error}"),
        }
        tokio::time::sleep(PRUNE_INTERVAL).await;
    }
}

/// Deletes what is left of old sign-ins regularly, and settles what becomes of idle clients and people. Runs until
/// cancelled.
pub(super) async fn prune_sign_ins(gateway: Arc<Gateway>) {
    loop {
        let now = gateway.clock.earliest();
        let pruned = in_store(&gateway, move |gateway| {
            for (tenant, settings) in &gateway.tenants.live().config.tenants {
                let idle = settings.clients.idle;
                gateway.store.settle_idle_clients(tenant, idle, now)?;
                let lifetimes = settings.sign_in.as_ref().map(|sign_in| sign_in.lifetimes);
                let person = lifetimes.unwrap_or_default().person;
                gateway.store.prune_people(tenant, person, now)?;
            }
            gateway.store.prune_sign_ins(now)
        });
        if let Err(error) = pruned.await {
            tracing::error!("old sign-ins can not be deleted: {error}");
        }
        tokio::time::sleep(PRUNE_SIGN_INS_INTERVAL).await;
    }
}

/// Runs `work` on a thread that may block.
async fn in_store<T: Send + 'static>(
    gateway: &Arc<Gateway>,
    work: impl FnOnce(&Gateway) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let gateway = Arc::clone(gateway);
    let done = tokio::task::spawn_blocking(move || work(&gateway)).await;
    done.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
}
