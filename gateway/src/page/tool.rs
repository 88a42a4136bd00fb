//! One tool: everything about it, and every decision on it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::diff::{self, Line};
use super::kill_switches::{self, SwitchedOff};
use super::kinds::KindsForm;
use super::paths;
use super::problem::Problem;
use super::session::{SignedIn, SubmittedForm};
use super::state::PageState;
use super::view::{self, Badge, Frame, NavItem, OffNotice, Style, SwitchPanel, Tone};
use crate::store::{
    AuditFilter, AuditRow, Class, Classes, Definition, DefinitionPart, ReviewState, RowKind,
    ToolRow,
};

/// Acts that a tool's history shows.
const HISTORY: usize = 50;

#[derive(Template)]
#[template(path = "tool.html")]
struct Page<'a> {
    frame: Frame,
    tenant: &'a str,
    name: &'a str,
    key: String,
    state: Vec<Badge>,
    classes: Vec<Badge>,
    off: Option<OffNotice>,
    now: Definition,
    effect: &'static str,
    toolset: &'a str,
    annotations: String,
    input: String,
    output: String,
    reviewed: String,
    component: &'a str,
    /// The component that was reviewed, when it is not the present one.
    reviewed_component: Option<&'a str>,
    changes: Vec<Change>,
    last_used: String,
    calls: String,
    history: Vec<HistoryRow>,
    selectable: bool,
    verdict: &'static str,
    approvable: bool,
    disabled: bool,
    decided: bool,
    own_classes: String,
    choices: Vec<ClassChoice>,
    switch: SwitchPanel,
    kinds: KindsForm,
}

struct Change {
    part: DefinitionPart,
    lines: Vec<Line>,
}

struct HistoryRow {
    time: String,
    actor: String,
    act: String,
    detail: String,
}

struct ClassChoice {
    value: &'static str,
    hint: &'static str,
    /// One of READ, WRITE and DESTRUCTIVE, of which a tool has exactly one.
    kind: bool,
    chosen: bool,
    /// Whether the tool can have it.
    fits: bool,
}

/// `GET /t/{tenant}/tools/{tool}`
pub(super) async fn show(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    signed_in.tenant(&tenant)?;
    let key = (tenant.clone(), name.clone());
    let (versions, off, allowed, history) = state
        .store(move |store| {
            let (tenant, name) = key;
            let filter = AuditFilter {
                tenant: Some(tenant.clone()),
                tool: Some(name.clone()),
                kind: Some(RowKind::Act),
                limit: Some(HISTORY),
                ..AuditFilter::default()
            };
            Ok((
                store.tool(&tenant, &name)?,
                store.switches()?,
                store.allowed_kinds(&tenant)?,
                store.query_audit(&filter)?,
            ))
        })
        .await
        .map_err(Problem::or_missing)?;
    let off = SwitchedOff::from(off);
    let row = versions.tool;
    let changes = match &versions.reviewed {
        Some(reviewed) => changes(&row, reviewed, &versions.now),
        None => Vec::new(),
    };
    let switched_off = off
        .wider_than_tool(&tenant)
        .or_else(|| off.tool(&tenant, &name));
    let page = Page {
        frame: signed_in.frame(NavItem::Tools, &name, Some(&tenant)),
        tenant: &tenant,
        name: &name,
        key: row.key(),
        state: view::state(&row, off.tool(&tenant, &name).is_some()),
        classes: view::classes(&row.classification),
        off: switched_off,
        effect: effect(&row),
        toolset: &row.toolset,
        annotations: annotations(&versions.now.annotations),
        input: pretty(&versions.now.input_schema),
        output: pretty(&versions.now.output_schema),
        reviewed: reviewed(&row),
        component: row.component.as_deref().unwrap_or("not known"),
        reviewed_component: reviewed_component(&row),
        changes,
        last_used: row
            .last_used
            .map_or_else(|| "never".to_owned(), view::minute),
        calls: view::count(row.calls_30d, "call"),
        history: history.into_iter().filter_map(history_row).collect(),
        selectable: row.state != ReviewState::Removed,
        verdict: verdict(row.state),
        approvable: row.state != ReviewState::Approved || row.has_other_component(),
        disabled: row.state == ReviewState::Disabled,
        decided: row.reviewed_at.is_some(),
        own_classes: own_classes(&row, &versions.now),
        choices: choices(&row),
        switch: kill_switches::panel_of_tool(&off, &tenant, &name),
        kinds: KindsForm::new(&tenant, Some(&name), allowed.tools.get(&name)),
        now: versions.now,
    };
    Ok(signed_in.show(&page))
}

fn effect(row: &ToolRow) -> &'static str {
    use crate::store::Effect;
    match row.effect {
        Effect::Read => "read: changes nothing",
        Effect::MeteredRead => "metered-read: changes nothing, spends the company's AI credits",
        Effect::Write => "write: changes data",
        Effect::Outreach => "outreach: changes data and makes Gong contact people",
        Effect::Destructive => "destructive: removes or overwrites what cannot be brought back",
    }
}

