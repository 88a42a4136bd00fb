//! `gong_list_trackers`. GET /v2/settings/trackers; api:settings:trackers:read. Not paged.
//! Keyword trackers only: Gong's API does not list smart ones.

use alloc::collections::BTreeMap;
use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    domain::list_part::ListPart,
    error::Error,
    gong::workspaces,
    json_ext::JsonExt,
    names::is_meant,
    prelude::*,
    render::{self, Answer, Table},
    text::{fold_case, one_line},
    time,
    wit::settings::{ListTrackers, Tracker, TrackerKeywords, TrackerList},
};

/// One request; names are matched here.
pub(crate) fn run(gong: &Gong<'_>, args: ListTrackers) -> Result<TrackerList, Error> {
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let query = [("workspaceId", workspace.as_deref())];
    // `get` and not `get_list`: a 404 here means an unknown workspace, not an empty list.
    let answer: ApiResponse = gong.get("/v2/settings/trackers", &query)?;
    let mut found: Vec<&Value> = answer
        .listed("keywordTrackers", "GET /v2/settings/trackers")?
        .iter()
        .collect();
    let all = found.len();
    if let Some(query) = args.query.map(|query| fold_case(query.trim())) {
        found.retain(|tracker| {
            let [id, name] = ["trackerId", "trackerName"].map(|key| tracker.text(key));
            is_meant(&query, &id.unwrap_or_default(), &name.unwrap_or_default())
        });
    }
    let names = workspace_names(gong, found.iter().copied());
    let keywords = args.keywords == Some(true);
    let mut trackers: Vec<Tracker> = found
        .iter()
        .map(|tracker| shape(tracker, &names, keywords))
        .collect();
    trackers.sort_by_cached_key(|tracker| (fold_case(&tracker.name), tracker.id.clone()));
    let left_out = (all - trackers.len()) as u32;
    let part = ListPart::of(gong, trackers, args.resume.as_deref())?;
    Ok(TrackerList {
        trackers: part.items,
        matched: part.matched,
        resume: part.resume,
        left_out: (left_out > 0).then_some(left_out),
        requests: gong.requests(),
    })
}

/// Names of workspaces by id, if the items are in several; empty if they can not be read.
pub(super) fn workspace_names<'i>(
    gong: &Gong<'_>,
    items: impl IntoIterator<Item = &'i Value>,
) -> BTreeMap<String, String> {
    let mut ids = items.into_iter().filter_map(|item| item.id("workspaceId"));
    let first = ids.next();
    if ids.all(|id| Some(id) == first) {
        return BTreeMap::new();
    }
    let workspaces = workspaces::all(gong).unwrap_or_default();
    workspaces
        .iter()
        .map(|workspace| (workspace.id().into(), one_line(workspace.name())))
        .collect()
}

/// The name of an item's workspace, else its id; none if all items are in one.
pub(super) fn workspace_name(item: &Value, names: &BTreeMap<String, String>) -> Option<String> {
    let id = item.id("workspaceId").filter(|_| !names.is_empty())?;
    Some(names.get(&id).cloned().unwrap_or(id))
}

fn shape(tracker: &Value, names: &BTreeMap<String, String>, keywords: bool) -> Tracker {
    let languages = tracker.items("languageKeywords");
    let counts = languages.iter().map(|one| one.texts("keywords").len());
    let count: usize = counts.sum();
    Tracker {
        id: tracker.id("trackerId").unwrap_or_default(),
        name: tracker.text("trackerName").unwrap_or_default(),
        workspace: workspace_name(tracker, names),
        said_by: tracker.text("affiliation").filter(|who| who != "Anyone"),
        said: said(tracker),
        keyword_count: count as u32,
        keywords: languages
            .iter()
            .filter(|_| keywords)
            .map(|one| TrackerKeywords {
                language: one.text("language"),
                related_forms: one.is("includeRelatedForms").then_some(true),
                keywords: one.texts("keywords"),
            })
            .collect(),
        filtered: tracker
            .get("filterQuery")
            .filter(|filter| filters(filter))
            .map(|_| true),
        updated: tracker.instant("updated"),
    }
}

/// Whether a filter of calls, which is an object or its text, leaves any out: `{"search": null}` does
/// not.
fn filters(filter: &Value) -> bool {
    match filter {
        Value::Null => false,
        Value::Object(members) => members.values().any(filters),
        Value::Array(items) => items.iter().any(filters),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner) if !inner.is_string() => filters(&inner),
            _ => !text.trim().is_empty(),
        },
        _ => true,
    }
}

/// Where in a call the words count: `first 10 minutes`, `in a question`, `topic Pricing`.
fn said(tracker: &Value) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(at) = tracker.text("saidAt").filter(|at| at != "Anytime") {
        let interval = tracker.count("saidAtInterval");
        let unit = fold_case(&tracker.text("saidAtUnit").unwrap_or_default());
        said.push(match interval {
            Some(interval) => format!("{} {interval} {unit}", fold_case(&at)),
            None => fold_case(&at),
        });
    }
    if tracker.is("partOfQuestion") {
        said.push("in a question".into());
    }
    let topics = tracker.texts("saidInTopics");
    said.extend(topics.iter().map(|topic| format!("topic {topic}")));
    said
}

impl Answer for TrackerList {
    fn text(&self) -> String {
        let mut text = format!(
            "{}; Gong's API does not list smart trackers.\n",
            render::part(self.trackers.len(), self.matched, "keyword tracker")
        );
        let mut table = Table::new([
            "id",
            "name",
            "workspace",
            "said by",
            "said",
            "only some calls",
            "updated (UTC)",
            "keywords",
        ]);
        for tracker in &self.trackers {
            let words: Vec<String> = tracker.keywords.iter().map(keywords).collect();
            table.row([
                tracker.id.clone(),
                tracker.name.clone(),
                tracker.workspace.clone().unwrap_or_default(),
                tracker.said_by.clone().unwrap_or_default(),
                tracker.said.join(", "),
                if tracker.filtered == Some(true) {
                    "yes"
                } else {
                    ""
                }
                .into(),
                tracker
                    .updated
                    .as_deref()
                    .map(time::in_table)
                    .unwrap_or_default(),
                if words.is_empty() {
                    tracker.keyword_count.to_string()
                } else {
                    words.join("; ")
                },
            ]);
        }
        render::none(
            &mut text,
            &self.trackers,
            "None has that name in this workspace, or all are smart trackers.",
        );
        table.write(&mut text);
        render::left_out(&mut text, self.left_out, "other names");
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}

/// `eng (with related forms): price, discount`.
fn keywords(one: &TrackerKeywords) -> String {
    let language = one.language.as_deref().unwrap_or("any language");
    let forms = if one.related_forms == Some(true) {
        " (with related forms)"
    } else {
        ""
    };
    format!("{language}{forms}: {}", one.keywords.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::filters;

    #[test]
    fn a_filter_without_any_condition_is_none() {
        for none in [
            json!(null),
            json!({}),
            json!("{}"),
            json!(""),
            json!(r#"{"sort":null,"search":null}"#),
            json!({"search": {"in": []}}),
        ] {
            assert!(!filters(&none), "{none}");
        }
        for some in [
            json!(r#"{"search":{"language":"eng"}}"#),
            json!({"sort": null, "search": [1]}),
            json!("language=eng"),
        ] {
            assert!(filters(&some), "{some}");
        }
    }
}
