//! Sales targets, by name or id. GET /v2/targets, which Gong added in July 2026. It is not paged. Its
//! scopes are not known: no OpenAPI document with it was found.

use crate::{
    client::{Gong, json::ApiResponse},
    error::Error,
    gong::id::is_id,
    json_ext::JsonExt,
    names::{choose, handle, near_first, unknown},
    prelude::*,
    text::fold_case,
    wit::targets::Target,
};

/// All targets of a workspace, sorted by name.
///
/// # Errors
/// Whatever the request fails with.
pub(crate) fn all(gong: &Gong<'_>, workspace: &str) -> Result<Vec<Target>, Error> {
    let answer: ApiResponse = gong.get_list("/v2/targets", &[("workspaceId", Some(workspace))])?;
    let mut targets: Vec<Target> = answer
        .listed("targets", "GET /v2/targets")?
        .iter()
        .filter_map(|target| {
            Some(Target {
                id: target.id("id")?,
                name: target.text("name"),
                description: target.text("description"),
                target_type: target.text("type"),
                unit: target.text("unit"),
                hierarchy_type: target.text("hierarchyType"),
                created: target.instant("createdDateTime"),
            })
        })
        .collect();
    targets.sort_by_cached_key(|target| fold_case(name(target)));
    Ok(targets)
}

/// Id and name of the target that the argument `target` names. A long id is returned without a
/// look-up, as the name too.
///
/// # Errors
/// `bad-argument` with the choices; whatever the request fails with.
pub(crate) fn find(
    gong: &Gong<'_>,
    workspace: &str,
    text: &str,
) -> Result<(String, String), Error> {
    let text = handle(text);
    if is_id(text) {
        return Ok((text.to_owned(), text.to_owned()));
    }
    let targets = all(gong, workspace)?;
    let by_id = targets.iter().find(|target| target.id == text);
    let found = match by_id {
        Some(target) => Ok(target),
        None => choose(
            gong.name_fit(),
            &targets,
            |target| name(target).to_owned(),
            text,
        ),
    };
    found
        .map(|target| (target.id.clone(), name(target).to_owned()))
        .map_err(|near| {
            let choices = near_first(&targets, near)
                .into_iter()
                .map(|one| (format!("{} ({})", name(one), one.id), one.id.clone()));
            unknown(
                "target",
                "target",
                text,
                choices,
                targets.len(),
                "gong_list_targets",
            )
        })
}

fn name(target: &Target) -> &str {
    target.name.as_deref().unwrap_or(&target.id)
}
