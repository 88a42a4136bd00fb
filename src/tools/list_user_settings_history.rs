//! `gong_list_user_settings_history`. GET /v2/users/{id}/settings-history; api:users:read.

use alloc::collections::BTreeSet;
use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    domain::list_part::ListPart,
    error::Error,
    gong::users::{self, People},
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table},
    text::one_line,
    time,
    wit::users::{ListUserSettingsHistory, SettingsChange, SettingsHistory},
};

/// Looks up the user, then one request.
pub(crate) fn run(
    gong: &Gong<'_>,
    args: ListUserSettingsHistory,
) -> Result<SettingsHistory, Error> {
    let mut people = People::default();
    let id = people.id(gong, "user", &args.user)?;
    let path = format!("/v2/users/{id}/settings-history");
    let answer: ApiResponse = gong.get(&path, &[])?;
    let mut changes: Vec<&Value> = answer
        .listed("userSettingsHistory", "GET /v2/users/{id}/settings-history")?
        .iter()
        .collect();
    changes
        .sort_by_key(|change| core::cmp::Reverse(change.raw("time").and_then(time::parse_instant)));
    let known = people.into_directory().and_then(|pages| {
        let mut users = pages.items.into_iter();
        users.find(|user| user.id() == id).map(|user| user.name())
    });
    let name = known.or_else(|| users::names(gong, &BTreeSet::from([id.clone()])).remove(&id));
    let changes = changes.into_iter().map(|change| SettingsChange {
        at: change.instant("time"),
        setting: change.text("setting").unwrap_or_default(),
        on: change.get("value").and_then(Value::as_bool),
    });
    let part = ListPart::of(gong, changes, args.resume.as_deref())?;
    Ok(SettingsHistory {
        user: name.map_or_else(|| id.clone(), |name| format!("{} ({id})", one_line(&name))),
        changes: part.items,
        matched: part.matched,
        resume: part.resume,
        requests: gong.requests(),
    })
}

impl Answer for SettingsHistory {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of settings of {}, newest first.\n",
            render::part(self.changes.len(), self.matched, "change"),
            self.user
        );
        let mut table = Table::new(["UTC", "setting", "set to"]);
        for change in &self.changes {
            table.row([
                change.at.as_deref().map(time::in_table).unwrap_or_default(),
                change.setting.clone(),
                match change.on {
                    Some(true) => "on",
                    Some(false) => "off",
                    None => "",
                }
                .into(),
            ]);
        }
        table.write(&mut text);
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
