//! What Gong answers about a call, as far as `gong_get_call` reads it.

use alloc::{string::String, vec::Vec};
use serde::Deserialize;
use serde_json::Value;

use crate::gong::{
    calls::{self, Party},
    id::Id,
};

/// OpenAPI `CallData`, with the content that only this tool reads.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detailed {
    pub(super) meta_data: calls::Meta,
    pub(super) parties: Option<Vec<Party>>,
    pub(super) context: Option<Vec<calls::Context>>,
    pub(super) content: Option<Content>,
    pub(super) interaction: Option<Interaction>,
    pub(super) collaboration: Option<Collaboration>,
    pub(super) media: Option<Media>,
}

/// OpenAPI `ContentDto`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    pub(super) trackers: Option<Vec<Tracker>>,
    pub(super) topics: Option<Vec<Topic>>,
    pub(super) brief: Option<String>,
    pub(super) outline: Option<Vec<OutlineSection>>,
    pub(super) highlights: Option<Vec<Highlights>>,
    pub(super) call_outcome: Option<Outcome>,
    pub(super) key_points: Option<Vec<Text>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Text {
    pub(super) text: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Topic {
    pub(super) name: Option<String>,
    pub(super) duration: Option<f64>,
}

#[derive(Default, Deserialize)]
pub(super) struct Tracker {
    pub(super) name: Option<String>,
    pub(super) count: Option<u32>,
    pub(super) occurrences: Option<Vec<Occurrence>>,
    pub(super) phrases: Option<Vec<Phrase>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Phrase {
    pub(super) phrase: Option<String>,
    pub(super) occurrences: Option<Vec<Occurrence>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Occurrence {
    pub(super) start_time: Option<f64>,
    pub(super) speaker_id: Option<Id>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutlineSection {
    pub(super) section: Option<String>,
    pub(super) start_time: Option<f64>,
    pub(super) items: Option<Vec<OutlineItem>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutlineItem {
    pub(super) text: Option<String>,
    pub(super) start_time: Option<f64>,
}

#[derive(Default, Deserialize)]
pub(super) struct Highlights {
    pub(super) title: Option<String>,
    pub(super) items: Option<Vec<Highlight>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Highlight {
    pub(super) text: Option<String>,
    pub(super) start_times: Option<Vec<f64>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Outcome {
    pub(super) category: Option<String>,
    pub(super) name: Option<String>,
}

/// OpenAPI `InteractionMeasuresDto`. Asked as `personInteractionStats`, answered as `interactionStats`.
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
