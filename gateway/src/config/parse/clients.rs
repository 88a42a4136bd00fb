//! The keys of a tenant's AI clients.

use std::time::Duration;

use super::super::document::{Table, Value};
use crate::config::clients::{ClientsConfig, DAY, IdleAfter};
use crate::store::sign_in::ClientKind;

const CLIENTS: &str =
    "{ hidden_after = \"1 day\", closed_after = \"7 days\", deleted_after = \"90 days\" }";

const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn clients(table: &mut Table<'_, '_>) -> ClientsConfig {
    let mut config = ClientsConfig::default();
    let value = table.get("clients");
    let Some(mut table) = value.as_ref().and_then(|value| value.table(CLIENTS)) else {
        return config;
    };
    let longest = table
        .get("longest_service_token")
        .and_then(|value| value.duration(DAY..=3650 * DAY, "365 days"));
    config.longest_service_token = longest.unwrap_or(config.longest_service_token);
    let idle = &mut config.idle;
    for (key, after, example) in [
        ("hidden_after", &mut idle.hidden, "1 day"),
        ("closed_after", &mut idle.closed, "7 days"),
        ("deleted_after", &mut idle.deleted, "90 days"),
    ] {
        let read = table
            .get(key)
            .and_then(|value| value.duration(5 * MINUTE..=3650 * DAY, example));
        *after = read.unwrap_or(*after);
    }
    table.finish();
    let IdleAfter {
        hidden,
        closed,
        deleted,
    } = config.idle;
    if let Some(value) = value
        && (hidden > closed || closed > deleted)
    {
        value.error(format_args!(
            "a client is hidden no later than closed, and closed no later than deleted; such as {CLIENTS}"
        ));
    }
    config
}

/// The kind of the programs that use a user's tokens.
pub(super) fn kind(value: &Value<'_, '_>) -> Option<ClientKind> {
    let text = value.text("personal")?;
    value.or_error(text.parse::<ClientKind>().map_err(|_| {
        format!("{text:?} is not known; known are \"personal\", \"shared\" and \"service\"")
    }))
}
