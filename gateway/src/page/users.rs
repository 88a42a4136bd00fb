//! Users: what each may call, and why not the rest.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;

use super::connections;
use super::kill_switches::{SwitchedOff, panel_of_user};
use super::paths;
use super::problem::Problem;
use super::session::{SignedIn, SubmittedForm};
use super::state::PageState;
use super::view::{self, Frame, NavItem, Style, SwitchPanel, Tone};
use crate::store::ProfileRow;
use crate::store::sign_in::{ConnectionFilter, SignedInUser};

#[derive(Template)]
#[template(path = "users.html")]
struct ListPage<'a> {
    frame: Frame,
    tenant: &'a str,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    last: String,
    off: bool,
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
    person: Option<Person>,
    remove: String,
    switch: SwitchPanel,
    connections: Vec<connections::Row>,
    revoke: String,
    back: String,
}

/// What is known of somebody who has signed in.
struct Person {
    email: String,
    groups: String,
    administrator: bool,
    first: String,
    last: String,
}

impl From<SignedInUser> for Person {
    fn from(user: SignedInUser) -> Self {
        Self {
            email: user.email.unwrap_or_default(),
            groups: joined(user.groups.iter().map(String::as_str)),
            administrator: user.administrator,
            first: view::minute(user.first_at),
            last: view::minute(user.last_at),
        }
    }
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
            let people = store.signed_in_users(&tenant)?.into_iter();
            let last: BTreeMap<String, Timestamp> =
                people.map(|person| (person.name, person.last_at)).collect();
            let off = SwitchedOff::from(store.switches()?);
            let row = |name: String| {
                let policy = governance.policy(&tenant, &name)?;
                let names = store.profiles_of(&tenant, &name)?;
                let (user_profiles, toolsets) = access_of(&profiles, &names);
                Ok(Row {
                    may: policy.tools().count(),
                    of: policy.all().count(),
                    profiles: joined(user_profiles),
                    toolsets: joined(toolsets),
                    last: last
                        .get(&name)
                        .copied()
                        .map(view::minute)
                        .unwrap_or_default(),
                    off: off.user(&tenant, &name).is_some(),
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
            let people = store.signed_in_users(&tenant)?.into_iter();
            let person = people.into_iter().find(|person| person.name == name);
            let filter = ConnectionFilter {
                user: Some(name),
                ..ConnectionFilter::default()
            };
            let connections = store.connections(&tenant, &filter, Timestamp::now())?;
            let profiles = store.profiles(&tenant)?;
            let switches = store.switches()?;
            Ok(Some((
                profiles,
                names,
                policy,
                person,
                connections,
                switches,
            )))
        })
        .await?;
    let Some((profiles, names, policy, person, connections, switches)) = found else {
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
        person: person.map(Person::from),
        remove: format!("{}/remove", paths::user(&tenant, &name)),
        switch: panel_of_user(&SwitchedOff::from(switches), &tenant, &name),
        connections: connections.into_iter().map(Into::into).collect(),
        revoke: connections::action(&tenant),
        back: paths::user(&tenant, &name),
    }))
}

/// `POST /t/{tenant}/users/{user}/remove`: of somebody who has signed in.
pub(super) async fn remove(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    form.require_sure("Somebody is removed only if the box is ticked.")?;
    let (actor, key) = (form.by.actor(), (tenant.clone(), name.clone()));
    let now = Timestamp::now();
    let removed = state.store(move |store| store.remove_person(&actor, &key.0, &key.1, now));
    removed.await?;
    let text = format!("{name} is removed, and their sign-ins have ended.");
    let back = format!("{}/users", paths::tenant(&tenant));
    Ok(form.by.redirect_with_message(&back, Tone::Good, &text))
}
