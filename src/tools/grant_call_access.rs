//! `gong_grant_call_access`. PUT /v2/calls/users-access; api:call-user-access:write.
//! POST there is the read, DELETE revokes.

use alloc::{format, vec::Vec};
use serde_json::json;

use crate::{
    error::Error,
    gong::{
        Gong, Method,
        change::{self, Body, Change, between},
        id::call_id,
        people::People,
    },
    render,
    wit::{access::GrantCallAccess, types::Receipt},
};

/// Users that one call takes; Gong declares no limit.
const MOST: usize = 100;

/// Looks up the users, then grants once.
pub(crate) fn run(gong: &Gong<'_>, args: GrantCallAccess) -> Result<Receipt, Error> {
    let call = call_id(&args.call)?;
    between("users", &args.users, MOST)?;
    let mut people = People::default();
    let ids: Vec<_> = args
        .users
        .iter()
        .map(|user| people.id(gong, "users", user))
        .collect::<Result<_, _>>()?;
    let change = Change {
        what: format!(
            "let {} see call {call}",
            render::count(ids.len() as u32, "user")
        ),
        method: Method::Put,
        operation: "/v2/calls/users-access",
        path: "/v2/calls/users-access".into(),
        body: Body::Json(json!({ "callAccessList": [{ "callId": call, "userIds": ids }] })),
        look: "gong_list_call_access lists who has access",
    };
    change::make(gong, args.dry_run, &change, |_, _| {})
}
