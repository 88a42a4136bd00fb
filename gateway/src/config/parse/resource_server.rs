//! The keys of a tenant at which the gateway is a resource server alone.

use std::collections::{BTreeMap, BTreeSet};

use super::super::document::{Table, Value};
use super::people;
use super::sign_in::{Surroundings, static_tokens_path};
use crate::config::sign_in::ResourceServerConfig;
use crate::sign_in::{algorithms, scope_names};
use crate::store::Effect;

const EXAMPLE: &str = "[tenants.acme.resource_server] with issuer";
const ALGORITHMS: &str = "[\"RS256\"]";
const SCOPES: &str = "{ \"gong.read\" = [\"read\"] }";

pub(super) fn resource_server(
    value: &Value<'_, '_>,
    around: &Surroundings<'_>,
) -> Option<ResourceServerConfig> {
    let mut table = value.table(EXAMPLE)?;
    people::need_public_url(value, around.has_public_url);
    let people = people::rules(&mut table, around.stand_in, around.profiles);
    let audience = table
        .get("audience")
        .and_then(|value| value.text("https://gong.acme.example/t/acme/mcp"))
        .map(str::to_owned);
    let allowed = table.get("algorithms").map(|value| {
        let read = value.texts(ALGORITHMS);
        if read.is_empty() {
            value.error(format_args!(
                "no token could be accepted; such as {ALGORITHMS}"
            ));
        }
        let known = algorithms();
        let read = read.into_iter().filter_map(|(name, item)| {
            let found = known.iter().find(|one| *one == name);
            item.or_error(found.cloned().ok_or_else(|| {
                format!(
                    "{name:?} is no algorithm with a public key that is known; known are {}",
                    known.join(", ")
                )
            }))
        });
        read.collect()
    });
    let scopes = table.get("scopes").and_then(|value| {
        let read = scopes(&value.table(SCOPES)?);
        if read.is_empty() {
            value.error(format_args!("no tool could be called; such as {SCOPES}"));
        }
        Some(read)
    });
    let static_tokens_path = static_tokens_path(&mut table, around.tenant);
    table.finish();
    Some(ResourceServerConfig {
        people: people?,
        audience,
        algorithms: allowed.unwrap_or_else(algorithms),
        scopes: scopes.unwrap_or_else(scope_names),
        static_tokens_path,
    })
}

fn scopes(table: &Table<'_, '_>) -> BTreeMap<String, BTreeSet<Effect>> {
    let mut scopes = BTreeMap::new();
    for (name, value) in table.entries() {
        let plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
        if name.is_empty() || !name.chars().all(plain) {
            value.error(format_args!("{name:?} can be no scope; such as {SCOPES}"));
        }
        let effects = value.texts("[\"read\"]").into_iter();
        let effects = effects.filter_map(|(text, item)| {
            item.or_error(text.parse::<Effect>().map_err(|_| {
                format!(
                    "{text:?} is not known; known are read, metered-read, write, outreach and \
                     destructive"
                )
            }))
        });
        scopes.insert(name.to_owned(), effects.collect());
    }
    scopes
}
