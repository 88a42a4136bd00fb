//! Administrators who sign in with the company's account: their sessions at the page and on the
//! command line.
//!
//! A session is worth something while its person is who the provider said, is not switched off, and
//! has a group that makes an administrator: all of it is read anew for each request.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::sign_in::{self, Person};
use super::{Actor, Store, StoreError, Via, from_json, millis, record_act, timestamp};
use crate::config::{Config, TokenHash};

/// The session of an administrator who has signed in with the company's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdministratorSession {
    /// The name in the audit.
    pub name: String,
    /// The tenant that they manage. `None` means the gateway as a whole.
    pub tenant: Option<String>,
    /// When the provider last said who it is.
    pub confirmed_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Whether an administrator's session has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It has, for somebody of this name.
    Yes(String),
    /// No group makes this person an administrator.
    NotAdministrator,
    /// The person is switched off.
    Off,
}

/// A session that begins at the page.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// The hash of its secret.
    pub hash: &'a TokenHash,
    /// The session that it takes the place of, where the provider was only asked anew.
    pub replaces: Option<&'a TokenHash>,
    /// The tenant, empty for the gateway as a whole.
    pub tenant: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Stores what a configuration says of administrators, and ends sessions of other providers.
pub(super) fn declare(
    transaction: &Transaction<'_>,
    config: &Config,
    log: &mut super::declarations::ChangeLog,
) -> Result<(), StoreError> {
    let of_gateway = config.administrators.sign_in.as_ref();
    let of_gateway = of_gateway.map(|sign_in| &sign_in.people);
    sign_in::declare(transaction, "", of_gateway, log)?;
    transaction.execute(
        "UPDATE meta SET local_administrators = ?",
        [config.administrators.local],
    )?;
    if !config.administrators.local {
        transaction.execute("DELETE FROM sessions", [])?;
    }
    let tenants = config.tenants.iter();
    let places = tenants.map(|(name, tenant)| (name.as_str(), tenant.people()));
    for (tenant, people) in places.chain([("", of_gateway)]) {
        let issuer = people.map(|people| &*people.issuer).unwrap_or_default();
        for table in ["administrator_sessions", "administrator_codes"] {
            let sql = format!(
                "DELETE FROM {table} WHERE user IN
                 (SELECT id FROM sign_in_users WHERE tenant = ? AND issuer <> ?)"
            );
            transaction.execute(&sql, [tenant, issuer])?;
        }
    }
    Ok(())
}

/// The person of a row, if they are an administrator at this moment.
fn administrator(
    connection: &Connection,
    user: i64,
) -> Result<Option<(String, String)>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT u.name, u.tenant, u.groups FROM sign_in_users u WHERE u.id = ?
             AND NOT EXISTS (SELECT 1 FROM switches s WHERE s.tenant = u.tenant
                     AND s.subject = 'user' AND s.name = u.name)",
        )?
        .query_row([user], |row| {
            Ok((row.get(0)?, row.get(1)?, from_json(row, "groups")?))
        })
        .optional()?;
    let Some((name, tenant, groups)) = found else {
        return Ok(None);
    };
    let tenant: String = tenant;
    let is = sign_in::makes_administrator(connection, &tenant, &groups)?;
    Ok(is.then_some((name, tenant)))
}

fn at(tenant: &str) -> Option<&str> {
    (!tenant.is_empty()).then_some(tenant)
}

