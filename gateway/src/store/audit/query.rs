//! Reads the audit: pages of it, and exports.

use std::io::Write;

use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::{AuditRow, CallResult, RowKind, saturating};
use crate::store::{Store, StoreError, json, millis};

/// Rows that one transaction of an export reads: about 64 KiB.
const SLICE: u32 = 200;

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
    /// Calls through this client, by its id or by the name that it states, and acts on it.
    pub client: Option<String>,
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
        if let Some(client) = &self.client {
            add(
                "(kind = 'call' AND (client_id = ? OR via = ?)
                  OR kind = 'act' AND subject IN (?, 'client ' || ?))",
                client.clone().into(),
            );
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
        let mut count = 0;
        let mut export = Export::new(filter.clone());
        while let Some(lines) = export.next_lines(self)? {
            count += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            out.write_all(&lines)
                .map_err(|error| StoreError::Failed(format!("cannot write the export: {error}")))?;
        }
        Ok(count)
    }
}

/// An export that is taken in slices. Between them it holds no transaction and no connection, so
/// that it may be taken as slowly as its reader likes.
#[derive(Clone, Debug)]
pub struct Export {
    filter: AuditFilter,
    /// The row that was taken last, by its time and id.
    last: (i64, i64),
    /// Rows that may still come.
    left: u64,
}

impl Export {
    /// All rows that the filter selects, or the oldest ones up to its limit.
    #[must_use]
    pub fn new(filter: AuditFilter) -> Self {
        Self {
            left: filter.limit.map_or(u64::MAX, |limit| limit as u64),
            last: (i64::MIN, i64::MIN),
            filter,
        }
    }

    /// The next lines, of [`SLICE`] rows at most. `None` after the last.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn next_lines(&mut self, store: &Store) -> Result<Option<Vec<u8>>, StoreError> {
        let slice = u64::from(SLICE).min(self.left);
        if slice == 0 {
            return Ok(None);
        }
        let (condition, values) = self.filter.condition();
        // All three are numbers, so formatting them into SQL is safe.
        let sql = format!(
            "SELECT * FROM audit WHERE {condition} AND (at, id) > ({}, {})
             ORDER BY at, id LIMIT {slice}",
            self.last.0, self.last.1
        );
        let mut lines = Vec::new();
        let mut count = 0;
        store.read(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(&values))?;
            while let Some(row) = rows.next()? {
                self.last = (row.get("at")?, row.get("id")?);
                lines.extend(json(&AuditRow::from_row(row)?).into_bytes());
                lines.push(b'\n');
                count += 1;
            }
            Ok(())
        })?;
        self.left = if count < slice { 0 } else { self.left - count };
        Ok((count > 0).then_some(lines))
    }
}
