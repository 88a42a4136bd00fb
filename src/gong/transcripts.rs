//! Transcripts. POST /v2/calls/transcript; api:calls:read:transcript. Times are in milliseconds; in
//! Gong's other answers they are in seconds. Whether the call is private and who the speakers are is
//! only in the call itself.

use serde::Deserialize;

use crate::{
    client::{
        json::required,
        pages::{Paged, Records},
    },
    gong::id::Id,
    prelude::*,
};

/// Path of POST /v2/calls/transcript.
pub(crate) const TRANSCRIPT: &str = "/v2/calls/transcript";

/// A page of transcripts.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transcripts {
    records: Option<Records>,
    #[serde(deserialize_with = "required")]
    pub(crate) call_transcripts: Option<Vec<CallTranscript>>,
}

impl Paged for Transcripts {
    type Item = CallTranscript;
    fn into_page(self) -> (Option<Records>, Vec<CallTranscript>) {
        (self.records, self.call_transcripts.unwrap_or_default())
    }
}

/// OpenAPI `CallTranscript`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallTranscript {
    pub(crate) call_id: Option<Id>,
    pub(crate) transcript: Option<Vec<Monologue>>,
}

/// OpenAPI `Monologue`; speaker and topic may be null.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Monologue {
    pub(crate) speaker_id: Option<Id>,
    pub(crate) topic: Option<String>,
    pub(crate) sentences: Option<Vec<Sentence>>,
}

/// OpenAPI `Sentence`; `start` in milliseconds into the call.
#[derive(Default, Deserialize)]
pub(crate) struct Sentence {
    pub(crate) start: Option<u64>,
    pub(crate) text: Option<String>,
}
