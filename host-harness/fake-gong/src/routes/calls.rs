//! `GET /v2/calls` and `GET /v2/calls/{id}`.

use serde_json::{Value, json};

use super::Operation;
use crate::answer::{Outcome, Refusal};
use crate::asked::{Asked, Window, is_id};
use crate::company::Call;
use crate::gong::Gong;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/calls", "api:calls:read:basic", list),
    Operation::get("/v2/calls/{id}", "api:calls:read:basic", one),
];

/// By the scheduled time of web conferences and the start of other calls.
fn list(gong: &Gong, asked: &Asked) -> Outcome {
    let window = Window::parse(
        ("fromDateTime", asked.query("fromDateTime")),
        ("toDateTime", asked.query("toDateTime")),
    )?;
    let workspace = asked.query("workspaceId");
    let company = &gong.company;
    let mut calls: Vec<&Call> = gong
        .calls()
        .filter(|call| window.holds(call.listed_at()))
        .filter(|call| workspace.is_none_or(|id| company.workspaces[call.workspace].id == id))
        .collect();
    if calls.is_empty() {
        return Err(Refusal::no_calls());
    }
    calls.sort_by_key(|call| call.listed_at());
    let (page, records) = gong.cursors.page(asked, &calls)?;
    let calls: Value = page.iter().map(|call| call.meta(company)).collect();
    Ok(json!({ "records": records, "calls": calls }).into())
}

fn one(gong: &Gong, asked: &Asked) -> Outcome {
    let id = asked.path("id");
    if !is_id(id) {
        return Err(Refusal::malformed("Bad request"));
    }
    match gong.calls().find(|call| call.id == id) {
        Some(call) => Ok(json!({ "call": call.meta(&gong.company) }).into()),
        None => Err(Refusal::not_found(format!("Call ID {id} was not found"))),
    }
}
