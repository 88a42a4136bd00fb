//! `/v2/calls/users-access`: POST reads, PUT grants, DELETE revokes.

use http::Method;
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::gong::Gong;
use crate::operation::{Operation, Takes};
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};

const PATH: &str = "/v2/calls/users-access";
const WRITE: &str = "api:call-user-access:write";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::post(PATH, "api:call-user-access:read", list),
    Operation::write(Method::PUT, PATH, WRITE, Takes::Json, grant),
    Operation::write(Method::DELETE, PATH, WRITE, Takes::Json, revoke),
];

/// Only who was let see the call through the API; a call without such a user has none.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let ids = request.filter()?.ids("callIds")?;
    let ids = ids.ok_or_else(|| ApiError::bad_request("filter.callIds: must not be null"))?;
    for id in &ids {
        must_be(gong, id)?;
    }
    let grants = gong.state.access.lock();
    let list: Value = ids
        .iter()
        .map(|id| {
            let users = grants.users(id).into_iter();
            let users: Value = users.map(|user| json!({ "userId": user })).collect();
            json!({ "callId": id, "users": users })
        })
        .collect();
    Ok(json!({ "callAccessList": list }).into())
}

/// One unknown call spoils the whole request. Who sees the call anyway, as those on it do,
/// gains nothing and is not listed afterwards.
fn grant(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let pairs = pairs(request)?;
    for (id, users) in &pairs {
        must_be(gong, id)?;
        let is_user = |id: &&str| gong.company.users.iter().any(|user| user.id == **id);
        if !users.iter().all(is_user) {
            return Err(ApiError::bad_request("Some users not found"));
        }
    }
    let mut grants = gong.state.access.lock();
    for (id, users) in pairs {
        let call = gong.call(id);
        let on = call.as_ref().map(|call| call.users(&gong.company));
        for user in users {
            if !on.as_ref().is_some_and(|on| on.contains(&user)) {
                grants.grant(id, user);
            }
        }
    }
    Ok(json!({}).into())
}

/// Calls and users that do not exist are no error here.
fn revoke(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let mut grants = gong.state.access.lock();
    for (id, users) in pairs(request)? {
        for user in users {
            grants.revoke(id, user);
        }
    }
    Ok(json!({}).into())
}

/// The body's `callAccessList`: calls, and the users of each.
fn pairs(request: &ApiRequest) -> Result<Vec<(&str, Vec<&str>)>, ApiError> {
    let items = Fields::of(&request.body)?.some_objects("callAccessList", usize::MAX)?;
    items
        .iter()
        .map(|item| {
            let users = item.some_texts("userIds", usize::MAX)?;
            Ok((item.required("callId")?, users))
        })
        .collect()
}

/// A call by its id must be there. Gong says 400 here and not 404.
fn must_be(gong: &Gong, id: &str) -> Result<(), ApiError> {
    let place = gong.state.calls.lock().place(id);
    place
        .map(|_| ())
        .ok_or_else(|| ApiError::bad_request("Some calls not found"))
}
