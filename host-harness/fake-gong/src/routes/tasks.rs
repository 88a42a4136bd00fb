//! `POST /v2/tasks`, which is a list, and `PATCH /v2/tasks/{taskId}`.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::company::Task;
use crate::company::tasks::{PRIORITIES, STATUSES, TYPES};
use crate::fields::Fields;
use crate::gong::Gong;
use crate::operation::{Operation, Takes};
use crate::request::{ApiRequest, is_id};
use crate::response::{ApiError, ApiResponse, ApiResult};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::post("/v2/tasks", "api:tasks:read", list),
    Operation::write(
        Method::PATCH,
        "/v2/tasks/{taskId}",
        "api:tasks:write",
        Takes::Json,
        update,
    ),
];

/// All tasks of one user that fit, unpaginated.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    let filter = body
        .object("filter")?
        .ok_or_else(|| ApiError::bad_request("filter: must not be null"))?;
    let user = user(gong, &filter)?;
    let workspace = filter.text("workspaceId")?;
    let types = filter.some_texts("types", usize::MAX)?;
    let actions = filter.some_texts("taskAction", usize::MAX)?;
    let statuses = filter.some_texts("status", usize::MAX)?;
    known(&types, &TYPES)?;
    known(&actions, &["CALL"])?;
    known(&statuses, &STATUSES)?;
    let mut tasks = gong.state.tasks.lock().all(gong.remaining());
    tasks.retain(|task| {
        let of = gong.company.workspaces[task.workspace].id.as_str();
        task.user == user
            && workspace.is_none_or(|id| id == of)
            && types.contains(&task.sort())
            && statuses.contains(&task.status)
    });
    Ok(answer(gong, &tasks))
}

/// Answers the task in a list of one.
fn update(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = request.path("taskId");
    if !is_id(id) {
        return Err(ApiError::bad_request("Bad request"));
    }
    let body = Fields::of(&request.body)?;
    let user = user(gong, &body)?;
    let status = body.text("status")?;
    known(status.as_slice(), &STATUSES)?;
    let due = body.instant("dueDate")?;
    let priority = match body.text("priority")? {
        None => None,
        Some(name) => Some(priority(name).ok_or_else(|| {
            let names = PRIORITIES.map(|(name, _)| name).join(", ");
            body.refuse(
                "priority",
                format!("\"{name}\" is no priority; there are {names}"),
            )
        })?),
    };
    let mut tasks = gong.state.tasks.lock();
    let mut task = tasks
        .all(gong.remaining())
        .into_iter()
        .find(|task| task.id.to_string() == id && task.user == user)
        .ok_or_else(|| ApiError::not_found("TaskId not found"))?;
    if let Some(status) = status {
        let mut statuses = STATUSES.into_iter();
        task.status = statuses
            .find(|known| *known == status)
            .unwrap_or(task.status);
    }
    task.due = due.unwrap_or(task.due);
    task.priority = priority.unwrap_or(task.priority);
    task.updated = gong.company.now;
    tasks.change(task.clone());
    Ok(answer(gong, &[task]))
}

fn answer(gong: &Gong, tasks: &[Task]) -> ApiResponse {
    let tasks: Value = tasks.iter().map(|task| task.json(&gong.company)).collect();
    json!({ "tasks": tasks, "crmType": "SALESFORCE" }).into()
}

/// The owner of the tasks. An unknown one is 400 and not 404.
fn user(gong: &Gong, fields: &Fields<'_>) -> Result<usize, ApiError> {
    let id = fields.required("userId")?;
    let mut users = gong.company.users.iter();
    users
        .position(|user| user.id == id)
        .ok_or_else(|| fields.refuse("userId", format!("User ID {id} was not found")))
}

/// Gong does not complain of a value that it does not know, it fails: 500.
fn known(values: &[&str], all: &[&str]) -> Result<(), ApiError> {
    match values.iter().all(|value| all.contains(value)) {
        true => Ok(()),
        false => Err(ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Failed to complete the operation due to an unexpected error",
        )),
    }
}

fn priority(name: &str) -> Option<usize> {
    let mut names = PRIORITIES.iter();
    names.position(|(known, _)| known.eq_ignore_ascii_case(name))
}
