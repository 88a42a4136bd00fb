//! The differences between two states of a permission profile, as lines for a reader.

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

/// A profile as lines: the subject of a line, and what it says.
struct ProfileLines(BTreeMap<String, String>);

fn lines(profile: &Value, names: &BTreeMap<String, String>) -> ProfileLines {
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
        leads.sort_unstable();
        let of = match leads.is_empty() {
            true => String::new(),
            false => format!(" of {}", leads.join(" and ")),
        };
        lines.insert(area, format!("{level}{of}"));
    }
    let mut folders = read.library_folders();
    folders.sort_unstable();
    lines.insert("library folders".to_owned(), folders.join(", "));
    for (so, word) in [(true, "allowed"), (false, "denied")] {
        for flag in read.flags(so) {
            lines.insert(format!("permission {flag}"), word.to_owned());
        }
    }
    lines.retain(|_, line| !line.is_empty());
    ProfileLines(lines)
}

/// A profile before and after a change.
pub(crate) struct ProfileDiff {
    before: ProfileLines,
    after: ProfileLines,
    names: BTreeMap<String, String>,
}

impl ProfileDiff {
    /// Compares two profiles, in Gong's JSON. The names of team leads are looked up; where that fails,
    /// ids stand for them.
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
            before: lines(before, &names),
            after: lines(after, &names),
            names,
        }
    }

    /// Sentences on what is different in Gong's answer though the change has nothing to do with it.
    pub(crate) fn others(&self, answered: &Value) -> Vec<String> {
        if !answered.is_object() {
            return Vec::new();
        }
        let answered = lines(answered, &self.names);
        let shown = |lines: &ProfileLines, key: &str| match lines.0.get(key) {
            Some(line) => line.clone(),
            None => "nothing".to_owned(),
        };
        let keys: BTreeSet<&String> = self.before.0.keys().chain(answered.0.keys()).collect();
        keys.into_iter()
            .filter(|key| {
                let [before, after, now] =
                    [&self.before, &self.after, &answered].map(|lines| lines.0.get(*key));
                before == after && now != before
            })
            .map(|key| {
                let (before, now) = (shown(&self.before, key), shown(&answered, key));
                format!("Not of this change, but different now: {key}: {before} → {now}.")
            })
            .collect()
    }

    /// The lines that differ: before → after. `answered` is the profile in Gong's answer to the change,
    /// and each line says whether Gong now has it; none before the change is sent.
    pub(crate) fn items(&self, answered: Option<&Value>) -> Vec<ReceiptItem> {
        let is_sent = answered.is_some();
        let answered = answered.filter(|profile| profile.is_object());
        let answered = answered.map(|profile| lines(profile, &self.names));
        let keys: BTreeSet<&String> = self.before.0.keys().chain(self.after.0.keys()).collect();
        let line = |lines: &ProfileLines, key: &str| lines.0.get(key).cloned().unwrap_or_default();
        let mut items = Vec::new();
        for key in keys {
            let (before, after) = (line(&self.before, key), line(&self.after, key));
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
            let now = answered.as_ref().map(|answered| line(answered, key));
            if let Some(now) = now.as_ref().filter(|now| **now != after) {
                detail.push_str(&format!(", but Gong now says {}", shown(now)));
            }
            items.push(ReceiptItem {
                item: key.clone(),
                done: now.map_or(is_sent, |now| now == after),
                id: None,
                detail: Some(detail),
            });
        }
        items
    }
}
