//! Toolsets: all of them, and the form of one.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;

use super::paths;
use super::problem::Problem;
use super::session::{SignedIn, SubmittedForm};
use super::sets::{
    self, Choice, Group, ListPage, ListRow, SetForm, SetKind, chosen, entered_name, find,
    form_page, listed, old_name, origin, refuse_taken, saved, show_again,
};
use super::state::PageState;
use super::view::{self, NavItem};
use crate::store::{ReviewState, Store, StoreError, ToolsetRow};

/// `GET /t/{tenant}/toolsets`
pub(super) async fn all(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    signed_in.tenant(&tenant)?;
    let key = tenant.clone();
    let rows = state.store(move |store| store.toolsets(&key)).await?;
    let rows = rows.into_iter().map(|row| {
        let mut tools = view::count(row.tools.len() as u64, "tool");
        if !row.missing.is_empty() {
            tools.push_str(&format!("; the component lacks {}", listed(&row.missing)));
        }
        ListRow {
            origin: origin(row.origin),
            cells: [("Tools", tools), ("In profiles", listed(&row.profiles))],
            name: row.name,
        }
    });
    Ok(signed_in.show(&ListPage {
        frame: signed_in.frame(NavItem::Toolsets, "Toolsets", Some(&tenant)),
        tenant: &tenant,
        plural: "Toolsets",
        singular: "toolset",
        base: SetKind::Toolset.base(&tenant),
        explanation: "Groups of tools that profiles give to users. Automatic ones follow the \
                      tools: read-only has every approved one that only reads, component:… a \
                      group of the component.",
        columns: ["Tools", "In profiles"],
        rows: rows.collect(),
    }))
}

/// The choices of the form of a toolset, or of a new one if the name is empty. `chosen` is what an
/// administrator ticked when the form is shown again.
fn load_form(
    store: &Store,
    tenant: &str,
    name: &str,
    chosen: Option<BTreeSet<String>>,
) -> Result<SetForm, StoreError> {
    let row = if name.is_empty() {
        None
    } else {
        Some(find(store.toolsets(tenant)?, name, |row: &ToolsetRow| {
            &row.name
        })?)
    };
    let missing = row.iter().flat_map(|row| row.missing.clone());
    let missing: Vec<String> = missing.collect();
    let has = chosen.or_else(|| row.as_ref().map(|row| row.tools.clone()));
    let has = has.unwrap_or_default();
    let tools = store.tools(tenant)?.into_iter();
    let present = tools.filter(|tool| tool.state != ReviewState::Removed);
    let mut choices: Vec<Choice> = present
        .map(|tool| Choice {
            chosen: has.contains(&tool.name),
            hint: format!("{}, {}, {}", tool.toolset, tool.effect, tool.state),
            link: Some(paths::tool(tenant, &tool.name)),
            name: tool.name,
        })
        .collect();
    choices.extend(missing.into_iter().map(|name| Choice {
        hint: "the component does not have it".to_owned(),
        chosen: has.contains(&name),
        link: None,
        name,
    }));
    Ok(SetForm {
        origin: row.map(|row| row.origin),
        groups: vec![Group {
            legend: "Tools",
            name: "tool",
            choices,
            none: "No tools yet: they are listed when the gateway serves for the first time.",
        }],
    })
}

/// `GET /t/{tenant}/toolsets/new`
pub(super) async fn new(
    state: State<PageState>,
    Path(tenant): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    one(state, Path((tenant, String::new())), signed_in).await
}

/// `GET /t/{tenant}/toolsets/one/{name}`
pub(super) async fn one(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    signed_in.tenant(&tenant)?;
    let key = (tenant.clone(), name.clone());
    let form = state.store(move |store| load_form(store, &key.0, &key.1, None));
    let form = form.await.map_err(Problem::or_missing)?;
    Ok(signed_in.show(&form_page(
        SetKind::Toolset,
        &signed_in,
        &tenant,
        &name,
        form,
    )))
}

/// `POST /t/{tenant}/toolsets`
pub(super) async fn put(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let (name, tools) = (entered_name(&form.fields), chosen(&form.fields, "tool"));
    let (actor, key) = (
        form.by.actor(),
        (tenant.clone(), name.clone(), tools.clone()),
    );
    let new = form.fields.get("was").is_none();
    let put = state.store(move |store| {
        let (tenant, name, tools) = key;
        if new {
            let rows = store.toolsets(&tenant)?;
            refuse_taken(rows.iter().map(|row| &row.name), &name)?;
        }
        store.put_toolset(&actor, &tenant, &name, &tools)
    });
    if let Err(problem) = put.await {
        let was = old_name(&form.fields);
        let key = (tenant.clone(), was.clone());
        let set_form = state.store(move |store| load_form(store, &key.0, &key.1, Some(tools)));
        let page = form_page(SetKind::Toolset, &form.by, &tenant, &was, set_form.await?);
        return show_again(&form, page, name, problem);
    }
    saved(&form, SetKind::Toolset, &tenant, &name)
}

/// `POST /t/{tenant}/toolsets/delete`
pub(super) async fn remove(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    sets::remove(SetKind::Toolset, &state, &tenant, &form).await
}
