//! `gong_revoke_call_access`. DELETE /v2/calls/users-access with a body;
//! api:call-user-access:write.

use crate::{
    client::{Gong, request::Method},
    domain::change::{self, Change},
    error::Error,
    prelude::*,
    tools::grant_call_access::call_and_users,
    wit::{access::RevokeCallAccess, types::Receipt},
};

/// Looks up the users, then revokes once. Gong answers 200 even for ids that do not exist.
pub(crate) fn run(gong: &Gong<'_>, args: RevokeCallAccess) -> Result<Receipt, Error> {
    let (call, body, users) = call_and_users(gong, &args.call, &args.users)?;
    let change = Change {
        what: format!("take from {users} the access to call {call}"),
        method: Method::Delete,
        operation: "/v2/calls/users-access",
        path: "/v2/calls/users-access".into(),
        body,
        look: "gong_list_call_access lists who has access",
    };
    change::make(gong, args.dry_run, &change, |receipt, _| {
        receipt.notes.push(
            "Gong answers the same for users who had no such access and for ids that do not exist; \
             gong_list_call_access shows who is left. Who was on the call, or may see it by profile, still sees it."
                .into(),
        );
    })
}
