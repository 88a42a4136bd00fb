//! The table of a tenant's tools.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

use super::fields::Fields;
use super::kill_switches::SwitchedOff;
use super::problem::Problem;
use super::session::{self, SignedIn};
use super::state::PageState;
use super::view::{self, Badge, Choice, Frame, NavItem, OffNotice, Style};
use crate::store::{Class, Effect, ReviewState, ToolRow};

/// Characters of a description in the table. The tool's page has all of it.
pub(super) const DESCRIPTION: usize = 140;

#[derive(Template)]
#[template(path = "tools.html")]
struct Page<'a> {
    frame: Frame,
    tenant: &'a str,
    counts: String,
    off: Option<OffNotice>,
    filter: FilterForm,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// The form that filters the table, as it was filled in.
struct FilterForm {
    text: String,
    choices: [Choice; 4],
    sort: Option<String>,
    any: bool,
    /// The whole filter, as the query of an address.
    query: String,
}

struct Column {
    name: &'static str,
    query: String,
    order: Option<&'static str>,
    mark: &'static str,
    number: bool,
}

struct Row {
    name: String,
    /// Names the version that is shown, so that no other one can be approved.
    key: String,
    selectable: bool,
    title: String,
    description: String,
    state: Vec<Badge>,
    effect: Effect,
    classes: Vec<Badge>,
    toolset: String,
    last_used: String,
    calls: u64,
}

/// The column by which the table is sorted. A dash before the key reverses the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SortKey {
    Name,
    State,
    Effect,
    Classification,
    Toolset,
    Used,
    Calls,
}

impl SortKey {
    /// Each column with its key in addresses, its title, and whether it is sorted in descending
    /// order first.
    const ALL: [(Self, &'static str, &'static str, bool); 7] = [
        (Self::Name, "name", "Tool", false),
        (Self::State, "state", "State", false),
        (Self::Effect, "effect", "Effect", false),
        (
            Self::Classification,
            "classification",
            "Classification",
            false,
        ),
        (Self::Toolset, "toolset", "Toolset", false),
        (Self::Used, "used", "Last used", true),
        (Self::Calls, "calls", "Calls, 30 days", true),
    ];

    fn sort(self, rows: &mut [ToolRow]) {
        match self {
            // The store sorts by name.
            Self::Name => {}
            Self::State => rows.sort_by_key(|row| row.state),
            Self::Effect => rows.sort_by_key(|row| row.effect),
            Self::Classification => rows.sort_by(|a, b| a.classification.cmp(&b.classification)),
            Self::Toolset => rows.sort_by(|a, b| a.toolset.cmp(&b.toolset)),
            Self::Used => rows.sort_by_key(|row| row.last_used),
            Self::Calls => rows.sort_by_key(|row| row.calls_30d),
        }
    }
}

/// The order that the query asks for, by name if it does not.
fn order(query: &Fields) -> (SortKey, bool) {
    let sort = query.get("sort").unwrap_or("name");
    let (backwards, key) = match sort.strip_prefix('-') {
        Some(key) => (true, key),
        None => (false, sort),
    };
    let found = SortKey::ALL.into_iter().find(|(_, name, ..)| *name == key);
    (found.map_or(SortKey::Name, |(key, ..)| key), backwards)
}

fn columns(query: &Fields) -> Vec<Column> {
    let (now, backwards) = order(query);
    let column = |(key, name, title, most_first): (SortKey, &'static str, _, bool)| {
        let sorted = now == key;
        // The first click sorts in the usual order of the column, the next one reverses it.
        let reverse = if sorted { !backwards } else { most_first };
        let sort = if reverse {
            format!("-{name}")
        } else {
            name.to_owned()
        };
        Column {
            name: title,
            query: query.query_with("sort", Some(&sort)),
            order: match (sorted, backwards) {
                (false, _) => None,
                (true, false) => Some("ascending"),
                (true, true) => Some("descending"),
            },
            mark: match (sorted, backwards) {
                (false, _) => "",
                (true, false) => " ↑",
                (true, true) => " ↓",
            },
            number: key == SortKey::Calls,
        }
    };
    SortKey::ALL.into_iter().map(column).collect()
}

