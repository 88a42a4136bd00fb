//! `gong_list_answered_scorecards`. POST /v2/stats/activity/scorecards
//! (api:stats:scorecards), whose answer has little but ids, joined with
//! GET /v2/settings/scorecards, POST /v2/users/extensive and POST /v2/calls/extensive.

use alloc::collections::BTreeSet;
use core::cmp::Reverse;

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::Error,
    gong::{
        calls::{self, link_pattern},
        id::{Id, is_id},
        users::{self, People},
    },
    names::{Fit, choose, near_first, unknown},
    prelude::*,
    time::{self, CompanyRange},
    tools::{
        limit,
        list_answered_scorecards::api::PageRequest,
        list_scorecards::{self, Scorecard},
    },
    wit::scorecards::{AnsweredList, ListAnsweredScorecards, ReviewMethod},
};

mod api;
mod join;
mod text;

use api::{AnsweredScorecard, Filter, Page};

/// Days back without `from` and `review-from`.
const DEFAULT_DAYS: i64 = 30;
/// The most pages of answered scorecards that are read.
const MAX_PAGES: u32 = 10;

/// Looks up the names in the arguments, reads the answered scorecards, then joins those on the page.
pub(crate) fn run(gong: &Gong<'_>, args: ListAnsweredScorecards) -> Result<AnsweredList, Error> {
    let limit = limit(args.limit, 50, 200)?;
    let scorecards = list_scorecards::all(gong)?;
    let (filter, range) = filter(gong, &args, &scorecards)?;
    let read = gong.pages(MAX_PAGES, |cursor| {
        gong.post_list::<Page>(
            "/v2/stats/activity/scorecards",
            &PageRequest {
                cursor,
                filter: &filter,
            },
        )
    })?;
    let mut found = read.items;
    found.sort_by_key(|one| Reverse(one.review_time.as_deref().and_then(time::parse_instant)));
    let part = ListPart::limited(gong, found, limit, args.resume.as_deref())?;
    let page = part.items;
    let shown = page.len();
    let calls = calls::by_ids(gong, page.iter().map(|one| id_text(&one.call_id)))?;
    // A call that Gong does not return could be private.
    let is_open = |one: &AnsweredScorecard| {
        calls
            .get(id_text(&one.call_id))
            .is_some_and(|call| !call.is_private())
    };
    let page: Vec<AnsweredScorecard> = page
        .into_iter()
        .filter(|one| gong.settings.private_calls || is_open(one))
        .collect();
    let people: BTreeSet<String> = page
        .iter()
        .flat_map(|one| [&one.reviewed_user_id, &one.reviewer_user_id])
        .flatten()
        .map(|id| id.0.clone())
        .collect();
    let names = users::names(gong, &people);
    let private = (shown - page.len()) as u32;
    let used: BTreeSet<&str> = page.iter().map(|one| id_text(&one.scorecard_id)).collect();
    let call_url = link_pattern(calls.values().map(|meta| (meta.id(), meta.url.as_deref())));
    Ok(AnsweredList {
        answered: page
            .iter()
            .map(|one| join::join(one, &scorecards, &calls, &names, call_url.is_none()))
            .collect(),
        scorecards: scorecards
            .iter()
            .filter(|one| used.contains(one.id()))
            .map(|one| list_scorecards::shape(one, None, false))
            .collect(),
        call_url,
        range,
        matched: part.matched,
        left_out_private: (private > 0).then_some(private),
        stopped: read.stopped,
        resume: part.resume,
        requests: gong.requests(),
    })
}

fn id_text(id: &Option<Id>) -> &str {
    id.as_ref().map_or("", |id| &id.0)
}

/// What Gong filters by, and the days of it for readers.
fn filter(
    gong: &Gong<'_>,
    args: &ListAnsweredScorecards,
    scorecards: &[Scorecard],
) -> Result<(Filter, String), Error> {
    let range = |names, texts: [&Option<String>; 2], is_default: bool| {
        let texts = texts.map(Option::as_deref);
        let is_limited = is_default || texts.iter().any(Option::is_some);
        let range = || CompanyRange::from_arguments(names, texts, DEFAULT_DAYS, gong.now);
        is_limited.then(range).transpose()
    };
    let review_range = [&args.review_from, &args.review_to];
    let is_default = review_range.iter().all(|text| text.is_none());
    let calls = range(["from", "to"], [&args.from, &args.to], is_default)?;
    let reviews = range(["review_from", "review_to"], review_range, false)?;
    let shown = [("calls of", &calls), ("reviews of", &reviews)];
    let shown: Vec<String> = shown
        .into_iter()
        .filter_map(|(what, range)| Some(format!("{what} {}", range.as_ref()?.shown())))
        .collect();
    let mut people = People::default();
    let reviewed = args
        .reviewed
        .iter()
        .map(|user| people.id(gong, "reviewed", user))
        .collect::<Result<_, _>>()?;
    let scorecard_id = |text: &String| {
        if is_id(text.trim()) {
            return Ok(text.trim().to_owned());
        }
        choose(Fit::Words, scorecards, Scorecard::name, text)
            .map(|found| found.id().to_owned())
            .map_err(|near| {
                let choices = near_first(scorecards, near)
                    .into_iter()
                    .map(|one| (one.name(), one.name()));
                unknown(
                    "scorecards",
                    "scorecard",
                    text,
                    choices,
                    scorecards.len(),
                    "gong_list_scorecards",
                )
            })
    };
    let from = |range: &Option<CompanyRange>| range.as_ref().map(CompanyRange::from);
    let to = |range: &Option<CompanyRange>| range.as_ref().and_then(CompanyRange::to);
    let filter = Filter {
        call_from_date: from(&calls),
        call_to_date: to(&calls),
        review_from_date: from(&reviews),
        review_to_date: to(&reviews),
        // Gong's default, MANUAL, silently leaves out scorecards that AI has answered.
        review_method: match args.method.unwrap_or(ReviewMethod::Both) {
            ReviewMethod::Manual => "MANUAL",
            ReviewMethod::Automatic => "AUTOMATIC",
            ReviewMethod::Both => "BOTH",
        },
        reviewed_user_ids: reviewed,
        scorecard_ids: args
            .scorecards
            .iter()
            .map(scorecard_id)
            .collect::<Result<_, _>>()?,
    };
    Ok((filter, shown.join(", ")))
}
