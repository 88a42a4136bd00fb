//! A tenant's tools, and decisions on several of them.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

use super::PageState;
use super::fields::Fields;
use super::problem::Problem;
use super::session::{self, Posted, Signed};
use super::switches::{self, Switches};
use super::view::{self, At, Badge, Choice, Frame, Off, Style, Tone};
use crate::store::{Class, Decision, Effect, State as ToolState, ToolRow};

/// Letters of a description in the table; the tool's page has all.
const DESCRIPTION: usize = 140;

#[derive(Template)]
#[template(path = "tools.html")]
struct Page<'a> {
    frame: Frame,
    tenant: &'a str,
    counts: String,
    off: Option<Off>,
    filter: Filter,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// What is asked for, for the form that asks.
struct Filter {
    text: String,
    choices: [Choice; 4],
    sort: Option<String>,
    any: bool,
    /// All of it, as the query of an address.
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
    /// Names the version that is shown, so that nothing is approved unseen.
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

/// By what the table is sorted. A dash before the key turns the order round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Name,
    State,
    Effect,
    Classification,
    Toolset,
    Used,
    Calls,
}

impl Key {
    /// Each column with its key in addresses, its title, and whether one wants the most first.
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
            // As they come.
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

/// The order asked for, by name when none is.
fn order(asked: &Fields) -> (Key, bool) {
    let sort = asked.get("sort").unwrap_or("name");
    let (backwards, key) = match sort.strip_prefix('-') {
        Some(key) => (true, key),
        None => (false, sort),
    };
    let found = Key::ALL.into_iter().find(|(_, name, ..)| *name == key);
    (found.map_or(Key::Name, |(key, ..)| key), backwards)
}

fn columns(asked: &Fields) -> Vec<Column> {
    let (now, backwards) = order(asked);
    let column = |(key, name, title, most_first): (Key, &'static str, _, bool)| {
        let sorted = now == key;
        // The first click gives the order that one wants; the next one turns it round.
        let turn = if sorted { !backwards } else { most_first };
        let sort = if turn {
            format!("-{name}")
        } else {
            name.to_owned()
        };
        Column {
            name: title,
            query: asked.with("sort", Some(&sort)),
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
            number: key == Key::Calls,
        }
    };
    Key::ALL.into_iter().map(column).collect()
}

/// Whether a tool is asked for.
fn fits(row: &ToolRow, asked: &Fields) -> bool {
    let is = |name, text: &str| asked.get(name).is_none_or(|asked| asked == text);
    let class = asked.get("classification").is_none_or(|asked| {
        let mut classes = row.classification.iter();
        classes.any(|class| class.as_str() == asked)
    });
    let text = asked.get("text").is_none_or(|asked| {
        let words = asked.to_lowercase();
        let all = format!("{} {} {}", row.name, row.title, row.description).to_lowercase();
        words.split_whitespace().all(|word| all.contains(word))
    });
    is("state", row.state.as_str())
        && is("effect", row.effect.as_str())
        && is("toolset", &row.toolset)
        && class
        && text
}

fn filter(asked: &Fields, toolsets: BTreeSet<String>) -> Filter {
    let chosen = |name| asked.get(name).unwrap_or_default().to_owned();
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
            texts(&ToolState::ALL.map(ToolState::as_str)),
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
    Filter {
        any: any || asked.get("text").is_some(),
        text: chosen("text"),
        choices,
        sort: asked.get("sort").map(str::to_owned),
        query: asked.with("", None),
    }
}

/// `GET /t/{tenant}/tools`
pub(super) async fn show(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    uri: Uri,
    signed: Signed,
) -> Result<Response, Problem> {
    signed.tenant(&tenant)?;
    let of = tenant.clone();
    let (mut tools, off) = state
        .store(move |store| Ok((store.tools(&of)?, store.switches()?)))
        .await?;
    let off = Switches::from(off);
    let asked = session::asked(&uri);
    let toolsets = tools.iter().map(|tool| tool.toolset.clone()).collect();
    let all = tools.len();
    let in_state = |state| tools.iter().filter(|tool| tool.state == state).count();
    let counts = ToolState::ALL
        .into_iter()
        .map(|state| (in_state(state), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {state}"))
        .collect::<Vec<_>>()
        .join(", ");
    tools.retain(|tool| fits(tool, &asked));
    let (key, backwards) = order(&asked);
    key.sort(&mut tools);
    if backwards {
        tools.reverse();
    }
    let shown = tools.len();
    let rows = tools.into_iter().map(|tool| Row {
        key: format!("{}@{}", tool.name, tool.version),
        selectable: tool.state != ToolState::Removed,
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
    Ok(signed.show(&Page {
        frame: signed.frame(At::Tools, "Tools", Some(&tenant)),
        tenant: &tenant,
        counts: if shown == all {
            counts
        } else {
            format!("{shown} of {all} shown; {counts}")
        },
        off: off.above(&tenant),
        filter: filter(&asked, toolsets),
        columns: columns(&asked),
        rows: rows.collect(),
    }))
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    frame: Frame,
    question: String,
    warning: &'static str,
    fields: Vec<(&'static str, String)>,
    rows: Vec<Grave>,
    back: String,
}

struct Grave {
    name: String,
    description: String,
    effect: Effect,
    classes: Vec<Badge>,
    grave: bool,
}

/// `POST /t/{tenant}/tools`: approves, disables or resets those selected.
///
/// What removes things, or makes Gong write to people, is approved only on a second page.
pub(super) async fn review(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    posted.by.tenant(&tenant)?;
    let fields = &posted.fields;
    let decision = match fields.get("decision") {
        Some("approve") => Decision::Approve,
        Some("disable") => Decision::Disable,
        Some("pending") => Decision::Pending,
        _ => {
            return Err(Problem::refused(
                "The form must say decision=approve, decision=disable or decision=pending.",
            ));
        }
    };
    let which = if fields.has("all", "yes") {
        "shown"
    } else {
        "tool"
    };
    let names: BTreeSet<String> = fields.all(which).map(str::to_owned).collect();
    let names: Vec<String> = names.into_iter().collect();
    let back = back(&tenant, fields, &names);
    if names.is_empty() {
        let text = "No tool was selected: tick some, or “all shown”.";
        return Ok(posted.by.go(&back, Tone::Wait, text));
    }
    if decision == Decision::Approve && !fields.has("confirmed", "yes") {
        let of = tenant.clone();
        let tools = state.store(move |store| store.tools(&of)).await?;
        let rows: Vec<Grave> = tools
            .into_iter()
            .filter(|tool| names.iter().any(|name| names_tool(name, &tool.name)))
            .map(|tool| Grave {
                grave: view::grave(&tool),
                description: view::shortened(&tool.description, DESCRIPTION),
                effect: tool.effect,
                classes: view::classes(&tool.classification),
                name: tool.name,
            })
            .collect();
        if rows.iter().any(|row| row.grave) {
            return Ok(confirm(&posted, &tenant, names, rows, back));
        }
    }
    let actor = posted.by.actor();
    let of = tenant.clone();
    let asked = names.len();
    let changed = state
        .store(move |store| store.review(&actor, &of, &names, decision))
        .await?;
    let done = match decision {
        Decision::Approve => "Approved",
        Decision::Disable => "Disabled",
        Decision::Pending => "Back to review",
    };
    let mut text = match &changed[..] {
        [] => "Nothing to do: it was so already.".to_owned(),
        [one] => format!("{done}: {one}."),
        some if some.len() <= 5 => format!("{done}: {}.", some.join(", ")),
        many => format!("{done}: {} tools.", many.len()),
    };
    if !changed.is_empty() && changed.len() < asked {
        text.push_str(&format!(" {} were so already.", asked - changed.len()));
    }
    let tone = match decision {
        Decision::Approve => Tone::Good,
        Decision::Disable | Decision::Pending => Tone::Plain,
    };
    Ok(posted.by.go(&back, tone, &text))
}

fn names_tool(key: &str, tool: &str) -> bool {
    key.split_once('@').map_or(key, |(name, _)| name) == tool
}

/// Where one came from: the tool's page, or the table as it was asked for.
fn back(tenant: &str, fields: &Fields, names: &[String]) -> String {
    if fields.has("from", "tool")
        && let [name] = names
    {
        let name = name.split_once('@').map_or(&**name, |(name, _)| name);
        return switches::tool_page(tenant, name);
    }
    let query = fields.get("back").unwrap_or_default();
    let query = Fields::read(query.trim_start_matches('?').as_bytes()).with("", None);
    format!("{}/tools{query}", switches::base(tenant))
}

fn confirm(
    posted: &Posted,
    tenant: &str,
    names: Vec<String>,
    rows: Vec<Grave>,
    back: String,
) -> Response {
    let tools = names.into_iter().map(|name| ("tool", name));
    let keep = ["from", "back"]
        .into_iter()
        .filter_map(|name| Some((name, posted.fields.get(name)?.to_owned())));
    let grave = rows.iter().filter(|row| row.grave).count();
    let fields = tools.chain(keep).collect();
    let question = match &rows[..] {
        [one] => format!("Approve {}?", one.name),
        rows => format!("Approve these {} tools?", rows.len()),
    };
    posted.by.show(&Confirm {
        frame: posted.by.frame(At::Tools, "Approve?", Some(tenant)),
        question,
        warning: match (rows.len(), grave) {
            (1, _) => {
                "It removes what cannot be brought back, makes Gong contact people, or is \
                 dangerous by its class."
            }
            (_, 1) => {
                "One of these removes what cannot be brought back, makes Gong contact people, or \
                 is dangerous by its class."
            }
            _ => {
                "Some of these remove what cannot be brought back, make Gong contact people, or \
                 are dangerous by their class."
            }
        },
        fields,
        rows,
        back,
    })
}
