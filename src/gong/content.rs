//! What Gong says a call was about: summary, topics, trackers, outcome, and the CRM's
//! objects on it, as the tools that digest calls tell it. POST /v2/calls/extensive.

use serde::Deserialize;

use super::{
    calls::{Call, CrmObject},
    id::Id,
};
use crate::{prelude::*, text::one_line, wit::calls as wit};

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

/// The CRM's objects of one type on a call as they are now; `whole` with all their fields.
pub(crate) fn objects(call: &Call, object_type: &str, whole: bool) -> Vec<wit::CrmObject> {
    call.objects(object_type)
        .filter(|object| !object.is_of_call_time())
        .map(|object| crm_object(object, object_type, whole))
        .collect()
}

fn crm_object(object: &CrmObject, object_type: &str, whole: bool) -> wit::CrmObject {
    let deal = object_type == "Opportunity";
    let told = [
        object.name(),
        object.stage(),
        object.amount(),
        object.close_date(),
        object.probability(),
    ];
    let fields = object
        .fields
        .iter()
        .flatten()
        .filter_map(|field| Some((field.name.as_deref()?, field.text()?)))
        .filter(|(_, value)| !told.iter().flatten().any(|told| told == value))
        .map(|(name, value)| format!("{name}: {value}"));
    wit::CrmObject {
        id: object.id().to_owned(),
        name: object.name(),
        stage: object.stage().filter(|_| deal),
        amount: object.amount().filter(|_| deal),
        close_date: object.close_date().filter(|_| deal),
        probability: object.probability().filter(|_| deal),
        fields: if whole { fields.collect() } else { Vec::new() },
    }
}

/// What the outcome is called; else its group.
pub(crate) fn outcome_name(outcome: &Outcome) -> Option<String> {
    let name = outcome.name.as_deref().or(outcome.category.as_deref());
    name.map(one_line).filter(|name| !name.is_empty())
}

/// Topics with their minutes, the longest first.
pub(crate) fn topics(mut topics: Vec<Topic>) -> Vec<String> {
    let seconds = |topic: &Topic| topic.duration.unwrap_or(0.0) as u32;
    topics.sort_by_key(|topic| core::cmp::Reverse(seconds(topic)));
    topics
        .iter()
        .filter(|topic| seconds(topic) > 0)
        .filter_map(|topic| {
            Some(format!(
                "{} {}",
                one_line(topic.name.as_deref()?),
                seconds(topic).div_ceil(60)
            ))
        })
        .collect()
}

/// Trackers that fired, the most frequent first.
pub(crate) fn fired(trackers: &[Tracker]) -> Vec<String> {
    let count = |tracker: &Tracker| tracker.count.unwrap_or(1);
    let mut fired: Vec<&Tracker> = trackers
        .iter()
        .filter(|tracker| count(tracker) > 0)
        .collect();
    fired.sort_by_key(|tracker| core::cmp::Reverse(count(tracker)));
    fired
        .iter()
        .filter_map(|tracker| {
            Some(format!(
                "{} ×{}",
                one_line(tracker.name.as_deref()?),
                count(tracker)
            ))
        })
        .collect()
}
