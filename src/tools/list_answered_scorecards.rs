//! `gong_list_answered_scorecards`. POST /v2/stats/activity/scorecards
//! (api:stats:scorecards), whose ids alone say nothing: joined with
//! GET /v2/settings/scorecards, POST /v2/users/extensive and POST /v2/calls/extensive.

use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec::Vec,
};
use serde::{Deserialize, Serialize};

use super::{
    Answer, limit,
    list_scorecards::{self, Question, Scorecard},
    offset, offset_token,
};
use crate::{
    error::Error,
    gong::{
        Gong, Paged, Records,
        calls::{CallsBody, ContentSelector, EXTENSIVE, ExtensivePage, Filter, Meta, link_pattern, one_line},
        id::{Id, is_id},
        instant,
        people::{self, People, choose, unknown},
    },
    render::{self, Table},
    wit::scorecards::{self as wit, AnsweredList, ListAnsweredScorecards, ReviewMethod},
};

/// Days back without `from` and `review-from`.
const DEFAULT_DAYS: &str = "30d";
/// Pages of answered scorecards that are read at most.
const MOST_PAGES: u32 = 10;
/// Call ids that one request is asked for.
const IDS_A_REQUEST: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    filter: &'a AnsweredFilter,
}

/// Dates are days in the company's zone; `to` is exclusive and may not be after today.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct AnsweredFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    call_from_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_to_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_from_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_to_date: Option<String>,
    review_method: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reviewed_user_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scorecard_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    records: Option<Records>,
    answered_scorecards: Option<Vec<Answered>>,
}

impl Paged for Page {
    type Item = Answered;
    fn into_page(self) -> (Option<Records>, Vec<Answered>) {
        (self.records, self.answered_scorecards.unwrap_or_default())
    }
}

/// OpenAPI `AnsweredScorecard`; all its ids are JSON numbers of up to 20 digits.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    scorecard_id: Option<Id>,
    scorecard_name: Option<String>,
    call_id: Option<Id>,
    call_start_time: Option<String>,
    reviewed_user_id: Option<Id>,
    reviewer_user_id: Option<Id>,
    review_method: Option<String>,
    review_time: Option<String>,
    answers: Option<Vec<GivenAnswer>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenAnswer {
    question_id: Option<Id>,
    question_revision_id: Option<Id>,
    score: Option<f64>,
    answer_text: Option<String>,
    not_applicable: Option<bool>,
    selected_options: Option<Vec<Id>>,
}

/// Resolves names, reads the answers, then joins those that are shown.
pub(crate) fn run(gong: &Gong<'_>, args: ListAnsweredScorecards) -> Result<AnsweredList, Error> {
    let limit = limit(args.limit, 50, 200)?;
    let skip = offset(args.resume.as_deref())?;
    let scorecards = list_scorecards::all(gong)?;
    let filter = filter(gong, &args, &scorecards)?;
    let read = gong.pages(MOST_PAGES, |cursor| {
        gong.post_list::<Page>("/v2/stats/activity/scorecards", &Body { cursor, filter: &filter })
    })?;
    let mut found = read.items;
    found.sort_by_cached_key(|one| core::cmp::Reverse(one.review_time.as_deref().and_then(instant::seconds)));
    let matched = found.len();
    let page: Vec<Answered> = found.into_iter().skip(skip).take(limit).collect();
    let shown = page.len();
    let calls = calls(gong, &page)?;
    let page: Vec<Answered> = page
        .into_iter()
        .filter(|one| gong.settings.private_calls || !calls.get(text(&one.call_id)).is_some_and(Meta::is_private))
        .collect();
    let people: BTreeSet<String> =
        page.iter().flat_map(|one| [&one.reviewed_user_id, &one.reviewer_user_id]).flatten().map(|id| id.0.clone()).collect();
    let names = people::names(gong, &people);
    let private = (shown - page.len()) as u32;
    let used: BTreeSet<&str> = page.iter().map(|one| text(&one.scorecard_id)).collect();
    let call_url = link_pattern(calls.values().map(|meta| (meta.id(), meta.url.as_deref())));
    Ok(AnsweredList {
        answered: page.iter().map(|one| shape(one, &scorecards, &calls, &names, call_url.is_none())).collect(),
        scorecards: scorecards
            .iter()
            .filter(|one| used.contains(one.id()))
            .map(|one| list_scorecards::shape(one, None, false))
            .collect(),
        call_url,
        matched: matched as u32,
        left_out_private: (private > 0).then_some(private),
        stopped: read.stopped,
        resume: offset_token(skip + shown, matched),
        requests: gong.requests(),
    })
}

