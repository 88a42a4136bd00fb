//! Reads the audit: pages of it, exports, and what retention deletes.

use std::io::Write;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::{AuditRow, CallResult, RowKind, saturating};
use crate::store::{Store, StoreError, json, millis};

/// Rows that one transaction of pruning deletes, or of export reads: others wait only for these.
const SLICE: u32 = 5_000;

/// Which rows to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Of this tenant. Acts that concern the whole gateway belong to none.
    pub tenant: Option<String>,
    /// Only of these tenants, for an administrator who does not manage all of them.
    pub only: Option<Vec<String>>,
    /// By this user or administrator.
    pub user: Option<String>,
    /// Calls of this tool, and acts on it.
    pub tool: Option<String>,
    /// Calls with this result.
    pub result: Option<CallResult>,
    /// Only calls, or only acts.
    pub kind: Option<RowKind>,
    /// Older than the row with this id, which is the last one of the previous page.
    pub before: Option<i64>,
    /// At most this many of the newest, or 100.
    pub limit: Option<usize>,
}

impl AuditFilter {
    /// The condition in SQL, and its values.
    fn condition(&self) -> (String, Vec<Value>) {
        let mut conditions = vec!["1".to_owned()];
        let mut values: Vec<Value> = Vec::new();
        let mut add = |condition: &str, value: Value| {
            conditions.push(condition.replace('?', &format!("?{}", values.len() + 1)));
            values.push(value);
        };
        if let Some(since) = self.since {
            add("at >= ?", millis(since).into());
        }
        if let Some(until) = self.until {
            add("at < ?", millis(until).into());
        }
        if let Some(tenant) = &self.tenant {
            add("tenant = ?", tenant.clone().into());
        }
        if let Some(only) = &self.only {
            add(
                "tenant IN (SELECT value FROM json_each(?))",
                json(only).into(),
            );
        }
        if let Some(user) = &self.user {
            add("actor = ?", user.clone().into());
        }
        if let Some(tool) = &self.tool {
            add(
                "(kind = 'call' AND what = ? OR kind = 'act' AND subject = ?)",
                tool.clone().into(),
            );
        }
        if let Some(result) = self.result {
            add(
                "kind = 'call' AND result = ?",
                result.as_str().to_owned().into(),
            );
        }
        if let Some(kind) = self.kind {
            add("kind = ?", kind.as_str().to_owned().into());
        }
        if let Some(before) = self.before {
            add(
                "(at, id) < (SELECT at, id FROM audit WHERE id = ?)",
                before.into(),
            );
        }
        (conditions.join(" AND "), values)
    }
}

impl Store {
    /// The rows that the filter selects, newest first.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn query_audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let (condition, values) = filter.condition();
        let limit = saturating(filter.limit.unwrap_or(100) as u128);
        let sql = format!(
            "SELECT * FROM audit WHERE {condition} ORDER BY at DESC, id DESC LIMIT {limit}"
        );
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(values), AuditRow::from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Writes the selected rows as JSON lines, oldest first, and returns how many. Without a
    /// `limit` it writes all of them, else the oldest ones.
    ///
    /// Rows that are added during the export may be among them.
    ///
    /// # Errors
    ///
    /// The file could not be read, or `out` not written.
    pub fn export_audit(
        &self,
        filter: &AuditFilter,
        out: &mut dyn Write,
    ) -> Result<u64, StoreError> {
        let (condition, values) = filter.condition();
        let most = filter.limit.map_or(u64::MAX, |limit| limit as u64);
        let mut count = 0;
        let mut last = (i64::MIN, i64::MIN);
        while count < most {
            let slice = SLICE.min(u32::try_from(most - count).unwrap_or(SLICE));
            // Both bounds are numbers, so formatting them into SQL is safe.
            let sql = format!(
                "SELECT * FROM audit WHERE {condition} AND (at, id) > ({}, {})
                 ORDER BY at, id LIMIT {slice}",
                last.0, last.1
            );
            let rows = self.read(|connection| {
                let mut statement = connection.prepare(&sql)?;
                let rows = statement.query_map(params_from_iter(&values), |row| {
                    Ok((row.get("at")?, row.get("id")?, AuditRow::from_row(row)?))
                })?;
                Ok(rows.collect::<Result<Vec<(i64, i64, AuditRow)>, _>>()?)
            })?;
            let full = rows.len() == slice as usize;
            for (at, id, row) in rows {
                last = (at, id);
                count += 1;
                writeln!(out, "{}", json(&row)).map_err(|error| {
                    StoreError::Failed(format!("cannot write the export: {error}"))
                })?;
            }
            if !full {
                break;
            }
        }
        Ok(count)
    }

    /// Deletes rows that are older than `keep` at the time `now`, and quota of days over a year ago. Returns how
    /// many rows of the audit it deleted.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn prune(&self, keep: Duration, now: Timestamp) -> Result<u64, StoreError> {
        let oldest = now.checked_sub(keep).unwrap_or(Timestamp::MIN);
        let mut deleted = 0;
        loop {
            let rows = self.write(|transaction| {
                let rows = transaction.execute(
                    "DELETE FROM audit WHERE id IN
                     (SELECT id FROM audit WHERE at < ? AND result <> 'started' LIMIT ?)",
                    params![millis(oldest), SLICE],
                )?;
                Ok(rows)
            })?;
            deleted += rows as u64;
            if rows < SLICE as usize {
                break;
            }
        }
        self.write(|transaction| {
            let year = now - jiff::SignedDuration::from_hours(366 * 24);
            transaction.execute(
                "DELETE FROM quota WHERE day < ?",
                [year.strftime("%F").to_string()],
            )?;
            transaction.execute(
                "DELETE FROM user_quota WHERE day < ?",
                [year.strftime("%F").to_string()],
            )?;
            transaction.execute("DELETE FROM blocks WHERE until < ?", [millis(now)])?;
            Ok(deleted)
        })
    }

    /// Marks the calls that an earlier process left unfinished as interrupted.
    pub(in crate::store) fn interrupt_unfinished(&self) -> Result<usize, StoreError> {
        self.write(|transaction| {
            Ok(transaction.execute(
                "UPDATE audit SET result = 'interrupted', code = 'interrupted',
                 reason = 'The gateway ended before the call did: Gong may have done what was asked.'
                 WHERE result = 'started'",
                [],
            )?)
        })
    }
}
