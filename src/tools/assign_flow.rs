//! `gong_assign_flow`. POST /v2/flows/prospects/assign; api:flows:write. Gong answers 200 even if
//! some prospects can not be assigned, and lists them in the answer.
//!
//! The argument `override_cool_off` covers the deprecated POST
//! /v2/flows/prospects/assign/cool-off-override: it is sent as `overrides.coolOffOverride` of
//! …/assign, and the deprecated path is not used.

use alloc::collections::BTreeSet;
use serde_json::{Map, Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::{
        change::{self, Body, Change, between},
        flow_target::{self, FlowTarget},
    },
    error::{Error, bad_argument},
    gong::{crm_id, flows, users::People},
    json_ext::JsonExt,
    prelude::*,
    render,
    wit::{
        engage::{AssignFlow, StepText},
        types::{Receipt, ReceiptItem},
    },
};

/// How many prospects Gong accepts in one request (its API documentation of 2026-07; its help
/// page says 200).
const MAX_PROSPECTS: usize = 100;
/// Path of the operation, which has no parameters.
const PATH: &str = "/v2/flows/prospects/assign";

/// Reads what the flow would do before it puts anybody into it.
pub(crate) fn run(gong: &Gong<'_>, args: AssignFlow) -> Result<Receipt, Error> {
    between("prospects", &args.prospects, MAX_PROSPECTS)?;
    let prospects = flows::crm_ids("prospects", &args.prospects)?;
    if let Some(nameless) = args.variables.iter().find(|one| one.name.trim().is_empty()) {
        return Err(bad_argument(
            "variables",
            &format!("the value “{}” is for no name.", nameless.value),
            "[{\"name\": \"offer\", \"value\": \"a free month\"}].",
        ));
    }
    let owner = People::default().email(gong, "owner", &args.owner)?;
    let mut target = flow_target::find(gong, &args.flow, &owner)?;
    let steps = step_overrides(&args.steps, &mut target)?;
    if args.dry_run != Some(true) {
        target.guard(args.allow_unattended_email)?;
    }
    let mut overrides = Map::new();
    if !steps.is_empty() {
        overrides.insert("steps".into(), steps.into());
    }
    if !args.variables.is_empty() {
        let variables: Value = args
            .variables
            .iter()
            .map(|one| json!({ "name": one.name.trim(), "value": one.value }))
            .collect();
        overrides.insert("flowInstanceVariables".into(), variables);
    }
    if args.override_cool_off == Some(true) {
        overrides.insert("coolOffOverride".into(), true.into());
    }
    let mut body = json!({
        "crmProspectsIds": prospects,
        "flowId": target.id,
        "flowInstanceOwnerEmail": owner,
    });
    if !overrides.is_empty() {
        body["overrides"] = overrides.into();
    }
    if let Some(description) = &args.description {
        body["flowInstanceDescription"] = description.as_str().into();
    }
    let change = Change {
        what: format!(
            "assign {} to {}, to-dos for {owner}",
            render::count(prospects.len() as u32, "prospect"),
            target.shown()
        ),
        method: Method::Post,
        operation: PATH,
        path: PATH.into(),
        body: Body::Json(body),
        look: "gong_list_prospect_flows shows the flows that prospects are in",
    };
    let mut receipt = change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.items = outcomes(&prospects, answer);
        let done = receipt.items.iter().filter(|item| item.done).count();
        receipt.summary = format!(
            "Assigned {done} of {} to {}, to-dos for {owner}.",
            render::count(prospects.len() as u32, "prospect"),
            target.shown()
        );
    })?;
    receipt
        .notes
        .extend(target.notes(args.allow_unattended_email, args.dry_run));
    Ok(receipt)
}

/// The texts for steps in the form that Gong accepts, also set in `target`. Gong silently ignores
/// steps that the flow does not have, so the numbers are checked here.
fn step_overrides(texts: &[StepText], target: &mut FlowTarget) -> Result<Vec<Value>, Error> {
    let mut seen = BTreeSet::new();
    let wrong = |problem: String| {
        Err(bad_argument(
            "steps",
            &problem,
            "[{\"number\": 1, \"subject\": \"Your month end\"}].",
        ))
    };
    let numbers: Vec<u32> = target.steps.iter().map(|step| step.number).collect();
    let mut steps = Vec::with_capacity(texts.len());
    for text in texts {
        let number = text.number;
        if !numbers.contains(&number) {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            return wrong(format!(
                "{} has no step {number}; it has {}.",
                target.shown(),
                match numbers.is_empty() {
                    true => "none".into(),
                    false => numbers.join(", "),
                }
            ));
        }
        if !seen.insert(number) {
            return wrong(format!("step {number} is given twice."));
        }
        let mut step = json!({ "number": number });
        if text.subject.is_none() && text.body.is_none() {
            return wrong(format!("step {number} has neither subject nor body."));
        }
        if let Some(subject) = &text.subject {
            step["subject"] = subject.as_str().into();
            let mut of_flow = target.steps.iter_mut();
            if let Some(of_flow) = of_flow.find(|one| one.number == number) {
                of_flow.subject = step.text("subject");
            }
        }
        if let Some(body) = &text.body {
            step["body"] = body.as_str().into();
        }
        steps.push(step);
    }
    Ok(steps)
}

/// The outcome for each prospect, in the order of the arguments.
fn outcomes(prospects: &[String], answer: &Value) -> Vec<ReceiptItem> {
    let find = |key: &str, prospect: &String| {
        let mut all = answer.items(key).iter();
        all.find(|one| {
            let id = one.id("crmProspectId").unwrap_or_default();
            crm_id::is_same(&id, prospect)
        })
    };
    let outcome = |prospect: &String| {
        let assigned = find("prospectsAssigned", prospect);
        let refused = find("prospectsNotAssigned", prospect);
        let detail = match (assigned, refused) {
            (Some(one), _) => one.text("flowInstanceStatus"),
            (None, Some(one)) => {
                let reason = [one.text("errorCode"), one.text("errorMessage")];
                let reason: Vec<String> = reason.into_iter().flatten().collect();
                Some(match reason.is_empty() {
                    true => "Gong gives no reason".into(),
                    false => reason.join(": "),
                })
            }
            (None, None) => Some("Gong says nothing of it".into()),
        };
        ReceiptItem {
            item: prospect.clone(),
            done: assigned.is_some(),
            id: assigned.and_then(|one| one.id("flowInstanceId")),
            detail,
        }
    };
    prospects.iter().map(outcome).collect()
}
