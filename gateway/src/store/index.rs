//! What administrators order for a tenant's index, and how much it keeps. Nothing of what is kept is
//! in the state file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::Serialize;

use super::audit::saturating;
use super::lookup::require_tenant;
use super::{Actor, Store, StoreError, from_json, json, millis, record_act, timestamp};

/// How often each thing was ordered for a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexOrders {
    /// That the index is emptied.
    pub clears: u32,
    /// That the tools on the schedule are called at once.
    pub refills: u32,
}

/// How much a tenant's index keeps, as the gateway that serves last saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IndexStatus {
    /// The tenant.
    #[serde(skip)]
    pub tenant: String,
    /// When this was so.
    pub at: Timestamp,
    /// `off`, `memory` or `disk`.
    pub place: String,
    /// Bytes that are kept.
    pub bytes: u64,
    /// Objects that are kept.
    pub objects: u64,
    /// Bytes that may be kept.
    pub max_bytes: u64,
    /// Seconds after which an object is gone.
    pub max_age: u64,
    /// When the object was written that was not written for longest.
    pub oldest: Option<Timestamp>,
    /// When an object was last written.
    pub youngest: Option<Timestamp>,
    /// The day (UTC) of `filling`.
    pub day: Date,
    /// Requests to Gong on that day of users' calls that have written to the index too.
    pub filling: u32,
    /// How much is complete, in per cent by label, as the last call on the schedule has said.
    pub coverage: Vec<(String, u32)>,
    /// The orders that are done.
    #[serde(skip)]
    pub done: IndexOrders,
}

impl Store {
    /// What was ordered, by tenant.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn index_orders(&self) -> Result<BTreeMap<String, IndexOrders>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM index_orders")?;
            let rows = statement.query_map([], |row| {
                let orders = IndexOrders {
                    clears: row.get("clears")?,
                    refills: row.get("refills")?,
                };
                Ok((row.get("tenant")?, orders))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Orders that a tenant's index is emptied, which the gateway that serves does within seconds, and
    /// one that starts does first. Returns the orders with this one.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be written.
    pub fn clear_index(&self, actor: &Actor, tenant: &str) -> Result<IndexOrders, StoreError> {
        self.order(actor, tenant, "index-clear", |transaction| {
            order_clear(transaction, tenant)
        })
    }

    /// Orders that the tools on a tenant's schedule are called at once. Returns the orders with this
    /// one.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be written.
    pub fn refill_index(&self, actor: &Actor, tenant: &str) -> Result<IndexOrders, StoreError> {
        self.order(actor, tenant, "index-refill", |transaction| {
            transaction.execute(
                "INSERT INTO index_orders (tenant, clears, refills) VALUES (?, 0, 1)
                 ON CONFLICT DO UPDATE SET refills = refills + 1",
                [tenant],
            )?;
            Ok(())
        })
    }

    fn order(
        &self,
        actor: &Actor,
        tenant: &str,
        act: &str,
        order: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<IndexOrders, StoreError> {
        self.write(|transaction| {
            require_tenant(transaction, tenant)?;
            order(transaction)?;
            record_act(transaction, actor, Some(tenant), act, None, None)?;
            let sql = "SELECT clears, refills FROM index_orders WHERE tenant = ?";
            Ok(transaction.query_row(sql, [tenant], |row| {
                Ok(IndexOrders {
                    clears: row.get(0)?,
                    refills: row.get(1)?,
                })
            })?)
        })
    }

    /// How much a tenant's index keeps. `None` if no gateway has served the tenant since it was
    /// declared.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn index_status(&self, tenant: &str) -> Result<Option<IndexStatus>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM index_status WHERE tenant = ?")?;
            let found = statement.query_row([tenant], |row| {
                let day: String = row.get("day")?;
                let moment = |at: Option<i64>| at.map(timestamp);
                let number = |number: i64| u64::try_from(number).unwrap_or(0);
                Ok(IndexStatus {
                    tenant: row.get("tenant")?,
                    at: timestamp(row.get("at")?),
                    place: row.get("place")?,
                    bytes: number(row.get("bytes")?),
                    objects: number(row.get("objects")?),
                    max_bytes: number(row.get("max_bytes")?),
                    max_age: number(row.get("max_age")?),
                    oldest: moment(row.get("oldest")?),
                    youngest: moment(row.get("youngest")?),
                    day: day.parse().unwrap_or(Date::MIN),
                    filling: row.get("filling")?,
                    coverage: from_json(row, "coverage")?,
                    done: IndexOrders {
                        clears: row.get("cleared")?,
                        refills: row.get("refilled")?,
                    },
                })
            });
            Ok(found.optional()?)
        })
    }

    /// Stores how much indexes keep.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn store_index_status(&self, statuses: &[IndexStatus]) -> Result<(), StoreError> {
        if statuses.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT OR REPLACE INTO index_status (tenant, at, place, bytes, objects, max_bytes,
                 max_age, oldest, youngest, day, filling, coverage, cleared, refilled)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            for status in statuses {
                statement.execute(params![
                    status.tenant,
                    millis(status.at),
                    status.place,
                    saturating(status.bytes.into()),
                    saturating(status.objects.into()),
                    saturating(status.max_bytes.into()),
                    saturating(status.max_age.into()),
                    status.oldest.map(millis),
                    status.youngest.map(millis),
                    status.day.to_string(),
                    status.filling,
                    json(&status.coverage),
                    status.done.clears,
                    status.done.refills,
                ])?;
            }
            Ok(())
        })
    }
}

/// Orders that the index of a tenant is emptied, or with an empty name those of all.
pub(super) fn order_clear(transaction: &Transaction<'_>, tenant: &str) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO index_orders (tenant, clears, refills)
         SELECT name, 1, 0 FROM tenants WHERE ?1 IN ('', name)
         ON CONFLICT DO UPDATE SET clears = clears + 1",
        [tenant],
    )?;
    Ok(())
}

/// Forgets a tenant that is declared no more.
pub(super) fn forget(transaction: &Transaction<'_>, tenant: &str) -> Result<(), StoreError> {
    for table in ["index_orders", "index_status"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE tenant = ?"), [tenant])?;
    }
    Ok(())
}
