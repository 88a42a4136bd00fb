//! `gong_unassign_prospect`. POST /v2/flows/prospects/unassign-flows-by-crm-id;
//! api:flows:write. Without a flow Gong ends all flows of the prospect; for an unknown prospect it
//! returns an empty list.

use serde_json::{Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::change::{self, Body, Change},
    error::{Error, bad_argument},
    gong::{flows, id::is_id},
    json_ext::JsonExt,
    names::{Fit, choose, near_first, unknown},
    prelude::*,
    render,
    tools::unassign_flow_instances::{RESULT_UNKNOWN, requester},
    wit::{
        engage::UnassignProspect,
        types::{Receipt, ReceiptItem},
    },
};

/// Path of the operation, which has no parameters.
const PATH: &str = "/v2/flows/prospects/unassign-flows-by-crm-id";

/// Ends the flows once; a dry run lists them.
pub(crate) fn run(gong: &Gong<'_>, args: UnassignProspect) -> Result<Receipt, Error> {
    let prospects = flows::crm_ids("prospect", &[args.prospect])?;
    let prospect = prospects.concat();
    let flow = match (args.flow.as_deref().map(str::trim), args.all_flows) {
        (None, Some(true)) => None,
        (Some(flow), None | Some(false)) => Some(flow),
        (None, _) => {
            return Err(bad_argument(
                "flow",
                "it is not said which flow; without one all flows of the prospect would end, which all_flows allows.",
                "{\"flow\": \"1695493301223590792\"} or {\"all_flows\": true}.",
            ));
        }
        (Some(_), Some(true)) => {
            return Err(bad_argument(
                "all_flows",
                "a flow is named as well; give one of the two.",
                "{\"all_flows\": true} without flow.",
            ));
        }
    };
    let by = requester(gong, args.by.as_deref())?;
    let dry_run = args.dry_run == Some(true);
    let mut open = match dry_run || flow.is_some_and(|flow| !is_id(flow)) {
        true => flows::instances(gong, "crmProspectsIds", &prospects)?,
        false => Vec::new(),
    };
    let flow = flow.map(|text| flow_id(text, &open)).transpose()?;
    let mut body = json!({ "crmProspectId": prospect });
    if let Some(flow) = &flow {
        body["flowId"] = flow.as_str().into();
    }
    if let Some(by) = by {
        body["unassignedByUserEmail"] = by.into();
    }
    let from = match &flow {
        Some(flow) => format!("flow {flow}"),
        None => "all flows".into(),
    };
    let change = Change {
        what: format!("take prospect {prospect} out of {from}"),
        method: Method::Post,
        operation: PATH,
        path: PATH.into(),
        body: Body::Json(body),
        look: "gong_list_prospect_flows shows the flows that the prospect is in",
    };
    let mut receipt = change::make(gong, args.dry_run, &change, |receipt, answer| {
        match flows::unassigned(answer) {
            None => receipt.notes.push(RESULT_UNKNOWN.into()),
            Some(ended) if ended.is_empty() => {
                receipt.summary = format!(
                    "Nothing was ended: prospect {prospect} is not in {}, or Gong does not know this CRM id.",
                    flow.as_ref()
                        .map_or_else(|| "an open flow".to_owned(), |flow| format!("flow {flow}"))
                );
            }
            Some(ended) => {
                receipt.summary = format!(
                    "Took prospect {prospect} out of {from}: ended {}.",
                    render::count(ended.len() as u32, "flow instance")
                );
                receipt.items = ended.into_iter().map(|id| item(id, true, None)).collect();
            }
        }
    })?;
    if dry_run {
        open.retain(|one| flow.is_none() || one.id("flowId") == flow);
        if open.is_empty() {
            receipt.notes.push("No open flow would end.".into());
        }
        receipt.items = open
            .iter()
            .map(|one| {
                let id = one.id("flowInstanceId").unwrap_or_default();
                item(id, false, Some(format!("would end: {}", flows::shown(one))))
            })
            .collect();
    }
    Ok(receipt)
}

fn item(instance: String, done: bool, detail: Option<String>) -> ReceiptItem {
    ReceiptItem {
        item: instance,
        done,
        id: None,
        detail,
    }
}

/// The id of a flow by id, or by its name among the open flows of the prospect.
fn flow_id(text: &str, open: &[Value]) -> Result<String, Error> {
    if is_id(text) {
        return Ok(text.to_owned());
    }
    let mut flows: Vec<(String, String)> = open
        .iter()
        .filter_map(|one| Some((one.id("flowId")?, one.text("flowName")?)))
        .collect();
    flows.sort_unstable();
    flows.dedup();
    let chosen = choose(Fit::Whole, &flows, |(_, name)| name.clone(), text);
    chosen.map(|(id, _)| id.clone()).map_err(|near| {
        let choices = near_first(&flows, near).into_iter();
        let choices = choices.map(|(id, name)| (format!("{name} ({id})"), id.clone()));
        unknown(
            "flow",
            "open flow of this prospect",
            text,
            choices,
            flows.len(),
            "gong_list_prospect_flows",
        )
    })
}
