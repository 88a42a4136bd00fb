//! Commands on the index of a tenant.

use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use gateway::config::SCHEDULE;
use gateway::index;
use gateway::store::{IndexOrders, IndexStatus};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;
use serde_json::json;

use super::AdminCli;
use super::args::IndexCommand;
use super::tables::{align_right, table, table_or, time_or_empty};

/// How long to wait until the gateway that serves has done what was ordered.
const PATIENCE: Duration = Duration::from_secs(10);

/// Characters of a bar that is full.
const BAR: u32 = 20;

/// What is shown of a tenant's index.
#[derive(Serialize)]
struct Shown {
    tenant: String,
    /// None if no gateway has served the tenant yet.
    #[serde(flatten)]
    status: Option<IndexStatus>,
    /// Requests to Gong today of calls on the schedule.
    scheduled: u32,
}

impl AdminCli<'_> {
    /// Runs a command on indexes; without one, shows them.
    pub(super) fn index(&self, command: Option<&IndexCommand>) -> anyhow::Result<()> {
        match command {
            None => self.show_indexes(None),
            Some(IndexCommand::Show { name }) => self.show_indexes(name.as_deref()),
            Some(IndexCommand::Clear { name }) => self.clear_index(&self.named(name.as_ref())?),
            Some(IndexCommand::Refill { name }) => self.refill_index(&self.named(name.as_ref())?),
        }
    }

    fn named(&self, name: Option<&String>) -> anyhow::Result<String> {
        name.map_or_else(|| self.chosen_tenant(), |name| Ok(name.clone()))
    }

    fn show_indexes(&self, name: Option<&str>) -> anyhow::Result<()> {
        let today = Offset::UTC.to_datetime(Timestamp::now()).date();
        let tenants = match name {
            Some(name) => vec![name.to_owned()],
            None => self.chosen_tenants()?,
        };
        let mut rows = Vec::new();
        for tenant in tenants {
            // It refuses a tenant that there is not.
            let users = self.store.quota(&tenant, today)?.users;
            let scheduled = users.iter().find(|one| one.user == SCHEDULE);
            let mut status = self.store.index_status(&tenant)?;
            if let Some(status) = status.as_mut().filter(|status| status.day != today) {
                status.day = today;
                status.filling = 0;
            }
            rows.push(Shown {
                status,
                scheduled: scheduled.map_or(0, |one| one.used),
                tenant,
            });
        }
        self.print_rows(&rows, |rows| {
            let mut text = indexes(rows);
            for row in rows {
                if let Some(status) = &row.status {
                    text.push_str(&coverage(status));
                }
            }
            text
        })
    }

    fn clear_index(&self, tenant: &str) -> anyhow::Result<()> {
        let ordered = self.store.clear_index(&self.actor, tenant)?;
        let done = match self.store.served_by()? {
            Some(_) => self.wait(tenant, |done| done.clears >= ordered.clears)?,
            None => {
                // What is in memory went with the gateway that had it.
                if let Some(config) = &self.config {
                    index::remove_from_disk(config, tenant)?;
                }
                self.config.is_some()
            }
        };
        let text = if done {
            format!("The index of {tenant} is empty.")
        } else {
            format!("The index of {tenant} is emptied as soon as a gateway serves the tenant.")
        };
        self.report(&json!({ "tenant": tenant, "emptied": done }), text)
    }

    fn refill_index(&self, tenant: &str) -> anyhow::Result<()> {
        if let Some(config) = &self.config {
            let settings = config.tenants.get(tenant);
            ensure!(
                settings.is_none_or(|settings| !settings.schedule.is_empty()),
                "{tenant} has no tool on its schedule; gateway.toml says which are called, such as \
                 [[tenants.{tenant}.schedule]] with tool = \"gong_sync_calls\" and every = \"15m\""
            );
        }
        let ordered = self.store.refill_index(&self.actor, tenant)?;
        let begun = match self.store.served_by()? {
            Some(_) => self.wait(tenant, |done| done.refills >= ordered.refills)?,
            None => false,
        };
        let text = if begun {
            format!(
                "The tools on the schedule of {tenant} are called now; the audit has how they end."
            )
        } else {
            format!(
                "The tools on the schedule of {tenant} are called as soon as a gateway serves it."
            )
        };
        self.report(&json!({ "tenant": tenant, "begun": begun }), text)
    }

    /// Waits until an order is done. Returns whether it was.
    fn wait(&self, tenant: &str, is_done: impl Fn(IndexOrders) -> bool) -> anyhow::Result<bool> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let status = self.store.index_status(tenant)?;
            if status.is_some_and(|status| is_done(status.done)) {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(false)
    }
}

fn indexes(rows: &[Shown]) -> String {
    let mut table = table([
        "Tenant",
        "Kept",
        "KiB",
        "Limit",
        "Objects",
        "Oldest",
        "Youngest",
        "Days",
        "Schedule today",
        "Filling calls today",
    ]);
    for row in rows {
        let Some(status) = &row.status else {
            table.add_row([&*row.tenant, "not served yet"]);
            continue;
        };
        table.add_row([
            &*row.tenant,
            &status.place,
            &status.bytes.div_ceil(1 << 10).to_string(),
            &(status.max_bytes >> 10).to_string(),
            &status.objects.to_string(),
            &time_or_empty(status.oldest),
            &time_or_empty(status.youngest),
            &(status.max_age / (24 * 60 * 60)).to_string(),
            &row.scheduled.to_string(),
            &status.filling.to_string(),
        ]);
    }
    align_right(&mut table, &[2, 3, 4, 7, 8, 9]);
    table_or(&table, "No tenant is declared.")
}

/// How complete it is, as a picture.
fn coverage(status: &IndexStatus) -> String {
    let mut text = String::new();
    if !status.coverage.is_empty() {
        let _ = write!(text, "\n\n{}, complete in per cent:", status.tenant);
    }
    for (label, percent) in &status.coverage {
        let full = (percent.min(&100) * BAR).div_ceil(100) as usize;
        let (full, rest) = ("█".repeat(full), "·".repeat(BAR as usize - full));
        let _ = write!(text, "\n{label:>10}  {full}{rest} {percent:>3}");
    }
    text
}
