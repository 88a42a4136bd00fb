//! `GET /v2/entities/ask-entity` and `GET /v2/entities/get-brief`. Both cost credits.

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::json;

use crate::company::Call;
use crate::company::context::Crm;
use crate::company::entities::{Conversations, Entity};
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::{ApiRequest, Window};
use crate::response::{ApiError, ApiResult};
use crate::state::moves::Moves;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/entities/ask-entity", "api:ai-ask:read", ask),
    Operation::get("/v2/entities/get-brief", "api:ai-briefer:read", brief),
];

/// Costs a credit for each call and email that was read, and never less than one.
fn ask(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let query = StatsQuery::read(gong, request)?;
    let question = request.required_query("question")?;
    gong.limits.afford(gong.options.credits)?;
    let moves = gong.state.moves.lock().clone();
    let conversations = query.conversations(gong, &moves);
    let (calls, emails) = conversations.count();
    gong.limits.spend(cost(&conversations));
    Ok(json!({
        "numOfCallsSearched": calls,
        "numOfEmailsSearched": emails,
        "answer": conversations.answer(question),
    })
    .into())
}

/// Costs as much as a question for each of its sections.
fn brief(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let query = StatsQuery::read(gong, request)?;
    let name = request.required_query("briefName")?;
    let mut briefs = gong.company.briefs.iter();
    let brief = briefs
        .find(|brief| {
            brief.name == name && brief.is_published && brief.workspace == query.workspace
        })
        .ok_or_else(|| {
            ApiError::not_found("Brief not found - could be that the brief is not published")
        })?;
    gong.limits.afford(gong.options.credits)?;
    let moves = gong.state.moves.lock().clone();
    let conversations = query.conversations(gong, &moves);
    let (calls, emails) = conversations.count();
    let sections = u32::try_from(brief.sections.len()).unwrap_or(1);
    gong.limits.spend(cost(&conversations) * sections);
    Ok(json!({
        "numOfCallsSearched": calls,
        "numOfEmailsSearched": emails,
        "briefSections": conversations.brief(brief, query.entity),
    })
    .into())
}

fn cost(conversations: &Conversations<'_>) -> u32 {
    let (calls, emails) = conversations.count();
    u32::try_from(calls + emails).unwrap_or(u32::MAX).max(1)
}

/// The entity that both operations are about.
struct StatsQuery<'a> {
    workspace: usize,
    entity: Entity<'a>,
    calls: Vec<Call>,
    window: Window,
}

impl<'a> StatsQuery<'a> {
    fn read(gong: &'a Gong, request: &ApiRequest) -> Result<Self, ApiError> {
        let company = &gong.company;
        let workspace = company
            .workspace(request.required_query("workspaceId")?)
            .ok_or_else(|| ApiError::not_found("Workspace not found"))?;
        let sort = request.required_query("crmEntityType")?;
        if !["ACCOUNT", "CONTACT", "DEAL", "LEAD"].contains(&sort) {
            return Err(ApiError::bad_request(format!(
                "crmEntityType: \"{sort}\" is not one of ACCOUNT, CONTACT, DEAL, LEAD"
            )));
        }
        let id = request.required_query("crmEntityId")?;
        let entity = Entity::find(company, sort, id)
            .filter(|_| !gong.remaining().is_erased_prospect(id))
            .ok_or_else(|| ApiError::not_found(format!("Entity not found: crmEntityId={id}")))?;
        let calls = gong.calls_of(entity.account());
        let last = entity.last_activity(&calls, workspace);
        let window = window(gong, request, last)?;
        Ok(Self {
            workspace,
            entity,
            calls,
            window,
        })
    }

    fn conversations(&'a self, gong: &'a Gong, moves: &'a Moves) -> Conversations<'a> {
        let window = self.window;
        let crm = Crm {
            now: gong.now(),
            moves,
        };
        let company = (&gong.company, crm);
        self.entity
            .conversations(company, &self.calls, self.workspace, |at| window.holds(at))
    }
}

/// The time that a period means. Gong says of no period where it begins exactly: those that
/// end now count back in days of 24 hours, "this" week, month, quarter or year begins at
/// midnight in the company's time zone.
fn window(gong: &Gong, request: &ApiRequest, last: Option<Timestamp>) -> Result<Window, ApiError> {
    let back =
        |from: Timestamp, days: i64| Window::since(from - SignedDuration::from_hours(24 * days));
    let now = gong.now();
    let last = last.unwrap_or(now);
    let today = gong.today();
    let midnight = |day: Date| Window::since(gong.company.midnight(day));
    Ok(match request.required_query("timePeriod")? {
        "LAST_7DAYS" => back(now, 7),
        "LAST_30DAYS" => back(now, 30),
        "LAST_90DAYS" => back(now, 90),
        "LAST_YEAR" => back(now, 365),
        "LAST_90_DAYS_SINCE_LAST_ACTIVITY" => back(last, 90),
        "LAST_YEAR_SINCE_LAST_ACTIVITY" => back(last, 365),
        "THIS_WEEK" => {
            let since_monday = i64::from(today.weekday().to_monday_zero_offset());
            midnight(today.saturating_sub(Span::new().days(since_monday)))
        }
        "THIS_MONTH" => midnight(today.first_of_month()),
        "THIS_QUARTER" => {
            let since_first = i64::from((today.month() - 1) % 3);
            midnight(
                today
                    .first_of_month()
                    .saturating_sub(Span::new().months(since_first)),
            )
        }
        "THIS_YEAR" => midnight(today.first_of_year()),
        "ALL_CONVERSATIONS" => Window::default(),
        "CUSTOM_RANGE" => custom(request)?,
        other => {
            return Err(ApiError::bad_request(format!(
                "timePeriod: \"{other}\" is not a time period"
            )));
        }
    })
}

/// Both ends are in UTC here, the second one need not be there.
fn custom(request: &ApiRequest) -> Result<Window, ApiError> {
    let from = request.query("fromDateTime").ok_or_else(|| {
        ApiError::bad_request("fromDateTime: must not be null when timePeriod is CUSTOM_RANGE")
    })?;
    let to = request.query("toDateTime");
    for (name, text) in [("fromDateTime", Some(from)), ("toDateTime", to)] {
        if text.is_some_and(|text| !text.ends_with('Z')) {
            return Err(ApiError::bad_request(format!(
                "{name}: must be a date and time in UTC, such as 2024-10-18T08:00:00Z"
            )));
        }
    }
    Window::parse(("fromDateTime", Some(from)), ("toDateTime", to))
}
