//! A permission profile before and after a change, in lines that a reader understands.

use alloc::collections::{BTreeMap, BTreeSet};
use serde_json::Value;

use crate::{
    client::Gong,
    gong::{
        permission_profiles::{Level, Profile},
        users,
    },
    prelude::*,
    text::one_line,
    wit::types::ReceiptItem,
};

/// What a profile says, line by line: what about, and what.
struct Told(BTreeMap<String, String>);

fn told(profile: &Value, names: &BTreeMap<String, String>) -> Told {
    let read = Profile::of(profile);
    let mut lines = BTreeMap::new();
    let text = |text: &Option<String>| text.as_deref().map(one_line).unwrap_or_default();
    lines.insert("name".to_owned(), text(&read.name));
    lines.insert("description".to_owned(), text(&read.description));
    for Level {
        area,
        level,
        team_leads,
    } in read.levels()
    {
        let mut leads: Vec<&str> = team_leads
            .iter()
            .map(|id| names.get(id).map_or(id.as_str(), String::as_str))
            .collect();
        leads.sort();
        let of = match leads.is_empty() {
            true => String::new(),
            false => format!(" of {}", leads.join(" and ")),
        };
        lines.insert(area, format!("{level}{of}"));
    }
    let mut folders = read.library_folders();
    folders.sort();
    lines.insert("library folders".to_owned(), folders.join(", "));
    for (so, word) in [(true, "allowed"), (false, "denied")] {
        for flag in read.flags(so) {
            lines.insert(format!("permission {flag}"), word.to_owned());
        }
    }
    lines.retain(|_, said| !said.is_empty());
    Told(lines)
}

/// A profile as it was, and as it shall be.
pub(crate) struct Difference {
    before: Told,
    after: Told,
    names: BTreeMap<String, String>,
}

impl Difference {
    /// Compares; names of leads are looked up, if they can be.
    pub(crate) fn between(gong: &Gong<'_>, before: &Value, after: &Value) -> Self {
        let leads = |profile: &Value| {
            let read = Profile::of(profile);
            let leads = read.levels().into_iter();
            leads.flat_map(|level| level.team_leads)
        };
        let names = match before == after {
            true => BTreeMap::new(),
            false => {
                let leads: BTreeSet<String> = leads(before).chain(leads(after)).collect();
                users::names(gong, &leads)
            }
        };
        Self {
            before: told(before, &names),
            after: told(after, &names),
            names,
        }
    }

    /// The lines that differ, before → after. `made` is the profile of Gong's answer, with
    /// which each is compared, where there is one in it; without an answer nothing is done yet.
    pub(crate) fn items(&self, made: Option<&Value>) -> Vec<ReceiptItem> {
        let answered = made.is_some();
        let made = made.filter(|made| made.is_object());
        let made = made.map(|made| told(made, &self.names));
        let keys: BTreeSet<&String> = self.before.0.keys().chain(self.after.0.keys()).collect();
        let said = |told: &Told, key: &str| told.0.get(key).cloned().unwrap_or_default();
        let mut items = Vec::new();
        for key in keys {
            let (before, after) = (said(&self.before, key), said(&self.after, key));
            if before == after {
                continue;
            }
            let shown = |text: &str| match text {
                "" => "nothing".to_owned(),
                text => text.to_owned(),
            };
            let mut detail = match before.as_str() {
                "" => after.clone(),
                before => format!("{before} → {}", shown(&after)),
            };
            let now = made.as_ref().map(|made| said(made, key));
            if let Some(now) = now.as_ref().filter(|now| **now != after) {
                detail.push_str(&format!(", but Gong now says {}", shown(now)));
            }
            items.push(ReceiptItem {
                item: key.clone(),
                done: now.map_or(answered, |now| now == after),
                id: None,
                detail: Some(detail),
            });
        }
        items
    }
}
