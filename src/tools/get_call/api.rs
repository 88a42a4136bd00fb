//! The parts of Gong's answer about a call that only `gong_get_call` reads.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    gong::{
        call_content::Content,
        calls::{self, Party},
        crm_object::Context,
        id::Id,
    },
    prelude::*,
};

/// OpenAPI `CallData`, with the parts that only this tool reads.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DetailedCall {
    pub(super) meta_data: calls::Meta,
    pub(super) parties: Option<Vec<Party>>,
    pub(super) context: Option<Vec<Context>>,
    pub(super) content: Option<Content>,
    pub(super) interaction: Option<Interaction>,
    pub(super) collaboration: Option<Collaboration>,
    pub(super) media: Option<Media>,
}

/// OpenAPI `InteractionMeasuresDto`. What a request calls `personInteractionStats` is
/// `interactionStats` in the answer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Interaction {
    pub(super) speakers: Option<Vec<Talk>>,
    pub(super) interaction_stats: Option<Vec<Stat>>,
    pub(super) questions: Option<Questions>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Talk {
    pub(super) id: Option<Id>,
    pub(super) user_id: Option<Id>,
    pub(super) talk_time: Option<f64>,
}

#[derive(Default, Deserialize)]
pub(super) struct Stat {
    pub(super) name: Option<String>,
    pub(super) value: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Questions {
    pub(super) company_count: Option<u32>,
    pub(super) non_company_count: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Collaboration {
    pub(super) public_comments: Option<Vec<PublicComment>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublicComment {
    pub(super) audio_start_time: Option<f64>,
    pub(super) commenter_user_id: Option<Id>,
    pub(super) comment: Option<String>,
    pub(super) posted: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Media {
    pub(super) audio_url: Option<String>,
    pub(super) video_url: Option<String>,
}
