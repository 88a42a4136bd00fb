//! `POST /v2/calls/transcript`.

use serde_json::{Value, json};

use super::extensive;
use crate::company::transcripts;
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::ApiRequest;
use crate::response::ApiResult;
use crate::state::calls::AnyCall;

pub(super) const OPERATIONS: &[Operation] = &[Operation::post(
    "/v2/calls/transcript",
    "api:calls:read:transcript",
    list,
)];

/// Private calls are among them, and nothing here says which they are. Calls that were added
/// through the API are not: they have no transcript yet.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let (page, records) = extensive::page(gong, request, false)?;
    let transcripts: Value = page
        .into_iter()
        .filter_map(|call| match call.make(&gong.company) {
            AnyCall::Held(call) => Some(json!({
                "callId": call.id,
                "transcript": transcripts::transcript(&gong.company, &call),
            })),
            AnyCall::Added(_) => None,
        })
        .collect();
    Ok(json!({ "records": records, "callTranscripts": transcripts }).into())
}
