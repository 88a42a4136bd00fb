//! People who come with an access token of the provider, and never signed in at the gateway.

use jiff::{Timestamp, ToSpan as _};
use rusqlite::{OptionalExtension as _, params};

use super::people::{self, Person};
use crate::store::{Actor, Store, StoreError, Via, from_json, record_act, timestamp};

/// Whether somebody with an access token has access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// They have, under this name.
    As(String),
    /// Nothing gives this person access.
    NoAccess,
}

impl Store {
    /// Stores a person of an access token as of now, at most once an hour while nothing of them
    /// changes.
    ///
    /// # Errors
    ///
    /// The file could not be read or written.
    pub fn person_seen(
        &self,
        tenant: &str,
        person: &Person,
        now: Timestamp,
    ) -> Result<Seen, StoreError> {
        let known = self.read(|connection| {
            if !people::has_access(connection, tenant, person)? {
                return Ok(Some(Seen::NoAccess));
            }
            let known = connection
                .prepare_cached(
                    "SELECT name, groups, email, last_at FROM sign_in_users
                     WHERE tenant = ? AND issuer = ? AND subject = ?",
                )?
                .query_row(params![tenant, person.issuer, person.subject], |row| {
                    let email: Option<String> = row.get("email")?;
                    let same = from_json::<std::collections::BTreeSet<String>>(row, "groups")?
                        == person.groups
                        && email == person.email;
                    let last_at = timestamp(row.get("last_at")?);
                    Ok((row.get::<_, String>("name")?, same, last_at))
                })
                .optional()?;
            Ok(match known {
                Some((name, true, last_at)) if now < last_at + 1.hour() => Some(Seen::As(name)),
                _ => None,
            })
        })?;
        if let Some(known) = known {
            return Ok(known);
        }
        self.write(|transaction| {
            let is_new = !people::is_known(transaction, tenant, person)?;
            let (_, name) = people::put_person(transaction, tenant, person, now)?;
            if is_new {
                let actor = Actor::new(&name, Via::SignIn);
                let detail = format!("first access token of {}", person.issuer);
                record_act(
                    transaction,
                    &actor,
                    Some(tenant),
                    "sign-in",
                    None,
                    Some(&detail),
                )?;
            }
            Ok(Seen::As(name))
        })
    }
}
