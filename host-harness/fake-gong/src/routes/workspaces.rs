//! `GET /v2/workspaces`.

use serde_json::{Value, json};

use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::ApiRequest;
use crate::response::ApiResult;

pub(super) const OPERATIONS: &[Operation] = &[Operation::get(
    "/v2/workspaces",
    "api:workspaces:read",
    list,
)];

fn list(gong: &Gong, _: &ApiRequest) -> ApiResult {
    let workspaces = gong.company.workspaces.iter();
    let workspaces: Value = workspaces
        .map(|workspace| {
            json!({
                "id": workspace.id,
                "name": workspace.name,
                "description": workspace.description,
            })
        })
        .collect();
    Ok(json!({ "workspaces": workspaces }).into())
}
