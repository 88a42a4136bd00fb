//! Sign-ins on several pages, and the forms that end them.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;

use super::paths;
use super::problem::Problem;
use super::session::SubmittedForm;
use super::state::PageState;
use super::view::{self, Tone};
use crate::store::sign_in::{ConnectionFilter, SignInConnection};

/// A sign-in, as it is shown.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) client: String,
    pub(super) may: String,
    pub(super) begun: String,
    pub(super) used: String,
    pub(super) ends: String,
}

impl From<SignInConnection> for Row {
    fn from(connection: SignInConnection) -> Self {
        Self {
            id: connection.id,
            user: connection.user,
            client: connection.client_name,
            may: connection.scopes.replace("tools:", ""),
            begun: view::minute(connection.begun_at),
            used: view::minute(connection.used_at),
            ends: view::minute(connection.ends_at),
        }
    }
}

/// Where the forms are posted to.
pub(super) fn action(tenant: &str) -> String {
    format!("{}/clients/revoke", paths::tenant(tenant))
}

/// `POST /t/{tenant}/clients/revoke`: one sign-in, those with a client, those of a user, or all.
pub(super) async fn revoke(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let field = |name: &str| form.fields.get(name).map(str::to_owned);
    let filter = ConnectionFilter {
        id: field("connection"),
        client: field("client"),
        user: field("user"),
    };
    if filter == ConnectionFilter::default() {
        form.require_sure("All sign-ins end only if the box is ticked.")?;
    }
    let (actor, key) = (form.by.actor(), tenant.clone());
    let now = Timestamp::now();
    let ended = state.store(move |store| store.revoke_connections(&actor, &key, &filter, now));
    let text = format!("{} ended.", view::count(ended.await? as u64, "sign-in"));
    let base = paths::tenant(&tenant);
    // A page of this tenant, and nothing else that a form could name.
    let back = field("back").filter(|back| back.starts_with(&format!("{base}/")));
    let back = back.unwrap_or_else(|| format!("{base}/clients"));
    Ok(form.by.redirect_with_message(&back, Tone::Good, &text))
}
