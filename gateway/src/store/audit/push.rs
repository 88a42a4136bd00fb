//! How far the audit was pushed to another system.

use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use super::chain::{self, ChainLink, Hash};
use super::{AuditRow, saturating};
use crate::store::{Store, StoreError};

/// A final row, and its link in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainedRow {
    /// Its link: rows are pushed in the order of their links.
    #[serde(flatten)]
    pub link: ChainLink,
    /// The row.
    #[serde(flatten)]
    pub row: AuditRow,
}

impl Store {
    /// The link up to which a destination has the audit. A destination that is new gets all rows
    /// that there are. Without a destination, retention does not wait any more for rows to be
    /// pushed.
    ///
    /// # Errors
    ///
    /// The file could not be read or written.
    pub fn push_to(&self, destination: Option<&str>) -> Result<i64, StoreError> {
        self.write(|transaction| {
            let anchor = chain::ends(transaction)?.anchor.seq;
            let Some(destination) = destination else {
                transaction.execute("DELETE FROM audit_push", [])?;
                return Ok(anchor);
            };
            let known = transaction
                .prepare("SELECT seq FROM audit_push WHERE destination = ?")?
                .query_row([destination], |row| row.get(0))
                .optional()?;
            if let Some(seq) = known {
                return Ok(seq);
            }
            transaction.execute(
                "INSERT OR REPLACE INTO audit_push (one, destination, seq) VALUES (1, ?, ?)",
                params![destination, anchor],
            )?;
            Ok(anchor)
        })
    }

    /// The first final rows after a link, and how many links there are after it.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn rows_after(&self, seq: i64, limit: usize) -> Result<(Vec<ChainedRow>, u64), StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT a.*, c.seq AS chain_seq, c.hash AS chain_hash FROM audit_chain AS c
                 JOIN audit AS a ON a.id = c.row
                 WHERE c.seq > ? AND c.event = 'final' ORDER BY c.seq LIMIT ?",
            )?;
            let rows = statement.query_map(params![seq, saturating(limit as u128)], |row| {
                Ok(ChainedRow {
                    link: ChainLink {
                        seq: row.get("chain_seq")?,
                        hash: Hash(row.get("chain_hash")?),
                    },
                    row: AuditRow::from_row(row)?,
                })
            })?;
            let rows = rows.collect::<Result<_, _>>()?;
            let behind = chain::ends(connection)?.head.seq - seq;
            Ok((rows, behind.unsigned_abs()))
        })
    }

    /// Records that a destination has all rows up to a link.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn pushed(&self, destination: &str, seq: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE audit_push SET seq = ? WHERE destination = ?",
                params![seq, destination],
            )?;
            Ok(())
        })
    }
}
