//! `POST /v2/calls/transcript`.

use serde_json::{Value, json};

use super::Operation;
use super::extensive;
use crate::answer::Outcome;
use crate::asked::Asked;
use crate::company::transcripts;
use crate::gong::Gong;

pub(super) const OPERATIONS: &[Operation] = &[Operation::post(
    "/v2/calls/transcript",
    "api:calls:read:transcript",
    list,
)];

/// Private calls are among them, and nothing here says which they are.
fn list(gong: &Gong, asked: &Asked) -> Outcome {
    let calls = extensive::filtered(gong, asked.filter()?)?;
    let (page, records) = gong.cursors.page(asked, &calls)?;
    let transcripts: Value = page
        .iter()
        .map(|call| {
            json!({
                "callId": call.id,
                "transcript": transcripts::transcript(&gong.company, call),
            })
        })
        .collect();
    Ok(json!({ "records": records, "callTranscripts": transcripts }).into())
}
