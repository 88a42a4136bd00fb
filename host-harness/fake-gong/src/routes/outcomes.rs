//! `GET /v2/call-outcomes`.

use serde_json::{Value, json};

use crate::company::outcomes::OUTCOMES;
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::ApiRequest;
use crate::response::ApiResult;

pub(super) const OPERATIONS: &[Operation] = &[Operation::get(
    "/v2/call-outcomes",
    "api:call-outcomes:read",
    list,
)];

fn list(_: &Gong, _: &ApiRequest) -> ApiResult {
    let outcomes: Value = (1..)
        .zip(&OUTCOMES)
        .map(|(place, outcome)| outcome.json(place))
        .collect();
    Ok(json!({ "outcomes": outcomes }).into())
}
