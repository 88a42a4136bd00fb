//! The keys of a tenant's sign-in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::super::document::{Table, Value};
use super::url::https;
use crate::config::sign_in::{ClientRules, GroupAccess, Lifetimes, SignInConfig};
use crate::config::{Profile, SecretRef};
use crate::suggest::closest;

const SIGN_IN: &str = "[tenants.acme.sign_in] with issuer, client_id, client_secret and key";
const ISSUER: &str = "https://login.acme.example";
const SECRET: &str = "env:ACME_OIDC_SECRET";
const KEY: &str = "env:ACME_SIGN_IN_KEY";
const GROUPS: &str =
    "[tenants.acme.sign_in.groups.\"gong-readers\"] with profiles = [\"analysts\"]";

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
    if !around.has_public_url {
        value.error(
            "signing in needs the address that browsers and AI clients reach the gateway at; such as \
             listen.public_url = \"https://gong.acme.example\"",
        );
    }
    let issuer = table.required("issuer", &format!("{ISSUER:?}"));
    let issuer = issuer.and_then(|value| {
        let text = value.text(ISSUER)?;
        value.or_error(self::issuer(text, around.stand_in))
    });
    let client_id = table
        .required("client_id", "\"gong-gateway\"")
        .and_then(|value| value.text("gong-gateway"));
    let mut reference = |key, example: &str, required| {
        let value = match required {
            true => table.required(key, &format!("{example:?}")),
            false => table.get(key),
        }?;
        value.or_error(SecretRef::parse(value.text(example)?, around.folder))
    };
    let client_secret = reference("client_secret", SECRET, true);
    let key = reference("key", KEY, true);
    let previous_key = reference("previous_key", KEY, false);
    let mut scopes: Vec<String> = ["openid", "profile", "email"].map(str::to_owned).into();
    if let Some(value) = table.get("scopes") {
        let read = value.texts("[\"openid\", \"profile\", \"email\"]");
        scopes = read.into_iter().map(|(text, _)| text.to_owned()).collect();
        if !scopes.iter().any(|scope| scope == "openid") {
            value.error("without \"openid\" the provider does not say who signs in; such as [\"openid\", \"profile\", \"email\"]");
        }
    }
    let (email_claim, groups_claim) = claims(&mut table);
    let allowed_domains = table.get("allowed_domains").map(|value| domains(&value));
    let allowed_domains = allowed_domains.unwrap_or_default();
    if issuer.as_deref() == Some(GOOGLE) && allowed_domains.is_empty() {
        table.missing(
            "allowed_domains",
            "[\"acme.example\"]: everybody in the world has an account of this provider",
        );
    }
    let everybody = table.get("profiles");
    let everybody = everybody.map(|value| profiles(&value, around.profiles));
    let groups = groups(&mut table, around.profiles);
    let clients = clients(&mut table);
    let lifetimes = lifetimes(&mut table);
    let static_tokens_path = static_tokens_path(&mut table, around.tenant);
    table.finish();
    Some(SignInConfig {
        issuer: issuer?,
        client_id: client_id?.to_owned(),
        client_secret: client_secret?,
        key: key?,
        previous_key,
        scopes,
        email_claim,
        groups_claim,
        allowed_domains,
        profiles: everybody.unwrap_or_default(),
        groups,
        clients,
        lifetimes,
        static_tokens_path,
    })
}

/// Google, whose accounts are everybody's.
const GOOGLE: &str = "https://accounts.google.com";

/// Places at Entra ID that stand for any company.
const ANY_COMPANY: [&str; 3] = ["common", "organizations", "consumers"];

fn issuer(text: &str, stand_in: bool) -> Result<String, String> {
    let issuer = https(text, stand_in, ISSUER)?;
    if let Some(path) = text.strip_prefix("https://login.microsoftonline.com/") {
        let directory = path.split('/').next().unwrap_or_default();
        if ANY_COMPANY.contains(&directory) || directory.contains('{') {
            return Err(format!(
                "{directory} is any company; name the company's directory by its id, such as \
                 \"https://login.microsoftonline.com/8c4f…/v2.0\""
            ));
        }
    }
    Ok(issuer)
}

fn claims(table: &mut Table<'_, '_>) -> (String, String) {
    let example = "{ email = \"email\", groups = \"groups\" }";
    let mut table = table.get("claims").and_then(|value| value.table(example));
    let mut claim = |key: &'static str| {
        let value = table.as_mut().and_then(|table| table.get(key));
        value
            .and_then(|value| value.text(key))
            .unwrap_or(key)
            .to_owned()
    };
    let read = (claim("email"), claim("groups"));
    if let Some(table) = table {
        table.finish();
    }
    read
}

fn domains(value: &Value<'_, '_>) -> BTreeSet<String> {
    let mut domains = BTreeSet::new();
    for (text, item) in value.texts("[\"acme.example\"]") {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if !text.chars().all(fits) || text.starts_with('.') {
            item.error(format_args!(
                "{text:?} is no domain of e-mail addresses; such as \"acme.example\""
            ));
        }
        domains.insert(text.to_ascii_lowercase());
    }
    domains
}

fn profiles(value: &Value<'_, '_>, known: &BTreeMap<String, Profile>) -> BTreeSet<String> {
    let mut profiles = BTreeSet::new();
    for (name, item) in value.texts("[\"analysts\"]") {
        if !known.contains_key(name) {
            item.error(match closest(name, known.keys().map(String::as_str)) {
                Some(likely) => format!("there is no profile {name:?}; did you mean {likely:?}?"),
                None => format!("there is no profile {name:?} in this tenant's profiles"),
            });
        }
        profiles.insert(name.to_owned());
    }
    profiles
}

fn groups(
    table: &mut Table<'_, '_>,
    known: &BTreeMap<String, Profile>,
) -> BTreeMap<String, GroupAccess> {
    let mut groups = BTreeMap::new();
    let table = table.get("groups").and_then(|value| value.table(GROUPS));
    for (group, value) in table.iter().flat_map(Table::entries) {
        let Some(mut table) = value.table("{ profiles = [\"analysts\"] }") else {
            continue;
        };
        let given = table.get("profiles").map(|value| profiles(&value, known));
        let administrator = table.get("administrator").and_then(|value| value.boolean());
        table.finish();
        let access = GroupAccess {
            profiles: given.unwrap_or_default(),
            administrator: administrator.unwrap_or(false),
        };
        if access == GroupAccess::default() {
            value.error("it gives nothing; such as { profiles = [\"analysts\"] } or { administrator = true }");
        }
        groups.insert(group.to_owned(), access);
    }
    groups
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

fn static_tokens_path(table: &mut Table<'_, '_>, tenant: &str) -> String {
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
