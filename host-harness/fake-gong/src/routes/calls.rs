//! `GET /v2/calls`, `GET /v2/calls/{id}`, `POST /v2/calls` and `PUT /v2/calls/{id}/media`.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::company::people::Role;
use crate::company::{SALES, SUCCESS, User};
use crate::fields::Fields;
use crate::gong::Gong;
use crate::operation::{Operation, Takes};
use crate::request::{ApiRequest, Window, is_id};
use crate::response::{ApiError, ApiResponse, ApiResult};
use crate::state::calls::{AddedCall, AnyCall, user_of};

const CREATE: &str = "api:calls:create";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/calls", "api:calls:read:basic", list),
    Operation::get("/v2/calls/{id}", "api:calls:read:basic", one),
    Operation::write(Method::POST, "/v2/calls", CREATE, Takes::Json, add),
    Operation::write(
        Method::PUT,
        "/v2/calls/{id}/media",
        CREATE,
        Takes::Parts,
        add_media,
    ),
];

/// By the scheduled time of web conferences and the start of other calls.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let window = Window::parse(
        ("fromDateTime", request.query("fromDateTime")),
        ("toDateTime", request.query("toDateTime")),
    )?;
    let workspace = request.query("workspaceId");
    let company = &gong.company;
    let added = gong.state.calls.lock();
    let mut calls: Vec<AnyCall<'_>> = AnyCall::all(gong.remaining(), &added)
        .filter(|call| window.holds(call.listed_at()))
        .filter(|call| workspace.is_none_or(|id| company.workspaces[call.workspace()].id == id))
        .collect();
    if calls.is_empty() {
        return Err(ApiError::no_calls());
    }
    calls.sort_by_key(|call| call.listed_at());
    let (page, records) = gong.cursors.page(request, &calls)?;
    let calls: Value = page.iter().map(|call| call.meta(company)).collect();
    Ok(json!({ "records": records, "calls": calls }).into())
}

fn one(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = request.path("id");
    if !is_id(id) {
        return Err(ApiError::bad_request("Bad request"));
    }
    let added = gong.state.calls.lock();
    let mut calls = AnyCall::all(gong.remaining(), &added);
    match calls.find(|call| call.id() == id) {
        Some(call) => Ok(json!({ "call": call.meta(&gong.company) }).into()),
        None => Err(ApiError::not_found(format!("Call ID {id} was not found"))),
    }
}

/// Adds a call. It is there at once, but not analysed: it has no transcript and no content.
fn add(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let company = &gong.company;
    let fields = Fields::of(&request.body)?;
    let client_unique_id = fields.required("clientUniqueId")?;
    let started = fields.required_instant("actualStart")?;
    let scheduled = fields.instant("scheduledStart")?;
    let direction = fields.required("direction")?;
    if !["Inbound", "Outbound", "Conference", "Unknown"].contains(&direction) {
        return Err(ApiError::bad_request("direction: Json parse error"));
    }
    let primary = fields.required("primaryUser")?;
    let host = company.users.iter().position(|user| user.id == primary);
    let host = host.ok_or_else(|| {
        ApiError::bad_request(format!("primaryUser: user ID {primary} was not found"))
    })?;
    check_parties(gong, request, &company.users[host])?;
    let workspace = match fields.text("workspaceId")? {
        None => match company.users[host].role {
            Role::Success | Role::SuccessManager => SUCCESS,
            _ => SALES,
        },
        Some(id) => company.workspace(id).ok_or_else(|| {
            ApiError::bad_request(format!("workspaceId: workspace ID {id} was not found"))
        })?,
    };
    if !company.users[host].is_recorded() {
        return Err(conflict("Recording is not enabled for the primary user"));
    }
    let mut added = gong.state.calls.lock();
    let held = company
        .calls
        .iter()
        .filter_map(|call| call.client_unique_id());
    let known = added.0.iter().map(|call| call.client_unique_id.clone());
    if held.chain(known).any(|known| known == client_unique_id) {
        return Err(conflict(&format!(
            "A call with clientUniqueId {client_unique_id} already exists"
        )));
    }
    let id = added.next_id(company);
    added.0.push(AddedCall {
        id: id.clone(),
        client_unique_id: client_unique_id.to_owned(),
        started,
        scheduled,
        host,
        workspace,
        media: None,
        body: request.body.clone(),
    });
    Ok(json!({ "callId": id }).into())
}

/// The primary user must be among the parties, and who speaks in the timeline too.
fn check_parties(gong: &Gong, request: &ApiRequest, host: &User) -> Result<(), ApiError> {
    let parties = request.body["parties"].as_array();
    let parties = parties
        .filter(|parties| !parties.is_empty())
        .ok_or_else(|| ApiError::bad_request("parties: must not be empty"))?;
    let is_host =
        |party: &Value| user_of(&gong.company, party).is_some_and(|user| user.id == host.id);
    if !parties.iter().any(is_host) {
        return Err(ApiError::bad_request(
            "parties: a party must be provided for the primaryUser",
        ));
    }
    let segments = request.body["speakersTimeline"]["speechSegments"].as_array();
    let speakers = segments
        .into_iter()
        .flatten()
        .filter_map(|segment| segment["partyIds"].as_array())
        .flatten();
    for speaker in speakers {
        if !parties.iter().any(|party| party["partyId"] == *speaker) {
            return Err(ApiError::bad_request(format!(
                "speakersTimeline.speechSegments.partyIds: {speaker} is not the partyId of a party"
            )));
        }
    }
    Ok(())
}

/// Takes the recording of a call that was added without a URL to fetch it from. Gong declares
/// no 404 here, so an unknown call is 400.
fn add_media(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = request.path("id");
    let file = request.part("mediaFile")?;
    if file.bytes.is_empty() {
        return Err(ApiError::bad_request("mediaFile: the file is empty"));
    }
    let mut added = gong.state.calls.lock();
    let call = added
        .0
        .iter_mut()
        .find(|call| call.id == id)
        .ok_or_else(|| ApiError::bad_request(format!("Call ID {id} was not found")))?;
    if call.is_downloaded() {
        return Err(ApiError::bad_request(
            "Media can not be added to a call with a downloadMediaUrl",
        ));
    }
    if call.media.is_some() {
        return Err(ApiError::bad_request(format!(
            "Call ID {id} already has media"
        )));
    }
    let kind = file.content_type.as_deref();
    call.media = Some(kind.unwrap_or("application/octet-stream").to_owned());
    let body = json!({ "callId": id, "url": call.url() });
    Ok(ApiResponse::created(body))
}

fn conflict(error: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, error)
}
