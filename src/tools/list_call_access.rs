//! `gong_list_call_access`. POST /v2/calls/users-access, which only reads;
//! api:call-user-access:read. Gong answers 400 if one of the calls is unknown.

use alloc::collections::BTreeSet;
use serde_json::json;

use crate::{
    client::{Gong, json::ApiResponse},
    domain::{change::between, list_part::ListPart},
    error::Error,
    gong::{id::call_id_in, users},
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table},
    text::one_line,
    wit::access::{AccessUser, CallAccess, CallAccessList, ListCallAccess},
};

/// How many calls this tool accepts; Gong documents no limit.
const MAX_CALLS: usize = 100;

/// One request, then looks up the users' names.
pub(crate) fn run(gong: &Gong<'_>, args: ListCallAccess) -> Result<CallAccessList, Error> {
    between("calls", &args.calls, MAX_CALLS)?;
    let mut calls = Vec::new();
    for call in &args.calls {
        let id = call_id_in("calls", call)?;
        if !calls.contains(&id) {
            calls.push(id);
        }
    }
    let body = json!({ "filter": { "callIds": calls } });
    let answer: ApiResponse = gong.post("/v2/calls/users-access", &body)?;
    let found = answer.listed("callAccessList", "POST /v2/calls/users-access")?;
    let users = |call: &String| -> Vec<String> {
        found
            .iter()
            .filter(|one| one.id("callId").as_ref() == Some(call))
            .flat_map(|one| one.items("users"))
            .filter_map(|user| user.id("userId"))
            .collect()
    };
    let all: BTreeSet<String> = calls.iter().flat_map(users).collect();
    let names = users::names(gong, &all);
    let calls = calls.iter().map(|call| CallAccess {
        users: users(call)
            .into_iter()
            .map(|id| AccessUser {
                name: names.get(&id).map(|name| one_line(name)),
                id,
            })
            .collect(),
        call: call.clone(),
    });
    let part = ListPart::of(gong, calls, args.resume.as_deref())?;
    Ok(CallAccessList {
        calls: part.items,
        matched: part.matched,
        resume: part.resume,
        requests: gong.requests(),
    })
}

impl Answer for CallAccessList {
    fn text(&self) -> String {
        let mut text = render::part(self.calls.len(), self.matched, "call");
        text.push('\n');
        let mut table = Table::new(["call", "user", "name"]);
        for call in &self.calls {
            for user in &call.users {
                let name = user.name.clone().unwrap_or_default();
                table.row([call.call.clone(), user.id.clone(), name]);
            }
        }
        table.write(&mut text);
        let nobody: Vec<String> = self
            .calls
            .iter()
            .filter(|call| call.users.is_empty())
            .map(|call| call.call.clone())
            .collect();
        render::list(&mut text, "No user was given access to", &nobody, ", ");
        text.push_str(
            "Only access given through the API is listed, not that of people on the call or by profile.\n",
        );
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
