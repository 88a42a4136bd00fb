//! The keys of a tenant's index and of its schedule.

use std::path::Path;
use std::time::Duration;

use super::super::document::Table;
use crate::config::{IndexConfig, IndexPlace, ScheduledTool, SecretRef};

const INDEX: &str = "[tenants.acme.index] with keep = \"memory\"";
const KEY: &str = "env:ACME_INDEX_KEY";
const SCHEDULE: &str =
    "[[tenants.acme.schedule]] with tool = \"gong_sync_calls\" and every = \"15m\"";

/// Tools on the schedule of one tenant.
const MOST_TOOLS: usize = 20;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn index(table: &mut Table<'_, '_>, folder: &Path) -> IndexConfig {
    let mut config = IndexConfig {
        keep: IndexPlace::Memory,
        max_bytes: 32 << 20,
        max_age: 30 * DAY,
    };
    let Some(mut table) = table.get("index").and_then(|value| value.table(INDEX)) else {
        return config;
    };
    let max_bytes = table
        .get("max_bytes")
        .and_then(|v| v.bytes(64 << 10..=64 << 30, "32 MiB"));
    config.max_bytes = max_bytes.unwrap_or(config.max_bytes);
    let max_age = table
        .get("max_age")
        .and_then(|v| v.duration(Duration::from_secs(60 * 60)..=366 * DAY, "30 days"));
    config.max_age = max_age.unwrap_or(config.max_age);
    let keep = table.get("keep");
    let named = keep.as_ref().and_then(|value| value.text("memory"));
    let mut reference = |key| {
        let value = table.get(key)?;
        let reference = SecretRef::parse(value.text(KEY)?, folder);
        Some((value.or_error(reference), value))
    };
    let key = reference("key");
    let previous_key = reference("previous_key");
    match named {
        None | Some("off" | "memory") => {
            for (_, value) in [key, previous_key].into_iter().flatten() {
                value.error(
                    "only an index on disk is encrypted; keep = \"disk\", or leave the key out",
                );
            }
            if named == Some("off") {
                config.keep = IndexPlace::Off;
            }
        }
        Some("disk") => match key {
            // After an error the configuration is not used.
            Some((key, _)) => {
                if let Some(key) = key {
                    config.keep = IndexPlace::Disk {
                        key,
                        previous_key: previous_key.and_then(|(key, _)| key),
                    };
                }
            }
            None => table.missing(
                "key",
                &format!("{KEY:?}, which an index on disk is encrypted with"),
            ),
        },
        Some(other) => {
            if let Some(keep) = keep {
                keep.error(format_args!(
                    "{other:?} is not known; known are \"off\", \"memory\" and \"disk\""
                ));
            }
        }
    }
    table.finish();
    config
}

pub(super) fn schedule(table: &mut Table<'_, '_>) -> Vec<ScheduledTool> {
    let Some(value) = table.get("schedule") else {
        return Vec::new();
    };
    let tables = value.tables(SCHEDULE).unwrap_or_default();
    if tables.len() > MOST_TOOLS {
        value.error(format_args!(
            "at most {MOST_TOOLS} tools are called regularly, and these are {}; leave some out",
            tables.len()
        ));
    }
    let read = tables.into_iter().filter_map(|mut table| {
        let tool = table.required("tool", "\"gong_sync_calls\"");
        let tool = tool.and_then(|v| v.text("gong_sync_calls"));
        let example = "{ from = \"180d\" }";
        let arguments = table.get("arguments").and_then(|v| v.object(example));
        let every = table.required("every", "\"15m\"");
        let range = Duration::from_secs(1)..=30 * DAY;
        let every = every.and_then(|v| v.duration(range, "15m"));
        table.finish();
        Some(ScheduledTool {
            tool: tool?.to_owned(),
            arguments: arguments.unwrap_or_default(),
            every: every?,
        })
    });
    read.collect()
}
