//! Decisions on several tools at once, and the page that confirms serious ones.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::fields::Fields;
use super::paths;
use super::problem::Problem;
use super::session::SubmittedForm;
use super::state::PageState;
use super::tools::DESCRIPTION;
use super::view::{self, Badge, Frame, NavItem, Style, Tone};
use crate::store::{Decision, Effect};

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    frame: Frame,
    question: String,
    warning: &'static str,
    fields: Vec<(&'static str, String)>,
    rows: Vec<ConfirmRow>,
    back: String,
}

struct ConfirmRow {
    name: String,
    description: String,
    effect: Effect,
    classes: Vec<Badge>,
    grave: bool,
}

/// `POST /t/{tenant}/tools`: approves, disables or resets the selected tools.
///
/// Approving tools with serious effects needs a confirmation on a second page.
pub(super) async fn submit(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let fields = &form.fields;
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
        return Ok(form.by.redirect_with_message(&back, Tone::Wait, text));
    }
    if decision == Decision::Approve && !fields.has("confirmed", "yes") {
        let key = tenant.clone();
        let tools = state.store(move |store| store.tools(&key)).await?;
        let rows: Vec<ConfirmRow> = tools
            .into_iter()
            .filter(|tool| names.iter().any(|name| names_tool(name, &tool.name)))
            .map(|tool| ConfirmRow {
                grave: view::needs_confirmation(&tool),
                description: view::shortened(&tool.description, DESCRIPTION),
                effect: tool.effect,
                classes: view::classes(&tool.classification),
                name: tool.name,
            })
            .collect();
        if rows.iter().any(|row| row.grave) {
            return Ok(confirm(&form, &tenant, names, rows, back));
        }
    }
    let actor = form.by.actor();
    let key = tenant.clone();
    let selected = names.len();
    let changed = state
        .store(move |store| store.review(&actor, &key, &names, decision))
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
    if !changed.is_empty() && changed.len() < selected {
        text.push_str(&format!(" {} were so already.", selected - changed.len()));
    }
    let tone = match decision {
        Decision::Approve => Tone::Good,
        Decision::Disable | Decision::Pending => Tone::Plain,
    };
    Ok(form.by.redirect_with_message(&back, tone, &text))
}

fn names_tool(key: &str, tool: &str) -> bool {
    key.split_once('@').map_or(key, |(name, _)| name) == tool
}

/// The page from which the form was sent: the tool's, or the table with its filter.
fn back(tenant: &str, fields: &Fields, names: &[String]) -> String {
    if fields.has("from", "tool")
        && let [name] = names
    {
        let name = name.split_once('@').map_or(&**name, |(name, _)| name);
        return paths::tool(tenant, name);
    }
    let query = fields.get("back").unwrap_or_default();
    let query = Fields::parse(query.trim_start_matches('?').as_bytes()).query_with("", None);
    format!("{}/tools{query}", paths::tenant(tenant))
}

fn confirm(
    form: &SubmittedForm,
    tenant: &str,
    names: Vec<String>,
    rows: Vec<ConfirmRow>,
    back: String,
) -> Response {
    let tools = names.into_iter().map(|name| ("tool", name));
    let keep = ["from", "back"]
        .into_iter()
        .filter_map(|name| Some((name, form.fields.get(name)?.to_owned())));
    let grave = rows.iter().filter(|row| row.grave).count();
    let fields = tools.chain(keep).collect();
    let question = match &rows[..] {
        [one] => format!("Approve {}?", one.name),
        rows => format!("Approve these {} tools?", rows.len()),
    };
    form.by.show(&Confirm {
        frame: form.by.frame(NavItem::Tools, "Approve?", Some(tenant)),
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
