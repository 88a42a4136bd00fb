//! Toolsets, and the profiles that give them to users.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::PageState;
use super::fields::Fields;
use super::problem::Problem;
use super::session::{Posted, Signed};
use super::switches::{base, tool_page};
use super::view::{self, At, Badge, Frame, Style, Tone};
use crate::config::Profile;
use crate::store::{Origin, ProfileRow, State as ToolState, Store, StoreError, ToolsetRow};

/// Toolsets or profiles: what they have in common is shown alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Noun {
    Toolset,
    Profile,
}

impl Noun {
    fn at(self) -> At {
        match self {
            Self::Toolset => At::Toolsets,
            Self::Profile => At::Profiles,
        }
    }

    fn singular(self) -> &'static str {
        match self {
            Self::Toolset => "toolset",
            Self::Profile => "profile",
        }
    }

    fn base(self, tenant: &str) -> String {
        format!("{}/{}", base(tenant), self.at().segment())
    }
}

#[derive(Template)]
#[template(path = "sets.html")]
struct Page<'a> {
    frame: Frame,
    tenant: &'a str,
    plural: &'static str,
    singular: &'static str,
    base: String,
    explanation: &'static str,
    columns: [&'static str; 2],
    rows: Vec<Row>,
}

struct Row {
    name: String,
    origin: Badge,
    cells: [(&'static str, String); 2],
}

#[derive(Template)]
#[template(path = "set.html")]
struct One {
    frame: Frame,
    plural: &'static str,
    singular: &'static str,
    base: String,
    /// Empty for a new one.
    name: String,
    typed: String,
    example: &'static str,
    origin: Option<Badge>,
    problem: Option<String>,
    /// Why it can not be changed.
    fixed: Option<String>,
    groups: Vec<Group>,
    deletion: &'static str,
}

struct Group {
    legend: &'static str,
    name: &'static str,
    choices: Vec<Choice>,
    none: &'static str,
}

impl Group {
    fn any(&self) -> bool {
        self.choices.iter().any(|choice| choice.chosen)
    }
}

struct Choice {
    name: String,
    hint: String,
    link: Option<String>,
    chosen: bool,
}

fn origin(origin: Origin) -> Badge {
    match origin {
        Origin::File => Badge::new(Tone::Note, "gateway.toml"),
        Origin::Admin => Badge::new(Tone::Good, "made here"),
        Origin::Automatic => Badge::new(Tone::Plain, "automatic"),
    }
}

fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    match &names[..] {
        [] => "none".to_owned(),
        some if some.len() <= 8 => some.join(", "),
        many => format!("{}, and {} more", many[..6].join(", "), many.len() - 6),
    }
}

/// `GET /t/{tenant}/toolsets`
pub(super) async fn toolsets(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    signed: Signed,
) -> Result<Response, Problem> {
    signed.tenant(&tenant)?;
    let of = tenant.clone();
    let rows = state.store(move |store| store.toolsets(&of)).await?;
    let rows = rows.into_iter().map(|row| {
        let mut tools = view::count(row.tools.len() as u64, "tool");
        if !row.missing.is_empty() {
            tools.push_str(&format!("; the component lacks {}", listed(&row.missing)));
        }
        Row {
            origin: origin(row.origin),
            cells: [("Tools", tools), ("In profiles", listed(&row.profiles))],
            name: row.name,
        }
    });
    Ok(signed.show(&Page {
        frame: signed.frame(At::Toolsets, "Toolsets", Some(&tenant)),
        tenant: &tenant,
        plural: "Toolsets",
        singular: "toolset",
        base: Noun::Toolset.base(&tenant),
        explanation: "Groups of tools that profiles give to users. Automatic ones follow the \
                      tools: read-only has every approved one that only reads, component:… a \
                      group of the component.",
        columns: ["Tools", "In profiles"],
        rows: rows.collect(),
    }))
}

/// `GET /t/{tenant}/profiles`
pub(super) async fn profiles(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    signed: Signed,
) -> Result<Response, Problem> {
    signed.tenant(&tenant)?;
    let of = tenant.clone();
    let rows = state.store(move |store| store.profiles(&of)).await?;
    let rows = rows.into_iter().map(|row| Row {
        origin: origin(row.origin),
        cells: [
            ("Toolsets", listed(&row.toolsets)),
            ("Users", listed(&row.users)),
        ],
        name: row.name,
    });
    Ok(signed.show(&Page {
        frame: signed.frame(At::Profiles, "Profiles", Some(&tenant)),
        tenant: &tenant,
        plural: "Profiles",
        singular: "profile",
        base: Noun::Profile.base(&tenant),
        explanation: "A profile gives the tools of its toolsets to its users. A user may have \
                      several; the tools add up.",
        columns: ["Toolsets", "Users"],
        rows: rows.collect(),
    }))
}

/// What the form of a toolset or profile offers and has chosen.
struct Form {
    origin: Option<Origin>,
    groups: Vec<Group>,
}

fn toolset_form(
    store: &Store,
    tenant: &str,
    name: &str,
    chosen: Option<BTreeSet<String>>,
) -> Result<Form, StoreError> {
    let row = if name.is_empty() {
        None
    } else {
        Some(named(store.toolsets(tenant)?, name, |row: &ToolsetRow| {
            &row.name
        })?)
    };
    let missing = row.iter().flat_map(|row| row.missing.clone());
    let missing: Vec<String> = missing.collect();
    let has = chosen.or_else(|| row.as_ref().map(|row| row.tools.clone()));
    let has = has.unwrap_or_default();
    let tools = store.tools(tenant)?.into_iter();
    let present = tools.filter(|tool| tool.state != ToolState::Removed);
    let mut choices: Vec<Choice> = present
        .map(|tool| Choice {
            chosen: has.contains(&tool.name),
            hint: format!("{}, {}, {}", tool.toolset, tool.effect, tool.state),
            link: Some(tool_page(tenant, &tool.name)),
            name: tool.name,
        })
        .collect();
    choices.extend(missing.into_iter().map(|name| Choice {
        hint: "the component does not have it".to_owned(),
        chosen: has.contains(&name),
        link: None,
        name,
    }));
    Ok(Form {
        origin: row.map(|row| row.origin),
        groups: vec![Group {
            legend: "Tools",
            name: "tool",
            choices,
            none: "No tools yet: they are listed when the gateway serves for the first time.",
        }],
    })
}

fn profile_form(
    store: &Store,
    tenant: &str,
    users: BTreeSet<String>,
    name: &str,
    chosen: Option<Profile>,
) -> Result<Form, StoreError> {
    let row = if name.is_empty() {
        None
    } else {
        Some(named(store.profiles(tenant)?, name, |row: &ProfileRow| {
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
            Noun::Toolset.base(tenant),
            super::switches::encoded(&row.name)
        )),
        name: row.name,
    });
    let users = users.into_iter().map(|user| Choice {
        chosen: has.users.contains(&user),
        hint: String::new(),
        link: Some(format!(
            "{}/users/{}",
            base(tenant),
            super::switches::encoded(&user)
        )),
        name: user,
    });
    Ok(Form {
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
                none: "gateway.toml declares no users of this tenant.",
            },
        ],
    })
}

