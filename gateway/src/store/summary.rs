//! Counts per tenant, for overviews.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::params;
use serde::Serialize;

use super::lookup::require_tenant;
use super::tools::STATE;
use super::{CallResult, ReviewState, Store, StoreError, millis, timestamp};

/// Counts of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many tools are in each state. States without tools are missing.
    pub tools: BTreeMap<ReviewState, u64>,
    /// All calls.
    pub calls: u64,
    /// Calls that were denied.
    pub denied: u64,
    /// Calls that failed, were interrupted, or whose outcome is not known.
    pub errors: u64,
}

/// Calls and requests in an interval of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// When the interval begins.
    pub start: Timestamp,
    /// Calls that began in it.
    pub calls: u64,
    /// Requests that these calls sent to Gong.
    pub gong_requests: u64,
}

impl Store {
    /// Counts of every declared tenant. Calls are counted from `since` on.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn summaries(&self, since: Timestamp) -> Result<BTreeMap<String, Summary>, StoreError> {
        self.read(|connection| {
            let mut summaries: BTreeMap<String, Summary> = BTreeMap::new();
            let mut tenants = connection.prepare_cached("SELECT name FROM tenants")?;
            let names = tenants.query_map([], |row| row.get(0))?;
            for name in names {
                summaries.insert(name?, Summary::default());
            }
            let mut tools = connection.prepare_cached(&format!(
                "SELECT t.tenant, {STATE}, count(*) FROM tools t
                 JOIN tenants n ON n.name = t.tenant GROUP BY 1, 2"
            ))?;
            let mut rows = tools.query([])?;
            while let Some(row) = rows.next()? {
                let (tenant, state): (String, String) = (row.get(0)?, row.get(1)?);
                let count = u64::from(row.get::<_, u32>(2)?);
                if let (Some(summary), Ok(state)) = (summaries.get_mut(&tenant), state.parse()) {
                    summary.tools.insert(state, count);
                }
            }
            let mut calls = connection.prepare_cached(
                "SELECT tenant, result, count(*) FROM audit
                 WHERE kind = 'call' AND at >= ? GROUP BY 1, 2",
            )?;
            let mut rows = calls.query([millis(since)])?;
            while let Some(row) = rows.next()? {
                let (tenant, result): (String, String) = (row.get(0)?, row.get(1)?);
                let count = u64::from(row.get::<_, u32>(2)?);
                let Some(summary) = summaries.get_mut(&tenant) else {
                    continue;
                };
                summary.calls += count;
                match result.parse() {
                    Ok(CallResult::Denied) => summary.denied += count,
                    Ok(CallResult::Error | CallResult::Interrupted | CallResult::Unknown) => {
                        summary.errors += count
                    }
                    _ => {}
                }
            }
            Ok(summaries)
        })
    }

    /// What a tenant sent to Gong since `first`, in intervals of `step`, oldest first. Intervals
    /// without calls are left out. Requests of a call are counted when the call has ended.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn usage(
        &self,
        tenant: &str,
        first: Timestamp,
        step: SignedDuration,
    ) -> Result<Vec<Usage>, StoreError> {
        let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX).max(1);
        self.read(|connection| {
            require_tenant(connection, tenant)?;
            let mut statement = connection.prepare_cached(
                "SELECT (at - ?2) / ?3, count(*), coalesce(sum(gong_requests), 0) FROM audit
                 WHERE kind = 'call' AND tenant = ?1 AND at >= ?2 GROUP BY 1 ORDER BY 1",
            )?;
            let start = millis(first);
            let rows = statement.query_map(params![tenant, start, step], |row| {
                let place: i64 = row.get(0)?;
                Ok(Usage {
                    start: timestamp(start.saturating_add(place.saturating_mul(step))),
                    calls: row.get::<_, u32>(1)?.into(),
                    gong_requests: row.get::<_, i64>(2)?.try_into().unwrap_or(0),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
