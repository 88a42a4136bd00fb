//! Which kinds of AI clients may call, of a tenant and of a tool.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;

use super::paths;
use super::problem::Problem;
use super::session::SubmittedForm;
use super::state::PageState;
use super::view::Tone;
use crate::store::allowed_kinds::listed;
use crate::store::sign_in::ClientKind;

/// The form on several pages.
pub(super) struct KindsForm {
    pub(super) action: String,
    pub(super) what: &'static str,
    pub(super) choices: Vec<Choice>,
}

/// A kind to tick.
pub(super) struct Choice {
    pub(super) kind: &'static str,
    pub(super) hint: &'static str,
    pub(super) chosen: bool,
}

impl KindsForm {
    /// The form of a tool, or of the tenant.
    pub(super) fn new(
        tenant: &str,
        tool: Option<&str>,
        allowed: Option<&BTreeSet<ClientKind>>,
    ) -> Self {
        let choices = ClientKind::ALL.iter().map(|kind| Choice {
            kind: kind.as_str(),
            hint: match kind {
                ClientKind::Personal => "one person's",
                ClientKind::Shared => "many people's, each of whom signs in",
                ClientKind::Service => "a program's that acts for nobody",
            },
            chosen: allowed.is_none_or(|allowed| allowed.contains(kind)),
        });
        Self {
            action: match tool {
                Some(tool) => format!("{}/kinds", paths::tool(tenant, tool)),
                None => format!("{}/clients/kinds", paths::tenant(tenant)),
            },
            what: match tool {
                Some(_) => "the tool",
                None => "any tool",
            },
            choices: choices.collect(),
        }
    }
}

/// `POST /t/{tenant}/clients/kinds`
pub(super) async fn tenant(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    let back = format!("{}/clients", paths::tenant(&tenant));
    allow(&state, &form, tenant, None, &back).await
}

/// `POST /t/{tenant}/tools/{tool}/kinds`
pub(super) async fn tool(
    State(state): State<PageState>,
    Path((tenant, tool)): Path<(String, String)>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    let back = paths::tool(&tenant, &tool);
    allow(&state, &form, tenant, Some(tool), &back).await
}

async fn allow(
    state: &PageState,
    form: &SubmittedForm,
    tenant: String,
    tool: Option<String>,
    back: &str,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let kinds = form.fields.all("kind").map(str::parse::<ClientKind>);
    let kinds: Result<BTreeSet<ClientKind>, String> = kinds.collect();
    let kinds = kinds.map_err(Problem::refused)?;
    let text = format!("Kinds of AI clients that may call: {}.", listed(&kinds));
    let actor = form.by.actor();
    let allowed =
        state.store(move |store| store.allow_kinds(&actor, &tenant, tool.as_deref(), &kinds));
    allowed.await?;
    Ok(form.by.redirect_with_message(back, Tone::Good, &text))
}
