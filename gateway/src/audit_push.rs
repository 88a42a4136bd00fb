//! Pushes the audit to another system, as JSON lines: `[audit.push]` in `gateway.toml`.
//!
//! Rows are sent in order, in batches, and the store keeps how far the destination has them. A
//! batch that was not taken is sent again, so that a row may arrive twice and none is lost.
//! Retention waits for rows that have not arrived.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::{AuditPush, PushFormat};
use crate::gateway::Gateway;
use crate::store::{ChainedRow, Store, StoreError};

mod destination;
mod ocsf;

use destination::Destination;
use ocsf::Effects;

/// How often new rows are looked for.
const POLL: Duration = Duration::from_secs(1);

/// The pause after the first failure. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Rows of a batch. A batch that fails is halved, because the destination may take only smaller
/// ones.
const BATCH: usize = 500;

/// Pushes the audit wherever the configuration in force says. Runs until cancelled.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let effects = Effects::of(&gateway.catalog.component_tools);
    let mut failures = 0_u32;
    let mut batch = BATCH;
    let mut current: Option<(AuditPush, Destination)> = None;
    loop {
        let config = Arc::clone(&gateway.tenants.live().config);
        let outcome = match &config.audit.push {
            None => {
                current = None;
                stop(&gateway).await.map(|()| true)
            }
            Some(push) => {
                let same = current.as_ref().is_some_and(|(known, _)| known == push);
                if !same {
                    current = None;
                }
                let destination = match current.take() {
                    Some((_, destination)) => Ok(destination),
                    None => Destination::new(push, config.ca.as_deref(), config.stand_in),
                };
                match destination {
                    Ok(destination) => {
                        let sent = step(&gateway, push, &destination, &effects, batch).await;
                        current = Some((push.clone(), destination));
                        sent
                    }
                    Err(error) => Err(error),
                }
            }
        };
        let pause = match outcome {
            Ok(all) => {
                if failures > 0 {
                    tracing::info!("the audit is pushed again");
                }
                failures = 0;
                batch = (batch * 2).min(BATCH);
                if all { POLL } else { Duration::ZERO }
            }
            Err(error) => {
                gateway.metrics.push_failed();
                let pause = FIRST_PAUSE.saturating_mul(1 << failures.min(10));
                let pause = pause.min(LONGEST_PAUSE);
                failures = failures.saturating_add(1);
                batch = (batch / 2).max(1);
                tracing::warn!("the audit can not be pushed, next try in {pause:?}: {error}");
                pause
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Forgets how far rows were pushed, once nothing is pushed any more.
async fn stop(gateway: &Gateway) -> Result<(), String> {
    gateway.metrics.set_push_lag(0, Duration::ZERO);
    blocking(gateway, |store| store.push_to(None))
        .await
        .map(drop)
}

/// Pushes one batch, and returns whether there is no further one.
async fn step(
    gateway: &Gateway,
    push: &AuditPush,
    destination: &Destination,
    effects: &Effects,
    batch: usize,
) -> Result<bool, String> {
    let name = push.destination.to_string();
    let known = name.clone();
    let (rows, behind) = blocking(gateway, move |store| {
        let seq = store.push_to(Some(&known))?;
        store.rows_after(seq, batch)
    })
    .await?;
    let oldest = rows.first().map_or(Duration::ZERO, |first| {
        let age = Timestamp::now().duration_since(first.row.time());
        age.try_into().unwrap_or_default()
    });
    gateway.metrics.set_push_lag(behind, oldest);
    let Some(last) = rows.last().map(|row| row.link.seq) else {
        return Ok(true);
    };
    let all = rows.len() < batch;
    destination
        .deliver(lines(&rows, push.format, effects))
        .await?;
    blocking(gateway, move |store| store.pushed(&name, last)).await?;
    if all {
        gateway.metrics.set_push_lag(0, Duration::ZERO);
    }
    Ok(all)
}

fn lines(rows: &[ChainedRow], format: PushFormat, effects: &Effects) -> Vec<u8> {
    let mut lines = Vec::new();
    for row in rows {
        let line = match format {
            PushFormat::Rows => serde_json::to_vec(row),
            PushFormat::Ocsf => serde_json::to_vec(&effects.event(row)),
        };
        lines.extend(line.expect("texts and numbers can be written as JSON"));
        lines.push(b'\n');
    }
    lines
}

async fn blocking<T: Send + 'static>(
    gateway: &Gateway,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, String> {
    let store = gateway.store.clone();
    let done = tokio::task::spawn_blocking(move || work(&store)).await;
    done.map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}
