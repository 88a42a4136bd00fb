//! Workspaces, by name or id. GET /v2/workspaces; api:workspaces:read.

use serde::Deserialize;

use crate::{
    client::{Gong, json::required},
    error::{Error, bad_argument},
    gong::id::{Id, is_id},
    names::{Fit, choose, handle, near_first, unknown},
    prelude::*,
    text::fold_case,
};

/// A workspace (OpenAPI `WorkspaceMetadata`).
#[derive(Default, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) id: Option<Id>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
}

impl Workspace {
    /// The id; empty if Gong sent none.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().map_or("", |id| &id.0)
    }

    /// The name; else the id.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.id())
    }
}

#[derive(Default, Deserialize)]
struct Workspaces {
    #[serde(deserialize_with = "required")]
    workspaces: Option<Vec<Workspace>>,
}

/// All workspaces, sorted by name.
///
/// # Errors
/// Whatever the request fails with.
pub(crate) fn all(gong: &Gong<'_>) -> Result<Vec<Workspace>, Error> {
    let answer: Workspaces = gong.get_list("/v2/workspaces", &[])?;
    let mut workspaces = answer.workspaces.unwrap_or_default();
    workspaces.sort_by_cached_key(|workspace| fold_case(workspace.name()));
    Ok(workspaces)
}

/// What each of several workspaces has, in their order, and the error that ended it where a request
/// failed after the first.
///
/// # Errors
/// Whatever the first request fails with.
pub(crate) fn read_each<T>(
    workspaces: &[Workspace],
    read: impl Fn(&Workspace) -> Result<Vec<T>, Error>,
) -> Result<(Vec<T>, Option<Error>), Error> {
    let mut items = Vec::new();
    for (number, workspace) in workspaces.iter().enumerate() {
        match read(workspace) {
            Ok(more) => items.extend(more),
            Err(error) if number == 0 => return Err(error),
            Err(error) => return Ok((items, Some(error))),
        }
    }
    Ok((items, None))
}

/// The id of the workspace that the argument `workspace` names; an id is returned without a look-up.
///
/// # Errors
/// `bad-argument` with the choices; whatever the request fails with.
pub(crate) fn id(gong: &Gong<'_>, text: Option<&str>) -> Result<Option<String>, Error> {
    let Some(text) = text.map(handle) else {
        return Ok(None);
    };
    if is_id(text) {
        return Ok(Some(text.to_owned()));
    }
    let workspaces = all(gong)?;
    find(gong.name_fit(), &workspaces, text).map(|workspace| Some(workspace.id().to_owned()))
}

/// The same where Gong requires a workspace: without the argument the id of the company's only one.
///
/// # Errors
/// `bad-argument` with the choices; whatever the request fails with.
pub(crate) fn needed(gong: &Gong<'_>, text: Option<&str>) -> Result<String, Error> {
    if let Some(id) = id(gong, text)? {
        return Ok(id);
    }
    let workspaces = all(gong)?;
    match &workspaces[..] {
        [one] => Ok(one.id().to_owned()),
        [] => Err(Error::not_found(
            "Gong lists no workspace, and this needs one.".into(),
        )),
        [first, ..] => {
            let names: Vec<&str> = workspaces.iter().map(Workspace::name).collect();
            Err(bad_argument(
                "workspace",
                &format!(
                    "the company has {}, so one has to be said: {}.",
                    names.len(),
                    names.join("; ")
                ),
                &format!("\"{}\".", first.name()),
            ))
        }
    }
}

/// The one workspace with this name or id.
///
/// # Errors
/// `bad-argument` with all workspaces as choices: a company has few.
pub(crate) fn find<'w>(
    fit: Fit,
    workspaces: &'w [Workspace],
    text: &str,
) -> Result<&'w Workspace, Error> {
    let text = handle(text);
    if let Some(workspace) = workspaces.iter().find(|workspace| workspace.id() == text) {
        return Ok(workspace);
    }
    choose(
        fit,
        workspaces,
        |workspace| workspace.name().to_owned(),
        text,
    )
    .map_err(|near| {
        let choices = near_first(workspaces, near);
        let choices = choices
            .into_iter()
            .map(|one| (one.name().to_owned(), one.name().to_owned()));
        unknown(
            "workspace",
            "workspace",
            text,
            choices,
            workspaces.len(),
            "gong_list_workspaces",
        )
    })
}
