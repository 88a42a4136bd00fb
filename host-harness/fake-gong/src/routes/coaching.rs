//! `GET /v2/coaching`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::company::actions::{Action, Event};
use crate::company::{Company, User};
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::{ApiRequest, Window};
use crate::response::{ApiError, ApiResult};

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::get("/v2/coaching", "api:coaching:read", list)];

/// What a manager did with a report's calls, under the names that clients have seen; Gong's
/// document names none.
const METRICS: [(&str, Action); 5] = [
    ("callsListenedTo", Action::ListenedToOthers),
    ("callsManagerAttended", Action::Attended),
    ("callsManagerCommentedOn", Action::GaveComment),
    ("callsWithFeedback", Action::GaveFeedback),
    ("callsWithScorecardFilled", Action::FilledScorecard),
];

/// One manager's work with the direct reports. Who manages nobody gets an empty list, and so
/// does an id that nobody has.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let company = &gong.company;
    let workspace = request.required_query("workspace-id")?;
    let workspace = company
        .workspace(workspace)
        .ok_or_else(|| ApiError::bad_request(format!("Workspace ID {workspace} was not found")))?;
    let manager = request.required_query("manager-id")?;
    let window = Window::parse(
        ("from", Some(request.required_query("from")?)),
        ("to", Some(request.required_query("to")?)),
    )?;
    let users = company.users.iter().enumerate();
    let reports: Vec<(usize, &User)> = users
        .filter(|(_, user)| user.manager_id.as_deref() == Some(manager))
        .collect();
    let place = company.users.iter().position(|user| user.id == manager);
    let Some(place) = place.filter(|_| !reports.is_empty()) else {
        return Ok(json!({ "coachingData": [] }).into());
    };
    let events = gong.events();
    let reports: Vec<Value> = reports
        .into_iter()
        .map(|(report, user)| {
            json!({
                "report": person(user),
                "metrics": metrics(company, &events, (place, report), workspace, window),
            })
        })
        .collect();
    let manager = person(&company.users[place]);
    let data = json!([{ "manager": manager, "directReportsMetrics": reports }]);
    Ok(json!({ "coachingData": data }).into())
}

/// The ids of the report's calls with which the manager did something, sort by sort.
fn metrics(
    company: &Company,
    events: &[&Event],
    (manager, report): (usize, usize),
    workspace: usize,
    window: Window,
) -> Value {
    let metrics = METRICS.iter().map(|(name, action)| {
        let events = events.iter().filter(|event| {
            let call = &company.heads[event.call];
            event.user == manager
                && event.action == *action
                && window.holds(event.at)
                && call.host as usize == report
                && usize::from(call.workspace) == workspace
        });
        let ids: BTreeSet<String> = events
            .map(|event| company.heads[event.call].id.to_string())
            .collect();
        ((*name).to_owned(), json!(ids))
    });
    metrics.collect::<Map<_, _>>().into()
}

fn person(user: &User) -> Value {
    json!({
        "id": user.id,
        "emailAddress": user.email,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "title": user.title,
    })
}
