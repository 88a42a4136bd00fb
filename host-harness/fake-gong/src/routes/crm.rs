//! `/v2/crm/*`: the generic CRM integration, its schema, its objects, and the requests that
//! are worked on later.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::company::random::Random;
use crate::fields::Fields;
use crate::gong::Gong;
use crate::operation::{Operation, Takes};
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResponse, ApiResult};
use crate::state::crm::{READABLE, UPLOADABLE, is_date_time};

const INTEGRATIONS: &str = "/v2/crm/integrations";
const ENTITIES: &str = "/v2/crm/entities";
const SCHEMA: &str = "/v2/crm/entity-schema";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(INTEGRATIONS, "api:crm:integrations:read", integrations),
    Operation::write(
        Method::PUT,
        INTEGRATIONS,
        "api:crm:integration:register",
        Takes::Json,
        register,
    ),
    Operation::write(
        Method::DELETE,
        INTEGRATIONS,
        "api:crm:integration:delete",
        Takes::Nothing,
        delete,
    ),
    Operation::get(SCHEMA, "api:crm:schema", schema),
    Operation::write(
        Method::POST,
        SCHEMA,
        "api:crm:schema",
        Takes::Json,
        set_schema,
    ),
    Operation::read(
        Method::GET,
        ENTITIES,
        "api:crm:get-objects",
        Takes::Json,
        entities,
    ),
    Operation::write(
        Method::POST,
        ENTITIES,
        "api:crm:upload",
        Takes::Parts,
        upload,
    ),
    Operation::get("/v2/crm/request-status", "api:crm:upload", status),
];

/// How many objects are read at once; what goes beyond is dropped without a word.
const MOST_READ: usize = 100;

/// What a field of the schema can be.
const TYPES: [&str; 14] = [
    "DATE",
    "DATETIME",
    "NUMBER",
    "PERCENT",
    "CURRENCY",
    "ID",
    "URL",
    "STRING",
    "BOOLEAN",
    "PHONENUMBER",
    "EMAILADDRESS",
    "PICKLIST",
    "REFERENCE",
    "STRINGARRAY",
];

/// What a field of type REFERENCE can refer to.
const REFERENCES: [&str; 5] = ["ACCOUNT", "CONTACT", "DEAL", "LEAD", "USER"];

fn integrations(gong: &Gong, _: &ApiRequest) -> ApiResult {
    let integrations = gong.state.crm.lock().integrations();
    Ok(json!({ "integrations": integrations }).into())
}

/// 409 where there is one already.
fn register(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    let (owner, name) = (body.required("ownerEmail")?, body.required("name")?);
    let seed = gong.company.seed;
    let id = |number| Random::new(seed, &format!("integration {number}")).signed_id();
    let registered = gong.state.crm.lock().register(owner, name, id);
    match registered {
        Some(id) => Ok(json!({ "integrationId": id }).into()),
        None => Err(ApiError::new(
            StatusCode::CONFLICT,
            "An active integration already exists",
        )),
    }
}

/// 201, and the integration is still there until the work is done.
fn delete(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let mut crm = gong.state.crm.lock();
    let id = integration(request, |id| crm.has(id))?;
    let request = new_request(request, |id| crm.is_used(id))?;
    crm.delete(id, request);
    Ok(ApiResponse::created(json!({ "clientRequestId": request })))
}

/// Of all sorts of objects where none is named.
fn schema(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let crm = gong.state.crm.lock();
    integration(request, |id| crm.has(id))?;
    let sort = match request.query("objectType") {
        None => None,
        Some(_) => Some(sort(request, &READABLE)?),
    };
    Ok(json!({ "objectTypeToSelectedFields": crm.schema(sort) }).into())
}

/// The body is a bare list of fields. Gong's text says that it refuses one which leaves out a
/// field that was sent before.
fn set_schema(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let mut crm = gong.state.crm.lock();
    integration(request, |id| crm.has(id))?;
    let sort = sort(request, &READABLE)?;
    let Value::Array(items) = &request.body else {
        return Err(ApiError::bad_request("body: must be a list of fields"));
    };
    let fields: Vec<Value> = items.iter().map(field).collect::<Result<_, _>>()?;
    match crm.set_schema(sort, &fields) {
        Ok(()) => Ok(ApiResponse::created(json!({}))),
        Err(lost) => Err(ApiError::bad_request(format!(
            "All fields must be included in the schema, and {lost} is not"
        ))),
    }
}

