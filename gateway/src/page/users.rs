//! Users: what each may call, and why not the rest.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;

use super::connections;
use super::kill_switches::{SwitchedOff, panel_of_user};
use super::paths;
use super::problem::Problem;
use super::session::SignedIn;
use super::state::PageState;
use super::view::{Frame, NavItem, Style, SwitchPanel};
use crate::store::ProfileRow;
use crate::store::sign_in::ConnectionFilter;

#[derive(Template)]
#[template(path = "users.html")]
struct ListPage<'a> {
    frame: Frame,
    tenant: &'a str,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    profiles: String,
    toolsets: String,
    may: usize,
    of: usize,
}

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage<'a> {
    frame: Frame,
    tenant: &'a str,
    name: &'a str,
    profiles: Vec<String>,
    toolsets: BTreeSet<String>,
    may: Vec<Allowed>,
    may_not: Vec<Denied>,
    switch: SwitchPanel,
    connections: Vec<connections::Row>,
    revoke: String,
    back: String,
}

struct Allowed {
    tool: String,
    through: String,
}

struct Denied {
    tool: String,
    code: &'static str,
    sentence: String,
}

/// The profiles of a user with these names, and their toolsets.
fn access_of<'a>(
    profiles: &'a [ProfileRow],
    names: &BTreeSet<String>,
) -> (Vec<&'a str>, BTreeSet<&'a str>) {
    let matching = profiles
        .iter()
        .filter(|profile| names.contains(&profile.name));
    let toolsets = matching.clone().flat_map(|profile| &profile.toolsets);
    (
        matching.clone().map(|profile| &*profile.name).collect(),
        toolsets.map(String::as_str).collect(),
    )
}

fn joined<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// `GET /t/{tenant}/users`
pub(super) async fn all(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    signed_in.tenant(&tenant)?;
    let input = (tenant.clone(), state.governance());
    let rows = state
        .store(move |store| {
            let (tenant, governance) = input;
            let profiles = store.profiles(&tenant)?;
            let row = |name: String| {
                let policy = governance.policy(&tenant, &name)?;
                let names = store.profiles_of(&tenant, &name)?;
                let (user_profiles, toolsets) = access_of(&profiles, &names);
                Ok(Row {
                    may: policy.tools().count(),
                    of: policy.all().count(),
                    profiles: joined(user_profiles),
                    toolsets: joined(toolsets),
                    name,
                })
            };
            store.users(&tenant)?.into_iter().map(row).collect()
        })
        .await?;
    Ok(signed_in.show(&ListPage {
        frame: signed_in.frame(NavItem::Users, "Users", Some(&tenant)),
        tenant: &tenant,
        rows,
    }))
}

/// `GET /t/{tenant}/users/{user}`
pub(super) async fn one(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    signed_in.tenant(&tenant)?;
    let input = (tenant.clone(), name.clone(), state.governance());
    let found = state
        .store(move |store| {
            let (tenant, name, governance) = input;
            if !store.users(&tenant)?.contains(&name) {
                return Ok(None);
            }
            let names = store.profiles_of(&tenant, &name)?;
            let policy = governance.policy(&tenant, &name)?;
            let filter = ConnectionFilter {
                user: Some(name),
                ..ConnectionFilter::default()
            };
            let connections = store.connections(&tenant, &filter, Timestamp::now())?;
            let profiles = store.profiles(&tenant)?;
            Ok(Some((
                profiles,
                names,
                policy,
                connections,
                store.switches()?,
            )))
        })
        .await?;
    let Some((profiles, names, policy, connections, switches)) = found else {
        return Err(Problem::missing(format!(
            "Tenant {tenant} has no user {name:?}. Users are declared in gateway.toml, at \
             tenants.{tenant}.users, or appear when they sign in."
        )));
    };
    let (user_profiles, toolsets) = access_of(&profiles, &names);
    let (mut may, mut may_not) = (Vec::new(), Vec::new());
    for (tool, access) in policy.all() {
        match &access.verdict {
            Ok(()) => may.push(Allowed {
                tool: tool.to_owned(),
                through: joined(
                    access
                        .grants
                        .iter()
                        .map(|grant| &*grant.toolset)
                        .collect::<BTreeSet<_>>(),
                ),
            }),
            Err(denial) => may_not.push(Denied {
                tool: tool.to_owned(),
                code: denial.code.as_str(),
                sentence: denial.sentence.clone(),
            }),
        }
    }
    Ok(signed_in.show(&UserPage {
        frame: signed_in.frame(NavItem::Users, &name, Some(&tenant)),
        tenant: &tenant,
        name: &name,
        profiles: user_profiles.into_iter().map(str::to_owned).collect(),
        toolsets: toolsets.into_iter().map(str::to_owned).collect(),
        may,
        may_not,
        switch: panel_of_user(&SwitchedOff::from(switches), &tenant, &name),
        connections: connections.into_iter().map(Into::into).collect(),
        revoke: connections::action(&tenant),
        back: paths::user(&tenant, &name),
    }))
}
