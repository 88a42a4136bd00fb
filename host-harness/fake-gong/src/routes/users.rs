//! `GET /v2/users`, `POST /v2/users/extensive`, `GET /v2/users/{id}` and
//! `GET /v2/users/{id}/settings-history`.

use serde_json::{Value, json};

use crate::company::{User, settings};
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::{ApiRequest, is_id};
use crate::response::{ApiError, ApiResult};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/users", "api:users:read", list),
    Operation::post("/v2/users/extensive", "api:users:read", filtered),
    Operation::get("/v2/users/{id}", "api:users:read", one),
    Operation::get("/v2/users/{id}/settings-history", "api:users:read", history),
];

/// Those who left are among them; Gong's own people only on demand.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let avatars = request.query_flag("includeAvatars")?;
    let users = gong.company.users.iter();
    let users: Vec<&User> = users.filter(|user| avatars || !user.avatar).collect();
    page(gong, request, &users)
}

fn filtered(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let filter = request.filter()?;
    let created = filter.window("createdFromDateTime", "createdToDateTime")?;
    let avatars = filter.flag("includeAvatars")?;
    let ids = filter.ids("userIds")?;
    let users = gong.company.users.iter();
    let users: Vec<&User> = users
        .filter(|user| avatars || !user.avatar)
        .filter(|user| created.holds(user.created))
        .filter(|user| {
            ids.as_ref()
                .is_none_or(|ids| ids.contains(user.id.as_str()))
        })
        .collect();
    if users.is_empty() {
        return Err(ApiError::not_found(
            "No users found corresponding to the provided filters",
        ));
    }
    page(gong, request, &users)
}

fn page(gong: &Gong, request: &ApiRequest, users: &[&User]) -> ApiResult {
    let (page, records) = gong.cursors.page(request, users)?;
    let users: Value = page
        .iter()
        .map(|user| user.json(&gong.company.zone))
        .collect();
    Ok(json!({ "records": records, "users": users }).into())
}

fn one(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let user = user(gong, request)?;
    Ok(json!({ "user": user.json(&gong.company.zone) }).into())
}

/// Every change of a setting since the user was created.
fn history(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let history = settings::history(&gong.company, user(gong, request)?);
    Ok(json!({ "userSettingsHistory": history }).into())
}

/// The user whose id is in the path.
fn user<'a>(gong: &'a Gong, request: &ApiRequest) -> Result<&'a User, ApiError> {
    let id = request.path("id");
    if !is_id(id) {
        return Err(ApiError::bad_request("Bad request"));
    }
    let mut users = gong.company.users.iter();
    users
        .find(|user| user.id == id)
        .ok_or_else(|| ApiError::not_found("User not found"))
}
