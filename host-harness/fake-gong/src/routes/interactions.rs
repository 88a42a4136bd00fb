//! What partners report: `POST /v2/digital-interaction`, and the older `PUT
//! /v2/customer-engagement/*` which it replaces.

use http::{Method, StatusCode};
use serde_json::json;

use crate::fields::Fields;
use crate::gong::Gong;
use crate::operation::{Operation, Run, Takes};
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};
use crate::state::events::Event;

const ENGAGEMENT: &str = "api:engagement-data:write";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::write(
        Method::POST,
        "/v2/digital-interaction",
        "api:digital-interactions:write",
        Takes::Json,
        interaction,
    ),
    put("/v2/customer-engagement/action", action),
    put("/v2/customer-engagement/content/shared", shared),
    put("/v2/customer-engagement/content/viewed", viewed),
];

const fn put(path: &'static str, run: Run) -> Operation {
    Operation::write(Method::PUT, path, ENGAGEMENT, Takes::Json, run)
}

/// The `eventId` of a digital interaction is unique.
const INTERACTIONS: &str = "digital interaction";

/// Either somebody who is known, or somebody who is only tracked.
fn interaction(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    let content = body.object("content")?;
    let content = content.ok_or_else(|| body.refuse("content", "must not be null"))?;
    content.required("contentTitle")?;
    let person = body.object("person")?;
    let tracking = body.text("trackingId")?;
    match (&person, tracking) {
        (None, None) => {
            return Err(body.refuse("person", "either person or trackingId must be provided"));
        }
        (Some(_), Some(_)) => {
            return Err(body.refuse("trackingId", "must be null if a person is sent"));
        }
        _ => {}
    }
    let mut emails = Vec::new();
    if let Some(person) = &person {
        let mut is_known = person.object("personBusinessContext")?.is_some();
        for name in ["name", "email", "phoneNumber", "personId"] {
            is_known |= person.text(name)?.is_some();
        }
        if !is_known {
            return Err(person.refuse("personId", "is mandatory for an anonymous person"));
        }
        emails.extend(person.text("email")?.map(str::to_owned));
    }
    body.required_instant("timestamp")?;
    let event = Event {
        sort: "digitalInteraction",
        system: body.text("sourceSystemName")?.map(str::to_owned),
        id: Some(body.required("eventId")?.to_owned()),
        timestamp: body.required("timestamp")?.to_owned(),
        name: Some(body.required("eventType")?.to_owned()),
        content_id: content.text("contentId")?.map(str::to_owned),
        content_url: content.text("contentUrl")?.map(str::to_owned),
        emails,
    };
    record(gong, INTERACTIONS, event)
}

fn action(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    let actor = email_of(&body, "actor")?;
    engaged(gong, &body, "customEvent", "actionName", actor)
}

/// Every recipient has an address.
fn shared(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    content(&body)?;
    let mut emails = Vec::new();
    for recipient in body.objects("recipients")?.unwrap_or_default() {
        emails.push(recipient.required("email")?.to_owned());
    }
    engaged(gong, &body, "contentShared", "actionName", emails)
}

fn viewed(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    content(&body)?;
    let viewer = email_of(&body, "viewer")?;
    if body.value("viewer").is_some() && body.text("trackingId")?.is_some() {
        return Err(body.refuse("trackingId", "must be null if a viewer is sent"));
    }
    engaged(gong, &body, "contentViewed", "viewActionTitle", viewer)
}

fn content(body: &Fields<'_>) -> Result<(), ApiError> {
    for name in ["contentId", "contentUrl", "contentTitle"] {
        body.required(name)?;
    }
    Ok(())
}

/// The address of this person, if there is one.
fn email_of(body: &Fields<'_>, name: &str) -> Result<Vec<String>, ApiError> {
    let email = match body.object(name)? {
        Some(person) => person.text("email")?,
        None => None,
    };
    Ok(email.map(str::to_owned).into_iter().collect())
}

/// The `eventId` is unique within the reporting system.
fn engaged(
    gong: &Gong,
    body: &Fields<'_>,
    sort: &'static str,
    name: &str,
    mut emails: Vec<String>,
) -> ApiResult {
    let system = body.required("reportingSystem")?;
    body.required_instant("eventTimestamp")?;
    for list in ["contentProperties", "eventProperties"] {
        for property in body.objects(list)?.unwrap_or_default() {
            for name in ["name", "value", "dataType"] {
                property.required(name)?;
            }
        }
    }
    for person in body.objects("nonCompanyParticipants")?.unwrap_or_default() {
        emails.extend(person.text("email")?.map(str::to_owned));
    }
    let event = Event {
        sort,
        system: Some(system.to_owned()),
        id: body.text("eventId")?.map(str::to_owned),
        timestamp: body.required("eventTimestamp")?.to_owned(),
        name: body.text(name)?.map(str::to_owned),
        content_id: body.text("contentId")?.map(str::to_owned),
        content_url: body.text("contentUrl")?.map(str::to_owned),
        emails,
    };
    record(gong, system, event)
}

/// The answer has nothing but its id; what Gong's document says of an `integrationId` is a
/// slip that it makes wherever an answer is empty.
fn record(gong: &Gong, scope: &str, event: Event) -> ApiResult {
    match gong.state.events.lock().record(scope, event) {
        true => Ok(json!({}).into()),
        false => Err(ApiError::new(
            StatusCode::CONFLICT,
            "Event was already reported in the past.",
        )),
    }
}