impl Store {
    /// Begins a session at the page, and stores the person, unless they are no administrator.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn open_administrator_session(
        &self,
        new: NewSession<'_>,
        person: &Person,
        now: Timestamp,
    ) -> Result<Opened, StoreError> {
        self.write(|transaction| {
            for table in ["administrator_sessions", "administrator_codes"] {
                let sql = format!("DELETE FROM {table} WHERE expires_at <= ?");
                transaction.execute(&sql, [millis(now)])?;
            }
            if !sign_in::makes_administrator(transaction, new.tenant, &person.groups)? {
                // Whoever was one is none from now on, wherever else they are signed in.
                if sign_in::is_known(transaction, new.tenant, person)? {
                    sign_in::put_person(transaction, new.tenant, person, now)?;
                }
                return Ok(Opened::NotAdministrator);
            }
            let (user, name) = sign_in::put_person(transaction, new.tenant, person, now)?;
            if administrator(transaction, user)?.is_none() {
                return Ok(Opened::Off);
            }
            let replaced = match new.replaces {
                Some(hash) => transaction.execute(
                    "DELETE FROM administrator_sessions WHERE hash = ? AND user = ?",
                    params![hash.to_string(), user],
                )?,
                None => 0,
            };
            transaction.execute(
                "INSERT INTO administrator_sessions (hash, user, via, confirmed_at, expires_at)
                 VALUES (?, ?, 'page', ?, ?)",
                params![
                    new.hash.to_string(),
                    user,
                    millis(now),
                    millis(new.expires_at)
                ],
            )?;
            if replaced == 0 {
                let actor = Actor::new(&name, Via::Page);
                let detail = format!("with the account of {}", person.issuer);
                record_act(
                    transaction,
                    &actor,
                    at(new.tenant),
                    "sign-in",
                    None,
                    Some(&detail),
                )?;
            }
            Ok(Opened::Yes(name))
        })
    }

    /// The session with this hash, if it goes on at the time `now`.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn administrator_session(
        &self,
        hash: &TokenHash,
        via: Via,
        now: Timestamp,
    ) -> Result<Option<AdministratorSession>, StoreError> {
        self.read(|connection| {
            let found = connection
                .prepare_cached(
                    "SELECT user, confirmed_at, expires_at FROM administrator_sessions
                     WHERE hash = ? AND via = ? AND expires_at > ?",
                )?
                .query_row(
                    params![hash.to_string(), via.as_str(), millis(now)],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let Some((user, confirmed_at, expires_at)) = found else {
                return Ok(None);
            };
            let person = administrator(connection, user)?;
            Ok(person.map(|(name, tenant)| AdministratorSession {
                name,
                tenant: (!tenant.is_empty()).then_some(tenant),
                confirmed_at: timestamp(confirmed_at),
                expires_at: timestamp(expires_at),
            }))
        })
    }

    /// Ends a session. It is no error if it has already ended.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn close_administrator_session(
        &self,
        hash: &TokenHash,
        actor: impl FnOnce(&str) -> Actor,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let user: Option<i64> = transaction
                .query_row(
                    "DELETE FROM administrator_sessions WHERE hash = ? RETURNING user",
                    [hash.to_string()],
                    |row| row.get(0),
                )
                .optional()?;
            let Some(user) = user else { return Ok(()) };
            let (name, tenant): (String, String) = transaction.query_row(
                "SELECT name, tenant FROM sign_in_users WHERE id = ?",
                [user],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            record_act(
                transaction,
                &actor(&name),
                at(&tenant),
                "sign-out",
                None,
                None,
            )
        })
    }

    /// Stores a code for the command line, of the person of a session at the page. Returns whether
    /// the session goes on.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn put_administrator_code(
        &self,
        session: &TokenHash,
        code: &TokenHash,
        challenge: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let stored = transaction.execute(
                "INSERT INTO administrator_codes (hash, user, challenge, confirmed_at, expires_at)
                 SELECT ?, user, ?, confirmed_at, ? FROM administrator_sessions WHERE hash = ?",
                params![
                    code.to_string(),
                    challenge,
                    millis(expires_at),
                    session.to_string()
                ],
            )?;
            Ok(stored > 0)
        })
    }

    /// Exchanges a code for a session of the command line, once. `challenge` is what the verifier
    /// makes. Returns the session, or `None` for a code that is none, has ended, or is another's.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn redeem_administrator_code(
        &self,
        code: &TokenHash,
        challenge: &str,
        session: &TokenHash,
        now: Timestamp,
        expires_at: Timestamp,
        os_user: &str,
    ) -> Result<Option<AdministratorSession>, StoreError> {
        self.write(|transaction| {
            let found: Option<(i64, String, i64, i64)> = transaction
                .query_row(
                    "DELETE FROM administrator_codes WHERE hash = ?
                     RETURNING user, challenge, confirmed_at, expires_at",
                    [code.to_string()],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
                )
                .optional()?;
            let Some((user, expected, confirmed_at, ends)) = found else {
                return Ok(None);
            };
            if expected != challenge || ends <= millis(now) {
                return Ok(None);
            }
            let Some((name, tenant)) = administrator(transaction, user)? else {
                return Ok(None);
            };
            transaction.execute(
                "INSERT INTO administrator_sessions (hash, user, via, confirmed_at, expires_at)
                 VALUES (?, ?, 'command-line', ?, ?)",
                params![session.to_string(), user, confirmed_at, millis(expires_at)],
            )?;
            let actor = Actor::new(&name, Via::CommandLine).with_os_user(Some(os_user.to_owned()));
            record_act(transaction, &actor, at(&tenant), "sign-in", None, None)?;
            Ok(Some(AdministratorSession {
                name,
                tenant: (!tenant.is_empty()).then_some(tenant),
                confirmed_at: timestamp(confirmed_at),
                expires_at,
            }))
        })
    }

    /// Records that somebody may not administrate. `detail` must not hold a secret.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn administrator_refused(
        &self,
        tenant: &str,
        who: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let actor = Actor::new(who, Via::Page);
            record_act(
                transaction,
                &actor,
                at(tenant),
                "sign-in-refused",
                None,
                Some(detail),
            )
        })
    }

    /// Whether tokens of `gateway.toml` and names that nothing proves make an administrator.
    ///
    /// # Errors
    ///
    /// The file could not be read.
    pub fn has_local_administrators(&self) -> Result<bool, StoreError> {
        self.read(|connection| {
            let sql = "SELECT local_administrators FROM meta";
            Ok(connection.query_row(sql, [], |row| row.get(0))?)
        })
    }
}
