//! Carries out what administrators order for indexes, empties those of tenants that a kill switch
//! stops, and stores how much is kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{TenantIndex, moment, today};
use crate::gateway::Gateway;
use crate::store::{IndexOrders, IndexStatus, KillSwitch, StoreError};
use crate::tenant::Tenant;

/// How often orders are looked for.
const INTERVAL: Duration = Duration::from_secs(1);

/// After how many of these intervals it is looked at how much is kept.
const LOOK_EVERY: u32 = 5;

/// How often what is too old is removed.
const TIDY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// What was done and stored, by tenant.
#[derive(Debug, Default)]
struct Watch {
    rounds: u32,
    stored: HashMap<Arc<str>, IndexStatus>,
}

/// Watches. Runs until cancelled.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let mut watch = Watch::default();
    let mut failing = false;
    loop {
        let looked = tokio::task::spawn_blocking({
            let gateway = Arc::clone(&gateway);
            move || {
                let looked = watch.look(&gateway);
                (watch, looked)
            }
        });
        let Ok((same, looked)) = looked.await else {
            tracing::error!("indexes are watched no more");
            return;
        };
        watch = same;
        match looked {
            Ok(()) => failing = false,
            // Once, and not every second into a full disk.
            Err(_) if failing => {}
            Err(error) => {
                tracing::error!("orders for indexes can not be read or noted: {error}");
                failing = true;
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Removes what is too old regularly. Runs until cancelled.
pub(crate) async fn tidy(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(TIDY_INTERVAL).await;
        let gateway = Arc::clone(&gateway);
        let tidied = tokio::task::spawn_blocking(move || gateway.tenants.live().tidy_indexes());
        if let Err(error) = tidied.await {
            tracing::error!("indexes can not be tidied: {error}");
        }
    }
}

impl Watch {
    fn look(&mut self, gateway: &Gateway) -> Result<(), StoreError> {
        let store = &gateway.store;
        let orders = store.index_orders()?;
        let switches = store.switches()?;
        let count = self.rounds.is_multiple_of(LOOK_EVERY);
        self.rounds = self.rounds.wrapping_add(1);
        let live = gateway.tenants.live();
        self.stored.retain(|name, _| live.tenant(name).is_some());
        let mut changed = Vec::new();
        for tenant in live.tenants() {
            let is_off = switches.iter().any(|row| match &row.switch {
                KillSwitch::Everything => true,
                KillSwitch::Tenant(name) => **name == *tenant.name,
                KillSwitch::Tool(..)
                | KillSwitch::ToolEverywhere(_)
                | KillSwitch::Client(..)
                | KillSwitch::User(..) => false,
            });
            let orders = orders.get(&*tenant.name).copied().unwrap_or_default();
            let stored = self.stored_of(tenant, gateway)?;
            let before = stored.map_or(IndexOrders::default(), |status| status.done);
            let is_new = stored.is_none();
            // Fewer are those of a tenant that was declared anew.
            let is_ordered = orders.clears != before.clears;
            let clear = is_ordered || is_off;
            if clear && !empty(tenant, is_off, is_ordered) {
                continue;
            }
            if !is_off && let Some(index) = &tenant.index {
                index.set_off(false);
            }
            if orders.refills > before.refills {
                gateway.schedule.refill(&tenant.name);
            }
            if clear {
                gateway.schedule.forget_coverage(&tenant.name);
            }
            if orders == before && !count && !clear && !is_new {
                continue;
            }
            let status = status(tenant, orders, gateway.schedule.coverage(&tenant.name));
            let same = |stored: &IndexStatus| {
                IndexStatus {
                    at: status.at,
                    ..stored.clone()
                } == status
            };
            if !self.stored.get(&tenant.name).is_some_and(same) {
                changed.push(status);
            }
        }
        store.store_index_status(&changed)?;
        for status in changed {
            self.stored.insert(status.tenant.as_str().into(), status);
        }
        Ok(())
    }

    /// What was stored last for a tenant, perhaps by an earlier gateway.
    fn stored_of(
        &mut self,
        tenant: &Tenant,
        gateway: &Gateway,
    ) -> Result<Option<&IndexStatus>, StoreError> {
        let name = &tenant.name;
        if !self.stored.contains_key(name)
            && let Some(status) = gateway.store.index_status(name)?
        {
            if let Some(index) = &tenant.index
                && status.day == today()
            {
                index.count_filling(status.filling);
            }
            // What was in memory is gone.
            if status.place == "disk" {
                gateway.schedule.resume_coverage(name, &status.coverage);
            }
            self.stored.insert(Arc::clone(name), status);
        }
        Ok(self.stored.get(name))
    }
}

/// Empties the index of a tenant, and closes it while the tenant is switched off. Returns whether it
/// is empty; if not, it is tried again.
fn empty(tenant: &Tenant, is_off: bool, is_ordered: bool) -> bool {
    let Some(index) = &tenant.index else {
        return true;
    };
    let was_off = index.is_off();
    index.set_off(is_off);
    if is_off && was_off && !is_ordered && index.last_usage().objects == 0 {
        return true;
    }
    match index.clear() {
        Ok(()) => {
            tracing::info!(tenant = &*tenant.name, "the index was emptied");
            index.look();
            true
        }
        Err(fault) => {
            tracing::error!(
                tenant = &*tenant.name,
                "the index can not be emptied: {fault}"
            );
            false
        }
    }
}

fn status(tenant: &Tenant, done: IndexOrders, coverage: Vec<(String, u32)>) -> IndexStatus {
    let usage = tenant.index.as_deref().map(TenantIndex::look);
    let usage = usage.unwrap_or_default();
    let settings = tenant.index_settings();
    IndexStatus {
        tenant: tenant.name.to_string(),
        at: Timestamp::now(),
        place: match &tenant.index {
            Some(_) => settings.keep.as_str(),
            None => "off",
        }
        .to_owned(),
        bytes: usage.bytes,
        objects: usage.objects,
        max_bytes: settings.max_bytes,
        max_age: settings.max_age.as_secs(),
        oldest: moment(usage.oldest),
        youngest: moment(usage.youngest),
        day: today(),
        filling: tenant.index.as_deref().map_or(0, TenantIndex::filling),
        coverage,
        done,
    }
}
