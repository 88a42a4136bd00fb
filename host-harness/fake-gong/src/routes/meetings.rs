//! `/v2/meetings`: planning, changing and calling off, and whether a user's calendar is
//! connected. Gong has it in limited release: 403 until it is enabled, which it is here.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::company::calendars::Problem;
use crate::company::random::Random;
use crate::fields::Fields;
use crate::gong::Gong;
use crate::operation::{Operation, Takes};
use crate::request::{ApiRequest, is_id};
use crate::response::{ApiError, ApiResult};

const ONE: &str = "/v2/meetings/{meetingId}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write(
        Method::POST,
        "/v2/meetings",
        "api:meetings:user:create",
        Takes::Json,
        create,
    ),
    Operation::post(
        "/v2/meetings/integration/status",
        "api:meetings:integration:status",
        status,
    ),
    Operation::write(
        Method::PUT,
        ONE,
        "api:meetings:user:update",
        Takes::Json,
        update,
    ),
    Operation::write(
        Method::DELETE,
        ONE,
        "api:meetings:user:delete",
        Takes::Json,
        delete,
    ),
];

/// How many addresses are looked at.
const MOST: usize = 100;

fn create(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let organizer = plan(gong, request)?;
    let seed = gong.company.seed;
    let id = |number| Random::new(seed, &format!("meeting {number}")).signed_id();
    let id = gong.state.meetings.lock().plan(organizer, id);
    Ok(json!({
        "meetingId": id,
        "meetingUrl": format!("https://us-14321.app.gong.io/meeting/{id}"),
        "additionalInvitees": [{
            "email": "coordinator@gong.io",
            "displayName": "Gong",
            "firstName": null,
            "lastName": null,
        }],
    })
    .into())
}

/// The whole meeting is sent again; the organizer stays the same.
fn update(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = id(request)?;
    let organizer = plan(gong, request)?;
    organized(gong, id, Some(organizer))?;
    Ok(json!({ "meetingId": id }).into())
}

/// Gong's document gives the request's schema for the answer; it has nothing but its id here.
fn delete(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = id(request)?;
    let body = Fields::of(&request.body)?;
    let organizer = match body.text("organizerEmail")? {
        Some(email) => Some(user(gong, email)?),
        None => None,
    };
    organized(gong, id, organizer)?;
    gong.state.meetings.lock().call_off(id);
    Ok(json!({}).into())
}

/// One entry for each address, in the same order.
fn status(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let emails = Fields::of(&request.body)?.some_texts("emails", MOST)?;
    let users: Value = emails
        .into_iter()
        .map(|email| {
            let user = gong.company.user_by_email(email);
            let problem = user.and_then(|user| user.calendar_problem());
            let mut status = Problem::json(problem.as_ref());
            status.insert("email".to_owned(), email.into());
            status.insert("exists".to_owned(), user.is_some().into());
            let valid = user.is_some() && problem.is_none();
            status.insert("valid".to_owned(), valid.into());
            Value::from(status)
        })
        .collect();
    Ok(json!({ "users": users }).into())
}

fn id(request: &ApiRequest) -> Result<&str, ApiError> {
    let id = request.path("meetingId");
    match is_id(id) {
        true => Ok(id),
        false => Err(ApiError::bad_request("Bad request")),
    }
}

/// Checks that the meeting is there, and organized by this user if one is named.
fn organized(gong: &Gong, id: &str, organizer: Option<usize>) -> Result<(), ApiError> {
    match gong.state.meetings.lock().organizer(id) {
        None => Err(ApiError::not_found("The given meeting ID was not found.")),
        Some(known) if organizer.is_some_and(|organizer| organizer != known) => {
            Err(ApiError::not_found(
                "No Gong meeting found corresponding to the provided organizer email",
            ))
        }
        Some(_) => Ok(()),
    }
}

/// Checks the meeting in a request, and returns the index of its organizer.
fn plan(gong: &Gong, request: &ApiRequest) -> Result<usize, ApiError> {
    let body = Fields::of(&request.body)?;
    let (start, end) = (
        body.required_instant("startTime")?,
        body.required_instant("endTime")?,
    );
    if start >= end {
        return Err(body.refuse("startTime", "must be before endTime"));
    }
    for name in ["title", "externalId", "provider"] {
        body.text(name)?;
    }
    for invitee in body.some_objects("invitees", usize::MAX)? {
        let email = invitee.required("email")?;
        if !email.contains('@') {
            return Err(invitee.refuse("email", format!("\"{email}\" is not an email address")));
        }
    }
    let organizer = user(gong, body.required("organizerEmail")?)?;
    match gong.company.users[organizer].calendar_problem() {
        None => Ok(organizer),
        Some(problem) => Err(ApiError {
            details: Problem::json(Some(&problem)),
            ..ApiError::new(StatusCode::CONFLICT, problem.text())
        }),
    }
}

fn user(gong: &Gong, email: &str) -> Result<usize, ApiError> {
    let mut users = gong.company.users.iter();
    users
        .position(|user| user.email.eq_ignore_ascii_case(email))
        .ok_or_else(|| {
            ApiError::not_found("No Gong user found corresponding to the provided organizer email")
        })
}
