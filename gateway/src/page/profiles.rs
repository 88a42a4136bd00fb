//! Profiles: all of them, and the form of one.

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
use crate::config::Profile;
use crate::store::{ProfileRow, Store, StoreError};

/// `GET /t/{tenant}/profiles`
pub(super) async fn all(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    signed_in.tenant(&tenant)?;
    let key = tenant.clone();
    let rows = state.store(move |store| store.profiles(&key)).await?;
    let rows = rows.into_iter().map(|row| ListRow {
        origin: origin(row.origin),
        cells: [
            ("Toolsets", listed(&row.toolsets)),
            ("Users", listed(&row.users)),
        ],
        name: row.name,
    });
    Ok(signed_in.show(&ListPage {
        frame: signed_in.frame(NavItem::Profiles, "Profiles", Some(&tenant)),
        tenant: &tenant,
        plural: "Profiles",
        singular: "profile",
        base: SetKind::Profile.base(&tenant),
        explanation: "A profile gives the tools of its toolsets to its users. A user may have \
                      several; the tools add up.",
        columns: ["Toolsets", "Users"],
        rows: rows.collect(),
    }))
}

/// The choices of the form of a profile, or of a new one if the name is empty. `chosen` is what an
/// administrator ticked when the form is shown again.
fn load_form(
    store: &Store,
    tenant: &str,
    name: &str,
    chosen: Option<Profile>,
) -> Result<SetForm, StoreError> {
    let row = if name.is_empty() {
        None
    } else {
        Some(find(store.profiles(tenant)?, name, |row: &ProfileRow| {
            &row.name
        })?)
    };
    let has = chosen.or_else(|| {
        row.as_ref().map(|row| Profile {
            toolsets: row.toolsets.clone(),
            users: row.users.clone(),
        })
    });
    let has = has.unwrap_or_default();
    let toolsets = store.toolsets(tenant)?.into_iter().map(|row| Choice {
        chosen: has.toolsets.contains(&row.name),
        hint: format!(
            "{}, {}",
            view::count(row.tools.len() as u64, "tool"),
            origin(row.origin).text
        ),
        link: Some(format!(
            "{}/one/{}",
            SetKind::Toolset.base(tenant),
            paths::encoded(&row.name)
        )),
        name: row.name,
    });
    let users = store.users(tenant)?.into_iter().map(|user| Choice {
        chosen: has.users.contains(&user),
        hint: String::new(),
        link: Some(format!(
            "{}/users/{}",
            paths::tenant(tenant),
            paths::encoded(&user)
        )),
        name: user,
    });
    Ok(SetForm {
        origin: row.map(|row| row.origin),
        groups: vec![
            Group {
                legend: "Toolsets",
                name: "toolset",
                choices: toolsets.collect(),
                none: "No toolsets yet.",
            },
            Group {
                legend: "Users",
                name: "user",
                choices: users.collect(),
                none: "gateway.toml declares no users of this tenant, and nobody has signed in.",
            },
        ],
    })
}

/// `GET /t/{tenant}/profiles/new`
pub(super) async fn new(
    state: State<PageState>,
    Path(tenant): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    one(state, Path((tenant, String::new())), signed_in).await
}

/// `GET /t/{tenant}/profiles/one/{name}`
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
        SetKind::Profile,
        &signed_in,
        &tenant,
        &name,
        form,
    )))
}

/// `POST /t/{tenant}/profiles`
pub(super) async fn put(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let name = entered_name(&form.fields);
    let profile = Profile {
        toolsets: chosen(&form.fields, "toolset"),
        users: chosen(&form.fields, "user"),
    };
    let (actor, key) = (
        form.by.actor(),
        (tenant.clone(), name.clone(), profile.clone()),
    );
    let new = form.fields.get("was").is_none();
    let put = state.store(move |store| {
        let (tenant, name, profile) = key;
        if new {
            let rows = store.profiles(&tenant)?;
            refuse_taken(rows.iter().map(|row| &row.name), &name)?;
        }
        store.put_profile(&actor, &tenant, &name, &profile)
    });
    if let Err(problem) = put.await {
        let was = old_name(&form.fields);
        let key = (tenant.clone(), was.clone());
        let set_form = state.store(move |store| load_form(store, &key.0, &key.1, Some(profile)));
        let page = form_page(SetKind::Profile, &form.by, &tenant, &was, set_form.await?);
        return show_again(&form, page, name, problem);
    }
    saved(&form, SetKind::Profile, &tenant, &name)
}

/// `POST /t/{tenant}/profiles/delete`
pub(super) async fn remove(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    sets::remove(SetKind::Profile, &state, &tenant, &form).await
}
