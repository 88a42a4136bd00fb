//! `gong_get_transcript`. POST /v2/calls/extensive for people and privacy
//! (api:calls:read:extensive), then POST /v2/calls/transcript
//! (api:calls:read:transcript), whose times are milliseconds.

use serde_json::json;

use crate::{
    client::Gong,
    error::{Error, bad_argument},
    gong::{
        calls::{self, Call, CallsBody, ContentSelector, Filter},
        id::call_id,
        transcripts::{TRANSCRIPT, Transcripts},
    },
    prelude::*,
    time,
    tools::resume_number,
    wit::transcripts::{GetTranscript, Speakers, Transcript},
};

mod text;
mod turns;

/// Which part of a transcript to return.
struct Part {
    /// Milliseconds into the call.
    window: core::ops::Range<u64>,
    /// Number of the first turn, counted over the whole call; 0 for all turns.
    first_turn: usize,
    /// The most bytes of text.
    limit: usize,
}

/// Reads the call first, as the transcript does not say whether the call is private.
pub(crate) fn run(gong: &Gong<'_>, args: GetTranscript) -> Result<Transcript, Error> {
    let id = call_id(&args.call)?;
    let limit = match args.bytes.unwrap_or(60_000) {
        limit @ 1_000..=60_000 => limit as usize,
        limit => {
            return Err(bad_argument(
                "bytes",
                &format!("{limit} is not from 1000 to 60000."),
                "60000.",
            ));
        }
    };
    let time_into_call = |name, text: &Option<String>| {
        text.as_deref()
            .map(|text| time::parse_into_call(name, text))
            .transpose()
    };
    let from = time_into_call("from", &args.from)?.unwrap_or(0);
    let to = time_into_call("to", &args.to)?.unwrap_or(u64::MAX);
    if from >= to {
        return Err(bad_argument(
            "from",
            &format!(
                "{} is not before {}, the end of the part.",
                time::into_call(from),
                time::into_call(to)
            ),
            "\"12:30\" with to \"20:00\".",
        ));
    }
    let part = Part {
        window: from..to,
        first_turn: resume_number(args.resume.as_deref(), "turn-")?,
        limit,
    };
    let selector = ContentSelector {
        exposed_fields: Some(json!({ "parties": true })),
        ..ContentSelector::default()
    };
    let call: Call = calls::one(gong, &id, &selector)?;
    calls::check_private(gong, &call.meta_data)?;
    let body = CallsBody {
        cursor: None,
        filter: Filter {
            call_ids: &[&id],
            ..Filter::default()
        },
        content_selector: None,
    };
    let answer: Transcripts = gong.post_list(TRANSCRIPT, &body)?;
    let monologues = answer.call_transcripts.into_iter().flatten().next().and_then(|one| one.transcript).ok_or_else(|| {
        Error::not_found(format!(
            "Gong has no transcript of call {id}: it was not recorded, has no speech, or is still in processing (try again in some minutes)."
        ))
    })?;
    let speakers = args.speakers.unwrap_or(Speakers::All);
    let mut transcript = turns::transcript(&call, monologues, speakers, part, gong.requests());
    transcript.resume = transcript.resume.map(|position| gong.token(&position));
    Ok(transcript)
}
