//! One service account, and the forms that change it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::accounts::{Row, chosen_profiles, days, fresh, owners, page, profile_names};
use super::paths;
use super::problem::Problem;
use super::session::{SignedIn, SubmittedForm};
use super::state::PageState;
use super::view::{Frame, NavItem, Style, Tone};
use crate::store::accounts::SERVICE;

#[derive(Template)]
#[template(path = "account.html")]
struct Page<'a> {
    frame: Frame,
    tenant: &'a str,
    user: String,
    user_page: String,
    row: Row,
    owners: Vec<String>,
    profiles: Vec<(String, bool)>,
    longest: String,
}

/// `GET /t/{tenant}/accounts/{name}`
pub(super) async fn one(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let longest = signed_in.tenant(&tenant)?.clients.longest_service_token;
    let key = (tenant.clone(), name.clone());
    let read = state.store(move |store| {
        let accounts = store.accounts(&key.0)?.into_iter();
        let account = accounts.into_iter().find(|account| account.name == key.1);
        Ok((
            account,
            owners(store, &key.0)?,
            profile_names(store, &key.0)?,
        ))
    });
    let (account, owners, profiles) = read.await?;
    let Some(account) = account else {
        let text = format!("Tenant {tenant} has no service account {name:?}.");
        return Err(Problem::missing(text));
    };
    let user = format!("{SERVICE}{name}");
    let has = account.profiles.clone();
    let profiles = profiles.into_iter().map(|profile| {
        let chosen = has.contains(&profile);
        (profile, chosen)
    });
    Ok(signed_in.show(&Page {
        frame: signed_in.frame(NavItem::Accounts, &name, Some(&tenant)),
        tenant: &tenant,
        user_page: paths::user(&tenant, &user),
        user,
        owners,
        profiles: profiles.collect(),
        longest: days(longest),
        row: Row::of(&tenant, account, state.now()),
    }))
}

/// `POST /t/{tenant}/accounts/{name}/rotate`
pub(super) async fn rotate(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    let now = state.now();
    let fresh = fresh(&form, &tenant, now)?;
    let (actor, key, new) = (form.by.actor(), (tenant.clone(), name.clone()), fresh.new);
    let rotated = state.store(move |store| store.rotate_account(&actor, &key.0, &key.1, new, now));
    rotated.await?;
    Ok(fresh.show(&form, &tenant, &name))
}

/// `POST /t/{tenant}/accounts/{name}/revoke`
pub(super) async fn revoke(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let Some(token) = form.fields.get("token").map(str::to_owned) else {
        return Err(Problem::refused("The form names no token."));
    };
    let (actor, key) = (form.by.actor(), (tenant.clone(), name.clone()));
    let revoked =
        state.store(move |store| store.revoke_account(&actor, &key.0, &key.1, Some(&token)));
    revoked.await?;
    let back = page(&tenant, &name);
    Ok(form
        .by
        .redirect_with_message(&back, Tone::Good, "The token is revoked."))
}

/// `POST /t/{tenant}/accounts/{name}/change`
pub(super) async fn change(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let owner = form.fields.get("owner").map(str::to_owned);
    let profiles = chosen_profiles(&form);
    let (actor, key) = (form.by.actor(), (tenant.clone(), name.clone()));
    let changed = state.store(move |store| {
        store.change_account(&actor, &key.0, &key.1, owner.as_deref(), Some(&profiles))
    });
    changed.await?;
    let back = page(&tenant, &name);
    Ok(form
        .by
        .redirect_with_message(&back, Tone::Good, "The account is changed."))
}

/// `POST /t/{tenant}/accounts/{name}/remove`
pub(super) async fn remove(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    form.require_sure("An account is removed only if the box is ticked.")?;
    let (actor, key) = (form.by.actor(), (tenant.clone(), name.clone()));
    let removed = state.store(move |store| store.remove_account(&actor, &key.0, &key.1));
    removed.await?;
    let text = format!("Service account {name} is removed, and its tokens with it.");
    let back = format!("{}/accounts", paths::tenant(&tenant));
    Ok(form.by.redirect_with_message(&back, Tone::Good, &text))
}
