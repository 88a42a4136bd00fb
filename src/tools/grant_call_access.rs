//! `gong_grant_call_access`. PUT /v2/calls/users-access; api:call-user-access:write.
//! POST there is the read, DELETE revokes.

use serde_json::json;

use crate::{
    client::{Gong, request::Method},
    domain::change::{self, Body, Change, between},
    error::Error,
    gong::{id::call_id, users::People},
    prelude::*,
    render,
    wit::{access::GrantCallAccess, types::Receipt},
};

/// Users that one call takes; Gong declares no limit.
const MOST: usize = 100;

/// Looks up the users, then grants once.
pub(crate) fn run(gong: &Gong<'_>, args: GrantCallAccess) -> Result<Receipt, Error> {
    let (call, body, users) = asked(gong, &args.call, &args.users)?;
    let change = Change {
        what: format!("let {users} see call {call}"),
        method: Method::Put,
        operation: "/v2/calls/users-access",
        path: "/v2/calls/users-access".into(),
        body,
        look: "gong_list_call_access lists who has access",
    };
    change::make(gong, args.dry_run, &change, |_, _| {})
}

/// The call's id, the body that names it with its users, and how many these are. Gong
/// wants each user once.
pub(super) fn asked(
    gong: &Gong<'_>,
    call: &str,
    users: &[String],
) -> Result<(String, Body, String), Error> {
    let call = call_id(call)?;
    between("users", users, MOST)?;
    let mut people = People::default();
    let mut ids = Vec::new();
    for user in users {
        let id = people.id(gong, "users", user)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let count = render::count(ids.len() as u32, "user");
    let body = Body::Json(json!({ "callAccessList": [{ "callId": call, "userIds": ids }] }));
    Ok((call, body, count))
}
