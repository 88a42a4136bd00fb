//! The keys of `[audit]`.

use std::path::Path;
use std::time::Duration;

use super::super::document::Table;
use super::url;
use crate::config::{AuditConfig, AuditPush, PushDestination, PushFormat, SecretRef};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const URL: &str = "https://siem.acme.example/gong";

/// Without `[audit]`.
pub(super) fn default() -> AuditConfig {
    AuditConfig {
        keep: 90 * DAY,
        push: None,
    }
}

pub(super) fn audit(mut table: Table<'_, '_>, folder: &Path, stand_in: bool) -> AuditConfig {
    let keep = table
        .get("keep")
        .and_then(|v| v.duration(DAY..=3660 * DAY, "90 days"));
    let push = table.get("push").and_then(|value| {
        let table = value.table("[audit.push] with file = \"audit.jsonl\"")?;
        let (push, complaint) = self::push(table, folder, stand_in);
        if let Some(complaint) = complaint {
            value.error(complaint);
        }
        push
    });
    table.finish();
    AuditConfig {
        keep: keep.unwrap_or(90 * DAY),
        push,
    }
}

/// Returns what is wrong with the table as a whole, too.
fn push(
    mut table: Table<'_, '_>,
    folder: &Path,
    stand_in: bool,
) -> (Option<AuditPush>, Option<&'static str>) {
    let file = table.get("file");
    let command = table.get("command");
    let url = table.get("url");
    let authorization = table.get("authorization");
    let format = table.get("format").and_then(|value| {
        let text = value.text("ocsf")?;
        value.or_error(match text {
            "rows" => Ok(PushFormat::Rows),
            "ocsf" => Ok(PushFormat::Ocsf),
            _ => Err(format!(
                "{text:?} is not known; known are \"rows\" and \"ocsf\""
            )),
        })
    });
    table.finish();
    if let (Some(authorization), None) = (&authorization, &url) {
        authorization.error("it is for a url, and there is none");
    }
    let destination = match (file, command, url) {
        (Some(file), None, None) => file
            .text("audit.jsonl")
            .map(|text| PushDestination::File(folder.join(text))),
        (None, Some(command), None) => {
            let words = command.texts("[\"/usr/bin/systemd-cat\", \"-t\", \"gong\"]");
            let words: Vec<String> = words.into_iter().map(|(word, _)| word.to_owned()).collect();
            if words.is_empty() {
                command.error(
                    "a program and its arguments are expected, such as [\"/usr/bin/systemd-cat\"]",
                );
            }
            Some(PushDestination::Command(words))
        }
        (None, None, Some(url)) => {
            let parsed = url
                .text(URL)
                .and_then(|text| url.or_error(url::https(text, stand_in, URL)));
            let authorization = authorization.and_then(|value| {
                let example = "env:SIEM_AUTHORIZATION";
                value.or_error(SecretRef::parse(value.text(example)?, folder))
            });
            parsed.map(|url| PushDestination::Https { url, authorization })
        }
        _ => {
            let text = "one of file, command and url is expected, such as file = \"audit.jsonl\"";
            return (None, Some(text));
        }
    };
    let push = destination.map(|destination| AuditPush {
        destination,
        format: format.unwrap_or_default(),
    });
    (push, None)
}
