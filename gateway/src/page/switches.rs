//! Kill switches: for everything, a tenant, a tool of a tenant.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;

use super::PageState;
use super::problem::Problem;
use super::session::Posted;
use super::view::{self, Off, Tone};
use crate::store::{self, SwitchRow};

/// Those that are off.
#[derive(Debug, Default)]
pub(super) struct Switches(BTreeMap<store::Switch, SwitchRow>);

impl From<Vec<SwitchRow>> for Switches {
    fn from(rows: Vec<SwitchRow>) -> Self {
        let rows = rows.into_iter().map(|row| (row.switch.clone(), row));
        Self(rows.collect())
    }
}

impl Switches {
    fn off(&self, switch: &store::Switch, what: &'static str) -> Option<Off> {
        self.0.get(switch).map(|row| Off::of(what, row))
    }

    pub(super) fn everything(&self) -> Option<Off> {
        self.off(&store::Switch::Everything, "Everything is")
    }

    /// Of the tenant itself.
    pub(super) fn tenant(&self, tenant: &str) -> Option<Off> {
        let switch = store::Switch::Tenant(tenant.to_owned());
        self.off(&switch, "This tenant is")
    }

    /// Of the tool itself, here or everywhere.
    pub(super) fn tool(&self, tenant: &str, tool: &str) -> Option<Off> {
        let everywhere = store::Switch::ToolEverywhere(tool.to_owned());
        self.off(&everywhere, "This tool is, for all tenants,")
            .or_else(|| self.of_tenants_tool(tenant, tool))
    }

    /// Of the tool in this tenant only.
    pub(super) fn of_tenants_tool(&self, tenant: &str, tool: &str) -> Option<Off> {
        let switch = store::Switch::Tool(tenant.to_owned(), tool.to_owned());
        self.off(&switch, "This tool is")
    }

    /// What stops more than a tool, if something does.
    pub(super) fn above(&self, tenant: &str) -> Option<Off> {
        self.everything().or_else(|| self.tenant(tenant))
    }
}

/// The panel for everything.
pub(super) fn of_everything(switches: &Switches, may: bool) -> view::Switch {
    view::Switch {
        id: "switch-everything",
        what: "everything".to_owned(),
        effect: "Switching off refuses every call of every tenant, at once.",
        action: "/admin/switch".to_owned(),
        off: switches.everything(),
        may,
    }
}

/// The panel for a tenant.
pub(super) fn of_tenant(switches: &Switches, tenant: &str) -> view::Switch {
    view::Switch {
        id: "switch-tenant",
        what: format!("tenant {tenant}"),
        effect: "Switching off refuses every call of this tenant's users, at once.",
        action: format!("{}/switch", base(tenant)),
        off: switches.tenant(tenant),
        may: true,
    }
}

/// The panel for a tool of a tenant.
pub(super) fn of_tool(switches: &Switches, tenant: &str, tool: &str) -> view::Switch {
    view::Switch {
        id: "switch-tool",
        what: "this tool".to_owned(),
        effect: "Switching off refuses its calls at once and leaves the review as it is.",
        action: format!("{}/switch", tool_page(tenant, tool)),
        off: switches.of_tenants_tool(tenant, tool),
        may: true,
    }
}

/// Where a tenant's pages are.
pub(super) fn base(tenant: &str) -> String {
    format!("/admin/t/{}", encoded(tenant))
}

/// Where a tool's page is.
pub(super) fn tool_page(tenant: &str, tool: &str) -> String {
    format!("{}/tools/{}", base(tenant), encoded(tool))
}

/// A segment of a path.
pub(super) fn encoded(segment: &str) -> String {
    askama::filters::urlencode_strict(segment)
        .map_or_else(|_| String::new(), |safe| safe.0.to_string())
}

/// `POST /switch`
pub(super) async fn everything(
    State(state): State<PageState>,
    posted: Posted,
) -> Result<Response, Problem> {
    if !posted.by.manages_all() {
        return Err(Problem::refused(
            "Only an administrator of all tenants may do this. Yours are named in gateway.toml.",
        ));
    }
    turn(&state, &posted, store::Switch::Everything, "/admin").await
}

/// `POST /t/{tenant}/switch`
pub(super) async fn tenant(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    posted.by.tenant(&tenant)?;
    let back = format!("{}/quota", base(&tenant));
    turn(&state, &posted, store::Switch::Tenant(tenant), &back).await
}

/// `POST /t/{tenant}/tools/{tool}/switch`
pub(super) async fn tool(
    State(state): State<PageState>,
    Path((tenant, tool)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, Problem> {
    posted.by.tenant(&tenant)?;
    let back = tool_page(&tenant, &tool);
    turn(&state, &posted, store::Switch::Tool(tenant, tool), &back).await
}

async fn turn(
    state: &PageState,
    posted: &Posted,
    switch: store::Switch,
    back: &str,
) -> Result<Response, Problem> {
    let on = match posted.fields.get("to") {
        Some("on") => true,
        Some("off") => false,
        _ => return Err(Problem::refused("The form must say to=on or to=off.")),
    };
    let reason = posted.fields.get("reason").unwrap_or_default().to_owned();
    if reason.is_empty() {
        return Err(Problem::refused(
            "A reason is missing: those who call are told, and the audit keeps it.",
        ));
    }
    let (actor, what) = (posted.by.actor(), switch.to_string());
    let changed = state
        .store(move |store| store.switch(&actor, &switch, on, &reason))
        .await?;
    let (tone, text) = match (on, changed) {
        (true, true) => (Tone::Good, format!("Switched on again: {what}.")),
        (true, false) => (Tone::Plain, format!("It was on already: {what}.")),
        (false, true) => (Tone::Bad, format!("Switched off: {what}.")),
        (false, false) => (Tone::Bad, format!("Still off, for the new reason: {what}.")),
    };
    Ok(posted.by.go(back, tone, &text))
}
