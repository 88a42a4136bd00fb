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
    time,
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
const DEFAULT_DAYS: &str = "30d";
/// The most pages of answered scorecards that are read.
const MAX_PAGES: u32 = 10;

/// Looks up the names in the arguments, reads the answered scorecards, then joins those on the page.
pub(crate) fn run(gong: &Gong<'_>, args: ListAnsweredScorecards) -> Result<AnsweredList, Error> {
    let limit = limit(args.limit, 50, 200)?;
    let scorecards = list_scorecards::all(gong)?;
    let filter = filter(gong, &args, &scorecards)?;
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
    let part = ListPart::of(gong, found, limit, args.resume.as_deref())?;
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

fn filter(
    gong: &Gong<'_>,
    args: &ListAnsweredScorecards,
    scorecards: &[Scorecard],
) -> Result<Filter, Error> {
    let start = |argument, text: Option<&str>| {
        text.map(|text| time::company_start(argument, text, gong.now))
            .transpose()
    };
    let end = |argument, text: Option<&str>| match text {
        Some(text) => time::company_end(argument, text, gong.now),
        None => Ok(None),
    };
    let from = match (args.from.as_deref(), args.review_from.as_deref()) {
        (None, None) => Some(DEFAULT_DAYS),
        (from, _) => from,
    };
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
    Ok(Filter {
        call_from_date: start("from", from)?,
        call_to_date: end("to", args.to.as_deref())?,
        review_from_date: start("review_from", args.review_from.as_deref())?,
        review_to_date: end("review_to", args.review_to.as_deref())?,
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
    })
}
