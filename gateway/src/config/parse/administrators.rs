//! The keys of `[administrators]`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::super::document::{Table, Value};
use super::people;
use crate::config::administrators::{AdministratorSignIn, Administrators};
use crate::config::{GroupAccess, PeopleRules};

pub(super) const EXAMPLE: &str = "[administrators] with local = false";
const SIGN_IN: &str = "[administrators.sign_in] with issuer, client_id, client_secret and groups = [\"gong-platform\"]";

const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn administrators(
    mut table: Table<'_, '_>,
    folder: &Path,
    stand_in: bool,
    has_public_url: bool,
) -> Administrators {
    let mut read = Administrators::default();
    let local = table.get("local").and_then(|value| value.boolean());
    read.local = local.unwrap_or(read.local);
    let recheck = table.get("recheck");
    let recheck = recheck.and_then(|value| value.duration(MINUTE..=480 * MINUTE, "15m"));
    read.recheck = recheck.unwrap_or(read.recheck);
    let sign_in = table.get("sign_in");
    read.sign_in =
        sign_in.and_then(|value| self::sign_in(&value, folder, stand_in, has_public_url));
    table.finish();
    read
}

fn sign_in(
    value: &Value<'_, '_>,
    folder: &Path,
    stand_in: bool,
    has_public_url: bool,
) -> Option<AdministratorSignIn> {
    let mut table = value.table(SIGN_IN)?;
    people::need_public_url(value, has_public_url);
    let client = people::client(&mut table, folder);
    let identity = people::identity(&mut table, stand_in);
    let groups = table.required("groups", "[\"gong-platform\"]");
    let groups = groups.map(|value| {
        let read = value.texts("[\"gong-platform\"]");
        if read.is_empty() {
            value.error("without a group nobody is an administrator; such as [\"gong-platform\"]");
        }
        let administrator = GroupAccess {
            administrator: true,
            ..GroupAccess::default()
        };
        let read = read.into_iter();
        read.map(|(name, _)| (name.to_owned(), administrator.clone()))
            .collect()
    });
    table.finish();
    let identity = identity?;
    Some(AdministratorSignIn {
        people: PeopleRules {
            issuer: identity.issuer,
            email_claim: identity.email_claim,
            groups_claim: identity.groups_claim,
            allowed_domains: identity.allowed_domains,
            profiles: BTreeSet::new(),
            groups: groups?,
        },
        client: client?,
    })
}
