//! What administrators change about service accounts.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{NewServiceToken, SERVICE, id_of, names, tokens};
use crate::config::check_name;
use crate::store::access::{Access, join};
use crate::store::lookup::{require_tenant, require_user, texts};
use crate::store::sign_in::{ClientKind, ClientRow, Registration, forget_client, put_client};
use crate::store::{Actor, Store, StoreError, json, millis, record_act, refused};
use crate::suggest::unknown_name;

/// Tokens that an account has at a time.
const MOST_TOKENS: usize = 2;

impl Store {
    /// Makes a service account with its first token.
    ///
    /// # Errors
    ///
    /// The name is wrong or taken, there is no such owner or profile, the token lasts too long, or the
    /// file could not be written.
    pub fn create_account(
        &self,
        actor: &Actor,
        tenant: &str,
        (name, owner): (&str, &str),
        profiles: &BTreeSet<String>,
        token: NewServiceToken,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_tenant(transaction, tenant)?;
            check_name(name).or_else(refused)?;
            let user = format!("{SERVICE}{name}");
            if names(transaction, tenant)?.contains(&user) {
                return refused(format_args!(
                    "there is a service account {name} already; to give it another token: gong-gateway admin accounts rotate {name}"
                ));
            }
            check_owner(transaction, tenant, owner)?;
            check_profiles(transaction, tenant, profiles)?;
            transaction.execute(
                "INSERT INTO service_accounts (tenant, name, profiles, created_by, created_at)
                 VALUES (?, ?, ?, ?, ?)",
                params![tenant, name, json(profiles), actor.name, millis(now)],
            )?;
            let (account, service) = (Registration::Account, ClientKind::Service);
            let client = ClientRow {
                owner: Some(owner.to_owned()),
                ..ClientRow::new(&user, account, service, name, now)
            };
            put_client(transaction, tenant, &client)?;
            insert_token(transaction, actor, tenant, name, token, now)?;
            let detail = format!("owner {owner}; profiles {}; {}", join(profiles), shown(token));
            record_act(transaction, actor, Some(tenant), "create-account", Some(name), Some(&detail))
        })
    }

    /// Gives a service account one more token, which replaces the one before when that is revoked or ends.
    ///
    /// # Errors
    ///
    /// There is no such account, it has two tokens already, the token lasts too long, or the file could
    /// not be written.
    pub fn rotate_account(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
        token: NewServiceToken,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_account(transaction, tenant, name)?;
            transaction.execute(
                "DELETE FROM service_tokens WHERE tenant = ? AND account = ? AND ends_at <= ?",
                params![tenant, name, millis(now)],
            )?;
            let tokens = tokens(transaction, tenant, name)?;
            if tokens.len() >= MOST_TOKENS {
                return refused(format_args!(
                    "{name} has {MOST_TOKENS} tokens, and no more may be; revoke the older one: gong-gateway admin accounts revoke {name} --token {}",
                    tokens[0].id
                ));
            }
            insert_token(transaction, actor, tenant, name, token, now)?;
            let detail = shown(token);
            record_act(transaction, actor, Some(tenant), "rotate-account", Some(name), Some(&detail))
        })
    }

    /// Revokes a token of a service account by its first digits, or all of its tokens. Returns how many.
    ///
    /// # Errors
    ///
    /// There is no such account or token, or the file could not be written.
    pub fn revoke_account(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
        token: Option<&str>,
    ) -> Result<usize, StoreError> {
        self.change(|transaction| {
            require_account(transaction, tenant, name)?;
            let known = tokens(transaction, tenant, name)?;
            let ids = known.iter().map(|one| &*one.id);
            if let Some(token) = token
                && !ids.clone().any(|id| id == token)
            {
                return refused(unknown_name(&format!("token of {name}"), token, ids));
            }
            let revoked = transaction.execute(
                "DELETE FROM service_tokens WHERE tenant = ?1 AND account = ?2
                 AND substr(hash, 8, 8) = coalesce(?3, substr(hash, 8, 8))",
                params![tenant, name, token],
            )?;
            let detail = token.map_or("all tokens".to_owned(), |token| format!("token {token}"));
            let subject = Some(name);
            record_act(
                transaction,
                actor,
                Some(tenant),
                "revoke-account",
                subject,
                Some(&detail),
            )?;
            Ok(revoked)
        })
    }

    /// Gives a service account another owner, or other profiles.
    ///
    /// # Errors
    ///
    /// There is no such account, owner or profile, or the file could not be written.
    pub fn change_account(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
        owner: Option<&str>,
        profiles: Option<&BTreeSet<String>>,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_account(transaction, tenant, name)?;
            let mut detail = Vec::new();
            if let Some(owner) = owner {
                check_owner(transaction, tenant, owner)?;
                let sql = "UPDATE sign_in_clients SET owner = ? WHERE tenant = ? AND id = ?";
                transaction.execute(sql, [owner, tenant, &format!("{SERVICE}{name}")])?;
                detail.push(format!("owner {owner}"));
            }
            if let Some(profiles) = profiles {
                check_profiles(transaction, tenant, profiles)?;
                let sql = "UPDATE service_accounts SET profiles = ? WHERE tenant = ? AND name = ?";
                transaction.execute(sql, [&*json(profiles), tenant, name])?;
                detail.push(format!("profiles {}", join(profiles)));
            }
            if detail.is_empty() {
                return refused("say what to change, such as --owner mia or --profile analysts");
            }
            let (subject, detail) = (Some(name), detail.join("; "));
            record_act(
                transaction,
                actor,
                Some(tenant),
                "change-account",
                subject,
                Some(&detail),
            )
        })
    }

    /// Removes a service account with its tokens.
    ///
    /// # Errors
    ///
    /// There is no such account, or the file could not be written.
    pub fn remove_account(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_account(transaction, tenant, name)?;
            let sql = "DELETE FROM service_accounts WHERE tenant = ? AND name = ?";
            transaction.execute(sql, [tenant, name])?;
            forget_client(transaction, tenant, &format!("{SERVICE}{name}"))?;
            record_act(
                transaction,
                actor,
                Some(tenant),
                "remove-account",
                Some(name),
                None,
            )
        })
    }
}

