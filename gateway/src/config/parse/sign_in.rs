//! The keys of a tenant's sign-in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::super::document::{Table, Value};
use super::people;
use crate::config::sign_in::{ClientRules, Lifetimes, SignInConfig};
use crate::config::{Profile, SecretRef};

const SIGN_IN: &str = "[tenants.acme.sign_in] with issuer, client_id, client_secret and key";
const KEY: &str = "env:ACME_SIGN_IN_KEY";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the rest of the file has to say for a tenant to have a sign-in.
pub(super) struct Surroundings<'a> {
    pub(super) tenant: &'a str,
    pub(super) folder: &'a Path,
    pub(super) stand_in: bool,
    pub(super) has_public_url: bool,
    pub(super) profiles: &'a BTreeMap<String, Profile>,
}

pub(super) fn sign_in(value: &Value<'_, '_>, around: &Surroundings<'_>) -> Option<SignInConfig> {
    let mut table = value.table(SIGN_IN)?;
    people::need_public_url(value, around.has_public_url);
    let mut reference = |key, example: &str, required| {
        let value = match required {
            true => table.required(key, &format!("{example:?}")),
            false => table.get(key),
        }?;
        value.or_error(SecretRef::parse(value.text(example)?, around.folder))
    };
    let key = reference("key", KEY, true);
    let previous_key = reference("previous_key", KEY, false);
    let client = people::client(&mut table, around.folder);
    let people = people::rules(&mut table, around.stand_in, around.profiles);
    let clients = clients(&mut table);
    let lifetimes = lifetimes(&mut table);
    let static_tokens_path = static_tokens_path(&mut table, around.tenant);
    table.finish();
    Some(SignInConfig {
        people: people?,
        client: client?,
        key: key?,
        previous_key,
        clients,
        lifetimes,
        static_tokens_path,
    })
}

fn clients(table: &mut Table<'_, '_>) -> ClientRules {
    let mut rules = ClientRules::default();
    let example = "{ hosts = [\"claude.ai\"], dcr = false }";
    let Some(mut table) = table.get("clients").and_then(|value| value.table(example)) else {
        return rules;
    };
    if let Some(value) = table.get("hosts") {
        rules.hosts = BTreeSet::new();
        for (text, item) in value.texts("[\"claude.ai\"]") {
            if text != "*"
                && (text.contains([':', '/', '*', '@']) || !text.contains('.'))
                && text != "localhost"
            {
                item.error(format_args!(
                    "{text:?} is no host name; such as \"claude.ai\", or \"*\" for any"
                ));
            }
            rules.hosts.insert(text.to_ascii_lowercase());
        }
    }
    if let Some(value) = table.get("redirects") {
        let read = value.texts("[\"loopback\", \"https://claude.ai/api/mcp/auth_callback\"]");
        let rules_of_it = read.into_iter().filter_map(|(text, item)| {
            item.or_error(text.parse().map_err(|why: String| {
                format!(
                    "{why}; such as \"loopback\" or \"https://claude.ai/api/mcp/auth_callback\""
                )
            }))
        });
        rules.redirects = rules_of_it.collect();
    }
    let dcr = table.get("dcr").and_then(|value| value.boolean());
    rules.dcr = dcr.unwrap_or(rules.dcr);
    table.finish();
    rules
}

fn lifetimes(table: &mut Table<'_, '_>) -> Lifetimes {
    let mut lifetimes = Lifetimes::default();
    let example = "{ access = \"15m\", refresh = \"7 days\", grant = \"30 days\" }";
    let value = table.get("lifetimes");
    let Some(mut table) = value.as_ref().and_then(|value| value.table(example)) else {
        return lifetimes;
    };
    let mut person = Duration::ZERO;
    for (key, lifetime, range, example) in [
        ("access", &mut lifetimes.access, MINUTE..=DAY, "15m"),
        (
            "refresh",
            &mut lifetimes.refresh,
            5 * MINUTE..=365 * DAY,
            "7 days",
        ),
        (
            "grant",
            &mut lifetimes.grant,
            5 * MINUTE..=365 * DAY,
            "30 days",
        ),
        (
            "unconfirmed",
            &mut lifetimes.unconfirmed,
            MINUTE..=365 * DAY,
            "4h",
        ),
        ("person", &mut person, DAY..=3650 * DAY, "90 days"),
    ] {
        let read = table
            .get(key)
            .and_then(|value| value.duration(range, example));
        *lifetime = read.unwrap_or(*lifetime);
    }
    table.finish();
    lifetimes.person = match person {
        Duration::ZERO => lifetimes.person.max(lifetimes.grant),
        person => person,
    };
    if let Some(value) = &value
        && lifetimes.person < lifetimes.grant
    {
        value.error(
            "person lasts no shorter than grant, as nobody is deleted who may be signed in; such as \
             { grant = \"30 days\", person = \"90 days\" }",
        );
    }
    if let Some(value) = value
        && (lifetimes.access > lifetimes.refresh || lifetimes.refresh > lifetimes.grant)
    {
        value.error(format_args!(
            "access lasts no longer than refresh, and refresh no longer than grant; such as {example}"
        ));
    }
    lifetimes
}

pub(super) fn static_tokens_path(table: &mut Table<'_, '_>, tenant: &str) -> String {
    let usual = format!("/t/{tenant}/token/mcp");
    let example = format!("{{ path = {usual:?} }}");
    let value = table.get("static_tokens");
    let Some(mut table) = value.and_then(|value| value.table(&example)) else {
        return usual;
    };
    let path = table.get("path");
    table.finish();
    let read = path.and_then(|value| {
        let text = value.text(&usual)?;
        let below = text.strip_prefix(&format!("/t/{tenant}/"));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
        let fits = below.is_some_and(|below| {
            let taken = below == "mcp" || below.starts_with("oauth/") || below == "oauth";
            !taken && !below.is_empty() && below.chars().all(plain) && !text.contains("//")
                && !text.ends_with('/')
        });
        let text = fits.then(|| text.to_owned()).ok_or_else(|| {
            format!(
                "a path of the tenant's own is expected that neither is /t/{tenant}/mcp nor lies below \
                 /t/{tenant}/oauth, such as {usual:?}"
            )
        });
        value.or_error(text)
    });
    read.unwrap_or(usual)
}
