//! `GET /v2/settings/scorecards` and `POST /v2/stats/activity/scorecards`.

use serde_json::{Value, json};

use crate::company::scorecards::AnsweredScorecard;
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        "/v2/settings/scorecards",
        "api:settings:scorecards:read",
        list,
    ),
    Operation::post(
        "/v2/stats/activity/scorecards",
        "api:stats:scorecards",
        answered,
    ),
];

/// All at once, of every workspace.
fn list(gong: &Gong, _: &ApiRequest) -> ApiResult {
    let scorecards = gong.company.scorecards.iter();
    let scorecards: Value = scorecards.map(|card| card.json(&gong.company)).collect();
    Ok(json!({ "scorecards": scorecards }).into())
}

/// Filters by plain days in the company's time zone. Without a method of review,
/// only what people filled in counts.
fn answered(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let company = &gong.company;
    let filter = request.filter()?;
    let called = filter.days("callFromDate", "callToDate", gong.today())?;
    let reviewed = filter.days("reviewFromDate", "reviewToDate", gong.today())?;
    let users = filter.ids("reviewedUserIds")?;
    let cards = filter.ids("scorecardIds")?;
    let (automatic, manual) = match filter.text("reviewMethod")? {
        None | Some("MANUAL") => (false, true),
        Some("AUTOMATIC") => (true, false),
        Some("BOTH") => (true, true),
        Some(other) => {
            return Err(ApiError::bad_request(format!(
                "filter.reviewMethod: \"{other}\" is not one of AUTOMATIC, MANUAL, BOTH"
            )));
        }
    };
    let calls = gong.state.calls.lock();
    let fits = |answered: &&AnsweredScorecard| {
        let card = &company.scorecards[answered.scorecard];
        let user = company.users[answered.reviewed].id.as_str();
        let method = if card.is_automatic { automatic } else { manual };
        method
            && !calls.is_gone(answered.call)
            && called.holds(company.day(answered.call_started))
            && reviewed.holds(company.day(answered.reviewed_at))
            && users.as_ref().is_none_or(|users| users.contains(user))
            && cards
                .as_ref()
                .is_none_or(|cards| cards.contains(card.id.to_string().as_str()))
    };
    let answered: Vec<&AnsweredScorecard> = company.answered.iter().filter(fits).collect();
    if answered.is_empty() {
        return Err(ApiError::not_found("Answered scorecards not found"));
    }
    let (page, records) = gong.cursors.page(request, &answered)?;
    let answered: Value = page.iter().map(|answered| answered.json(company)).collect();
    Ok(json!({ "records": records, "answeredScorecards": answered }).into())
}
