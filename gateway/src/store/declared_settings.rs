//! What `gateway.toml` said last, and what is other in it now, for the audit.
//!
//! Every key of the file is compared, so that a new one needs nothing here. Toolsets and profiles
//! are left out: `declarations` notes them, and what they replace.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use ring::hmac;
use rusqlite::{Connection, Transaction, params};

use super::declarations::ChangeLog;
use super::{Store, StoreError};
use crate::config::{Config, Files, IndexPlace, SecretRef};

/// Characters that are shown of a token's hash, after `sha256:`.
const SHOWN: usize = 8;

/// The end of the keys that stand for a secret's contents.
const CONTENTS: &str = " (contents)";

/// Settings by tenant and key. The tenant is empty for what concerns all.
type Settings = BTreeMap<(String, String), String>;

fn stored(connection: &Connection) -> Result<Settings, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT tenant, key, value FROM declared_settings")?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn put(
    transaction: &Transaction<'_>,
    (tenant, key): &(String, String),
    value: &str,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO declared_settings (tenant, key, value) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET value = excluded.value",
        )?
        .execute(params![tenant, key, value])?;
    Ok(())
}

/// Stores the settings, and notes each that is other than before.
pub(super) fn declare_settings(
    transaction: &Transaction<'_>,
    config: &Config,
    log: &mut ChangeLog,
) -> Result<(), StoreError> {
    let mut before = stored(transaction)?;
    for (place, value) in &config.written.settings {
        let (tenant, key) = place;
        let old = before.remove(place);
        let is_noted_elsewhere = !tenant.is_empty()
            && ["toolsets.", "profiles."]
                .iter()
                .any(|one| key.starts_with(one));
        match &old {
            Some(old) if old == value => continue,
            _ if is_noted_elsewhere => {}
            Some(old) => log.note(
                tenant,
                format_args!("{key}: {} → {}", shown(old), shown(value)),
            ),
            None => log.note(tenant, format_args!("{key}: {}", shown(value))),
        }
        put(transaction, place, value)?;
    }
    for (place, old) in before {
        let (tenant, key) = &place;
        // A secret's contents go with the reference to it.
        if let Some(reference) = key.strip_suffix(CONTENTS) {
            let reference = (tenant.clone(), reference.to_owned());
            if config.written.settings.contains_key(&reference) {
                continue;
            }
        } else if !(key.starts_with("toolsets.") || key.starts_with("profiles.")) {
            log.note(tenant, format_args!("{key}: {} → not set", shown(&old)));
        }
        transaction.execute(
            "DELETE FROM declared_settings WHERE tenant = ? AND key = ?",
            params![tenant, key],
        )?;
    }
    Ok(())
}

/// Hashes of tokens are cut: they are the same as in the file, and longer ones say no more.
fn shown(value: &str) -> String {
    let mut parts = value.split("sha256:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.chars().take_while(char::is_ascii_hexdigit).count();
        let rest = &part[digits..];
        let cut = &part[..digits.min(SHOWN)];
        shown.push_str(&format!("sha256:{cut}…{rest}"));
    }
    shown
}

impl Store {
    /// Compares the contents of the tenants' credentials and keys with those of the last time, and puts
    /// into the audit which have changed. Only salted hashes are stored. A secret that can not
    /// be read counts as unchanged. The files are read through `files`.
    ///
    /// [`Store::declare`] comes before.
    ///
    /// # Errors
    ///
    /// The file could not be read or written.
    pub fn declare_secrets(&self, config: &Config, files: &mut Files) -> Result<(), StoreError> {
        if self.read(|connection| Ok(changed_secrets(connection, config, files)?.is_empty()))? {
            return Ok(());
        }
        self.write(|transaction| put_secrets(transaction, config, files))
    }
}

/// As [`Store::declare_secrets`], within a transaction.
pub(super) fn put_secrets(
    transaction: &Transaction<'_>,
    config: &Config,
    files: &mut Files,
) -> Result<(), StoreError> {
    let before = stored(transaction)?;
    let mut log = ChangeLog::default();
    for (place, hash) in &changed_secrets(transaction, config, files)? {
        if before.contains_key(place) {
            let key = place.1.trim_end_matches(CONTENTS);
            log.note(&place.0, format_args!("{key}: its contents changed"));
        }
        put(transaction, place, hash)?;
    }
    log.record(transaction, config)
}

/// Salted hashes of the secrets that are other than what is stored.
fn changed_secrets(
    connection: &Connection,
    config: &Config,
    files: &mut Files,
) -> Result<Settings, StoreError> {
    let salt: Vec<u8> = connection.query_row("SELECT salt FROM meta", [], |row| row.get(0))?;
    let salt = hmac::Key::new(hmac::HMAC_SHA256, &salt);
    let before = stored(connection)?;
    let mut changed = Settings::new();
    for (tenant, settings) in &config.tenants {
        let pair = &settings.credentials;
        let mut references = vec![
            ("credentials.access_key", &pair.access_key),
            ("credentials.access_key_secret", &pair.access_key_secret),
        ];
        if let IndexPlace::Disk { key, previous_key } = &settings.index.keep {
            references.push(("index.key", key));
            references.extend(previous_key.iter().map(|key| ("index.previous_key", key)));
        }
        if let Some(sign_in) = &settings.sign_in {
            references.push(("sign_in.client_secret", &sign_in.client.client_secret));
            references.push(("sign_in.key", &sign_in.key));
            let previous = sign_in.previous_key.iter();
            references.extend(previous.map(|key| ("sign_in.previous_key", key)));
        }
        for (key, reference) in references {
            let place = (tenant.clone(), format!("{key}{CONTENTS}"));
            if let Some(hash) = contents(reference, &salt, files)
                && before.get(&place) != Some(&hash)
            {
                changed.insert(place, hash);
            }
        }
    }
    if let Some(sign_in) = &config.administrators.sign_in {
        let key = format!("administrators.sign_in.client_secret{CONTENTS}");
        let place = (String::new(), key);
        let reference = &sign_in.client.client_secret;
        if let Some(hash) = contents(reference, &salt, files)
            && before.get(&place) != Some(&hash)
        {
            changed.insert(place, hash);
        }
    }
    Ok(changed)
}

fn contents(reference: &SecretRef, salt: &hmac::Key, files: &mut Files) -> Option<String> {
    let secret = reference.resolve(files).ok()?;
    let hash = hmac::sign(salt, secret.reveal().as_bytes());
    Some(HEXLOWER.encode(hash.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_tokens_are_cut() {
        let hash = "0123456789abcdef".repeat(4);
        assert_eq!(shown(&format!("\"sha256:{hash}\"")), "\"sha256:01234567…\"");
        assert_eq!(
            shown(&format!("[\"sha256:{hash}\",\"sha256:ff\"]")),
            "[\"sha256:01234567…\",\"sha256:ff…\"]"
        );
        assert_eq!(shown("\"90 days\""), "\"90 days\"");
    }
}
