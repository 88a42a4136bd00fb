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
use crate::state::call_index::{Found, Selection};
use crate::state::calls::{AddedCall, next_id, user_of};

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
    let selection = Selection {
        window,
        workspace: request.query("workspaceId"),
        ..Selection::default()
    };
    let index = gong.state.calls.lock();
    let places = index.listed(&gong.company, &selection);
    if places.is_empty() {
        return Err(ApiError::no_calls());
    }
    let (page, records) = gong.cursors.page(request, &places)?;
    let page: Vec<Found> = page.iter().map(|place| index.find(*place)).collect();
    drop(places);
    drop(index);
    let calls: Value = page
        .into_iter()
        .map(|call| call.make(&gong.company).meta(&gong.company))
        .collect();
    Ok(json!({ "records": records, "calls": calls }).into())
}

fn one(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = request.path("id");
    if !is_id(id) {
        return Err(ApiError::bad_request("Bad request"));
    }
    match gong.call(id) {
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
    let mut index = gong.state.calls.lock();
    let imported = company.heads.iter().filter(|head| head.is_imported);
    let held = imported.filter_map(|head| company.make(head).client_unique_id());
    let known = index.added().map(|call| call.client_unique_id.clone());
    if held.chain(known).any(|known| known == client_unique_id) {
        return Err(conflict(&format!(
            "A call with clientUniqueId {client_unique_id} already exists"
        )));
    }
    let id = next_id(company, index.added().len());
    let call = AddedCall {
        id: id.clone(),
        client_unique_id: client_unique_id.to_owned(),
        started,
        scheduled,
        host,
        workspace,
        is_private: false,
        media: None,
        body: request.body.clone(),
    };
    let is_erased = call.emails().any(|email| gong.remaining().is_erased(email));
    index.add(call, is_erased);
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
    let mut index = gong.state.calls.lock();
    let call = index
        .added()
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
    let body = json!({ "callId": id, "url": call.url() });
    let kind = file.content_type.as_deref();
    index.add_media(id, kind.unwrap_or("application/octet-stream").to_owned());
    Ok(ApiResponse::created(body))
}

fn conflict(error: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, error)
}
