//! `GET /v2/settings/briefs` and `GET /v2/settings/trackers`.

use serde_json::{Value, json};

use crate::company::trackers;
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/settings/briefs", "api:ai-briefer:read", briefs),
    Operation::get(
        "/v2/settings/trackers",
        "api:settings:trackers:read",
        keyword_trackers,
    ),
];

/// Published or not.
fn briefs(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let workspace = workspace(gong, request)?;
    let briefs = gong.company.briefs.iter();
    let briefs: Value = briefs
        .filter(|brief| workspace.is_none_or(|place| brief.workspace == place))
        .map(|brief| brief.json(&gong.company))
        .collect();
    Ok(json!({ "briefs": briefs }).into())
}

fn keyword_trackers(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let workspace = workspace(gong, request)?;
    let trackers = trackers::listed(&gong.company, workspace);
    Ok(json!({ "keywordTrackers": trackers }).into())
}

/// The requested workspace, by index; none means all of them.
fn workspace(gong: &Gong, request: &ApiRequest) -> Result<Option<usize>, ApiError> {
    let request = request.query("workspaceId").filter(|id| !id.is_empty());
    request
        .map(|id| {
            let place = gong.company.workspace(id);
            place.ok_or_else(|| ApiError::not_found("Workspace not found"))
        })
        .transpose()
}
