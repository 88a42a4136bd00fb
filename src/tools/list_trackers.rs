//! `gong_list_trackers`. GET /v2/settings/trackers; api:settings:trackers:read. Not paged.
//! Keyword trackers only: Gong's API does not list smart ones.

use alloc::collections::BTreeMap;
use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    error::Error,
    gong::workspaces,
    json_ext::JsonExt,
    names::has_words,
    prelude::*,
    render::{self, Answer, Table},
    text::{fold_case, one_line},
    time,
    wit::settings::{ListTrackers, Tracker, TrackerKeywords, TrackerList},
};

/// Asks once; names are matched here.
pub(crate) fn run(gong: &Gong<'_>, args: ListTrackers) -> Result<TrackerList, Error> {
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let query = [("workspaceId", workspace.as_deref())];
    // Gong's 404 here is about the workspace, and no empty list.
    let answer: ApiResponse = gong.get("/v2/settings/trackers", &query)?;
    let mut found: Vec<_> = answer
        .listed("keywordTrackers", "GET /v2/settings/trackers")?
        .iter()
        .collect();
    let all = found.len();
    let wanted = args.query.map(|query| fold_case(query.trim()));
    found.retain(|tracker| {
        wanted.as_deref().is_none_or(|wanted| {
            has_words(&tracker.text("trackerName").unwrap_or_default(), wanted)
        })
    });
    let names = names(gong, &found);
    let keywords = args.keywords == Some(true);
    let mut trackers: Vec<Tracker> = found
        .iter()
        .map(|tracker| shape(tracker, &names, keywords))
        .collect();
    trackers.sort_by_cached_key(|tracker| (fold_case(&tracker.name), tracker.id.clone()));
    let left_out = (all - trackers.len()) as u32;
    Ok(TrackerList {
        trackers,
        left_out: (left_out > 0).then_some(left_out),
        requests: gong.requests(),
    })
}

/// Workspaces by id, where what was found is of several. Names are an extra.
pub(super) fn names(gong: &Gong<'_>, found: &[&Value]) -> BTreeMap<String, String> {
    let mut ids = found.iter().filter_map(|one| one.id("workspaceId"));
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

/// The workspace of what was found: its name, else its id; nothing where all are of one.
pub(super) fn workspace(one: &Value, names: &BTreeMap<String, String>) -> Option<String> {
    let id = one.id("workspaceId").filter(|_| !names.is_empty())?;
    Some(names.get(&id).cloned().unwrap_or(id))
}

fn shape(tracker: &Value, names: &BTreeMap<String, String>, keywords: bool) -> Tracker {
    let languages = tracker.items("languageKeywords");
    let count = languages
        .iter()
        .map(|one| one.texts("keywords").len())
        .sum::<usize>();
    let filter = tracker.text("filterQuery");
    Tracker {
        id: tracker.id("trackerId").unwrap_or_default(),
        name: tracker.text("trackerName").unwrap_or_default(),
        workspace: workspace(tracker, names),
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
        filtered: filter.filter(|filter| filter != "{}").map(|_| true),
        updated: tracker.instant("updated"),
    }
}

/// Where the words have to be said: `first 10 minutes`, `in a question`, `topic Pricing`.
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
            render::count(self.trackers.len() as u32, "keyword tracker")
        );
        let mut table = Table::new(&[
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
            let words: Vec<String> = tracker.keywords.iter().map(words).collect();
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
                    format!("{}", tracker.keyword_count)
                } else {
                    words.join("; ")
                },
            ]);
        }
        table.write(&mut text);
        render::left_out(&mut text, self.left_out, "other names");
        render::requests(&mut text, self.requests);
        text
    }
}

/// `eng (with related forms): price, discount`.
fn words(one: &TrackerKeywords) -> String {
    let language = one.language.as_deref().unwrap_or("any language");
    let forms = if one.related_forms == Some(true) {
        " (with related forms)"
    } else {
        ""
    };
    format!("{language}{forms}: {}", one.keywords.join(", "))
}
