//! Prospects in flows: `POST /v2/flows/prospects` and what stands below it.
//!
//! Assigning starts outreach to real people, and unassigning stops it.

use http::Method;
use serde_json::{Value, json};

use super::flows::texts;
use crate::company::flows::Instance;
use crate::fields::Fields;
use crate::gong::Gong;
use crate::operation::{Operation, Run, Takes};
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResponse, ApiResult};
use crate::state::flows::Target;

const READ: &str = "api:flows:read";
const WRITE: &str = "api:flows:write";

/// How many prospects an assignment takes.
const MOST_ASSIGNED: usize = 100;
/// How many prospects a bulk assignment takes.
const MOST_IN_BULK: usize = 50;
/// How many instances are ended at once.
const MOST_UNASSIGNED: usize = 200;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::post("/v2/flows/prospects", READ, list),
    write("/v2/flows/prospects/assign", assign),
    write(
        "/v2/flows/prospects/assign/cool-off-override",
        assign_in_cool_off,
    ),
    write("/v2/flows/prospects/bulk-assignments", submit),
    Operation::get("/v2/flows/prospects/bulk-assignments/{id}", READ, poll),
    write(
        "/v2/flows/prospects/unassign-flows-by-crm-id",
        unassign_prospect,
    ),
    write(
        "/v2/flows/prospects/unassign-flows-by-instance-id",
        unassign_instances,
    ),
];

const fn write(path: &'static str, run: Run) -> Operation {
    Operation::write(Method::POST, path, WRITE, Takes::Json, run)
}

/// By prospect only what goes on, by instance also what is finished; nothing found is an
/// empty list, not 404.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let prospects = texts(&request.body, "crmProspectsIds")?;
    let instances = texts(&request.body, "flowInstanceIds")?;
    if !prospects.is_empty() && !instances.is_empty() {
        return Err(ApiError::bad_request(
            "must not provide both crmProspectsIds and flowInstanceIds",
        ));
    }
    let fits = |instance: &&Instance| {
        instances.contains(&instance.id.as_str())
            || (instance.is_open() && prospects.contains(&instance.prospect.as_str()))
    };
    let all = gong.state.flows.lock().instances(gong.remaining());
    let assigned = all.iter().filter(fits);
    let assigned: Value = assigned
        .map(|instance| instance.json(&gong.company))
        .collect();
    Ok(json!({ "prospectsAssigned": assigned }).into())
}

fn assign(gong: &Gong, request: &ApiRequest) -> ApiResult {
    assigned(gong, request, false)
}

/// Deprecated in favour of `overrides.coolOffOverride`.
fn assign_in_cool_off(gong: &Gong, request: &ApiRequest) -> ApiResult {
    assigned(gong, request, true)
}

/// A prospect that can not be assigned does not stop the others: its error is in a 200.
fn assigned(gong: &Gong, request: &ApiRequest, ignores_cool_off: bool) -> ApiResult {
    let body = Fields::of(&request.body)?;
    let prospects = body.some_texts("crmProspectsIds", MOST_ASSIGNED)?;
    let mut target = target(gong, &body)?;
    let overrides = body.object("overrides")?;
    if let Some(overrides) = &overrides {
        check(gong, overrides, target.flow)?;
        target.ignores_cool_off = overrides.flag("coolOffOverride")?;
    }
    target.ignores_cool_off |= ignores_cool_off;
    let flow_id = &gong.company.flows[target.flow].id;
    let mut flows = gong.state.flows.lock();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for prospect in prospects {
        match flows.assign(gong.remaining(), prospect, target) {
            Ok(instance) => good.push(instance.json(&gong.company)),
            Err(failure) => bad.push(json!({
                "flowId": flow_id,
                "crmProspectId": prospect,
                "errorCode": failure.code,
                "errorMessage": failure.message,
            })),
        }
    }
    Ok(json!({ "prospectsAssigned": good, "prospectsNotAssigned": bad }).into())
}