fn text(id: &Option<Id>) -> &str {
    id.as_ref().map_or("", |id| &id.0)
}

fn filter(gong: &Gong<'_>, args: &ListAnsweredScorecards, scorecards: &[Scorecard]) -> Result<AnsweredFilter, Error> {
    let date = |argument, text: Option<&str>| text.map(|text| instant::company_date(argument, text, gong.now)).transpose();
    let from = match (args.from.as_deref(), args.review_from.as_deref()) {
        (None, None) => Some(DEFAULT_DAYS),
        (from, _) => from,
    };
    let mut people = People::default();
    let reviewed = args.reviewed.iter().map(|one| people.id(gong, "reviewed", one)).collect::<Result<_, _>>()?;
    let wanted = args.scorecards.iter().map(|one| {
        if is_id(one.trim()) {
            return Ok(one.trim().to_owned());
        }
        let label = |scorecard: &Scorecard| scorecard.name();
        choose(scorecards, Scorecard::name, one).map(|found| found.id().to_owned()).map_err(|_| {
            unknown("scorecards", "scorecard", one, scorecards, label, scorecards.len(), "gong_list_scorecards")
        })
    });
    Ok(AnsweredFilter {
        call_from_date: date("from", from)?,
        call_to_date: date("to", args.to.as_deref())?,
        review_from_date: date("review_from", args.review_from.as_deref())?,
        review_to_date: date("review_to", args.review_to.as_deref())?,
        // Gong's own default, MANUAL, silently leaves out what AI has scored.
        review_method: match args.method.unwrap_or(ReviewMethod::Both) {
            ReviewMethod::Manual => "MANUAL",
            ReviewMethod::Automatic => "AUTOMATIC",
            ReviewMethod::Both => "BOTH",
        },
        reviewed_user_ids: reviewed,
        scorecard_ids: wanted.collect::<Result<_, _>>()?,
    })
}

