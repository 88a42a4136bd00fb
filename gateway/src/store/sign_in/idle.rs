//! What becomes of clients that nobody uses: they are hidden, closed and deleted.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::connections::end_all;
use super::grants::EndReason;
use crate::config::IdleAfter;
use crate::store::{Actor, Store, StoreError, millis, record_act};

/// Since when a client is idle, or registered and not used.
const SINCE: &str = "coalesce(last_used_at, registered_at)";

impl Store {
    /// Hides, closes and deletes the clients of a tenant that have been idle for too long. Returns how
    /// many have another state now.
    ///
    /// Clients with tokens of the configuration have nothing that could be closed. Service accounts are
    /// only hidden: their tokens have an end. What is switched off is not deleted, as it could come back
    /// switched on.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn settle_idle_clients(
        &self,
        tenant: &str,
        after: IdleAfter,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(|transaction| {
            let settled = [
                delete(transaction, tenant, after, now)?,
                close(transaction, tenant, after, now)?,
                hide(transaction, tenant, after, now)?,
            ];
            Ok(settled.into_iter().sum())
        })
    }
}

fn delete(
    transaction: &Transaction<'_>,
    tenant: &str,
    after: IdleAfter,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let idle = format!(
        "SELECT id, name FROM sign_in_clients c WHERE tenant = ?1 AND registration <> 'account'
         AND {SINCE} + coalesce(deleted_after, ?2) <= ?3 AND NOT EXISTS (SELECT 1 FROM switches s
         WHERE s.tenant = c.tenant AND s.subject = 'client' AND s.name = c.id)"
    );
    let clients = clients(transaction, &idle, tenant, after.deleted, now)?;
    let sql = "DELETE FROM sign_in_clients WHERE tenant = ? AND id = ?";
    end(transaction, tenant, &clients, (sql, "client-deleted"), now)
}

fn close(
    transaction: &Transaction<'_>,
    tenant: &str,
    after: IdleAfter,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let idle = format!(
        "SELECT id, name FROM sign_in_clients WHERE tenant = ?1 AND state <> 'closed'
         AND registration IN ('document', 'dynamic') AND first_used_at IS NOT NULL
         AND {SINCE} + coalesce(closed_after, ?2) <= ?3"
    );
    let clients = clients(transaction, &idle, tenant, after.closed, now)?;
    let sql = "UPDATE sign_in_clients SET state = 'closed' WHERE tenant = ? AND id = ?";
    end(transaction, tenant, &clients, (sql, "client-closed"), now)
}

fn hide(
    transaction: &Transaction<'_>,
    tenant: &str,
    after: IdleAfter,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let sql = format!(
        "UPDATE sign_in_clients SET state = 'hidden' WHERE tenant = ?1 AND state = 'active'
         AND first_used_at IS NOT NULL AND {SINCE} + coalesce(hidden_after, ?2) <= ?3"
    );
    let hidden = after.hidden.as_millis() as i64;
    Ok(transaction.execute(&sql, params![tenant, hidden, millis(now)])?)
}

/// Ids and names of the clients that a query selects.
fn clients(
    transaction: &Transaction<'_>,
    sql: &str,
    tenant: &str,
    after: std::time::Duration,
    now: Timestamp,
) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement = transaction.prepare_cached(sql)?;
    let after = after.as_millis() as i64;
    let rows = statement.query_map(params![tenant, after, millis(now)], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ends the sign-ins with clients, executes a statement for each, and records the act.
fn end(
    transaction: &Transaction<'_>,
    tenant: &str,
    clients: &[(String, String)],
    (sql, act): (&str, &str),
    now: Timestamp,
) -> Result<usize, StoreError> {
    let actor = Actor::gateway();
    for (id, name) in clients {
        end_all(transaction, tenant, Some(id), None, EndReason::Idle, now)?;
        transaction.execute(sql, [tenant, id])?;
        let detail = format!("{name}; nobody has used it for too long");
        record_act(
            transaction,
            &actor,
            Some(tenant),
            act,
            Some(id),
            Some(&detail),
        )?;
    }
    Ok(clients.len())
}
