//! `GET /v2/workspaces`.

use serde_json::{Value, json};

use super::Operation;
use crate::answer::Outcome;
use crate::asked::Asked;
use crate::gong::Gong;

pub(super) const OPERATIONS: &[Operation] = &[Operation::get(
    "/v2/workspaces",
    "api:workspaces:read",
    list,
)];

fn list(gong: &Gong, _: &Asked) -> Outcome {
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
