//! `GET /v2/all-permission-profiles`, `GET /v2/permission-profile` and
//! `GET /v2/permission-profile/users`.

use serde_json::{Value, json};

use super::Operation;
use crate::answer::{Outcome, Refusal};
use crate::asked::Asked;
use crate::company::profiles::Profile;
use crate::gong::Gong;

/// Gong's document states no scope for the first two; this is the one integrators use.
const SCOPE: &str = "api:permission-profile:read";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/all-permission-profiles", SCOPE, list),
    Operation::get("/v2/permission-profile", SCOPE, one),
    Operation::get("/v2/permission-profile/users", "api:users:read", users),
];

/// All of a workspace at once, in alphabetical order.
fn list(gong: &Gong, asked: &Asked) -> Outcome {
    let id = asked.required_query("workspaceId")?;
    let mut workspaces = gong.company.workspaces.iter();
    let workspace = workspaces
        .position(|workspace| workspace.id == id)
        .ok_or_else(|| Refusal::malformed(format!("Workspace ID {id} was not found")))?;
    let profiles = gong.company.profiles.iter();
    let profiles: Value = profiles
        .filter(|profile| profile.workspace == workspace)
        .map(Profile::json)
        .collect();
    Ok(json!({ "profiles": profiles }).into())
}

fn one(gong: &Gong, asked: &Asked) -> Outcome {
    let profile = profile(gong, asked)?;
    Ok(json!({ "profile": profile.json() }).into())
}

fn users(gong: &Gong, asked: &Asked) -> Outcome {
    let profile = profile(gong, asked)?;
    Ok(json!({ "users": profile.users(&gong.company) }).into())
}

/// The profile that is asked for. An id that no signed 64-bit number holds is "Bad request";
/// Gong declares no 404 here, so an unknown one is 400 as well.
fn profile<'a>(gong: &'a Gong, asked: &Asked) -> Result<&'a Profile, Refusal> {
    let id = asked.required_query("profileId")?;
    if id.parse::<i64>().is_err() {
        return Err(Refusal::malformed("Bad request"));
    }
    let mut profiles = gong.company.profiles.iter();
    profiles
        .find(|profile| profile.id == id)
        .ok_or_else(|| Refusal::malformed(format!("Permission profile ID {id} was not found")))
}
