//! Request and answer of POST /v2/stats/activity/scorecards.

use serde::{Deserialize, Serialize};

use crate::{
    client::{
        json::required,
        pages::{Paged, Records},
    },
    gong::id::Id,
    prelude::*,
};

/// Dates are days in the company's time zone; `to` is exclusive and may not be after today.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call_from_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call_to_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) review_from_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) review_to_date: Option<String>,
    pub(super) review_method: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reviewed_user_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) scorecard_ids: Vec<String>,
}

/// The body of a request for a page.
#[derive(Serialize)]
pub(super) struct PageRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<&'a str>,
    pub(super) filter: &'a Filter,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) records: Option<Records>,
    #[serde(deserialize_with = "required")]
    pub(super) answered_scorecards: Option<Vec<AnsweredScorecard>>,
}

impl Paged for Page {
    type Item = AnsweredScorecard;
    fn into_page(self) -> (Option<Records>, Vec<AnsweredScorecard>) {
        (self.records, self.answered_scorecards.unwrap_or_default())
    }
}

/// OpenAPI `AnsweredScorecard`; all its ids are JSON numbers of up to 20 digits.
#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnsweredScorecard {
    pub(super) scorecard_id: Option<Id>,
    pub(super) scorecard_name: Option<String>,
    pub(super) call_id: Option<Id>,
    pub(super) call_start_time: Option<String>,
    pub(super) reviewed_user_id: Option<Id>,
    pub(super) reviewer_user_id: Option<Id>,
    pub(super) review_method: Option<String>,
    pub(super) review_time: Option<String>,
    pub(super) answers: Option<Vec<QuestionAnswer>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuestionAnswer {
    pub(super) question_id: Option<Id>,
    pub(super) question_revision_id: Option<Id>,
    pub(super) score: Option<f64>,
    pub(super) answer_text: Option<String>,
    pub(super) not_applicable: Option<bool>,
    pub(super) selected_options: Option<Vec<Id>>,
}
