//! Joins an answered scorecard with its scorecard, call and people.

use alloc::collections::BTreeMap;

use crate::{
    gong::{
        calls::Meta,
        id::{Id, is_id},
    },
    prelude::*,
    text::one_line,
    time,
    tools::{
        list_answered_scorecards::{
            api::{AnsweredScorecard, QuestionAnswer},
            id_text,
        },
        list_scorecards::{Question, Scorecard},
    },
    wit::scorecards as wit,
};

pub(super) fn join(
    answered: &AnsweredScorecard,
    scorecards: &[Scorecard],
    calls: &BTreeMap<String, Meta>,
    names: &BTreeMap<String, String>,
    with_url: bool,
) -> wit::Answered {
    let call = calls.get(id_text(&answered.call_id));
    let scorecard = scorecards
        .iter()
        .find(|scorecard| scorecard.id() == id_text(&answered.scorecard_id));
    let questions = scorecard
        .and_then(|scorecard| scorecard.questions.as_deref())
        .unwrap_or_default();
    let name = |id: &Option<Id>| {
        // A built-in reviewer has the id -1.
        let id = id.as_ref().filter(|id| is_id(&id.0))?;
        Some(
            names
                .get(&id.0)
                .map_or_else(|| format!("user {}", id.0), |name| one_line(name)),
        )
    };
    let automatic = answered.review_method.as_deref() == Some("AUTOMATIC");
    wit::Answered {
        call_id: id_text(&answered.call_id).to_owned(),
        call_title: call.and_then(Meta::title),
        called: answered
            .call_start_time
            .as_deref()
            .map(time::display_or_same),
        url: call.filter(|_| with_url).and_then(|call| call.url.clone()),
        scorecard: scorecard.map_or_else(
            || {
                answered
                    .scorecard_name
                    .as_deref()
                    .map(one_line)
                    .unwrap_or_default()
            },
            Scorecard::name,
        ),
        reviewed: name(&answered.reviewed_user_id),
        reviewer: name(&answered.reviewer_user_id).filter(|_| !automatic),
        reviewed_at: answered.review_time.as_deref().map(time::display_or_same),
        automatic: automatic.then_some(true),
        answers: answered
            .answers
            .iter()
            .flatten()
            .filter_map(|one| answer(one, questions))
            .collect(),
    }
}

/// An answer with its question's label, or the id of a question that no longer exists.
fn answer(answer: &QuestionAnswer, questions: &[Question]) -> Option<wit::Answer> {
    let index = questions.iter().position(|question| {
        (question.question_id.is_some() && question.question_id == answer.question_id)
            || (question.question_revision_id.is_some()
                && question.question_revision_id == answer.question_revision_id)
    });
    let label = match index {
        Some(index) => format!("Q{}", index + 1),
        None => format!("question {}:", id_text(&answer.question_id)),
    };
    let options: Vec<String> = answer
        .selected_options
        .iter()
        .flatten()
        .map(|id| {
            let options = index
                .and_then(|index| questions[index].answer_options.as_deref())
                .unwrap_or_default();
            let option = options.iter().find(|option| option.id.as_ref() == Some(id));
            option
                .and_then(|option| option.text.as_deref())
                .map_or_else(|| id.0.clone(), one_line)
        })
        .collect();
    let score = answer.score.map(|score| score.to_string());
    let text = answer
        .answer_text
        .as_deref()
        .map(one_line)
        .filter(|text| !text.is_empty());
    let parts: Vec<String> = score.into_iter().chain(options).chain(text).collect();
    let value = match (answer.not_applicable, parts.is_empty()) {
        (Some(true), _) => "n/a".to_owned(),
        (_, true) => return None,
        _ => parts.join(", "),
    };
    Some(wit::Answer {
        question: label,
        answer: value,
    })
}