/// The flow and the owner of its to-dos.
fn target(gong: &Gong, body: &Fields<'_>) -> Result<Target, ApiError> {
    let flow_id = body.required("flowId")?;
    let mut flows = gong.company.flows.iter();
    let flow = flows.position(|flow| flow.id == flow_id);
    let name = "flowInstanceOwnerEmail";
    let email = body.required(name)?;
    let mut users = gong.company.users.iter();
    let owner = users.position(|user| user.email.eq_ignore_ascii_case(email));
    Ok(Target {
        flow: flow.ok_or_else(|| ApiError::not_found("Flow not found"))?,
        owner: owner
            .ok_or_else(|| ApiError::not_found(format!("User not found: {name}={email}")))?,
        ignores_cool_off: false,
    })
}

/// Steps are numbered from 1, and only those of the flow can be overridden.
fn check(gong: &Gong, overrides: &Fields<'_>, flow: usize) -> Result<(), ApiError> {
    let count = gong.company.flows[flow].steps.len();
    for step in overrides.objects("steps")?.unwrap_or_default() {
        step.text("subject")?;
        step.text("body")?;
        let number = step.value("number").and_then(Value::as_u64);
        let number = number.and_then(|number| usize::try_from(number).ok());
        if !number.is_some_and(|number| (1..=count).contains(&number)) {
            return Err(step.refuse("number", format!("must be a number from 1 to {count}")));
        }
    }
    for variable in overrides
        .objects("flowInstanceVariables")?
        .unwrap_or_default()
    {
        variable.required("name")?;
        variable.required("value")?;
    }
    Ok(())
}

/// 202, with nothing done yet.
fn submit(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    let prospects = body.some_objects("prospects", MOST_IN_BULK)?;
    let target = target(gong, &body)?;
    for prospect in &prospects {
        if prospect.text("crmId")?.is_none() {
            prospect.required("firstName")?;
            prospect.required("lastName")?;
        }
    }
    let prospects = request.body["prospects"].as_array();
    let prospects = prospects.map(Vec::as_slice).unwrap_or_default();
    let mut flows = gong.state.flows.lock();
    Ok(ApiResponse::accepted(flows.submit(
        &gong.company,
        target,
        prospects,
    )))
}

fn poll(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let id = request.path("id");
    let found = gong.state.flows.lock().poll(gong.remaining(), id);
    match found {
        Some(bulk) => Ok(bulk.into()),
        None => Err(ApiError::not_found(format!(
            "Flow prospects bulk assignment {id} not found"
        ))),
    }
}

/// Without `flowId` out of every flow. An unknown prospect is an empty list.
fn unassign_prospect(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    let prospect = body.required("crmProspectId")?;
    let flow = body.text("flowId")?;
    on_behalf(gong, &body)?;
    let mut flows = gong.state.flows.lock();
    let mut instances = flows.instances(gong.remaining());
    instances.retain(|instance| {
        let of = gong.company.flows[instance.flow].id.as_str();
        instance.prospect == prospect && flow.is_none_or(|id| id == of)
    });
    let ids = flows.unassign(&instances);
    Ok(json!({ "unassignedFlowInstanceIds": ids }).into())
}

/// One unknown instance spoils the whole request; a finished one is only not in the answer.
fn unassign_instances(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    let ids = body.some_texts("flowInstanceIds", MOST_UNASSIGNED)?;
    on_behalf(gong, &body)?;
    let mut flows = gong.state.flows.lock();
    let mut instances = flows.instances(gong.remaining());
    let is_known = |id: &&str| instances.iter().any(|instance| instance.id == **id);
    if !ids.iter().all(is_known) {
        return Err(ApiError::bad_request(
            "One or more of the given flowInstanceIds does not exist",
        ));
    }
    instances.retain(|instance| ids.contains(&instance.id.as_str()));
    let ids = flows.unassign(&instances);
    Ok(json!({ "unassignedFlowInstanceIds": ids }).into())
}

/// The user in whose name it is done, if there is one, must be one of Gong's.
fn on_behalf(gong: &Gong, body: &Fields<'_>) -> Result<(), ApiError> {
    let name = "unassignedByUserEmail";
    match body.text(name)? {
        Some(email) if gong.company.user_by_email(email).is_none() => {
            Err(body.refuse(name, format!("{email} is not the address of a user")))
        }
        _ => Ok(()),
    }
}
