//! `GET /v2/targets` and `POST /v2/targets/{targetId}/assignments`, which Gong added in July
//! 2026. No document of Gong's with them was found; this is what others wrote about them.

use http::Method;
use serde_json::{Value, json};

use crate::gong::Gong;
use crate::operation::{Operation, Takes};
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};
use crate::state::targets;

/// Not known, so that nobody can be without it.
const SCOPE: &str = "";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/targets", SCOPE, list),
    Operation::write(
        Method::POST,
        "/v2/targets/{targetId}/assignments",
        SCOPE,
        Takes::Parts,
        assign,
    ),
];

/// All of a workspace at once.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let workspace = workspace(gong, request)?;
    let targets = gong.company.targets.iter();
    let targets: Value = targets
        .filter(|target| target.workspace == workspace)
        .map(|target| target.json(&gong.company))
        .collect();
    Ok(json!({ "targets": targets }).into())
}

/// All of the file or nothing; with `validateOnly` nothing in any case. The API's CSV format
/// was never seen: this takes the user interface's. Neither was the answer, so it has nothing
/// but its id; what is wrong with the file is 400, one text for each line.
fn assign(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let workspace = workspace(gong, request)?;
    let validates_only = request.query_flag("validateOnly")?;
    let id = request.path("targetId");
    let mut known = gong.company.targets.iter();
    let target = known
        .find(|target| target.id == id && target.workspace == workspace)
        .ok_or_else(|| ApiError::not_found(format!("Target not found: targetId={id}")))?;
    let file = request.part("file")?;
    let users = &gong.company.users;
    let is_member = |member: &str| {
        let is = |user: &crate::company::User| {
            user.email.eq_ignore_ascii_case(member) || user.crm_id == member
        };
        users.iter().any(is)
    };
    let assignments = targets::read(&file.bytes, target.is_currency, is_member);
    let assignments = assignments.map_err(|errors| ApiError {
        errors,
        ..ApiError::bad_request("")
    })?;
    if !validates_only {
        gong.state.targets.lock().assign(id, assignments);
    }
    Ok(json!({}).into())
}

fn workspace(gong: &Gong, request: &ApiRequest) -> Result<usize, ApiError> {
    let id = request.required_query("workspaceId")?;
    let mut workspaces = gong.company.workspaces.iter();
    workspaces
        .position(|workspace| workspace.id == id)
        .ok_or_else(|| ApiError::bad_request(format!("Workspace ID {id} was not found")))
}