fn named<T>(rows: Vec<T>, name: &str, of: impl Fn(&T) -> &String) -> Result<T, StoreError> {
    let found = rows.into_iter().find(|row| of(row) == name);
    found.ok_or_else(|| StoreError::Refused(format!("there is none of the name {name:?}")))
}

fn one(noun: Noun, signed: &Signed, tenant: &str, name: &str, form: Form) -> One {
    let title = if name.is_empty() {
        format!("New {}", noun.singular())
    } else {
        name.to_owned()
    };
    let fixed = match form.origin {
        Some(Origin::File) => Some(format!(
            "gateway.toml declares this {}, at tenants.{tenant}.{}s.{name}: it can be changed \
             only there.",
            noun.singular(),
            noun.singular()
        )),
        Some(Origin::Automatic) => Some(
            "This toolset is there by itself and follows the tools. It can not be changed."
                .to_owned(),
        ),
        Some(Origin::Admin) | None => None,
    };
    One {
        frame: signed.frame(noun.at(), &title, Some(tenant)),
        plural: noun.at().name(),
        singular: noun.singular(),
        base: noun.base(tenant),
        name: name.to_owned(),
        typed: String::new(),
        example: match noun {
            Noun::Toolset => "sales-tools",
            Noun::Profile => "analysts",
        },
        origin: form.origin.map(origin),
        problem: None,
        fixed,
        groups: form.groups,
        deletion: match noun {
            Noun::Toolset => "Refused as long as a profile has it.",
            Noun::Profile => "Its users lose what only this profile gives them.",
        },
    }
}

/// `GET /t/{tenant}/toolsets/new`
pub(super) async fn new_toolset(
    state: State<PageState>,
    Path(tenant): Path<String>,
    signed: Signed,
) -> Result<Response, Problem> {
    toolset(state, Path((tenant, String::new())), signed).await
}

/// `GET /t/{tenant}/toolsets/one/{name}`
pub(super) async fn toolset(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    signed: Signed,
) -> Result<Response, Problem> {
    signed.tenant(&tenant)?;
    let of = (tenant.clone(), name.clone());
    let form = state.store(move |store| toolset_form(store, &of.0, &of.1, None));
    let form = form.await.map_err(Problem::or_missing)?;
    Ok(signed.show(&one(Noun::Toolset, &signed, &tenant, &name, form)))
}

/// `GET /t/{tenant}/profiles/new`
pub(super) async fn new_profile(
    state: State<PageState>,
    Path(tenant): Path<String>,
    signed: Signed,
) -> Result<Response, Problem> {
    profile(state, Path((tenant, String::new())), signed).await
}

/// `GET /t/{tenant}/profiles/one/{name}`
pub(super) async fn profile(
    State(state): State<PageState>,
    Path((tenant, name)): Path<(String, String)>,
    signed: Signed,
) -> Result<Response, Problem> {
    let users = signed.tenant(&tenant)?.users.keys().cloned().collect();
    let of = (tenant.clone(), name.clone());
    let form = state.store(move |store| profile_form(store, &of.0, users, &of.1, None));
    let form = form.await.map_err(Problem::or_missing)?;
    Ok(signed.show(&one(Noun::Profile, &signed, &tenant, &name, form)))
}

