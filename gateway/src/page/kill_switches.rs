//! Kill switches: their panels on several pages, and the forms that switch them.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

use super::clients;
use super::paths;
use super::problem::Problem;
use super::session::{self, SubmittedForm};
use super::state::PageState;
use super::view::{OffNotice, SwitchPanel, Tone};
use crate::store::{KillSwitch, SwitchRow};

/// The kill switches that are off.
#[derive(Debug, Default)]
pub(super) struct SwitchedOff(BTreeMap<KillSwitch, SwitchRow>);

impl From<Vec<SwitchRow>> for SwitchedOff {
    fn from(rows: Vec<SwitchRow>) -> Self {
        let rows = rows.into_iter().map(|row| (row.switch.clone(), row));
        Self(rows.collect())
    }
}

impl SwitchedOff {
    fn off(&self, switch: &KillSwitch, what: &'static str) -> Option<OffNotice> {
        self.0.get(switch).map(|row| OffNotice::of(what, row))
    }

    pub(super) fn everything(&self) -> Option<OffNotice> {
        self.off(&KillSwitch::Everything, "Everything is")
    }

    /// The switch of the tenant.
    pub(super) fn tenant(&self, tenant: &str) -> Option<OffNotice> {
        let switch = KillSwitch::Tenant(tenant.to_owned());
        self.off(&switch, "This tenant is")
    }

    /// The switch of the tool, for this tenant or for all.
    pub(super) fn tool(&self, tenant: &str, tool: &str) -> Option<OffNotice> {
        let everywhere = KillSwitch::ToolEverywhere(tool.to_owned());
        self.off(&everywhere, "This tool is, for all tenants,")
            .or_else(|| self.tool_of_tenant(tenant, tool))
    }

    /// The switch of the tool for this tenant.
    pub(super) fn tool_of_tenant(&self, tenant: &str, tool: &str) -> Option<OffNotice> {
        let switch = KillSwitch::Tool(tenant.to_owned(), tool.to_owned());
        self.off(&switch, "This tool is")
    }

    /// The switch of the user.
    pub(super) fn user(&self, tenant: &str, name: &str) -> Option<OffNotice> {
        let switch = KillSwitch::User(tenant.to_owned(), name.to_owned());
        self.off(&switch, "This user is")
    }

    /// A switch that stops more than one tool.
    pub(super) fn wider_than_tool(&self, tenant: &str) -> Option<OffNotice> {
        self.everything().or_else(|| self.tenant(tenant))
    }
}

/// The panel for everything.
pub(super) fn panel_of_everything(switches: &SwitchedOff, may: bool) -> SwitchPanel {
    SwitchPanel {
        id: "switch-everything",
        what: "everything".to_owned(),
        effect: "Switching off refuses every call of every tenant, at once, and empties the indexes.",
        action: "/admin/switch".to_owned(),
        off: switches.everything(),
        may,
    }
}

/// The panel for a tenant.
pub(super) fn panel_of_tenant(switches: &SwitchedOff, tenant: &str) -> SwitchPanel {
    SwitchPanel {
        id: "switch-tenant",
        what: format!("tenant {tenant}"),
        effect: "Switching off refuses every call of this tenant's users, at once, and empties its index.",
        action: format!("{}/switch", paths::tenant(tenant)),
        off: switches.tenant(tenant),
        may: true,
    }
}

/// The panel for a tool of a tenant.
pub(super) fn panel_of_tool(switches: &SwitchedOff, tenant: &str, tool: &str) -> SwitchPanel {
    SwitchPanel {
        id: "switch-tool",
        what: "this tool".to_owned(),
        effect: "Switching off refuses its calls at once and leaves the review as it is.",
        action: format!("{}/switch", paths::tool(tenant, tool)),
        off: switches.tool_of_tenant(tenant, tool),
        may: true,
    }
}

/// The panel for a client of a tenant.
pub(super) fn panel_of_client(switches: &SwitchedOff, tenant: &str, id: &str) -> SwitchPanel {
    let switch = KillSwitch::Client(tenant.to_owned(), id.to_owned());
    SwitchPanel {
        id: "switch-client",
        what: "this client".to_owned(),
        effect: "Switching off refuses its calls and sign-ins at once, and ends its open streams.",
        action: super::client::action(tenant, "switch", id),
        off: switches.off(&switch, "This client is"),
        may: true,
    }
}

/// The panel for a user of a tenant.
pub(super) fn panel_of_user(switches: &SwitchedOff, tenant: &str, name: &str) -> SwitchPanel {
    SwitchPanel {
        id: "switch-user",
        what: "this user".to_owned(),
        effect: "Switching off refuses the user's calls and sign-ins at once, and ends open streams.",
        action: format!("{}/switch", paths::user(tenant, name)),
        off: switches.user(tenant, name),
        may: true,
    }
}

/// `POST /t/{tenant}/clients/switch?id=…`
pub(super) async fn client(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    uri: Uri,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let id = session::query(&uri)
        .get("id")
        .unwrap_or_default()
        .to_owned();
    let back = clients::page(&tenant, &id);
    switch(&state, &form, KillSwitch::Client(tenant, id), &back).await
}

/// `POST /t/{tenant}/users/{user}/switch`
pub(super) async fn user(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let back = paths::user(&tenant, &name);
    switch(&state, &form, KillSwitch::User(tenant, name), &back).await
}

/// `POST /switch`
pub(super) async fn everything(
    State(state): State<PageState>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    if !form.by.manages_all() {
        return Err(Problem::refused(
            "Only an administrator of all tenants may do this. Yours are named in gateway.toml.",
        ));
    }
    switch(&state, &form, KillSwitch::Everything, "/admin").await
}

/// `POST /t/{tenant}/switch`
pub(super) async fn tenant(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let back = format!("{}/quota", paths::tenant(&tenant));
    switch(&state, &form, KillSwitch::Tenant(tenant), &back).await
}

/// `POST /t/{tenant}/tools/{tool}/switch`
pub(super) async fn tool(
    State(state): State<PageState>,
    Path((tenant, tool)): Path<(String, String)>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let back = paths::tool(&tenant, &tool);
    switch(&state, &form, KillSwitch::Tool(tenant, tool), &back).await
}

/// Switches something, as the form says.
async fn switch(
    state: &PageState,
    form: &SubmittedForm,
    switch: KillSwitch,
    back: &str,
) -> Result<Response, Problem> {
    let on = match form.fields.get("to") {
        Some("on") => true,
        Some("off") => false,
        _ => return Err(Problem::refused("The form must say to=on or to=off.")),
    };
    let reason = form.fields.get("reason").unwrap_or_default().to_owned();
    if reason.is_empty() {
        return Err(Problem::refused(
            "A reason is missing: those who call are told, and the audit keeps it.",
        ));
    }
    let (actor, what) = (form.by.actor(), switch.to_string());
    let changed = state
        .store(move |store| store.switch(&actor, &switch, on, &reason))
        .await?;
    let (tone, text) = match (on, changed) {
        (true, true) => (Tone::Good, format!("Switched on again: {what}.")),
        (true, false) => (Tone::Plain, format!("It was on already: {what}.")),
        (false, true) => (Tone::Bad, format!("Switched off: {what}.")),
        (false, false) => (Tone::Bad, format!("Still off, for the new reason: {what}.")),
    };
    Ok(form.by.redirect_with_message(back, tone, &text))
}
