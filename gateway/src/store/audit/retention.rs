//! Deletes rows of the audit that are older than was promised.
//!
//! Only the oldest part of the chain is deleted, and the last deleted link stays as the anchor
//! from which the rest is checked.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::chain::{self, Hash};
use crate::store::{Store, StoreError, millis};

/// Links that one transaction deletes at most: others wait only for these.
const SLICE: u32 = 5_000;

impl Store {
    /// Deletes rows that are older than `keep` at the time `now`, and than the `keep` that was in force when they
    /// were written; and quota of days over a year ago. What is being pushed and has not arrived
    /// stays. Returns how many rows of the audit it deleted.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn prune(&self, keep: Duration, now: Timestamp) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let (links, rows) = self.write(|transaction| prune_chain(transaction, keep, now))?;
            deleted += rows;
            if links < SLICE as usize {
                break;
            }
        }
        loop {
            let rows = self.write(|transaction| prune_unchained(transaction, keep, now))?;
            deleted += rows;
            if rows < u64::from(SLICE) {
                break;
            }
        }
        self.write(|transaction| {
            let year = now - jiff::SignedDuration::from_hours(366 * 24);
            let year = year.strftime("%F").to_string();
            transaction.execute("DELETE FROM quota WHERE day < ?", [&year])?;
            transaction.execute("DELETE FROM user_quota WHERE day < ?", [&year])?;
            transaction.execute("DELETE FROM blocks WHERE until < ?", [millis(now)])?;
            Ok(deleted)
        })
    }
}

/// For how long rows are kept from now on. Earlier rows keep what they were promised. Returns the
/// promise before, if it was another one.
pub(in crate::store) fn promise(
    transaction: &Transaction<'_>,
    keep: Duration,
) -> Result<Option<Duration>, StoreError> {
    let before = promises(transaction)?.pop().map(|(_, keep)| keep);
    if before == Some(keep) {
        return Ok(None);
    }
    let head = chain::ends(transaction)?.head.seq;
    let seconds = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
    transaction.execute(
        "INSERT INTO audit_keep (seq, keep) VALUES (?, ?)
         ON CONFLICT DO UPDATE SET keep = max(keep, excluded.keep)",
        params![head, seconds],
    )?;
    Ok(before)
}

/// After which link each promise holds, in order.
fn promises(connection: &Connection) -> Result<Vec<(i64, Duration)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT seq, keep FROM audit_keep ORDER BY seq")?;
    let rows = statement.query_map([], |row| {
        let seconds: i64 = row.get(1)?;
        Ok((row.get(0)?, Duration::from_secs(seconds.unsigned_abs())))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How long the row of a link is kept.
fn kept(promises: &[(i64, Duration)], seq: i64, keep: Duration) -> Duration {
    let later = promises.partition_point(|(after, _)| *after < seq);
    let promised = later.checked_sub(1).map(|index| promises[index].1);
    promised.unwrap_or_default().max(keep)
}

fn is_over(at: i64, kept: Duration, now: Timestamp) -> bool {
    let oldest = now.checked_sub(kept).unwrap_or(Timestamp::MIN);
    at < millis(oldest)
}

/// Deletes the links before the first one whose row has to stay, and returns how many, and how
/// many rows.
fn prune_chain(
    transaction: &Transaction<'_>,
    keep: Duration,
    now: Timestamp,
) -> Result<(usize, u64), StoreError> {
    let promises = promises(transaction)?;
    let pushed: Option<i64> = transaction
        .query_row("SELECT seq FROM audit_push", [], |row| row.get(0))
        .optional()?;
    let mut statement = transaction.prepare_cached(
        "SELECT c.seq, c.hash, a.at, a.result FROM audit_chain AS c
         LEFT JOIN audit AS a ON a.id = c.row ORDER BY c.seq LIMIT ?",
    )?;
    let mut rows = statement.query([SLICE])?;
    let mut anchor: Option<(i64, Hash)> = None;
    let mut links = 0;
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        seen += 1;
        let seq: i64 = row.get(0)?;
        if pushed.is_some_and(|pushed| seq > pushed) {
            break;
        }
        // Somebody removed the row. The link goes only together with a later one.
        let Some(at) = row.get::<_, Option<i64>>(2)? else {
            continue;
        };
        let started = row.get::<_, String>(3)? == "started";
        if started || !is_over(at, kept(&promises, seq, keep), now) {
            break;
        }
        anchor = Some((seq, Hash(row.get(1)?)));
        links = seen;
    }
    drop(rows);
    drop(statement);
    let Some((seq, hash)) = anchor else {
        return Ok((0, 0));
    };
    let deleted = transaction.execute(
        "DELETE FROM audit WHERE id IN
         (SELECT row FROM audit_chain WHERE seq <= ? AND event = 'final')",
        [seq],
    )?;
    transaction.execute("DELETE FROM audit_chain WHERE seq <= ?", [seq])?;
    transaction.execute(
        "UPDATE audit_ends SET anchor_seq = ?, anchor_hash = ?",
        params![seq, hash.0],
    )?;
    Ok((links, deleted as u64))
}

/// Deletes old rows from before there was a chain.
fn prune_unchained(
    transaction: &Transaction<'_>,
    keep: Duration,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let kept = promises(transaction)?
        .first()
        .map_or(keep, |(_, promised)| keep.max(*promised));
    let oldest = now.checked_sub(kept).unwrap_or(Timestamp::MIN);
    let deleted = transaction.execute(
        "DELETE FROM audit WHERE id IN (
             SELECT id FROM audit AS a WHERE id <= (SELECT unchained FROM audit_ends)
             AND at < ? AND result <> 'started'
             AND NOT EXISTS (SELECT 1 FROM audit_chain WHERE row = a.id) LIMIT ?
         )",
        params![millis(oldest), SLICE],
    )?;
    Ok(deleted as u64)
}