/// Whether the filter of the query selects a tool.
fn is_selected(row: &ToolRow, query: &Fields) -> bool {
    let is = |name, text: &str| query.get(name).is_none_or(|value| value == text);
    let class = query.get("classification").is_none_or(|value| {
        let mut classes = row.classification.iter();
        classes.any(|class| class.as_str() == value)
    });
    let text = query.get("text").is_none_or(|words| {
        let words = words.to_lowercase();
        let all = format!("{} {} {}", row.name, row.title, row.description).to_lowercase();
        words.split_whitespace().all(|word| all.contains(word))
    });
    is("state", row.state.as_str())
        && is("effect", row.effect.as_str())
        && is("toolset", &row.toolset)
        && class
        && text
}

fn filter(query: &Fields, toolsets: BTreeSet<String>) -> FilterForm {
    let chosen = |name| query.get(name).unwrap_or_default().to_owned();
    let choice = |name, label, values| Choice {
        name,
        label,
        values,
        chosen: chosen(name),
    };
    let effects = [
        Effect::Read,
        Effect::MeteredRead,
        Effect::Write,
        Effect::Outreach,
        Effect::Destructive,
    ];
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let choices = [
        choice(
            "state",
            "State",
            texts(&ReviewState::ALL.map(ReviewState::as_str)),
        ),
        choice("effect", "Effect", texts(&effects.map(Effect::as_str))),
        choice(
            "classification",
            "Classification",
            texts(&Class::ALL.map(Class::as_str)),
        ),
        choice("toolset", "Toolset", toolsets.into_iter().collect()),
    ];
    let any = choices.iter().any(|choice| !choice.chosen.is_empty());
    FilterForm {
        any: any || query.get("text").is_some(),
        text: chosen("text"),
        choices,
        sort: query.get("sort").map(str::to_owned),
        query: query.query_with("", None),
    }
}

/// `GET /t/{tenant}/tools`
pub(super) async fn show(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    uri: Uri,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    signed_in.tenant(&tenant)?;
    let key = tenant.clone();
    let (mut tools, off) = state
        .store(move |store| Ok((store.tools(&key)?, store.switches()?)))
        .await?;
    let off = SwitchedOff::from(off);
    let query = session::query(&uri);
    let toolsets = tools.iter().map(|tool| tool.toolset.clone()).collect();
    let all = tools.len();
    let in_state = |state| tools.iter().filter(|tool| tool.state == state).count();
    let counts = ReviewState::ALL
        .into_iter()
        .map(|state| (in_state(state), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect::<Vec<_>>()
        .join(", ");
    tools.retain(|tool| is_selected(tool, &query));
    let (key, backwards) = order(&query);
    key.sort(&mut tools);
    if backwards {
        tools.reverse();
    }
    let shown = tools.len();
    let rows = tools.into_iter().map(|tool| Row {
        key: tool.key(),
        selectable: tool.state != ReviewState::Removed,
        description: view::shortened(&tool.description, DESCRIPTION),
        state: view::state(&tool, off.tool(&tenant, &tool.name).is_some()),
        effect: tool.effect,
        classes: view::classes(&tool.classification),
        last_used: tool
            .last_used
            .map_or_else(|| "never".to_owned(), view::minute),
        calls: tool.calls_30d,
        toolset: tool.toolset,
        title: tool.title,
        name: tool.name,
    });
    Ok(signed_in.show(&Page {
        frame: signed_in.frame(NavItem::Tools, "Tools", Some(&tenant)),
        tenant: &tenant,
        counts: if shown == all {
            counts
        } else {
            format!("{shown} of {all} shown; {counts}")
        },
        off: off.wider_than_tool(&tenant),
        filter: filter(&query, toolsets),
        columns: columns(&query),
        rows: rows.collect(),
    }))
}