/// A field as it is kept: with all its keys.
fn field(item: &Value) -> Result<Value, ApiError> {
    let item = Fields::of(item)?;
    let kind = item.required("type")?;
    if !TYPES.contains(&kind) {
        return Err(item.refuse(
            "type",
            format!("\"{kind}\" is not one of {}", TYPES.join(", ")),
        ));
    }
    let modified = item.text("lastModified")?;
    if modified.is_some_and(|date| !is_date_time(date)) {
        return Err(item.refuse(
            "lastModified",
            "must be a date and time in ISO-8601 without milliseconds",
        ));
    }
    let is_deleted = item.flag("isDeleted")?;
    let reference = item.text("referenceTo")?;
    if kind == "REFERENCE" && !is_deleted && !reference.is_some_and(|to| REFERENCES.contains(&to)) {
        return Err(item.refuse(
            "referenceTo",
            format!("must be one of {}", REFERENCES.join(", ")),
        ));
    }
    let values = item.texts("orderedValueList")?;
    if kind == "PICKLIST" && !is_deleted && values.as_ref().is_none_or(Vec::is_empty) {
        return Err(item.refuse("orderedValueList", "must not be empty with PICKLIST"));
    }
    Ok(json!({
        "uniqueName": item.required("uniqueName")?,
        "label": item.required("label")?,
        "type": kind,
        "lastModified": modified,
        "isDeleted": is_deleted,
        "referenceTo": reference,
        "orderedValueList": values,
    }))
}

/// By the ids in the body of this GET, a bare list.
fn entities(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let crm = gong.state.crm.lock();
    integration(request, |id| crm.has(id))?;
    let sort = sort(request, &READABLE)?;
    let wrong = || ApiError::bad_request("body: must be a list of CRM ids");
    let ids = request.body.as_array().ok_or_else(wrong)?;
    let ids = ids.iter().take(MOST_READ);
    let ids: Vec<&str> = ids
        .map(|id| id.as_str().ok_or_else(wrong))
        .collect::<Result<_, _>>()?;
    Ok(json!({ "crmObjectsMap": crm.objects(sort, &ids) }).into())
}

/// 201; what is wrong with the lines is in the request's status.
fn upload(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let mut crm = gong.state.crm.lock();
    let id = integration(request, |id| crm.has(id))?;
    let sort = sort(request, &UPLOADABLE)?;
    let file = request.part("dataFile")?;
    let request = new_request(request, |id| crm.is_used(id))?;
    crm.upload(id, request, sort, &file.bytes);
    Ok(ApiResponse::created(json!({ "clientRequestId": request })))
}

/// It is there even without the integration, whose deletion has a status too.
fn status(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = integration(request, |_| true)?;
    let request = request.required_query("clientRequestId")?;
    let found = gong.state.crm.lock().poll(id, request);
    match found {
        Some(status) => Ok(status.into()),
        None => Err(ApiError::bad_request(format!(
            "No request was found for clientRequestId {request}"
        ))),
    }
}

/// The query's `integrationId`. Gong declares no 404 here, so an unknown one is 400.
fn integration(request: &ApiRequest, is_known: impl Fn(u64) -> bool) -> Result<u64, ApiError> {
    let text = request.required_query("integrationId")?;
    match text.parse() {
        Ok(id) if is_known(id) => Ok(id),
        _ => Err(ApiError::bad_request(format!(
            "integrationId: no integration has the ID {text}"
        ))),
    }
}

/// The query's `objectType`, which is case-sensitive.
fn sort<'a>(request: &'a ApiRequest, sorts: &[&str]) -> Result<&'a str, ApiError> {
    let sort = request.required_query("objectType")?;
    match sorts.contains(&sort) {
        true => Ok(sort),
        false => Err(ApiError::bad_request(format!(
            "objectType: \"{sort}\" is not one of {}",
            sorts.join(", ")
        ))),
    }
}

/// The query's `clientRequestId`; 409 where it was used before, whatever for.
fn new_request(request: &ApiRequest, is_used: impl Fn(&str) -> bool) -> Result<&str, ApiError> {
    let id = request.required_query("clientRequestId")?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !id.bytes().all(good) {
        return Err(ApiError::bad_request(
            "clientRequestId: must be letters, numbers, dashes and underscores only",
        ));
    }
    match is_used(id) {
        true => Err(ApiError::new(
            StatusCode::CONFLICT,
            "Client request id has already been used",
        )),
        false => Ok(id),
    }
}
