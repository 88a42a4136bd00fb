//! What a call was about, in the answers of POST /v2/calls/extensive: summary, key points, topics,
//! trackers, outline, highlights, outcome.

use serde::Deserialize;

use crate::{gong::id::Id, prelude::*};

/// OpenAPI `ContentDto`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content {
    pub(crate) trackers: Option<Vec<Tracker>>,
    pub(crate) topics: Option<Vec<Topic>>,
    pub(crate) brief: Option<String>,
    pub(crate) outline: Option<Vec<OutlineSection>>,
    pub(crate) highlights: Option<Vec<Highlights>>,
    pub(crate) call_outcome: Option<Outcome>,
    pub(crate) key_points: Option<Vec<Text>>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Text {
    pub(crate) text: Option<String>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Topic {
    pub(crate) name: Option<String>,
    pub(crate) duration: Option<f64>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Tracker {
    pub(crate) name: Option<String>,
    pub(crate) count: Option<u32>,
    pub(crate) occurrences: Option<Vec<Occurrence>>,
    pub(crate) phrases: Option<Vec<Phrase>>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Phrase {
    pub(crate) phrase: Option<String>,
    pub(crate) occurrences: Option<Vec<Occurrence>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Occurrence {
    pub(crate) start_time: Option<f64>,
    pub(crate) speaker_id: Option<Id>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutlineSection {
    pub(crate) section: Option<String>,
    pub(crate) start_time: Option<f64>,
    pub(crate) items: Option<Vec<OutlineItem>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutlineItem {
    pub(crate) text: Option<String>,
    pub(crate) start_time: Option<f64>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Highlights {
    pub(crate) title: Option<String>,
    pub(crate) items: Option<Vec<Highlight>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Highlight {
    pub(crate) text: Option<String>,
    pub(crate) start_times: Option<Vec<f64>>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) category: Option<String>,
    pub(crate) name: Option<String>,
}
