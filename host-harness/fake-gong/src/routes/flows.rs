//! `GET /v2/flows`, `GET /v2/flows/folders` and `POST /v2/flows/steps`.

use serde_json::{Value, json};

use crate::company::User;
use crate::company::flows::{Flow, Folder};
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};

const SCOPE: &str = "api:flows:read";

/// How many flows `mostRecentlyAssigned` gives, and how many ids the steps take.
const MOST: usize = 20;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get("/v2/flows", SCOPE, list),
    Operation::get("/v2/flows/folders", SCOPE, folders),
    Operation::post("/v2/flows/steps", SCOPE, steps),
];

/// The user whose flows are requested.
fn owner<'a>(gong: &'a Gong, request: &ApiRequest, name: &str) -> Result<&'a User, ApiError> {
    let email = request.required_query(name)?;
    gong.company
        .user_by_email(email)
        .ok_or_else(|| ApiError::not_found(format!("User not found: {name}={email}")))
}

/// Flows of the company, and the user's own and shared ones.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let company = &gong.company;
    let owner = owner(gong, request, "flowOwnerEmail")?;
    let workspace = request.query("workspaceId");
    let folder = request.query("folderId");
    let recent = request.query_flag("mostRecentlyAssigned")?;
    let mut flows: Vec<&Flow> = company
        .flows
        .iter()
        .filter(|flow| flow.is_seen_by(company, owner))
        .filter(|flow| workspace.is_none_or(|id| company.workspaces[flow.workspace].id == id))
        .filter(|flow| {
            let of = flow
                .folder
                .map(|folder| company.folders[folder].id.as_str());
            folder.is_none_or(|id| of == Some(id))
        })
        .collect();
    if recent {
        flows.truncate(MOST);
    }
    let (page, records) = gong.cursors.page(request, &flows)?;
    let flows: Value = page.iter().map(|flow| flow.json(company)).collect();
    Ok(json!({ "records": records, "flows": flows }).into())
}

/// The key is `flowsFolders`, whatever Gong's document says.
fn folders(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let company = &gong.company;
    let owner = owner(gong, request, "flowFolderOwnerEmail")?;
    let workspace = request.query("workspaceId");
    let parent = request.query("parentId");
    let folders: Vec<&Folder> = company
        .folders
        .iter()
        .filter(|folder| folder.is_seen_by(company, owner))
        .filter(|folder| workspace.is_none_or(|id| company.workspaces[folder.workspace].id == id))
        .filter(|folder| {
            parent.is_none_or(|id| folder.id == id || folder.parent.as_deref() == Some(id))
        })
        .collect();
    let (page, records) = gong.cursors.page(request, &folders)?;
    let folders: Value = page.iter().map(|folder| folder.json(company)).collect();
    Ok(json!({ "records": records, "flowsFolders": folders }).into())
}

/// One unknown flow spoils the whole request.
fn steps(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let ids = texts(&request.body, "flowIds")?;
    if ids.is_empty() {
        return Err(ApiError::bad_request("flowIds: must not be empty"));
    }
    if ids.len() > MOST {
        return Err(ApiError::bad_request(format!(
            "flowIds: size must be between 1 and {MOST}"
        )));
    }
    let flows = ids.into_iter().map(|id| {
        let mut flows = gong.company.flows.iter();
        match flows.find(|flow| flow.id == id) {
            Some(flow) => Ok(flow.with_steps(&gong.company)),
            None => Err(ApiError::not_found(format!("Flow not found: flowId={id}"))),
        }
    });
    let flows: Vec<Value> = flows.collect::<Result<_, _>>()?;
    Ok(json!({ "flows": flows }).into())
}

/// A list of texts at the top of the body; empty where there is none.
pub(super) fn texts<'a>(body: &'a Value, name: &str) -> Result<Vec<&'a str>, ApiError> {
    let wrong = || ApiError::bad_request(format!("{name}: must be a list of strings"));
    match &body[name] {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => values
            .iter()
            .map(|value| value.as_str().ok_or_else(wrong))
            .collect(),
        _ => Err(wrong()),
    }
}
