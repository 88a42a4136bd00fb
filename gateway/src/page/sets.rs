//! What the pages of toolsets and of profiles share.

use std::collections::BTreeSet;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::fields::Fields;
use super::paths;
use super::problem::Problem;
use super::session::{SignedIn, SubmittedForm};
use super::state::PageState;
use super::view::{Badge, Frame, NavItem, Style, Tone};
use crate::store::{Origin, StoreError};

/// Whether a page is about toolsets or profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetKind {
    Toolset,
    Profile,
}

impl SetKind {
    fn nav_item(self) -> NavItem {
        match self {
            Self::Toolset => NavItem::Toolsets,
            Self::Profile => NavItem::Profiles,
        }
    }

    fn singular(self) -> &'static str {
        match self {
            Self::Toolset => "toolset",
            Self::Profile => "profile",
        }
    }

    /// The address of the list.
    pub(super) fn base(self, tenant: &str) -> String {
        format!("{}/{}", paths::tenant(tenant), self.nav_item().segment())
    }
}

#[derive(Template)]
#[template(path = "sets.html")]
pub(super) struct ListPage<'a> {
    pub(super) frame: Frame,
    pub(super) tenant: &'a str,
    pub(super) plural: &'static str,
    pub(super) singular: &'static str,
    pub(super) base: String,
    pub(super) explanation: &'static str,
    pub(super) columns: [&'static str; 2],
    pub(super) rows: Vec<ListRow>,
}

pub(super) struct ListRow {
    pub(super) name: String,
    pub(super) origin: Badge,
    pub(super) cells: [(&'static str, String); 2],
}

#[derive(Template)]
#[template(path = "set.html")]
pub(super) struct FormPage {
    frame: Frame,
    plural: &'static str,
    singular: &'static str,
    base: String,
    /// Empty for a new one.
    name: String,
    /// The name that was entered, when the form is shown again.
    typed: String,
    example: &'static str,
    origin: Option<Badge>,
    problem: Option<String>,
    /// Why it can not be changed.
    fixed: Option<String>,
    groups: Vec<Group>,
    deletion: &'static str,
}

/// Check boxes of one name.
pub(super) struct Group {
    pub(super) legend: &'static str,
    pub(super) name: &'static str,
    pub(super) choices: Vec<Choice>,
    /// Shown when there are no choices.
    pub(super) none: &'static str,
}

impl Group {
    fn any(&self) -> bool {
        self.choices.iter().any(|choice| choice.chosen)
    }
}

pub(super) struct Choice {
    pub(super) name: String,
    pub(super) hint: String,
    pub(super) link: Option<String>,
    pub(super) chosen: bool,
}

pub(super) fn origin(origin: Origin) -> Badge {
    match origin {
        Origin::File => Badge::new(Tone::Note, "gateway.toml"),
        Origin::Admin => Badge::new(Tone::Good, "made here"),
        Origin::Automatic => Badge::new(Tone::Plain, "automatic"),
    }
}

/// Names in one line; of many only the first.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    match &names[..] {
        [] => "none".to_owned(),
        some if some.len() <= 8 => some.join(", "),
        many => format!("{}, and {} more", many[..6].join(", "), many.len() - 6),
    }
}

/// The choices of a form, and the origin of what it changes.
pub(super) struct SetForm {
    pub(super) origin: Option<Origin>,
    pub(super) groups: Vec<Group>,
}

/// The row with this name.
pub(super) fn find<T>(
    rows: Vec<T>,
    name: &str,
    name_of: impl Fn(&T) -> &String,
) -> Result<T, StoreError> {
    let found = rows.into_iter().find(|row| name_of(row) == name);
    found.ok_or_else(|| StoreError::Refused(format!("there is none of the name {name:?}")))
}

pub(super) fn form_page(
    kind: SetKind,
    signed_in: &SignedIn,
    tenant: &str,
    name: &str,
    form: SetForm,
) -> FormPage {
    let title = if name.is_empty() {
        format!("New {}", kind.singular())
    } else {
        name.to_owned()
    };
    let fixed = match form.origin {
        Some(Origin::File) => Some(format!(
            "gateway.toml declares this {}, at tenants.{tenant}.{}s.{name}: it can be changed \
             only there.",
            kind.singular(),
            kind.singular()
        )),
        Some(Origin::Automatic) => Some(
            "This toolset is there by itself and follows the tools. It can not be changed."
                .to_owned(),
        ),
        Some(Origin::Admin) | None => None,
    };
    FormPage {
        frame: signed_in.frame(kind.nav_item(), &title, Some(tenant)),
        plural: kind.nav_item().name(),
        singular: kind.singular(),
        base: kind.base(tenant),
        name: name.to_owned(),
        typed: String::new(),
        example: match kind {
            SetKind::Toolset => "sales-tools",
            SetKind::Profile => "analysts",
        },
        origin: form.origin.map(origin),
        problem: None,
        fixed,
        groups: form.groups,
        deletion: match kind {
            SetKind::Toolset => "Refused as long as a profile has it.",
            SetKind::Profile => "Its users lose what only this profile gives them.",
        },
    }
}

/// The name in a form: that of what is changed, or a new one.
pub(super) fn entered_name(fields: &Fields) -> String {
    let name = fields.get("was").or_else(|| fields.get("name"));
    name.unwrap_or_default().to_owned()
}

/// The ticked boxes of one name.
pub(super) fn chosen(fields: &Fields, name: &str) -> BTreeSet<String> {
    fields.all(name).map(str::to_owned).collect()
}

/// The name of what a form changes. Empty for something new.
pub(super) fn old_name(fields: &Fields) -> String {
    fields.get("was").unwrap_or_default().to_owned()
}

/// Refuses a new name that is already in use.
pub(super) fn refuse_taken<'a>(
    mut taken: impl Iterator<Item = &'a String>,
    name: &str,
) -> Result<(), StoreError> {
    if taken.any(|one| one == name) {
        return Err(StoreError::Refused(format!(
            "{name} is there already; change that one, or take another name"
        )));
    }
    Ok(())
}

/// Shows the form again as it was filled in, with what is wrong.
pub(super) fn show_again(
    form: &SubmittedForm,
    page: FormPage,
    typed: String,
    problem: Problem,
) -> Result<Response, Problem> {
    let page = FormPage {
        problem: Some(problem.beside_form()?),
        typed,
        ..page
    };
    let mut response = form.by.show(&page);
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

pub(super) fn saved(
    form: &SubmittedForm,
    kind: SetKind,
    tenant: &str,
    name: &str,
) -> Result<Response, Problem> {
    let text = format!("Saved {} {name}.", kind.singular());
    Ok(form
        .by
        .redirect_with_message(&kind.base(tenant), Tone::Good, &text))
}

pub(super) async fn remove(
    kind: SetKind,
    state: &PageState,
    tenant: &str,
    form: &SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(tenant)?;
    let name = form.fields.get("name").unwrap_or_default().to_owned();
    form.require_sure("Tick the box that says yes, delete it.")?;
    let (actor, key) = (form.by.actor(), (tenant.to_owned(), name.clone()));
    state
        .store(move |store| match kind {
            SetKind::Toolset => store.remove_toolset(&actor, &key.0, &key.1),
            SetKind::Profile => store.remove_profile(&actor, &key.0, &key.1),
        })
        .await?;
    let text = format!("Deleted {} {name}.", kind.singular());
    Ok(form
        .by
        .redirect_with_message(&kind.base(tenant), Tone::Plain, &text))
}