/// The calls of these answers: title, link, and whether they are private.
fn calls(gong: &Gong<'_>, page: &[Answered]) -> Result<BTreeMap<String, Meta>, Error> {
    let ids: BTreeSet<&str> = page.iter().map(|one| text(&one.call_id)).filter(|id| !id.is_empty()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut calls = BTreeMap::new();
    for call_ids in ids.chunks(IDS_A_REQUEST) {
        let selector = ContentSelector::default();
        let mut cursor: Option<String> = None;
        loop {
            let body = CallsBody {
                cursor: cursor.as_deref(),
                filter: Filter { call_ids, ..Filter::default() },
                content_selector: Some(&selector),
            };
            let (records, found) = gong.post_list::<ExtensivePage>(EXTENSIVE, &body)?.into_page();
            calls.extend(found.into_iter().map(|call| (call.meta_data.id().to_owned(), call.meta_data)));
            match records.and_then(|records| records.cursor) {
                Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
                _ => break,
            }
        }
    }
    Ok(calls)
}

fn shape(
    one: &Answered,
    scorecards: &[Scorecard],
    calls: &BTreeMap<String, Meta>,
    names: &BTreeMap<String, String>,
    with_url: bool,
) -> wit::Answered {
    let call = calls.get(text(&one.call_id));
    let scorecard = scorecards.iter().find(|scorecard| scorecard.id() == text(&one.scorecard_id));
    let questions = scorecard.and_then(|scorecard| scorecard.questions.as_deref()).unwrap_or_default();
    let name = |id: &Option<Id>| {
        // A built-in reviewer has the id -1.
        let id = id.as_ref().filter(|id| is_id(&id.0))?;
        Some(names.get(&id.0).map_or_else(|| format!("user {}", id.0), |name| one_line(name)))
    };
    let automatic = one.review_method.as_deref() == Some("AUTOMATIC");
    wit::Answered {
        call_id: text(&one.call_id).to_owned(),
        call_title: call.and_then(Meta::title),
        called: one.call_start_time.as_deref().map(instant::shown_from),
        url: call.filter(|_| with_url).and_then(|call| call.url.clone()),
        scorecard: scorecard.map_or_else(|| one.scorecard_name.as_deref().map(one_line).unwrap_or_default(), Scorecard::name),
        reviewed: name(&one.reviewed_user_id),
        reviewer: name(&one.reviewer_user_id).filter(|_| !automatic),
        reviewed_at: one.review_time.as_deref().map(instant::shown_from),
        automatic: automatic.then_some(true),
        answers: one.answers.iter().flatten().filter_map(|answer| given(answer, questions)).collect(),
    }
}

/// An answer under its question's label; a question that is gone keeps its id.
fn given(answer: &GivenAnswer, questions: &[Question]) -> Option<wit::Answer> {
    let index = questions.iter().position(|question| {
        (question.question_id.is_some() && question.question_id == answer.question_id)
            || (question.question_revision_id.is_some() && question.question_revision_id == answer.question_revision_id)
    });
    let label = match index {
        Some(index) => format!("Q{}", index + 1),
        None => format!("question {}", text(&answer.question_id)),
    };
    let options: Vec<String> = answer
        .selected_options
        .iter()
        .flatten()
        .map(|id| {
            let options = index.and_then(|index| questions[index].answer_options.as_deref()).unwrap_or_default();
            let option = options.iter().find(|option| option.id.as_ref() == Some(id));
            option.and_then(|option| option.text.as_deref()).map_or_else(|| id.0.clone(), one_line)
        })
        .collect();
    let score = answer.score.map(|score| score.to_string());
    let said = answer.answer_text.as_deref().map(one_line).filter(|text| !text.is_empty());
    let parts: Vec<String> = score.into_iter().chain(options).chain(said).collect();
    let value = match (answer.not_applicable, parts.is_empty()) {
        (Some(true), _) => "n/a".to_owned(),
        (_, true) => return None,
        _ => parts.join(", "),
    };
    Some(wit::Answer { question: label, answer: value })
}

impl Answer for AnsweredList {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {}, newest review first.",
            render::count(self.answered.len() as u32, "answered scorecard"),
            self.matched
        );
        if let Some(private) = self.left_out_private {
            text.push_str(&format!(" Left out: {private} of private calls."));
        }
        text.push('\n');
        render::line(&mut text, "Not all read", self.stopped.as_deref());
        render::line(&mut text, "Link of a call", self.call_url.as_deref());
        for scorecard in &self.scorecards {
            list_scorecards::write(&mut text, scorecard);
        }
        let mut table = Table::new(["scorecard", "reviewed", "reviewer", "review UTC", "call id", "call", "call UTC", "answers", "link"]);
        for one in &self.answered {
            let answers: Vec<String> = one.answers.iter().map(|answer| format!("{} {}", answer.question, answer.answer)).collect();
            let reviewer = if one.automatic == Some(true) { "automatic" } else { one.reviewer.as_deref().unwrap_or_default() };
            let at = |shown: &Option<String>| shown.as_deref().map(instant::in_table).unwrap_or_default();
            table.row([
                one.scorecard.clone(),
                one.reviewed.clone().unwrap_or_default(),
                reviewer.into(),
                at(&one.reviewed_at),
                one.call_id.clone(),
                one.call_title.clone().unwrap_or_default(),
                at(&one.called),
                answers.join("; "),
                one.url.clone().unwrap_or_default(),
            ]);
        }
        table.write(&mut text);
        render::line(&mut text, "More: resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
