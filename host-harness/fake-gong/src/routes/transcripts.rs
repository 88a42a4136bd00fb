//! `POST /v2/calls/transcript`.

use serde_json::{Value, json};

use super::Operation;
use super::extensive;
use crate::answer::Outcome;
use crate::asked::Asked;
use crate::company::transcripts;
use crate::gong::Gong;
use crate::state::calls::{AddedCalls, AnyCall};

pub(super) const OPERATIONS: &[Operation] = &[Operation::post(
    "/v2/calls/transcript",
    "api:calls:read:transcript",
    list,
)];

/// Private calls are among them, and nothing here says which they are. Calls that were added
/// through the API are not: they have no transcript yet.
fn list(gong: &Gong, asked: &Asked) -> Outcome {
    let none = AddedCalls::default();
    let calls = extensive::filtered(gong, asked.filter()?, &none)?;
    let (page, records) = gong.cursors.page(asked, &calls)?;
    let transcripts: Value = page
        .iter()
        .filter_map(|call| match call {
            AnyCall::Held(call) => Some(json!({
                "callId": call.id,
                "transcript": transcripts::transcript(&gong.company, call),
            })),
            AnyCall::Added(_) => None,
        })
        .collect();
    Ok(json!({ "records": records, "callTranscripts": transcripts }).into())
}