fn verdict(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Pending => {
            "Nobody may call it until it is approved. An approval is for this text and these \
             schemas: if they change, the tool is pending again, and with review_component = true \
             also when the component does."
        }
        ReviewState::Approved => "Those may call it whose profiles have a toolset with it.",
        ReviewState::Disabled => "Nobody may call it, in whatever version.",
        ReviewState::Removed => "The component does not have it any more.",
    }
}

fn reviewed(row: &ToolRow) -> String {
    match (&row.reviewed_by, row.reviewed_at) {
        (Some(by), Some(at)) if by == "gateway" => {
            format!("by the tenant's default, {}", view::minute(at))
        }
        (Some(by), Some(at)) => format!("by {by}, {}", view::minute(at)),
        _ => "not yet".to_owned(),
    }
}

/// Which component was reviewed, when it is not the present one.
fn reviewed_component(row: &ToolRow) -> Option<&str> {
    row.reviewed_at?;
    match row.reviewed_component.as_deref() {
        Some(_) if !row.has_other_component() => None,
        Some(reviewed) => Some(reviewed),
        None => Some("not recorded"),
    }
}

fn own_classes(row: &ToolRow, now: &Definition) -> String {
    let names: Vec<&str> = now
        .classification
        .iter()
        .map(|class| class.as_str())
        .collect();
    let names = names.join(", ");
    if row.classified {
        format!("The component says {names}; an administrator has set others.")
    } else {
        format!("As the component says: {names}.")
    }
}

fn choices(row: &ToolRow) -> Vec<ClassChoice> {
    let choice = |class: Class| ClassChoice {
        value: class.as_str(),
        hint: match class {
            Class::Read => "changes nothing",
            Class::Write => "changes data or contacts people",
            Class::Destructive => "removes what cannot be brought back",
            Class::Sensitive => "personal or confidential data",
            Class::Dangerous => "a mistake is costly",
        },
        kind: matches!(class, Class::Read | Class::Write | Class::Destructive),
        chosen: row.classification.contains(&class),
        fits: class != Class::Read || row.effect.reads(),
    };
    Class::ALL.into_iter().map(choice).collect()
}

/// Indented JSON. Other text stays as it is.
fn pretty(json: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(json).ok();
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    pretty.unwrap_or_else(|| json.to_owned())
}

/// MCP's hints on one line.
fn annotations(json: &str) -> String {
    let hints: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).unwrap_or_default();
    let hints = hints
        .into_iter()
        .map(|(hint, value)| format!("{hint}: {value}"));
    hints.collect::<Vec<_>>().join(", ")
}

fn changes(row: &ToolRow, reviewed: &Definition, now: &Definition) -> Vec<Change> {
    let text = |definition: &Definition, part: DefinitionPart| match part {
        DefinitionPart::Title => definition.title.clone(),
        DefinitionPart::Description => definition.description.clone(),
        DefinitionPart::InputSchema => pretty(&definition.input_schema),
        DefinitionPart::OutputSchema => pretty(&definition.output_schema),
        DefinitionPart::Annotations => annotations(&definition.annotations),
        DefinitionPart::Toolset => definition.toolset.clone(),
        DefinitionPart::Effect => definition.effect.to_string(),
        DefinitionPart::Classification => {
            let classes = definition.classification.iter();
            classes
                .map(|class| class.as_str())
                .collect::<Vec<_>>()
                .join("\n")
        }
        DefinitionPart::Scopes => definition.scopes.join("\n"),
        DefinitionPart::Operations => definition.operations.join("\n"),
    };
    let change = |part: &DefinitionPart| Change {
        part: *part,
        lines: diff::diff(&text(reviewed, *part), &text(now, *part)),
    };
    row.changed_since_review.iter().map(change).collect()
}

fn history_row(row: AuditRow) -> Option<HistoryRow> {
    let AuditRow::Act(act) = row else {
        return None;
    };
    Some(HistoryRow {
        time: view::minute(act.time),
        actor: if act.via == "page" {
            act.actor
        } else {
            format!("{} ({})", act.actor, act.via)
        },
        act: act.act,
        detail: act.detail.unwrap_or_default(),
    })
}

/// `POST /t/{tenant}/tools/{tool}/classify`
pub(super) async fn classify(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let fields = &form.fields;
    let classes: Option<Classes> = if fields.has("own", "yes") {
        None
    } else {
        let chosen = fields.all("kind").chain(fields.all("class"));
        let chosen = chosen.map(str::parse::<Class>).collect::<Result<_, _>>();
        Some(chosen.map_err(|error| Problem::refused(super::problem::sentence(&error)))?)
    };
    let text = match &classes {
        Some(classes) => {
            let names: Vec<&str> = classes.iter().map(|class| class.as_str()).collect();
            format!("Classified {name}: {}.", names.join(", "))
        }
        None => format!("{name} is classified as the component says."),
    };
    let back = paths::tool(&tenant, &name);
    let actor = form.by.actor();
    state
        .store(move |store| store.classify(&actor, &tenant, &name, classes.as_ref()))
        .await?;
    Ok(form.by.redirect_with_message(&back, Tone::Good, &text))
}
