//! `gong_assign_flow`. POST /v2/flows/prospects/assign; api:flows:write. Who can not be
//! assigned is told inside a 200.
//!
//! Gong deprecates POST /v2/flows/prospects/assign/cool-off-override. What it does is
//! `override_cool_off` here, which goes through …/assign with `overrides.coolOffOverride`:
//! the deprecated path is covered, and never asked.

use alloc::collections::BTreeSet;
use serde_json::{Map, Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::{
        change::{self, Body, Change, between},
        flow_target::{self, FlowTarget},
    },
    error::{Error, bad_argument},
    gong::{flows, users::People},
    json_ext::JsonExt,
    prelude::*,
    render,
    wit::{
        engage::{AssignFlow, StepText},
        types::{Receipt, ReceiptItem},
    },
};

/// Prospects that Gong takes at once (its document of 2026-07; its help page says 200).
const MOST: usize = 100;
/// Where the path of the request and of its operation are the same.
const PATH: &str = "/v2/flows/prospects/assign";

/// Reads what the flow will do before anybody is put into it.
pub(crate) fn run(gong: &Gong<'_>, args: AssignFlow) -> Result<Receipt, Error> {
    between("prospects", &args.prospects, MOST)?;
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
    let steps = overridden(&args.steps, &mut target)?;
    if args.dry_run != Some(true) {
        target.guard(args.allow_unattended_email)?;
    }
    let mut overrides = Map::new();
    if !steps.is_empty() {
        overrides.insert("steps".into(), steps.into());
    }
    if !args.variables.is_empty() {
        let variables = args.variables.iter();
        let variables: Value = variables
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
    let notes = target.notes(args.allow_unattended_email, args.dry_run);
    receipt.notes.extend(notes);
    Ok(receipt)
}

/// The texts for steps as Gong takes them. Gong drops what it does not know without a
/// word, so the numbers are held against the flow here.
fn overridden(texts: &[StepText], target: &mut FlowTarget) -> Result<Vec<Value>, Error> {
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
            let numbers: Vec<String> = numbers.iter().map(|number| format!("{number}")).collect();
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
            let mut same = target.steps.iter_mut().filter(|one| one.number == number);
            if let Some(one) = same.next() {
                one.subject = step.text("subject");
            }
        }
        if let Some(body) = &text.body {
            step["body"] = body.as_str().into();
        }
        steps.push(step);
    }
    Ok(steps)
}

/// Person by person, in the order asked.
fn outcomes(prospects: &[String], answer: &Value) -> Vec<ReceiptItem> {
    let find = |key: &str, prospect: &String| {
        let mut all = answer.items(key).iter();
        all.find(|one| one.id("crmProspectId").as_ref() == Some(prospect))
    };
    let outcome = |prospect: &String| {
        let assigned = find("prospectsAssigned", prospect);
        let refused = find("prospectsNotAssigned", prospect);
        let detail = match (assigned, refused) {
            (Some(one), _) => one.text("flowInstanceStatus"),
            (None, Some(one)) => {
                let said = [one.text("errorCode"), one.text("errorMessage")];
                let said: Vec<String> = said.into_iter().flatten().collect();
                Some(match said.is_empty() {
                    true => "Gong gives no reason".into(),
                    false => said.join(": "),
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
