//! `gong_grant_call_access`. PUT /v2/calls/users-access; api:call-user-access:write.
//! POST on the same path reads the access, DELETE revokes it.

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

/// How many users this tool accepts; Gong documents no limit.
const MAX_USERS: usize = 100;

/// Looks up the users, then grants once.
pub(crate) fn run(gong: &Gong<'_>, args: GrantCallAccess) -> Result<Receipt, Error> {
    let (call, body, users) = call_and_users(gong, &args.call, &args.users)?;
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

/// How many users a receipt names.
const MOST_NAMED: usize = 10;

/// The call's id, the body with the call and its users, and who they are, or how many. Gong wants each
/// user once.
pub(super) fn call_and_users(
    gong: &Gong<'_>,
    call: &str,
    users: &[String],
) -> Result<(String, Body, String), Error> {
    let call = call_id(call)?;
    between("users", users, MAX_USERS)?;
    let mut people = People::default();
    let mut ids = Vec::new();
    for user in users {
        let id = people.id(gong, "users", user)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let users = match ids.len() {
        ..=MOST_NAMED => {
            let names = ids.iter().map(|id| people.name(id).into_owned());
            names.collect::<Vec<_>>().join(", ")
        }
        count => render::count(count as u32, "user"),
    };
    let body = Body::Json(json!({ "callAccessList": [{ "callId": call, "userIds": ids }] }));
    Ok((call, body, users))
}
