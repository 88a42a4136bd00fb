//! People who are deleted: because they have not signed in for long, or because an administrator says so.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::connections::end_all;
use super::grants::{EndReason, governance_changed};
use super::people::names;
use crate::store::kill_switches::is_off;
use crate::store::lookup::require_tenant;
use crate::store::profiles::leave_profiles;
use crate::store::{Actor, Store, StoreError, millis, record_act, refused};
use crate::suggest::unknown_name;

impl Store {
    /// Deletes the people of a tenant who have neither signed in nor been confirmed by the provider for
    /// so long, with their sign-ins, and returns how many. Who is switched off stays: they could come back
    /// switched on.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn prune_people(
        &self,
        tenant: &str,
        after: Duration,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.write(|transaction| {
            let gone = transaction
                .prepare_cached(
                    "SELECT name FROM sign_in_users u WHERE tenant = ?1 AND last_at <= ?2
                     AND NOT EXISTS (SELECT 1 FROM switches s WHERE s.tenant = u.tenant
                     AND s.subject = 'user' AND s.name = u.name) ORDER BY name",
                )?
                .query_map(params![tenant, millis(now - after)], |row| row.get(0))?
                .collect::<Result<Vec<String>, _>>()?;
            let days = after.as_secs() / (24 * 60 * 60);
            let why = format!("has not signed in for {days} days");
            for name in &gone {
                delete(transaction, &Actor::gateway(), tenant, name, &why, now)?;
            }
            Ok(gone.len())
        })
    }

    /// Deletes somebody who has signed in, with their sign-ins. They may sign in anew, if the provider
    /// lets them.
    ///
    /// # Errors
    ///
    /// Nobody of this name has signed in, they are switched off, or the file could not be written.
    pub fn remove_person(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            require_tenant(transaction, tenant)?;
            let known = names(transaction, tenant)?;
            if !known.iter().any(|one| one == name) {
                let known = known.iter().map(String::as_str);
                return refused(unknown_name("person", name, known));
            }
            if is_off(transaction, tenant, "user", name)? {
                return refused(format_args!(
                    "{name} is switched off, and whoever is removed may sign in anew under another name; leave it like this, or switch it on first"
                ));
            }
            delete(transaction, actor, tenant, name, "by an administrator", now)
        })
    }
}

fn delete(
    transaction: &Transaction<'_>,
    actor: &Actor,
    tenant: &str,
    name: &str,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ended = end_all(
        transaction,
        tenant,
        None,
        Some(name),
        EndReason::PersonGone,
        now,
    )?;
    // The next person of the same name is somebody else.
    let left = leave_profiles(transaction, tenant, &BTreeSet::from([name.to_owned()]))?;
    let sql = "UPDATE sign_in_clients SET owner = NULL WHERE tenant = ? AND owner = ?
               AND registration IN ('document', 'dynamic')";
    transaction.execute(sql, [tenant, name])?;
    let sql = "DELETE FROM sign_in_users WHERE tenant = ? AND name = ?";
    transaction.execute(sql, [tenant, name])?;
    governance_changed(transaction)?;
    let mut detail = format!("{why}; {ended} sign-ins ended");
    for (profile, _) in left {
        detail.push_str(&format!("; taken out of profile {profile}"));
    }
    let (tenant, subject) = (Some(tenant), Some(name));
    record_act(
        transaction,
        actor,
        tenant,
        "delete-person",
        subject,
        Some(&detail),
    )
}
