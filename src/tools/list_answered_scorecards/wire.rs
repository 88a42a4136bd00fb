//! What Gong is asked and answers: POST /v2/stats/activity/scorecards.

use alloc::{string::String, vec::Vec};
use serde_json::Value;

use crate::{
    gong::{Paged, Records, id::Id},
    json::{ToJson, json, present},
    record::Record,
};

/// Dates are days in the company's zone; `to` is exclusive and may not be after today.
#[derive(Default)]
pub(super) struct AnsweredFilter {
    pub(super) call_from_date: Option<String>,
    pub(super) call_to_date: Option<String>,
    pub(super) review_from_date: Option<String>,
    pub(super) review_to_date: Option<String>,
    pub(super) review_method: &'static str,
    pub(super) reviewed_user_ids: Vec<String>,
    pub(super) scorecard_ids: Vec<String>,
}

impl ToJson for AnsweredFilter {
    fn to_json(&self) -> Value {
        present([
            ("callFromDate", json!(self.call_from_date)),
            ("callToDate", json!(self.call_to_date)),
            ("reviewFromDate", json!(self.review_from_date)),
            ("reviewToDate", json!(self.review_to_date)),
            ("reviewMethod", json!(self.review_method)),
            ("reviewedUserIds", json!(self.reviewed_user_ids)),
            ("scorecardIds", json!(self.scorecard_ids)),
        ])
    }
}

#[derive(Record)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) records: Option<Records>,
    #[record(required)]
    pub(super) answered_scorecards: Option<Vec<Answered>>,
}

impl Paged for Page {
    type Item = Answered;
    fn into_page(self) -> (Option<Records>, Vec<Answered>) {
        (self.records, self.answered_scorecards.unwrap_or_default())
    }
}

/// OpenAPI `AnsweredScorecard`; all its ids are JSON numbers of up to 20 digits.
#[derive(Record)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answered {
    pub(super) scorecard_id: Option<Id>,
    pub(super) scorecard_name: Option<String>,
    pub(super) call_id: Option<Id>,
    pub(super) call_start_time: Option<String>,
    pub(super) reviewed_user_id: Option<Id>,
    pub(super) reviewer_user_id: Option<Id>,
    pub(super) review_method: Option<String>,
    pub(super) review_time: Option<String>,
    pub(super) answers: Option<Vec<GivenAnswer>>,
}

#[derive(Record)]
#[serde(rename_all = "camelCase")]
pub(super) struct GivenAnswer {
    pub(super) question_id: Option<Id>,
    pub(super) question_revision_id: Option<Id>,
    pub(super) score: Option<f64>,
    pub(super) answer_text: Option<String>,
    pub(super) not_applicable: Option<bool>,
    pub(super) selected_options: Option<Vec<Id>>,
}
