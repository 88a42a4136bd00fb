//! `GET /v2/call-outcomes`.

use serde_json::{Value, json};

use super::Operation;
use crate::answer::Outcome;
use crate::asked::Asked;
use crate::company::outcomes::OUTCOMES;
use crate::gong::Gong;

pub(super) const OPERATIONS: &[Operation] = &[Operation::get(
    "/v2/call-outcomes",
    "api:call-outcomes:read",
    list,
)];

fn list(_: &Gong, _: &Asked) -> Outcome {
    let outcomes: Value = (1..)
        .zip(&OUTCOMES)
        .map(|(place, outcome)| outcome.json(place))
        .collect();
    Ok(json!({ "outcomes": outcomes }).into())
}