/// The name in a form: that of the one which is changed, or a new one's.
fn name(fields: &Fields) -> String {
    let name = fields.get("was").or_else(|| fields.get("name"));
    name.unwrap_or_default().to_owned()
}

fn chosen(fields: &Fields, name: &str) -> BTreeSet<String> {
    fields.all(name).map(str::to_owned).collect()
}

/// `POST /t/{tenant}/toolsets`
pub(super) async fn put_toolset(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    posted.by.tenant(&tenant)?;
    let (name, tools) = (name(&posted.fields), chosen(&posted.fields, "tool"));
    let (actor, of) = (
        posted.by.actor(),
        (tenant.clone(), name.clone(), tools.clone()),
    );
    let new = posted.fields.get("was").is_none();
    let put = state.store(move |store| {
        let (tenant, name, tools) = of;
        if new {
            let rows = store.toolsets(&tenant)?;
            unused(rows.iter().map(|row| &row.name), &name)?;
        }
        store.put_toolset(&actor, &tenant, &name, &tools)
    });
    if let Err(problem) = put.await {
        let was = was(&posted.fields);
        let of = (tenant.clone(), was.clone());
        let form = state.store(move |store| toolset_form(store, &of.0, &of.1, Some(tools)));
        let page = one(Noun::Toolset, &posted.by, &tenant, &was, form.await?);
        return again(&posted, page, name, problem);
    }
    saved(&posted, Noun::Toolset, &tenant, &name)
}

/// `POST /t/{tenant}/profiles`
pub(super) async fn put_profile(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    let users = posted.by.tenant(&tenant)?.users.keys().cloned().collect();
    let name = name(&posted.fields);
    let profile = Profile {
        toolsets: chosen(&posted.fields, "toolset"),
        users: chosen(&posted.fields, "user"),
    };
    let (actor, of) = (
        posted.by.actor(),
        (tenant.clone(), name.clone(), profile.clone()),
    );
    let new = posted.fields.get("was").is_none();
    let put = state.store(move |store| {
        let (tenant, name, profile) = of;
        if new {
            let rows = store.profiles(&tenant)?;
            unused(rows.iter().map(|row| &row.name), &name)?;
        }
        store.put_profile(&actor, &tenant, &name, &profile)
    });
    if let Err(problem) = put.await {
        let was = was(&posted.fields);
        let of = (tenant.clone(), was.clone());
        let form =
            state.store(move |store| profile_form(store, &of.0, users, &of.1, Some(profile)));
        let page = one(Noun::Profile, &posted.by, &tenant, &was, form.await?);
        return again(&posted, page, name, problem);
    }
    saved(&posted, Noun::Profile, &tenant, &name)
}

fn was(fields: &Fields) -> String {
    fields.get("was").unwrap_or_default().to_owned()
}

/// What is new takes no other's place.
fn unused<'a>(mut taken: impl Iterator<Item = &'a String>, name: &str) -> Result<(), StoreError> {
    if taken.any(|one| one == name) {
        return Err(StoreError::Refused(format!(
            "{name} is there already; change that one, or take another name"
        )));
    }
    Ok(())
}

/// The form once more, as it was filled in.
fn again(posted: &Posted, page: One, typed: String, problem: Problem) -> Result<Response, Problem> {
    let page = One {
        problem: Some(problem.told()?),
        typed,
        ..page
    };
    let mut response = posted.by.show(&page);
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

fn saved(posted: &Posted, noun: Noun, tenant: &str, name: &str) -> Result<Response, Problem> {
    let text = format!("Saved {} {name}.", noun.singular());
    Ok(posted.by.go(&noun.base(tenant), Tone::Good, &text))
}

/// `POST /t/{tenant}/toolsets/delete`
pub(super) async fn remove_toolset(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    remove(Noun::Toolset, &state, &tenant, &posted).await
}

/// `POST /t/{tenant}/profiles/delete`
pub(super) async fn remove_profile(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    remove(Noun::Profile, &state, &tenant, &posted).await
}

async fn remove(
    noun: Noun,
    state: &PageState,
    tenant: &str,
    posted: &Posted,
) -> Result<Response, Problem> {
    posted.by.tenant(tenant)?;
    let name = posted.fields.get("name").unwrap_or_default().to_owned();
    if !posted.fields.has("sure", "yes") {
        return Err(Problem::refused("Tick the box that says yes, delete it."));
    }
    let (actor, of) = (posted.by.actor(), (tenant.to_owned(), name.clone()));
    state
        .store(move |store| match noun {
            Noun::Toolset => store.remove_toolset(&actor, &of.0, &of.1),
            Noun::Profile => store.remove_profile(&actor, &of.0, &of.1),
        })
        .await?;
    let text = format!("Deleted {} {name}.", noun.singular());
    Ok(posted.by.go(&noun.base(tenant), Tone::Plain, &text))
}
