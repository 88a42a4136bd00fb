//! Scorecards and the answers to them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::people::Role;
use super::random::Random;
use super::{Company, SALES, SUCCESS};
use crate::instants;

/// How many calls were scored, if there are so many.
const SCORED: usize = 60;

/// A form with questions.
#[derive(Clone, Debug)]
pub(crate) struct Scorecard {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) is_automatic: bool,
    questions: Vec<Question>,
    workspace: usize,
    updater: Option<usize>,
    created: Timestamp,
}

#[derive(Clone, Debug)]
struct Question {
    id: u64,
    revision: u64,
    text: &'static str,
    sort: Sort,
    is_overall: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Range,
    Select(&'static [&'static str]),
    Text,
}

/// A filled-in scorecard.
#[derive(Clone, Debug)]
pub(crate) struct AnsweredScorecard {
    pub(crate) scorecard: usize,
    pub(crate) call_started: Timestamp,
    pub(crate) reviewed: usize,
    pub(crate) reviewed_at: Timestamp,
    /// The place of the call.
    pub(crate) call: usize,
    pub(crate) reviewer: Option<usize>,
    id: u64,
    editor: Option<usize>,
    answers: Vec<Value>,
}

type Entry = (&'static str, bool, usize, &'static [(&'static str, Sort)]);

const SCORECARDS: [Entry; 3] = [
    (
        "Discovery scorecard",
        false,
        SALES,
        &[
            ("Overall, how good was the discovery?", Sort::Range),
            (
                "How well did the seller uncover the cost of the current process?",
                Sort::Range,
            ),
            (
                "Which of these were identified?",
                Sort::Select(&[
                    "Economic buyer",
                    "Champion",
                    "Decision date",
                    "None of these",
                ]),
            ),
            (
                "What should the seller do differently next time?",
                Sort::Text,
            ),
        ],
    ),
    (
        "Customer review scorecard",
        false,
        SUCCESS,
        &[
            ("Overall, how did the review go?", Sort::Range),
            (
                "Was a result shown in numbers?",
                Sort::Select(&["Yes", "Partly", "No"]),
            ),
            ("Comments for the customer success manager", Sort::Text),
        ],
    ),
    (
        "AI call quality",
        true,
        SALES,
        &[
            ("Overall call quality", Sort::Range),
            ("Were next steps agreed with a date?", Sort::Range),
            (
                "Did the seller leave room for the customer's questions?",
                Sort::Range,
            ),
        ],
    ),
];

const COMMENTS: [&str; 8] = [
    "Good questions, but the cost of doing nothing never came up.",
    "Next time bring the numbers from the last quarter.",
    "Well paced. Ask who else has to agree.",
    "Too long on the product before the problem was clear.",
    "Handled the price question calmly, keep doing that.",
    "The date for the next step was left open.",
    "Strong start; the wrap-up was rushed.",
    "Listened well and repeated what was heard.",
];

/// The three scorecards.
pub(crate) fn write(company: &Company) -> Vec<Scorecard> {
    let managers = company.with_role(&[Role::SalesManager, Role::SuccessManager]);
    SCORECARDS
        .into_iter()
        .map(|(name, is_automatic, workspace, questions)| {
            let mut random = Random::new(company.seed, &format!("scorecard {name}"));
            let questions = questions
                .iter()
                .enumerate()
                .map(|(index, (text, sort))| Question {
                    id: random.id(),
                    revision: random.id(),
                    text,
                    sort: *sort,
                    is_overall: index == 0,
                });
            let questions = questions.collect();
            Scorecard {
                id: random.id(),
                name,
                is_automatic,
                questions,
                workspace,
                // Built-in ones were last changed by the user -1.
                updater: (!is_automatic).then(|| random.pick(&managers)),
                created: company.now - SignedDuration::from_hours(24 * random.between(200, 700)),
            }
        })
        .collect()
}

/// The filled-in scorecards, oldest review first.
pub(crate) fn answer(company: &Company) -> Vec<AnsweredScorecard> {
    let heads = company.heads.iter().enumerate();
    let fit: Vec<usize> = heads
        .filter(|(_, head)| head.account.is_some() && !head.is_private && !head.is_imported)
        .map(|(index, _)| index)
        .collect();
    let step = (fit.len() / SCORED).max(1);
    let scored = fit.into_iter().step_by(step).take(SCORED);
    let mut answered: Vec<AnsweredScorecard> = scored.map(|call| review(company, call)).collect();
    answered.sort_by_key(|answered| (answered.reviewed_at, answered.id));
    answered
}

fn review(company: &Company, index: usize) -> AnsweredScorecard {
    let call = company.call(index);
    let mut random = Random::new(call.seed, "review");
    let manual = usize::from(call.workspace == SUCCESS);
    let scorecard = if random.chance(35) { 2 } else { manual };
    let card = &company.scorecards[scorecard];
    let managers = company.with_role(&[Role::SalesManager, Role::SuccessManager]);
    let waited = if card.is_automatic {
        random.between(1, 3)
    } else {
        random.between(4, 140)
    };
    let over = call.started + SignedDuration::from_secs(call.seconds);
    let reviewed_at = (over + SignedDuration::from_hours(waited)).min(company.now);
    let answers = card.questions.iter().map(|question| {
        let skipped = !question.is_overall && random.chance(9);
        let mut answer = json!({
            "questionId": question.id,
            "questionRevisionId": question.revision,
            "isOverall": question.is_overall,
            "score": null,
            "answerText": null,
            "notApplicable": skipped,
            "selectedOptions": null,
        });
        if skipped {
            return answer;
        }
        match question.sort {
            Sort::Range => answer["score"] = random.between(1, 5).into(),
            Sort::Select(options) => {
                let option = 1 + random.below(options.len());
                answer["selectedOptions"] = json!([option.to_string()]);
            }
            Sort::Text => answer["answerText"] = (random.pick(&COMMENTS)).into(),
        }
        answer
    });
    let answers = answers.collect();
    let reviewer = (!card.is_automatic).then(|| random.pick(&managers));
    AnsweredScorecard {
        scorecard,
        call_started: call.started,
        reviewed: call.host,
        reviewed_at,
        id: random.id(),
        call: index,
        reviewer,
        editor: reviewer.filter(|_| random.chance(20)),
        answers,
    }
}

impl Scorecard {
    /// As GET /v2/settings/scorecards answers it: ids and ranges are strings there, whatever
    /// Gong's document says.
    pub(crate) fn json(&self, company: &Company) -> Value {
        let created = instants::to_rfc3339(self.created, &company.zone);
        let updated = self.created + SignedDuration::from_hours(24 * 30);
        let questions: Vec<Value> = self.questions.iter().map(Question::json).collect();
        json!({
            "scorecardId": self.id.to_string(),
            "scorecardName": self.name,
            "workspaceId": company.workspaces[self.workspace].id,
            "enabled": true,
            "updaterUserId": self.updater.map_or("-1", |user| &company.users[user].id),
            "created": created,
            "updated": instants::to_rfc3339(updated, &company.zone),
            "reviewMethod": if self.is_automatic { "AUTOMATIC" } else { "MANUAL" },
            "questions": questions,
        })
    }
}

impl Question {
    fn json(&self) -> Value {
        let (sort, options) = match self.sort {
            Sort::Range => ("RANGE", Value::Null),
            Sort::Text => ("TEXT", Value::Null),
            Sort::Select(options) => {
                let options = options.iter().zip(1..);
                let options = options.map(|(text, id)| json!({ "id": id, "text": text }));
                ("SELECT", options.collect())
            }
        };
        let is_range = self.sort == Sort::Range;
        json!({
            "questionId": self.id.to_string(),
            "questionRevisionId": self.revision.to_string(),
            "questionText": self.text,
            "isOverall": self.is_overall,
            "questionType": sort,
            "answerGuide": null,
            "minRange": is_range.then_some("1"),
            "maxRange": is_range.then_some("5"),
            "answerOptions": options,
        })
    }
}

impl AnsweredScorecard {
    /// As POST /v2/stats/activity/scorecards answers it: every id is a JSON number here, of
    /// up to 20 digits.
    pub(crate) fn json(&self, company: &Company) -> Value {
        let card = &company.scorecards[self.scorecard];
        let number = |id: &str| id.parse::<u64>().ok();
        let user = |user: usize| number(&company.users[user].id);
        json!({
            "answeredScorecardId": self.id,
            "scorecardId": card.id,
            "scorecardName": card.name,
            "callId": company.heads[self.call].id,
            "callStartTime": instants::to_rfc3339(self.call_started, &company.zone),
            "reviewedUserId": user(self.reviewed),
            "reviewerUserId": self.reviewer.and_then(user),
            "reviewMethod": if card.is_automatic { "AUTOMATIC" } else { "MANUAL" },
            "editorUserId": self.editor.and_then(user),
            "reviewTime": instants::to_rfc3339(self.reviewed_at, &company.zone),
            "visibilityType": if card.is_automatic { "PUBLIC" } else { "MANAGERS_AND_REVIEWEE" },
            "answers": self.answers,
        })
    }
}
