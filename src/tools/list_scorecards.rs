//! `gong_list_scorecards`. GET /v2/settings/scorecards, which has all workspaces;
//! api:settings:scorecards:read.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    client::{Gong, json::required},
    domain::list_part::ListPart,
    error::{Case, Error},
    gong::{id::Id, workspaces},
    names::{Fit, is_meant},
    prelude::*,
    text::{fold_case, one_line},
    wit::scorecards::{self as wit, ListScorecards, ScorecardList},
};

mod text;

pub(super) use text::write;

#[derive(Default, Deserialize)]
struct Response {
    #[serde(deserialize_with = "required")]
    scorecards: Option<Vec<Scorecard>>,
}

/// OpenAPI `Scorecard`. Ids and ranges are numbers by the documentation and strings in answers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scorecard {
    scorecard_id: Option<Id>,
    scorecard_name: Option<String>,
    workspace_id: Option<Id>,
    enabled: Option<bool>,
    review_method: Option<String>,
    pub(super) questions: Option<Vec<Question>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Question {
    pub(super) question_id: Option<Id>,
    pub(super) question_revision_id: Option<Id>,
    question_text: Option<String>,
    is_overall: Option<bool>,
    question_type: Option<String>,
    answer_guide: Option<String>,
    min_range: Option<Value>,
    max_range: Option<Value>,
    pub(super) answer_options: Option<Vec<AnswerOption>>,
}

#[derive(Default, Deserialize)]
pub(super) struct AnswerOption {
    pub(super) id: Option<Id>,
    pub(super) text: Option<String>,
}

impl Scorecard {
    pub(super) fn id(&self) -> &str {
        self.scorecard_id.as_ref().map_or("", |id| &id.0)
    }

    pub(super) fn name(&self) -> String {
        self.scorecard_name
            .as_deref()
            .map_or_else(|| self.id().to_owned(), one_line)
    }
}

/// All scorecards of the company.
pub(super) fn all(gong: &Gong<'_>) -> Result<Vec<Scorecard>, Error> {
    let response: Response = gong.get_list("/v2/settings/scorecards", &[])?;
    let mut scorecards = response.scorecards.unwrap_or_default();
    scorecards.sort_by_cached_key(|scorecard| fold_case(&scorecard.name()));
    Ok(scorecards)
}

/// Reads all scorecards, filters them here, and adds the workspaces' names if there are several.
pub(crate) fn run(gong: &Gong<'_>, args: ListScorecards) -> Result<ScorecardList, Error> {
    let workspaces = match workspaces::all(gong) {
        // Without a filter they would only add names.
        Err(error) if error.case() == Case::MissingScope && args.workspace.is_none() => Vec::new(),
        workspaces => workspaces?,
    };
    let workspace = args
        .workspace
        .as_deref()
        .map(|text| workspaces::find(Fit::Words, &workspaces, text))
        .transpose()?;
    let query = args.query.map(|query| fold_case(query.trim()));
    let found: Vec<Scorecard> = all(gong)?
        .into_iter()
        .filter(|one| {
            workspace.is_none_or(|workspace| {
                one.workspace_id
                    .as_ref()
                    .is_some_and(|id| id.0 == workspace.id())
            })
        })
        .filter(|one| {
            query
                .as_deref()
                .is_none_or(|query| is_meant(query, one.id(), &one.name()))
        })
        .collect();
    let with_disabled = args.disabled == Some(true);
    let disabled = found
        .iter()
        .filter(|one| one.enabled == Some(false))
        .count() as u32;
    let scorecards: Vec<wit::Scorecard> = found
        .into_iter()
        .filter(|one| with_disabled || one.enabled != Some(false))
        .map(|one| {
            let id = one.workspace_id.as_ref().map_or("", |id| &id.0);
            let name = workspaces
                .iter()
                .find(|workspace| workspace.id() == id)
                .map(|workspace| one_line(workspace.name()));
            shape(&one, name, true)
        })
        .collect();
    let part = ListPart::of(gong, scorecards, args.resume.as_deref())?;
    Ok(ScorecardList {
        scorecards: part.items,
        matched: part.matched,
        resume: part.resume,
        left_out_disabled: (disabled > 0 && !with_disabled).then_some(disabled),
        requests: gong.requests(),
    })
}

/// A scorecard with its questions labelled Q1, Q2, … in Gong's order.
pub(super) fn shape(
    scorecard: &Scorecard,
    workspace: Option<String>,
    guides: bool,
) -> wit::Scorecard {
    let questions = scorecard
        .questions
        .iter()
        .flatten()
        .enumerate()
        .map(|(index, question)| wit::Question {
            label: format!("Q{}", index + 1),
            text: one_line(question.question_text.as_deref().unwrap_or_default()),
            answer: answer_kind(question),
            guide: question
                .answer_guide
                .as_deref()
                .filter(|_| guides)
                .map(one_line)
                .filter(|guide| !guide.is_empty()),
            overall: question.is_overall.filter(|overall| *overall),
        });
    wit::Scorecard {
        id: scorecard.id().to_owned(),
        name: scorecard.name(),
        workspace,
        method: scorecard.review_method.as_deref().map(fold_case),
        disabled: (scorecard.enabled == Some(false)).then_some(true),
        questions: questions.collect(),
    }
}

/// What answers a question has: options, a range, or its type.
fn answer_kind(question: &Question) -> Option<String> {
    let options: Vec<String> = question
        .answer_options
        .iter()
        .flatten()
        .filter_map(|option| option.text.as_deref())
        .map(one_line)
        .collect();
    if !options.is_empty() {
        return Some(options.join(" / "));
    }
    let number = |value: &Option<Value>| match value {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    match (number(&question.min_range), number(&question.max_range)) {
        (Some(from), Some(to)) => Some(format!("{from} to {to}")),
        _ => question
            .question_type
            .as_deref()
            .map(|kind| fold_case(&one_line(kind)).replace('_', " ")),
    }
}
