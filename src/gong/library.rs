//! The library's public folders, of one workspace or all. GET /v2/library/folders; api:library:read.
//! Gong requires `workspaceId` where a company has several workspaces.

use alloc::collections::BTreeMap;
use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    error::{Case, Error},
    gong::{
        id::{Id, is_id},
        workspaces::{self, Workspace},
    },
    json_ext::JsonExt,
    names::{Fit, choose, near_first, unknown},
    prelude::*,
    text::fold_case,
};

const OPERATION: &str = "GET /v2/library/folders";
/// Depth to which parents are followed; deeper ones would be a cycle.
const DEPTH: usize = 20;

/// A folder.
pub(crate) struct Folder {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The names of its parents and its own, such as `Sales / Discovery`.
    pub(crate) path: String,
    /// The workspace's name, where there are several.
    pub(crate) workspace: Option<String>,
    /// As answers show it, UTC.
    pub(crate) updated: Option<String>,
}

/// All folders, sorted by workspace and path, and the error that ended it where a later workspace could
/// not be read.
///
/// # Errors
/// `bad-argument` for an unknown workspace; whatever the first request fails with.
pub(crate) fn folders(
    gong: &Gong<'_>,
    workspace: Option<&str>,
) -> Result<(Vec<Folder>, Option<Error>), Error> {
    let mut all = match workspaces::all(gong) {
        // Without the scope for workspaces the folders can still be read: of the workspace with this
        // id, or of a company's only workspace.
        Err(error)
            if error.case() == Case::MissingScope
                && workspace.is_none_or(|text| is_id(text.trim())) =>
        {
            workspace.map(by_id).into_iter().collect()
        }
        all => all?,
    };
    let are_several = all.len() > 1;
    if let Some(text) = workspace {
        let id = workspaces::find(Fit::Words, &all, text)?.id().to_owned();
        all.retain(|workspace| workspace.id() == id);
    }
    let (mut folders, failed) = match all.is_empty() {
        true => (of(gong, None, None)?, None),
        false => workspaces::read_each(&all, |one| {
            let name = are_several.then(|| one.name().to_owned());
            of(gong, Some(one.id()), name)
        })?,
    };
    folders.sort_by_cached_key(|folder| (folder.workspace.clone(), fold_case(&folder.path)));
    Ok((folders, failed))
}

fn by_id(id: &str) -> Workspace {
    Workspace {
        id: Some(Id(id.trim().to_owned())),
        ..Workspace::default()
    }
}

fn of(gong: &Gong<'_>, id: Option<&str>, workspace: Option<String>) -> Result<Vec<Folder>, Error> {
    let answer: ApiResponse = gong.get_list("/v2/library/folders", &[("workspaceId", id)])?;
    let found = answer.listed("folders", OPERATION)?;
    let by_id: BTreeMap<String, &Value> = found
        .iter()
        .filter_map(|folder| Some((folder.id("id")?, folder)))
        .collect();
    Ok(found
        .iter()
        .map(|folder| Folder {
            id: folder.id("id").unwrap_or_default(),
            name: folder.text("name").unwrap_or_default(),
            path: path(folder, &by_id),
            workspace: workspace.clone(),
            updated: folder.instant("updated"),
        })
        .collect())
}

fn path(folder: &Value, by_id: &BTreeMap<String, &Value>) -> String {
    let mut names = Vec::new();
    let mut next = Some(folder);
    while let Some(one) = next.filter(|_| names.len() < DEPTH) {
        names.push(one.text("name").unwrap_or_else(|| "(no name)".to_owned()));
        next = one
            .id("parentFolderId")
            .and_then(|parent| by_id.get(&parent).copied());
    }
    names.reverse();
    names.join(" / ")
}

/// The one folder with this path or name.
///
/// # Errors
/// `bad-argument` with the choices.
pub(crate) fn find<'f>(folders: &'f [Folder], text: &str) -> Result<&'f Folder, Error> {
    choose(Fit::Words, folders, |folder| folder.path.clone(), text)
        .or_else(|near| {
            choose(Fit::Words, folders, |folder| folder.name.clone(), text)
                .map_err(|nearer| if nearer.is_empty() { near } else { nearer })
        })
        .map_err(|near| {
            let choices = near_first(folders, near).into_iter().map(|folder| {
                let workspace = folder
                    .workspace
                    .as_ref()
                    .map_or_else(String::new, |name| format!(", {name}"));
                (
                    format!("{} ({}{workspace})", folder.path, folder.id),
                    folder.id.clone(),
                )
            });
            unknown(
                "folder",
                "folder",
                text,
                choices,
                folders.len(),
                "gong_list_library_folders",
            )
        })
}