fn insert_token(
    transaction: &Transaction<'_>,
    actor: &Actor,
    tenant: &str,
    account: &str,
    token: NewServiceToken,
    now: Timestamp,
) -> Result<(), StoreError> {
    let days = token.longest.as_secs() / (24 * 60 * 60);
    if token.ends_at <= now || token.ends_at > now + token.longest {
        return refused(format_args!(
            "a token has an end from now on, {days} days from now at the latest; such as --ends 90d"
        ));
    }
    transaction.execute(
        "INSERT INTO service_tokens (hash, tenant, account, created_by, created_at, ends_at)
         VALUES (?, ?, ?, ?, ?, ?)",
        params![
            token.hash.to_string(),
            tenant,
            account,
            actor.name,
            millis(now),
            millis(token.ends_at)
        ],
    )?;
    Ok(())
}

/// A token, for the audit.
fn shown(token: NewServiceToken) -> String {
    let id = id_of(&token.hash.to_string());
    format!("token {id} until {}", token.ends_at.strftime("%F %H:%M"))
}

fn require_account(connection: &Connection, tenant: &str, name: &str) -> Result<(), StoreError> {
    require_tenant(connection, tenant)?;
    let sql = "SELECT name FROM service_accounts WHERE tenant = ? ORDER BY name";
    let known = texts(connection, sql, [tenant])?;
    if known.iter().any(|one| one == name) {
        return Ok(());
    }
    let known = known.iter().map(String::as_str);
    refused(unknown_name("service account", name, known))
}

fn check_owner(connection: &Connection, tenant: &str, owner: &str) -> Result<(), StoreError> {
    if owner.starts_with(SERVICE) {
        return refused("a person answers for a service account, such as --owner mia");
    }
    require_user(connection, tenant, owner)
}

fn check_profiles(
    connection: &Connection,
    tenant: &str,
    profiles: &BTreeSet<String>,
) -> Result<(), StoreError> {
    if profiles.is_empty() {
        return refused("a service account needs at least one profile, such as --profile analysts");
    }
    let known = Access::load(connection, tenant)?.profiles;
    for profile in profiles {
        if !known.contains_key(profile) {
            let known = known.keys().map(String::as_str);
            return refused(unknown_name("profile", profile, known));
        }
    }
    Ok(())
}
