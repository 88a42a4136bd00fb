//! The keys that say who somebody is, and how the gateway is known at a provider.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::document::{Table, Value};
use super::url::https;
use crate::config::sign_in::{GroupAccess, PeopleRules, ProviderClient};
use crate::config::{Profile, SecretRef};
use crate::suggest::closest;

const ISSUER: &str = "https://login.acme.example";
const SECRET: &str = "env:ACME_OIDC_SECRET";
const GROUPS: &str =
    "[tenants.acme.sign_in.groups.\"gong-readers\"] with profiles = [\"analysts\"]";

/// What a provider may be asked to show (OpenID Connect Core, 3.1.2.1), apart from `none`.
const PROMPTS: [&str; 3] = ["consent", "login", "select_account"];

/// The keys of a client of a provider.
pub(super) fn client(table: &mut Table<'_, '_>, folder: &Path) -> Option<ProviderClient> {
    let client_id = table
        .required("client_id", "\"gong-gateway\"")
        .and_then(|value| value.text("gong-gateway"));
    let client_secret = table.required("client_secret", &format!("{SECRET:?}"));
    let client_secret = client_secret
        .and_then(|value| value.or_error(SecretRef::parse(value.text(SECRET)?, folder)));
    let mut scopes: Vec<String> = ["openid", "profile", "email"].map(str::to_owned).into();
    if let Some(value) = table.get("scopes") {
        let read = value.texts("[\"openid\", \"profile\", \"email\"]");
        scopes = read.into_iter().map(|(text, _)| text.to_owned()).collect();
        if !scopes.iter().any(|scope| scope == "openid") {
            value.error("without \"openid\" the provider does not say who signs in; such as [\"openid\", \"profile\", \"email\"]");
        }
    }
    let prompt = table.get("prompt").and_then(|value| {
        let text = value.text("consent")?;
        let known = text.split(' ').all(|word| PROMPTS.contains(&word));
        value.or_error(known.then(|| text.to_owned()).ok_or_else(|| {
            format!(
                "{text:?} is not known; known are \"consent\", \"login\" and \"select_account\""
            )
        }))
    });
    Some(ProviderClient {
        client_id: client_id?.to_owned(),
        client_secret: client_secret?,
        scopes,
        prompt,
    })
}

/// The keys that say who somebody is, and what their groups give.
pub(super) fn rules(
    table: &mut Table<'_, '_>,
    stand_in: bool,
    known: &BTreeMap<String, Profile>,
) -> Option<PeopleRules> {
    let identity = identity(table, stand_in);
    let everybody = table.get("profiles");
    let everybody = everybody.map(|value| profiles(&value, known));
    let groups = groups(table, known);
    let identity = identity?;
    Some(PeopleRules {
        issuer: identity.issuer,
        email_claim: identity.email_claim,
        groups_claim: identity.groups_claim,
        allowed_domains: identity.allowed_domains,
        profiles: everybody.unwrap_or_default(),
        groups,
    })
}

/// Who somebody is.
pub(super) struct Identity {
    pub(super) issuer: String,
    pub(super) email_claim: String,
    pub(super) groups_claim: String,
    pub(super) allowed_domains: BTreeSet<String>,
}

/// The keys that say who somebody is: issuer, claims of address and groups, and domains.
pub(super) fn identity(table: &mut Table<'_, '_>, stand_in: bool) -> Option<Identity> {
    let issuer = table.required("issuer", &format!("{ISSUER:?}"));
    let issuer = issuer.and_then(|value| {
        let text = value.text(ISSUER)?;
        value.or_error(self::issuer(text, stand_in))
    });
    let (email_claim, groups_claim) = claims(table);
    let allowed_domains = table.get("allowed_domains").map(|value| domains(&value));
    let allowed_domains = allowed_domains.unwrap_or_default();
    if issuer.as_deref() == Some(GOOGLE) && allowed_domains.is_empty() {
        table.missing(
            "allowed_domains",
            "[\"acme.example\"]: everybody in the world has an account of this provider",
        );
    }
    Some(Identity {
        issuer: issuer?,
        email_claim,
        groups_claim,
        allowed_domains,
    })
}

/// Says that browsers have to know where the gateway is.
pub(super) fn need_public_url(value: &Value<'_, '_>, has_public_url: bool) {
    if !has_public_url {
        value.error(
            "signing in needs the address that browsers and AI clients reach the gateway at; such as \
             listen.public_url = \"https://gong.acme.example\"",
        );
    }
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
