//! `GET /v2/library/folders` and `GET /v2/library/folder-content`.

use serde_json::{Value, json};

use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};

const SCOPE: &str = "api:library:read";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/library/folders", SCOPE, folders),
    Operation::get("/v2/library/folder-content", SCOPE, content),
];

/// What Gong's document says for both, though nobody names a period here.
const NONE: &str = "No folders found for the specified period";

/// A company with several workspaces must say which one it means.
fn folders(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = request.required_query("workspaceId")?;
    let workspace = gong.company.workspace(id);
    let workspace = workspace.ok_or_else(|| ApiError::not_found(NONE))?;
    let folders = gong.company.library.iter();
    let folders: Value = folders
        .filter(|folder| folder.workspace == workspace)
        .map(|folder| folder.json(&gong.company))
        .collect();
    Ok(json!({ "folders": folders }).into())
}

/// The folder's fields are at the top of the answer.
fn content(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = request.required_query("folderId")?;
    let mut folders = gong.company.library.iter();
    let folder = folders.find(|folder| folder.id == id);
    let folder = folder.ok_or_else(|| ApiError::not_found(NONE))?;
    let calls = gong.state.calls.lock();
    let content = folder.content(&gong.company, |call| !calls.is_gone(call));
    Ok(content.into())
}
